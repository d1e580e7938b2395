// resize: resamples rows and columns. It reads whole rows into a buffer of two rows until it has
// the rows that an output row needs, then writes the output row. An output value is
// the weighted sum of two values in each of two rows,
//
//   requant(round_off(sum of row weight * column weight * value, DROP), SHIFT)
//
// Sample i of an axis weights position FROM[i] by 2^SCALE - WEIGHT[i] and the next by WEIGHT[i]. R::reads(y) is the
// number of rows that are read before output row y or, for y = OUT_H, after the last one.
#ifndef HASS_RESIZE_HPP
#define HASS_RESIZE_HPP

#include "hass/arith.hpp"

namespace hass {

// The buffer has four banks, for even and odd rows and even and odd columns, so that two neighbours of
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
  // The bits of a weighted sum of four values: the weights of two neighbours add up to 2^SCALE.
  constexpr int SUM_BITS = signed_bits<typename R::in_beat::lane>::value + R::ROW_SCALE + R::COLUMN_SCALE;
  using value = exact_int<SUM_BITS>;
  // `reads`, the decision of an iteration, is a register, and the number of rows for the next output row is kept in advance. So
  // neither a table nor a sum lies between one decision and the next.
  int left = R::reads(0), following = R::reads(1);  // rows to read before output row y, and before the next
  bool reads = true;                                // left is not 0
  bool odd = false;                                 // the next row to read is odd
  int y = 0, x = 0, channel = 0, image = 0;         // y: output row; x, channel: within the row that is read or written
  while (image < images) {
#pragma HLS PIPELINE II = 1 style = flp
    if (reads) {
      const typename R::in_beat v = in.read();
#pragma HLS ARRAY_PARTITION variable = v.v complete
      for (int b = 0; b < 4; ++b) {
#pragma HLS UNROLL
        if (b == (odd ? 2 : 0) + (x & 1)) {
          for (int c = 0; c < CH; ++c) {
#pragma HLS UNROLL
            memory[b][(x >> 1) * BEATS + channel][c] = v.v[c];
          }
        }
      }
    } else {
      const int row = R::row_from(y) & 1, from = R::column_from(x);
      const value low_weight = R::row_weight(y), right_weight = R::column_weight(x);
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
        value sum = 0;
        for (int b = 0; b < 4; ++b) {
#pragma HLS UNROLL
          const value wy = b / 2 == row ? (value{1} << R::ROW_SCALE) - low_weight : low_weight;
          const value wx = b % 2 == (from & 1) ? (value{1} << R::COLUMN_SCALE) - right_weight : right_weight;
          sum += wy * wx * static_cast<value>(bank[b][c].to_int64());
        }
        beat.v[c] = requant(round_off(exact<SUM_BITS>(sum), R::DROP), R::SHIFT, R::ROUNDING, R::LO, R::HI);
      }
      HASS_CHECK(beat);
      out.write(beat);
    }
    const bool next_pixel = channel == BEATS - 1;
    const bool last_x = reads ? x == R::IN_W - 1 : x == R::OUT_W - 1;
    const bool row_in = next_pixel && last_x && reads, row_out = next_pixel && last_x && !reads;
    // The image ends with its last row that is read or written.
    const bool image_out = R::reads(R::OUT_H) > 0 ? row_in && y == R::OUT_H && left == 1 : row_out && y == R::OUT_H - 1;
    channel = next_pixel ? 0 : channel + 1;
    if (next_pixel) x = last_x ? 0 : x + 1;
    if (row_in) {
      odd = !odd;
      reads = left != 1;
      --left;
    }
    if (row_out) {
      reads = following != 0;
      left = following;
      following = R::reads(y < R::OUT_H - 2 ? y + 2 : R::OUT_H);
      ++y;
    }
    if (image_out) {
      reads = true;
      odd = false;
      left = R::reads(0);
      following = R::reads(1);
      y = 0;
      ++image;
    }
  }
}

}  // namespace hass

#endif
