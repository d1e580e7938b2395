// Layer l2_conv: conv, 3x5x6 to 3x5x6 (HWC), packed engines of 6 lanes and 6 multipliers, 1 gangs of 2.
#ifndef HASS_DESIGN_LAYER_L2_CONV_HPP
#define HASS_DESIGN_LAYER_L2_CONV_HPP

#include "types.hpp"

namespace design {

void l2_conv_window(hls::stream<s8_3x2>& in,
                    hls::stream<s8_3x6>& out,
                    int mode,
                    int images);
void l2_conv_engine0(hls::stream<s8_3x6>& in,
                     hls::stream<acc20_3x2>& out,
                     hls::stream<hass::word>& chain_in,
                     hls::stream<hass::word>& chain_out,
                     int mode,
                     int images);
void l2_conv_join(hls::stream<acc20_3x2>& in,
                  hls::stream<u4_3x2>& out,
                  hls::stream<hass::word>& chain_in,
                  hls::stream<hass::word>& chain_out,
                  int mode,
                  int images);

}  // namespace design

#endif
