// Numbers of bits, and native integers with at least as many.
#ifndef HASS_BITS_HPP
#define HASS_BITS_HPP

#include <cstdint>
#include <type_traits>

#include "hass/types.hpp"

namespace hass {

// bits_for is the number of bits of a counter from 0 to n - 1, at least one.
constexpr int bits_for(int n) {
  int bits = 1;
  for (int k = 1; k < 31; ++k) {
    if ((1 << k) < n) bits = k + 1;
  }
  return bits;
}

// A native integer of at least BITS bits.
template <int BITS>
using native_int = std::conditional_t<(BITS <= 8), std::int8_t, std::conditional_t<(BITS <= 16), std::int16_t, std::conditional_t<(BITS <= 32), std::int32_t, std::int64_t>>>;

// lane_set is for computing with sets of M lanes; narrow_word is the narrowest type that stores BITS bits.
template <int M> using lane_set = std::conditional_t<(M <= 32), std::uint32_t, std::uint64_t>;
template <int BITS>
using narrow_word = std::conditional_t<(BITS <= 8), std::uint8_t, std::conditional_t<(BITS <= 16), std::uint16_t, lane_set<BITS>>>;

}  // namespace hass

#endif
