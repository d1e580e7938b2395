// The loading of weights. In load mode one process reads the weight words from memory
// into a daisy chain through all processes with constants: each takes its own words
// first and forwards the rest. The last word, CHAIN_END, proves that the counts agree.
#ifndef HASS_WEIGHTS_HPP
#define HASS_WEIGHTS_HPP

#include "hass/types.hpp"

namespace hass {

// weights_loader reads n words (weights and the end mark) into the chain.
inline void weights_loader(const word* weights, int n, int mode, hls::stream<word>& out) {
  if (mode != MODE_LOAD) return;
  for (int i = 0; i < n; ++i) {
#pragma HLS PIPELINE II = 1
    out.write(weights[i]);
  }
}

// weights_end takes the end mark.
inline void weights_end(int mode, hls::stream<word>& in) {
  if (mode != MODE_LOAD) return;
  const word last = in.read();
  HASS_ASSERT(last.to_uint() == CHAIN_END, "the weight chain does not end with its mark: data/weights.bin is of another design");
  (void)last;
}

// The flags (value not 0) of an engine's weights: a memory, or nothing if the engine skips no zeros.
struct no_flags {};
template <class W, int ROW> void store_flags(no_flags, int, const W (&)[ROW]) {}
template <class W, int ROW, int DEPTH> void store_flags(ap_uint<1> (&nonzero)[DEPTH][ROW], int address, const W (&row)[ROW]) {
#pragma HLS INLINE
  for (int k = 0; k < ROW; ++k) {
#pragma HLS UNROLL
    nonzero[address][k] = row[k].to_int() != 0;
  }
}

// load_rows fills an engine's memories, one row of ROW weights per address. A row takes
// ceil(ROW / PER) words of PER weights, the first weight lowest. Then load_rows
// forwards the words for the processes behind.
template <class E, class Flags>
void load_rows(typename E::weight (&memory)[E::DEPTH][E::ROW], Flags&& nonzero, int forward, hls::stream<word>& in, hls::stream<word>& out) {
  constexpr int BITS = E::WEIGHT_BITS;
  constexpr int PER = 32 / BITS;
  constexpr int WORDS = (E::ROW + PER - 1) / PER;
  typename E::weight row[E::ROW];
#pragma HLS ARRAY_PARTITION variable = row complete
  for (int i = 0; i < E::ROW; ++i) {
#pragma HLS UNROLL
    row[i] = 0;
  }
  int at = 0, address = 0;
  const int total = E::DEPTH * WORDS + forward;
  for (int i = 0; i < total; ++i) {
#pragma HLS PIPELINE II = 1 style = flp
    const word w = in.read();
    if (i < E::DEPTH * WORDS) {
      for (int k = 0; k < E::ROW; ++k) {
#pragma HLS UNROLL
        if (k / PER == at) {
          const std::uint32_t field = w.to_uint() << (32 - BITS - k % PER * BITS);
          row[k] = static_cast<std::int32_t>(field) >> (32 - BITS);
        }
      }
      if (at == WORDS - 1) {
        for (int k = 0; k < E::ROW; ++k) {
#pragma HLS UNROLL
          memory[address][k] = row[k];
        }
        store_flags(nonzero, address, row);
        at = 0;
        ++address;
      } else {
        ++at;
      }
    } else {
      out.write(w);
    }
  }
}

// load_bias fills a join's memories, output channel by output channel. The bias is in one
// word, or in two (low first) if accumulators including it are wider than 32 bits. A further word follows
// if the layer has several shifts, with the channel's step, or if channels have their own multipliers.
template <class J>
void load_bias(typename J::acc (&bias)[J::FOLDS][J::OUT_CH], typename J::scale (&scales)[J::FOLDS][J::OUT_CH], int forward,
               hls::stream<word>& in, hls::stream<word>& out) {
  constexpr int BIAS_WORDS = J::ACC_BITS > 32 ? 2 : 1;
  constexpr int WORDS = BIAS_WORDS + (J::SCALE_BITS > 0 ? 1 : 0);
  std::uint32_t low = 0;
  int at = 0, fold = 0, lane = 0;
  const int total = J::FOLDS * J::OUT_CH * WORDS + forward;
  for (int i = 0; i < total; ++i) {
#pragma HLS PIPELINE II = 1 style = flp
    const std::uint32_t w = in.read().to_uint();
    if (i < J::FOLDS * J::OUT_CH * WORDS) {
      if (at == BIAS_WORDS - 1) {
        const std::int64_t high = static_cast<std::int32_t>(w);
        bias[fold][lane] = BIAS_WORDS == 1 ? high : high * (std::int64_t{1} << 32) + low;
      }
      if (at == BIAS_WORDS) scales[fold][lane] = w;
      low = w;
      if (at < WORDS - 1) {
        ++at;
      } else {
        at = 0;
        if (lane < J::OUT_CH - 1) {
          ++lane;
        } else {
          lane = 0;
          ++fold;
        }
      }
    } else {
      out.write(word(w));
    }
  }
}

// load_thresholds fills the memory of a join with thresholds, output channel by output channel, in ascending order. Each is in one
// word, or in two (low first) if accumulators are wider than 32 bits.
template <class J>
void load_thresholds(typename J::acc (&thresholds)[J::FOLDS][J::OUT_CH][J::LEVELS], int forward, hls::stream<word>& in, hls::stream<word>& out) {
  constexpr int WORDS = J::ACC_BITS > 32 ? 2 : 1;
  std::uint32_t low = 0;
  int at = 0, fold = 0, lane = 0, level = 0;
  const int total = J::FOLDS * J::OUT_CH * J::LEVELS * WORDS + forward;
  for (int i = 0; i < total; ++i) {
#pragma HLS PIPELINE II = 1 style = flp
    const std::uint32_t w = in.read().to_uint();
    if (i < J::FOLDS * J::OUT_CH * J::LEVELS * WORDS) {
      if (at == WORDS - 1) {
        const std::int64_t high = static_cast<std::int32_t>(w);
        thresholds[fold][lane][level] = WORDS == 1 ? high : high * (std::int64_t{1} << 32) + low;
        at = 0;
        if (level < J::LEVELS - 1) {
          ++level;
        } else {
          level = 0;
          if (lane < J::OUT_CH - 1) {
            ++lane;
          } else {
            lane = 0;
            ++fold;
          }
        }
      } else {
        ++at;
      }
      low = w;
    } else {
      out.write(word(w));
    }
  }
}

}  // namespace hass

#endif
