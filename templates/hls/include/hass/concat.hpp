// concat: joins the channels of its inputs. For each pixel it reads C::PARTS[i] beats of
// input i, input by input, and writes each.
#ifndef HASS_CONCAT_HPP
#define HASS_CONCAT_HPP

#include "hass/arith.hpp"

namespace hass {

// read_if reads a beat if it is this stream's turn.
template <class T> void read_if(bool turn, hls::stream<T>& in, T& beat) {
#pragma HLS INLINE
  if (turn) beat = in.read();
}

template <class C, class... In> void concat(int images, hls::stream<typename C::beat>& out, In&... in) {
  int input = 0, part = C::PARTS[0], left = C::BEATS, image = 0;
  while (image < images) {
#pragma HLS PIPELINE II = 1 style = flp
    typename C::beat x{};
    int k = 0;
    (read_if(input == k++, in, x), ...);
    for (int i = 0; i < C::beat::LANES; ++i) {
#pragma HLS UNROLL
      x.v[i] = clamp(x.v[i].to_int64(), C::LO, C::HI);
    }
    HASS_CHECK(x);
    out.write(x);
    if (--part == 0) {
      input = input == C::INPUTS - 1 ? 0 : input + 1;
      part = C::PARTS[input];
    }
    if (--left == 0) {
      left = C::BEATS;
      ++image;
    }
  }
}

}  // namespace hass

#endif
