// reduce: the maximum or the sum of several values in a balanced tree, for modules that reduce a beat before they meet
// what came before: one operation is left from beat to beat.
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

// How values of BITS bits are pooled: MAX, or the sum of at most COUNT of them. type computes, stored has the bits it needs;
// unsigned values have one more.
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

// What pooling starts from: MIN below every value, or 0.
template <class P> constexpr std::int64_t pool_start() { return P::MAX ? P::MIN : std::int64_t{0}; }

// The value of an output: the maximum, clamped, or the sum, of BITS bits, times mul, which has P::MUL_BITS, rounded and requantised.
template <class P, int BITS> std::int64_t pooled_value(std::int64_t v, std::int64_t mul) {
#pragma HLS INLINE
  constexpr int PRODUCT = BITS + P::MUL_BITS;
  return P::MAX ? clamp(v, P::LO, P::HI) : requant(round_off(exact<PRODUCT>(v * mul), P::DROP), P::SHIFT, P::ROUNDING, P::LO, P::HI);
}

}  // namespace hass

#endif
