// Minimal stand-in for AMD's ap_int.h, so that the generated project compiles
// with g++ alone. It covers the documented calls that the project uses:
// construction and assignment (wrapping to W bits), to_int(), to_uint(),
// to_int64(), to_uint64(), comparison and range(). There is no arithmetic and no
// implicit conversion to a native integer on purpose: the sources compute in
// native integers, so nothing depends on AMD's rules for widening.
//
// A value of up to 64 bits is one native integer. Wider ap_uint exist for AXI words.
#ifndef HASS_SIM_AP_INT_H
#define HASS_SIM_AP_INT_H

#include <cstdint>
#include <type_traits>

template <int W> class ap_int;
template <int W> class ap_uint;

namespace hass_sim {

// The smallest native integer of at least W <= 64 bits.
template <int W, bool Signed> struct native {
  static_assert(W >= 1 && W <= 64, "a native integer has 1 to 64 bits");
  using s = std::conditional_t<(W <= 8), std::int8_t, std::conditional_t<(W <= 16), std::int16_t, std::conditional_t<(W <= 32), std::int32_t, std::int64_t>>>;
  using type = std::conditional_t<Signed, s, std::make_unsigned_t<s>>;
};

template <int W> constexpr std::int64_t wrap_signed(std::uint64_t v) {
  return static_cast<std::int64_t>(v << (64 - W)) >> (64 - W);
}

template <int W> constexpr std::uint64_t wrap_unsigned(std::uint64_t v) { return v << (64 - W) >> (64 - W); }

// A field of a value of native size, as x.range(hi, lo) returns it.
template <class A> class native_range {
 public:
  native_range(A& a, int hi, int lo) : a_(a), hi_(hi), lo_(lo) {}
  std::uint64_t to_uint64() const {
    const int n = hi_ - lo_ + 1;
    return (a_.to_uint64() >> lo_) & (~std::uint64_t{0} >> (64 - n));
  }
  native_range& operator=(std::uint64_t v) {
    const int n = hi_ - lo_ + 1;
    const std::uint64_t mask = (~std::uint64_t{0} >> (64 - n)) << lo_;
    a_ = A((a_.to_uint64() & ~mask) | ((v << lo_) & mask));
    return *this;
  }

 private:
  A& a_;
  int hi_, lo_;
};

// A field of at most 64 bits of a wide value.
template <class A> class wide_range {
 public:
  wide_range(A& a, int hi, int lo) : a_(a), hi_(hi), lo_(lo) {}
  std::uint64_t to_uint64() const { return a_.field(lo_, hi_ - lo_ + 1); }
  wide_range& operator=(std::uint64_t v) {
    a_.set_field(lo_, hi_ - lo_ + 1, v);
    return *this;
  }

 private:
  A& a_;
  int hi_, lo_;
};

}  // namespace hass_sim

template <int W> class ap_int {
  using T = typename hass_sim::native<W, true>::type;

 public:
  static constexpr int width = W;
  ap_int() = default;
  template <class I, class = std::enable_if_t<std::is_integral<I>::value>>
  constexpr ap_int(I v) : v_(static_cast<T>(hass_sim::wrap_signed<W>(static_cast<std::uint64_t>(v)))) {}
  template <int V> constexpr ap_int(const ap_int<V>& x) : ap_int(x.to_int64()) {}
  template <int V> constexpr ap_int(const ap_uint<V>& x) : ap_int(x.to_uint64()) {}

  constexpr int to_int() const { return static_cast<int>(v_); }
  constexpr unsigned to_uint() const { return static_cast<unsigned>(v_); }
  constexpr std::int64_t to_int64() const { return v_; }
  constexpr std::uint64_t to_uint64() const { return static_cast<std::uint64_t>(static_cast<std::int64_t>(v_)); }
  hass_sim::native_range<ap_int> range(int hi, int lo) { return {*this, hi, lo}; }
  constexpr bool operator==(const ap_int& o) const { return v_ == o.v_; }
  constexpr bool operator!=(const ap_int& o) const { return v_ != o.v_; }

 private:
  T v_;
};

// The one-word ap_uint, then the wide one.
namespace hass_sim {

template <int W> class uint_small {
  using T = typename native<W, false>::type;

 public:
  static constexpr int width = W;
  uint_small() = default;
  constexpr uint_small(std::uint64_t v, bool) : v_(static_cast<T>(wrap_unsigned<W>(v))) {}
  constexpr int to_int() const { return static_cast<int>(v_); }
  constexpr unsigned to_uint() const { return static_cast<unsigned>(v_); }
  constexpr std::int64_t to_int64() const { return static_cast<std::int64_t>(v_); }
  constexpr std::uint64_t to_uint64() const { return v_; }
  constexpr bool operator==(const uint_small& o) const { return v_ == o.v_; }
  constexpr bool operator!=(const uint_small& o) const { return v_ != o.v_; }

 private:
  T v_;
};

template <int W> class uint_wide {
 public:
  static constexpr int width = W;
  static constexpr int limbs = (W + 63) / 64;
  uint_wide() = default;
  // A negative number fills the upper bits with ones, except those beyond W.
  constexpr uint_wide(std::uint64_t v, bool negative) : v_{} {
    v_[0] = v;
    for (int i = 1; i < limbs; ++i) v_[i] = negative ? ~std::uint64_t{0} : 0;
    if (W % 64 != 0) v_[limbs - 1] &= ~std::uint64_t{0} >> ((64 - W % 64) % 64);
  }
  std::uint64_t to_uint64() const { return v_[0]; }
  bool operator==(const uint_wide& o) const {
    for (int i = 0; i < limbs; ++i)
      if (v_[i] != o.v_[i]) return false;
    return true;
  }
  bool operator!=(const uint_wide& o) const { return !(*this == o); }

  // The n <= 64 bits from bit lo on.
  std::uint64_t field(int lo, int n) const {
    const int w = lo / 64, s = lo % 64;
    std::uint64_t x = v_[w] >> s;
    if (s != 0 && w + 1 < limbs) x |= v_[w + 1] << (64 - s);
    return x & (~std::uint64_t{0} >> (64 - n));
  }
  void set_field(int lo, int n, std::uint64_t x) {
    const std::uint64_t mask = ~std::uint64_t{0} >> (64 - n);
    const int w = lo / 64, s = lo % 64;
    x &= mask;
    v_[w] = (v_[w] & ~(mask << s)) | (x << s);
    if (s + n > 64) v_[w + 1] = (v_[w + 1] & ~(mask >> (64 - s))) | (x >> (64 - s));
  }

 private:
  std::uint64_t v_[limbs];
};

template <int W> using uint_base = std::conditional_t<(W <= 64), uint_small<(W <= 64 ? W : 64)>, uint_wide<W>>;

}  // namespace hass_sim

template <int W> class ap_uint : public hass_sim::uint_base<W> {
  using base = hass_sim::uint_base<W>;

 public:
  ap_uint() = default;
  template <class I, class = std::enable_if_t<std::is_integral<I>::value>>
  constexpr ap_uint(I v) : base(static_cast<std::uint64_t>(v), v < I{0}) {}
  template <int V> constexpr ap_uint(const ap_int<V>& x) : base(x.to_uint64(), x.to_int64() < 0) {}
  template <int V, class = std::enable_if_t<(V <= 64 && V != W)>> constexpr ap_uint(const ap_uint<V>& x) : base(x.to_uint64(), false) {}

  using field_of_bits = std::conditional_t<(W <= 64), hass_sim::native_range<ap_uint>, hass_sim::wide_range<ap_uint>>;
  field_of_bits range(int hi, int lo) { return field_of_bits(*this, hi, lo); }
};

#endif
