// pool: reduces channelwise window beats to their maximum or average. The beats of one
// channel group arrive one after the other; the last gives an output beat. An average is
// requant(sum * MUL[class of the row][class of the column], SHIFT): rows (columns) of the
// output whose windows have the same number of rows (columns) inside the map are one
// class. Tail pixels are written as 0.
#ifndef HASS_POOL_HPP
#define HASS_POOL_HPP

#include "hass/arith.hpp"
#include "hass/column.hpp"
#include "hass/reduce.hpp"

namespace hass {

template <class P> void pool(int images, typename P::in_fifo& in, hls::stream<typename P::out_beat>& out) {
  constexpr int PX = P::out_beat::PIXELS, CH = P::out_beat::PER_PIXEL, TAPS = P::in_beat::PER_PIXEL / CH;
  using pooled = pooling<P::MAX, P::in_beat::lane::width, TAPS * P::TAP_GROUPS>;
  using value = typename pooled::type;
  constexpr value START = static_cast<value>(pool_start<P>());
  typename pooled::stored acc[PX * CH];
#pragma HLS ARRAY_PARTITION variable = acc complete
  for (int i = 0; i < PX * CH; ++i) {
#pragma HLS UNROLL
    acc[i] = START;
  }
  column<P::W, PX, P::CHANNEL_BEATS> at;
  int group = 0, left = P::BEATS, row = 0, row_left = P::ROW_BEATS, image = 0;
  bool first = true;  // this is the first beat of a channel group
  while (image < images) {
#pragma HLS PIPELINE II = 1 style = flp
    const typename P::in_beat x = in.read();
#pragma HLS ARRAY_PARTITION variable = x.v complete
    for (int p = 0; p < PX; ++p) {
#pragma HLS UNROLL
      for (int c = 0; c < CH; ++c) {
#pragma HLS UNROLL
        value taps[TAPS];
#pragma HLS ARRAY_PARTITION variable = taps complete
        for (int t = 0; t < TAPS; ++t) {
#pragma HLS UNROLL
          taps[t] = static_cast<value>(x.v[(p * TAPS + t) * CH + c].to_int64());
        }
        reduce<typename pooled::op>(taps);
        const value before = first ? START : static_cast<value>(acc[p * CH + c].to_int64());
        acc[p * CH + c] = pooled::op::of(before, taps[0]);
      }
    }
    first = group == P::TAP_GROUPS - 1;
    if (group < P::TAP_GROUPS - 1) {
      ++group;
    } else {
      group = 0;
      typename P::out_beat y;
#pragma HLS ARRAY_PARTITION variable = y.v complete
      for (int p = 0; p < PX; ++p) {
#pragma HLS UNROLL
        for (int c = 0; c < CH; ++c) {
#pragma HLS UNROLL
          const std::int64_t q = pooled_value<P, pooled::stored::width>(acc[p * CH + c].to_int64(), P::mul(row, at.group * PX + p));
          y.v[p * CH + c] = at.inside(p) ? q : std::int64_t{0};
        }
      }
      HASS_CHECK(y);
      out.write(y);
      at.next();
      if (--row_left == 0) {
        row_left = P::ROW_BEATS;
        ++row;
      }
      if (--left == 0) {
        left = P::BEATS;
        row = 0;
        ++image;
      }
    }
  }
}

}  // namespace hass

#endif
