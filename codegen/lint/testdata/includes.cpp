// Includes that another machine would not find, or that pull in another world.
#include "/opt/xilinx/include/ap_int.h"  // want: include
#include "C:\hls\ap_int.h"               // want: include
#include "missing.hpp"                   // want: include
#include <thread>                        // want: include
#include <ap_int.h>

ap_uint<8> zero() { return 0; }
