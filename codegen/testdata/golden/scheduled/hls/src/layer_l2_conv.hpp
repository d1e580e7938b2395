// Layer l2_conv: conv, 3x3x5 to 3x3x4 (HWC), scheduled engine of 3 chains of 2 banks, 2 rows a window.
#ifndef HASS_DESIGN_LAYER_L2_CONV_HPP
#define HASS_DESIGN_LAYER_L2_CONV_HPP

#include "types.hpp"

namespace design {

void l2_conv_window(hls::stream<u8_3x1>& in,
                    hls::stream<u8_2x1>& out,
                    int mode,
                    int images);
void l2_conv_scheduled(hls::stream<u8_2x1>& in,
                       hls::stream<acc20_2x1>& out0,
                       hls::stream<acc20_2x1>& out1,
                       hls::stream<acc20_2x1>& out2,
                       hls::stream<hass::word>& chain_in,
                       hls::stream<hass::word>& chain_out,
                       int mode,
                       int images);
void l2_conv_collect(hls::stream<acc20_2x1>& in0,
                     hls::stream<acc20_2x1>& in1,
                     hls::stream<acc20_2x1>& in2,
                     hls::stream<acc20_2x1>& out,
                     hls::stream<hass::word>& chain_in,
                     hls::stream<hass::word>& chain_out,
                     int mode,
                     int images);
void l2_conv_join(hls::stream<acc20_2x1>& in,
                  hls::stream<s8_2x1>& out,
                  hls::stream<hass::word>& chain_in,
                  hls::stream<hass::word>& chain_out,
                  int mode,
                  int images);

}  // namespace design

#endif
