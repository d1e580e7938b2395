// Tokens and modes. A token is a plain struct of lanes. The comments of each module tell the
// order of the lanes.
#ifndef HASS_TYPES_HPP
#define HASS_TYPES_HPP

#include <ap_int.h>

#include <cstdint>

#include "hass/csim.hpp"

namespace hass {

// The mode of a call of the top.
constexpr int MODE_LOAD = 0;  // fill the weight memories
constexpr int MODE_RUN = 1;   // process images

// A beat of PX pixels by N lanes of type T, pixel outermost. Tensor streams have N
// channels, window beats N = taps * channels, accumulator tokens N = gang lanes.
template <class T, int PX, int N> struct beat {
  using lane = T;
  static constexpr int PIXELS = PX;
  static constexpr int PER_PIXEL = N;
  static constexpr int LANES = PX * N;
  T v[PX * N];
};

// A word of the weight chain.
using word = ap_uint<32>;

// The word after the last weight. The end of the chain checks that it arrives.
constexpr std::uint32_t CHAIN_END = 0x48415353;

}  // namespace hass

#endif
