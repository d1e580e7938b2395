// Layer l3_conv: conv, 3x3x5 to 3x3x4 (HWC), scheduled engine of 1 chains of 1 banks, 14 rows a window.
#ifndef HASS_DESIGN_LAYER_L3_CONV_HPP
#define HASS_DESIGN_LAYER_L3_CONV_HPP

#include "types.hpp"

namespace design {

void l3_conv_window(hls::stream<u8_3x1>& in,
                    hls::stream<u8_2x1>& out,
                    int mode,
                    int images);
void l3_conv_scheduled(hls::stream<u8_2x1>& in,
                       hls::stream<acc22_2x1>& out,
                       hls::stream<hass::word>& chain_in,
                       hls::stream<hass::word>& chain_out,
                       int mode,
                       int images);
void l3_conv_join(hls::stream<acc22_2x1>& in,
                  hls::stream<s8_2x1>& out,
                  hls::stream<hass::word>& chain_in,
                  hls::stream<hass::word>& chain_out,
                  int mode,
                  int images);

}  // namespace design

#endif
