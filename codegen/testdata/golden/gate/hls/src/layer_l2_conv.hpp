// Layer l2_conv: conv, 1x1x4 to 1x1x4 (HWC), dense engines of 1 lanes and 1 multipliers, 1 gangs of 1.
#ifndef HASS_DESIGN_LAYER_L2_CONV_HPP
#define HASS_DESIGN_LAYER_L2_CONV_HPP

#include "types.hpp"

namespace design {

void l2_conv_window(hls::stream<s8_1x1>& in,
                    hls::stream<s8_1x1>& out,
                    int mode,
                    int images);
void l2_conv_engine0(hls::stream<s8_1x1>& in,
                     hls::stream<acc20_1x1>& out,
                     hls::stream<hass::word>& chain_in,
                     hls::stream<hass::word>& chain_out,
                     int mode,
                     int images);
void l2_conv_join(hls::stream<acc20_1x1>& in,
                  hls::stream<s8_1x1>& out,
                  hls::stream<hass::word>& chain_in,
                  hls::stream<hass::word>& chain_out,
                  int mode,
                  int images);

}  // namespace design

#endif
