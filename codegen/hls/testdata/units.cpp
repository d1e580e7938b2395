// Drives single functions of the library: reads cases from standard input and prints
// results, which the Go test compares with the reference.
#include <cstdio>
#include <cstring>

#include <ap_axi_sdata.h>

#include "hass/hass.hpp"

namespace {

// cycles runs a selector until no lane is left. It gives -1 if a lane is taken twice or is none of the pairs, if a multiplier
// gets several, or one of a banked engine a lane of another bank.
template <hass::engine_kind KIND, int M, int N> int cycles(unsigned long long pairs) {
  using set = hass::lane_set<M>;
  using selector = hass::pair_selector<KIND, M, N>;
  typename selector::word state[selector::WORDS];
  selector::start(static_cast<set>(pairs), state);
  set left = static_cast<set>(pairs), take[N];
  for (int n = 1;; ++n) {
    const int base = (n - 1) * N;
    selector::cycle(state, base, take);
    for (int k = 0; k < N; ++k) {
      const set t = take[k];
      if ((t & (t - 1)) != 0 || (t & ~left) != 0) return -1;
      if (KIND == hass::BANKED && t != 0 && __builtin_ctzll(t) % N != k) return -1;
      left &= ~t;
    }
    if (selector::remains(state, base) != (left != 0)) return -1;
    if (left == 0) return n;
    if (n > M) return -1;
  }
}

int cost(int kind, int m, int n, unsigned long long pairs) {
#define CASE(M, N) \
  if (m == M && n == N) return kind == 1 ? cycles<hass::CROSSBAR, M, N>(pairs) : cycles<hass::BANKED, M, N>(pairs)
  CASE(2, 1);
  CASE(9, 3);
  CASE(9, 1);
  CASE(12, 4);
  CASE(16, 4);
  CASE(25, 5);
  CASE(64, 8);
  if (m == 9 && n == 4 && kind == 1) return cycles<hass::CROSSBAR, 9, 4>(pairs);
  if (m == 64 && n == 63 && kind == 1) return cycles<hass::CROSSBAR, 64, 63>(pairs);
  return -2;
}

template <int W> void wraps(long long v) {
  std::printf("%lld %llu\n", static_cast<long long>(ap_int<W>(v).to_int64()), static_cast<unsigned long long>(ap_uint<W>(v).to_uint64()));
}

}  // namespace

int main() {
  char what[16];
  while (std::scanf("%15s", what) == 1) {
    if (std::strcmp(what, "requant") == 0) {
      long long acc, lo, hi;
      int s, ties;
      if (std::scanf("%lld %d %d %lld %lld", &acc, &s, &ties, &lo, &hi) != 5) return 1;
      const long long q = hass::requant(acc, s, static_cast<hass::rounding>(ties), lo, hi);
      using narrow = hass::exact_int<31>;
      static_assert(sizeof(narrow) == 4, "31 bits and one for rounding are a native integer");
      if (acc >= -(1ll << 30) && acc < 1ll << 30 && hass::requant(static_cast<narrow>(acc), s, static_cast<hass::rounding>(ties), lo, hi) != q) {
        std::printf("of 32 bits another than ");
      }
      std::printf("%lld\n", q);
    } else if (std::strcmp(what, "cost") == 0) {
      int kind, m, n;
      unsigned long long pairs;
      if (std::scanf("%d %d %d %llu", &kind, &m, &n, &pairs) != 4) return 1;
      std::printf("%d\n", cost(kind, m, n, pairs));
    } else if (std::strcmp(what, "wrap") == 0) {
      int w;
      long long v;
      if (std::scanf("%d %lld", &w, &v) != 2) return 1;
      switch (w) {
        case 1: wraps<1>(v); break;
        case 3: wraps<3>(v); break;
        case 8: wraps<8>(v); break;
        case 9: wraps<9>(v); break;
        case 16: wraps<16>(v); break;
        case 17: wraps<17>(v); break;
        case 33: wraps<33>(v); break;
        case 62: wraps<62>(v); break;
        case 64: wraps<64>(v); break;
        default: return 1;
      }
    } else if (std::strcmp(what, "wide") == 0) {
      // A 200-bit word: all ones, then the field [lo, lo+n) set to v; prints the field and its
      // neighbours.
      int lo, n;
      unsigned long long v;
      if (std::scanf("%d %d %llu", &lo, &n, &v) != 3) return 1;
      ap_uint<200> x = -1;
      x.range(lo + n - 1, lo) = static_cast<std::uint64_t>(v);
      const unsigned long long below = lo > 0 ? x.range(lo - 1, lo - 1).to_uint64() : 1;
      const unsigned long long above = lo + n < 200 ? x.range(lo + n, lo + n).to_uint64() : 1;
      std::printf("%llu %llu %llu\n", static_cast<unsigned long long>(x.range(lo + n - 1, lo).to_uint64()), below, above);
    } else {
      return 1;
    }
  }
  return 0;
}
