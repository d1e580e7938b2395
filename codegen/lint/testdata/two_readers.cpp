// One stream is read by two processes, one by none.
#include <hls_stream.h>

void make(int n, hls::stream<int>& out) {
  for (int i = 0; i < n; ++i) {
#pragma HLS PIPELINE
    out.write(i);
  }
}

void copy(int n, hls::stream<int>& in, hls::stream<int>& out) {
  for (int i = 0; i < n; ++i) {
#pragma HLS PIPELINE style = flp
    out.write(in.read());
  }
}

void top(hls::stream<int>& y, hls::stream<int>& z, int n) {
#pragma HLS DATAFLOW
  HASS_STREAM(int, twice, 2, p0, p1, lutram);  // want: one-consumer
  HASS_STREAM(int, lost, 2, p3, p4, lutram);   // want: one-consumer
  HASS_PROCESS(p0, make(n, s_twice));
  HASS_PROCESS(p1, copy(n, s_twice, y));
  HASS_PROCESS(p2, copy(n, s_twice, z));
  HASS_PROCESS(p3, make(n, s_lost));
}
