// What the testbench needs from the csim runtime: golden tensors to compare the layers
// with, the order of the images in a call, and the report.
#ifndef HASS_RUNTIME_HPP
#define HASS_RUNTIME_HPP

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace hass {
namespace csim {

// Where the golden values of one tensor lie in data/golden_tensors.bin, and the process that
// writes it. The file holds complete tensors (row, column, channel), image by image.
struct tensor_vectors {
  const char* process;
  const char* tensor;
  int h, w, c;      // size of the tensor
  int px, ch;       // pixels and channels per beat
  int bytes;        // per element, little endian
  bool is_signed;
  std::size_t offset;  // of the tensor within an image
};

// set_tensors names the golden tensors. images of them are in data, image_bytes each.
void set_tensors(const tensor_vectors* table, int n, std::vector<unsigned char> data, std::size_t image_bytes);

// begin_call says which golden image each image of the next call of the top is, and
// whether beat costs are recorded during it.
void begin_call(const std::vector<int>& order, bool record);

// mismatch counts n wrong words or elements of an output; the first text is kept.
void mismatch(std::uint64_t n, const std::string& text);

// finish compares nothing more: it prints the verdict, writes the report to path and returns the
// exit code, 0 if there was no mismatch, else 1.
int finish(int images);

// The path of the report, which is also written when the run ends early.
void set_report(const std::string& path);

}  // namespace csim
}  // namespace hass

#endif
