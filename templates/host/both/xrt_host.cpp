// Host program for XRT (2021.1 and later): loads the accelerator and its weights, runs the
// golden images, compares every output word with the reference and measures images per second.
//
//   xrt_host HASS.XCLBIN [DATA_FOLDER [REPEAT [DEVICE]]]
//
// DATA_FOLDER is the project's data (default: data). The golden images are run REPEAT times in
// one call (default 16). images/s counts from the first kernel's start to the last one's end,
// without the copies between host and card. Exit code 0: equal; 1: not equal, or an error.
#include <xrt/xrt_device.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <stdexcept>
#include <string>
#include <vector>

#include "accelerator.hpp"
#include "design.hpp"

namespace {

using hass::bytes;

bytes read_file(const std::string& path, std::size_t size) {
  std::ifstream in(path, std::ios::binary);
  if (!in) throw std::runtime_error(path + ": cannot be read");
  bytes data(size + 1);
  in.read(data.data(), static_cast<std::streamsize>(data.size()));
  if (static_cast<std::size_t>(in.gcount()) != size) throw std::runtime_error(path + ": has another size than the design's");
  data.resize(size);
  return data;
}

int positive(const char* text, const char* what, int least) {
  char* end = nullptr;
  const long v = std::strtol(text, &end, 10);
  if (end == text || *end != '\0' || v < least || v > 1000000) throw std::runtime_error(std::string(what) + " is no number in its range: " + text);
  return static_cast<int>(v);
}

int compare(const hass_design::port& port, const bytes& want, const bytes& got, int images) {
  const std::size_t image_bytes = port.bytes * port.words;
  int wrong = 0;
  for (std::size_t i = 0; i < got.size(); i += port.bytes) {
    const std::size_t image = i / image_bytes, word = i % image_bytes / port.bytes;
    const std::size_t golden = image % hass_design::GOLDEN_IMAGES * image_bytes + word * port.bytes;
    bool equal = true;
    for (std::size_t b = 0; b < port.bytes; ++b) equal = equal && got[i + b] == want[golden + b];
    if (equal) continue;
    if (++wrong == 1) std::cerr << "xrt_host: " << port.name << ", image " << image << ", word " << word << " differs from the reference\n";
  }
  std::cout << port.name << ": " << images << " images, " << wrong << " wrong words\n";
  return wrong;
}

int run(int argc, char** argv) {
  if (argc < 2 || argc > 5) throw std::runtime_error("usage: xrt_host HASS.XCLBIN [DATA_FOLDER [REPEAT [DEVICE]]]");
  const std::string folder = argc > 2 ? argv[2] : "data";
  const int repeat = argc > 3 ? positive(argv[3], "REPEAT", 1) : 16;
  const int index = argc > 4 ? positive(argv[4], "DEVICE", 0) : 0;
  const int images = repeat * hass_design::GOLDEN_IMAGES;

  const bytes weights = read_file(folder + "/weights.bin", 4 * hass_design::WEIGHT_WORDS);
  const hass_design::port& in = hass_design::INPUT;
  const bytes golden_in = read_file(folder + "/golden_" + in.name + ".bin", hass_design::GOLDEN_IMAGES * in.bytes * in.words);

  xrt::device device(static_cast<unsigned>(index));
  const xrt::uuid uuid = device.load_xclbin(std::string(argv[1]));
  hass::accelerator accelerator(device, uuid, weights, images);
  for (int i = 0; i < repeat; ++i) accelerator.write(golden_in, static_cast<std::size_t>(i) * golden_in.size());
  const double took = accelerator.run(images);

  int wrong = 0;
  std::size_t k = 0;
  for (const hass_design::port& out : hass_design::OUTPUTS) {
    const bytes want = read_file(folder + "/golden_" + out.name + ".bin", hass_design::GOLDEN_IMAGES * out.bytes * out.words);
    wrong += compare(out, want, accelerator.read(k), images);
    ++k;
  }
  std::printf("%d images in %.6f s: %.1f images/s\n", images, took, images / took);
  return wrong == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const std::exception& e) {
    std::cerr << "xrt_host: " << e.what() << "\n";
    return 1;
  }
}
