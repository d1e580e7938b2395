// A sound project: a chain of three processes with state, a skip and bounded loops.
#include <ap_int.h>
#include <hls_stream.h>

#include <cstdint>

namespace lib {

constexpr int LANES = 4;
constexpr int div_up(int a, int b) { return (a + b - 1) / b; }

template <class T> void fork(int images, hls::stream<T>& in, hls::stream<T>& a, hls::stream<T>& b) {
  int left = LANES, image = 0;
  while (image < images) {
#pragma HLS PIPELINE II = 1 style = flp
    const T t = in.read();
    a.write(t);
    b.write(t);
    if (--left == 0) {
      left = LANES;
      ++image;
    }
  }
}

template <class C> void engine(int images, hls::stream<int>& in, hls::stream<int>& out) {
  static int memory[LANES];
#pragma HLS ARRAY_PARTITION variable = memory complete
  bool done = images <= 0;
  int n = 0;
  while (!done) {
#pragma HLS PIPELINE II = 1 style = flp
    int sum = in.read();
    for (int i = 0; i < LANES; ++i) {
#pragma HLS UNROLL
      sum += memory[i] / div_up(LANES, 2) % (LANES - 1);
    }
    out.write(sum);
    done = ++n == images;
  }
}

inline void add(int images, hls::stream<int>& x, hls::stream<int>& y, hls::stream<int>& out) {
  const int total = images * LANES;
  for (int i = 0; i < total; ++i) {
#pragma HLS PIPELINE style = flp
    out.write(x.read() + y.read());
  }
}

}  // namespace lib

struct first {};
struct second {};

extern "C" void top(hls::stream<int>& input, hls::stream<int>& output, int images) {
#pragma HLS INTERFACE axis port = input
#pragma HLS DATAFLOW
  HASS_STREAM(int, a, 2, fork0, engine0, lutram);
  HASS_STREAM(int, b, 2, engine0, engine1, lutram);
  HASS_SKIP_STREAM(int, c, 40, fork0, add0, lutram);
  hls::stream<int> s_d("d");
  HASS_PROCESS(fork0, lib::fork<int>(images, input, s_a, s_c));
  HASS_PROCESS(engine0, lib::engine<first>(images, s_a, s_b));
  HASS_PROCESS(engine1, lib::engine<second>(images, s_b, s_d));
  HASS_PROCESS(add0, lib::add(images, s_d, s_c, output));
  HASS_RUN();
}
