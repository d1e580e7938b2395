// activation: a non-linear function of each value, requantised. Tail pixels of a row are
// written as 0. KIND is
//
//   AFFINE        x * m + ADD
//   HARD_SWISH    x * clamp(x + ADD, 0, TOP) * m
//   LEAKY         x * TOP if x >= 0, otherwise x * m
//   CURVE         a linear segment for every 2^STEP inputs, between the values of the table
//
// The multiplier m stands in the table, which has one row for each channel beat or one row for
// all, and one column for each channel or one column for all.
#ifndef HASS_ACTIVATION_HPP
#define HASS_ACTIVATION_HPP

#include "hass/arith.hpp"
#include "hass/column.hpp"

namespace hass {

enum activation_kind { AFFINE, HARD_SWISH, LEAKY, CURVE };

// The exact value of a function before rounding, by its kind.
template <class A, activation_kind KIND> struct activation_of;
template <class A> struct activation_of<A, AFFINE> {
  static std::int64_t value(std::int64_t x, std::int64_t m) { return x * m + A::ADD; }
};
template <class A> struct activation_of<A, HARD_SWISH> {
  static std::int64_t value(std::int64_t x, std::int64_t m) { return x * clamp<std::int64_t>(x + A::ADD, 0, A::TOP) * m; }
};
template <class A> struct activation_of<A, LEAKY> {
  static std::int64_t value(std::int64_t x, std::int64_t m) { return x * (x < 0 ? m : A::TOP); }
};

// Reads the table at the place of the channel, or of the segment, and gives the exact value.
template <class A, activation_kind KIND> struct activation_table {
  static std::int64_t value(const std::int32_t (&table)[A::ROWS][A::COLUMNS], std::int64_t x, int row, int column) {
#pragma HLS INLINE
    return activation_of<A, KIND>::value(x, table[A::ROWS == 1 ? 0 : row][A::COLUMNS == 1 ? 0 : column]);
  }
};
template <class A> struct activation_table<A, CURVE> {
  static std::int64_t value(const std::int32_t (&table)[A::ROWS][A::COLUMNS], std::int64_t x, int, int) {
#pragma HLS INLINE
    const int offset = static_cast<int>(x - A::MIN), segment = offset >> A::STEP;
    const std::int64_t here = table[segment][0], next = table[A::STEP == 0 ? segment : segment + 1][0];
    return here * (std::int64_t{1} << A::STEP) + (next - here) * (offset & ((1 << A::STEP) - 1));
  }
};

template <class A>
void activation(const std::int32_t (&table)[A::ROWS][A::COLUMNS], int images, hls::stream<typename A::in_beat>& in, hls::stream<typename A::out_beat>& out) {
  constexpr int CH = A::out_beat::PER_PIXEL;
  column<A::W, A::out_beat::PIXELS, A::CHANNEL_BEATS> at;
  int left = A::BEATS, image = 0;
  while (image < images) {
#pragma HLS PIPELINE II = 1 style = flp
    const typename A::in_beat x = in.read();
#pragma HLS ARRAY_PARTITION variable = x.v complete
    typename A::out_beat y;
#pragma HLS ARRAY_PARTITION variable = y.v complete
    for (int i = 0; i < A::out_beat::LANES; ++i) {
#pragma HLS UNROLL
      const std::int64_t v = activation_table<A, A::KIND>::value(table, x.v[i].to_int64(), at.channel, i % CH);
      y.v[i] = at.inside(i / CH) ? requant(v, A::SHIFT, A::ROUNDING, A::LO, A::HI) : std::int64_t{0};
    }
    HASS_CHECK(y);
    out.write(y);
    at.next();
    if (--left == 0) {
      left = A::BEATS;
      ++image;
    }
  }
}

}  // namespace hass

#endif
