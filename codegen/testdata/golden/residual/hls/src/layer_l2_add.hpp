// Layer l2_add: add, 4x4x4 to 4x4x4 (HWC).
#ifndef HASS_DESIGN_LAYER_L2_ADD_HPP
#define HASS_DESIGN_LAYER_L2_ADD_HPP

#include "types.hpp"

namespace design {

void l2_add_add(hls::stream<s8_1x1>& in0,
                hls::stream<s8_1x1>& in1,
                hls::stream<s8_1x1>& out,
                int mode,
                int images);

}  // namespace design

#endif
