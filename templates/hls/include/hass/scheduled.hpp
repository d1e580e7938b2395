// scheduled: the engine of a layer whose products were scheduled when the design was made. It does not look for zeros, because its
// rows contain only weights that are not 0. A row has a weight and an address for each of E::BANKS banks of each of E::CHAINS chains.
// A chain computes one filter after the other. The engine is one loop that takes a row per cycle; nothing in it depends on values.
//
// A phase has E::ITERATIONS iterations. Iteration k reads a word of the next window (PX pixels of one tap and channel) if the pace
// demands it, and writes it to the place that a table names. It also runs row k of the current window if k < E::ROWS. A chain whose
// row is the last of its filter writes its sums. The first phase only reads a window; the phase after the last window only runs one.
//
// If E::FIELD is not 0, two pixels share a multiplier: (x1 * 2^FIELD + x0) * w. The schedule guarantees that no row's sum for x0 needs
// more than FIELD bits. With 2^(FIELD-1) added, the lower FIELD bits of a chain's sum hold the sum for x0 plus 2^(FIELD-1), and the bits
// above hold the sum for x1.
#ifndef HASS_SCHEDULED_HPP
#define HASS_SCHEDULED_HPP

#include "hass/arith.hpp"
#include "hass/bits.hpp"
#include "hass/wide.hpp"

namespace hass {

template <class E> struct scheduled_shape {
  static constexpr int ADDRESS_BITS = bits_for(E::WORDS);
  static constexpr int SIZE = 1 << ADDRESS_BITS;  // words in a half of a bank
  static constexpr int PLACE_BITS = bits_for(E::BANKS) + ADDRESS_BITS;
  static constexpr int PART_BITS = 1 + E::BANKS * (E::WEIGHT_BITS + ADDRESS_BITS);
  static constexpr int ROW_WORDS = (E::CHAINS * PART_BITS + 31) / 32;
  static constexpr int LANES = E::CHAINS * E::BANKS;
};

// schedule_field extracts a field of at most 16 bits from a row of 32-bit words.
template <int BITS, int WORDS> std::uint32_t schedule_field(const std::uint32_t (&row)[WORDS], int bit) {
#pragma HLS INLINE
  const int k = bit / 32;
  const std::uint64_t both = (k + 1 < WORDS ? std::uint64_t{row[k + 1]} << 32 : 0) | row[k];
  return static_cast<std::uint32_t>(both >> bit % 32) & ((std::uint32_t{1} << BITS) - 1);
}

// load_schedule fills an engine's memories. The chain brings a word for every place, then the words of each row. A row has the parts of
// all chains side by side; a part has the addresses of all banks, above them the weights, and on top the bit that ends a filter. Then
// load_schedule forwards the words for the processes behind.
template <class E>
void load_schedule(typename E::place (&places)[E::BEATS][1], typename E::weight (&weights)[E::ROWS][E::CHAINS * E::BANKS],
                   typename E::address (&addresses)[E::ROWS][E::CHAINS * E::BANKS], ap_uint<1> (&lasts)[E::ROWS][E::CHAINS], int forward,
                   hls::stream<word>& in, hls::stream<word>& out) {
  using S = scheduled_shape<E>;
  std::uint32_t row[S::ROW_WORDS];
#pragma HLS ARRAY_PARTITION variable = row complete
  for (int i = 0; i < S::ROW_WORDS; ++i) {
#pragma HLS UNROLL
    row[i] = 0;
  }
  int at = 0, r = 0;
  const int total = E::BEATS + E::ROWS * S::ROW_WORDS + forward;
  for (int i = 0; i < total; ++i) {
#pragma HLS PIPELINE II = 1 style = flp
    const word w = in.read();
    if (i < E::BEATS) {
      places[i][0] = w.to_uint();
    } else if (i < E::BEATS + E::ROWS * S::ROW_WORDS) {
      // The words move down, so that the row's first word is in row[0] when its last word comes.
      for (int k = 0; k + 1 < S::ROW_WORDS; ++k) {
#pragma HLS UNROLL
        row[k] = row[k + 1];
      }
      row[S::ROW_WORDS - 1] = w.to_uint();
      if (at == S::ROW_WORDS - 1) {
        for (int c = 0; c < E::CHAINS; ++c) {
#pragma HLS UNROLL
          for (int b = 0; b < E::BANKS; ++b) {
#pragma HLS UNROLL
            addresses[r][c * E::BANKS + b] = schedule_field<S::ADDRESS_BITS>(row, c * S::PART_BITS + b * S::ADDRESS_BITS);
            const std::uint32_t field = schedule_field<E::WEIGHT_BITS>(row, c * S::PART_BITS + E::BANKS * S::ADDRESS_BITS + b * E::WEIGHT_BITS);
            weights[r][c * E::BANKS + b] = static_cast<std::int32_t>(field << (32 - E::WEIGHT_BITS)) >> (32 - E::WEIGHT_BITS);
          }
          lasts[r][c] = schedule_field<1>(row, (c + 1) * S::PART_BITS - 1);
        }
        at = 0;
        ++r;
      } else {
        ++at;
      }
    } else {
      out.write(w);
    }
  }
}

// row_sums adds a row's products, over all banks of a chain, to the sums of its filter, one for each pixel.
template <class E>
void row_sums(const typename E::activation (&x)[E::BANKS][E::PX], const typename E::weight (&w)[E::BANKS], typename E::acc (&sum)[E::PX]) {
#pragma HLS INLINE
  constexpr int PACK = E::FIELD > 0 ? 2 : 1;
  constexpr int FIELD = E::FIELD > 0 ? E::FIELD : 1;
  constexpr std::int64_t OFFSET = std::int64_t{1} << (FIELD - 1);
  for (int p = 0; p < E::PX; p += PACK) {
#pragma HLS UNROLL
    const bool pair = PACK == 2 && p + 1 < E::PX;
    std::int64_t total = pair ? OFFSET : 0;
    for (int b = 0; b < E::BANKS; ++b) {
#pragma HLS UNROLL
      const std::int64_t upper = pair ? x[b][pair ? p + 1 : p].to_int() * (std::int64_t{1} << FIELD) : 0;
      const ap_int<(PACK - 1) * FIELD + E::IN_BITS + 1> factor = upper + x[b][p].to_int();
      total += factor.to_int64() * w[b].to_int();
    }
    const ap_int<48> chain = total;  // as wide as the sum of a DSP slice
    const std::int64_t whole = chain.to_int64();
    if (pair) {
      sum[p] = add_acc(sum[p], (whole & (2 * OFFSET - 1)) - OFFSET);
      sum[pair ? p + 1 : p] = add_acc(sum[pair ? p + 1 : p], whole >> FIELD);
    } else {
      sum[p] = add_acc(sum[p], whole);
    }
  }
}

// give writes the sums of chain c if its filter has ended.
template <class E, class out_fifo> void give(int c, bool row, const ap_uint<1> (&last)[E::CHAINS], const typename E::acc (&sum)[E::CHAINS][E::PX], out_fifo& out) {
#pragma HLS INLINE
  if (row && last[c] != ap_uint<1>(0)) {
    typename E::out_beat y;
#pragma HLS ARRAY_PARTITION variable = y.v complete
    for (int p = 0; p < E::PX; ++p) {
#pragma HLS UNROLL
      y.v[p] = sum[c][p];
    }
    out.write(y);
  }
}

template <class E, class in_fifo, class... Out>
void scheduled(const typename E::place (&places)[E::BEATS][1], const typename E::weight (&weights)[E::ROWS][E::CHAINS * E::BANKS],
               const typename E::address (&addresses)[E::ROWS][E::CHAINS * E::BANKS], const ap_uint<1> (&lasts)[E::ROWS][E::CHAINS],
               typename E::activation (&words)[E::CHAINS][E::BANKS][2 * scheduled_shape<E>::SIZE][E::PX], int images, in_fifo& in, Out&... out) {
  using S = scheduled_shape<E>;
  static_assert(E::CHAINS == static_cast<int>(sizeof...(Out)), "a chain for every output");
  constexpr int SPAN = E::ITERATIONS - E::LEAD;  // iterations that may read
  typename E::acc sum[E::CHAINS][E::PX];
#pragma HLS ARRAY_PARTITION variable = sum complete dim = 0
  for (int c = 0; c < E::CHAINS; ++c) {
#pragma HLS UNROLL
    for (int p = 0; p < E::PX; ++p) {
#pragma HLS UNROLL
      sum[c][p] = 0;
    }
  }
  int k = 0, share = 0, beat = 0, window = 0, left = images;
  bool reading = images > 0, running = false, half = false, done = images <= 0;
  while (!done) {
#pragma HLS PIPELINE II = 1 style = flp
// One half is written while the other is read.
#pragma HLS DEPENDENCE variable = words inter false
    // The pace: BEATS of SPAN iterations read. share grows by BEATS with each of them, and a read takes SPAN from it.
    const int more = share + E::BEATS;
    const bool paced = k >= E::LEAD, due = paced && more >= SPAN;
    if (paced) share = due ? more - SPAN : more;
    if (reading && due) {
      const typename E::in_beat x = in.read();
#pragma HLS ARRAY_PARTITION variable = x.v complete
      const int place = places[beat][0].to_int(), bank = place >> S::ADDRESS_BITS, to = (place & (S::SIZE - 1)) + (half ? S::SIZE : 0);
      for (int c = 0; c < E::CHAINS; ++c) {
#pragma HLS UNROLL
        for (int b = 0; b < E::BANKS; ++b) {
#pragma HLS UNROLL
          if (b == bank) {
            for (int p = 0; p < E::PX; ++p) {
#pragma HLS UNROLL
              words[c][b][to][p] = x.v[p];
            }
          }
        }
      }
      beat = beat == E::BEATS - 1 ? 0 : beat + 1;
    }

    const bool row = running && k < E::ROWS;
    const int r = k < E::ROWS ? k : 0;
    ap_uint<1> last[E::CHAINS];
#pragma HLS ARRAY_PARTITION variable = last complete
    for (int c = 0; c < E::CHAINS; ++c) {
#pragma HLS UNROLL
      last[c] = lasts[r][c];
      if (row) {
        typename E::activation x[E::BANKS][E::PX];
#pragma HLS ARRAY_PARTITION variable = x complete dim = 0
        typename E::weight w[E::BANKS];
#pragma HLS ARRAY_PARTITION variable = w complete
        for (int b = 0; b < E::BANKS; ++b) {
#pragma HLS UNROLL
          w[b] = weights[r][c * E::BANKS + b];
          const int from = addresses[r][c * E::BANKS + b].to_int() + (half ? 0 : S::SIZE);
          for (int p = 0; p < E::PX; ++p) {
#pragma HLS UNROLL
            x[b][p] = words[c][b][from][p];
          }
        }
        row_sums<E>(x, w, sum[c]);
      }
    }
    int c = 0;
    const int in_order[] = {(give<E>(c++, row, last, sum, out), 0)...};
    (void)in_order;
    for (int c0 = 0; c0 < E::CHAINS; ++c0) {
#pragma HLS UNROLL
      for (int p = 0; p < E::PX; ++p) {
#pragma HLS UNROLL
        if (row && last[c0] != ap_uint<1>(0)) sum[c0][p] = 0;
      }
    }

    if (k < E::ITERATIONS - 1) {
      ++k;
    } else {
      k = 0;
      half = !half;
      running = reading;
      const bool ends_image = reading && window == E::WINDOWS - 1;
      if (reading) window = ends_image ? 0 : window + 1;
      if (ends_image) reading = --left > 0;
      done = !reading && !running;
    }
  }
}

// load_ports fills the table of collect: the port of each filter.
template <class E> void load_ports(typename E::port (&ports)[E::FILTERS][1], int forward, hls::stream<word>& in, hls::stream<word>& out) {
  const int total = E::FILTERS + forward;
  for (int i = 0; i < total; ++i) {
#pragma HLS PIPELINE II = 1 style = flp
    const word w = in.read();
    if (i < E::FILTERS) {
      ports[i][0] = w.to_uint();
    } else {
      out.write(w);
    }
  }
}

template <class T, class in_fifo> void take_from(bool here, in_fifo& in, T& token) {
#pragma HLS INLINE
  if (here) token = in.read();
}

// collect brings the sums of all chains into the order of the filters: for each filter it forwards one token of the port that the
// table names.
template <class E, class out_fifo, class... In> void collect(const typename E::port (&ports)[E::FILTERS][1], int images, out_fifo& out, In&... in) {
  int filter = 0, window = 0, image = 0;
  while (image < images) {
#pragma HLS PIPELINE II = 1 style = flp
    const int port = ports[filter][0].to_int();
    typename E::beat token{};
#pragma HLS ARRAY_PARTITION variable = token.v complete
    int k = 0;
    const int in_order[] = {(take_from(port == k++, in, token), 0)...};
    (void)in_order;
    out.write(token);
    const bool ends_window = filter == E::FILTERS - 1, ends_image = ends_window && window == E::WINDOWS - 1;
    filter = ends_window ? 0 : filter + 1;
    if (ends_window) window = ends_image ? 0 : window + 1;
    if (ends_image) ++image;
  }
}

}  // namespace hass

#endif
