// Layer l1_globalpool: globalpool, 6x6x4 to 1x1x4 (HWC).
#include "layer_l1_globalpool.hpp"

#include "hass/hass.hpp"

namespace design {

namespace {

struct l1_globalpool_globalpool_config {
  using in_beat = s8_1x1;
  using out_beat = s8_1x1;
  static constexpr int W = 6;
  static constexpr int CHANNEL_BEATS = 4;
  static constexpr int BEATS = 144;
  static constexpr int BEATS_BEFORE = 140;
  static constexpr bool MAX = false;
  static constexpr std::int64_t MIN = -128;
  static constexpr std::int64_t MUL = 466034;
  static constexpr int MUL_BITS = 19;
  static constexpr int DROP = 0;
  static constexpr int SHIFT = 24;
  static constexpr hass::rounding ROUNDING = hass::HALF_UP;
  static constexpr std::int64_t LO = 0;
  static constexpr std::int64_t HI = 127;
};

}  // namespace

void l1_globalpool_globalpool(hls::stream<s8_1x1>& in,
                              hls::stream<s8_1x1>& out,
                              int mode,
                              int images) {
  hass::globalpool<l1_globalpool_globalpool_config>(mode == hass::MODE_RUN ? images : 0, in, out);
}

}  // namespace design
