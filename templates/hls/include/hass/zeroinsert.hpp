// zeroinsert: inserts zeros between the pixels of a tensor. It walks the positions of the output and
// reads a pixel if row and column are chosen.
#ifndef HASS_ZEROINSERT_HPP
#define HASS_ZEROINSERT_HPP

#include "hass/column.hpp"
#include "hass/types.hpp"

namespace hass {

template <class Z> void zeroinsert(int images, hls::stream<typename Z::beat>& in, hls::stream<typename Z::beat>& out) {
  typename Z::rows row;
  typename Z::columns col;
  int channel = 0, image = 0;
  while (image < images) {
#pragma HLS PIPELINE II = 1 style = flp
    typename Z::beat x{};
#pragma HLS ARRAY_PARTITION variable = x.v complete
    if (row.chosen() && col.chosen()) x = in.read();
    HASS_CHECK(x);
    out.write(x);
    const bool next_col = channel == Z::CHANNEL_BEATS - 1, next_row = next_col && col.last(), next_image = next_row && row.last();
    channel = next_col ? 0 : channel + 1;
    if (next_col) col.next();
    if (next_row) row.next();
    if (next_image) ++image;
  }
}

}  // namespace hass

#endif
