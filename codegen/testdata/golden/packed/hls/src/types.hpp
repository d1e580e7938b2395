// The token types of the design: <kind><bits>_<pixels>x<lanes>, kind s (signed), u
// (unsigned) or acc (accumulators); and the AXI words of its ports.
#ifndef HASS_DESIGN_TYPES_HPP
#define HASS_DESIGN_TYPES_HPP

#include <ap_axi_sdata.h>

#include "hass/wide.hpp"

namespace design {

using acc20_3x2 = hass::beat<ap_int<20>, 3, 2>;
using acc20_3x3 = hass::beat<ap_int<20>, 3, 3>;
using acc20_5x6 = hass::beat<ap_int<20>, 5, 6>;
using acc33_2x1 = hass::beat<ap_int<33>, 2, 1>;
using s16_2x2 = hass::beat<ap_int<16>, 2, 2>;
using s16_2x3 = hass::beat<ap_int<16>, 2, 3>;
using s16_3x3 = hass::beat<ap_int<16>, 3, 3>;
using s8_3x2 = hass::beat<ap_int<8>, 3, 2>;
using s8_3x6 = hass::beat<ap_int<8>, 3, 6>;
using s8_5x2 = hass::beat<ap_int<8>, 5, 2>;
using s8_5x6 = hass::beat<ap_int<8>, 5, 6>;
using u4_3x2 = hass::beat<ap_uint<4>, 3, 2>;
using u4_3x6 = hass::beat<ap_uint<4>, 3, 6>;
using u8_3x18 = hass::beat<ap_uint<8>, 3, 18>;
using u8_5x6 = hass::beat<ap_uint<8>, 5, 6>;

using input_axi = ap_axiu<128, 0, 0, 0>;
using output0_axi = ap_axiu<64, 0, 0, 0>;

}  // namespace design

#endif
