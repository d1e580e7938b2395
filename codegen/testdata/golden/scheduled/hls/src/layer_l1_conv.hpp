// Layer l1_conv: conv, 6x6x7 to 3x3x5 (HWC), scheduled engine of 2 chains of 4 banks, 16 rows a window.
#ifndef HASS_DESIGN_LAYER_L1_CONV_HPP
#define HASS_DESIGN_LAYER_L1_CONV_HPP

#include "types.hpp"

namespace design {

void l1_conv_window(hls::stream<s8_6x1>& in,
                    hls::stream<s8_3x1>& out,
                    int mode,
                    int images);
void l1_conv_scheduled(hls::stream<s8_3x1>& in,
                       hls::stream<acc20_3x1>& out0,
                       hls::stream<acc20_3x1>& out1,
                       hls::stream<hass::word>& chain_in,
                       hls::stream<hass::word>& chain_out,
                       int mode,
                       int images);
void l1_conv_collect(hls::stream<acc20_3x1>& in0,
                     hls::stream<acc20_3x1>& in1,
                     hls::stream<acc20_3x1>& out,
                     hls::stream<hass::word>& chain_in,
                     hls::stream<hass::word>& chain_out,
                     int mode,
                     int images);
void l1_conv_join(hls::stream<acc20_3x1>& in,
                  hls::stream<u8_3x1>& out,
                  hls::stream<hass::word>& chain_in,
                  hls::stream<hass::word>& chain_out,
                  int mode,
                  int images);

}  // namespace design

#endif
