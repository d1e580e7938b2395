// Layer l0_conv: conv, 6x6x3 to 6x6x7 (HWC), scheduled engine of 3 chains of 5 banks, 7 rows a window.
#ifndef HASS_DESIGN_LAYER_L0_CONV_HPP
#define HASS_DESIGN_LAYER_L0_CONV_HPP

#include "types.hpp"

namespace design {

void l0_conv_window(hls::stream<u8_6x1>& in,
                    hls::stream<u8_6x1>& out,
                    int mode,
                    int images);
void l0_conv_scheduled(hls::stream<u8_6x1>& in,
                       hls::stream<acc22_6x1>& out0,
                       hls::stream<acc22_6x1>& out1,
                       hls::stream<acc22_6x1>& out2,
                       hls::stream<hass::word>& chain_in,
                       hls::stream<hass::word>& chain_out,
                       int mode,
                       int images);
void l0_conv_collect(hls::stream<acc22_6x1>& in0,
                     hls::stream<acc22_6x1>& in1,
                     hls::stream<acc22_6x1>& in2,
                     hls::stream<acc22_6x1>& out,
                     hls::stream<hass::word>& chain_in,
                     hls::stream<hass::word>& chain_out,
                     int mode,
                     int images);
void l0_conv_join(hls::stream<acc22_6x1>& in,
                  hls::stream<s8_6x1>& out,
                  hls::stream<hass::word>& chain_in,
                  hls::stream<hass::word>& chain_out,
                  int mode,
                  int images);

}  // namespace design

#endif
