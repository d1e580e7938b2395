#ifndef FAKE_XRT_KERNEL_H
#define FAKE_XRT_KERNEL_H

#include <map>
#include <memory>
#include <string>

#include "xrt/xrt_bo.h"

namespace xrt {

class kernel {
 public:
  std::string name;
  kernel(const device& d, const uuid& id, const std::string& unit);
  memory_group group_id(int argument) const;
};

class run {
 public:
  struct state;
  std::shared_ptr<state> s;
  explicit run(const kernel& k);
  void set_arg(int index, const bo& b);
  void set_arg(int index, int value);
  void start();
  int wait();
};

}  // namespace xrt

#endif
