// convert: changes the channels per beat of a tensor stream; the larger number must be a
// multiple of the smaller. Pixels per beat stay the same.
#ifndef HASS_CONVERT_HPP
#define HASS_CONVERT_HPP

#include "hass/types.hpp"

namespace hass {

// Reads a wide beat in the first of RATIO iterations and writes a narrow one in each.
template <class In, class Out> void convert_to_narrow(int beats_out_per_image, int images, hls::stream<In>& in, hls::stream<Out>& out) {
  constexpr int RATIO = In::PER_PIXEL / Out::PER_PIXEL;
  In wide{};
#pragma HLS ARRAY_PARTITION variable = wide.v complete
  int part = 0, left = beats_out_per_image, image = 0;
  while (image < images) {
#pragma HLS PIPELINE II = 1 style = flp
    if (part == 0) wide = in.read();
    Out narrow;
#pragma HLS ARRAY_PARTITION variable = narrow.v complete
    for (int p = 0; p < Out::PIXELS; ++p) {
#pragma HLS UNROLL
      for (int c = 0; c < Out::PER_PIXEL; ++c) {
#pragma HLS UNROLL
        narrow.v[p * Out::PER_PIXEL + c] = wide.v[p * In::PER_PIXEL + c];
      }
      // The next part moves down.
      for (int c = 0; c < In::PER_PIXEL - Out::PER_PIXEL; ++c) {
#pragma HLS UNROLL
        wide.v[p * In::PER_PIXEL + c] = wide.v[p * In::PER_PIXEL + c + Out::PER_PIXEL];
      }
    }
    out.write(narrow);
    part = part == RATIO - 1 ? 0 : part + 1;
    if (--left == 0) {
      left = beats_out_per_image;
      ++image;
    }
  }
}

// Reads a narrow beat in each iteration and writes a wide one in the last of RATIO.
template <class In, class Out> void convert_to_wide(int beats_in_per_image, int images, hls::stream<In>& in, hls::stream<Out>& out) {
  constexpr int RATIO = Out::PER_PIXEL / In::PER_PIXEL;
  Out wide{};
#pragma HLS ARRAY_PARTITION variable = wide.v complete
  int part = 0, left = beats_in_per_image, image = 0;
  while (image < images) {
#pragma HLS PIPELINE II = 1 style = flp
    const In narrow = in.read();
#pragma HLS ARRAY_PARTITION variable = narrow.v complete
    // Each part enters at the top and moves down when the next one comes.
    for (int p = 0; p < In::PIXELS; ++p) {
#pragma HLS UNROLL
      for (int c = 0; c < Out::PER_PIXEL - In::PER_PIXEL; ++c) {
#pragma HLS UNROLL
        wide.v[p * Out::PER_PIXEL + c] = wide.v[p * Out::PER_PIXEL + c + In::PER_PIXEL];
      }
      for (int c = 0; c < In::PER_PIXEL; ++c) {
#pragma HLS UNROLL
        wide.v[(p + 1) * Out::PER_PIXEL - In::PER_PIXEL + c] = narrow.v[p * In::PER_PIXEL + c];
      }
    }
    if (part == RATIO - 1) out.write(wide);
    part = part == RATIO - 1 ? 0 : part + 1;
    if (--left == 0) {
      left = beats_in_per_image;
      ++image;
    }
  }
}

}  // namespace hass

#endif
