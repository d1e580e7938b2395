// Integers that are too wide, or packed where each iteration pays for it.
#include <ap_int.h>
#include <hls_stream.h>

constexpr int BITS = 4096;

void pack(int n, hls::stream<ap_uint<2048>>& in,  // want: wide-int
          hls::stream<int>& out) {
  ap_uint<BITS> all = 0;  // want: wide-int
  for (int i = 0; i < n; ++i) {
#pragma HLS PIPELINE style = flp
    ap_uint<144> lanes = in.read();  // want: wide-int
    out.write(lanes.range(7, 0).to_int());
  }
}
