#ifndef FAKE_XRT_BO_H
#define FAKE_XRT_BO_H

#include <cstddef>
#include <memory>
#include <vector>

#include "xrt/xrt_device.h"

enum xclBOSyncDirection { XCL_BO_SYNC_BO_TO_DEVICE = 0, XCL_BO_SYNC_BO_FROM_DEVICE = 1 };

namespace xrt {

using memory_group = unsigned;

class bo {
 public:
  struct memory {
    std::vector<char> host, card;
  };
  std::shared_ptr<memory> m;
  bo() = default;
  bo(const device& d, std::size_t bytes, memory_group group);
  void write(const void* from);
  void write(const void* from, std::size_t bytes, std::size_t offset);
  void read(void* to);
  void sync(xclBOSyncDirection direction);
};

}  // namespace xrt

#endif
