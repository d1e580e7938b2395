// Layer l3_mul: mul, 6x6x4 to 6x6x4 (HWC).
#ifndef HASS_DESIGN_LAYER_L3_MUL_HPP
#define HASS_DESIGN_LAYER_L3_MUL_HPP

#include "types.hpp"

namespace design {

void l3_mul_mul(hls::stream<s8_1x1>& in0,
                hls::stream<s8_1x1>& in1,
                hls::stream<s8_1x1>& out,
                int mode,
                int images);

}  // namespace design

#endif
