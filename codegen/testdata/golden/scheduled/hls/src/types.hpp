// The token types of the design: <kind><bits>_<pixels>x<lanes>, kind s (signed), u
// (unsigned) or acc (accumulators); and the AXI words of its ports.
#ifndef HASS_DESIGN_TYPES_HPP
#define HASS_DESIGN_TYPES_HPP

#include <ap_axi_sdata.h>

#include "hass/wide.hpp"

namespace design {

using acc20_2x1 = hass::beat<ap_int<20>, 2, 1>;
using acc20_3x1 = hass::beat<ap_int<20>, 3, 1>;
using acc22_2x1 = hass::beat<ap_int<22>, 2, 1>;
using acc22_6x1 = hass::beat<ap_int<22>, 6, 1>;
using s8_2x1 = hass::beat<ap_int<8>, 2, 1>;
using s8_3x1 = hass::beat<ap_int<8>, 3, 1>;
using s8_6x1 = hass::beat<ap_int<8>, 6, 1>;
using u8_2x1 = hass::beat<ap_uint<8>, 2, 1>;
using u8_3x1 = hass::beat<ap_uint<8>, 3, 1>;
using u8_6x1 = hass::beat<ap_uint<8>, 6, 1>;

using input_axi = ap_axiu<64, 0, 0, 0>;
using output0_axi = ap_axiu<16, 0, 0, 0>;

}  // namespace design

#endif
