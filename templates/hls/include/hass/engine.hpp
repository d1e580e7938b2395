// engine: one gang of dot-product engines. E::GANG output lanes by E::PX pixels share a
// weight address and move together. Each engine multiplies the M weights of its lane by the M
// activations of its pixel, at most N products per cycle. The kind of engine decides which
// pairs are multiplied in a cycle, and whether pairs with a factor of 0 are skipped:
//
//   DENSE     all M lanes at once, one cycle per beat
//   CROSSBAR  the first N remaining lanes (prefix rank)
//   BANKED    the first remaining lane of each bank; lane i is in bank i mod N
//   PACKED    like DENSE; narrow products share multipliers (add_cascades)
//
// A beat takes the most cycles that any engine of the gang needs, at least one. This number depends only on the flags
// (value not 0) of activations and weights. In engines that skip zeros, a process in front of the multipliers counts it
// (engine_ahead). So the end of a beat is decided by a shift register, not by the remaining pairs. The order of transfers
// is that of a single process, which takes a beat and at the end of a window gives accumulators.
//
// In a DEPTHWISE convolution each output lane has its own channel and so its own M activations: lane
// i of output lane g is lane i * GANG + g of the pixel.
//
// A set of lanes is a word in which bit i stands for lane i.
#ifndef HASS_ENGINE_HPP
#define HASS_ENGINE_HPP

#include <type_traits>

#include "hass/arith.hpp"
#include "hass/bits.hpp"
#include "hass/wide.hpp"

namespace hass {

enum engine_kind { DENSE, CROSSBAR, BANKED, PACKED };

// pair_selector assigns lanes to the multipliers of one engine in each cycle of a beat: take[n] is the set with the lane of
// multiplier n, or empty. base is N times the number of the cycle. Its state of WORDS words starts as the useful pairs.
template <engine_kind KIND, int M, int N> struct pair_selector;

// The first remaining lanes: pair r of the beat goes to multiplier r mod N in cycle r / N. The state does not change: each
// cycle compares the ranks of the pairs with the ranks that are due. So there is no feedback from cycle to cycle.
template <int M, int N> struct pair_selector<CROSSBAR, M, N> {
  using set = lane_set<M>;
  using word = set;
  static constexpr int WORDS = 1;

  static void start(set pairs, word (&state)[WORDS]) {
#pragma HLS INLINE
    state[0] = pairs;
  }

  static void cycle(word (&state)[WORDS], int base, set (&take)[N]) {
#pragma HLS INLINE
    const set left = state[0];
    // The number of pairs below each lane, bit k of it in rank[k]: a parallel prefix sum in bit slices.
    constexpr int BITS = bits_for(M + N);
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
    for (int n = 0; n < N; ++n) {
#pragma HLS UNROLL
      const int wanted = base + n;
      set here = left >> n << n;  // no lane below n has rank n
      for (int k = 0; k < BITS; ++k) {
#pragma HLS UNROLL
        here &= (wanted >> k & 1) != 0 ? rank[k] : ~rank[k];
      }
      take[n] = here;
    }
  }

  // Some lane is multiplied in a later cycle.
  static bool remains(const word (&state)[WORDS], int base) {
    int pairs = 0;
    for (int i = 0; i < M; ++i) pairs += (state[0] >> i & 1) != 0;
    return pairs > base + N;
  }
};

// The first remaining lane of each bank. Lane n + k * N is bit k of bank n.
template <int M, int N> struct pair_selector<BANKED, M, N> {
  using set = lane_set<M>;
  static constexpr int SIZE = (M + N - 1) / N;
  using word = narrow_word<SIZE>;
  static constexpr int WORDS = N;

  static void start(set pairs, word (&state)[WORDS]) {
#pragma HLS INLINE
    for (int n = 0; n < N; ++n) {
#pragma HLS UNROLL
      word bank = 0;
      for (int k = 0; k < SIZE && n + k * N < M; ++k) {
#pragma HLS UNROLL
        bank |= static_cast<word>((pairs >> (n + k * N) & 1) << k);
      }
      state[n] = bank;
    }
  }

  static void cycle(word (&state)[WORDS], int, set (&take)[N]) {
#pragma HLS INLINE
    for (int n = 0; n < N; ++n) {
#pragma HLS UNROLL
      const word left = state[n], later = static_cast<word>(left & (left - 1)), first = static_cast<word>(left & ~later);
      take[n] = 0;
      for (int k = 0; k < SIZE && n + k * N < M; ++k) {
#pragma HLS UNROLL
        take[n] |= static_cast<set>(first >> k & 1) << (n + k * N);
      }
      state[n] = later;
    }
  }

  static bool remains(const word (&state)[WORDS], int) {
    word any = 0;
    for (int n = 0; n < N; ++n) any |= state[n];
    return any != 0;
  }
};

// pick selects the value whose lane is in take among the lanes that multiplier n can take, or 0: it ANDs each value with
// its bit of take and ORs the results. Lane i is values[from + i * STRIDE].
template <engine_kind KIND, int M, int N, int STRIDE, class T, int COUNT> int pick(lane_set<M> take, int n, const T (&values)[COUNT], int from) {
#pragma HLS INLINE
  constexpr int STEP = KIND == BANKED ? N : 1;
  int value = 0;
  for (int i = n; i < M; i += STEP) {
#pragma HLS UNROLL
    value |= (take >> i & 1) != 0 ? values[from + i * STRIDE].to_int() : 0;
  }
  return value;
}

// The sum of the products of one engine in a cycle takes 32 bits if the factors are narrow.
template <class E> using partial_sum = std::conditional_t<(E::IN_BITS + E::WEIGHT_BITS - 1 + bits_for(E::M) <= 31), std::int32_t, std::int64_t>;

// The layout of a gang's values. Lane i of output lane g of pixel p is activation first(p, g) + i * STRIDE.
template <class E> struct gang_shape {
  static constexpr int LANES = E::PX * E::GANG;
  static constexpr int STRIDE = E::DEPTHWISE ? E::GANG : 1;
  static constexpr int first(int p, int g) { return p * E::in_beat::PER_PIXEL + (E::DEPTHWISE ? g : 0); }
  static constexpr int TURNS = (E::M + E::N - 1) / E::N;  // most cycles of a beat
  static constexpr int MORE_BITS = TURNS > 1 ? TURNS - 1 : 1;
};

// A flag: a value is not 0.
using flag = ap_uint<1>;

// The data about a beat that engine_ahead computes before the beat is multiplied.
template <class E> struct due {
  ap_uint<gang_shape<E>::MORE_BITS> more;  // bit i: it takes more than i + 1 cycles
  flag ends_window, ends_run;              // the last beat of a window, of the run
  flag x[E::in_beat::LANES], w[E::ROW];
};

// engine_plan computes the data about the beats, one after the other. The flags of the weights are read in
// address order.
template <class E> struct engine_plan {
  int address = 0, beat = 0, token = 0, image = 0;

  due<E> next(const flag (&nonzero)[E::DEPTH][E::ROW], int images, const typename E::in_beat& x) {
#pragma HLS INLINE
    using S = gang_shape<E>;
    due<E> d;
#pragma HLS ARRAY_PARTITION variable = d.x complete
#pragma HLS ARRAY_PARTITION variable = d.w complete
    for (int i = 0; i < E::in_beat::LANES; ++i) {
#pragma HLS UNROLL
      d.x[i] = x.v[i].to_int() != 0;
    }
    for (int i = 0; i < E::ROW; ++i) {
#pragma HLS UNROLL
      d.w[i] = nonzero[address][i];
    }
    // The pairs of a bank, or all pairs, share multipliers. SHARE of them take a cycle.
    constexpr int BANKS = E::KIND == BANKED ? E::N : 1, SHARE = E::KIND == BANKED ? 1 : E::N;
    narrow_word<S::MORE_BITS> more = 0;
    for (int p = 0; p < E::PX; ++p) {
#pragma HLS UNROLL
      for (int g = 0; g < E::GANG; ++g) {
#pragma HLS UNROLL
        for (int b = 0; b < BANKS; ++b) {
#pragma HLS UNROLL
          int pairs = 0;
          for (int i = b; i < E::M; i += BANKS) {
#pragma HLS UNROLL
            pairs += d.x[S::first(p, g) + i * S::STRIDE].to_int() & d.w[g * E::M + i].to_int();
          }
          for (int t = 0; t + 1 < S::TURNS; ++t) {
#pragma HLS UNROLL
            more |= static_cast<narrow_word<S::MORE_BITS>>(std::uint64_t{pairs > (t + 1) * SHARE} << t);
          }
        }
      }
    }
    d.more = more;
    const bool ends_window = beat == E::BEATS - 1, ends_image = ends_window && token == E::TOKENS - 1;
    d.ends_window = ends_window;
    d.ends_run = ends_image && image == images - 1;
    address = address == E::DEPTH - 1 ? 0 : address + 1;
    beat = ends_window ? 0 : beat + 1;
    if (ends_window) token = ends_image ? 0 : token + 1;
    if (ends_image) ++image;
    return d;
  }
};

// engine_ahead forwards beats together with the data about them.
template <class E, class in_fifo>
void engine_ahead(const flag (&nonzero)[E::DEPTH][E::ROW], int images, in_fifo& in, in_fifo& beats, hls::stream<due<E>>& dues) {
  engine_plan<E> plan;
  bool done = images <= 0;
  while (!done) {
#pragma HLS PIPELINE II = 1 style = flp
    const typename E::in_beat x = in.read();
#pragma HLS ARRAY_PARTITION variable = x.v complete
    const due<E> d = plan.next(nonzero, images, x);
#pragma HLS ARRAY_PARTITION variable = d.x complete
#pragma HLS ARRAY_PARTITION variable = d.w complete
    beats.write(x);
    dues.write(d);
    done = d.ends_run != flag(0);
  }
}

// The data about beat x, from engine_ahead.
template <class E> due<E> next_due(hls::stream<due<E>>& dues, const typename E::in_beat&) {
#pragma HLS INLINE
  return dues.read();
}

// engine_multiply multiplies the pairs. Its state is the current beat with its row of weights, the remaining lanes, and a
// shift register with the remaining cycles. That register alone decides when the next beat is read.
template <class E, class in_fifo, class due_fifo>
void engine_multiply(const typename E::weight (&memory)[E::DEPTH][E::ROW], int images, in_fifo& beats, due_fifo& dues, typename E::out_fifo& out) {
  using S = gang_shape<E>;
  constexpr int M = E::M, N = E::N;
  typename E::in_beat x{};
#pragma HLS ARRAY_PARTITION variable = x.v complete
  typename E::weight row[E::GANG][M];
#pragma HLS ARRAY_PARTITION variable = row complete dim = 0
  using selector = pair_selector<E::KIND, M, N>;
  typename selector::word left[S::LANES][selector::WORDS];
#pragma HLS ARRAY_PARTITION variable = left complete dim = 0
  typename E::acc acc[S::LANES];
#pragma HLS ARRAY_PARTITION variable = acc complete
  for (int g = 0; g < E::GANG; ++g) {
#pragma HLS UNROLL
    for (int i = 0; i < M; ++i) {
#pragma HLS UNROLL
      row[g][i] = 0;
    }
  }
  for (int l = 0; l < S::LANES; ++l) {
#pragma HLS UNROLL
    acc[l] = 0;
    selector::start(0, left[l]);
  }
  narrow_word<S::MORE_BITS> more = 0;
  bool fetch = true, first = true, ends_window = false, ends_run = false;
  int address = 0, base = 0;
#ifndef __SYNTHESIS__
  int cycles = 0;
#endif
  bool done = images <= 0;
  while (!done) {
#pragma HLS PIPELINE II = 1 style = flp
    if (fetch) {
      x = beats.read();
      const due<E> d = next_due<E>(dues, x);
#pragma HLS ARRAY_PARTITION variable = d.x complete
#pragma HLS ARRAY_PARTITION variable = d.w complete
      more = static_cast<narrow_word<S::MORE_BITS>>(d.more.to_uint64());
      ends_window = d.ends_window != flag(0);
      ends_run = d.ends_run != flag(0);
      base = 0;
      for (int g = 0; g < E::GANG; ++g) {
#pragma HLS UNROLL
        for (int i = 0; i < M; ++i) {
#pragma HLS UNROLL
          row[g][i] = memory[address][g * M + i];
        }
      }
      address = address == E::DEPTH - 1 ? 0 : address + 1;
      for (int p = 0; p < E::PX; ++p) {
#pragma HLS UNROLL
        for (int g = 0; g < E::GANG; ++g) {
#pragma HLS UNROLL
          lane_set<M> pairs = 0;
          for (int i = 0; i < M; ++i) {
#pragma HLS UNROLL
            pairs |= static_cast<lane_set<M>>(d.x[S::first(p, g) + i * S::STRIDE].to_uint() & d.w[g * M + i].to_uint()) << i;
          }
          selector::start(pairs, left[p * E::GANG + g]);
        }
      }
    }

    for (int p = 0; p < E::PX; ++p) {
#pragma HLS UNROLL
      for (int g = 0; g < E::GANG; ++g) {
#pragma HLS UNROLL
        const int l = p * E::GANG + g;
        lane_set<M> take[N];
#pragma HLS ARRAY_PARTITION variable = take complete
        selector::cycle(left[l], base, take);
        partial_sum<E> sum = 0;
        for (int n = 0; n < N; ++n) {
#pragma HLS UNROLL
          // 16 x 16 bits, weights within +-(2^15 - 1): fits 32 bits
          sum += pick<E::KIND, M, N, S::STRIDE>(take[n], n, x.v, S::first(p, g)) * pick<E::KIND, M, N, 1>(take[n], n, row[g], 0);
        }
        const typename E::acc before = first ? typename E::acc(0) : acc[l];
        acc[l] = add_acc(before, sum);
      }
    }

    const bool last = (more & 1) == 0;
#ifndef __SYNTHESIS__
    ++cycles;
    if (last) {
      for (int l = 0; l < S::LANES; ++l) HASS_ASSERT(!selector::remains(left[l], base), "pairs are left when a beat ends");
      HASS_BEAT_COST(cycles);
      cycles = 0;
    }
#endif
    if (last && ends_window) {
      typename E::out_beat y;
#pragma HLS ARRAY_PARTITION variable = y.v complete
      for (int l = 0; l < S::LANES; ++l) {
#pragma HLS UNROLL
        y.v[l] = acc[l];
      }
      out.write(y);
    }
    first = last && ends_window;
    done = last && ends_run;
    fetch = last;
    more = static_cast<narrow_word<S::MORE_BITS>>(more >> 1);
    base += N;
  }
}

#ifdef __SYNTHESIS__

// Engines that skip zeros are two processes. The FIFO of beats covers the latency of engine_ahead.
template <class E, class T>
void engine_pair(const typename E::weight (&memory)[E::DEPTH][E::ROW], const flag (&nonzero)[E::DEPTH][E::ROW], int images, hls::stream<T>& in,
                 typename E::out_fifo& out) {
#pragma HLS DATAFLOW
  hls::stream<T> beats;
#pragma HLS STREAM variable = beats depth = 16
  hls::stream<due<E>> dues;
#pragma HLS STREAM variable = dues depth = 2
  engine_ahead<E>(nonzero, images, in, beats, dues);
  engine_multiply<E>(memory, images, beats, dues, out);
}

template <class E, class T>
void engine_pair(const typename E::weight (&memory)[E::DEPTH][E::ROW], const flag (&nonzero)[E::DEPTH][E::ROW], int images, wide_stream<T>& in,
                 typename E::out_fifo& out) {
#pragma HLS DATAFLOW
  wide_stream<T> beats;
#pragma HLS STREAM variable = beats.parts depth = 16
  hls::stream<due<E>> dues;
#pragma HLS STREAM variable = dues depth = 2
  engine_ahead<E>(nonzero, images, in, beats, dues);
  engine_multiply<E>(memory, images, beats, dues, out);
}

template <class E>
void engine(const typename E::weight (&memory)[E::DEPTH][E::ROW], const flag (&nonzero)[E::DEPTH][E::ROW], int images, typename E::in_fifo& in,
            typename E::out_fifo& out) {
#pragma HLS INLINE
  engine_pair<E>(memory, nonzero, images, in, out);
}

#else

// In csim one process does the work of both, so that no FIFO is deeper than in the design.
template <class E> struct engine_dues {
  const flag (&nonzero)[E::DEPTH][E::ROW];
  int images;
  engine_plan<E> plan;
};
template <class E> due<E> next_due(engine_dues<E>& dues, const typename E::in_beat& x) { return dues.plan.next(dues.nonzero, dues.images, x); }

template <class E>
void engine(const typename E::weight (&memory)[E::DEPTH][E::ROW], const flag (&nonzero)[E::DEPTH][E::ROW], int images, typename E::in_fifo& in,
            typename E::out_fifo& out) {
  engine_dues<E> dues{nonzero, images, {}};
  engine_multiply<E>(memory, images, in, dues, out);
}

#endif

// add_beat adds a beat's products to the accumulators of a gang. The first beat of a window starts from 0.
template <engine_kind KIND> struct add_beat;

template <> struct add_beat<DENSE> {
  template <class E> static void to(const typename E::in_beat& x, const typename E::weight (&row)[E::ROW], bool first, typename E::acc (&acc)[gang_shape<E>::LANES]) {
#pragma HLS INLINE
    using S = gang_shape<E>;
    for (int p = 0; p < E::PX; ++p) {
#pragma HLS UNROLL
      for (int g = 0; g < E::GANG; ++g) {
#pragma HLS UNROLL
        partial_sum<E> sum = 0;
        for (int i = 0; i < E::M; ++i) {
#pragma HLS UNROLL
          sum += x.v[S::first(p, g) + i * S::STRIDE].to_int() * row[g * E::M + i].to_int();
        }
        const int l = p * E::GANG + g;
        if (first) acc[l] = 0;  // not a conditional expression: g++ 12 -O1 fails on it
        acc[l] = add_acc(acc[l], sum);
      }
    }
  }
};

// cascade_shape describes multipliers that PIXELS pixels and FILTERS output lanes share.
template <class E, int PIXELS, int FILTERS> struct cascade_shape {
  static constexpr int FIELDS = PIXELS * FILTERS;
  static constexpr int FIELD = E::FIELD > 0 ? E::FIELD : 1;
  static constexpr std::int64_t UNIT = std::int64_t{1} << FIELD;
  static constexpr std::int64_t HALF = UNIT / 2;
  static constexpr std::int64_t WEIGHT_UNIT = PIXELS > 1 ? UNIT * UNIT : UNIT;  // unit of the second output lane's weight
  static constexpr int A_BITS = (PIXELS - 1) * FIELD + E::IN_BITS + 1;
  static constexpr int B_BITS = (FILTERS - 1) * (PIXELS * FIELD + 1) + E::WEIGHT_BITS;
  static constexpr int CASCADES = (E::M + E::DEEP - 1) / E::DEEP;
};

// add_cascades adds the products of pixels p, p + 1 (or p alone) and output lanes g, g + 1 (or g alone):
//
//   (x1 * 2^FIELD + x0) * (w1 * 2^(2 * FIELD) + w0)
//
// has the product of each pixel and output lane in a field of its own. DEEP lanes are added in the cascade of their DSP slices, all
// fields at once; the optimizer chooses DEEP so that no field overflows. Half of a field's range is added to all fields but the top
// one, so that no field is negative and borrows from the next, and is subtracted again.
template <class E, int PIXELS, int FILTERS>
void add_cascades(const typename E::in_beat& x, const typename E::weight (&row)[E::ROW], int p, int g, bool first, typename E::acc (&acc)[gang_shape<E>::LANES]) {
#pragma HLS INLINE
  using S = gang_shape<E>;
  using C = cascade_shape<E, PIXELS, FILTERS>;
  std::int64_t sums[C::FIELDS];
#pragma HLS ARRAY_PARTITION variable = sums complete
  for (int k = 0; k < C::FIELDS; ++k) {
#pragma HLS UNROLL
    sums[k] = 0;
  }
  for (int c = 0; c < C::CASCADES; ++c) {
#pragma HLS UNROLL
    std::int64_t total = 0;
    for (int k = 0; k + 1 < C::FIELDS; ++k) {
#pragma HLS UNROLL
      total += C::HALF << k * C::FIELD;
    }
    for (int i = c * E::DEEP; i < (c + 1) * E::DEEP && i < E::M; ++i) {
#pragma HLS UNROLL
      const std::int64_t x0 = x.v[S::first(p, g) + i * S::STRIDE].to_int(), x1 = x.v[S::first(p + PIXELS - 1, g) + i * S::STRIDE].to_int();
      const std::int64_t w0 = row[g * E::M + i].to_int(), w1 = row[(g + FILTERS - 1) * E::M + i].to_int();
      const ap_int<C::A_BITS> a = PIXELS > 1 ? x1 * C::UNIT + x0 : x0;
      const ap_int<C::B_BITS> b = FILTERS > 1 ? w1 * C::WEIGHT_UNIT + w0 : w0;
      total += a.to_int64() * b.to_int64();
    }
    const ap_int<48> cascade = total;  // as wide as the sum of a DSP slice
    for (int k = 0; k < C::FIELDS; ++k) {
#pragma HLS UNROLL
      const std::int64_t rest = cascade.to_int64() >> k * C::FIELD;
      sums[k] += k + 1 < C::FIELDS ? (rest & (C::UNIT - 1)) - C::HALF : rest;
    }
  }
  for (int f = 0; f < FILTERS; ++f) {
#pragma HLS UNROLL
    for (int q = 0; q < PIXELS; ++q) {
#pragma HLS UNROLL
      const int l = (p + q) * E::GANG + g + f;
      if (first) acc[l] = 0;
      acc[l] = add_acc(acc[l], sums[f * PIXELS + q]);
    }
  }
}

// add_pixels adds the products of pixels p, p + 1 (or p alone) for all output lanes.
template <class E, int PIXELS>
void add_pixels(const typename E::in_beat& x, const typename E::weight (&row)[E::ROW], int p, bool first, typename E::acc (&acc)[gang_shape<E>::LANES]) {
#pragma HLS INLINE
  for (int g = 0; g + E::FILTERS <= E::GANG; g += E::FILTERS) {
#pragma HLS UNROLL
    add_cascades<E, PIXELS, E::FILTERS>(x, row, p, g, first, acc);
  }
  if (E::GANG % E::FILTERS != 0) add_cascades<E, PIXELS, 1>(x, row, p, E::GANG - 1, first, acc);
}

// Two pixels share a multiplier; with very narrow values, two output lanes too. The last one of an odd number stays alone.
template <> struct add_beat<PACKED> {
  template <class E> static void to(const typename E::in_beat& x, const typename E::weight (&row)[E::ROW], bool first, typename E::acc (&acc)[gang_shape<E>::LANES]) {
#pragma HLS INLINE
    constexpr int PIXELS = E::FIELD > 0 ? 2 : 1;
    for (int p = 0; p + PIXELS <= E::PX; p += PIXELS) {
#pragma HLS UNROLL
      add_pixels<E, PIXELS>(x, row, p, first, acc);
    }
    if (E::PX % PIXELS != 0) add_pixels<E, 1>(x, row, E::PX - 1, first, acc);
  }
};

// An engine that skips no zeros: one beat per cycle.
template <class E>
void engine(const typename E::weight (&memory)[E::DEPTH][E::ROW], int images, typename E::in_fifo& in, typename E::out_fifo& out) {
  using S = gang_shape<E>;
  static_assert(E::N == E::M, "an engine that skips zeros has a memory of flags");
  typename E::acc acc[S::LANES];
#pragma HLS ARRAY_PARTITION variable = acc complete
  for (int l = 0; l < S::LANES; ++l) {
#pragma HLS UNROLL
    acc[l] = 0;
  }
  int address = 0, beat = 0, token = 0, image = 0;
  while (image < images) {
#pragma HLS PIPELINE II = 1 style = flp
    const typename E::in_beat x = in.read();
#pragma HLS ARRAY_PARTITION variable = x.v complete
    add_beat<E::KIND>::template to<E>(x, memory[address], beat == 0, acc);
    HASS_BEAT_COST(1);
    address = address == E::DEPTH - 1 ? 0 : address + 1;
    const bool ends_window = beat == E::BEATS - 1;
    if (ends_window) {
      typename E::out_beat y;
#pragma HLS ARRAY_PARTITION variable = y.v complete
      for (int l = 0; l < S::LANES; ++l) {
#pragma HLS UNROLL
        y.v[l] = acc[l];
      }
      out.write(y);
      const bool ends_image = token == E::TOKENS - 1;
      token = ends_image ? 0 : token + 1;
      if (ends_image) ++image;
    }
    beat = ends_window ? 0 : beat + 1;
  }
}

}  // namespace hass

#endif
