// Forks and width converters between the layers.
#include "routing.hpp"

#include "hass/hass.hpp"

namespace design {

void t2_fork(hls::stream<u8_3x1>& in,
             hls::stream<u8_3x1>& out0,
             hls::stream<u8_3x1>& out1,
             int mode,
             int images) {
  hass::fork(15, mode == hass::MODE_RUN ? images : 0, in, out0, out1);
}

}  // namespace design
