// A fortified longjmp would report a change of stacks as an error.
#undef _FORTIFY_SOURCE

// The csim runtime: runs the processes of the dataflow region as fibres over bounded
// streams, finds deadlocks, compares layers with golden tensors and writes the report.
// It is not part of the hardware.
#include "runtime.hpp"

#include <cstdio>
#include <cstdlib>
#include <deque>
#include <map>
#include <memory>

#include "hass/csim.hpp"

#ifdef HASS_BOUNDED_STREAMS
#include <setjmp.h>
#include <ucontext.h>
#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/common_interface_defs.h>
#endif
#endif

namespace hass_sim {

// A process of the dataflow region. It lives for the whole program, so that its
// counts add up over the calls of the top.
struct process {
  std::string name;
  void (*body)(void*) = nullptr;
  void* argument = nullptr;

  // Observations.
  std::vector<std::uint64_t> cost;  // number of beats, by their cycles
  int images = -1;                  // completed by this sink in this call
  const hass::csim::tensor_vectors* tensor = nullptr;
  std::size_t call_image = 0;  // position of the next beat: image of the call,
  int row = 0, col = 0, chan = 0;
  std::uint64_t wrong = 0;  // elements
  std::string first_wrong;

#ifdef HASS_BOUNDED_STREAMS
  bool live = false;
  bool started = false;  // in this call
  ucontext_t context;
  jmp_buf jump;
  std::unique_ptr<char[]> stack;
  void* fake_stack = nullptr;
  fifo* blocked = nullptr;
  bool full = false;
#endif
};

namespace {

struct state {
  std::vector<std::unique_ptr<process>> processes;  // in the order of the dataflow region
  std::map<std::string, process*> by_name;
  process* current = nullptr;

  std::vector<int> order;
  bool record = false;

  std::vector<hass::csim::tensor_vectors> tensors;
  std::vector<unsigned char> golden;
  std::size_t image_bytes = 0;

  struct stream {
    std::string name;
    std::size_t depth = 0, most = 0;
  };
  std::vector<stream> streams;  // in order of declaration
  std::map<std::string, std::size_t> stream_index;
#ifdef HASS_BOUNDED_STREAMS
  std::vector<const fifo*> fifos;  // of the call in progress
#endif

  std::string report = "csim_report.json";
  int images = 0;
  std::uint64_t mismatches = 0;
  std::string first_mismatch, deadlock, error;
};

state& st() {
  static state s;
  return s;
}

process& find_process(const char* name) {
  state& s = st();
  process*& p = s.by_name[name];
  if (p == nullptr) {
    s.processes.push_back(std::make_unique<process>());
    p = s.processes.back().get();
    p->name = name;
    for (const auto& t : s.tensors)
      if (p->name == t.process) p->tensor = &t;
  }
  return *p;
}

void write_string(std::FILE* f, const std::string& s) {
  std::fputc('"', f);
  for (const char c : s) {
    if (c == '"' || c == '\\') std::fputc('\\', f);
    std::fputc(static_cast<unsigned char>(c) < 0x20 ? ' ' : c, f);
  }
  std::fputc('"', f);
}

// collect adds the mismatches of all processes to the totals of the report.
void collect() {
  state& s = st();
  std::uint64_t inner = 0;
  std::string first;
  for (const auto& p : s.processes) {
    inner += p->wrong;
    if (first.empty()) first = p->first_wrong;
  }
  // A wrong layer is the cause of wrong outputs behind it, so it is reported first.
  if (!first.empty()) s.first_mismatch = first;
  s.mismatches += inner;
}

void write_report() {
  state& s = st();
  std::FILE* f = std::fopen(s.report.c_str(), "w");
  if (f == nullptr) {
    std::fprintf(stderr, "csim: cannot write %s\n", s.report.c_str());
    std::exit(1);
  }
  std::fprintf(f, "{\n  \"images\": %d,\n  \"mismatches\": %llu,\n  \"first_mismatch\": ", s.images, static_cast<unsigned long long>(s.mismatches));
  write_string(f, s.first_mismatch);
  std::fprintf(f, ",\n  \"deadlock\": ");
  write_string(f, s.deadlock);
  std::fprintf(f, ",\n  \"error\": ");
  write_string(f, s.error);
#ifdef HASS_BOUNDED_STREAMS
  std::fprintf(f, ",\n  \"bounded\": true");
#else
  std::fprintf(f, ",\n  \"bounded\": false");
#endif
  std::fprintf(f, ",\n  \"streams\": [");
  const char* sep = "\n";
  for (const auto& x : s.streams) {
    std::fprintf(f, "%s    {\"name\": \"%s\", \"depth\": %zu, \"max_occupancy\": %zu}", sep, x.name.c_str(), x.depth, x.most);
    sep = ",\n";
  }
  std::fprintf(f, "\n  ],\n  \"engines\": [");
  sep = "\n";
  for (const auto& p : s.processes) {
    if (p->cost.empty()) continue;
    std::fprintf(f, "%s    {\"name\": \"%s\", \"beats_by_cycles\": [", sep, p->name.c_str());
    for (std::size_t i = 0; i < p->cost.size(); ++i) std::fprintf(f, "%s%llu", i > 0 ? ", " : "", static_cast<unsigned long long>(p->cost[i]));
    std::fprintf(f, "]}");
    sep = ",\n";
  }
  std::fprintf(f, "\n  ]\n}\n");
  if (std::ferror(f) != 0 || std::fclose(f) != 0) {
    std::fprintf(stderr, "csim: cannot write %s\n", s.report.c_str());
    std::exit(1);
  }
}

#ifdef HASS_BOUNDED_STREAMS
void note_occupancy(const fifo& f) {
  state::stream& x = st().streams[st().stream_index[f.name]];
  if (f.most > x.most) x.most = f.most;
}
#endif

// stop ends a run in the middle of a call.
[[noreturn]] void stop(int code) {
#ifdef HASS_BOUNDED_STREAMS
  for (const fifo* f : st().fifos) note_occupancy(*f);
#endif
  collect();
  write_report();
  std::fflush(stdout);
  std::fflush(stderr);
  std::_Exit(code);  // not exit: this may run on a fibre
}

}  // namespace

#ifdef HASS_BOUNDED_STREAMS

namespace {

// Enough for the stack frames of a module; the sanitizers need more.
#if defined(__SANITIZE_ADDRESS__)
constexpr std::size_t STACK = std::size_t{1} << 20;
#else
constexpr std::size_t STACK = std::size_t{1} << 18;
#endif

struct scheduler {
#if defined(__SANITIZE_ADDRESS__)
  ucontext_t main;
#else
  jmp_buf main;
#endif
  std::vector<process*> live;  // of this call, in the order of the region
  std::deque<process*> ready;
  std::size_t running = 0;
  void* main_fake_stack = nullptr;
  const void* main_bottom = nullptr;
  std::size_t main_size = 0;
};

scheduler& sched() {
  static scheduler s;
  return s;
}

// With the address sanitizer a change of stacks must be announced and is done by
// swapcontext. Otherwise _setjmp changes stacks without a system call.
#if defined(__SANITIZE_ADDRESS__)

void to_main(process& p, bool ends) {
  __sanitizer_start_switch_fiber(ends ? nullptr : &p.fake_stack, sched().main_bottom, sched().main_size);
  swapcontext(&p.context, &sched().main);
  __sanitizer_finish_switch_fiber(p.fake_stack, &sched().main_bottom, &sched().main_size);
}

void to_fibre(process& p) {
  st().current = &p;
  __sanitizer_start_switch_fiber(&sched().main_fake_stack, p.stack.get(), STACK);
  swapcontext(&sched().main, &p.context);
  __sanitizer_finish_switch_fiber(sched().main_fake_stack, nullptr, nullptr);
  st().current = nullptr;
}

#else

void to_main(process& p, bool) {
  if (_setjmp(p.jump) == 0) _longjmp(sched().main, 1);
}

void to_fibre(process& p) {
  st().current = &p;
  if (_setjmp(sched().main) == 0) {
    if (p.started) _longjmp(p.jump, 1);
    p.started = true;
    setcontext(&p.context);
  }
  st().current = nullptr;
}

#endif

void fibre_main() {
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_finish_switch_fiber(nullptr, &sched().main_bottom, &sched().main_size);
#endif
  process& p = *st().current;
  p.body(p.argument);
  p.live = false;
  --sched().running;
  to_main(p, true);
}

// The deadlock message follows the waits from the first blocked process until they form a
// cycle, and names a full FIFO to enlarge, preferably one that feeds a two-input layer.
[[noreturn]] void deadlock() {
  state& s = st();
  process* at = nullptr;
  int image = -1;
  for (process* p : sched().live) {
    if (p->live && at == nullptr) at = p;
    if (p->images >= 0 && (image < 0 || p->images < image)) image = p->images;
  }
  std::vector<process*> path;
  std::map<process*, std::size_t> seen;
  while (at != nullptr && at->live) {
    const auto known = seen.find(at);
    if (known != seen.end()) {
      path.erase(path.begin(), path.begin() + static_cast<std::ptrdiff_t>(known->second));
      break;
    }
    seen[at] = path.size();
    path.push_back(at);
    const auto next = s.by_name.find(at->full ? at->blocked->reader : at->blocked->writer);
    at = next == s.by_name.end() ? nullptr : next->second;
  }
  const fifo* enlarge = nullptr;
  std::string text = "deadlock after " + std::to_string(image < 0 ? 0 : image) + " images:";
  for (std::size_t i = 0; i < path.size(); ++i) {
    const process& p = *path[i];
    text += (i > 0 ? ", " : " ") + p.name + " waits for " + (p.full ? "full" : "empty") + " FIFO " + p.blocked->name;
    if (p.full && (enlarge == nullptr || p.blocked->skip)) enlarge = p.blocked;
  }
  if (enlarge != nullptr) text += std::string("; enlarge FIFO ") + enlarge->name;
  s.deadlock = text;
  std::fprintf(stderr, "csim: %s\n", text.c_str());
  stop(3);
}

}  // namespace

fifo::fifo(const char* n, std::size_t d, const char* w, const char* r, bool k) noexcept : name(n), writer(w), reader(r), depth(d), skip(k) {
  if (depth == 0) return;
  state& s = st();
  if (s.stream_index.emplace(name, s.streams.size()).second) s.streams.push_back({name, depth, 0});
  s.fifos.push_back(this);
}

fifo::~fifo() {
  if (depth == 0) return;
  state& s = st();
  note_occupancy(*this);
  s.fifos.pop_back();  // FIFOs are destroyed in the opposite order
  if (held > 0) {
    s.error = std::string("FIFO ") + name + " still holds " + std::to_string(held) + " tokens at the end of a call";
    std::fprintf(stderr, "csim: %s\n", s.error.c_str());
    stop(1);
  }
}

void wait(fifo& f, bool full) {
  process* p = st().current;
  if (p == nullptr) {
    st().error = std::string("stream ") + f.name + " is read empty or written full outside the dataflow region";
    std::fprintf(stderr, "csim: %s\n", st().error.c_str());
    stop(1);
  }
  p->blocked = &f;
  p->full = full;
  f.waiting = p;
  to_main(*p, false);
}

void wake(process* p) { sched().ready.push_back(p); }

#endif

}  // namespace hass_sim

namespace hass {
namespace csim {

using hass_sim::process;
using hass_sim::st;

#ifdef HASS_BOUNDED_STREAMS

void run_process(const char* name, void (*body)(void*), void* argument) { add_process(name, body, argument); }

void add_process(const char* name, void (*body)(void*), void* argument) {
  process& p = hass_sim::find_process(name);
  p.body = body;
  p.argument = argument;
  p.live = true;
  p.started = false;
  p.images = -1;
  if (!p.stack) p.stack.reset(new char[hass_sim::STACK]);
  getcontext(&p.context);
  p.context.uc_stack.ss_sp = p.stack.get();
  p.context.uc_stack.ss_size = hass_sim::STACK;
  p.context.uc_link = nullptr;
  makecontext(&p.context, hass_sim::fibre_main, 0);
  hass_sim::scheduler& s = hass_sim::sched();
  s.live.push_back(&p);
  s.ready.push_back(&p);
  ++s.running;
}

void run_processes() noexcept {
  hass_sim::scheduler& s = hass_sim::sched();
  while (s.running > 0) {
    if (s.ready.empty()) hass_sim::deadlock();
    process* p = s.ready.front();
    s.ready.pop_front();
    hass_sim::to_fibre(*p);
  }
  s.live.clear();
  s.ready.clear();
}

#else

void run_process(const char* name, void (*body)(void*), void* argument) {
  process& p = hass_sim::find_process(name);
  st().current = &p;
  body(argument);
  st().current = nullptr;
}

void add_process(const char* name, void (*body)(void*), void* argument) { run_process(name, body, argument); }
void run_processes() noexcept {}

#endif

void beat_cost(int cycles) {
  process* p = st().current;
  if (!st().record || p == nullptr) return;
  if (p->cost.size() <= static_cast<std::size_t>(cycles)) p->cost.resize(static_cast<std::size_t>(cycles) + 1);
  ++p->cost[static_cast<std::size_t>(cycles)];
}

void images_done(int n) {
  process* p = st().current;
  if (p != nullptr) p->images = n == 0 ? 0 : p->images + n;
}

bool checking() { return st().current != nullptr && st().current->tensor != nullptr; }

void check_lanes(const std::int32_t* lanes, int) {
  hass_sim::state& s = st();
  process& p = *s.current;
  const tensor_vectors& t = *p.tensor;
  if (p.call_image >= s.order.size()) return;
  const std::size_t image = static_cast<std::size_t>(s.order[p.call_image]);
  const std::size_t at = image * s.image_bytes + t.offset;
  if ((image + 1) * s.image_bytes <= s.golden.size()) {
    for (int px = 0; px < t.px && p.col + px < t.w; ++px) {
      for (int c = 0; c < t.ch; ++c) {
        const std::size_t e = (static_cast<std::size_t>(p.row) * static_cast<std::size_t>(t.w) + static_cast<std::size_t>(p.col + px)) * static_cast<std::size_t>(t.c) +
                              static_cast<std::size_t>(p.chan + c);
        const unsigned char* b = &s.golden[at + e * static_cast<std::size_t>(t.bytes)];
        std::int32_t want = b[0];
        if (t.bytes == 2) want |= b[1] << 8;
        if (t.is_signed) want = t.bytes == 2 ? static_cast<std::int16_t>(want) : static_cast<std::int8_t>(want);
        const std::int32_t got = lanes[px * t.ch + c];
        if (got == want) continue;
        if (p.wrong++ == 0) {
          p.first_wrong = "process " + p.name + ", tensor " + t.tensor + ", image " + std::to_string(image) + ", row " + std::to_string(p.row) + ", column " +
                          std::to_string(p.col + px) + ", channel " + std::to_string(p.chan + c) + ": got " + std::to_string(got) + ", want " + std::to_string(want);
        }
      }
    }
  }
  if ((p.chan += t.ch) < t.c) return;
  p.chan = 0;
  if ((p.col += t.px) < t.w) return;
  p.col = 0;
  if (++p.row < t.h) return;
  p.row = 0;
  ++p.call_image;
}

void fail(const char* what) {
  hass_sim::state& s = st();
  s.error = std::string(what) + " in process " + (s.current != nullptr ? s.current->name : "(none)");
  std::fprintf(stderr, "csim: %s\n", s.error.c_str());
  hass_sim::stop(1);
}

void set_tensors(const tensor_vectors* table, int n, std::vector<unsigned char> data, std::size_t image_bytes) {
  hass_sim::state& s = st();
  s.tensors.assign(table, table + n);
  s.golden = std::move(data);
  s.image_bytes = image_bytes;
}

void begin_call(const std::vector<int>& order, bool record) {
  hass_sim::state& s = st();
  s.order = order;
  s.record = record;
  for (auto& p : s.processes) {
    p->call_image = 0;
    p->row = p->col = p->chan = 0;
  }
}

void mismatch(std::uint64_t n, const std::string& text) {
  hass_sim::state& s = st();
  if (s.mismatches == 0) s.first_mismatch = text;
  s.mismatches += n;
}

void set_report(const std::string& path) { st().report = path; }

int finish(int images) {
  hass_sim::state& s = st();
  s.images = images;
  hass_sim::collect();
  hass_sim::write_report();
  if (s.mismatches == 0) {
    const char* what = images == 1 ? "image twice" : "images twice, in two orders";
    std::printf("csim: %d %s: every output and every checked layer equals the reference\n", images, what);
    return 0;
  }
  std::printf("csim: %llu mismatches; the first: %s\n", static_cast<unsigned long long>(s.mismatches), s.first_mismatch.c_str());
  return 1;
}

}  // namespace csim
}  // namespace hass
