// Layer l1_globalpool: globalpool, 6x6x4 to 1x1x4 (HWC).
#ifndef HASS_DESIGN_LAYER_L1_GLOBALPOOL_HPP
#define HASS_DESIGN_LAYER_L1_GLOBALPOOL_HPP

#include "types.hpp"

namespace design {

void l1_globalpool_globalpool(hls::stream<s8_1x1>& in,
                              hls::stream<s8_1x1>& out,
                              int mode,
                              int images);

}  // namespace design

#endif
