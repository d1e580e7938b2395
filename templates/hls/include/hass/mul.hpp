// mul: the element-wise product of two tensor streams and a constant factor, requantised.
#ifndef HASS_MUL_HPP
#define HASS_MUL_HPP

#include "hass/combine.hpp"

namespace hass {

template <class A> struct product_of {
  static constexpr int BITS = signed_bits<typename A::in0_beat::lane>::value + signed_bits<typename A::in1_beat::lane>::value + A::FACTOR_BITS;
  static constexpr std::int64_t of(std::int64_t a, std::int64_t b) { return a * b * A::FACTOR; }
};

template <class A> void mul(int images, hls::stream<typename A::in0_beat>& in0, hls::stream<typename A::in1_beat>& in1, hls::stream<typename A::out_beat>& out) {
  combine<A, product_of<A>>(images, in0, in1, out);
}

}  // namespace hass

#endif
