// Layer l4_conv: conv, 3x5x6 to 3x5x4 (HWC), packed engines of 3 lanes and 3 multipliers, 2 gangs of 1.
#ifndef HASS_DESIGN_LAYER_L4_CONV_HPP
#define HASS_DESIGN_LAYER_L4_CONV_HPP

#include "types.hpp"

namespace design {

void l4_conv_window(hls::stream<s16_3x3>& in,
                    hls::stream<s16_2x3>& out,
                    int mode,
                    int images);
void l4_conv_fork(hls::stream<s16_2x3>& in,
                  hls::stream<s16_2x3>& out0,
                  hls::stream<s16_2x3>& out1,
                  int mode,
                  int images);
void l4_conv_engine0(hls::stream<s16_2x3>& in,
                     hls::stream<acc33_2x1>& out,
                     hls::stream<hass::word>& chain_in,
                     hls::stream<hass::word>& chain_out,
                     int mode,
                     int images);
void l4_conv_engine1(hls::stream<s16_2x3>& in,
                     hls::stream<acc33_2x1>& out,
                     hls::stream<hass::word>& chain_in,
                     hls::stream<hass::word>& chain_out,
                     int mode,
                     int images);
void l4_conv_join(hls::stream<acc33_2x1>& in0,
                  hls::stream<acc33_2x1>& in1,
                  hls::stream<s16_2x2>& out,
                  hls::stream<hass::word>& chain_in,
                  hls::stream<hass::word>& chain_out,
                  int mode,
                  int images);

}  // namespace design

#endif
