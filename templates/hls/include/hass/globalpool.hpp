// globalpool: reduces whole maps to their maximum or average per channel. It accumulates
// every beat. During the last pixel group of the map, each beat also gives an output
// beat of one pixel. An average is requant(sum * MUL, SHIFT).
#ifndef HASS_GLOBALPOOL_HPP
#define HASS_GLOBALPOOL_HPP

#include "hass/arith.hpp"
#include "hass/column.hpp"
#include "hass/reduce.hpp"

namespace hass {

template <class P> void globalpool(int images, hls::stream<typename P::in_beat>& in, hls::stream<typename P::out_beat>& out) {
  constexpr int PX = P::in_beat::PIXELS, CH = P::in_beat::PER_PIXEL, CHANNEL_BEATS = P::CHANNEL_BEATS;
  using pooled = pooling<P::MAX, P::in_beat::lane::width, P::BEATS / CHANNEL_BEATS * PX>;
  using value = typename pooled::type;
  constexpr value START = static_cast<value>(pool_start<P>());
  typename pooled::stored acc[CHANNEL_BEATS][CH];
#pragma HLS ARRAY_PARTITION variable = acc complete dim = 2
  // The same channel group returns after CHANNEL_BEATS iterations.
#pragma HLS DEPENDENCE variable = acc type = inter distance = CHANNEL_BEATS true
  column<P::W, PX, CHANNEL_BEATS> at;
  int before = P::BEATS_BEFORE, left = P::BEATS, image = 0;
  bool first = true;
  while (image < images) {
#pragma HLS PIPELINE II = 1 style = flp
    const typename P::in_beat x = in.read();
#pragma HLS ARRAY_PARTITION variable = x.v complete
    typename P::out_beat y;
#pragma HLS ARRAY_PARTITION variable = y.v complete
    for (int c = 0; c < CH; ++c) {
#pragma HLS UNROLL
      value pixels[PX];
#pragma HLS ARRAY_PARTITION variable = pixels complete
      for (int p = 0; p < PX; ++p) {
#pragma HLS UNROLL
        pixels[p] = at.inside(p) ? static_cast<value>(x.v[p * CH + c].to_int64()) : START;
      }
      reduce<typename pooled::op>(pixels);
      const value old = first ? START : static_cast<value>(acc[at.channel][c].to_int64());
      const value now = pooled::op::of(old, pixels[0]);
      acc[at.channel][c] = now;
      y.v[c] = pooled_value<P, pooled::stored::width>(now, P::MUL);
    }
    if (before == 0) {
      HASS_CHECK(y);
      out.write(y);
    } else {
      --before;
    }
    if (at.channel == CHANNEL_BEATS - 1) first = false;
    at.next();
    if (--left == 0) {
      left = P::BEATS;
      before = P::BEATS_BEFORE;
      first = true;
      ++image;
    }
  }
}

}  // namespace hass

#endif
