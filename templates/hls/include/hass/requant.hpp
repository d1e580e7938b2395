// requant: changes the format of a tensor stream or clamps it. Tail pixels of a row are
// written as 0.
#ifndef HASS_REQUANT_HPP
#define HASS_REQUANT_HPP

#include "hass/arith.hpp"
#include "hass/column.hpp"

namespace hass {

template <class R> void requant_stream(int images, hls::stream<typename R::in_beat>& in, hls::stream<typename R::out_beat>& out) {
  constexpr int CH = R::out_beat::PER_PIXEL;
  using value = exact_int<signed_bits<typename R::in_beat::lane>::value>;
  column<R::W, R::out_beat::PIXELS, R::CHANNEL_BEATS> at;
  int left = R::BEATS, image = 0;
  while (image < images) {
#pragma HLS PIPELINE II = 1 style = flp
    const typename R::in_beat x = in.read();
#pragma HLS ARRAY_PARTITION variable = x.v complete
    typename R::out_beat y;
#pragma HLS ARRAY_PARTITION variable = y.v complete
    for (int i = 0; i < R::out_beat::LANES; ++i) {
#pragma HLS UNROLL
      y.v[i] = at.inside(i / CH) ? requant(static_cast<value>(x.v[i].to_int64()), R::SHIFT, R::ROUNDING, R::LO, R::HI) : value{0};
    }
    HASS_CHECK(y);
    out.write(y);
    at.next();
    if (--left == 0) {
      left = R::BEATS;
      ++image;
    }
  }
}

}  // namespace hass

#endif
