// Loops whose ends depend on data, or that have none.
#include <hls_stream.h>

void data_bound(hls::stream<int>& in, hls::stream<int>& out) {
  const int n = in.read();
  for (int i = 0; i < n; ++i) {  // want: loop-bound
#pragma HLS PIPELINE
    out.write(i);
  }
}

void forever(int n, hls::stream<int>& out) {
  for (;;) {  // want: loop-bound
#pragma HLS PIPELINE
    out.write(n);
  }
}

void plain_while(int n) {
  int left = n;
  while (left > 0) {  // want: loop-bound
    --left;
  }
}

void stuck(int n, hls::stream<int>& in) {
  bool done = n == 0;
  int sum = 0;
  while (!done) {  // want: loop-bound
#pragma HLS PIPELINE style = flp
    sum += in.read();
  }
}

void moving_limit(int n) {
  int sum = 0;
  for (int i = 0; i < n; ++i) {  // want: loop-bound
    sum += i;
    n += 1;
  }
}

void skips(int n) {
  for (int i = 0; i < n; ++i) {  // want: loop-bound
    i += 2;
  }
}

void once(int n) {
  int i = 0;
  do {  // want: loop-bound
    ++i;
  } while (i < n);  // want: loop-bound
}
