// Library classes that change with the tool's version.
#include <hls_stream.h>
#include <hls_task.h>  // want: include

void body(hls::stream<hls::vector<int, 4>>& in);  // want: library

void top(hls::stream<int>& in) {
  hls::task t(body, in);  // want: library
}
