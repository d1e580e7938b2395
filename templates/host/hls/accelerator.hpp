// The accelerator as a kernel of Vitis HLS between data movers. Its buffers hold a given number of images.
#ifndef HASS_HOST_ACCELERATOR_HPP
#define HASS_HOST_ACCELERATOR_HPP

#include <xrt/xrt_bo.h>
#include <xrt/xrt_device.h>
#include <xrt/xrt_kernel.h>

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

#include "design.hpp"

namespace hass {

using bytes = std::vector<char>;

// The compute unit NAME_1: link.cfg makes one unit of each kernel.
inline xrt::kernel open_kernel(const xrt::device& device, const xrt::uuid& uuid, const std::string& name) {
  return xrt::kernel(device, uuid, name + ":{" + name + "_1}");
}

inline xrt::bo buffer_for(const xrt::device& device, const xrt::kernel& kernel, int argument, std::size_t size) {
  return xrt::bo(device, size, kernel.group_id(argument));
}

// A data mover with its buffer. The kernel's arguments are memory, stream and images.
struct mover {
  xrt::kernel kernel;
  xrt::bo buffer;
  xrt::run run;
  std::size_t size;
  mover(const xrt::device& device, const xrt::uuid& uuid, const std::string& name, std::size_t bytes)
      : kernel(open_kernel(device, uuid, name)), buffer(buffer_for(device, kernel, 0, bytes)), run(kernel), size(bytes) {
    run.set_arg(0, buffer);
  }
  void start(int images) {
    run.set_arg(2, images);
    run.start();
  }
};

class accelerator {
 public:
  // Loads the weights.
  accelerator(const xrt::device& device, const xrt::uuid& uuid, const bytes& weights, int images)
      : kernel_(open_kernel(device, uuid, hass_design::TOP)), run_(kernel_),
        sender_(device, uuid, std::string("mm2s_") + hass_design::INPUT.name, static_cast<std::size_t>(images) * hass_design::INPUT.bytes * hass_design::INPUT.words) {
    for (const hass_design::port& out : hass_design::OUTPUTS)
      receivers_.emplace_back(device, uuid, std::string("s2mm_") + out.name, static_cast<std::size_t>(images) * out.bytes * out.words);
    xrt::bo buffer = buffer_for(device, kernel_, hass_design::ARG_WEIGHTS, weights.size());
    buffer.write(weights.data());
    buffer.sync(XCL_BO_SYNC_BO_TO_DEVICE);
    run_.set_arg(hass_design::ARG_WEIGHTS, buffer);
    run_.set_arg(hass_design::ARG_MODE, hass_design::MODE_LOAD);
    run_.set_arg(hass_design::ARG_IMAGES, 0);
    run_.start();
    run_.wait();
  }
  // Writes words into the input buffer, from byte `at` on.
  void write(const bytes& words, std::size_t at) { sender_.buffer.write(words.data(), words.size(), at); }
  // Runs images. Gives the seconds from the first kernel's start to the last one's end.
  double run(int images) {
    sender_.buffer.sync(XCL_BO_SYNC_BO_TO_DEVICE);
    run_.set_arg(hass_design::ARG_MODE, hass_design::MODE_RUN);
    run_.set_arg(hass_design::ARG_IMAGES, images);
    const auto begin = std::chrono::steady_clock::now();
    for (mover& r : receivers_) r.start(images);
    run_.start();
    sender_.start(images);
    sender_.run.wait();
    run_.wait();
    for (mover& r : receivers_) r.run.wait();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  }
  // Reads all words of an output.
  bytes read(std::size_t output) {
    mover& r = receivers_[output];
    r.buffer.sync(XCL_BO_SYNC_BO_FROM_DEVICE);
    bytes words(r.size);
    r.buffer.read(words.data());
    return words;
  }

 private:
  xrt::kernel kernel_;
  xrt::run run_;
  mover sender_;
  std::vector<mover> receivers_;
};

}  // namespace hass

#endif
