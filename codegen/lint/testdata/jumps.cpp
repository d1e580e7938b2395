// Jumps out of loops.
#include <hls_stream.h>

void search(int n, hls::stream<int>& in, hls::stream<int>& out) {
  for (int i = 0; i < n; ++i) {
#pragma HLS PIPELINE style = flp
    const int x = in.read();
    if (x < 0) continue;  // want: jump
    if (x == 7) break;    // want: jump
    if (x == 8) return;   // want: jump
    if (x == 9) goto end;  // want: jump
    out.write(x);
  }
end:
  out.write(0);  // want: write-site
}
