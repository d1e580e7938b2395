// The device behind the fake XRT: kernels run their own C++, the accelerator included, as soon as
// their inputs are there. It is for designs with one output.
#include <cstdio>
#include <cstdlib>
#include <stdexcept>

#include "hass_top.hpp"
#include "xrt/xrt_kernel.h"

extern "C" void mm2s_input(const ap_uint<INPUT_BITS>* memory, hls::stream<design::input_axi>& stream, int images);
extern "C" void s2mm_output0(ap_uint<OUTPUT_BITS>* memory, hls::stream<design::output0_axi>& stream, int images);

namespace {

hls::stream<design::input_axi> input("input");
hls::stream<design::output0_axi> output("output0");
bool loaded = false;

struct job {
  std::string name;
  std::map<int, std::shared_ptr<xrt::bo::memory>> buffers;
  std::map<int, int> scalars;
};

// Data flows one way: the order below serves every run.
std::vector<job> waiting;

template <int BITS> std::vector<ap_uint<BITS>> words_of(const std::vector<char>& bytes) {
  std::vector<ap_uint<BITS>> v(bytes.size() / (BITS / 8));
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const int bit = static_cast<int>(i % (BITS / 8)) * 8;
    v[i / (BITS / 8)].range(bit + 7, bit) = static_cast<std::uint64_t>(static_cast<unsigned char>(bytes[i]));
  }
  return v;
}

void work() {
  for (const char* name : {"mm2s_input", "hass_top", "s2mm_output0"}) {
    for (std::size_t i = 0; i < waiting.size(); ++i) {
      job& j = waiting[i];
      if (j.name != name) continue;
      if (j.name == "mm2s_input") {
        mm2s_input(words_of<INPUT_BITS>(j.buffers.at(0)->card).data(), input, j.scalars.at(2));
      } else if (j.name == "hass_top") {
        std::vector<hass::word> weights = words_of<32>(j.buffers.at(2)->card);
        const int mode = j.scalars.at(3);
        if (mode == hass::MODE_RUN && !loaded) throw std::runtime_error("run before the weights are loaded");
        hass_top(input, output, weights.data(), mode, j.scalars.at(4));
        loaded = loaded || mode == hass::MODE_LOAD;
      } else {
        std::vector<ap_uint<OUTPUT_BITS>> v(j.buffers.at(0)->card.size() / (OUTPUT_BITS / 8));
        s2mm_output0(v.data(), output, j.scalars.at(2));
        for (std::size_t b = 0; b < j.buffers.at(0)->card.size(); ++b) {
          const int bit = static_cast<int>(b % (OUTPUT_BITS / 8)) * 8;
          j.buffers.at(0)->card[b] = static_cast<char>(v[b / (OUTPUT_BITS / 8)].range(bit + 7, bit).to_uint64());
        }
      }
      waiting.erase(waiting.begin() + static_cast<std::ptrdiff_t>(i));
      --i;
    }
  }
}

}  // namespace

namespace xrt {

struct run::state {
  job j;
  bool started = false;
};

device::device(unsigned index) {
  if (index > 0) throw std::runtime_error("no such device");
}

uuid device::load_xclbin(const std::string& path) {
  std::FILE* f = std::fopen(path.c_str(), "rb");
  if (f == nullptr) throw std::runtime_error(path + ": no such xclbin");
  std::fclose(f);
  uuid u;
  u.loaded = true;
  return u;
}

bo::bo(const device&, std::size_t bytes, memory_group) : m(std::make_shared<memory>()) {
  m->host.resize(bytes);
  m->card.resize(bytes);
}
void bo::write(const void* from) { write(from, m->host.size(), 0); }
void bo::write(const void* from, std::size_t bytes, std::size_t offset) {
  if (offset + bytes > m->host.size()) throw std::runtime_error("write beyond the buffer");
  const char* p = static_cast<const char*>(from);
  std::copy(p, p + bytes, m->host.begin() + static_cast<std::ptrdiff_t>(offset));
}
void bo::read(void* to) { std::copy(m->host.begin(), m->host.end(), static_cast<char*>(to)); }
void bo::sync(xclBOSyncDirection direction) {
  if (direction == XCL_BO_SYNC_BO_TO_DEVICE) {
    m->card = m->host;
  } else {
    if (std::getenv("HASS_FAKE_WRONG") != nullptr) m->card[0] = static_cast<char>(m->card[0] ^ 1);
    m->host = m->card;
  }
}

kernel::kernel(const device&, const uuid& id, const std::string& unit) {
  if (!id.loaded) throw std::runtime_error("no xclbin is loaded");
  const std::size_t at = unit.find(':');
  name = unit.substr(0, at);
  if (unit != name + ":{" + name + "_1}" || (name != "hass_top" && name != "mm2s_input" && name != "s2mm_output0"))
    throw std::runtime_error(unit + ": no such compute unit");
}
memory_group kernel::group_id(int argument) const {
  if (argument != (name == "hass_top" ? 2 : 0)) throw std::runtime_error("argument has no memory");
  return 0;
}

run::run(const kernel& k) : s(std::make_shared<state>()) { s->j.name = k.name; }
void run::set_arg(int index, const bo& b) {
  if (index != (s->j.name == "hass_top" ? 2 : 0)) throw std::runtime_error("argument is no buffer");
  s->j.buffers[index] = b.m;
}
void run::set_arg(int index, int value) {
  if (s->j.name == "hass_top" ? index != 3 && index != 4 : index != 2) throw std::runtime_error("argument is no scalar");
  s->j.scalars[index] = value;
}
void run::start() {
  if (s->started) throw std::runtime_error("started while running");
  s->started = true;
  waiting.push_back(s->j);
}
int run::wait() {
  if (!s->started) throw std::runtime_error("wait without a start");
  work();
  s->started = false;
  return 4;  // ERT_CMD_STATE_COMPLETED
}

}  // namespace xrt
