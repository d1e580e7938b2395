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
//
// In a DEPTHWISE convolution each output lane has a channel, and so M activations, of its own: lane
// i of engine g is lane i * GANG + g of the pixel.
//
// Sets of lanes are words, lane i bit i: a rank or a prefix is a few operations on words, each
// as wide as the engine.
#ifndef HASS_ENGINE_HPP
#define HASS_ENGINE_HPP

#include <type_traits>

#include "hass/arith.hpp"

namespace hass {

enum engine_kind { DENSE, CROSSBAR, BANKED };

template <int M> using lane_set = std::conditional_t<(M <= 32), std::uint32_t, std::uint64_t>;

// bits_for is the number of bits that count to n - 1, at least one.
constexpr int bits_for(int n) {
  int bits = 1;
  for (int k = 1; k < 31; ++k) {
    if ((1 << k) < n) bits = k + 1;
  }
  return bits;
}

// Multiplier n of a crossbar reaches every lane; of a banked engine, the lanes n, n + N, ... Its
// selector counts lanes from n in steps of STRIDE.
template <engine_kind KIND, int M, int N> struct reach {
  static constexpr int STRIDE = KIND == BANKED ? N : 1;
  static constexpr int BITS = bits_for(M / STRIDE);
  lane_set<M> bank = 0;           // multiplier 0 reaches these
  lane_set<M> with_bit[BITS] = {};  // the lanes whose count has bit k set
  constexpr reach() {
    for (int i = 0; i < M; ++i) {
      const lane_set<M> lane = lane_set<M>{1} << i;
      if (i % STRIDE == 0) bank |= lane;
      for (int k = 0; k < BITS; ++k) {
        if ((i / STRIDE >> k & 1) != 0) with_bit[k] |= lane;
      }
    }
  }
};

// select gives each multiplier its lane of this cycle, a set of one lane or none, from the lanes
// that remain; the result is the lanes taken.
template <engine_kind KIND, int M, int N> lane_set<M> select(lane_set<M> left, lane_set<M> (&take)[N]) {
#pragma HLS INLINE
  using set = lane_set<M>;
  if constexpr (KIND == CROSSBAR) {
    // The number of remaining lanes below each lane, bit k of it in rank[k]: a parallel prefix sum
    // in bit slices.
    constexpr int BITS = bits_for(M);
    set rank[BITS];
#pragma HLS ARRAY_PARTITION variable = rank complete
    for (int k = 0; k < BITS; ++k) {
#pragma HLS UNROLL
      rank[k] = k == 0 ? left << 1 : set{0};
    }
    for (int d = 1; d < M; d *= 2) {
#pragma HLS UNROLL
      set carry = 0;
      for (int k = 0; k < BITS; ++k) {
#pragma HLS UNROLL
        const set a = rank[k], b = rank[k] << d;
        rank[k] = a ^ b ^ carry;
        carry = (a & b) | (carry & (a ^ b));
      }
    }
    set taken = 0;
    for (int n = 0; n < N; ++n) {
#pragma HLS UNROLL
      set here = left;
      for (int k = 0; k < BITS; ++k) {
#pragma HLS UNROLL
        here &= (n >> k & 1) != 0 ? rank[k] : ~rank[k];
      }
      take[n] = here;
      taken |= here;
    }
    return taken;
  } else {
    // The lanes behind a remaining one of their bank: a prefix OR in steps of N.
    set behind = N < M ? left << (N < M ? N : 0) : set{0};
    for (int d = N; d < M; d *= 2) {
#pragma HLS UNROLL
      behind |= behind << d;
    }
    const set first = left & ~behind;
    constexpr reach<KIND, M, N> REACH;
    for (int n = 0; n < N; ++n) {
#pragma HLS UNROLL
      take[n] = first & (REACH.bank << n);
    }
    return first;
  }
}

// pick_sum is the sum of the N products of one engine in one cycle, of the weights from w0
// on and the activations x0, x0 + XSTEP, ...: every multiplier has a selector of the lanes that it
// reaches.
template <engine_kind KIND, int M, int N, int XSTEP, class W, int WN, class X, int XN>
std::int64_t pick_sum(const lane_set<M> (&take)[N], const W (&w)[WN], int w0, const X (&x)[XN], int x0) {
#pragma HLS INLINE
  using lanes = reach<KIND, M, N>;
  constexpr lanes REACH;
  std::int64_t sum = 0;
  for (int n = 0; n < N; ++n) {
#pragma HLS UNROLL
    int count = 0;
    for (int k = 0; k < lanes::BITS; ++k) {
#pragma HLS UNROLL
      count |= (take[n] & REACH.with_bit[k]) != 0 ? 1 << k : 0;
    }
    const int i = count * lanes::STRIDE + (KIND == BANKED ? n : 0);
    // 16 x 16 bits, weights within +-(2^15 - 1): fits 32 bits
    const int product = x[x0 + i * XSTEP].to_int() * w[w0 + i].to_int();
    sum += take[n] != 0 ? product : 0;
  }
  return sum;
}

// engine processes images. Its weights follow in address order, so that rows are fetched
// LOOKAHEAD beats ahead and the latency of the memory stays outside the
// recurrence, which is: remaining lanes -> select -> beat done -> next beat.
template <class E>
void engine(const typename E::weight (&memory)[E::DEPTH][E::ROW], int images, typename E::in_fifo& in, typename E::out_fifo& out) {
  constexpr int M = E::M, GANG = E::GANG, PX = E::PX, AHEAD = E::LOOKAHEAD;
  constexpr int LANES = PX * GANG;
  // Lane i of engine g of pixel p is activation p * PIXEL + g * XG + i * XSTEP.
  constexpr int PIXEL = E::in_beat::PER_PIXEL, XG = E::DEPTHWISE ? 1 : 0, XSTEP = E::DEPTHWISE ? GANG : 1;
  // A sum of M products takes 32 bits if the factors are narrow.
  using partial = std::conditional_t<(E::IN_BITS + E::WEIGHT_BITS - 1 + bits_for(M) <= 31), std::int32_t, std::int64_t>;

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
  lane_set<M> left[LANES];
#pragma HLS ARRAY_PARTITION variable = left complete
  for (int l = 0; l < LANES; ++l) {
#pragma HLS UNROLL
    acc[l] = 0;
    left[l] = 0;
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
      }
      for (int a = 0; a < AHEAD - 1; ++a) {
#pragma HLS UNROLL
        for (int k = 0; k < E::ROW; ++k) {
#pragma HLS UNROLL
          ahead[a][k] = ahead[a + 1][k];
        }
      }
      for (int k = 0; k < E::ROW; ++k) {
#pragma HLS UNROLL
        ahead[AHEAD - 1][k] = memory[address][k];
      }
      address = address == E::DEPTH - 1 ? 0 : address + 1;
      if constexpr (E::KIND != DENSE) {
        for (int p = 0; p < PX; ++p) {
#pragma HLS UNROLL
          for (int g = 0; g < GANG; ++g) {
#pragma HLS UNROLL
            lane_set<M> pairs = 0;
            for (int i = 0; i < M; ++i) {
#pragma HLS UNROLL
              const bool pair = x.v[p * PIXEL + g * XG + i * XSTEP].to_int() != 0 && row[g * M + i].to_int() != 0;
              pairs |= lane_set<M>{pair} << i;
            }
            left[p * GANG + g] = pairs;
          }
        }
      }
    }

    bool remains = false;
    for (int p = 0; p < PX; ++p) {
#pragma HLS UNROLL
      for (int g = 0; g < GANG; ++g) {
#pragma HLS UNROLL
        const int l = p * GANG + g, x0 = p * PIXEL + g * XG;
        if constexpr (E::KIND == DENSE) {
          partial sum = 0;
          for (int i = 0; i < M; ++i) {
#pragma HLS UNROLL
            sum += x.v[x0 + i * XSTEP].to_int() * row[g * M + i].to_int();
          }
          acc[l] = add_acc(acc[l], sum);
        } else {
          lane_set<M> take[E::N];
#pragma HLS ARRAY_PARTITION variable = take complete
          left[l] &= ~select<E::KIND, M, E::N>(left[l], take);
          acc[l] = add_acc(acc[l], pick_sum<E::KIND, M, E::N, XSTEP>(take, row, g * M, x.v, x0));
          remains = remains || left[l] != 0;
        }
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
