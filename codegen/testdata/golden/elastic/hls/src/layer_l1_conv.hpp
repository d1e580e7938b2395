// Layer l1_conv: conv, 5x4x4 to 5x4x4 (HWC), elastic engines of 9 lanes and 3 multipliers, 1 gangs of 2.
#ifndef HASS_DESIGN_LAYER_L1_CONV_HPP
#define HASS_DESIGN_LAYER_L1_CONV_HPP

#include "types.hpp"

namespace design {

void l1_conv_window(hls::stream<s8_2x2>& in,
                    hls::stream<s8_2x18>& out,
                    int mode,
                    int images);
void l1_conv_fork(hls::stream<s8_2x18>& in,
                  hls::stream<s8_2x6>& out0,
                  hls::stream<s8_2x6>& out1,
                  hls::stream<s8_2x6>& out2,
                  int mode,
                  int images);
void l1_conv_engine0(hls::stream<s8_2x6>& in,
                     hls::stream<acc20_2x2>& out,
                     hls::stream<hass::word>& chain_in,
                     hls::stream<hass::word>& chain_out,
                     int mode,
                     int images);
void l1_conv_engine1(hls::stream<s8_2x6>& in,
                     hls::stream<acc20_2x2>& out,
                     hls::stream<hass::word>& chain_in,
                     hls::stream<hass::word>& chain_out,
                     int mode,
                     int images);
void l1_conv_engine2(hls::stream<s8_2x6>& in,
                     hls::stream<acc20_2x2>& out,
                     hls::stream<hass::word>& chain_in,
                     hls::stream<hass::word>& chain_out,
                     int mode,
                     int images);
void l1_conv_join(hls::stream<acc20_2x2>& in0,
                  hls::stream<acc20_2x2>& in1,
                  hls::stream<acc20_2x2>& in2,
                  hls::stream<s8_2x2>& out,
                  hls::stream<hass::word>& chain_in,
                  hls::stream<hass::word>& chain_out,
                  int mode,
                  int images);

}  // namespace design

#endif
