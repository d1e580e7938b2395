// Layer l3_mul: mul, 6x6x4 to 6x6x4 (HWC).
#include "layer_l3_mul.hpp"

#include "hass/hass.hpp"

namespace design {

namespace {

struct l3_mul_mul_config {
  using out_beat = s8_1x1;
  static constexpr int W = 6;
  static constexpr int CHANNEL_BEATS = 4;
  static constexpr int BEATS = 144;
  static constexpr std::int64_t LO = 0;
  static constexpr std::int64_t HI = 127;
  static constexpr hass::rounding ROUNDING = hass::HALF_UP;
  static constexpr int SHIFT = 4;
  using in0_beat = s8_1x1;
  using in1_beat = s8_1x1;
  static constexpr bool BROADCAST = true;
  static constexpr std::int64_t FACTOR = 1;
  static constexpr int FACTOR_BITS = 0;
};

}  // namespace

void l3_mul_mul(hls::stream<s8_1x1>& in0,
                hls::stream<s8_1x1>& in1,
                hls::stream<s8_1x1>& out,
                int mode,
                int images) {
  hass::mul<l3_mul_mul_config>(mode == hass::MODE_RUN ? images : 0, in0, in1, out);
}

}  // namespace design
