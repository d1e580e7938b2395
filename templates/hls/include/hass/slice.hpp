// slice: slices a tensor with strides: it reads every beat and writes the beats that are chosen along
// all of rows, columns (pixel groups) and channels (beats of a pixel group).
#ifndef HASS_SLICE_HPP
#define HASS_SLICE_HPP

#include "hass/column.hpp"
#include "hass/types.hpp"

namespace hass {

template <class S> void slice(int images, hls::stream<typename S::beat>& in, hls::stream<typename S::beat>& out) {
  typename S::rows row;
  typename S::columns col;
  typename S::channels channel;
  int image = 0;
  while (image < images) {
#pragma HLS PIPELINE II = 1 style = flp
    const typename S::beat x = in.read();
#pragma HLS ARRAY_PARTITION variable = x.v complete
    if (row.chosen() && col.chosen() && channel.chosen()) {
      HASS_CHECK(x);
      out.write(x);
    }
    const bool next_col = channel.last(), next_row = next_col && col.last(), next_image = next_row && row.last();
    channel.next();
    if (next_col) col.next();
    if (next_row) row.next();
    if (next_image) ++image;
  }
}

}  // namespace hass

#endif
