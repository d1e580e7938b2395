// Forks and width converters between the layers.
#ifndef HASS_DESIGN_ROUTING_HPP
#define HASS_DESIGN_ROUTING_HPP

#include "types.hpp"

namespace design {

void t2_fork(hls::stream<u8_3x1>& in,
             hls::stream<u8_3x1>& out0,
             hls::stream<u8_3x1>& out1,
             int mode,
             int images);

}  // namespace design

#endif
