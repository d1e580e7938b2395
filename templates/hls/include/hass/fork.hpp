// fork: copies each token to every output, in port order.
#ifndef HASS_FORK_HPP
#define HASS_FORK_HPP

#include "hass/types.hpp"

namespace hass {

template <class T, class... Out> void fork(int tokens_per_image, int images, hls::stream<T>& in, Out&... out) {
  int left = tokens_per_image;
  int image = 0;
  while (image < images) {
#pragma HLS PIPELINE II = 1 style = flp
    const T token = in.read();
    (out.write(token), ...);
    if (--left == 0) {
      left = tokens_per_image;
      ++image;
    }
  }
}

}  // namespace hass

#endif
