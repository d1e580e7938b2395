// Layer l0_conv: conv, 6x6x4 to 6x6x4 (HWC), dense engines of 3 lanes and 3 multipliers, 1 gangs of 1.
#include "layer_l0_conv.hpp"

#include "hass/hass.hpp"

namespace design {

namespace {

struct l0_conv_window_config {
  using in_beat = s8_1x1;
  using out_beat = s8_1x3;
  using out_fifo = hls::stream<s8_1x3>;
  using element = ap_int<8>;
  static constexpr int H = 6;
  static constexpr int W = 6;
  static constexpr int C = 4;
  static constexpr int OH = 6;
  static constexpr int OW = 6;
  static constexpr int KH = 3;
  static constexpr int KW = 3;
  static constexpr int SH = 1;
  static constexpr int SW = 1;
  static constexpr int DH = 1;
  static constexpr int DW = 1;
  static constexpr int PT = 1;
  static constexpr int PL = 1;
  static constexpr int IN_PX = 1;
  static constexpr int IN_CH = 1;
  static constexpr int OUT_PX = 1;
  static constexpr int M_TAP = 3;
  static constexpr int M_CH = 1;
  static constexpr int FOLDS = 1;
  static constexpr int GROUPS = 1;
  static constexpr int LINE_PIXELS = 16;
  static constexpr int ROWS = 3;
  static constexpr int ROW_BANKS = 1;
  static constexpr int COL_BANKS = 3;
  static constexpr int LANES = 1;
  static constexpr int TAU = 0;
  static constexpr int PAD = 0;
  static constexpr std::int64_t PACE_START = 97;
  static constexpr int PACE_EMIT = 1;
  static constexpr int PACE_ACCEPT = 3;
  static constexpr bool CHANNELWISE = true;
};

}  // namespace

void l0_conv_window(hls::stream<s8_1x1>& in,
                    hls::stream<s8_1x3>& out,
                    int mode,
                    int images) {
  using shape = hass::window_shape<l0_conv_window_config>;
  static l0_conv_window_config::element memory[shape::BANKS][shape::DEPTH][l0_conv_window_config::LANES];
#pragma HLS ARRAY_PARTITION variable = memory complete dim = 1
#pragma HLS ARRAY_RESHAPE variable = memory complete dim = 3
#pragma HLS BIND_STORAGE variable = memory type = ram_s2p impl = lutram
  hass::window<l0_conv_window_config>(memory, mode == hass::MODE_RUN ? images : 0, in, out);
}

namespace {

struct l0_conv_engine_config {
  using in_beat = s8_1x3;
  using out_beat = acc18_1x1;
  using in_fifo = hls::stream<s8_1x3>;
  using out_fifo = hls::stream<acc18_1x1>;
  using weight = ap_int<8>;
  using acc = ap_int<18>;
  static constexpr hass::engine_kind KIND = hass::DENSE;
  static constexpr bool DEPTHWISE = true;
  static constexpr int M = 3;
  static constexpr int N = 3;
  static constexpr int GANG = 1;
  static constexpr int PX = 1;
  static constexpr int BEATS = 3;
  static constexpr int TOKENS = 144;
  static constexpr int DEPTH = 12;
  static constexpr int ROW = 3;
  static constexpr int IN_BITS = 8;
  static constexpr int WEIGHT_BITS = 8;
};

}  // namespace

void l0_conv_engine0(hls::stream<s8_1x3>& in,
                     hls::stream<acc18_1x1>& out,
                     hls::stream<hass::word>& chain_in,
                     hls::stream<hass::word>& chain_out,
                     int mode,
                     int images) {
  static l0_conv_engine_config::weight memory[l0_conv_engine_config::DEPTH][l0_conv_engine_config::ROW];
#pragma HLS ARRAY_RESHAPE variable = memory complete dim = 2
#pragma HLS BIND_STORAGE variable = memory type = ram_1p impl = bram
#pragma HLS RESET variable = memory off
  if (mode == hass::MODE_LOAD) {
    hass::load_rows<l0_conv_engine_config>(memory, hass::no_flags(), 25, chain_in, chain_out);
  } else {
    hass::engine<l0_conv_engine_config>(memory, images, in, out);
  }
}

namespace {

struct l0_conv_join_config {
  using acc_beat = acc18_1x1;
  using out_beat = s8_1x1;
  using acc = ap_int<18>;
  using scale = ap_uint<1>;
  static constexpr int W = 6;
  static constexpr int PX = 1;
  static constexpr int OUT_CH = 1;
  static constexpr int BANKS = 1;
  static constexpr int FOLDS = 4;
  static constexpr int BEATS = 144;
  static constexpr int ACC_BITS = 18;
  static constexpr std::int64_t LO = -128;
  static constexpr int BIAS_FRAC = 0;
  static constexpr int SHIFT = 7;
  static constexpr int STEPS = 1;
  static constexpr int TURNS = 1;
  static constexpr bool MULTIPLY = false;
  static constexpr std::int64_t MUL = 0;
  static constexpr int MUL_BITS = 0;
  static constexpr int SCALE_BITS = 0;
  static constexpr hass::rounding ROUNDING = hass::HALF_UP;
  static constexpr std::int64_t HI = 127;
};

}  // namespace

void l0_conv_join(hls::stream<acc18_1x1>& in,
                  hls::stream<s8_1x1>& out,
                  hls::stream<hass::word>& chain_in,
                  hls::stream<hass::word>& chain_out,
                  int mode,
                  int images) {
  static l0_conv_join_config::acc bias[l0_conv_join_config::FOLDS][l0_conv_join_config::OUT_CH];
  static l0_conv_join_config::scale scales[l0_conv_join_config::FOLDS][l0_conv_join_config::OUT_CH];
#pragma HLS ARRAY_PARTITION variable = bias complete dim = 2
#pragma HLS RESET variable = bias off
#pragma HLS ARRAY_PARTITION variable = scales complete dim = 2
#pragma HLS RESET variable = scales off
  if (mode == hass::MODE_LOAD) {
    hass::load_bias<l0_conv_join_config>(bias, scales, 21, chain_in, chain_out);
  } else {
    hass::join<l0_conv_join_config>(bias, scales, images, out, in);
  }
}

}  // namespace design
