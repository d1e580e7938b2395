// The board behind the fake pynq: the SystemVerilog's IP in Verilator with a DMA at every stream, driven by lines on the standard
// input. Numbers of streams come from streams.inc. An answer is a line: a number, words of a transfer in hexadecimal, ok, or error
// with the reason.
//
//   w OFFSET VALUE   writes a register
//   r OFFSET         reads one
//   send NAME HEX    begins a transfer from memory to a stream; sent NAME waits for its end
//   recv NAME BYTES  begins one to memory; got NAME waits for TLAST and answers with the bytes
#include <verilated.h>

#include <cstdint>
#include <cstring>
#include <iostream>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include "Vhass_ip.h"

double sc_time_stamp() { return 0; }

namespace {

Vhass_ip* top;
constexpr int PATIENCE = 300000;  // cycles without an end

struct transfer {
  std::vector<char> bytes;
  std::size_t at = 0;
  bool active = false, failed = false;
};
std::map<std::string, transfer> to, from;
template <class T> char* raw(T& signal) { return reinterpret_cast<char*>(&signal); }

void cycle() {
#define SENDER(name, width)                                                        \
  {                                                                                \
    transfer& t = to[#name];                                                       \
    top->s_axis_##name##_tvalid = t.active;                                        \
    if (t.active) {                                                                \
      std::memcpy(raw(top->s_axis_##name##_tdata), &t.bytes[t.at], width / 8);     \
      top->s_axis_##name##_tlast = t.at + width / 8 == t.bytes.size();             \
    }                                                                              \
  }
#define RECEIVER(name, width) top->m_axis_##name##_tready = from[#name].active;
#include "streams.inc"
#undef SENDER
#undef RECEIVER
  top->eval();
#define SENDER(name, width)                                              \
  {                                                                      \
    transfer& t = to[#name];                                             \
    if (t.active && top->s_axis_##name##_tready) {                       \
      t.at += width / 8;                                                 \
      t.active = t.at < t.bytes.size();                                  \
    }                                                                    \
  }
#define RECEIVER(name, width)                                                                           \
  {                                                                                                     \
    transfer& t = from[#name];                                                                          \
    if (t.active && top->m_axis_##name##_tvalid) {                                                      \
      if (t.at + width / 8 > t.bytes.size()) throw std::runtime_error("more words than the transfer of " #name " has room for"); \
      std::memcpy(&t.bytes[t.at], raw(top->m_axis_##name##_tdata), width / 8);                          \
      t.at += width / 8;                                                                                \
      if (top->m_axis_##name##_tlast) t.active = false, t.bytes.resize(t.at);                           \
    }                                                                                                   \
  }
#include "streams.inc"
#undef SENDER
#undef RECEIVER
  top->aclk = 1;
  top->eval();
  top->aclk = 0;
  top->eval();
}

void until(const CData& signal) {
  for (int i = 0; !signal; ++i) {
    if (i > 10000) throw std::runtime_error("a register gives no answer");
    cycle();
  }
}

void write_register(unsigned offset, std::uint32_t value) {
  top->s_axi_control_awaddr = offset;
  top->s_axi_control_wdata = value;
  top->s_axi_control_wstrb = 15;
  top->s_axi_control_awvalid = top->s_axi_control_wvalid = top->s_axi_control_bready = 1;
  top->eval();
  bool address = false, data = false;
  while (!address || !data) {
    const bool a = top->s_axi_control_awvalid && top->s_axi_control_awready, d = top->s_axi_control_wvalid && top->s_axi_control_wready;
    cycle();
    if (a) top->s_axi_control_awvalid = 0, address = true;
    if (d) top->s_axi_control_wvalid = 0, data = true;
    top->eval();
  }
  until(top->s_axi_control_bvalid);
  cycle();
}

std::uint32_t read_register(unsigned offset) {
  top->s_axi_control_araddr = offset;
  top->s_axi_control_arvalid = 1;
  top->s_axi_control_rready = 0;
  top->eval();
  until(top->s_axi_control_arready);
  cycle();
  top->s_axi_control_arvalid = 0;
  top->eval();
  until(top->s_axi_control_rvalid);
  const std::uint32_t value = top->s_axi_control_rdata;
  top->s_axi_control_rready = 1;
  cycle();
  top->s_axi_control_rready = 0;
  return value;
}

transfer& of(std::map<std::string, transfer>& list, const std::string& name) {
  const auto at = list.find(name);
  if (at == list.end()) throw std::runtime_error("no stream " + name);
  return at->second;
}

void finish(transfer& t, const std::string& name) {
  for (int i = 0; t.active; ++i) {
    if (i > PATIENCE) throw std::runtime_error("the transfer of " + name + " does not end");
    cycle();
  }
}

std::string answer(const std::string& command) {
  if (command == "w") {
    unsigned offset, value;
    std::cin >> offset >> value;
    write_register(offset, value);
    return "ok";
  }
  if (command == "r") {
    unsigned offset;
    std::cin >> offset;
    return std::to_string(read_register(offset));
  }
  std::string name;
  std::cin >> name;
  if (command == "send") {
    std::string hex;
    std::cin >> hex;
    transfer& t = of(to, name);
    if (t.active) throw std::runtime_error("two transfers of " + name);
    t = transfer();
    for (std::size_t i = 0; i + 1 < hex.size(); i += 2) t.bytes.push_back(static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16)));
    t.active = !t.bytes.empty();
    return "ok";
  }
  if (command == "sent") {
    finish(of(to, name), name);
    return "ok";
  }
  if (command == "recv") {
    std::size_t bytes;
    std::cin >> bytes;
    transfer& t = of(from, name);
    if (t.active) throw std::runtime_error("two transfers of " + name);
    t = transfer();
    t.bytes.resize(bytes);
    t.active = true;
    return "ok";
  }
  if (command == "got") {
    transfer& t = of(from, name);
    finish(t, name);
    std::string hex;
    for (char c : t.bytes) {
      static const char* digits = "0123456789abcdef";
      hex += digits[static_cast<unsigned char>(c) >> 4];
      hex += digits[c & 15];
    }
    return hex;
  }
  throw std::runtime_error("no command " + command);
}

}  // namespace

int main() {
#define SENDER(name, width) to[#name];
#define RECEIVER(name, width) from[#name];
#include "streams.inc"
#undef SENDER
#undef RECEIVER
  Verilated::randReset(2);
  top = new Vhass_ip;
  top->aclk = 0;
  top->aresetn = 0;
  top->s_axi_control_awvalid = top->s_axi_control_wvalid = top->s_axi_control_arvalid = 0;
  top->s_axi_control_bready = top->s_axi_control_rready = 0;
  for (int i = 0; i < 20; ++i) cycle();
  top->aresetn = 1;
  cycle();
  cycle();
  for (std::string command; std::cin >> command;) {
    try {
      std::cout << answer(command) << std::endl;
    } catch (const std::exception& e) {
      std::cout << "error " << e.what() << std::endl;
    }
  }
  return 0;
}
