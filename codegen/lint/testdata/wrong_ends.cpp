// The declared ends are not the real ones, a depth is 0, the region does work itself.
#include <hls_stream.h>

void make(int n, hls::stream<int>& out) {
  for (int i = 0; i < n; ++i) {
#pragma HLS PIPELINE
    out.write(i);
  }
}

void take(int n, hls::stream<int>& in) {
  int sum = 0;
  for (int i = 0; i < n; ++i) {
#pragma HLS PIPELINE style = flp
    sum += in.read();
  }
}

void top(int n) {
#pragma HLS DATAFLOW
  HASS_STREAM(int, swapped, 2, p1, p0, lutram);  // want: dataflow-form dataflow-form
  HASS_STREAM(int, shallow, 0, p2, p3, lutram);  // want: dataflow-form
  HASS_PROCESS(p0, make(n, s_swapped));
  HASS_PROCESS(p1, take(n, s_swapped));
  HASS_PROCESS(p2, make(n, s_shallow));
  HASS_PROCESS(p3, take(n, s_shallow));
  HASS_STREAM(int, direct, 2, p4, p5, lutram);
  HASS_PROCESS(p4, make(n, s_direct));
  s_direct.write(0);  // want: dataflow-form
  HASS_PROCESS(p5, take(n, s_direct));
  if (n > 3) {  // want: dataflow-form
    n = 3;
  }
}
