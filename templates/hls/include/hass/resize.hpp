// resize: samples rows and columns anew. It reads whole rows until it has those that an output
// row needs, in a buffer of two rows, then writes the output row. An output value is
// the weighted sum of two values in each of two rows,
//
//   requant(round_off(sum of row weight * column weight * value, DROP), SHIFT)
//
// where sample i of an axis is 2^SCALE - WEIGHT[i] parts of position FROM[i] and WEIGHT[i] of the
// next. R::need(y) is the number of rows that output row y needs, or of the input at the end.
#ifndef HASS_RESIZE_HPP
#define HASS_RESIZE_HPP

#include "hass/arith.hpp"

namespace hass {

// The buffer: row r is in bank r mod 2 and column c in bank c mod 2 of it, so that two neighbours of
// both rows are read in one cycle.
template <class R> struct resize_shape {
  static constexpr int CH = R::in_beat::PER_PIXEL;
  static constexpr int DEPTH = (R::IN_W / 2 + 1) * R::CHANNEL_BEATS;
};

template <class R>
void resize(typename R::in_beat::lane (&memory)[4][resize_shape<R>::DEPTH][resize_shape<R>::CH], int images, hls::stream<typename R::in_beat>& in,
            hls::stream<typename R::out_beat>& out) {
  constexpr int CH = resize_shape<R>::CH;
  constexpr int BEATS = R::CHANNEL_BEATS;
  int rows = 0, y = 0;                    // rows read, output row
  int x = 0, channel = 0, image = 0;      // within the row that is read or written
  while (image < images) {
#pragma HLS PIPELINE II = 1 style = flp
    const bool reads = rows < R::need(y);
    if (reads) {
      const typename R::in_beat v = in.read();
#pragma HLS ARRAY_PARTITION variable = v.v complete
      for (int b = 0; b < 4; ++b) {
#pragma HLS UNROLL
        if (b == (rows & 1) * 2 + (x & 1)) {
          for (int c = 0; c < CH; ++c) {
#pragma HLS UNROLL
            memory[b][(x >> 1) * BEATS + channel][c] = v.v[c];
          }
        }
      }
    } else {
      const int row = R::row_from(y) & 1, from = R::column_from(x);
      const std::int64_t low_weight = R::row_weight(y), right_weight = R::column_weight(x);
      typename R::in_beat::lane bank[4][CH];
#pragma HLS ARRAY_PARTITION variable = bank complete dim = 0
      for (int b = 0; b < 4; ++b) {
#pragma HLS UNROLL
        const int address = ((from + 1 - b % 2) >> 1) * BEATS + channel;
        for (int c = 0; c < CH; ++c) {
#pragma HLS UNROLL
          bank[b][c] = memory[b][address][c];
        }
      }
      typename R::out_beat beat;
#pragma HLS ARRAY_PARTITION variable = beat.v complete
      for (int c = 0; c < CH; ++c) {
#pragma HLS UNROLL
        std::int64_t sum = 0;
        for (int b = 0; b < 4; ++b) {
#pragma HLS UNROLL
          const std::int64_t wy = b / 2 == row ? (std::int64_t{1} << R::ROW_SCALE) - low_weight : low_weight;
          const std::int64_t wx = b % 2 == (from & 1) ? (std::int64_t{1} << R::COLUMN_SCALE) - right_weight : right_weight;
          sum += wy * wx * bank[b][c].to_int64();
        }
        beat.v[c] = requant(round_off(sum, R::DROP), R::SHIFT, R::ROUNDING, R::LO, R::HI);
      }
      HASS_CHECK(beat);
      out.write(beat);
    }
    const bool next_pixel = channel == BEATS - 1;
    const bool next_row = next_pixel && x == (reads ? R::IN_W : R::OUT_W) - 1;
    channel = next_pixel ? 0 : channel + 1;
    if (next_pixel) x = next_row ? 0 : x + 1;
    if (next_row) {
      if (reads) {
        ++rows;
      } else {
        ++y;
      }
      if (y == R::OUT_H && rows == R::IN_H) {
        y = 0;
        rows = 0;
        ++image;
      }
    }
  }
}

}  // namespace hass

#endif
