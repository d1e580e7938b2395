// Stream-reading loops without style=flp stall with data inside.
#include <hls_stream.h>

void default_style(int n, hls::stream<int>& in, hls::stream<int>& out) {
  for (int i = 0; i < n; ++i) {  // want: flushable
#pragma HLS PIPELINE II = 1
    out.write(in.read());
  }
}

void stalling(int n, hls::stream<int>& in, hls::stream<int>& out) {
  int i = 0;
  while (i < n) {  // want: flushable
#pragma HLS PIPELINE II = 1 style = stp
    int x;
    in >> x;
    out.write(x);
    ++i;
  }
}

void not_pipelined(int n, hls::stream<int>& in, hls::stream<int>& out) {
  for (int i = 0; i < n; ++i) {  // want: flushable
    const int x = in.read();
    for (int k = 0; k < 4; ++k) {
#pragma HLS PIPELINE
      out.write(x + k);
    }
  }
}
