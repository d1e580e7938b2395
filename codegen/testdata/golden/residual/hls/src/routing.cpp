// Forks and width converters between the layers.
#include "routing.hpp"

#include "hass/hass.hpp"

namespace design {

void t1_fork(hls::stream<s8_1x1>& in,
             hls::stream<s8_1x1>& out0,
             hls::stream<s8_1x1>& out1,
             int mode,
             int images) {
  hass::fork(64, mode == hass::MODE_RUN ? images : 0, in, out0, out1);
}

}  // namespace design
