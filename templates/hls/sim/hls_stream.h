// Minimal stand-in for AMD's hls_stream.h. Unlike AMD's, a stream here can have a
// depth: a process that writes a full stream or reads an empty one stops until
// its neighbour has moved, as the hardware does, and a deadlock is found. Streams
// declared without a depth (the ports of the top) are unbounded.
#ifndef HASS_SIM_HLS_STREAM_H
#define HASS_SIM_HLS_STREAM_H

#define HASS_BOUNDED_STREAMS 1

#include <cstddef>

namespace hass_sim {

struct process;

// The untyped part of a stream, for the scheduler.
struct fifo {
  const char *name, *writer, *reader;
  std::size_t depth = 0;  // tokens; 0 = unbounded
  bool skip = false;      // feeds a layer of two inputs
  std::size_t held = 0;   // tokens inside
  std::size_t most = 0;   // largest `held` so far
  process* waiting = nullptr;

  fifo(const char* n, std::size_t d, const char* w, const char* r, bool s) noexcept;
  fifo(const fifo&) = delete;
  fifo& operator=(const fifo&) = delete;
  ~fifo();
};

void wait(fifo& f, bool full);  // suspends the current process; the scheduler is in tb/runtime.cpp
void wake(process* p);

}  // namespace hass_sim

namespace hls {

template <class T> class stream : private hass_sim::fifo {
 public:
  stream() : stream("stream") {}
  explicit stream(const char* name) : stream(name, 0, "", "", false) {}
  // Not part of AMD's API; HASS_STREAM uses it. The top declares hundreds of streams;
  // with noexcept the compiler emits no code to unwind them.
  stream(const char* name, std::size_t depth, const char* writer, const char* reader, bool skip) noexcept
      : fifo(name, depth, writer, reader, skip), capacity_(depth > 0 ? depth : 64), slots_(new T[capacity_]) {}
  ~stream() { delete[] slots_; }

  T read() {
    while (held == 0) hass_sim::wait(*this, false);
    const T v = slots_[head_];
    if (++head_ == capacity_) head_ = 0;
    --held;
    if (waiting != nullptr) moved();
    return v;
  }
  void read(T& v) { v = read(); }
  void operator>>(T& v) { v = read(); }

  void write(const T& v) {
    if (depth == 0) {
      if (held == capacity_) grow();
    } else {
      while (held >= depth) hass_sim::wait(*this, true);
    }
    std::size_t at = head_ + held;
    if (at >= capacity_) at -= capacity_;
    slots_[at] = v;
    if (++held > most) most = held;
    if (waiting != nullptr) moved();
  }
  void operator<<(const T& v) { write(v); }

  bool empty() const { return held == 0; }
  std::size_t size() const { return held; }

 private:
  std::size_t capacity_;
  T* slots_;
  std::size_t head_ = 0;

  void moved() {
    hass_sim::process* p = waiting;
    waiting = nullptr;
    hass_sim::wake(p);
  }
  void grow() {
    T* more = new T[2 * capacity_];
    for (std::size_t i = 0; i < held; ++i) {
      more[i] = slots_[head_];
      if (++head_ == capacity_) head_ = 0;
    }
    delete[] slots_;
    slots_ = more;
    capacity_ *= 2;
    head_ = 0;
  }
};

}  // namespace hls

#endif
