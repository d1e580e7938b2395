// Two processes write one stream, another has no writer.
#include <hls_stream.h>

void copy(int n, hls::stream<int>& in, hls::stream<int>& out) {
  for (int i = 0; i < n; ++i) {
#pragma HLS PIPELINE style = flp
    out.write(in.read());
  }
}

void join(int n, hls::stream<int>& in0, hls::stream<int>& in1, hls::stream<int>& out) {
  for (int i = 0; i < n; ++i) {
#pragma HLS PIPELINE style = flp
    out.write(in0.read() + in1.read());
  }
}

void top(hls::stream<int>& a, hls::stream<int>& b, hls::stream<int>& y, int n) {
#pragma HLS DATAFLOW
  hls::stream<int> s_shared("shared");  // want: one-producer
  hls::stream<int> s_dry("dry");        // want: one-producer
  copy(n, a, s_shared);
  copy(n, b, s_shared);
  join(n, s_shared, s_dry, y);
}
