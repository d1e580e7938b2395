// Division by what is not constant needs a divider in the pipeline.
#include <hls_stream.h>

constexpr int LANES = 4;

void scale(int n, int by, hls::stream<int>& in, hls::stream<int>& out) {
  for (int i = 0; i < n; ++i) {
#pragma HLS PIPELINE style = flp
    const int x = in.read();
    const int mean = x / LANES + x % 16;
    const int part = x / by;       // want: division
    const int left = mean % (by + 1);  // want: division
    out.write(part + left);
  }
}
