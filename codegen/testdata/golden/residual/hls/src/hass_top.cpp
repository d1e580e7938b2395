// The top: ports, FIFOs and processes. Every FIFO has one writer and one reader.
#include "hass_top.hpp"

#include "ports.hpp"
#include "routing.hpp"
#include "layer_l0_conv.hpp"
#include "layer_l1_conv.hpp"
#include "layer_l2_add.hpp"
#include "layer_l3_globalpool.hpp"
#include "layer_l4_conv.hpp"

// The most processes that a DATAFLOW region may have.
#ifndef HASS_MAX_PROCESSES
#define HASS_MAX_PROCESSES 1024
#endif
static_assert(16 <= HASS_MAX_PROCESSES, "too many processes for one kernel: use larger gangs");

extern "C" void hass_top(hls::stream<design::input_axi>& input,
              hls::stream<design::output0_axi>& output0,
              const hass::word* weights,
              int mode,
              int images) {
#pragma HLS INTERFACE axis port = input
#pragma HLS INTERFACE axis port = output0
#pragma HLS INTERFACE m_axi port = weights offset = slave bundle = gmem depth = 108
#pragma HLS INTERFACE s_axilite port = weights bundle = control
#pragma HLS INTERFACE s_axilite port = mode bundle = control
#pragma HLS INTERFACE s_axilite port = images bundle = control
#pragma HLS INTERFACE s_axilite port = return bundle = control
#pragma HLS INTERFACE ap_ctrl_chain port = return
#pragma HLS DATAFLOW

  // FIFO: token type, name, depth, writer, reader.
  HASS_STREAM(design::s8_1x1, x, 7, input_source, l0_conv_window, lutram);
  HASS_STREAM(design::s8_1x3, l0_conv_beats0, 6, l0_conv_window, l0_conv_engine0, lutram);
  HASS_STREAM(design::acc20_1x1, l0_conv_acc0, 7, l0_conv_engine0, l0_conv_join, lutram);
  HASS_STREAM(design::s8_1x1, t1, 4, l0_conv_join, t1_fork, lutram);
  HASS_STREAM(design::s8_1x1, t1_1, 4, t1_fork, l1_conv_window, lutram);
  HASS_STREAM(design::s8_1x12, l1_conv_beats0, 7, l1_conv_window, l1_conv_engine0, lutram);
  HASS_STREAM(design::acc21_1x1, l1_conv_acc0, 6, l1_conv_engine0, l1_conv_join, lutram);
  HASS_SKIP_STREAM(design::s8_1x1, t2, 4, l1_conv_join, l2_add_add, lutram);
  HASS_STREAM(design::s8_1x1, t3, 2, l2_add_add, l3_globalpool_globalpool, lutram);
  HASS_STREAM(design::s8_1x1, t4, 5, l3_globalpool_globalpool, l4_conv_window, lutram);
  HASS_STREAM(design::s8_1x1, l4_conv_beats0, 8, l4_conv_window, l4_conv_engine0, lutram);
  HASS_STREAM(design::acc16_1x1, l4_conv_acc0, 5, l4_conv_engine0, l4_conv_join, lutram);
  HASS_STREAM(design::s8_1x1, t5, 5, l4_conv_join, output0_sink, lutram);
  HASS_SKIP_STREAM(design::s8_1x1, t1_2, 24, t1_fork, l2_add_add, lutram);
  HASS_STREAM(hass::word, weights_chain0, 2, weights_loader, l0_conv_engine0, lutram);
  HASS_STREAM(hass::word, weights_chain1, 2, l0_conv_engine0, l0_conv_join, lutram);
  HASS_STREAM(hass::word, weights_chain2, 2, l0_conv_join, l1_conv_engine0, lutram);
  HASS_STREAM(hass::word, weights_chain3, 2, l1_conv_engine0, l1_conv_join, lutram);
  HASS_STREAM(hass::word, weights_chain4, 2, l1_conv_join, l4_conv_engine0, lutram);
  HASS_STREAM(hass::word, weights_chain5, 2, l4_conv_engine0, l4_conv_join, lutram);
  HASS_STREAM(hass::word, weights_chain6, 2, l4_conv_join, weights_end, lutram);

  HASS_PROCESS(weights_loader, design::weights_loader(weights, s_weights_chain0, mode));
  HASS_PROCESS(input_source, design::input_source(input, s_x, mode, images));
  HASS_PROCESS(l0_conv_window, design::l0_conv_window(s_x, s_l0_conv_beats0, mode, images));
  HASS_PROCESS(l0_conv_engine0, design::l0_conv_engine0(s_l0_conv_beats0, s_l0_conv_acc0, s_weights_chain0, s_weights_chain1, mode, images));
  HASS_PROCESS(l0_conv_join, design::l0_conv_join(s_l0_conv_acc0, s_t1, s_weights_chain1, s_weights_chain2, mode, images));
  HASS_PROCESS(t1_fork, design::t1_fork(s_t1, s_t1_1, s_t1_2, mode, images));
  HASS_PROCESS(l1_conv_window, design::l1_conv_window(s_t1_1, s_l1_conv_beats0, mode, images));
  HASS_PROCESS(l1_conv_engine0, design::l1_conv_engine0(s_l1_conv_beats0, s_l1_conv_acc0, s_weights_chain2, s_weights_chain3, mode, images));
  HASS_PROCESS(l1_conv_join, design::l1_conv_join(s_l1_conv_acc0, s_t2, s_weights_chain3, s_weights_chain4, mode, images));
  HASS_PROCESS(l2_add_add, design::l2_add_add(s_t2, s_t1_2, s_t3, mode, images));
  HASS_PROCESS(l3_globalpool_globalpool, design::l3_globalpool_globalpool(s_t3, s_t4, mode, images));
  HASS_PROCESS(l4_conv_window, design::l4_conv_window(s_t4, s_l4_conv_beats0, mode, images));
  HASS_PROCESS(l4_conv_engine0, design::l4_conv_engine0(s_l4_conv_beats0, s_l4_conv_acc0, s_weights_chain4, s_weights_chain5, mode, images));
  HASS_PROCESS(l4_conv_join, design::l4_conv_join(s_l4_conv_acc0, s_t5, s_weights_chain5, s_weights_chain6, mode, images));
  HASS_PROCESS(output0_sink, design::output0_sink(s_t5, output0, mode, images));
  HASS_PROCESS(weights_end, design::weights_end(s_weights_chain6, mode));
  HASS_RUN();
}
