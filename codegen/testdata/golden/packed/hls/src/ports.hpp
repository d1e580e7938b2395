// The AXI ports and the two ends of the weight chain.
#ifndef HASS_DESIGN_PORTS_HPP
#define HASS_DESIGN_PORTS_HPP

#include "types.hpp"

namespace design {

void weights_loader(const hass::word* weights,
                    hls::stream<hass::word>& out,
                    int mode);
void input_source(hls::stream<input_axi>& axi,
                  hls::stream<s8_5x2>& out,
                  int mode,
                  int images);
void output0_sink(hls::stream<s16_2x2>& in,
                  hls::stream<output0_axi>& axi,
                  int mode,
                  int images);
void weights_end(hls::stream<hass::word>& in,
                 int mode);

}  // namespace design

#endif
