// Layer l1_conv: conv, 4x4x4 to 4x4x4 (HWC), banked engines of 12 lanes and 4 multipliers, 1 gangs of 1.
#ifndef HASS_DESIGN_LAYER_L1_CONV_HPP
#define HASS_DESIGN_LAYER_L1_CONV_HPP

#include "types.hpp"

namespace design {

void l1_conv_window(hls::stream<s8_1x1>& in,
                    hls::stream<s8_1x12>& out,
                    int mode,
                    int images);
void l1_conv_engine0(hls::stream<s8_1x12>& in,
                     hls::stream<acc21_1x1>& out,
                     hls::stream<hass::word>& chain_in,
                     hls::stream<hass::word>& chain_out,
                     int mode,
                     int images);
void l1_conv_join(hls::stream<acc21_1x1>& in,
                  hls::stream<s8_1x1>& out,
                  hls::stream<hass::word>& chain_in,
                  hls::stream<hass::word>& chain_out,
                  int mode,
                  int images);

}  // namespace design

#endif
