// Layer l4_add: add, 3x3x4 to 3x3x4 (HWC).
#ifndef HASS_DESIGN_LAYER_L4_ADD_HPP
#define HASS_DESIGN_LAYER_L4_ADD_HPP

#include "types.hpp"

namespace design {

void l4_add_add(hls::stream<s8_2x1>& in0,
                hls::stream<s8_2x1>& in1,
                hls::stream<s8_2x1>& out,
                int mode,
                int images);

}  // namespace design

#endif
