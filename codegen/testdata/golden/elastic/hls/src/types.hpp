// The token types of the design: <kind><bits>_<pixels>x<lanes>, kind s (signed), u
// (unsigned) or acc (accumulators); and the AXI words of its ports.
#ifndef HASS_DESIGN_TYPES_HPP
#define HASS_DESIGN_TYPES_HPP

#include <ap_axi_sdata.h>

#include "hass/wide.hpp"

namespace design {

using acc19_1x1 = hass::beat<ap_int<19>, 1, 1>;
using acc20_2x2 = hass::beat<ap_int<20>, 2, 2>;
using s8_1x1 = hass::beat<ap_int<8>, 1, 1>;
using s8_1x2 = hass::beat<ap_int<8>, 1, 2>;
using s8_1x4 = hass::beat<ap_int<8>, 1, 4>;
using s8_2x18 = hass::beat<ap_int<8>, 2, 18>;
using s8_2x2 = hass::beat<ap_int<8>, 2, 2>;
using s8_2x4 = hass::beat<ap_int<8>, 2, 4>;
using s8_2x6 = hass::beat<ap_int<8>, 2, 6>;

using input_axi = ap_axiu<16, 0, 0, 0>;
using output0_axi = ap_axiu<8, 0, 0, 0>;

}  // namespace design

#endif
