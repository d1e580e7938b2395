// Forks and width converters between the layers.
#ifndef HASS_DESIGN_ROUTING_HPP
#define HASS_DESIGN_ROUTING_HPP

#include "types.hpp"

namespace design {

void t1_fork(hls::stream<s8_1x1>& in,
             hls::stream<s8_1x1>& out0,
             hls::stream<s8_1x1>& out1,
             int mode,
             int images);

}  // namespace design

#endif
