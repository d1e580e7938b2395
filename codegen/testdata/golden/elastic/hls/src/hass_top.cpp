// The top: ports, FIFOs and processes. Every FIFO has one writer and one reader.
#include "hass_top.hpp"

#include "ports.hpp"
#include "routing.hpp"
#include "layer_l0_conv.hpp"
#include "layer_l1_conv.hpp"
#include "layer_l2_conv.hpp"

// The most processes that a DATAFLOW region may have.
#ifndef HASS_MAX_PROCESSES
#define HASS_MAX_PROCESSES 1024
#endif
static_assert(25 <= HASS_MAX_PROCESSES, "too many processes for one kernel: use larger gangs");

extern "C" void hass_top(hls::stream<design::input_axi>& input,
              hls::stream<design::output0_axi>& output0,
              const hass::word* weights,
              int mode,
              int images) {
#pragma HLS INTERFACE axis port = input
#pragma HLS INTERFACE axis port = output0
#pragma HLS INTERFACE m_axi port = weights offset = slave bundle = gmem depth = 59
#pragma HLS INTERFACE s_axilite port = weights bundle = control
#pragma HLS INTERFACE s_axilite port = mode bundle = control
#pragma HLS INTERFACE s_axilite port = images bundle = control
#pragma HLS INTERFACE s_axilite port = return bundle = control
#pragma HLS INTERFACE ap_ctrl_chain port = return
#pragma HLS DATAFLOW

  // FIFO: token type, name, depth, writer, reader.
  HASS_STREAM(design::s8_1x2, x, 2, input_source, l0_conv_window, lutram);
  HASS_STREAM(design::s8_2x6, l0_conv_beats, 4, l0_conv_window, l0_conv_fork, lutram);
  HASS_STREAM(design::s8_2x2, l0_conv_beats0, 7, l0_conv_fork, l0_conv_engine0, lutram);
  HASS_STREAM(design::s8_2x2, l0_conv_beats1, 4, l0_conv_fork, l0_conv_engine1, lutram);
  HASS_STREAM(design::s8_2x2, l0_conv_beats2, 1, l0_conv_fork, l0_conv_engine2, lutram);
  HASS_STREAM(design::s8_2x2, l0_conv_beats3, 4, l0_conv_fork, l0_conv_engine3, lutram);
  HASS_STREAM(design::s8_2x2, l0_conv_beats4, 7, l0_conv_fork, l0_conv_engine4, lutram);
  HASS_STREAM(design::s8_2x2, l0_conv_beats5, 8, l0_conv_fork, l0_conv_engine5, lutram);
  HASS_STREAM(design::acc20_2x2, l0_conv_acc0, 5, l0_conv_engine0, l0_conv_join, lutram);
  HASS_STREAM(design::acc20_2x2, l0_conv_acc1, 4, l0_conv_engine1, l0_conv_join, lutram);
  HASS_STREAM(design::acc20_2x2, l0_conv_acc2, 5, l0_conv_engine2, l0_conv_join, lutram);
  HASS_STREAM(design::acc20_2x2, l0_conv_acc3, 1, l0_conv_engine3, l0_conv_join, lutram);
  HASS_STREAM(design::acc20_2x2, l0_conv_acc4, 3, l0_conv_engine4, l0_conv_join, lutram);
  HASS_STREAM(design::acc20_2x2, l0_conv_acc5, 3, l0_conv_engine5, l0_conv_join, lutram);
  HASS_STREAM(design::s8_2x4, t1_wide, 4, l0_conv_join, t1_convert, lutram);
  HASS_STREAM(design::s8_2x2, t1, 2, t1_convert, l1_conv_window, lutram);
  HASS_STREAM(design::s8_2x18, l1_conv_beats, 8, l1_conv_window, l1_conv_fork, lutram);
  HASS_STREAM(design::s8_2x6, l1_conv_beats0, 1, l1_conv_fork, l1_conv_engine0, lutram);
  HASS_STREAM(design::s8_2x6, l1_conv_beats1, 6, l1_conv_fork, l1_conv_engine1, lutram);
  HASS_STREAM(design::s8_2x6, l1_conv_beats2, 5, l1_conv_fork, l1_conv_engine2, lutram);
  HASS_STREAM(design::acc20_2x2, l1_conv_acc0, 7, l1_conv_engine0, l1_conv_join, lutram);
  HASS_STREAM(design::acc20_2x2, l1_conv_acc1, 4, l1_conv_engine1, l1_conv_join, lutram);
  HASS_STREAM(design::acc20_2x2, l1_conv_acc2, 8, l1_conv_engine2, l1_conv_join, lutram);
  HASS_STREAM(design::s8_2x2, t2, 3, l1_conv_join, l2_conv_window, lutram);
  HASS_STREAM(design::s8_1x4, l2_conv_beats, 4, l2_conv_window, l2_conv_fork, lutram);
  HASS_STREAM(design::s8_1x2, l2_conv_beats0, 6, l2_conv_fork, l2_conv_engine0, lutram);
  HASS_STREAM(design::s8_1x2, l2_conv_beats1, 8, l2_conv_fork, l2_conv_engine1, lutram);
  HASS_STREAM(design::acc19_1x1, l2_conv_acc0, 2, l2_conv_engine0, l2_conv_join, lutram);
  HASS_STREAM(design::acc19_1x1, l2_conv_acc1, 1, l2_conv_engine1, l2_conv_join, lutram);
  HASS_STREAM(design::s8_1x1, t3, 6, l2_conv_join, output0_sink, lutram);
  HASS_STREAM(hass::word, weights_chain0, 2, weights_loader, l0_conv_engine0, lutram);
  HASS_STREAM(hass::word, weights_chain1, 2, l0_conv_engine0, l0_conv_engine1, lutram);
  HASS_STREAM(hass::word, weights_chain2, 2, l0_conv_engine1, l0_conv_engine2, lutram);
  HASS_STREAM(hass::word, weights_chain3, 2, l0_conv_engine2, l0_conv_engine3, lutram);
  HASS_STREAM(hass::word, weights_chain4, 2, l0_conv_engine3, l0_conv_engine4, lutram);
  HASS_STREAM(hass::word, weights_chain5, 2, l0_conv_engine4, l0_conv_engine5, lutram);
  HASS_STREAM(hass::word, weights_chain6, 2, l0_conv_engine5, l0_conv_join, lutram);
  HASS_STREAM(hass::word, weights_chain7, 2, l0_conv_join, l1_conv_engine0, lutram);
  HASS_STREAM(hass::word, weights_chain8, 2, l1_conv_engine0, l1_conv_engine1, lutram);
  HASS_STREAM(hass::word, weights_chain9, 2, l1_conv_engine1, l1_conv_engine2, lutram);
  HASS_STREAM(hass::word, weights_chain10, 2, l1_conv_engine2, l1_conv_join, lutram);
  HASS_STREAM(hass::word, weights_chain11, 2, l1_conv_join, l2_conv_engine0, lutram);
  HASS_STREAM(hass::word, weights_chain12, 2, l2_conv_engine0, l2_conv_engine1, lutram);
  HASS_STREAM(hass::word, weights_chain13, 2, l2_conv_engine1, l2_conv_join, lutram);
  HASS_STREAM(hass::word, weights_chain14, 2, l2_conv_join, weights_end, lutram);

  HASS_PROCESS(weights_loader, design::weights_loader(weights, s_weights_chain0, mode));
  HASS_PROCESS(input_source, design::input_source(input, s_x, mode, images));
  HASS_PROCESS(l0_conv_window, design::l0_conv_window(s_x, s_l0_conv_beats, mode, images));
  HASS_PROCESS(l0_conv_fork, design::l0_conv_fork(s_l0_conv_beats, s_l0_conv_beats0, s_l0_conv_beats1, s_l0_conv_beats2, s_l0_conv_beats3, s_l0_conv_beats4, s_l0_conv_beats5, mode, images));
  HASS_PROCESS(l0_conv_engine0, design::l0_conv_engine0(s_l0_conv_beats0, s_l0_conv_acc0, s_weights_chain0, s_weights_chain1, mode, images));
  HASS_PROCESS(l0_conv_engine1, design::l0_conv_engine1(s_l0_conv_beats1, s_l0_conv_acc1, s_weights_chain1, s_weights_chain2, mode, images));
  HASS_PROCESS(l0_conv_engine2, design::l0_conv_engine2(s_l0_conv_beats2, s_l0_conv_acc2, s_weights_chain2, s_weights_chain3, mode, images));
  HASS_PROCESS(l0_conv_engine3, design::l0_conv_engine3(s_l0_conv_beats3, s_l0_conv_acc3, s_weights_chain3, s_weights_chain4, mode, images));
  HASS_PROCESS(l0_conv_engine4, design::l0_conv_engine4(s_l0_conv_beats4, s_l0_conv_acc4, s_weights_chain4, s_weights_chain5, mode, images));
  HASS_PROCESS(l0_conv_engine5, design::l0_conv_engine5(s_l0_conv_beats5, s_l0_conv_acc5, s_weights_chain5, s_weights_chain6, mode, images));
  HASS_PROCESS(l0_conv_join, design::l0_conv_join(s_l0_conv_acc0, s_l0_conv_acc1, s_l0_conv_acc2, s_l0_conv_acc3, s_l0_conv_acc4, s_l0_conv_acc5, s_t1_wide, s_weights_chain6, s_weights_chain7, mode, images));
  HASS_PROCESS(t1_convert, design::t1_convert(s_t1_wide, s_t1, mode, images));
  HASS_PROCESS(l1_conv_window, design::l1_conv_window(s_t1, s_l1_conv_beats, mode, images));
  HASS_PROCESS(l1_conv_fork, design::l1_conv_fork(s_l1_conv_beats, s_l1_conv_beats0, s_l1_conv_beats1, s_l1_conv_beats2, mode, images));
  HASS_PROCESS(l1_conv_engine0, design::l1_conv_engine0(s_l1_conv_beats0, s_l1_conv_acc0, s_weights_chain7, s_weights_chain8, mode, images));
  HASS_PROCESS(l1_conv_engine1, design::l1_conv_engine1(s_l1_conv_beats1, s_l1_conv_acc1, s_weights_chain8, s_weights_chain9, mode, images));
  HASS_PROCESS(l1_conv_engine2, design::l1_conv_engine2(s_l1_conv_beats2, s_l1_conv_acc2, s_weights_chain9, s_weights_chain10, mode, images));
  HASS_PROCESS(l1_conv_join, design::l1_conv_join(s_l1_conv_acc0, s_l1_conv_acc1, s_l1_conv_acc2, s_t2, s_weights_chain10, s_weights_chain11, mode, images));
  HASS_PROCESS(l2_conv_window, design::l2_conv_window(s_t2, s_l2_conv_beats, mode, images));
  HASS_PROCESS(l2_conv_fork, design::l2_conv_fork(s_l2_conv_beats, s_l2_conv_beats0, s_l2_conv_beats1, mode, images));
  HASS_PROCESS(l2_conv_engine0, design::l2_conv_engine0(s_l2_conv_beats0, s_l2_conv_acc0, s_weights_chain11, s_weights_chain12, mode, images));
  HASS_PROCESS(l2_conv_engine1, design::l2_conv_engine1(s_l2_conv_beats1, s_l2_conv_acc1, s_weights_chain12, s_weights_chain13, mode, images));
  HASS_PROCESS(l2_conv_join, design::l2_conv_join(s_l2_conv_acc0, s_l2_conv_acc1, s_t3, s_weights_chain13, s_weights_chain14, mode, images));
  HASS_PROCESS(output0_sink, design::output0_sink(s_t3, output0, mode, images));
  HASS_PROCESS(weights_end, design::weights_end(s_weights_chain14, mode));
  HASS_RUN();
}
