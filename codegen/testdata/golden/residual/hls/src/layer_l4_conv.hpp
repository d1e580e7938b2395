// Layer l4_conv: conv, 1x1x4 to 1x1x3 (HWC), dense engines of 1 lanes and 1 multipliers, 1 gangs of 1.
#ifndef HASS_DESIGN_LAYER_L4_CONV_HPP
#define HASS_DESIGN_LAYER_L4_CONV_HPP

#include "types.hpp"

namespace design {

void l4_conv_window(hls::stream<s8_1x1>& in,
                    hls::stream<s8_1x1>& out,
                    int mode,
                    int images);
void l4_conv_engine0(hls::stream<s8_1x1>& in,
                     hls::stream<acc16_1x1>& out,
                     hls::stream<hass::word>& chain_in,
                     hls::stream<hass::word>& chain_out,
                     int mode,
                     int images);
void l4_conv_join(hls::stream<acc16_1x1>& in,
                  hls::stream<s8_1x1>& out,
                  hls::stream<hass::word>& chain_in,
                  hls::stream<hass::word>& chain_out,
                  int mode,
                  int images);

}  // namespace design

#endif
