// The interface of the csim runtime for the testbench: golden tensors to compare the layers
// with, the order of the images in a call, and the report.
#ifndef HASS_RUNTIME_HPP
#define HASS_RUNTIME_HPP

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace hass {
namespace csim {

// The place of one tensor's golden values in data/golden_tensors.bin, and the process that
// writes the tensor. The file holds complete tensors (row, column, channel), image by image.
struct tensor_vectors {
  const char* process;
  const char* tensor;
  int h, w, c;      // size of the tensor
  int px, ch;       // pixels and channels per beat
  int bytes;        // per element, little endian
  bool is_signed;
  std::size_t offset;  // of the tensor within an image
};

// set_tensors sets the golden tensors. data holds them for all images, image_bytes per image.
void set_tensors(const tensor_vectors* table, int n, std::vector<unsigned char> data, std::size_t image_bytes);

// begin_call sets the golden image of each image of the next call of the top, and
// whether beat costs are recorded during it.
void begin_call(const std::vector<int>& order, bool record);

// mismatch counts n wrong words or elements of an output; only the first text is kept.
void mismatch(std::uint64_t n, const std::string& text);

// finish prints the verdict, writes the report and returns the exit code: 0 if there was no
// mismatch, otherwise 1.
int finish(int images);

// The path of the report, which is also written when the run ends early.
void set_report(const std::string& path);

}  // namespace csim
}  // namespace hass

#endif
