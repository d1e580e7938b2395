// Minimal stand-in for AMD's ap_axi_sdata.h: the AXI4-Stream word with data, keep,
// strb and last, without side channels of non-zero width.
#ifndef HASS_SIM_AP_AXI_SDATA_H
#define HASS_SIM_AP_AXI_SDATA_H

#include "ap_int.h"

namespace hls {

template <class T, int U, int I, int D> struct axis;

template <int W, int U, int I, int D> struct axis<ap_uint<W>, U, I, D> {
  static_assert(W % 8 == 0, "TDATA is whole bytes");
  static_assert(U == 0 && I == 0 && D == 0, "TUSER, TID and TDEST are not modelled");
  ap_uint<W> data;
  ap_uint<W / 8> keep;
  ap_uint<W / 8> strb;
  ap_uint<1> last;
};

}  // namespace hls

template <int W, int U, int I, int D> using ap_axiu = hls::axis<ap_uint<W>, U, I, D>;

#endif
