// concat: concatenates the channels of its inputs. All inputs have the same format, but each its own channels per
// beat, and so has the output. Each pixel of a beat has a row of SPAN lanes. An iteration reads at most one beat of
// each input and puts it into its place in the row. When the lanes of an output beat are complete, it writes them, and
// the other lanes move down.
//
// Iteration k of a group of pixels reads a beat of input i if C::place(i, k) is not negative. The beat goes to lane
// C::base(i) + C::place(i, k) * C::unit(i); places are below C::PLACES. The iteration writes if C::writes(k).
#ifndef HASS_CONCAT_HPP
#define HASS_CONCAT_HPP

#include "hass/arith.hpp"

namespace hass {

// The rows of all pixels.
template <class C> struct concat_row {
  typename C::beat::lane v[C::beat::PIXELS][C::SPAN];
};

// Reads a beat of an input if iteration `step` reads one. All lanes are constants after inlining and unrolling.
template <class C, class T> void concat_read(int input, int step, hls::stream<T>& in, concat_row<C>& row) {
#pragma HLS INLINE
  const int place = C::place(input, step);
  if (place < 0) return;
  const T x = in.read();
#pragma HLS ARRAY_PARTITION variable = x.v complete
  for (int at = 0; at < C::PLACES; ++at) {
#pragma HLS UNROLL
    for (int i = 0; i < T::LANES; ++i) {
#pragma HLS UNROLL
      const int lane = C::base(input) + at * C::unit(input) + i % T::PER_PIXEL;
      if (at == place && lane < C::SPAN) row.v[i / T::PER_PIXEL][lane] = x.v[i];
    }
  }
}

template <class C, class... In> void concat(int images, hls::stream<typename C::beat>& out, hls::stream<In>&... in) {
  constexpr int OUT = C::beat::PER_PIXEL;
  concat_row<C> row{};
#pragma HLS ARRAY_PARTITION variable = row.v complete dim = 0
  int step = 0, left = C::GROUPS, image = 0;
  while (image < images) {
#pragma HLS PIPELINE II = 1 style = flp
    int input = 0;
    const int in_order[] = {(concat_read<C>(input++, step, in, row), 0)...};
    (void)in_order;
    if (C::writes(step) != 0) {
      typename C::beat y;
#pragma HLS ARRAY_PARTITION variable = y.v complete
      for (int i = 0; i < C::beat::LANES; ++i) {
#pragma HLS UNROLL
        y.v[i] = row.v[i / OUT][i % OUT];
      }
      HASS_CHECK(y);
      out.write(y);
      for (int p = 0; p < C::beat::PIXELS; ++p) {
#pragma HLS UNROLL
        for (int c = OUT; c < C::SPAN; ++c) {
#pragma HLS UNROLL
          row.v[p][c - OUT] = row.v[p][c];
        }
      }
    }
    const bool last = step == C::STEPS - 1;
    step = last ? 0 : step + 1;
    if (last && --left == 0) {
      left = C::GROUPS;
      ++image;
    }
  }
}

}  // namespace hass

#endif
