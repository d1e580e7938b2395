// Host program for XRT (2021.1 and later): loads the accelerator and its weights, runs the
// golden images, compares every output word with the reference and measures images per second.
//
//   xrt_host HASS.XCLBIN [DATA_FOLDER [REPEAT [DEVICE]]]
//
// DATA_FOLDER is the project's data (default: data). The golden images are run REPEAT times in
// one call (default 16); images/s counts from the first kernel's start to the last one's end,
// without the copies between host and card. Exit code 0: equal, 1: not, or an error.
#include <xrt/xrt_bo.h>
#include <xrt/xrt_device.h>
#include <xrt/xrt_kernel.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <stdexcept>
#include <string>
#include <vector>

#include "design.hpp"

namespace {

using bytes = std::vector<char>;

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

// A compute unit's kernel object: link.cfg makes one unit of each kernel, called NAME_1.
xrt::kernel open_kernel(const xrt::device& device, const xrt::uuid& uuid, const std::string& name) {
  return xrt::kernel(device, uuid, name + ":{" + name + "_1}");
}

xrt::bo buffer_for(const xrt::device& device, const xrt::kernel& kernel, int argument, std::size_t size) {
  return xrt::bo(device, size, kernel.group_id(argument));
}

// A data mover with its buffer. Its arguments are memory, stream and images.
struct mover {
  xrt::kernel kernel;
  xrt::bo buffer;
  xrt::run run;
  mover(const xrt::device& device, const xrt::uuid& uuid, const std::string& name, std::size_t size)
      : kernel(open_kernel(device, uuid, name)), buffer(buffer_for(device, kernel, 0, size)), run(kernel) {
    run.set_arg(0, buffer);
  }
  void start(int images) {
    run.set_arg(2, images);
    run.start();
  }
};

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
  xrt::kernel top = open_kernel(device, uuid, hass_design::TOP);

  xrt::bo weight_buffer = buffer_for(device, top, hass_design::ARG_WEIGHTS, weights.size());
  weight_buffer.write(weights.data());
  weight_buffer.sync(XCL_BO_SYNC_BO_TO_DEVICE);

  xrt::run accelerator(top);
  accelerator.set_arg(hass_design::ARG_WEIGHTS, weight_buffer);
  accelerator.set_arg(hass_design::ARG_MODE, hass_design::MODE_LOAD);
  accelerator.set_arg(hass_design::ARG_IMAGES, 0);
  accelerator.start();
  accelerator.wait();

  mover sender(device, uuid, std::string("mm2s_") + in.name, static_cast<std::size_t>(repeat) * golden_in.size());
  for (int i = 0; i < repeat; ++i) sender.buffer.write(golden_in.data(), golden_in.size(), static_cast<std::size_t>(i) * golden_in.size());
  sender.buffer.sync(XCL_BO_SYNC_BO_TO_DEVICE);
  std::vector<mover> receivers;
  for (const hass_design::port& out : hass_design::OUTPUTS)
    receivers.emplace_back(device, uuid, std::string("s2mm_") + out.name, static_cast<std::size_t>(images) * out.bytes * out.words);

  accelerator.set_arg(hass_design::ARG_MODE, hass_design::MODE_RUN);
  accelerator.set_arg(hass_design::ARG_IMAGES, images);
  const auto begin = std::chrono::steady_clock::now();
  for (mover& r : receivers) r.start(images);
  accelerator.start();
  sender.start(images);
  sender.run.wait();
  accelerator.wait();
  for (mover& r : receivers) r.run.wait();
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;

  int wrong = 0;
  std::size_t k = 0;
  for (const hass_design::port& out : hass_design::OUTPUTS) {
    const bytes want = read_file(folder + "/golden_" + out.name + ".bin", hass_design::GOLDEN_IMAGES * out.bytes * out.words);
    bytes got(static_cast<std::size_t>(images) * out.bytes * out.words);
    receivers[k].buffer.sync(XCL_BO_SYNC_BO_FROM_DEVICE);
    receivers[k].buffer.read(got.data());
    wrong += compare(out, want, got, images);
    ++k;
  }
  std::printf("%d images in %.6f s: %.1f images/s\n", images, took.count(), images / took.count());
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
