// Memory that nothing in hardware could give, and containers that take it.
#include <hls_stream.h>
#include <vector>  // want: include

void buffer(int n) {
  int* a = new int[16];  // want: allocation
  void* b = malloc(4);   // want: allocation
  std::vector<int> v(n);  // want: std
  delete[] a;            // want: allocation
}
