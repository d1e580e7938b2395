// add: the element-wise sum of two tensor streams: each operand is shifted left to the
// finer scale, the exact sum is requantised.
#ifndef HASS_ADD_HPP
#define HASS_ADD_HPP

#include "hass/combine.hpp"

namespace hass {

template <class A> struct sum_of {
  static constexpr int BITS0 = signed_bits<typename A::in0_beat::lane>::value + A::ALIGN0, BITS1 = signed_bits<typename A::in1_beat::lane>::value + A::ALIGN1;
  static constexpr int BITS = 1 + (BITS0 > BITS1 ? BITS0 : BITS1);
  static constexpr std::int64_t of(std::int64_t a, std::int64_t b) { return a * (std::int64_t{1} << A::ALIGN0) + b * (std::int64_t{1} << A::ALIGN1); }
};

template <class A> void add(int images, hls::stream<typename A::in0_beat>& in0, hls::stream<typename A::in1_beat>& in1, hls::stream<typename A::out_beat>& out) {
  combine<A, sum_of<A>>(images, in0, in1, out);
}

}  // namespace hass

#endif
