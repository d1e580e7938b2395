// wide_beat and wide_stream: tokens that are too wide for one stream, and their FIFO. A token
// is split into PARTS parallel streams of LANES lanes each, which are read and written
// together. In csim one stream holds all parts of a token.
#ifndef HASS_WIDE_HPP
#define HASS_WIDE_HPP

#include "hass/types.hpp"

namespace hass {

// A beat (types.hpp) in P parts.
template <class T, int PX, int N, int P> struct wide_beat {
  using lane = T;
  static constexpr int PIXELS = PX;
  static constexpr int PER_PIXEL = N;
  static constexpr int LANES = PX * N;
  static constexpr int PARTS = P;
  T v[PX * N];
};

template <class T> struct wide_stream {
  static constexpr int PARTS = T::PARTS;
  static constexpr int LANES = (T::LANES + PARTS - 1) / PARTS;  // lanes of a part; the last part may have unused lanes
  using part = beat<typename T::lane, 1, LANES>;

#ifdef __SYNTHESIS__
  hls::stream<part> parts[PARTS];
#else
  struct token {
    part of[PARTS];
  };
  hls::stream<token> tokens;
  template <class... A> explicit wide_stream(const char* name, A... a) : tokens(name, a...) {}
#endif

  T read() {
#pragma HLS INLINE
    T v{};
#pragma HLS ARRAY_PARTITION variable = v.v complete
#ifndef __SYNTHESIS__
    const token all = tokens.read();
#endif
    for (int k = 0; k < PARTS; ++k) {
#pragma HLS UNROLL
#ifdef __SYNTHESIS__
      const part x = parts[k].read();
#pragma HLS ARRAY_PARTITION variable = x.v complete
#else
      const part& x = all.of[k];
#endif
      for (int i = 0; i < LANES && k * LANES + i < T::LANES; ++i) {
#pragma HLS UNROLL
        v.v[k * LANES + i] = x.v[i];
      }
    }
    return v;
  }

  void write(const T& v) {
#pragma HLS INLINE
#ifndef __SYNTHESIS__
    token all{};
#endif
    for (int k = 0; k < PARTS; ++k) {
#pragma HLS UNROLL
      part x{};
#pragma HLS ARRAY_PARTITION variable = x.v complete
      for (int i = 0; i < LANES && k * LANES + i < T::LANES; ++i) {
#pragma HLS UNROLL
        x.v[i] = v.v[k * LANES + i];
      }
#ifdef __SYNTHESIS__
      parts[k].write(x);
#else
      all.of[k] = x;
#endif
    }
#ifndef __SYNTHESIS__
    tokens.write(all);
#endif
  }
};

}  // namespace hass

#endif
