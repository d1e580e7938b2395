// The accelerator: AXI4-Stream ports for input, outputs and weights, and AXI4-Lite control with
// counters (hass_control.sv). Weights (108 words) are loaded once into on-chip memories. A run then
// takes images from the input.
//
//   s_axis_input    8-bit words, 64 per image
//   m_axis_output0  8-bit words, 3 per image, TLAST on the last
module hass_top #(
    parameter integer STATS = 1  // 0: no stall counters and high-water marks
) (
    input  wire aclk,
    input  wire aresetn,

    input  wire [15:0] s_axi_control_awaddr,
    input  wire s_axi_control_awvalid,
    output wire s_axi_control_awready,
    input  wire [31:0] s_axi_control_wdata,
    input  wire [3:0] s_axi_control_wstrb,
    input  wire s_axi_control_wvalid,
    output wire s_axi_control_wready,
    output wire [1:0] s_axi_control_bresp,
    output wire s_axi_control_bvalid,
    input  wire s_axi_control_bready,
    input  wire [15:0] s_axi_control_araddr,
    input  wire s_axi_control_arvalid,
    output wire s_axi_control_arready,
    output wire [31:0] s_axi_control_rdata,
    output wire [1:0] s_axi_control_rresp,
    output wire s_axi_control_rvalid,
    input  wire s_axi_control_rready,

    input  wire [31:0] s_axis_weights_tdata,
    input  wire s_axis_weights_tvalid,
    output wire s_axis_weights_tready,

    input  wire [7:0] s_axis_input_tdata,
    input  wire s_axis_input_tvalid,
    output wire s_axis_input_tready,

    output wire [7:0] m_axis_output0_tdata,
    output wire m_axis_output0_tvalid,
    output wire m_axis_output0_tlast,
    input  wire m_axis_output0_tready
);

  wire clk = aclk;
  reg rst;
  always_ff @(posedge clk) rst <= !aresetn;

  // Control.
  wire start, load, loading, loaded, load_failed;
  wire [31:0] images;
  wire [27:0] waits;
  wire [223:0] most;
  wire [0:0] image_done;
  assign image_done = m_axis_output0_tvalid && m_axis_output0_tready && m_axis_output0_tlast;
  hass_control #(
      .PROCESSES(14),
      .FIFOS(14),
      .OUTPUTS(1),
      .STATS(STATS)
  ) control (
      .clk,
      .rst,
      .s_axi_awaddr(s_axi_control_awaddr),
      .s_axi_awvalid(s_axi_control_awvalid),
      .s_axi_awready(s_axi_control_awready),
      .s_axi_wdata(s_axi_control_wdata),
      .s_axi_wstrb(s_axi_control_wstrb),
      .s_axi_wvalid(s_axi_control_wvalid),
      .s_axi_wready(s_axi_control_wready),
      .s_axi_bresp(s_axi_control_bresp),
      .s_axi_bvalid(s_axi_control_bvalid),
      .s_axi_bready(s_axi_control_bready),
      .s_axi_araddr(s_axi_control_araddr),
      .s_axi_arvalid(s_axi_control_arvalid),
      .s_axi_arready(s_axi_control_arready),
      .s_axi_rdata(s_axi_control_rdata),
      .s_axi_rresp(s_axi_control_rresp),
      .s_axi_rvalid(s_axi_control_rvalid),
      .s_axi_rready(s_axi_control_rready),
      .start,
      .images,
      .load,
      .loading,
      .loaded,
      .load_failed,
      .image_done,
      .waits,
      .most
  );

  // The weight chain.
  wire [6:0] chain_valid;
  wire [223:0] chain_word;
  hass_weights_head #(
  ) weights_head (
      .clk,
      .rst,
      .load,
      .loading,
      .s_axis_tdata(s_axis_weights_tdata),
      .s_axis_tvalid(s_axis_weights_tvalid),
      .s_axis_tready(s_axis_weights_tready),
      .next_valid(chain_valid[0]),
      .next_word(chain_word[31:0])
  );
  hass_weights_end #(
  ) weights_end (
      .clk,
      .rst,
      .load,
      .chain_valid(chain_valid[6]),
      .chain_word(chain_word[223:192]),
      .loaded,
      .load_failed
  );

  // FIFOs, from their writers to their readers.

  // input_source to l0_conv_window: 1px*1ch of 8 bits
  wire s_x__room, s_x__issue, s_x__push, s_x__valid, s_x__read, s_x__pop;
  wire [7:0] s_x__in, s_x__out;
  hass_fifo #(
      .WIDTH(8),
      .DEPTH(7),
      .BLOCK(0)
  ) s_x__fifo (
      .clk,
      .rst,
      .room(s_x__room),
      .issue(s_x__issue),
      .push(s_x__push),
      .in(s_x__in),
      .valid(s_x__valid),
      .out(s_x__out),
      .read(s_x__read),
      .pop(s_x__pop)
  );
  generate
    if (STATS != 0) begin : g_most_0
      hass_watermark #(
          .DEPTH(7)
      ) watermark (
          .clk,
          .rst,
          .clear(start),
          .issue(s_x__issue),
          .read(s_x__read),
          .most(most[0+:16])
      );
    end else begin : g_unwatched_0
      assign most[0+:16] = '0;
    end
  endgenerate

  // l0_conv_window to l0_conv_engine0: 1px*3ch of 8 bits
  wire s_l0_conv_beats0__room, s_l0_conv_beats0__issue, s_l0_conv_beats0__push, s_l0_conv_beats0__valid, s_l0_conv_beats0__read, s_l0_conv_beats0__pop;
  wire [26:0] s_l0_conv_beats0__in;
  wire [23:0] s_l0_conv_beats0__out;
  hass_fifo #(
      .WIDTH(24),
      .DEPTH(6),
      .BLOCK(0),
      .LAG(7)
  ) s_l0_conv_beats0__fifo (
      .clk,
      .rst,
      .room(s_l0_conv_beats0__room),
      .issue(s_l0_conv_beats0__issue),
      .push(s_l0_conv_beats0__push),
      .in(s_l0_conv_beats0__in[23:0]),
      .valid(s_l0_conv_beats0__valid),
      .out(s_l0_conv_beats0__out),
      .read(s_l0_conv_beats0__read),
      .pop(s_l0_conv_beats0__pop)
  );
  generate
    if (STATS != 0) begin : g_most_1
      hass_watermark #(
          .DEPTH(6)
      ) watermark (
          .clk,
          .rst,
          .clear(start),
          .issue(s_l0_conv_beats0__issue),
          .read(s_l0_conv_beats0__read),
          .most(most[16+:16])
      );
    end else begin : g_unwatched_1
      assign most[16+:16] = '0;
    end
  endgenerate

  // l0_conv_engine0 to l0_conv_join: 1px*1ch of 20 bits
  wire s_l0_conv_acc0__room, s_l0_conv_acc0__issue, s_l0_conv_acc0__push, s_l0_conv_acc0__valid, s_l0_conv_acc0__read, s_l0_conv_acc0__pop;
  wire [19:0] s_l0_conv_acc0__in, s_l0_conv_acc0__out;
  hass_fifo #(
      .WIDTH(20),
      .DEPTH(7),
      .BLOCK(0)
  ) s_l0_conv_acc0__fifo (
      .clk,
      .rst,
      .room(s_l0_conv_acc0__room),
      .issue(s_l0_conv_acc0__issue),
      .push(s_l0_conv_acc0__push),
      .in(s_l0_conv_acc0__in),
      .valid(s_l0_conv_acc0__valid),
      .out(s_l0_conv_acc0__out),
      .read(s_l0_conv_acc0__read),
      .pop(s_l0_conv_acc0__pop)
  );
  generate
    if (STATS != 0) begin : g_most_2
      hass_watermark #(
          .DEPTH(7)
      ) watermark (
          .clk,
          .rst,
          .clear(start),
          .issue(s_l0_conv_acc0__issue),
          .read(s_l0_conv_acc0__read),
          .most(most[32+:16])
      );
    end else begin : g_unwatched_2
      assign most[32+:16] = '0;
    end
  endgenerate

  // l0_conv_join to t1_fork: 1px*1ch of 8 bits
  wire s_t1__room, s_t1__issue, s_t1__push, s_t1__valid, s_t1__read, s_t1__pop;
  wire [7:0] s_t1__in, s_t1__out;
  hass_fifo #(
      .WIDTH(8),
      .DEPTH(4),
      .BLOCK(0)
  ) s_t1__fifo (
      .clk,
      .rst,
      .room(s_t1__room),
      .issue(s_t1__issue),
      .push(s_t1__push),
      .in(s_t1__in),
      .valid(s_t1__valid),
      .out(s_t1__out),
      .read(s_t1__read),
      .pop(s_t1__pop)
  );
  generate
    if (STATS != 0) begin : g_most_3
      hass_watermark #(
          .DEPTH(4)
      ) watermark (
          .clk,
          .rst,
          .clear(start),
          .issue(s_t1__issue),
          .read(s_t1__read),
          .most(most[48+:16])
      );
    end else begin : g_unwatched_3
      assign most[48+:16] = '0;
    end
  endgenerate

  // t1_fork to l1_conv_window: 1px*1ch of 8 bits
  wire s_t1_1__room, s_t1_1__issue, s_t1_1__push, s_t1_1__valid, s_t1_1__read, s_t1_1__pop;
  wire [7:0] s_t1_1__in, s_t1_1__out;
  hass_fifo #(
      .WIDTH(8),
      .DEPTH(4),
      .BLOCK(0)
  ) s_t1_1__fifo (
      .clk,
      .rst,
      .room(s_t1_1__room),
      .issue(s_t1_1__issue),
      .push(s_t1_1__push),
      .in(s_t1_1__in),
      .valid(s_t1_1__valid),
      .out(s_t1_1__out),
      .read(s_t1_1__read),
      .pop(s_t1_1__pop)
  );
  generate
    if (STATS != 0) begin : g_most_4
      hass_watermark #(
          .DEPTH(4)
      ) watermark (
          .clk,
          .rst,
          .clear(start),
          .issue(s_t1_1__issue),
          .read(s_t1_1__read),
          .most(most[64+:16])
      );
    end else begin : g_unwatched_4
      assign most[64+:16] = '0;
    end
  endgenerate

  // l1_conv_window to l1_conv_engine0: 1px*12ch of 8 bits
  wire s_l1_conv_beats0__room, s_l1_conv_beats0__issue, s_l1_conv_beats0__push, s_l1_conv_beats0__valid, s_l1_conv_beats0__read, s_l1_conv_beats0__pop;
  wire [107:0] s_l1_conv_beats0__in;
  wire [95:0] s_l1_conv_beats0__out;
  hass_fifo #(
      .WIDTH(96),
      .DEPTH(7),
      .BLOCK(0),
      .LAG(3)
  ) s_l1_conv_beats0__fifo (
      .clk,
      .rst,
      .room(s_l1_conv_beats0__room),
      .issue(s_l1_conv_beats0__issue),
      .push(s_l1_conv_beats0__push),
      .in(s_l1_conv_beats0__in[95:0]),
      .valid(s_l1_conv_beats0__valid),
      .out(s_l1_conv_beats0__out),
      .read(s_l1_conv_beats0__read),
      .pop(s_l1_conv_beats0__pop)
  );
  generate
    if (STATS != 0) begin : g_most_5
      hass_watermark #(
          .DEPTH(7)
      ) watermark (
          .clk,
          .rst,
          .clear(start),
          .issue(s_l1_conv_beats0__issue),
          .read(s_l1_conv_beats0__read),
          .most(most[80+:16])
      );
    end else begin : g_unwatched_5
      assign most[80+:16] = '0;
    end
  endgenerate

  // l1_conv_engine0 to l1_conv_join: 1px*1ch of 21 bits
  wire s_l1_conv_acc0__room, s_l1_conv_acc0__issue, s_l1_conv_acc0__push, s_l1_conv_acc0__valid, s_l1_conv_acc0__read, s_l1_conv_acc0__pop;
  wire [20:0] s_l1_conv_acc0__in, s_l1_conv_acc0__out;
  hass_fifo #(
      .WIDTH(21),
      .DEPTH(6),
      .BLOCK(0)
  ) s_l1_conv_acc0__fifo (
      .clk,
      .rst,
      .room(s_l1_conv_acc0__room),
      .issue(s_l1_conv_acc0__issue),
      .push(s_l1_conv_acc0__push),
      .in(s_l1_conv_acc0__in),
      .valid(s_l1_conv_acc0__valid),
      .out(s_l1_conv_acc0__out),
      .read(s_l1_conv_acc0__read),
      .pop(s_l1_conv_acc0__pop)
  );
  generate
    if (STATS != 0) begin : g_most_6
      hass_watermark #(
          .DEPTH(6)
      ) watermark (
          .clk,
          .rst,
          .clear(start),
          .issue(s_l1_conv_acc0__issue),
          .read(s_l1_conv_acc0__read),
          .most(most[96+:16])
      );
    end else begin : g_unwatched_6
      assign most[96+:16] = '0;
    end
  endgenerate

  // l1_conv_join to l2_add_add: 1px*1ch of 8 bits
  wire s_t2__room, s_t2__issue, s_t2__push, s_t2__valid, s_t2__read, s_t2__pop;
  wire [7:0] s_t2__in, s_t2__out;
  hass_fifo #(
      .WIDTH(8),
      .DEPTH(4),
      .BLOCK(0)
  ) s_t2__fifo (
      .clk,
      .rst,
      .room(s_t2__room),
      .issue(s_t2__issue),
      .push(s_t2__push),
      .in(s_t2__in),
      .valid(s_t2__valid),
      .out(s_t2__out),
      .read(s_t2__read),
      .pop(s_t2__pop)
  );
  generate
    if (STATS != 0) begin : g_most_7
      hass_watermark #(
          .DEPTH(4)
      ) watermark (
          .clk,
          .rst,
          .clear(start),
          .issue(s_t2__issue),
          .read(s_t2__read),
          .most(most[112+:16])
      );
    end else begin : g_unwatched_7
      assign most[112+:16] = '0;
    end
  endgenerate

  // l2_add_add to l3_globalpool_globalpool: 1px*1ch of 8 bits
  wire s_t3__room, s_t3__issue, s_t3__push, s_t3__valid, s_t3__read, s_t3__pop;
  wire [7:0] s_t3__in, s_t3__out;
  hass_fifo #(
      .WIDTH(8),
      .DEPTH(2),
      .BLOCK(0)
  ) s_t3__fifo (
      .clk,
      .rst,
      .room(s_t3__room),
      .issue(s_t3__issue),
      .push(s_t3__push),
      .in(s_t3__in),
      .valid(s_t3__valid),
      .out(s_t3__out),
      .read(s_t3__read),
      .pop(s_t3__pop)
  );
  generate
    if (STATS != 0) begin : g_most_8
      hass_watermark #(
          .DEPTH(2)
      ) watermark (
          .clk,
          .rst,
          .clear(start),
          .issue(s_t3__issue),
          .read(s_t3__read),
          .most(most[128+:16])
      );
    end else begin : g_unwatched_8
      assign most[128+:16] = '0;
    end
  endgenerate

  // l3_globalpool_globalpool to l4_conv_window: 1px*1ch of 8 bits
  wire s_t4__room, s_t4__issue, s_t4__push, s_t4__valid, s_t4__read, s_t4__pop;
  wire [7:0] s_t4__in, s_t4__out;
  hass_fifo #(
      .WIDTH(8),
      .DEPTH(5),
      .BLOCK(0)
  ) s_t4__fifo (
      .clk,
      .rst,
      .room(s_t4__room),
      .issue(s_t4__issue),
      .push(s_t4__push),
      .in(s_t4__in),
      .valid(s_t4__valid),
      .out(s_t4__out),
      .read(s_t4__read),
      .pop(s_t4__pop)
  );
  generate
    if (STATS != 0) begin : g_most_9
      hass_watermark #(
          .DEPTH(5)
      ) watermark (
          .clk,
          .rst,
          .clear(start),
          .issue(s_t4__issue),
          .read(s_t4__read),
          .most(most[144+:16])
      );
    end else begin : g_unwatched_9
      assign most[144+:16] = '0;
    end
  endgenerate

  // l4_conv_window to l4_conv_engine0: 1px*1ch of 8 bits
  wire s_l4_conv_beats0__room, s_l4_conv_beats0__issue, s_l4_conv_beats0__push, s_l4_conv_beats0__valid, s_l4_conv_beats0__read, s_l4_conv_beats0__pop;
  wire [7:0] s_l4_conv_beats0__in, s_l4_conv_beats0__out;
  hass_fifo #(
      .WIDTH(8),
      .DEPTH(8),
      .BLOCK(0),
      .LAG(1)
  ) s_l4_conv_beats0__fifo (
      .clk,
      .rst,
      .room(s_l4_conv_beats0__room),
      .issue(s_l4_conv_beats0__issue),
      .push(s_l4_conv_beats0__push),
      .in(s_l4_conv_beats0__in),
      .valid(s_l4_conv_beats0__valid),
      .out(s_l4_conv_beats0__out),
      .read(s_l4_conv_beats0__read),
      .pop(s_l4_conv_beats0__pop)
  );
  generate
    if (STATS != 0) begin : g_most_10
      hass_watermark #(
          .DEPTH(8)
      ) watermark (
          .clk,
          .rst,
          .clear(start),
          .issue(s_l4_conv_beats0__issue),
          .read(s_l4_conv_beats0__read),
          .most(most[160+:16])
      );
    end else begin : g_unwatched_10
      assign most[160+:16] = '0;
    end
  endgenerate

  // l4_conv_engine0 to l4_conv_join: 1px*1ch of 16 bits
  wire s_l4_conv_acc0__room, s_l4_conv_acc0__issue, s_l4_conv_acc0__push, s_l4_conv_acc0__valid, s_l4_conv_acc0__read, s_l4_conv_acc0__pop;
  wire [15:0] s_l4_conv_acc0__in, s_l4_conv_acc0__out;
  hass_fifo #(
      .WIDTH(16),
      .DEPTH(5),
      .BLOCK(0)
  ) s_l4_conv_acc0__fifo (
      .clk,
      .rst,
      .room(s_l4_conv_acc0__room),
      .issue(s_l4_conv_acc0__issue),
      .push(s_l4_conv_acc0__push),
      .in(s_l4_conv_acc0__in),
      .valid(s_l4_conv_acc0__valid),
      .out(s_l4_conv_acc0__out),
      .read(s_l4_conv_acc0__read),
      .pop(s_l4_conv_acc0__pop)
  );
  generate
    if (STATS != 0) begin : g_most_11
      hass_watermark #(
          .DEPTH(5)
      ) watermark (
          .clk,
          .rst,
          .clear(start),
          .issue(s_l4_conv_acc0__issue),
          .read(s_l4_conv_acc0__read),
          .most(most[176+:16])
      );
    end else begin : g_unwatched_11
      assign most[176+:16] = '0;
    end
  endgenerate

  // l4_conv_join to output0_sink: 1px*1ch of 8 bits
  wire s_t5__room, s_t5__issue, s_t5__push, s_t5__valid, s_t5__read, s_t5__pop;
  wire [7:0] s_t5__in, s_t5__out;
  hass_fifo #(
      .WIDTH(8),
      .DEPTH(5),
      .BLOCK(0)
  ) s_t5__fifo (
      .clk,
      .rst,
      .room(s_t5__room),
      .issue(s_t5__issue),
      .push(s_t5__push),
      .in(s_t5__in),
      .valid(s_t5__valid),
      .out(s_t5__out),
      .read(s_t5__read),
      .pop(s_t5__pop)
  );
  generate
    if (STATS != 0) begin : g_most_12
      hass_watermark #(
          .DEPTH(5)
      ) watermark (
          .clk,
          .rst,
          .clear(start),
          .issue(s_t5__issue),
          .read(s_t5__read),
          .most(most[192+:16])
      );
    end else begin : g_unwatched_12
      assign most[192+:16] = '0;
    end
  endgenerate

  // t1_fork to l2_add_add: 1px*1ch of 8 bits
  wire s_t1_2__room, s_t1_2__issue, s_t1_2__push, s_t1_2__valid, s_t1_2__read, s_t1_2__pop;
  wire [7:0] s_t1_2__in, s_t1_2__out;
  hass_fifo #(
      .WIDTH(8),
      .DEPTH(24),
      .BLOCK(0)
  ) s_t1_2__fifo (
      .clk,
      .rst,
      .room(s_t1_2__room),
      .issue(s_t1_2__issue),
      .push(s_t1_2__push),
      .in(s_t1_2__in),
      .valid(s_t1_2__valid),
      .out(s_t1_2__out),
      .read(s_t1_2__read),
      .pop(s_t1_2__pop)
  );
  generate
    if (STATS != 0) begin : g_most_13
      hass_watermark #(
          .DEPTH(24)
      ) watermark (
          .clk,
          .rst,
          .clear(start),
          .issue(s_t1_2__issue),
          .read(s_t1_2__read),
          .most(most[208+:16])
      );
    end else begin : g_unwatched_13
      assign most[208+:16] = '0;
    end
  endgenerate

  hass_source #(
      .WIDTH(8),
      .AXI(8),
      .BEATS(64)
  ) input_source (
      .clk,
      .rst,
      .start,
      .images,
      .s_axis_tdata(s_axis_input_tdata),
      .s_axis_tvalid(s_axis_input_tvalid),
      .s_axis_tready(s_axis_input_tready),
      .room(s_x__room),
      .issue(s_x__issue),
      .push(s_x__push),
      .out(s_x__in),
      .waits(waits[0+:2])
  );

  // Layer l0_conv: conv, 4x4x4 to 4x4x4 (HWC), crossbar engines of 3 lanes and 2 multipliers, 1 gangs of 1.
  hass_window #(
      .BITS(8),
      .SIGNED(1),
      .H(4),
      .W(4),
      .C(4),
      .OH(4),
      .OW(4),
      .KH(3),
      .KW(3),
      .SH(1),
      .SW(1),
      .DH(1),
      .DW(1),
      .PT(1),
      .PL(1),
      .IN_PX(1),
      .IN_CH(1),
      .OUT_PX(1),
      .M_TAP(3),
      .M_CH(1),
      .FOLDS(4),
      .GROUPS(1),
      .CHANNELWISE(0),
      .LINE_PIXELS(12),
      .ROWS(3),
      .ROW_BANKS(1),
      .COL_BANKS(3),
      .LANES(1),
      .TAU(0),
      .PAD(0),
      .FLAGS(1),
      .PACE_BITS(10),
      .PACE_START(10'sd289),
      .PACE_EMIT(10'sd1),
      .PACE_ACCEPT(10'sd12),
      .BLOCK(0)
  ) l0_conv_window (
      .clk,
      .rst,
      .start,
      .images,
      .valid(s_x__valid),
      .in(s_x__out),
      .read(s_x__read),
      .pop(s_x__pop),
      .room(s_l0_conv_beats0__room),
      .issue(s_l0_conv_beats0__issue),
      .push(s_l0_conv_beats0__push),
      .out(s_l0_conv_beats0__in),
      .waits(waits[2+:2])
  );
  hass_engine #(
      .KIND(1),
      .DEPTHWISE(0),
      .M(3),
      .N(2),
      .GANG(1),
      .PX(1),
      .BEATS(12),
      .X_BITS(8),
      .X_SIGNED(1),
      .W_BITS(8),
      .ACC(20),
      .DEPTH(48),
      .STYLE(1),
      .QUEUE(6),
      .FLAG_STYLE(0)
  ) l0_conv_engine0 (
      .clk,
      .rst,
      .load,
      .chain_valid(chain_valid[0]),
      .chain_word(chain_word[31:0]),
      .next_valid(chain_valid[1]),
      .next_word(chain_word[63:32]),
      .written(s_l0_conv_beats0__push),
      .flags(s_l0_conv_beats0__in[26:24]),
      .valid(s_l0_conv_beats0__valid),
      .in(s_l0_conv_beats0__out),
      .read(s_l0_conv_beats0__read),
      .pop(s_l0_conv_beats0__pop),
      .room(s_l0_conv_acc0__room),
      .issue(s_l0_conv_acc0__issue),
      .push(s_l0_conv_acc0__push),
      .out(s_l0_conv_acc0__in),
      .waits(waits[4+:2])
  );
  hass_join #(
      .GANGS(1),
      .BANKS(1),
      .GANG(1),
      .PX(1),
      .ACC_BITS(20),
      .BIAS_FRAC(0),
      .BITS(8),
      .W(4),
      .FOLDS(4),
      .SHIFT(7),
      .STEPS(1),
      .ROUNDING(0),
      .LO(0),
      .HI(127)
  ) l0_conv_join (
      .clk,
      .rst,
      .load,
      .chain_valid(chain_valid[1]),
      .chain_word(chain_word[63:32]),
      .next_valid(chain_valid[2]),
      .next_word(chain_word[95:64]),
      .valid(s_l0_conv_acc0__valid),
      .in(s_l0_conv_acc0__out),
      .read(s_l0_conv_acc0__read),
      .pop(s_l0_conv_acc0__pop),
      .room(s_t1__room),
      .issue(s_t1__issue),
      .push(s_t1__push),
      .out(s_t1__in),
      .waits(waits[6+:2])
  );

  hass_fork #(
      .WIDTH(8),
      .OUTS(2)
  ) t1_fork (
      .clk,
      .rst,
      .valid(s_t1__valid),
      .in(s_t1__out),
      .read(s_t1__read),
      .pop(s_t1__pop),
      .room({s_t1_2__room, s_t1_1__room}),
      .issue({s_t1_2__issue, s_t1_1__issue}),
      .push({s_t1_2__push, s_t1_1__push}),
      .out(s_t1_1__in),
      .waits(waits[8+:2])
  );
  assign s_t1_2__in = s_t1_1__in;

  // Layer l1_conv: conv, 4x4x4 to 4x4x4 (HWC), banked engines of 12 lanes and 4 multipliers, 1 gangs of 1.
  hass_window #(
      .BITS(8),
      .SIGNED(1),
      .H(4),
      .W(4),
      .C(4),
      .OH(4),
      .OW(4),
      .KH(3),
      .KW(3),
      .SH(1),
      .SW(1),
      .DH(1),
      .DW(1),
      .PT(1),
      .PL(1),
      .IN_PX(1),
      .IN_CH(1),
      .OUT_PX(1),
      .M_TAP(3),
      .M_CH(4),
      .FOLDS(4),
      .GROUPS(1),
      .CHANNELWISE(0),
      .LINE_PIXELS(12),
      .ROWS(3),
      .ROW_BANKS(1),
      .COL_BANKS(3),
      .LANES(4),
      .TAU(0),
      .PAD(0),
      .FLAGS(1),
      .PACE_BITS(8),
      .PACE_START(8'sd73),
      .PACE_EMIT(8'sd1),
      .PACE_ACCEPT(8'sd3),
      .BLOCK(0)
  ) l1_conv_window (
      .clk,
      .rst,
      .start,
      .images,
      .valid(s_t1_1__valid),
      .in(s_t1_1__out),
      .read(s_t1_1__read),
      .pop(s_t1_1__pop),
      .room(s_l1_conv_beats0__room),
      .issue(s_l1_conv_beats0__issue),
      .push(s_l1_conv_beats0__push),
      .out(s_l1_conv_beats0__in),
      .waits(waits[10+:2])
  );
  hass_engine #(
      .KIND(2),
      .DEPTHWISE(0),
      .M(12),
      .N(4),
      .GANG(1),
      .PX(1),
      .BEATS(3),
      .X_BITS(8),
      .X_SIGNED(1),
      .W_BITS(8),
      .ACC(21),
      .DEPTH(12),
      .STYLE(1),
      .QUEUE(7),
      .FLAG_STYLE(0)
  ) l1_conv_engine0 (
      .clk,
      .rst,
      .load,
      .chain_valid(chain_valid[2]),
      .chain_word(chain_word[95:64]),
      .next_valid(chain_valid[3]),
      .next_word(chain_word[127:96]),
      .written(s_l1_conv_beats0__push),
      .flags(s_l1_conv_beats0__in[107:96]),
      .valid(s_l1_conv_beats0__valid),
      .in(s_l1_conv_beats0__out),
      .read(s_l1_conv_beats0__read),
      .pop(s_l1_conv_beats0__pop),
      .room(s_l1_conv_acc0__room),
      .issue(s_l1_conv_acc0__issue),
      .push(s_l1_conv_acc0__push),
      .out(s_l1_conv_acc0__in),
      .waits(waits[12+:2])
  );
  hass_join #(
      .GANGS(1),
      .BANKS(1),
      .GANG(1),
      .PX(1),
      .ACC_BITS(21),
      .BIAS_FRAC(0),
      .BITS(8),
      .W(4),
      .FOLDS(4),
      .SHIFT(7),
      .STEPS(1),
      .ROUNDING(0),
      .LO(0),
      .HI(42)
  ) l1_conv_join (
      .clk,
      .rst,
      .load,
      .chain_valid(chain_valid[3]),
      .chain_word(chain_word[127:96]),
      .next_valid(chain_valid[4]),
      .next_word(chain_word[159:128]),
      .valid(s_l1_conv_acc0__valid),
      .in(s_l1_conv_acc0__out),
      .read(s_l1_conv_acc0__read),
      .pop(s_l1_conv_acc0__pop),
      .room(s_t2__room),
      .issue(s_t2__issue),
      .push(s_t2__push),
      .out(s_t2__in),
      .waits(waits[14+:2])
  );

  // Layer l2_add: add, 4x4x4 to 4x4x4 (HWC).
  hass_add #(
      .OUT_BITS(8),
      .PX(1),
      .CH(1),
      .W(4),
      .CHANNEL_BEATS(4),
      .SHIFT(0),
      .ROUNDING(0),
      .LO(-128),
      .HI(127),
      .BITS0(8),
      .SIGNED0(1),
      .BITS1(8),
      .SIGNED1(1),
      .FACTOR0(64'h1),
      .FACTOR1(64'h1)
  ) l2_add_add (
      .clk,
      .rst,
      .valid({s_t1_2__valid, s_t2__valid}),
      .in0(s_t2__out),
      .in1(s_t1_2__out),
      .read({s_t1_2__read, s_t2__read}),
      .pop({s_t1_2__pop, s_t2__pop}),
      .room(s_t3__room),
      .issue(s_t3__issue),
      .push(s_t3__push),
      .out(s_t3__in),
      .waits(waits[16+:2])
  );

  // Layer l3_globalpool: globalpool, 4x4x4 to 1x1x4 (HWC).
  hass_globalpool #(
      .BITS(8),
      .SIGNED(1),
      .OUT_BITS(8),
      .PX(1),
      .CH(1),
      .H(4),
      .W(4),
      .CHANNEL_BEATS(4),
      .MAX(0),
      .LO(0),
      .HI(42),
      .STYLE(0),
      .DROP(0),
      .SHIFT(4),
      .MUL_BITS(1),
      .MUL(1'h1),
      .ROUNDING(0)
  ) l3_globalpool_globalpool (
      .clk,
      .rst,
      .valid(s_t3__valid),
      .in(s_t3__out),
      .read(s_t3__read),
      .pop(s_t3__pop),
      .room(s_t4__room),
      .issue(s_t4__issue),
      .push(s_t4__push),
      .out(s_t4__in),
      .waits(waits[18+:2])
  );

  // Layer l4_conv: conv, 1x1x4 to 1x1x3 (HWC), dense engines of 1 lanes and 1 multipliers, 1 gangs of 1.
  hass_window #(
      .BITS(8),
      .SIGNED(1),
      .H(1),
      .W(1),
      .C(4),
      .OH(1),
      .OW(1),
      .KH(1),
      .KW(1),
      .SH(1),
      .SW(1),
      .DH(1),
      .DW(1),
      .PT(0),
      .PL(0),
      .IN_PX(1),
      .IN_CH(1),
      .OUT_PX(1),
      .M_TAP(1),
      .M_CH(1),
      .FOLDS(3),
      .GROUPS(1),
      .CHANNELWISE(0),
      .LINE_PIXELS(2),
      .ROWS(2),
      .ROW_BANKS(1),
      .COL_BANKS(1),
      .LANES(1),
      .TAU(0),
      .PAD(0),
      .FLAGS(0),
      .PACE_BITS(5),
      .PACE_START(5'sd13),
      .PACE_EMIT(5'sd1),
      .PACE_ACCEPT(5'sd3),
      .BLOCK(0)
  ) l4_conv_window (
      .clk,
      .rst,
      .start,
      .images,
      .valid(s_t4__valid),
      .in(s_t4__out),
      .read(s_t4__read),
      .pop(s_t4__pop),
      .room(s_l4_conv_beats0__room),
      .issue(s_l4_conv_beats0__issue),
      .push(s_l4_conv_beats0__push),
      .out(s_l4_conv_beats0__in),
      .waits(waits[20+:2])
  );
  hass_engine #(
      .KIND(0),
      .DEPTHWISE(0),
      .M(1),
      .N(1),
      .GANG(1),
      .PX(1),
      .BEATS(4),
      .X_BITS(8),
      .X_SIGNED(1),
      .W_BITS(8),
      .ACC(16),
      .DEPTH(12),
      .STYLE(1),
      .QUEUE(8)
  ) l4_conv_engine0 (
      .clk,
      .rst,
      .load,
      .chain_valid(chain_valid[4]),
      .chain_word(chain_word[159:128]),
      .next_valid(chain_valid[5]),
      .next_word(chain_word[191:160]),
      .written(s_l4_conv_beats0__push),
      .flags(1'b0),
      .valid(s_l4_conv_beats0__valid),
      .in(s_l4_conv_beats0__out),
      .read(s_l4_conv_beats0__read),
      .pop(s_l4_conv_beats0__pop),
      .room(s_l4_conv_acc0__room),
      .issue(s_l4_conv_acc0__issue),
      .push(s_l4_conv_acc0__push),
      .out(s_l4_conv_acc0__in),
      .waits(waits[22+:2])
  );
  hass_join #(
      .GANGS(1),
      .BANKS(1),
      .GANG(1),
      .PX(1),
      .ACC_BITS(16),
      .BIAS_FRAC(0),
      .BITS(8),
      .W(1),
      .FOLDS(3),
      .SHIFT(7),
      .STEPS(1),
      .ROUNDING(0),
      .LO(-128),
      .HI(127)
  ) l4_conv_join (
      .clk,
      .rst,
      .load,
      .chain_valid(chain_valid[5]),
      .chain_word(chain_word[191:160]),
      .next_valid(chain_valid[6]),
      .next_word(chain_word[223:192]),
      .valid(s_l4_conv_acc0__valid),
      .in(s_l4_conv_acc0__out),
      .read(s_l4_conv_acc0__read),
      .pop(s_l4_conv_acc0__pop),
      .room(s_t5__room),
      .issue(s_t5__issue),
      .push(s_t5__push),
      .out(s_t5__in),
      .waits(waits[24+:2])
  );

  hass_sink #(
      .WIDTH(8),
      .AXI(8),
      .BEATS(3)
  ) output0_sink (
      .clk,
      .rst,
      .valid(s_t5__valid),
      .in(s_t5__out),
      .read(s_t5__read),
      .pop(s_t5__pop),
      .m_axis_tdata(m_axis_output0_tdata),
      .m_axis_tvalid(m_axis_output0_tvalid),
      .m_axis_tlast(m_axis_output0_tlast),
      .m_axis_tready(m_axis_output0_tready),
      .waits(waits[26+:2])
  );

endmodule
