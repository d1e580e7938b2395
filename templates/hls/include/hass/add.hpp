// add: the element-wise sum of two tensor streams, each multiplied by its factor. The exact sum is
// requantised.
#ifndef HASS_ADD_HPP
#define HASS_ADD_HPP

#include "hass/combine.hpp"

namespace hass {

template <class A> struct sum_of {
  static constexpr int BITS0 = signed_bits<typename A::in0_beat::lane>::value + A::FACTOR0_BITS;
  static constexpr int BITS1 = signed_bits<typename A::in1_beat::lane>::value + A::FACTOR1_BITS;
  static constexpr int BITS = 1 + (BITS0 > BITS1 ? BITS0 : BITS1);
  static constexpr std::int64_t of(std::int64_t a, std::int64_t b) { return a * A::FACTOR0 + b * A::FACTOR1; }
};

template <class A> void add(int images, hls::stream<typename A::in0_beat>& in0, hls::stream<typename A::in1_beat>& in1, hls::stream<typename A::out_beat>& out) {
  combine<A, sum_of<A>>(images, in0, in1, out);
}

}  // namespace hass

#endif
