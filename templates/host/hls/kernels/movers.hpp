// The data movers of the Alveo flow: mm2s sends images from memory to a stream, s2mm stores
// images from a stream in memory. One word of memory is one word of the stream.
#ifndef HASS_MOVERS_HPP
#define HASS_MOVERS_HPP

#include <ap_axi_sdata.h>
#include <ap_int.h>
#include <hls_stream.h>

namespace movers {

// mm2s sends images of WORDS words, with TLAST on the last of each.
template <int BITS, int WORDS> void mm2s(const ap_uint<BITS>* memory, hls::stream<ap_axiu<BITS, 0, 0, 0>>& stream, int images) {
  const int total = images * WORDS;
  int left = WORDS;
  for (int i = 0; i < total; ++i) {
#pragma HLS PIPELINE II = 1
    ap_axiu<BITS, 0, 0, 0> word;
    word.data = memory[i];
    word.keep = -1;
    word.strb = -1;
    word.last = left == 1;
    stream.write(word);
    left = left == 1 ? WORDS : left - 1;
  }
}

// s2mm stores images of WORDS words. It counts the words and does not need TLAST.
template <int BITS, int WORDS> void s2mm(ap_uint<BITS>* memory, hls::stream<ap_axiu<BITS, 0, 0, 0>>& stream, int images) {
  const int total = images * WORDS;
  for (int i = 0; i < total; ++i) {
#pragma HLS PIPELINE II = 1 style = flp
    ap_axiu<BITS, 0, 0, 0> word = stream.read();
    memory[i] = word.data;
  }
}

}  // namespace movers

#endif
