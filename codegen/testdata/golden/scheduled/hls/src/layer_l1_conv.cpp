// Layer l1_conv: conv, 6x6x7 to 3x3x5 (HWC), scheduled engine of 2 chains of 4 banks, 16 rows a window.
#include "layer_l1_conv.hpp"

#include "hass/hass.hpp"

namespace design {

namespace {

struct l1_conv_window_config {
  using in_beat = s8_6x1;
  using out_beat = s8_3x1;
  using out_fifo = hls::stream<s8_3x1>;
  using element = ap_int<8>;
  static constexpr int H = 6;
  static constexpr int W = 6;
  static constexpr int C = 7;
  static constexpr int OH = 3;
  static constexpr int OW = 3;
  static constexpr int KH = 3;
  static constexpr int KW = 3;
  static constexpr int SH = 2;
  static constexpr int SW = 2;
  static constexpr int DH = 1;
  static constexpr int DW = 1;
  static constexpr int PT = 1;
  static constexpr int PL = 1;
  static constexpr int IN_PX = 6;
  static constexpr int IN_CH = 1;
  static constexpr int OUT_PX = 3;
  static constexpr int M_TAP = 1;
  static constexpr int M_CH = 1;
  static constexpr int FOLDS = 1;
  static constexpr int GROUPS = 1;
  static constexpr int LINE_PIXELS = 31;
  static constexpr int ROWS = 6;
  static constexpr int ROW_BANKS = 1;
  static constexpr int COL_BANKS = 6;
  static constexpr int LANES = 1;
  static constexpr int TAU = 0;
  static constexpr int PAD = 0;
  static constexpr std::int64_t PACE_START = 128;
  static constexpr int PACE_EMIT = 2;
  static constexpr int PACE_ACCEPT = 9;
  static constexpr bool CHANNELWISE = false;
};

}  // namespace

void l1_conv_window(hls::stream<s8_6x1>& in,
                    hls::stream<s8_3x1>& out,
                    int mode,
                    int images) {
  using shape = hass::window_shape<l1_conv_window_config>;
  static l1_conv_window_config::element memory[shape::BANKS][shape::DEPTH][l1_conv_window_config::LANES];
#pragma HLS ARRAY_PARTITION variable = memory complete dim = 1
#pragma HLS ARRAY_RESHAPE variable = memory complete dim = 3
#pragma HLS BIND_STORAGE variable = memory type = ram_s2p impl = lutram
  hass::window<l1_conv_window_config>(memory, mode == hass::MODE_RUN ? images : 0, in, out);
}

namespace {

struct l1_conv_scheduled_config {
  using in_beat = s8_3x1;
  using out_beat = acc20_3x1;
  using activation = ap_int<8>;
  using weight = ap_int<8>;
  using address = ap_uint<4>;
  using place = ap_uint<6>;
  using acc = ap_int<20>;
  static constexpr int BANKS = 4;
  static constexpr int CHAINS = 2;
  static constexpr int PX = 3;
  static constexpr int FIELD = 16;
  static constexpr int BEATS = 63;
  static constexpr int WORDS = 16;
  static constexpr int WINDOWS = 3;
  static constexpr int ROWS = 16;
  static constexpr int LEAD = 3;
  static constexpr int ITERATIONS = 66;
  static constexpr int IN_BITS = 8;
  static constexpr int WEIGHT_BITS = 8;
};

}  // namespace

void l1_conv_scheduled(hls::stream<s8_3x1>& in,
                       hls::stream<acc20_3x1>& out0,
                       hls::stream<acc20_3x1>& out1,
                       hls::stream<hass::word>& chain_in,
                       hls::stream<hass::word>& chain_out,
                       int mode,
                       int images) {
  static l1_conv_scheduled_config::place places[l1_conv_scheduled_config::BEATS][1];
#pragma HLS ARRAY_RESHAPE variable = places complete dim = 2
#pragma HLS BIND_STORAGE variable = places type = ram_s2p impl = lutram
#pragma HLS RESET variable = places off
  static l1_conv_scheduled_config::weight weights[l1_conv_scheduled_config::ROWS][l1_conv_scheduled_config::CHAINS * l1_conv_scheduled_config::BANKS];
#pragma HLS ARRAY_RESHAPE variable = weights complete dim = 2
#pragma HLS BIND_STORAGE variable = weights type = ram_s2p impl = bram
#pragma HLS RESET variable = weights off
  static l1_conv_scheduled_config::address addresses[l1_conv_scheduled_config::ROWS][l1_conv_scheduled_config::CHAINS * l1_conv_scheduled_config::BANKS];
#pragma HLS ARRAY_RESHAPE variable = addresses complete dim = 2
#pragma HLS BIND_STORAGE variable = addresses type = ram_s2p impl = bram
#pragma HLS RESET variable = addresses off
  static ap_uint<1> lasts[l1_conv_scheduled_config::ROWS][l1_conv_scheduled_config::CHAINS];
#pragma HLS ARRAY_RESHAPE variable = lasts complete dim = 2
#pragma HLS BIND_STORAGE variable = lasts type = ram_s2p impl = bram
#pragma HLS RESET variable = lasts off
  static l1_conv_scheduled_config::activation words[l1_conv_scheduled_config::CHAINS][l1_conv_scheduled_config::BANKS][2 * hass::scheduled_shape<l1_conv_scheduled_config>::SIZE][l1_conv_scheduled_config::PX];
#pragma HLS ARRAY_RESHAPE variable = words complete dim = 4
#pragma HLS BIND_STORAGE variable = words type = ram_s2p impl = lutram
#pragma HLS RESET variable = words off
#pragma HLS ARRAY_PARTITION variable = words complete dim = 1
#pragma HLS ARRAY_PARTITION variable = words complete dim = 2
  if (mode == hass::MODE_LOAD) {
    hass::load_schedule<l1_conv_scheduled_config>(places, weights, addresses, lasts, 51, chain_in, chain_out);
  } else {
    hass::scheduled<l1_conv_scheduled_config>(places, weights, addresses, lasts, words, images, in, out0, out1);
  }
}

namespace {

struct l1_conv_collect_config {
  using beat = acc20_3x1;
  using port = ap_uint<1>;
  static constexpr int FILTERS = 5;
  static constexpr int WINDOWS = 3;
};

}  // namespace

void l1_conv_collect(hls::stream<acc20_3x1>& in0,
                     hls::stream<acc20_3x1>& in1,
                     hls::stream<acc20_3x1>& out,
                     hls::stream<hass::word>& chain_in,
                     hls::stream<hass::word>& chain_out,
                     int mode,
                     int images) {
  static l1_conv_collect_config::port ports[l1_conv_collect_config::FILTERS][1];
#pragma HLS ARRAY_RESHAPE variable = ports complete dim = 2
#pragma HLS BIND_STORAGE variable = ports type = ram_1p impl = lutram
#pragma HLS RESET variable = ports off
  if (mode == hass::MODE_LOAD) {
    hass::load_ports<l1_conv_collect_config>(ports, 46, chain_in, chain_out);
  } else {
    hass::collect<l1_conv_collect_config>(ports, images, out, in0, in1);
  }
}

namespace {

struct l1_conv_join_config {
  using acc_beat = acc20_3x1;
  using out_beat = u8_3x1;
  using acc = ap_int<20>;
  using scale = ap_uint<1>;
  static constexpr int W = 3;
  static constexpr int PX = 3;
  static constexpr int OUT_CH = 1;
  static constexpr int BANKS = 1;
  static constexpr int FOLDS = 5;
  static constexpr int BEATS = 15;
  static constexpr int ACC_BITS = 20;
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
  static constexpr std::int64_t HI = 255;
};

}  // namespace

void l1_conv_join(hls::stream<acc20_3x1>& in,
                  hls::stream<u8_3x1>& out,
                  hls::stream<hass::word>& chain_in,
                  hls::stream<hass::word>& chain_out,
                  int mode,
                  int images) {
  static l1_conv_join_config::acc bias[l1_conv_join_config::FOLDS][l1_conv_join_config::OUT_CH];
  static l1_conv_join_config::scale scales[l1_conv_join_config::FOLDS][l1_conv_join_config::OUT_CH];
#pragma HLS ARRAY_PARTITION variable = bias complete dim = 2
#pragma HLS RESET variable = bias off
#pragma HLS ARRAY_PARTITION variable = scales complete dim = 2
#pragma HLS RESET variable = scales off
  if (mode == hass::MODE_LOAD) {
    hass::load_bias<l1_conv_join_config>(bias, scales, 41, chain_in, chain_out);
  } else {
    hass::join<l1_conv_join_config>(bias, scales, images, out, in);
  }
}

}  // namespace design
