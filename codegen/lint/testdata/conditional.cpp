// What synthesis does not see is not judged; what it sees is.
#ifndef __SYNTHESIS__
#include <vector>
std::vector<int> trace;
#endif
#if defined(HASS_BOUNDED_STREAMS) && !defined(__SYNTHESIS__)
static int counter;
#else
static int seen;  // want: static-state
#endif
#ifdef __SYNTHESIS__
#include <map>  // want: include
#endif
