// fork: copies each token to every output, in port order. deal: sends each output its own lanes of the token.
#ifndef HASS_FORK_HPP
#define HASS_FORK_HPP

#include "hass/types.hpp"

namespace hass {

template <class in_fifo, class... Out> void fork(int tokens_per_image, int images, in_fifo& in, Out&... out) {
  int left = tokens_per_image;
  int image = 0;
  while (image < images) {
#pragma HLS PIPELINE II = 1 style = flp
    const auto token = in.read();
    const int in_order[] = {(out.write(token), 0)...};
    (void)in_order;
    if (--left == 0) {
      left = tokens_per_image;
      ++image;
    }
  }
}

// The lanes of every pixel go to the BANKS banks in turn, WIDTH at a time. Output k belongs to bank k mod BANKS.
template <class Bank, int BANKS, int WIDTH, class T> Bank lanes_of(const T& token, int bank) {
#pragma HLS INLINE
  Bank y;
#pragma HLS ARRAY_PARTITION variable = y.v complete
  for (int i = 0; i < Bank::LANES; ++i) {
#pragma HLS UNROLL
    const int p = i / Bank::PER_PIXEL, lane = i % Bank::PER_PIXEL;
    y.v[i] = token.v[p * T::PER_PIXEL + (lane / WIDTH * BANKS + bank) * WIDTH + lane % WIDTH];
  }
  return y;
}

template <class Bank, int BANKS, int WIDTH, class in_fifo, class... Out> void deal(int tokens_per_image, int images, in_fifo& in, Out&... out) {
  int left = tokens_per_image;
  int image = 0;
  while (image < images) {
#pragma HLS PIPELINE II = 1 style = flp
    const auto token = in.read();
#pragma HLS ARRAY_PARTITION variable = token.v complete
    int k = 0;
    const int in_order[] = {(out.write(lanes_of<Bank, BANKS, WIDTH>(token, k++ % BANKS)), 0)...};
    (void)in_order;
    if (--left == 0) {
      left = tokens_per_image;
      ++image;
    }
  }
}

}  // namespace hass

#endif
