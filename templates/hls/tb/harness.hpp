// The parts of the testbench that do not depend on the design.
#ifndef HASS_HARNESS_HPP
#define HASS_HARNESS_HPP

#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "hass/types.hpp"
#include "runtime.hpp"

namespace hass {

// read_file reads a data file of a known size, or ends the program.
inline std::vector<unsigned char> read_file(const std::string& path, std::size_t bytes) {
  std::vector<unsigned char> data(bytes + 1);
  std::FILE* f = std::fopen(path.c_str(), "rb");
  const std::size_t got = f == nullptr ? 0 : std::fread(data.data(), 1, data.size(), f);
  if (f != nullptr) std::fclose(f);
  if (f == nullptr || got != bytes) {
    std::fprintf(stderr, "csim: %s: %s\n", path.c_str(), f == nullptr ? "cannot be read" : "has another size than the design's");
    std::exit(1);
  }
  data.resize(bytes);
  return data;
}

inline std::vector<word> read_words(const std::string& path, std::size_t n) {
  const std::vector<unsigned char> b = read_file(path, 4 * n);
  std::vector<word> out(n);
  for (std::size_t i = 0; i < n; ++i) {
    out[i] = static_cast<std::uint32_t>(b[4 * i]) | static_cast<std::uint32_t>(b[4 * i + 1]) << 8 | static_cast<std::uint32_t>(b[4 * i + 2]) << 16 |
             static_cast<std::uint32_t>(b[4 * i + 3]) << 24;
  }
  return out;
}

// A port's golden words: BYTES bytes each, words per image.
struct port_vectors {
  const char* name;
  std::size_t bytes, words;
};

// feed writes images, in the given order, as AXI words with TLAST on the last of each.
template <class Axi> void feed(hls::stream<Axi>& to, const port_vectors& port, const std::vector<unsigned char>& data, const std::vector<int>& order) {
  for (const int image : order) {
    for (std::size_t w = 0; w < port.words; ++w) {
      Axi axi;
      axi.data = 0;
      const unsigned char* b = &data[(static_cast<std::size_t>(image) * port.words + w) * port.bytes];
      for (std::size_t i = 0; i < port.bytes; ++i) axi.data.range(static_cast<int>(8 * i + 7), static_cast<int>(8 * i)) = std::uint64_t{b[i]};
      axi.keep = -1;
      axi.strb = -1;
      axi.last = w == port.words - 1;
      to.write(axi);
    }
  }
}

// drain reads the words of all images and compares data and TLAST.
template <class Axi> void drain(hls::stream<Axi>& from, const port_vectors& port, const std::vector<unsigned char>& data, const std::vector<int>& order) {
  for (const int image : order) {
    for (std::size_t w = 0; w < port.words; ++w) {
      const std::string where = std::string(port.name) + ", image " + std::to_string(image) + ", word " + std::to_string(w);
      if (from.empty()) {
        csim::mismatch(1, where + ": missing");
        return;
      }
      Axi axi = from.read();
      const unsigned char* b = &data[(static_cast<std::size_t>(image) * port.words + w) * port.bytes];
      for (std::size_t i = 0; i < port.bytes; ++i) {
        const unsigned got = static_cast<unsigned>(axi.data.range(static_cast<int>(8 * i + 7), static_cast<int>(8 * i)).to_uint64());
        if (got != b[i]) {
          csim::mismatch(1, where + ", byte " + std::to_string(i) + ": got " + std::to_string(got) + ", want " + std::to_string(b[i]));
          break;
        }
      }
      const bool last = axi.last.to_uint() != 0;
      if (last != (w == port.words - 1)) csim::mismatch(1, where + (last ? ": TLAST before the end of the image" : ": no TLAST at the end of the image"));
    }
  }
  std::uint64_t extra = 0;
  for (; !from.empty(); ++extra) from.read();
  if (extra > 0) csim::mismatch(extra, std::string(port.name) + ": " + std::to_string(extra) + " words too many");
}

}  // namespace hass

#endif
