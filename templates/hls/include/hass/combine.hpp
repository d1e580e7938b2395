// combine: the common part of add and mul: it combines the values of two tensor streams, pair by pair.
// Tail pixels of a row are written as 0.
//
// With BROADCAST the second stream has one pixel for the whole image: its beats are read together with the
// beats of the image's first pixel group, and kept for the other groups.
#ifndef HASS_COMBINE_HPP
#define HASS_COMBINE_HPP

#include "hass/arith.hpp"
#include "hass/column.hpp"

namespace hass {

// Op::of gives the exact result for two values, in Op::BITS bits. It is then requantised.
template <class A, class Op>
void combine(int images, hls::stream<typename A::in0_beat>& in0, hls::stream<typename A::in1_beat>& in1, hls::stream<typename A::out_beat>& out) {
  constexpr int CH = A::out_beat::PER_PIXEL, GATES = A::BROADCAST ? A::CHANNEL_BEATS : 1;
  using value = exact_int<Op::BITS>;
  typename A::in1_beat::lane gate[GATES][A::in1_beat::LANES];
#pragma HLS ARRAY_RESHAPE variable = gate complete dim = 2
  // The same channel group returns after CHANNEL_BEATS iterations.
#pragma HLS DEPENDENCE variable = gate type = inter distance = GATES true
  column<A::W, A::out_beat::PIXELS, A::CHANNEL_BEATS> at;
  int left = A::BEATS, image = 0;
  bool first = true;
  while (image < images) {
#pragma HLS PIPELINE II = 1 style = flp
    const typename A::in0_beat a = in0.read();
#pragma HLS ARRAY_PARTITION variable = a.v complete
    const int kept = A::BROADCAST ? at.channel : 0;
    typename A::in1_beat b;
#pragma HLS ARRAY_PARTITION variable = b.v complete
    if (first) {
      b = in1.read();
    } else {
      for (int i = 0; i < A::in1_beat::LANES; ++i) {
#pragma HLS UNROLL
        b.v[i] = gate[kept][i];
      }
    }
    if (A::BROADCAST && first) {
      for (int i = 0; i < A::in1_beat::LANES; ++i) {
#pragma HLS UNROLL
        gate[kept][i] = b.v[i];
      }
    }
    typename A::out_beat y;
#pragma HLS ARRAY_PARTITION variable = y.v complete
    for (int i = 0; i < A::out_beat::LANES; ++i) {
#pragma HLS UNROLL
      const value v = exact<Op::BITS>(Op::of(a.v[i].to_int64(), b.v[A::BROADCAST ? i % CH : i].to_int64()));
      y.v[i] = at.inside(i / CH) ? requant(v, A::SHIFT, A::ROUNDING, A::LO, A::HI) : value{0};
    }
    HASS_CHECK(y);
    out.write(y);
    if (A::BROADCAST && at.channel == A::CHANNEL_BEATS - 1) first = false;
    at.next();
    if (--left == 0) {
      left = A::BEATS;
      first = true;
      ++image;
    }
  }
}

}  // namespace hass

#endif
