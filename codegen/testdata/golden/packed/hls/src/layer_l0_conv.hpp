// Layer l0_conv: conv, 3x5x2 to 3x5x6 (HWC), packed engines of 6 lanes and 6 multipliers, 1 gangs of 6.
#ifndef HASS_DESIGN_LAYER_L0_CONV_HPP
#define HASS_DESIGN_LAYER_L0_CONV_HPP

#include "types.hpp"

namespace design {

void l0_conv_window(hls::stream<s8_5x2>& in,
                    hls::stream<s8_5x6>& out,
                    int mode,
                    int images);
void l0_conv_engine0(hls::stream<s8_5x6>& in,
                     hls::stream<acc20_5x6>& out,
                     hls::stream<hass::word>& chain_in,
                     hls::stream<hass::word>& chain_out,
                     int mode,
                     int images);
void l0_conv_join(hls::stream<acc20_5x6>& in,
                  hls::stream<u8_5x6>& out,
                  hls::stream<hass::word>& chain_in,
                  hls::stream<hass::word>& chain_out,
                  int mode,
                  int images);

}  // namespace design

#endif
