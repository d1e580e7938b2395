// The top: ports, FIFOs and processes. Every FIFO has one writer and one reader.
#include "hass_top.hpp"

#include "ports.hpp"
#include "routing.hpp"
#include "layer_l0_conv.hpp"
#include "layer_l1_conv.hpp"
#include "layer_l2_conv.hpp"
#include "layer_l3_conv.hpp"
#include "layer_l4_add.hpp"

// The most processes that a DATAFLOW region may have.
#ifndef HASS_MAX_PROCESSES
#define HASS_MAX_PROCESSES 1024
#endif
static_assert(21 <= HASS_MAX_PROCESSES, "too many processes for one kernel: use larger gangs");

extern "C" void hass_top(hls::stream<design::input_axi>& input,
              hls::stream<design::output0_axi>& output0,
              const hass::word* weights,
              int mode,
              int images) {
#pragma HLS INTERFACE axis port = input
#pragma HLS INTERFACE axis port = output0
#pragma HLS INTERFACE m_axi port = weights offset = slave bundle = gmem depth = 268
#pragma HLS INTERFACE s_axilite port = weights bundle = control
#pragma HLS INTERFACE s_axilite port = mode bundle = control
#pragma HLS INTERFACE s_axilite port = images bundle = control
#pragma HLS INTERFACE s_axilite port = return bundle = control
#pragma HLS INTERFACE ap_ctrl_chain port = return
#pragma HLS DATAFLOW

  // FIFO: token type, name, depth, writer, reader.
  HASS_STREAM(design::u8_6x1, x, 1, input_source, l0_conv_window, lutram);
  HASS_STREAM(design::u8_6x1, l0_conv_beats, 1, l0_conv_window, l0_conv_scheduled, lutram);
  HASS_STREAM(design::acc22_6x1, l0_conv_sums0, 8, l0_conv_scheduled, l0_conv_collect, lutram);
  HASS_STREAM(design::acc22_6x1, l0_conv_sums1, 8, l0_conv_scheduled, l0_conv_collect, lutram);
  HASS_STREAM(design::acc22_6x1, l0_conv_sums2, 8, l0_conv_scheduled, l0_conv_collect, lutram);
  HASS_STREAM(design::acc22_6x1, l0_conv_acc, 2, l0_conv_collect, l0_conv_join, lutram);
  HASS_STREAM(design::s8_6x1, t1, 5, l0_conv_join, l1_conv_window, lutram);
  HASS_STREAM(design::s8_3x1, l1_conv_beats, 7, l1_conv_window, l1_conv_scheduled, lutram);
  HASS_STREAM(design::acc20_3x1, l1_conv_sums0, 8, l1_conv_scheduled, l1_conv_collect, lutram);
  HASS_STREAM(design::acc20_3x1, l1_conv_sums1, 8, l1_conv_scheduled, l1_conv_collect, lutram);
  HASS_STREAM(design::acc20_3x1, l1_conv_acc, 8, l1_conv_collect, l1_conv_join, lutram);
  HASS_STREAM(design::u8_3x1, t2, 7, l1_conv_join, t2_fork, lutram);
  HASS_STREAM(design::u8_3x1, t2_1, 7, t2_fork, l2_conv_window, lutram);
  HASS_STREAM(design::u8_3x1, t2_2, 3, t2_fork, l3_conv_window, lutram);
  HASS_STREAM(design::u8_2x1, l2_conv_beats, 8, l2_conv_window, l2_conv_scheduled, lutram);
  HASS_STREAM(design::acc20_2x1, l2_conv_sums0, 8, l2_conv_scheduled, l2_conv_collect, lutram);
  HASS_STREAM(design::acc20_2x1, l2_conv_sums1, 8, l2_conv_scheduled, l2_conv_collect, lutram);
  HASS_STREAM(design::acc20_2x1, l2_conv_sums2, 8, l2_conv_scheduled, l2_conv_collect, lutram);
  HASS_STREAM(design::acc20_2x1, l2_conv_acc, 5, l2_conv_collect, l2_conv_join, lutram);
  HASS_SKIP_STREAM(design::s8_2x1, t3, 4, l2_conv_join, l4_add_add, lutram);
  HASS_STREAM(design::u8_2x1, l3_conv_beats, 7, l3_conv_window, l3_conv_scheduled, lutram);
  HASS_STREAM(design::acc22_2x1, l3_conv_acc, 2, l3_conv_scheduled, l3_conv_join, lutram);
  HASS_STREAM(design::s8_2x1, t5, 8, l4_add_add, output0_sink, lutram);
  HASS_SKIP_STREAM(design::s8_2x1, t4, 1, l3_conv_join, l4_add_add, lutram);
  HASS_STREAM(hass::word, weights_chain0, 2, weights_loader, l0_conv_scheduled, lutram);
  HASS_STREAM(hass::word, weights_chain1, 2, l0_conv_scheduled, l0_conv_collect, lutram);
  HASS_STREAM(hass::word, weights_chain2, 2, l0_conv_collect, l0_conv_join, lutram);
  HASS_STREAM(hass::word, weights_chain3, 2, l0_conv_join, l1_conv_scheduled, lutram);
  HASS_STREAM(hass::word, weights_chain4, 2, l1_conv_scheduled, l1_conv_collect, lutram);
  HASS_STREAM(hass::word, weights_chain5, 2, l1_conv_collect, l1_conv_join, lutram);
  HASS_STREAM(hass::word, weights_chain6, 2, l1_conv_join, l2_conv_scheduled, lutram);
  HASS_STREAM(hass::word, weights_chain7, 2, l2_conv_scheduled, l2_conv_collect, lutram);
  HASS_STREAM(hass::word, weights_chain8, 2, l2_conv_collect, l2_conv_join, lutram);
  HASS_STREAM(hass::word, weights_chain9, 2, l2_conv_join, l3_conv_scheduled, lutram);
  HASS_STREAM(hass::word, weights_chain10, 2, l3_conv_scheduled, l3_conv_join, lutram);
  HASS_STREAM(hass::word, weights_chain11, 2, l3_conv_join, weights_end, lutram);

  HASS_PROCESS(weights_loader, design::weights_loader(weights, s_weights_chain0, mode));
  HASS_PROCESS(input_source, design::input_source(input, s_x, mode, images));
  HASS_PROCESS(l0_conv_window, design::l0_conv_window(s_x, s_l0_conv_beats, mode, images));
  HASS_PROCESS(l0_conv_scheduled, design::l0_conv_scheduled(s_l0_conv_beats, s_l0_conv_sums0, s_l0_conv_sums1, s_l0_conv_sums2, s_weights_chain0, s_weights_chain1, mode, images));
  HASS_PROCESS(l0_conv_collect, design::l0_conv_collect(s_l0_conv_sums0, s_l0_conv_sums1, s_l0_conv_sums2, s_l0_conv_acc, s_weights_chain1, s_weights_chain2, mode, images));
  HASS_PROCESS(l0_conv_join, design::l0_conv_join(s_l0_conv_acc, s_t1, s_weights_chain2, s_weights_chain3, mode, images));
  HASS_PROCESS(l1_conv_window, design::l1_conv_window(s_t1, s_l1_conv_beats, mode, images));
  HASS_PROCESS(l1_conv_scheduled, design::l1_conv_scheduled(s_l1_conv_beats, s_l1_conv_sums0, s_l1_conv_sums1, s_weights_chain3, s_weights_chain4, mode, images));
  HASS_PROCESS(l1_conv_collect, design::l1_conv_collect(s_l1_conv_sums0, s_l1_conv_sums1, s_l1_conv_acc, s_weights_chain4, s_weights_chain5, mode, images));
  HASS_PROCESS(l1_conv_join, design::l1_conv_join(s_l1_conv_acc, s_t2, s_weights_chain5, s_weights_chain6, mode, images));
  HASS_PROCESS(t2_fork, design::t2_fork(s_t2, s_t2_1, s_t2_2, mode, images));
  HASS_PROCESS(l2_conv_window, design::l2_conv_window(s_t2_1, s_l2_conv_beats, mode, images));
  HASS_PROCESS(l2_conv_scheduled, design::l2_conv_scheduled(s_l2_conv_beats, s_l2_conv_sums0, s_l2_conv_sums1, s_l2_conv_sums2, s_weights_chain6, s_weights_chain7, mode, images));
  HASS_PROCESS(l2_conv_collect, design::l2_conv_collect(s_l2_conv_sums0, s_l2_conv_sums1, s_l2_conv_sums2, s_l2_conv_acc, s_weights_chain7, s_weights_chain8, mode, images));
  HASS_PROCESS(l2_conv_join, design::l2_conv_join(s_l2_conv_acc, s_t3, s_weights_chain8, s_weights_chain9, mode, images));
  HASS_PROCESS(l3_conv_window, design::l3_conv_window(s_t2_2, s_l3_conv_beats, mode, images));
  HASS_PROCESS(l3_conv_scheduled, design::l3_conv_scheduled(s_l3_conv_beats, s_l3_conv_acc, s_weights_chain9, s_weights_chain10, mode, images));
  HASS_PROCESS(l3_conv_join, design::l3_conv_join(s_l3_conv_acc, s_t4, s_weights_chain10, s_weights_chain11, mode, images));
  HASS_PROCESS(l4_add_add, design::l4_add_add(s_t3, s_t4, s_t5, mode, images));
  HASS_PROCESS(output0_sink, design::output0_sink(s_t5, output0, mode, images));
  HASS_PROCESS(weights_end, design::weights_end(s_weights_chain11, mode));
  HASS_RUN();
}
