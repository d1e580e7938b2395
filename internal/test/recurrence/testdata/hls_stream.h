// Stand-in for AMD's hls_stream.h by which IR shows the transfers: a token goes through calls of hls_rd and hls_wr, a call for
// each piece of it.
#ifndef HASS_RECURRENCE_HLS_STREAM_H
#define HASS_RECURRENCE_HLS_STREAM_H

extern "C" unsigned long hls_rd(void*) noexcept;
extern "C" void hls_wr(void*, unsigned long) noexcept;

namespace hass_sim {
template <int BYTES> struct piece;
template <> struct piece<1> { using type = unsigned char; };
template <> struct piece<2> { using type = unsigned short; };
template <> struct piece<4> { using type = unsigned int; };
template <> struct piece<8> { using type = unsigned long; };
}  // namespace hass_sim

namespace hls {
template <class T> class stream {
 public:
  stream() {}
  explicit stream(const char*) {}
  T read() {
    T v;
    for (unsigned i = 0; i < sizeof(T); i += sizeof(piece)) {
      const piece p = static_cast<piece>(hls_rd(this));
      __builtin_memcpy(reinterpret_cast<char*>(&v) + i, &p, sizeof p);
    }
    return v;
  }
  void write(const T& v) {
    for (unsigned i = 0; i < sizeof(T); i += sizeof(piece)) {
      piece p;
      __builtin_memcpy(&p, reinterpret_cast<const char*>(&v) + i, sizeof p);
      hls_wr(this, p);
    }
  }

 private:
  using piece = typename hass_sim::piece<alignof(T)>::type;
  char state_;
};
}  // namespace hls

#endif
