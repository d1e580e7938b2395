// The accelerator as a kernel of SystemVerilog, which reads and writes memory itself. Its buffers hold a given number of
// images.
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

class accelerator {
 public:
  // Loads the weights.
  accelerator(const xrt::device& device, const xrt::uuid& uuid, const bytes& weights, int images)
      : kernel_(open_kernel(device, uuid, hass_design::TOP)), run_(kernel_),
        weights_(buffer_for(device, kernel_, hass_design::ARG_WEIGHTS, weights.size())),
        input_(buffer_for(device, kernel_, hass_design::ARG_INPUT, static_cast<std::size_t>(images) * hass_design::INPUT.bytes * hass_design::INPUT.words)) {
    run_.set_arg(hass_design::ARG_WEIGHTS, weights_);
    run_.set_arg(hass_design::ARG_INPUT, input_);
    for (const hass_design::port& out : hass_design::OUTPUTS) {
      const int argument = hass_design::ARG_INPUT + 1 + static_cast<int>(outputs_.size());
      sizes_.push_back(static_cast<std::size_t>(images) * out.bytes * out.words);
      outputs_.push_back(buffer_for(device, kernel_, argument, sizes_.back()));
      run_.set_arg(argument, outputs_.back());
    }
    weights_.write(weights.data());
    weights_.sync(XCL_BO_SYNC_BO_TO_DEVICE);
    run_.set_arg(hass_design::ARG_MODE, hass_design::MODE_LOAD);
    run_.set_arg(hass_design::ARG_IMAGES, 0);
    run_.start();
    run_.wait();
  }
  // Writes words into the input buffer, from byte `at` on.
  void write(const bytes& words, std::size_t at) { input_.write(words.data(), words.size(), at); }
  // Runs images. Gives the seconds from the kernel's start to its end.
  double run(int images) {
    input_.sync(XCL_BO_SYNC_BO_TO_DEVICE);
    run_.set_arg(hass_design::ARG_MODE, hass_design::MODE_RUN);
    run_.set_arg(hass_design::ARG_IMAGES, images);
    const auto begin = std::chrono::steady_clock::now();
    run_.start();
    run_.wait();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  }
  // Reads all words of an output.
  bytes read(std::size_t output) {
    outputs_[output].sync(XCL_BO_SYNC_BO_FROM_DEVICE);
    bytes words(sizes_[output]);
    outputs_[output].read(words.data());
    return words;
  }

 private:
  xrt::kernel kernel_;
  xrt::run run_;
  xrt::bo weights_, input_;
  std::vector<xrt::bo> outputs_;
  std::vector<std::size_t> sizes_;
};

}  // namespace hass

#endif
