// Layer l1_conv: conv, 3x5x6 to 3x5x6 (HWC), packed engines of 9 lanes and 9 multipliers, 1 gangs of 2.
#ifndef HASS_DESIGN_LAYER_L1_CONV_HPP
#define HASS_DESIGN_LAYER_L1_CONV_HPP

#include "types.hpp"

namespace design {

void l1_conv_window(hls::stream<u8_5x6>& in,
                    hls::stream<u8_3x18>& out,
                    int mode,
                    int images);
void l1_conv_engine0(hls::stream<u8_3x18>& in,
                     hls::stream<acc20_3x2>& out,
                     hls::stream<hass::word>& chain_in,
                     hls::stream<hass::word>& chain_out,
                     int mode,
                     int images);
void l1_conv_join(hls::stream<acc20_3x2>& in,
                  hls::stream<s8_3x2>& out,
                  hls::stream<hass::word>& chain_in,
                  hls::stream<hass::word>& chain_out,
                  int mode,
                  int images);

}  // namespace design

#endif
