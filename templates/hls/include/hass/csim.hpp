// How processes and streams are compiled, in three settings:
//
//   Vitis synthesis        plain hls::stream and function calls
//   csim, our headers      bounded streams, every process a fibre: deadlocks are found
//   csim, AMD's headers    unbounded streams, processes called one after the other
//
// The header also declares the hooks by which csim observes the modules. They are empty
// in synthesis and are implemented in tb/runtime.cpp.
#ifndef HASS_CSIM_HPP
#define HASS_CSIM_HPP

#include <hls_stream.h>

#define HASS_PRAGMA_(X) _Pragma(#X)
#define HASS_PRAGMA(X) HASS_PRAGMA_(X)

#ifndef __SYNTHESIS__

#include <cstdint>

namespace hass {
namespace csim {

// The running process finished a beat in `cycles` cycles.
void beat_cost(int cycles);

// The running process is about to write n lanes of its tensor stream.
void check_lanes(const std::int32_t* lanes, int n);
bool checking();

// The running process is a sink and has completed n images.
void images_done(int n);

// Stops the run, naming the running process.
[[noreturn]] void fail(const char* what);

// run_process runs a process at once. add_process makes it a fibre, and run_processes runs all
// fibres until they end. body is called once, with argument.
void run_process(const char* name, void (*body)(void*), void* argument);
void add_process(const char* name, void (*body)(void*), void* argument);
void run_processes() noexcept;

// call_and_delete runs a closure that was made by new F.
template <class F> void call_and_delete(void* closure) {
  F* f = static_cast<F*>(closure);
  (*f)();
  delete f;
}
template <class F> void run_process(const char* name, F f) noexcept { run_process(name, call_and_delete<F>, new F(f)); }
template <class F> void add_process(const char* name, F f) noexcept { add_process(name, call_and_delete<F>, new F(f)); }

template <class B> void check(const B& beat) {
  if (!checking()) return;
  std::int32_t lanes[B::LANES];
  for (int i = 0; i < B::LANES; ++i) lanes[i] = beat.v[i].to_int();
  check_lanes(lanes, B::LANES);
}

}  // namespace csim
}  // namespace hass

#define HASS_BEAT_COST(CYCLES) ::hass::csim::beat_cost(CYCLES)
#define HASS_CHECK(BEAT) ::hass::csim::check(BEAT)
#define HASS_IMAGES_DONE(N) ::hass::csim::images_done(N)
#define HASS_ASSERT(COND, WHAT) \
  do {                          \
    if (!(COND)) ::hass::csim::fail(WHAT); \
  } while (0)

#else

#define HASS_BEAT_COST(CYCLES)
#define HASS_CHECK(BEAT)
#define HASS_IMAGES_DONE(N)
#define HASS_ASSERT(COND, WHAT)

#endif

// HASS_STREAM declares the FIFO s_NAME of DEPTH tokens between two processes, in a MEMORY (lutram, bram, uram).
// HASS_SKIP_STREAM declares a FIFO that feeds a layer of two inputs and so may be a skip connection.
// HASS_WIDE_STREAM declares a FIFO whose tokens have several parts (wide.hpp).
// HASS_PROCESS(NAME, CALL) runs a process of the dataflow region, and HASS_RUN() ends the region.
#if defined(HASS_BOUNDED_STREAMS) && !defined(__SYNTHESIS__)
#define HASS_STREAM(TYPE, NAME, DEPTH, WRITER, READER, MEMORY) hls::stream<TYPE> s_##NAME(#NAME, DEPTH, #WRITER, #READER, false)
#define HASS_SKIP_STREAM(TYPE, NAME, DEPTH, WRITER, READER, MEMORY) hls::stream<TYPE> s_##NAME(#NAME, DEPTH, #WRITER, #READER, true)
#define HASS_WIDE_STREAM(TYPE, NAME, DEPTH, WRITER, READER, MEMORY) ::hass::wide_stream<TYPE> s_##NAME(#NAME, DEPTH, #WRITER, #READER, false)
#define HASS_PROCESS(NAME, ...) ::hass::csim::add_process(#NAME, [&] { __VA_ARGS__; })
#define HASS_RUN() ::hass::csim::run_processes()
#else
#define HASS_STREAM(TYPE, NAME, DEPTH, WRITER, READER, MEMORY) \
  hls::stream<TYPE> s_##NAME(#NAME);                            \
  HASS_PRAGMA(HLS STREAM variable = s_##NAME depth = DEPTH)     \
  HASS_PRAGMA(HLS BIND_STORAGE variable = s_##NAME type = fifo impl = MEMORY)
#define HASS_SKIP_STREAM(TYPE, NAME, DEPTH, WRITER, READER, MEMORY) HASS_STREAM(TYPE, NAME, DEPTH, WRITER, READER, MEMORY)
#ifdef __SYNTHESIS__
#define HASS_WIDE_STREAM(TYPE, NAME, DEPTH, WRITER, READER, MEMORY) \
  ::hass::wide_stream<TYPE> s_##NAME;                                \
  HASS_PRAGMA(HLS STREAM variable = s_##NAME.parts depth = DEPTH)    \
  HASS_PRAGMA(HLS BIND_STORAGE variable = s_##NAME.parts type = fifo impl = MEMORY)
#define HASS_PROCESS(NAME, ...) __VA_ARGS__
#define HASS_RUN()
#else
#define HASS_WIDE_STREAM(TYPE, NAME, DEPTH, WRITER, READER, MEMORY) ::hass::wide_stream<TYPE> s_##NAME(#NAME)
#define HASS_PROCESS(NAME, ...) ::hass::csim::run_process(#NAME, [&] { __VA_ARGS__; })
#define HASS_RUN()
#endif
#endif

#endif
