// The integer arithmetic of the design: requantisation and checked accumulation.
// It equals the integer reference bit for bit.
#ifndef HASS_ARITH_HPP
#define HASS_ARITH_HPP

#include "hass/types.hpp"

namespace hass {

constexpr std::int64_t clamp(std::int64_t v, std::int64_t lo, std::int64_t hi) { return v < lo ? lo : v > hi ? hi : v; }

// Where a value half way between two integers goes: up, or to the even one.
enum rounding { HALF_UP, HALF_EVEN };

// requant rescales acc by 2^-s, rounds and saturates to [lo, hi], where lo and
// hi are values of at most 17 bits and acc has at most 62 bits.
//
// For s > 0, floor((acc + 2^(s-1)) / 2^s) = floor((floor(acc / 2^(s-1)) + 1) / 2): the
// half costs no carry chain over the bits that are dropped. Half to even leaves the carry
// out where all bits below the half are 0 and the quotient is even already. A left shift
// first saturates to 19 bits, which lie beyond every clamp already when
// shifted by 0, so that no bit is lost.
constexpr std::int64_t requant(std::int64_t acc, int s, rounding ties, std::int64_t lo, std::int64_t hi) {
  if (s > 0) {
    if (s > 63) return clamp(0, lo, hi);
    const std::int64_t halves = acc >> (s - 1);
    const bool tie = (acc & ((std::int64_t{1} << (s - 1)) - 1)) == 0;
    const int carry = ties == HALF_EVEN && tie && (halves & 2) == 0 ? 0 : 1;
    return clamp((halves + carry) >> 1, lo, hi);
  }
  constexpr std::int64_t EDGE = std::int64_t{1} << 18;
  const int left = s < -18 ? 18 : -s;
  return clamp(clamp(acc, -EDGE, EDGE) * (std::int64_t{1} << left), lo, hi);
}

// round_off drops the lowest places of v, half up.
constexpr std::int64_t round_off(std::int64_t v, int places) { return places == 0 ? v : ((v >> (places - 1)) + 1) >> 1; }

// A layer's shifts span S_MIN .. S_MIN + STEPS - 1; step selects one. With one step
// the shifter is wiring.
template <int S_MIN, int STEPS> constexpr std::int64_t requant_step(std::int64_t acc, int step, rounding ties, std::int64_t lo, std::int64_t hi) {
  return requant(acc, STEPS == 1 ? S_MIN : S_MIN + step, ties, lo, hi);
}

// add_acc is a + x in the accumulator type A. The width follows from an interval bound
// over the weights, so it never overflows; csim checks that.
template <class A> A add_acc(const A& a, std::int64_t x) {
  const std::int64_t sum = a.to_int64() + x;
  const A out = sum;
  HASS_ASSERT(out.to_int64() == sum, "accumulator overflow");
  return out;
}

}  // namespace hass

#endif
