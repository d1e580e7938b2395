// Forks and width converters between the layers.
#ifndef HASS_DESIGN_ROUTING_HPP
#define HASS_DESIGN_ROUTING_HPP

#include "types.hpp"

namespace design {

void t1_convert(hls::stream<s8_2x4>& in,
                hls::stream<s8_2x2>& out,
                int mode,
                int images);

}  // namespace design

#endif
