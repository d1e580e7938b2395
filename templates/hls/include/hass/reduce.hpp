// reduce: the maximum or the sum of several values in a balanced tree. Modules reduce a beat with it before they add the beat to
// the partial result, so that only one operation remains between two beats.
#ifndef HASS_REDUCE_HPP
#define HASS_REDUCE_HPP

#include "hass/arith.hpp"
#include "hass/bits.hpp"

namespace hass {

template <class T> struct larger_of {
  static T of(T a, T b) { return a > b ? a : b; }
};
template <class T> struct total_of {
  static T of(T a, T b) { return static_cast<T>(a + b); }
};

// value[0] becomes the result of all COUNT values.
template <class Op, class T, int COUNT> void reduce(T (&value)[COUNT]) {
#pragma HLS INLINE
  for (int d = 1; d < COUNT; d *= 2) {
#pragma HLS UNROLL
    for (int i = 0; i + d < COUNT; i += 2 * d) {
#pragma HLS UNROLL
      value[i] = Op::of(value[i], value[i + d]);
    }
  }
}

// Pooling of values of BITS bits: their maximum, or the sum of at most COUNT of them. `type` is the native type for computing,
// `stored` has only the bits that are needed, including one for unsigned values.
template <bool MAX, int BITS, int COUNT> struct pooling {
  using type = native_int<BITS + 1>;
  using stored = ap_int<BITS + 1>;
  using op = larger_of<type>;
};
template <int BITS, int COUNT> struct pooling<false, BITS, COUNT> {
  using type = native_int<BITS + 1 + bits_for(COUNT + 1)>;
  using stored = ap_int<BITS + 1 + bits_for(COUNT + 1)>;
  using op = total_of<type>;
};

// The start value of pooling: MIN, which is below every value, or 0.
template <class P> constexpr std::int64_t pool_start() { return P::MAX ? P::MIN : std::int64_t{0}; }

// The value of an output: the clamped maximum, or the sum of BITS bits times mul of P::MUL_BITS bits, rounded and requantised.
template <class P, int BITS> std::int64_t pooled_value(std::int64_t v, std::int64_t mul) {
#pragma HLS INLINE
  constexpr int PRODUCT = BITS + P::MUL_BITS;
  return P::MAX ? clamp(v, P::LO, P::HI) : requant(round_off(exact<PRODUCT>(v * mul), P::DROP), P::SHIFT, P::ROUNDING, P::LO, P::HI);
}

}  // namespace hass

#endif
