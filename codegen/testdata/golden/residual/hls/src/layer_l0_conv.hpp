// Layer l0_conv: conv, 4x4x4 to 4x4x4 (HWC), crossbar engines of 3 lanes and 2 multipliers, 1 gangs of 1.
#ifndef HASS_DESIGN_LAYER_L0_CONV_HPP
#define HASS_DESIGN_LAYER_L0_CONV_HPP

#include "types.hpp"

namespace design {

void l0_conv_window(hls::stream<s8_1x1>& in,
                    hls::stream<s8_1x3>& out,
                    int mode,
                    int images);
void l0_conv_engine0(hls::stream<s8_1x3>& in,
                     hls::stream<acc20_1x1>& out,
                     hls::stream<hass::word>& chain_in,
                     hls::stream<hass::word>& chain_out,
                     int mode,
                     int images);
void l0_conv_join(hls::stream<acc20_1x1>& in,
                  hls::stream<s8_1x1>& out,
                  hls::stream<hass::word>& chain_in,
                  hls::stream<hass::word>& chain_out,
                  int mode,
                  int images);

}  // namespace design

#endif
