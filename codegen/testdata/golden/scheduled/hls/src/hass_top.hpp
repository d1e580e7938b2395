// The accelerator. mode 0 loads the weights (268 words at weights) into the on-chip
// memories, which keep them; mode 1 processes the given number of images from input.
//
//   input    64-bit words, 18 per image
//   output0  16-bit words, 24 per image, TLAST on the last
#ifndef HASS_DESIGN_TOP_HPP
#define HASS_DESIGN_TOP_HPP

#include "types.hpp"

extern "C" void hass_top(hls::stream<design::input_axi>& input,
              hls::stream<design::output0_axi>& output0,
              const hass::word* weights,
              int mode,
              int images);

#endif
