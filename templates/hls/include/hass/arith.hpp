// The integer arithmetic of the design: requantisation and checked accumulation.
// It equals the integer reference bit for bit.
#ifndef HASS_ARITH_HPP
#define HASS_ARITH_HPP

#include "hass/bits.hpp"
#include "hass/types.hpp"

namespace hass {

template <class T> constexpr T clamp(T v, T lo, T hi) { return v < lo ? lo : v > hi ? hi : v; }

// The native integer in which values of BITS bits are requantised: rounding adds 1, and a left shift needs 20 bits.
template <int BITS> using exact_int = native_int<(BITS > 19 ? BITS + 1 : 20)>;

// exact declares that a value has at most BITS bits, so that synthesis builds no wider logic for it. csim checks this.
template <int BITS> exact_int<BITS> exact(std::int64_t v) {
#pragma HLS INLINE
  const ap_int<BITS> held = v;
  HASS_ASSERT(held.to_int64() == v, "a value is wider than its type");
  return static_cast<exact_int<BITS>>(held.to_int64());
}

// The bits of a lane's values as signed numbers.
template <class T> struct signed_bits;
template <int W> struct signed_bits<ap_int<W>> { static constexpr int value = W; };
template <int W> struct signed_bits<ap_uint<W>> { static constexpr int value = W + 1; };

// A value half way between two integers is rounded up, or to the even one.
enum rounding { HALF_UP, HALF_EVEN };

// requant rescales acc by 2^-s, rounds and saturates to [lo, hi], where lo and hi are values of at most 17 bits. T is
// exact_int of acc's bits, which are at most 62.
//
// For s > 0, floor((acc + 2^(s-1)) / 2^s) = floor((floor(acc / 2^(s-1)) + 1) / 2), so
// adding the half needs no carry chain over the dropped bits. Half to even omits the carry
// if all bits below the half are 0 and the quotient is already even. A left shift first
// saturates acc so that the result is at most 2^18 in magnitude, which is beyond every
// clamp; so no bit is lost.
template <class T> constexpr T requant(T acc, int s, rounding ties, std::int64_t lo, std::int64_t hi) {
  static_assert(sizeof(T) >= 4, "a left shift needs 20 bits");
  constexpr int BITS = 8 * static_cast<int>(sizeof(T));
  const T least = static_cast<T>(lo), most = static_cast<T>(hi);
  if (s > 0) {
    if (s >= BITS) return clamp(T{0}, least, most);
    const T halves = acc >> (s - 1);
    const bool tie = (acc & ((T{1} << (s - 1)) - 1)) == 0;
    const T carry = ties == HALF_EVEN && tie && (halves & 2) == 0 ? 0 : 1;
    return clamp<T>((halves + carry) >> 1, least, most);
  }
  const int left = s < -18 ? 18 : -s;
  const T edge = T{1} << (18 - left);
  return clamp<T>(clamp<T>(acc, -edge, edge) * (T{1} << left), least, most);
}

// round_off drops the lowest `places` bits of v and rounds half up.
template <class T> constexpr T round_off(T v, int places) { return places == 0 ? v : ((v >> (places - 1)) + 1) >> 1; }

// A layer's shifts span S_MIN .. S_MIN + STEPS - 1; step selects one. With one step
// the shifter is wiring.
template <int S_MIN, int STEPS, class T> constexpr T requant_step(T acc, int step, rounding ties, std::int64_t lo, std::int64_t hi) {
  return requant(acc, STEPS == 1 ? S_MIN : S_MIN + step, ties, lo, hi);
}

// add_acc is a + x in the accumulator type A. Its width follows from an interval bound
// over the weights, so it never overflows. csim checks this.
template <class A> A add_acc(const A& a, std::int64_t x) {
  const std::int64_t sum = a.to_int64() + x;
  const A out = sum;
  HASS_ASSERT(out.to_int64() == sum, "accumulator overflow");
  return out;
}

}  // namespace hass

#endif
