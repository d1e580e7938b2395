// Layer l4_conv: conv, 3x5x6 to 3x5x4 (HWC), packed engines of 3 lanes and 3 multipliers, 2 gangs of 1.
#include "layer_l4_conv.hpp"

#include "hass/hass.hpp"

namespace design {

namespace {

struct l4_conv_window_config {
  using in_beat = s16_3x3;
  using out_beat = s16_2x3;
  using out_fifo = hls::stream<s16_2x3>;
  using element = ap_int<16>;
  static constexpr int H = 3;
  static constexpr int W = 5;
  static constexpr int C = 6;
  static constexpr int OH = 3;
  static constexpr int OW = 5;
  static constexpr int KH = 1;
  static constexpr int KW = 1;
  static constexpr int SH = 1;
  static constexpr int SW = 1;
  static constexpr int DH = 1;
  static constexpr int DW = 1;
  static constexpr int PT = 0;
  static constexpr int PL = 0;
  static constexpr int IN_PX = 3;
  static constexpr int IN_CH = 3;
  static constexpr int OUT_PX = 2;
  static constexpr int M_TAP = 1;
  static constexpr int M_CH = 3;
  static constexpr int FOLDS = 2;
  static constexpr int GROUPS = 1;
  static constexpr int LINE_PIXELS = 10;
  static constexpr int ROWS = 2;
  static constexpr int ROW_BANKS = 1;
  static constexpr int COL_BANKS = 3;
  static constexpr int LANES = 3;
  static constexpr int TAU = 0;
  static constexpr int PAD = 0;
  static constexpr std::int64_t PACE_START = 13;
  static constexpr int PACE_EMIT = 1;
  static constexpr int PACE_ACCEPT = 3;
  static constexpr bool CHANNELWISE = false;
};

}  // namespace

void l4_conv_window(hls::stream<s16_3x3>& in,
                    hls::stream<s16_2x3>& out,
                    int mode,
                    int images) {
  using shape = hass::window_shape<l4_conv_window_config>;
  static l4_conv_window_config::element memory[shape::BANKS][shape::DEPTH][l4_conv_window_config::LANES];
#pragma HLS ARRAY_PARTITION variable = memory complete dim = 1
#pragma HLS ARRAY_RESHAPE variable = memory complete dim = 3
#pragma HLS BIND_STORAGE variable = memory type = ram_s2p impl = lutram
  hass::window<l4_conv_window_config>(memory, mode == hass::MODE_RUN ? images : 0, in, out);
}

void l4_conv_fork(hls::stream<s16_2x3>& in,
                  hls::stream<s16_2x3>& out0,
                  hls::stream<s16_2x3>& out1,
                  int mode,
                  int images) {
  hass::fork(36, mode == hass::MODE_RUN ? images : 0, in, out0, out1);
}

namespace {

struct l4_conv_engine_config {
  using in_beat = s16_2x3;
  using out_beat = acc33_2x1;
  using in_fifo = hls::stream<s16_2x3>;
  using out_fifo = hls::stream<acc33_2x1>;
  using weight = ap_int<16>;
  using acc = ap_int<33>;
  static constexpr hass::engine_kind KIND = hass::PACKED;
  static constexpr bool DEPTHWISE = false;
  static constexpr int M = 3;
  static constexpr int N = 3;
  static constexpr int GANG = 1;
  static constexpr int PX = 2;
  static constexpr int BEATS = 2;
  static constexpr int TOKENS = 18;
  static constexpr int DEPTH = 4;
  static constexpr int ROW = 3;
  static constexpr int IN_BITS = 16;
  static constexpr int WEIGHT_BITS = 16;
  static constexpr int FIELD = 0;
  static constexpr int DEEP = 3;
  static constexpr int FILTERS = 1;
};

}  // namespace

void l4_conv_engine0(hls::stream<s16_2x3>& in,
                     hls::stream<acc33_2x1>& out,
                     hls::stream<hass::word>& chain_in,
                     hls::stream<hass::word>& chain_out,
                     int mode,
                     int images) {
  static l4_conv_engine_config::weight memory[l4_conv_engine_config::DEPTH][l4_conv_engine_config::ROW];
#pragma HLS ARRAY_RESHAPE variable = memory complete dim = 2
#pragma HLS BIND_STORAGE variable = memory type = ram_1p impl = lutram
#pragma HLS RESET variable = memory off
  if (mode == hass::MODE_LOAD) {
    hass::load_rows<l4_conv_engine_config>(memory, hass::no_flags(), 17, chain_in, chain_out);
  } else {
    hass::engine<l4_conv_engine_config>(memory, images, in, out);
  }
}

void l4_conv_engine1(hls::stream<s16_2x3>& in,
                     hls::stream<acc33_2x1>& out,
                     hls::stream<hass::word>& chain_in,
                     hls::stream<hass::word>& chain_out,
                     int mode,
                     int images) {
  static l4_conv_engine_config::weight memory[l4_conv_engine_config::DEPTH][l4_conv_engine_config::ROW];
#pragma HLS ARRAY_RESHAPE variable = memory complete dim = 2
#pragma HLS BIND_STORAGE variable = memory type = ram_1p impl = lutram
#pragma HLS RESET variable = memory off
  if (mode == hass::MODE_LOAD) {
    hass::load_rows<l4_conv_engine_config>(memory, hass::no_flags(), 9, chain_in, chain_out);
  } else {
    hass::engine<l4_conv_engine_config>(memory, images, in, out);
  }
}

namespace {

struct l4_conv_join_config {
  using acc_beat = acc33_2x1;
  using out_beat = s16_2x2;
  using acc = ap_int<33>;
  using scale = ap_uint<1>;
  static constexpr int W = 5;
  static constexpr int PX = 2;
  static constexpr int OUT_CH = 2;
  static constexpr int BANKS = 1;
  static constexpr int FOLDS = 2;
  static constexpr int BEATS = 18;
  static constexpr int ACC_BITS = 33;
  static constexpr std::int64_t LO = 0;
  static constexpr int BIAS_FRAC = 0;
  static constexpr int SHIFT = 9;
  static constexpr int STEPS = 1;
  static constexpr int TURNS = 1;
  static constexpr bool MULTIPLY = false;
  static constexpr std::int64_t MUL = 0;
  static constexpr int MUL_BITS = 0;
  static constexpr int SCALE_BITS = 0;
  static constexpr hass::rounding ROUNDING = hass::HALF_UP;
  static constexpr std::int64_t HI = 32767;
};

}  // namespace

void l4_conv_join(hls::stream<acc33_2x1>& in0,
                  hls::stream<acc33_2x1>& in1,
                  hls::stream<s16_2x2>& out,
                  hls::stream<hass::word>& chain_in,
                  hls::stream<hass::word>& chain_out,
                  int mode,
                  int images) {
  static l4_conv_join_config::acc bias[l4_conv_join_config::FOLDS][l4_conv_join_config::OUT_CH];
  static l4_conv_join_config::scale scales[l4_conv_join_config::FOLDS][l4_conv_join_config::OUT_CH];
#pragma HLS ARRAY_PARTITION variable = bias complete dim = 2
#pragma HLS RESET variable = bias off
#pragma HLS ARRAY_PARTITION variable = scales complete dim = 2
#pragma HLS RESET variable = scales off
  if (mode == hass::MODE_LOAD) {
    hass::load_bias<l4_conv_join_config>(bias, scales, 1, chain_in, chain_out);
  } else {
    hass::join<l4_conv_join_config>(bias, scales, images, out, in0, in1);
  }
}

}  // namespace design
