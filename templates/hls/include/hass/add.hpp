// add: the element-wise sum of two tensor streams: each operand is shifted left to the
// finer scale, the exact sum is requantised. Tail pixels of a row are written as 0.
#ifndef HASS_ADD_HPP
#define HASS_ADD_HPP

#include "hass/arith.hpp"

namespace hass {

// column counts the channel beats and pixel groups of a row, so that a module knows which
// pixels of its beat lie beyond the width.
template <int W, int PX, int CHANNEL_BEATS> struct column {
  static constexpr int GROUPS = (W + PX - 1) / PX;
  int channel = 0, group = 0;
  bool inside(int p) const { return W % PX == 0 || group < GROUPS - 1 || p < W % PX; }
  void next() {
    if (channel < CHANNEL_BEATS - 1) {
      ++channel;
    } else {
      channel = 0;
      group = group == GROUPS - 1 ? 0 : group + 1;
    }
  }
};

template <class A> void add(int images, hls::stream<typename A::in0_beat>& in0, hls::stream<typename A::in1_beat>& in1, hls::stream<typename A::out_beat>& out) {
  constexpr int CH = A::out_beat::PER_PIXEL;
  column<A::W, A::out_beat::PIXELS, A::CHANNEL_BEATS> at;
  int left = A::BEATS, image = 0;
  while (image < images) {
#pragma HLS PIPELINE II = 1 style = flp
    const typename A::in0_beat a = in0.read();
    const typename A::in1_beat b = in1.read();
    typename A::out_beat y;
    for (int i = 0; i < A::out_beat::LANES; ++i) {
#pragma HLS UNROLL
      const std::int64_t sum = a.v[i].to_int64() * (std::int64_t{1} << A::ALIGN0) + b.v[i].to_int64() * (std::int64_t{1} << A::ALIGN1);
      y.v[i] = at.inside(i / CH) ? requant(sum, A::SHIFT, A::LO, A::HI) : std::int64_t{0};
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
