// sink: sends each beat as one AXI4-Stream word, lanes side by side, lane 0 lowest,
// unused bits 0. TLAST marks the last word of an image.
#ifndef HASS_SINK_HPP
#define HASS_SINK_HPP

#include "hass/types.hpp"

namespace hass {

template <class S, class Axi> void sink(int images, hls::stream<typename S::in_beat>& in, hls::stream<Axi>& out) {
  constexpr int BITS = S::BITS;
  constexpr std::uint64_t MASK = (std::uint64_t{1} << BITS) - 1;
  int left = S::BEATS, image = 0;
  HASS_IMAGES_DONE(0);
  while (image < images) {
#pragma HLS PIPELINE II = 1 style = flp
    const typename S::in_beat beat = in.read();
#pragma HLS ARRAY_PARTITION variable = beat.v complete
    Axi word;
    word.data = 0;
    for (int i = 0; i < S::in_beat::LANES; ++i) {
#pragma HLS UNROLL
      word.data.range(i * BITS + BITS - 1, i * BITS) = static_cast<std::uint64_t>(beat.v[i].to_int()) & MASK;
    }
    word.keep = -1;
    word.strb = -1;
    word.last = left == 1;
    out.write(word);
    if (--left == 0) {
      left = S::BEATS;
      ++image;
      HASS_IMAGES_DONE(1);
    }
  }
}

}  // namespace hass

#endif
