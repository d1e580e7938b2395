// The card behind the fake XRT: the SystemVerilog's kernel in Verilator, with memory behind its masters and XRT's way of driving its
// registers. Offsets and numbers of arguments come from kernel.xml (HASS_FAKE_KERNEL), ports from ports.inc. Accesses that memory
// or AXI would refuse throw: pages crossed, addresses of no buffer, bursts that end early, requests that change.
//
// HASS_FAKE_STALL=SEED lets memory be late at random. HASS_FAKE_CYCLES bounds a call.
#include <verilated.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <fstream>
#include <random>
#include <sstream>
#include <stdexcept>

#include "Vhass_kernel.h"
#include "xrt/xrt_kernel.h"

double sc_time_stamp() { return 0; }

namespace {

constexpr std::uint64_t PAGE = 4096;

void put(char* to, const void* from, std::size_t n) { std::memcpy(to, from, n); }
template <class T> char* raw(T& signal) { return reinterpret_cast<char*>(&signal); }

struct region {
  std::uint64_t at;
  std::vector<char>* bytes;
};
std::vector<region> regions;
std::vector<std::shared_ptr<xrt::bo::memory>> kept;
std::uint64_t next_address = 0x400000000ull;

// The byte at an address. A beat may reach over a buffer's end, where memory has no more than garbage.
char* at_address(std::uint64_t address, std::size_t slack) {
  static char garbage;
  for (region& r : regions) {
    if (address >= r.at && address < r.at + r.bytes->size()) return &(*r.bytes)[address - r.at];
    if (address >= r.at && address < r.at + r.bytes->size() + slack) return garbage = 0x5a, &garbage;
  }
  std::ostringstream s;
  s << "address 0x" << std::hex << address << " of no buffer";
  throw std::runtime_error(s.str());
}

std::mt19937 rng;
bool stalls = false;
bool late() { return stalls && rng() % 4 == 0; }

void check_burst(std::uint64_t address, unsigned length, unsigned size, unsigned burst, std::size_t bytes) {
  if (burst != 1 || (1u << size) != bytes) throw std::runtime_error("burst of another kind");
  if (address % bytes != 0) throw std::runtime_error("burst at no beat");
  if (address / PAGE != (address + (length + 1) * bytes - 1) / PAGE) throw std::runtime_error("burst crosses a page");
}

struct reader {
  std::size_t bytes;
  struct burst {
    std::uint64_t at;
    unsigned left;
  };
  std::deque<burst> bursts;
  bool valid = false, held = false;
  std::uint64_t asked = 0;
  explicit reader(std::size_t n) : bytes(n) {}
};

struct writer {
  std::size_t bytes;
  std::uint64_t at = 0;
  unsigned left = 0, answers = 0, idle = 0;
  bool open = false, bvalid = false, held = false;
  std::uint64_t asked = 0;
  explicit writer(std::size_t n) : bytes(n) {}
};

Vhass_kernel* top;
#define READER(port, bits) reader r_##port(bits / 8);
#define WRITER(port, bits) writer w_##port(bits / 8);
#include "ports.inc"
#undef READER
#undef WRITER

// What memory shows before the edge.
void drive() {
#define READER(port, bits)                                                                           \
  top->port##_arready = !late() && r_##port.bursts.size() < 16;                                      \
  if (!r_##port.valid) r_##port.valid = !r_##port.bursts.empty() && !late();                         \
  top->port##_rvalid = r_##port.valid;                                                               \
  if (r_##port.valid) {                                                                              \
    reader::burst& b = r_##port.bursts.front();                                                      \
    for (std::size_t i = 0; i < r_##port.bytes; ++i) raw(top->port##_rdata)[i] = *at_address(b.at + i, r_##port.bytes); \
    top->port##_rlast = b.left == 1;                                                                 \
  }
#define WRITER(port, bits)                                                \
  top->port##_awready = !late() && !w_##port.open;                        \
  top->port##_wready = !late() && w_##port.open;                          \
  if (!w_##port.bvalid) w_##port.bvalid = w_##port.answers > 0 && !late(); \
  top->port##_bvalid = w_##port.bvalid;
#include "ports.inc"
#undef READER
#undef WRITER
}

struct taken {
  bool a, d, b;
};

// What memory takes at the edge.
void take() {
#define READER(port, bits)                                                                                        \
  if (r_##port.held && (!top->port##_arvalid || top->port##_araddr != r_##port.asked)) throw std::runtime_error("a request of " #port " has changed"); \
  r_##port.held = top->port##_arvalid && !top->port##_arready;                                                    \
  r_##port.asked = top->port##_araddr;                                                                            \
  if (r_##port.valid && top->port##_rready) {                                                                     \
    reader::burst& b = r_##port.bursts.front();                                                                   \
    b.at += r_##port.bytes;                                                                                       \
    if (--b.left == 0) r_##port.bursts.pop_front();                                                               \
    r_##port.valid = false;                                                                                       \
  }                                                                                                               \
  if (top->port##_arvalid && top->port##_arready) {                                                               \
    check_burst(top->port##_araddr, top->port##_arlen, top->port##_arsize, top->port##_arburst, r_##port.bytes);  \
    r_##port.bursts.push_back({top->port##_araddr, top->port##_arlen + 1u});                                      \
  }
#define WRITER(port, bits)                                                                                        \
  if (w_##port.held && (!top->port##_awvalid || top->port##_awaddr != w_##port.asked)) throw std::runtime_error("a request of " #port " has changed"); \
  w_##port.held = top->port##_awvalid && !top->port##_awready;                                                    \
  w_##port.asked = top->port##_awaddr;                                                                            \
  w_##port.idle = w_##port.open && !top->port##_wvalid ? w_##port.idle + 1 : 0;                                   \
  if (w_##port.idle > 4) throw std::runtime_error("a burst of " #port " waits for its data");                     \
  if (top->port##_wvalid && top->port##_wready) {                                                                 \
    for (std::size_t i = 0; i < w_##port.bytes; ++i)                                                              \
      if (top->port##_wstrb >> i & 1) *at_address(w_##port.at + i, 0) = raw(top->port##_wdata)[i];                \
    w_##port.at += w_##port.bytes;                                                                                \
    --w_##port.left;                                                                                              \
    if (top->port##_wlast != (w_##port.left == 0)) throw std::runtime_error("WLAST of " #port " is wrong");       \
    if (w_##port.left == 0) { w_##port.open = false; ++w_##port.answers; }                                        \
  }                                                                                                               \
  if (w_##port.bvalid && top->port##_bready) { w_##port.bvalid = false; --w_##port.answers; }                     \
  if (top->port##_awvalid && top->port##_awready) {                                                               \
    check_burst(top->port##_awaddr, top->port##_awlen, top->port##_awsize, top->port##_awburst, w_##port.bytes);  \
    w_##port.at = top->port##_awaddr;                                                                             \
    w_##port.left = top->port##_awlen + 1u;                                                                       \
    w_##port.open = true;                                                                                         \
  }
#include "ports.inc"
#undef READER
#undef WRITER
}

std::uint64_t cycles = 0;
void cycle() {
  drive();
  top->eval();
  take();
  top->ap_clk = 1;
  top->eval();
  top->ap_clk = 0;
  top->eval();
  ++cycles;
}

void wait_for(const CData& signal, const char* what) {
  for (int i = 0; !signal; ++i) {
    if (i > 100000) throw std::runtime_error(std::string(what) + ": no answer");
    cycle();
    top->eval();
  }
}

void write_register(unsigned offset, std::uint32_t value) {
  top->s_axi_control_awaddr = offset;
  top->s_axi_control_awvalid = 1;
  top->s_axi_control_wdata = value;
  top->s_axi_control_wstrb = 15;
  top->s_axi_control_wvalid = 1;
  top->s_axi_control_bready = 1;
  top->eval();
  bool address = false, data = false;
  for (int i = 0; !address || !data; ++i) {
    if (i > 1000) throw std::runtime_error("a write of a register is not taken");
    const bool a = top->s_axi_control_awvalid && top->s_axi_control_awready, d = top->s_axi_control_wvalid && top->s_axi_control_wready;
    cycle();
    if (a) top->s_axi_control_awvalid = 0, address = true;
    if (d) top->s_axi_control_wvalid = 0, data = true;
    top->eval();
  }
  wait_for(top->s_axi_control_bvalid, "a write of a register");
  cycle();
}

std::uint32_t read_register(unsigned offset) {
  top->s_axi_control_araddr = offset;
  top->s_axi_control_arvalid = 1;
  top->s_axi_control_rready = 0;
  top->eval();
  wait_for(top->s_axi_control_arready, "a read of a register");
  cycle();
  top->s_axi_control_arvalid = 0;
  top->eval();
  wait_for(top->s_axi_control_rvalid, "a read of a register");
  const std::uint32_t value = top->s_axi_control_rdata;
  top->s_axi_control_rready = 1;
  cycle();
  top->s_axi_control_rready = 0;
  return value;
}

// The arguments of kernel.xml.
struct argument {
  unsigned offset = 0, size = 0;
  bool pointer = false;
};
std::vector<argument> arguments() {
  std::ifstream in(std::getenv("HASS_FAKE_KERNEL"));
  std::vector<argument> list;
  for (std::string line; std::getline(in, line);) {
    if (line.find("<arg ") == std::string::npos) continue;
    const auto field = [&](const std::string& name) {
      const std::size_t at = line.find(" " + name + "=\"") + name.size() + 3;
      return line.substr(at, line.find('"', at) - at);
    };
    argument a;
    a.offset = static_cast<unsigned>(std::stoul(field("offset"), nullptr, 16));
    a.size = static_cast<unsigned>(std::stoul(field("size"), nullptr, 16));
    a.pointer = field("addressQualifier") == "1";
    list.push_back(a);
  }
  return list;
}

}  // namespace

namespace xrt {

struct run::state {
  bool started = false;
};

device::device(unsigned index) {
  if (index > 0) throw std::runtime_error("no such device");
}

uuid device::load_xclbin(const std::string& path) {
  std::FILE* f = std::fopen(path.c_str(), "rb");
  if (f == nullptr) throw std::runtime_error(path + ": no such xclbin");
  std::fclose(f);
  if (const char* seed = std::getenv("HASS_FAKE_STALL")) stalls = true, rng.seed(static_cast<unsigned>(std::atoi(seed)));
  Verilated::randReset(2);
  top = new Vhass_kernel;
  top->ap_clk = 0;
  top->ap_rst_n = 0;
  top->s_axi_control_awvalid = top->s_axi_control_wvalid = top->s_axi_control_arvalid = 0;
  top->s_axi_control_bready = top->s_axi_control_rready = 0;
  for (int i = 0; i < 20; ++i) {
    drive();
    top->ap_clk = 1;
    top->eval();
    top->ap_clk = 0;
    top->eval();
  }
  top->ap_rst_n = 1;
  cycle();
  cycle();
  uuid u;
  u.loaded = true;
  return u;
}

bo::bo(const device&, std::size_t bytes, memory_group) : m(std::make_shared<memory>()) {
  m->host.resize(bytes);
  m->card.resize(bytes);
  regions.push_back({next_address, &m->card});
  kept.push_back(m);
  next_address += (bytes / PAGE + 3) * PAGE;
}
void bo::write(const void* from) { write(from, m->host.size(), 0); }
void bo::write(const void* from, std::size_t bytes, std::size_t offset) {
  if (offset + bytes > m->host.size()) throw std::runtime_error("write beyond the buffer");
  std::memcpy(m->host.data() + offset, from, bytes);
}
void bo::read(void* to) { std::memcpy(to, m->host.data(), m->host.size()); }
void bo::sync(xclBOSyncDirection direction) {
  // The card's own bytes stay where they are: regions point to them.
  if (direction == XCL_BO_SYNC_BO_TO_DEVICE) std::memcpy(m->card.data(), m->host.data(), m->host.size());
  else std::memcpy(m->host.data(), m->card.data(), m->host.size());
}

kernel::kernel(const device&, const uuid& id, const std::string& unit) {
  if (!id.loaded) throw std::runtime_error("no xclbin is loaded");
  if (unit != "hass_kernel:{hass_kernel_1}") throw std::runtime_error(unit + ": no such compute unit");
  name = "hass_kernel";
}
memory_group kernel::group_id(int argument) const {
  if (!arguments().at(static_cast<std::size_t>(argument)).pointer) throw std::runtime_error("argument has no memory");
  return 0;
}

run::run(const kernel&) : s(std::make_shared<state>()) {}
void run::set_arg(int index, const bo& b) {
  const ::argument a = arguments().at(static_cast<std::size_t>(index));
  if (!a.pointer || a.size != 8) throw std::runtime_error("argument is no buffer");
  for (const region& r : regions) {
    if (r.bytes != &b.m->card) continue;
    write_register(a.offset, static_cast<std::uint32_t>(r.at));
    write_register(a.offset + 4, static_cast<std::uint32_t>(r.at >> 32));
  }
}
void run::set_arg(int index, int value) {
  const ::argument a = arguments().at(static_cast<std::size_t>(index));
  if (a.pointer || a.size != 4) throw std::runtime_error("argument is no scalar");
  write_register(a.offset, static_cast<std::uint32_t>(value));
}
void run::start() {
  if (s->started) throw std::runtime_error("started while running");
  if ((read_register(0) & 7) != 4) throw std::runtime_error("started while not idle");
  write_register(4, 1);
  write_register(8, 1);
  write_register(0, 1);
  s->started = true;
}
int run::wait() {
  if (!s->started) throw std::runtime_error("wait without a start");
  const char* most = std::getenv("HASS_FAKE_CYCLES");
  const std::uint64_t end = cycles + static_cast<std::uint64_t>(most != nullptr ? std::atoll(most) : 2000000);
  // The interrupt first; then done, once, and the status, which a write toggles.
  while (!top->__SYM__interrupt) {
    if (cycles > end) throw std::runtime_error("the kernel does not end");
    cycle();
    top->eval();
  }
  const std::uint32_t control = read_register(0);
  if ((control & 15) != 14) throw std::runtime_error("control is not done, idle and ready at the interrupt");
  if ((read_register(0) & 15) != 4) throw std::runtime_error("done is not cleared by reading");
  if (read_register(12) != 1) throw std::runtime_error("interrupt status is not done");
  write_register(12, 1);
  cycle();
  if (top->__SYM__interrupt) throw std::runtime_error("the interrupt is not cleared");
  if (std::getenv("HASS_FAKE_STATUS") != nullptr) {
    std::fprintf(stderr, "status %u images %u done %u waits %u\n", read_register(0x800), read_register(0x804), read_register(0x810), read_register(0x1000));
  }
  s->started = false;
  return 4;  // ERT_CMD_STATE_COMPLETED
}

}  // namespace xrt
