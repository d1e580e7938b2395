// Layer l2_conv: conv, 5x4x4 to 2x2x4 (HWC), elastic engines of 4 lanes and 2 multipliers, 1 gangs of 1.
#include "layer_l2_conv.hpp"

#include "hass/hass.hpp"

namespace design {

namespace {

struct l2_conv_window_config {
  using in_beat = s8_2x2;
  using out_beat = s8_1x4;
  using out_fifo = hls::stream<s8_1x4>;
  using element = ap_int<8>;
  static constexpr int H = 5;
  static constexpr int W = 4;
  static constexpr int C = 4;
  static constexpr int OH = 2;
  static constexpr int OW = 2;
  static constexpr int KH = 2;
  static constexpr int KW = 2;
  static constexpr int SH = 2;
  static constexpr int SW = 2;
  static constexpr int DH = 1;
  static constexpr int DW = 1;
  static constexpr int PT = 0;
  static constexpr int PL = 0;
  static constexpr int IN_PX = 2;
  static constexpr int IN_CH = 2;
  static constexpr int OUT_PX = 1;
  static constexpr int M_TAP = 2;
  static constexpr int M_CH = 2;
  static constexpr int FOLDS = 4;
  static constexpr int GROUPS = 2;
  static constexpr int LINE_PIXELS = 16;
  static constexpr int ROWS = 4;
  static constexpr int ROW_BANKS = 1;
  static constexpr int COL_BANKS = 2;
  static constexpr int LANES = 2;
  static constexpr int TAU = 0;
  static constexpr int PAD = 0;
  static constexpr std::int64_t PACE_START = 53;
  static constexpr int PACE_EMIT = 5;
  static constexpr int PACE_ACCEPT = 8;
  static constexpr bool CHANNELWISE = false;
};

}  // namespace

void l2_conv_window(hls::stream<s8_2x2>& in,
                    hls::stream<s8_1x4>& out,
                    int mode,
                    int images) {
  using shape = hass::window_shape<l2_conv_window_config>;
  static l2_conv_window_config::element memory[shape::BANKS][shape::DEPTH][l2_conv_window_config::LANES];
#pragma HLS ARRAY_PARTITION variable = memory complete dim = 1
#pragma HLS ARRAY_RESHAPE variable = memory complete dim = 3
#pragma HLS BIND_STORAGE variable = memory type = ram_s2p impl = lutram
  hass::window<l2_conv_window_config>(memory, mode == hass::MODE_RUN ? images : 0, in, out);
}

void l2_conv_fork(hls::stream<s8_1x4>& in,
                  hls::stream<s8_1x2>& out0,
                  hls::stream<s8_1x2>& out1,
                  int mode,
                  int images) {
  hass::deal<s8_1x2, 2, 1>(32, mode == hass::MODE_RUN ? images : 0, in, out0, out1);
}

namespace {

struct l2_conv_engine_config {
  using in_beat = s8_1x2;
  using out_beat = acc19_1x1;
  using in_fifo = hls::stream<s8_1x2>;
  using out_fifo = hls::stream<acc19_1x1>;
  using weight = ap_int<8>;
  using acc = ap_int<19>;
  static constexpr hass::engine_kind KIND = hass::BANKED;
  static constexpr bool DEPTHWISE = false;
  static constexpr int M = 2;
  static constexpr int N = 1;
  static constexpr int GANG = 1;
  static constexpr int PX = 1;
  static constexpr int BEATS = 2;
  static constexpr int TOKENS = 16;
  static constexpr int DEPTH = 8;
  static constexpr int ROW = 2;
  static constexpr int IN_BITS = 8;
  static constexpr int WEIGHT_BITS = 8;
};

}  // namespace

void l2_conv_engine0(hls::stream<s8_1x2>& in,
                     hls::stream<acc19_1x1>& out,
                     hls::stream<hass::word>& chain_in,
                     hls::stream<hass::word>& chain_out,
                     int mode,
                     int images) {
  static l2_conv_engine_config::weight memory[l2_conv_engine_config::DEPTH][l2_conv_engine_config::ROW];
#pragma HLS ARRAY_RESHAPE variable = memory complete dim = 2
#pragma HLS BIND_STORAGE variable = memory type = ram_1p impl = uram
#pragma HLS RESET variable = memory off
  static hass::flag nonzero[l2_conv_engine_config::DEPTH][l2_conv_engine_config::ROW];
#pragma HLS ARRAY_RESHAPE variable = nonzero complete dim = 2
#pragma HLS BIND_STORAGE variable = nonzero type = ram_1p impl = lutram
#pragma HLS RESET variable = nonzero off
  if (mode == hass::MODE_LOAD) {
    hass::load_rows<l2_conv_engine_config>(memory, nonzero, 13, chain_in, chain_out);
  } else {
    hass::engine<l2_conv_engine_config>(memory, nonzero, images, in, out);
  }
}

void l2_conv_engine1(hls::stream<s8_1x2>& in,
                     hls::stream<acc19_1x1>& out,
                     hls::stream<hass::word>& chain_in,
                     hls::stream<hass::word>& chain_out,
                     int mode,
                     int images) {
  static l2_conv_engine_config::weight memory[l2_conv_engine_config::DEPTH][l2_conv_engine_config::ROW];
#pragma HLS ARRAY_RESHAPE variable = memory complete dim = 2
#pragma HLS BIND_STORAGE variable = memory type = ram_1p impl = uram
#pragma HLS RESET variable = memory off
  static hass::flag nonzero[l2_conv_engine_config::DEPTH][l2_conv_engine_config::ROW];
#pragma HLS ARRAY_RESHAPE variable = nonzero complete dim = 2
#pragma HLS BIND_STORAGE variable = nonzero type = ram_1p impl = lutram
#pragma HLS RESET variable = nonzero off
  if (mode == hass::MODE_LOAD) {
    hass::load_rows<l2_conv_engine_config>(memory, nonzero, 5, chain_in, chain_out);
  } else {
    hass::engine<l2_conv_engine_config>(memory, nonzero, images, in, out);
  }
}

namespace {

struct l2_conv_join_config {
  using acc_beat = acc19_1x1;
  using out_beat = s8_1x1;
  using acc = ap_int<19>;
  using scale = ap_uint<1>;
  static constexpr int W = 2;
  static constexpr int PX = 1;
  static constexpr int OUT_CH = 1;
  static constexpr int BANKS = 2;
  static constexpr int FOLDS = 4;
  static constexpr int BEATS = 16;
  static constexpr int ACC_BITS = 19;
  static constexpr std::int64_t LO = 0;
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

void l2_conv_join(hls::stream<acc19_1x1>& in0,
                  hls::stream<acc19_1x1>& in1,
                  hls::stream<s8_1x1>& out,
                  hls::stream<hass::word>& chain_in,
                  hls::stream<hass::word>& chain_out,
                  int mode,
                  int images) {
  static l2_conv_join_config::acc bias[l2_conv_join_config::FOLDS][l2_conv_join_config::OUT_CH];
  static l2_conv_join_config::scale scales[l2_conv_join_config::FOLDS][l2_conv_join_config::OUT_CH];
#pragma HLS ARRAY_PARTITION variable = bias complete dim = 2
#pragma HLS RESET variable = bias off
#pragma HLS ARRAY_PARTITION variable = scales complete dim = 2
#pragma HLS RESET variable = scales off
  if (mode == hass::MODE_LOAD) {
    hass::load_bias<l2_conv_join_config>(bias, scales, 1, chain_in, chain_out);
  } else {
    hass::join<l2_conv_join_config>(bias, scales, images, out, in0, in1);
  }
}

}  // namespace design
