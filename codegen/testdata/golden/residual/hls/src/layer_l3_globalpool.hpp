// Layer l3_globalpool: globalpool, 4x4x4 to 1x1x4 (HWC).
#ifndef HASS_DESIGN_LAYER_L3_GLOBALPOOL_HPP
#define HASS_DESIGN_LAYER_L3_GLOBALPOOL_HPP

#include "types.hpp"

namespace design {

void l3_globalpool_globalpool(hls::stream<s8_1x1>& in,
                              hls::stream<s8_1x1>& out,
                              int mode,
                              int images);

}  // namespace design

#endif
