// State that two processes share.
#include <hls_stream.h>

int total = 0;  // want: static-state

void count(int n, hls::stream<int>& in, hls::stream<int>& out) {
  static int seen = 0;
  for (int i = 0; i < n; ++i) {
#pragma HLS PIPELINE style = flp
    seen += in.read();
    out.write(seen);
  }
}

template <int ID> void keyed(int n, hls::stream<int>& in, hls::stream<int>& out) {
  static int seen = 0;
  for (int i = 0; i < n; ++i) {
#pragma HLS PIPELINE style = flp
    seen += in.read();
    out.write(seen + ID);
  }
}

void top(hls::stream<int>& a, hls::stream<int>& b, int n) {
#pragma HLS DATAFLOW
  HASS_STREAM(int, x, 2, p0, p1, lutram);
  HASS_STREAM(int, y, 2, p1, p2, lutram);
  HASS_STREAM(int, z, 2, p2, p3, lutram);
  HASS_STREAM(int, w, 2, p3, p4, lutram);
  HASS_PROCESS(p0, count(n, a, s_x));
  HASS_PROCESS(p1, count(n, s_x, s_y));  // want: static-state
  HASS_PROCESS(p2, keyed<1>(n, s_y, s_z));
  HASS_PROCESS(p3, keyed<2>(n, s_z, s_w));
  HASS_PROCESS(p4, keyed<2>(n, s_w, b));  // want: static-state
}
