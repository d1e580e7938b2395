// engine: one gang of dot-product engines. E::GANG output lanes by E::PX pixels share a
// weight address and move together; each engine multiplies the M weights of its lane
// with the M activations of its pixel, N products a cycle, skipping pairs in which a
// factor is 0 as its kind can:
//
//   DENSE     all M lanes at once, one cycle a beat
//   CROSSBAR  the first N remaining lanes (prefix rank)
//   BANKED    the first remaining lane of each bank; lane i is in bank i mod N
//
// A beat takes the most cycles any engine of the gang needs, at least one.
#ifndef HASS_ENGINE_HPP
#define HASS_ENGINE_HPP

#include "hass/arith.hpp"

namespace hass {

enum engine_kind { DENSE, CROSSBAR, BANKED };

// select marks the lanes that the engine takes this cycle (take) and the multiplier
// each goes to (slot), from the lanes that remain.
template <engine_kind KIND, int M, int N> void select(const bool (&left)[M], bool (&take)[M], int (&slot)[M]) {
#pragma HLS INLINE
  if constexpr (KIND == CROSSBAR) {
    // rank[i] = number of remaining lanes below i: a parallel prefix sum.
    int rank[M];
#pragma HLS ARRAY_PARTITION variable = rank complete
    for (int i = 0; i < M; ++i) {
#pragma HLS UNROLL
      rank[i] = i > 0 && left[i - 1] ? 1 : 0;
    }
    for (int d = 1; d < M; d *= 2) {
#pragma HLS UNROLL
      for (int i = M - 1; i >= d; --i) {
#pragma HLS UNROLL
        rank[i] += rank[i - d];
      }
    }
    for (int i = 0; i < M; ++i) {
#pragma HLS UNROLL
      take[i] = left[i] && rank[i] < N;
      slot[i] = rank[i];
    }
  } else {
    for (int b = 0; b < N; ++b) {
#pragma HLS UNROLL
      bool before = false;
      for (int i = b; i < M; i += N) {
#pragma HLS UNROLL
        take[i] = left[i] && !before;
        slot[i] = b;
        before = before || left[i];
      }
    }
  }
}

// pick_sum is the sum of the N products of one engine in one cycle, of the weights from w0
// and the activations from x0 on: every multiplier has an AND-OR selector over the
// lanes that can reach it.
template <engine_kind KIND, int M, int N, class W, int WN, class X, int XN>
std::int64_t pick_sum(const bool (&take)[M], const int (&slot)[M], const W (&w)[WN], int w0, const X (&x)[XN], int x0) {
#pragma HLS INLINE
  std::int64_t sum = 0;
  for (int n = 0; n < N; ++n) {
#pragma HLS UNROLL
    int a = 0, b = 0;
    if constexpr (KIND == CROSSBAR) {
      for (int i = n; i < M; ++i) {
#pragma HLS UNROLL
        const bool here = take[i] && slot[i] == n;
        a |= here ? x[x0 + i].to_int() : 0;
        b |= here ? w[w0 + i].to_int() : 0;
      }
    } else {
      for (int i = n; i < M; i += N) {
#pragma HLS UNROLL
        a |= take[i] ? x[x0 + i].to_int() : 0;
        b |= take[i] ? w[w0 + i].to_int() : 0;
      }
    }
    sum += a * b;  // 16 x 16 bits, weights within +-(2^15 - 1): fits 32 bits
  }
  return sum;
}

// engine processes images. Its weights follow in address order, so that rows are fetched
// LOOKAHEAD beats ahead and the latency of the memory stays outside the
// recurrence, which is: remaining lanes -> select -> beat done -> next beat.
template <class E>
void engine(const typename E::weight (&memory)[E::DEPTH][E::ROW], int images, hls::stream<typename E::in_beat>& in,
            hls::stream<typename E::out_beat>& out) {
  constexpr int M = E::M, GANG = E::GANG, PX = E::PX, AHEAD = E::LOOKAHEAD;
  constexpr int LANES = PX * GANG;

  typename E::weight ahead[AHEAD][E::ROW];
#pragma HLS ARRAY_PARTITION variable = ahead complete dim = 0
  typename E::weight row[E::ROW];
#pragma HLS ARRAY_PARTITION variable = row complete
  int address = 0;
  for (int a = 0; a < AHEAD; ++a) {
    for (int k = 0; k < E::ROW; ++k) {
#pragma HLS UNROLL
      ahead[a][k] = memory[address][k];
    }
    address = address == E::DEPTH - 1 ? 0 : address + 1;
  }
  for (int k = 0; k < E::ROW; ++k) {
#pragma HLS UNROLL
    row[k] = 0;
  }

  typename E::in_beat x{};
  typename E::acc acc[LANES];
#pragma HLS ARRAY_PARTITION variable = acc complete
  bool left[LANES][M];
#pragma HLS ARRAY_PARTITION variable = left complete dim = 0
  for (int l = 0; l < LANES; ++l) {
#pragma HLS UNROLL
    acc[l] = 0;
    for (int i = 0; i < M; ++i) {
#pragma HLS UNROLL
      left[l][i] = false;
    }
  }

  bool fetch = true;
  int beat = 0, token = 0, image = 0;
#ifndef __SYNTHESIS__
  int cycles = 0;
#endif
  bool done = images <= 0;
  while (!done) {
#pragma HLS PIPELINE II = 1 style = flp
    if (fetch) {
      x = in.read();
      for (int k = 0; k < E::ROW; ++k) {
#pragma HLS UNROLL
        row[k] = ahead[0][k];
        for (int a = 0; a < AHEAD - 1; ++a) {
#pragma HLS UNROLL
          ahead[a][k] = ahead[a + 1][k];
        }
        ahead[AHEAD - 1][k] = memory[address][k];
      }
      address = address == E::DEPTH - 1 ? 0 : address + 1;
      if constexpr (E::KIND != DENSE) {
        for (int p = 0; p < PX; ++p) {
#pragma HLS UNROLL
          for (int g = 0; g < GANG; ++g) {
#pragma HLS UNROLL
            for (int i = 0; i < M; ++i) {
#pragma HLS UNROLL
              left[p * GANG + g][i] = x.v[p * M + i].to_int() != 0 && row[g * M + i].to_int() != 0;
            }
          }
        }
      }
    }

    bool remains = false;
    for (int p = 0; p < PX; ++p) {
#pragma HLS UNROLL
      for (int g = 0; g < GANG; ++g) {
#pragma HLS UNROLL
        const int l = p * GANG + g;
        std::int64_t sum = 0;
        if constexpr (E::KIND == DENSE) {
          for (int i = 0; i < M; ++i) {
#pragma HLS UNROLL
            sum += x.v[p * M + i].to_int() * row[g * M + i].to_int();
          }
        } else {
          bool take[M];
#pragma HLS ARRAY_PARTITION variable = take complete
          int slot[M];
#pragma HLS ARRAY_PARTITION variable = slot complete
          select<E::KIND, M, E::N>(left[l], take, slot);
          sum = pick_sum<E::KIND, M, E::N>(take, slot, row, g * M, x.v, p * M);
          for (int i = 0; i < M; ++i) {
#pragma HLS UNROLL
            left[l][i] = left[l][i] && !take[i];
            remains = remains || left[l][i];
          }
        }
        acc[l] = add_acc(acc[l], sum);
      }
    }

#ifndef __SYNTHESIS__
    ++cycles;
    if (!remains) {
      HASS_BEAT_COST(cycles);
      cycles = 0;
    }
#endif
    fetch = !remains;
    if (!remains) {
      if (beat < E::BEATS - 1) {
        ++beat;
      } else {
        beat = 0;
        typename E::out_beat y;
        for (int l = 0; l < LANES; ++l) {
#pragma HLS UNROLL
          y.v[l] = acc[l];
          acc[l] = 0;
        }
        out.write(y);
        if (token < E::TOKENS - 1) {
          ++token;
        } else {
          token = 0;
          ++image;
          done = image == images;
        }
      }
    }
  }
}

}  // namespace hass

#endif
