// Layer l4_add: add, 3x3x4 to 3x3x4 (HWC).
#include "layer_l4_add.hpp"

#include "hass/hass.hpp"

namespace design {

namespace {

struct l4_add_add_config {
  using out_beat = s8_2x1;
  static constexpr int W = 3;
  static constexpr int CHANNEL_BEATS = 4;
  static constexpr int BEATS = 24;
  static constexpr std::int64_t LO = 0;
  static constexpr std::int64_t HI = 127;
  static constexpr hass::rounding ROUNDING = hass::HALF_UP;
  static constexpr int SHIFT = 0;
  using in0_beat = s8_2x1;
  using in1_beat = s8_2x1;
  static constexpr bool BROADCAST = false;
  static constexpr std::int64_t FACTOR0 = 1;
  static constexpr int FACTOR0_BITS = 0;
  static constexpr std::int64_t FACTOR1 = 1;
  static constexpr int FACTOR1_BITS = 0;
};

}  // namespace

void l4_add_add(hls::stream<s8_2x1>& in0,
                hls::stream<s8_2x1>& in1,
                hls::stream<s8_2x1>& out,
                int mode,
                int images) {
  hass::add<l4_add_add_config>(mode == hass::MODE_RUN ? images : 0, in0, in1, out);
}

}  // namespace design
