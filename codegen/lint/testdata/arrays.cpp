// Arrays that a function keeps and that no pragma speaks of.
#include <hls_stream.h>

struct token {
  int v[4];
};

void sums(int n, hls::stream<token>& in, hls::stream<token>& out) {
  int sum[4];  // want: partition
  int last[4];
#pragma HLS ARRAY_PARTITION variable = last complete  // want: size
  constexpr int TABLE[2] = {1, 2};
  const int in_order[] = {0, 1};
  (void)in_order;
  for (int i = 0; i < n; ++i) {
#pragma HLS PIPELINE II = 1 style = flp
    const token x = in.read();
#pragma HLS ARRAY_PARTITION variable = x.v complete
    token y;
    for (int k = 0; k < 4; ++k) {
#pragma HLS UNROLL
      sum[k] = x.v[k] + TABLE[k % 2];
      last[k] = sum[k];
      y.v[k] = last[k];  // want: partition
    }
    out.write(y);
  }
}
