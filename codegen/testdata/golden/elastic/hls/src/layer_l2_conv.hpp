// Layer l2_conv: conv, 5x4x4 to 2x2x4 (HWC), elastic engines of 4 lanes and 2 multipliers, 1 gangs of 1.
#ifndef HASS_DESIGN_LAYER_L2_CONV_HPP
#define HASS_DESIGN_LAYER_L2_CONV_HPP

#include "types.hpp"

namespace design {

void l2_conv_window(hls::stream<s8_2x2>& in,
                    hls::stream<s8_1x4>& out,
                    int mode,
                    int images);
void l2_conv_fork(hls::stream<s8_1x4>& in,
                  hls::stream<s8_1x2>& out0,
                  hls::stream<s8_1x2>& out1,
                  int mode,
                  int images);
void l2_conv_engine0(hls::stream<s8_1x2>& in,
                     hls::stream<acc19_1x1>& out,
                     hls::stream<hass::word>& chain_in,
                     hls::stream<hass::word>& chain_out,
                     int mode,
                     int images);
void l2_conv_engine1(hls::stream<s8_1x2>& in,
                     hls::stream<acc19_1x1>& out,
                     hls::stream<hass::word>& chain_in,
                     hls::stream<hass::word>& chain_out,
                     int mode,
                     int images);
void l2_conv_join(hls::stream<acc19_1x1>& in0,
                  hls::stream<acc19_1x1>& in1,
                  hls::stream<s8_1x1>& out,
                  hls::stream<hass::word>& chain_in,
                  hls::stream<hass::word>& chain_out,
                  int mode,
                  int images);

}  // namespace design

#endif
