// source: writes each AXI4-Stream word as one beat. TDATA holds the beat's lanes
// side by side, lane 0 lowest. TLAST of the input is ignored.
#ifndef HASS_SOURCE_HPP
#define HASS_SOURCE_HPP

#include "hass/types.hpp"

namespace hass {

// lane_of turns a field of TDATA into a lane value.
template <class T, int BITS, bool SIGNED> T lane_of(std::uint64_t field) {
  return SIGNED ? T(static_cast<std::int64_t>(field << (64 - BITS)) >> (64 - BITS)) : T(field);
}

template <class S, class Axi> void source(int images, hls::stream<Axi>& in, hls::stream<typename S::out_beat>& out) {
  constexpr int BITS = S::BITS;
  int left = S::BEATS, image = 0;
  while (image < images) {
#pragma HLS PIPELINE II = 1 style = flp
    Axi word = in.read();
    typename S::out_beat beat;
#pragma HLS ARRAY_PARTITION variable = beat.v complete
    for (int i = 0; i < S::out_beat::LANES; ++i) {
#pragma HLS UNROLL
      beat.v[i] = lane_of<typename S::out_beat::lane, BITS, S::SIGNED>(word.data.range(i * BITS + BITS - 1, i * BITS).to_uint64());
    }
    HASS_CHECK(beat);
    out.write(beat);
    if (--left == 0) {
      left = S::BEATS;
      ++image;
    }
  }
}

}  // namespace hass

#endif
