// Layer l3_conv: conv, 3x5x6 to 3x5x6 (HWC), packed engines of 6 lanes and 6 multipliers, 1 gangs of 3.
#ifndef HASS_DESIGN_LAYER_L3_CONV_HPP
#define HASS_DESIGN_LAYER_L3_CONV_HPP

#include "types.hpp"

namespace design {

void l3_conv_window(hls::stream<u4_3x2>& in,
                    hls::stream<u4_3x6>& out,
                    int mode,
                    int images);
void l3_conv_engine0(hls::stream<u4_3x6>& in,
                     hls::stream<acc20_3x3>& out,
                     hls::stream<hass::word>& chain_in,
                     hls::stream<hass::word>& chain_out,
                     int mode,
                     int images);
void l3_conv_join(hls::stream<acc20_3x3>& in,
                  hls::stream<s16_3x3>& out,
                  hls::stream<hass::word>& chain_in,
                  hls::stream<hass::word>& chain_out,
                  int mode,
                  int images);

}  // namespace design

#endif
