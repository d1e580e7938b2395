// Asking a stream for its state makes the order of transfers depend on time.
#include <hls_stream.h>

void arbitrate(int n, hls::stream<int>& a, hls::stream<int>& b, hls::stream<int>& out) {
  for (int i = 0; i < n; ++i) {
#pragma HLS PIPELINE style = flp
    int x = 0;
    if (!a.empty()) {  // want: blocking
      a.read_nb(x);    // want: blocking
    } else {
      x = b.read();
    }
    if (!out.full()) out.write_nb(x);  // want: blocking blocking
  }
}
