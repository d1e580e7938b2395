// The AXI ports and the two ends of the weight chain.
#include "ports.hpp"

#include "hass/hass.hpp"

namespace design {

void weights_loader(const hass::word* weights,
                    hls::stream<hass::word>& out,
                    int mode) {
  hass::weights_loader(weights, 268, mode, out);
}

namespace {

struct input_source_config {
  using out_beat = u8_6x1;
  static constexpr int BITS = 8;
  static constexpr bool SIGNED = false;
  static constexpr int BEATS = 18;
};

}  // namespace

void input_source(hls::stream<input_axi>& axi,
                  hls::stream<u8_6x1>& out,
                  int mode,
                  int images) {
  hass::source<input_source_config>(mode == hass::MODE_RUN ? images : 0, axi, out);
}

namespace {

struct output0_sink_config {
  using in_beat = s8_2x1;
  static constexpr int BITS = 8;
  static constexpr int BEATS = 24;
};

}  // namespace

void output0_sink(hls::stream<s8_2x1>& in,
                  hls::stream<output0_axi>& axi,
                  int mode,
                  int images) {
  hass::sink<output0_sink_config>(mode == hass::MODE_RUN ? images : 0, in, axi);
}

void weights_end(hls::stream<hass::word>& in,
                 int mode) {
  hass::weights_end(mode, in);
}

}  // namespace design
