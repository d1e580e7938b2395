// A stream is read at two places and written at two.
#include <hls_stream.h>

void swap(int n, bool high, hls::stream<int>& in, hls::stream<int>& out) {
  for (int i = 0; i < n; ++i) {
#pragma HLS PIPELINE style = flp
    if (high) {
      out.write(in.read() + 1);
    } else {
      const int x = in.read();  // want: read-site
      out.write(x);             // want: write-site
    }
  }
}
