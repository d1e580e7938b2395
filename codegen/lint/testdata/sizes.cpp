// More than Vitis HLS takes: tokens, ports, arrays cut into registers, words of memories.
#include <ap_int.h>

namespace design {

using s16_1x256 = hass::beat<ap_int<16>, 1, 256>;
using s16_1x257 = hass::beat<ap_int<16>, 1, 257>;
using acc40_8x16 = hass::wide_beat<ap_int<40>, 8, 16, 2>;
using u4_4x300 = hass::wide_beat<ap_uint<4>, 4, 300, 1>;  // want: size
using s16_4x200 = hass::beat<ap_int<16>, 4, 200>;
using output0_axi = ap_axiu<2048, 0, 0, 0>;           // want: size wide-int
using output1_axi = ap_axiu<1024, 0, 0, 0>;

namespace {

struct conv_window_config {
  using element = ap_int<16>;
  static constexpr int M_CH = 100;
  static constexpr int IN_PX = 1;
  static constexpr int ROW_BANKS = 3;
  static constexpr int COL_BANKS = 4;
  static constexpr int LANES = 4200;
};

struct conv_engine_config {
  static constexpr hass::engine_kind KIND = hass::BANKED;
  static constexpr int N = 3;
  static constexpr int GANG = 100;
  static constexpr int PX = 4;
  static constexpr int ROW = 1200;
  static constexpr int WEIGHT_BITS = 16;
};

struct small_engine_config {
  static constexpr int GANG = 100;
  static constexpr int PX = 4;
  static constexpr int ROW = 1024;
  static constexpr int WEIGHT_BITS = 16;
};

struct concat_config {
  using beat = s16_4x200;
  static constexpr int SPAN = 300;
};

struct pool_config {
  using out_beat = u4_4x300;
};

}  // namespace

void streams(hls::stream<s16_1x256>& whole, hass::wide_stream<acc40_8x16>& parts, int mode, int images) {
  whole.write(parts.read());
}

void wide(hls::stream<s16_1x257>& in, hass::wide_stream<u4_4x300>& out, int mode, int images) {  // want: size size
  out.write(in.read());
}

void conv_window(int mode, int images) {
  hass::window<conv_window_config>(images);  // want: size size size
}

void conv_engine0(int mode, int images) {
  hass::engine<conv_engine_config>(images);  // want: size size
  hass::engine<small_engine_config>(images);
}

void concat(int mode, int images) {
  hass::concat<concat_config>(images);  // want: size
}

void pool(int mode, int images) {
  hass::pool<pool_config>(images);  // want: size
  int unknown[2000];
#pragma HLS ARRAY_PARTITION variable = unknown complete  // want: size
  (void)unknown;
}

}  // namespace design
