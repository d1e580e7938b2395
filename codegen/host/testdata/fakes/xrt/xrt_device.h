// Stand-in for XRT: the part of its native C++ API that hosts of ours use, over a device that
// runs the kernels' C++ (fake_device.cpp). Calls that XRT would refuse throw.
#ifndef FAKE_XRT_DEVICE_H
#define FAKE_XRT_DEVICE_H

#include <cstddef>
#include <string>

namespace xrt {

class uuid {
 public:
  bool loaded = false;
};

class device {
 public:
  explicit device(unsigned index);
  uuid load_xclbin(const std::string& path);
};

}  // namespace xrt

#endif
