// The token types of the design: <kind><bits>_<pixels>x<lanes>, kind s (signed), u
// (unsigned) or acc (accumulators); and the AXI words of its ports.
#ifndef HASS_DESIGN_TYPES_HPP
#define HASS_DESIGN_TYPES_HPP

#include <ap_axi_sdata.h>

#include "hass/wide.hpp"

namespace design {

using acc16_1x1 = hass::beat<ap_int<16>, 1, 1>;
using acc20_1x1 = hass::beat<ap_int<20>, 1, 1>;
using acc21_1x1 = hass::beat<ap_int<21>, 1, 1>;
using s8_1x1 = hass::beat<ap_int<8>, 1, 1>;
using s8_1x12 = hass::beat<ap_int<8>, 1, 12>;
using s8_1x3 = hass::beat<ap_int<8>, 1, 3>;

using input_axi = ap_axiu<8, 0, 0, 0>;
using output0_axi = ap_axiu<8, 0, 0, 0>;

}  // namespace design

#endif
