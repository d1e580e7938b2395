// Layer l0_conv: conv, 5x4x2 to 5x4x4 (HWC), elastic engines of 6 lanes and 3 multipliers, 2 gangs of 2.
#ifndef HASS_DESIGN_LAYER_L0_CONV_HPP
#define HASS_DESIGN_LAYER_L0_CONV_HPP

#include "types.hpp"

namespace design {

void l0_conv_window(hls::stream<s8_1x2>& in,
                    hls::stream<s8_2x6>& out,
                    int mode,
                    int images);
void l0_conv_fork(hls::stream<s8_2x6>& in,
                  hls::stream<s8_2x2>& out0,
                  hls::stream<s8_2x2>& out1,
                  hls::stream<s8_2x2>& out2,
                  hls::stream<s8_2x2>& out3,
                  hls::stream<s8_2x2>& out4,
                  hls::stream<s8_2x2>& out5,
                  int mode,
                  int images);
void l0_conv_engine0(hls::stream<s8_2x2>& in,
                     hls::stream<acc20_2x2>& out,
                     hls::stream<hass::word>& chain_in,
                     hls::stream<hass::word>& chain_out,
                     int mode,
                     int images);
void l0_conv_engine1(hls::stream<s8_2x2>& in,
                     hls::stream<acc20_2x2>& out,
                     hls::stream<hass::word>& chain_in,
                     hls::stream<hass::word>& chain_out,
                     int mode,
                     int images);
void l0_conv_engine2(hls::stream<s8_2x2>& in,
                     hls::stream<acc20_2x2>& out,
                     hls::stream<hass::word>& chain_in,
                     hls::stream<hass::word>& chain_out,
                     int mode,
                     int images);
void l0_conv_engine3(hls::stream<s8_2x2>& in,
                     hls::stream<acc20_2x2>& out,
                     hls::stream<hass::word>& chain_in,
                     hls::stream<hass::word>& chain_out,
                     int mode,
                     int images);
void l0_conv_engine4(hls::stream<s8_2x2>& in,
                     hls::stream<acc20_2x2>& out,
                     hls::stream<hass::word>& chain_in,
                     hls::stream<hass::word>& chain_out,
                     int mode,
                     int images);
void l0_conv_engine5(hls::stream<s8_2x2>& in,
                     hls::stream<acc20_2x2>& out,
                     hls::stream<hass::word>& chain_in,
                     hls::stream<hass::word>& chain_out,
                     int mode,
                     int images);
void l0_conv_join(hls::stream<acc20_2x2>& in0,
                  hls::stream<acc20_2x2>& in1,
                  hls::stream<acc20_2x2>& in2,
                  hls::stream<acc20_2x2>& in3,
                  hls::stream<acc20_2x2>& in4,
                  hls::stream<acc20_2x2>& in5,
                  hls::stream<s8_2x4>& out,
                  hls::stream<hass::word>& chain_in,
                  hls::stream<hass::word>& chain_out,
                  int mode,
                  int images);

}  // namespace design

#endif
