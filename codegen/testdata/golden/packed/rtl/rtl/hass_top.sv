// The accelerator: AXI4-Stream ports for input, outputs and weights, and AXI4-Lite control with
// counters (hass_control.sv). Weights (106 words) are loaded once into on-chip memories. A run then
// takes images from the input.
//
//   s_axis_input    128-bit words, 3 per image
//   m_axis_output0  64-bit words, 18 per image, TLAST on the last
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

    input  wire [127:0] s_axis_input_tdata,
    input  wire s_axis_input_tvalid,
    output wire s_axis_input_tready,

    output wire [63:0] m_axis_output0_tdata,
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
  wire [37:0] waits;
  wire [303:0] most;
  wire [0:0] image_done;
  assign image_done = m_axis_output0_tvalid && m_axis_output0_tready && m_axis_output0_tlast;
  hass_control #(
      .PROCESSES(19),
      .FIFOS(19),
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
  wire [11:0] chain_valid;
  wire [383:0] chain_word;
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
      .chain_valid(chain_valid[11]),
      .chain_word(chain_word[383:352]),
      .loaded,
      .load_failed
  );

  // FIFOs, from their writers to their readers.

  // input_source to l0_conv_window: 5px*2ch of 8 bits
  wire s_x__room, s_x__issue, s_x__push, s_x__valid, s_x__read, s_x__pop;
  wire [79:0] s_x__in, s_x__out;
  hass_fifo #(
      .WIDTH(80),
      .DEPTH(6),
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
          .DEPTH(6)
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

  // l0_conv_window to l0_conv_engine0: 5px*6ch of 8 bits
  wire s_l0_conv_beats0__room, s_l0_conv_beats0__issue, s_l0_conv_beats0__push, s_l0_conv_beats0__valid, s_l0_conv_beats0__read, s_l0_conv_beats0__pop;
  wire [239:0] s_l0_conv_beats0__in, s_l0_conv_beats0__out;
  hass_fifo #(
      .WIDTH(240),
      .DEPTH(5),
      .BLOCK(0),
      .LAG(1)
  ) s_l0_conv_beats0__fifo (
      .clk,
      .rst,
      .room(s_l0_conv_beats0__room),
      .issue(s_l0_conv_beats0__issue),
      .push(s_l0_conv_beats0__push),
      .in(s_l0_conv_beats0__in),
      .valid(s_l0_conv_beats0__valid),
      .out(s_l0_conv_beats0__out),
      .read(s_l0_conv_beats0__read),
      .pop(s_l0_conv_beats0__pop)
  );
  generate
    if (STATS != 0) begin : g_most_1
      hass_watermark #(
          .DEPTH(5)
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

  // l0_conv_engine0 to l0_conv_join: 5px*6ch of 20 bits
  wire s_l0_conv_acc0__room, s_l0_conv_acc0__issue, s_l0_conv_acc0__push, s_l0_conv_acc0__valid, s_l0_conv_acc0__read, s_l0_conv_acc0__pop;
  wire [599:0] s_l0_conv_acc0__in, s_l0_conv_acc0__out;
  hass_fifo #(
      .WIDTH(600),
      .DEPTH(2),
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
          .DEPTH(2)
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

  // l0_conv_join to l1_conv_window: 5px*6ch of 8 bits
  wire s_t1__room, s_t1__issue, s_t1__push, s_t1__valid, s_t1__read, s_t1__pop;
  wire [239:0] s_t1__in, s_t1__out;
  hass_fifo #(
      .WIDTH(240),
      .DEPTH(2),
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
          .DEPTH(2)
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

  // l1_conv_window to l1_conv_engine0: 3px*18ch of 8 bits
  wire s_l1_conv_beats0__room, s_l1_conv_beats0__issue, s_l1_conv_beats0__push, s_l1_conv_beats0__valid, s_l1_conv_beats0__read, s_l1_conv_beats0__pop;
  wire [431:0] s_l1_conv_beats0__in, s_l1_conv_beats0__out;
  hass_fifo #(
      .WIDTH(432),
      .DEPTH(4),
      .BLOCK(0),
      .LAG(1)
  ) s_l1_conv_beats0__fifo (
      .clk,
      .rst,
      .room(s_l1_conv_beats0__room),
      .issue(s_l1_conv_beats0__issue),
      .push(s_l1_conv_beats0__push),
      .in(s_l1_conv_beats0__in),
      .valid(s_l1_conv_beats0__valid),
      .out(s_l1_conv_beats0__out),
      .read(s_l1_conv_beats0__read),
      .pop(s_l1_conv_beats0__pop)
  );
  generate
    if (STATS != 0) begin : g_most_4
      hass_watermark #(
          .DEPTH(4)
      ) watermark (
          .clk,
          .rst,
          .clear(start),
          .issue(s_l1_conv_beats0__issue),
          .read(s_l1_conv_beats0__read),
          .most(most[64+:16])
      );
    end else begin : g_unwatched_4
      assign most[64+:16] = '0;
    end
  endgenerate

  // l1_conv_engine0 to l1_conv_join: 3px*2ch of 20 bits
  wire s_l1_conv_acc0__room, s_l1_conv_acc0__issue, s_l1_conv_acc0__push, s_l1_conv_acc0__valid, s_l1_conv_acc0__read, s_l1_conv_acc0__pop;
  wire [119:0] s_l1_conv_acc0__in, s_l1_conv_acc0__out;
  hass_fifo #(
      .WIDTH(120),
      .DEPTH(5),
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
    if (STATS != 0) begin : g_most_5
      hass_watermark #(
          .DEPTH(5)
      ) watermark (
          .clk,
          .rst,
          .clear(start),
          .issue(s_l1_conv_acc0__issue),
          .read(s_l1_conv_acc0__read),
          .most(most[80+:16])
      );
    end else begin : g_unwatched_5
      assign most[80+:16] = '0;
    end
  endgenerate

  // l1_conv_join to l2_conv_window: 3px*2ch of 8 bits
  wire s_t2__room, s_t2__issue, s_t2__push, s_t2__valid, s_t2__read, s_t2__pop;
  wire [47:0] s_t2__in, s_t2__out;
  hass_fifo #(
      .WIDTH(48),
      .DEPTH(5),
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
    if (STATS != 0) begin : g_most_6
      hass_watermark #(
          .DEPTH(5)
      ) watermark (
          .clk,
          .rst,
          .clear(start),
          .issue(s_t2__issue),
          .read(s_t2__read),
          .most(most[96+:16])
      );
    end else begin : g_unwatched_6
      assign most[96+:16] = '0;
    end
  endgenerate

  // l2_conv_window to l2_conv_engine0: 3px*6ch of 8 bits
  wire s_l2_conv_beats0__room, s_l2_conv_beats0__issue, s_l2_conv_beats0__push, s_l2_conv_beats0__valid, s_l2_conv_beats0__read, s_l2_conv_beats0__pop;
  wire [143:0] s_l2_conv_beats0__in, s_l2_conv_beats0__out;
  hass_fifo #(
      .WIDTH(144),
      .DEPTH(3),
      .BLOCK(0),
      .LAG(1)
  ) s_l2_conv_beats0__fifo (
      .clk,
      .rst,
      .room(s_l2_conv_beats0__room),
      .issue(s_l2_conv_beats0__issue),
      .push(s_l2_conv_beats0__push),
      .in(s_l2_conv_beats0__in),
      .valid(s_l2_conv_beats0__valid),
      .out(s_l2_conv_beats0__out),
      .read(s_l2_conv_beats0__read),
      .pop(s_l2_conv_beats0__pop)
  );
  generate
    if (STATS != 0) begin : g_most_7
      hass_watermark #(
          .DEPTH(3)
      ) watermark (
          .clk,
          .rst,
          .clear(start),
          .issue(s_l2_conv_beats0__issue),
          .read(s_l2_conv_beats0__read),
          .most(most[112+:16])
      );
    end else begin : g_unwatched_7
      assign most[112+:16] = '0;
    end
  endgenerate

  // l2_conv_engine0 to l2_conv_join: 3px*2ch of 20 bits
  wire s_l2_conv_acc0__room, s_l2_conv_acc0__issue, s_l2_conv_acc0__push, s_l2_conv_acc0__valid, s_l2_conv_acc0__read, s_l2_conv_acc0__pop;
  wire [119:0] s_l2_conv_acc0__in, s_l2_conv_acc0__out;
  hass_fifo #(
      .WIDTH(120),
      .DEPTH(2),
      .BLOCK(0)
  ) s_l2_conv_acc0__fifo (
      .clk,
      .rst,
      .room(s_l2_conv_acc0__room),
      .issue(s_l2_conv_acc0__issue),
      .push(s_l2_conv_acc0__push),
      .in(s_l2_conv_acc0__in),
      .valid(s_l2_conv_acc0__valid),
      .out(s_l2_conv_acc0__out),
      .read(s_l2_conv_acc0__read),
      .pop(s_l2_conv_acc0__pop)
  );
  generate
    if (STATS != 0) begin : g_most_8
      hass_watermark #(
          .DEPTH(2)
      ) watermark (
          .clk,
          .rst,
          .clear(start),
          .issue(s_l2_conv_acc0__issue),
          .read(s_l2_conv_acc0__read),
          .most(most[128+:16])
      );
    end else begin : g_unwatched_8
      assign most[128+:16] = '0;
    end
  endgenerate

  // l2_conv_join to l3_conv_window: 3px*2ch of 4 bits
  wire s_t3__room, s_t3__issue, s_t3__push, s_t3__valid, s_t3__read, s_t3__pop;
  wire [23:0] s_t3__in, s_t3__out;
  hass_fifo #(
      .WIDTH(24),
      .DEPTH(4),
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
    if (STATS != 0) begin : g_most_9
      hass_watermark #(
          .DEPTH(4)
      ) watermark (
          .clk,
          .rst,
          .clear(start),
          .issue(s_t3__issue),
          .read(s_t3__read),
          .most(most[144+:16])
      );
    end else begin : g_unwatched_9
      assign most[144+:16] = '0;
    end
  endgenerate

  // l3_conv_window to l3_conv_engine0: 3px*6ch of 4 bits
  wire s_l3_conv_beats0__room, s_l3_conv_beats0__issue, s_l3_conv_beats0__push, s_l3_conv_beats0__valid, s_l3_conv_beats0__read, s_l3_conv_beats0__pop;
  wire [71:0] s_l3_conv_beats0__in, s_l3_conv_beats0__out;
  hass_fifo #(
      .WIDTH(72),
      .DEPTH(7),
      .BLOCK(0),
      .LAG(1)
  ) s_l3_conv_beats0__fifo (
      .clk,
      .rst,
      .room(s_l3_conv_beats0__room),
      .issue(s_l3_conv_beats0__issue),
      .push(s_l3_conv_beats0__push),
      .in(s_l3_conv_beats0__in),
      .valid(s_l3_conv_beats0__valid),
      .out(s_l3_conv_beats0__out),
      .read(s_l3_conv_beats0__read),
      .pop(s_l3_conv_beats0__pop)
  );
  generate
    if (STATS != 0) begin : g_most_10
      hass_watermark #(
          .DEPTH(7)
      ) watermark (
          .clk,
          .rst,
          .clear(start),
          .issue(s_l3_conv_beats0__issue),
          .read(s_l3_conv_beats0__read),
          .most(most[160+:16])
      );
    end else begin : g_unwatched_10
      assign most[160+:16] = '0;
    end
  endgenerate

  // l3_conv_engine0 to l3_conv_join: 3px*3ch of 20 bits
  wire s_l3_conv_acc0__room, s_l3_conv_acc0__issue, s_l3_conv_acc0__push, s_l3_conv_acc0__valid, s_l3_conv_acc0__read, s_l3_conv_acc0__pop;
  wire [179:0] s_l3_conv_acc0__in, s_l3_conv_acc0__out;
  hass_fifo #(
      .WIDTH(180),
      .DEPTH(3),
      .BLOCK(0)
  ) s_l3_conv_acc0__fifo (
      .clk,
      .rst,
      .room(s_l3_conv_acc0__room),
      .issue(s_l3_conv_acc0__issue),
      .push(s_l3_conv_acc0__push),
      .in(s_l3_conv_acc0__in),
      .valid(s_l3_conv_acc0__valid),
      .out(s_l3_conv_acc0__out),
      .read(s_l3_conv_acc0__read),
      .pop(s_l3_conv_acc0__pop)
  );
  generate
    if (STATS != 0) begin : g_most_11
      hass_watermark #(
          .DEPTH(3)
      ) watermark (
          .clk,
          .rst,
          .clear(start),
          .issue(s_l3_conv_acc0__issue),
          .read(s_l3_conv_acc0__read),
          .most(most[176+:16])
      );
    end else begin : g_unwatched_11
      assign most[176+:16] = '0;
    end
  endgenerate

  // l3_conv_join to l4_conv_window: 3px*3ch of 16 bits
  wire s_t4__room, s_t4__issue, s_t4__push, s_t4__valid, s_t4__read, s_t4__pop;
  wire [143:0] s_t4__in, s_t4__out;
  hass_fifo #(
      .WIDTH(144),
      .DEPTH(8),
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
    if (STATS != 0) begin : g_most_12
      hass_watermark #(
          .DEPTH(8)
      ) watermark (
          .clk,
          .rst,
          .clear(start),
          .issue(s_t4__issue),
          .read(s_t4__read),
          .most(most[192+:16])
      );
    end else begin : g_unwatched_12
      assign most[192+:16] = '0;
    end
  endgenerate

  // l4_conv_window to l4_conv_fork: 2px*3ch of 16 bits
  wire s_l4_conv_beats__room, s_l4_conv_beats__issue, s_l4_conv_beats__push, s_l4_conv_beats__valid, s_l4_conv_beats__read, s_l4_conv_beats__pop;
  wire [95:0] s_l4_conv_beats__in, s_l4_conv_beats__out;
  hass_fifo #(
      .WIDTH(96),
      .DEPTH(6),
      .BLOCK(0)
  ) s_l4_conv_beats__fifo (
      .clk,
      .rst,
      .room(s_l4_conv_beats__room),
      .issue(s_l4_conv_beats__issue),
      .push(s_l4_conv_beats__push),
      .in(s_l4_conv_beats__in),
      .valid(s_l4_conv_beats__valid),
      .out(s_l4_conv_beats__out),
      .read(s_l4_conv_beats__read),
      .pop(s_l4_conv_beats__pop)
  );
  generate
    if (STATS != 0) begin : g_most_13
      hass_watermark #(
          .DEPTH(6)
      ) watermark (
          .clk,
          .rst,
          .clear(start),
          .issue(s_l4_conv_beats__issue),
          .read(s_l4_conv_beats__read),
          .most(most[208+:16])
      );
    end else begin : g_unwatched_13
      assign most[208+:16] = '0;
    end
  endgenerate

  // l4_conv_fork to l4_conv_engine0: 2px*3ch of 16 bits
  wire s_l4_conv_beats0__room, s_l4_conv_beats0__issue, s_l4_conv_beats0__push, s_l4_conv_beats0__valid, s_l4_conv_beats0__read, s_l4_conv_beats0__pop;
  wire [95:0] s_l4_conv_beats0__in, s_l4_conv_beats0__out;
  hass_fifo #(
      .WIDTH(96),
      .DEPTH(7),
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
    if (STATS != 0) begin : g_most_14
      hass_watermark #(
          .DEPTH(7)
      ) watermark (
          .clk,
          .rst,
          .clear(start),
          .issue(s_l4_conv_beats0__issue),
          .read(s_l4_conv_beats0__read),
          .most(most[224+:16])
      );
    end else begin : g_unwatched_14
      assign most[224+:16] = '0;
    end
  endgenerate

  // l4_conv_fork to l4_conv_engine1: 2px*3ch of 16 bits
  wire s_l4_conv_beats1__room, s_l4_conv_beats1__issue, s_l4_conv_beats1__push, s_l4_conv_beats1__valid, s_l4_conv_beats1__read, s_l4_conv_beats1__pop;
  wire [95:0] s_l4_conv_beats1__in, s_l4_conv_beats1__out;
  hass_fifo #(
      .WIDTH(96),
      .DEPTH(3),
      .BLOCK(0),
      .LAG(1)
  ) s_l4_conv_beats1__fifo (
      .clk,
      .rst,
      .room(s_l4_conv_beats1__room),
      .issue(s_l4_conv_beats1__issue),
      .push(s_l4_conv_beats1__push),
      .in(s_l4_conv_beats1__in),
      .valid(s_l4_conv_beats1__valid),
      .out(s_l4_conv_beats1__out),
      .read(s_l4_conv_beats1__read),
      .pop(s_l4_conv_beats1__pop)
  );
  generate
    if (STATS != 0) begin : g_most_15
      hass_watermark #(
          .DEPTH(3)
      ) watermark (
          .clk,
          .rst,
          .clear(start),
          .issue(s_l4_conv_beats1__issue),
          .read(s_l4_conv_beats1__read),
          .most(most[240+:16])
      );
    end else begin : g_unwatched_15
      assign most[240+:16] = '0;
    end
  endgenerate

  // l4_conv_engine0 to l4_conv_join: 2px*1ch of 33 bits
  wire s_l4_conv_acc0__room, s_l4_conv_acc0__issue, s_l4_conv_acc0__push, s_l4_conv_acc0__valid, s_l4_conv_acc0__read, s_l4_conv_acc0__pop;
  wire [65:0] s_l4_conv_acc0__in, s_l4_conv_acc0__out;
  hass_fifo #(
      .WIDTH(66),
      .DEPTH(4),
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
    if (STATS != 0) begin : g_most_16
      hass_watermark #(
          .DEPTH(4)
      ) watermark (
          .clk,
          .rst,
          .clear(start),
          .issue(s_l4_conv_acc0__issue),
          .read(s_l4_conv_acc0__read),
          .most(most[256+:16])
      );
    end else begin : g_unwatched_16
      assign most[256+:16] = '0;
    end
  endgenerate

  // l4_conv_engine1 to l4_conv_join: 2px*1ch of 33 bits
  wire s_l4_conv_acc1__room, s_l4_conv_acc1__issue, s_l4_conv_acc1__push, s_l4_conv_acc1__valid, s_l4_conv_acc1__read, s_l4_conv_acc1__pop;
  wire [65:0] s_l4_conv_acc1__in, s_l4_conv_acc1__out;
  hass_fifo #(
      .WIDTH(66),
      .DEPTH(1),
      .BLOCK(0)
  ) s_l4_conv_acc1__fifo (
      .clk,
      .rst,
      .room(s_l4_conv_acc1__room),
      .issue(s_l4_conv_acc1__issue),
      .push(s_l4_conv_acc1__push),
      .in(s_l4_conv_acc1__in),
      .valid(s_l4_conv_acc1__valid),
      .out(s_l4_conv_acc1__out),
      .read(s_l4_conv_acc1__read),
      .pop(s_l4_conv_acc1__pop)
  );
  generate
    if (STATS != 0) begin : g_most_17
      hass_watermark #(
          .DEPTH(1)
      ) watermark (
          .clk,
          .rst,
          .clear(start),
          .issue(s_l4_conv_acc1__issue),
          .read(s_l4_conv_acc1__read),
          .most(most[272+:16])
      );
    end else begin : g_unwatched_17
      assign most[272+:16] = '0;
    end
  endgenerate

  // l4_conv_join to output0_sink: 2px*2ch of 16 bits
  wire s_t5__room, s_t5__issue, s_t5__push, s_t5__valid, s_t5__read, s_t5__pop;
  wire [63:0] s_t5__in, s_t5__out;
  hass_fifo #(
      .WIDTH(64),
      .DEPTH(2),
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
    if (STATS != 0) begin : g_most_18
      hass_watermark #(
          .DEPTH(2)
      ) watermark (
          .clk,
          .rst,
          .clear(start),
          .issue(s_t5__issue),
          .read(s_t5__read),
          .most(most[288+:16])
      );
    end else begin : g_unwatched_18
      assign most[288+:16] = '0;
    end
  endgenerate

  hass_source #(
      .WIDTH(80),
      .AXI(128),
      .BEATS(3)
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

  // Layer l0_conv: conv, 3x5x2 to 3x5x6 (HWC), packed engines of 6 lanes and 6 multipliers, 1 gangs of 6.
  hass_window #(
      .BITS(8),
      .SIGNED(1),
      .H(3),
      .W(5),
      .C(2),
      .OH(3),
      .OW(5),
      .KH(3),
      .KW(3),
      .SH(1),
      .SW(1),
      .DH(1),
      .DW(1),
      .PT(1),
      .PL(1),
      .IN_PX(5),
      .IN_CH(2),
      .OUT_PX(5),
      .M_TAP(3),
      .M_CH(2),
      .FOLDS(1),
      .GROUPS(1),
      .CHANNELWISE(0),
      .LINE_PIXELS(21),
      .ROWS(5),
      .ROW_BANKS(1),
      .COL_BANKS(7),
      .LANES(2),
      .TAU(0),
      .PAD(0),
      .FLAGS(0),
      .PACE_BITS(4),
      .PACE_START(4'sd7),
      .PACE_EMIT(4'sd1),
      .PACE_ACCEPT(4'sd3),
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
      .KIND(3),
      .DEPTHWISE(0),
      .M(6),
      .N(6),
      .GANG(6),
      .PX(5),
      .BEATS(3),
      .X_BITS(8),
      .X_SIGNED(1),
      .W_BITS(8),
      .ACC(20),
      .DEPTH(3),
      .STYLE(0),
      .QUEUE(5),
      .FIELD(18),
      .DEEP(6),
      .FILTERS(1)
  ) l0_conv_engine0 (
      .clk,
      .rst,
      .load,
      .chain_valid(chain_valid[0]),
      .chain_word(chain_word[31:0]),
      .next_valid(chain_valid[1]),
      .next_word(chain_word[63:32]),
      .written(s_l0_conv_beats0__push),
      .flags(1'b0),
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
      .GANG(6),
      .PX(5),
      .ACC_BITS(20),
      .BIAS_FRAC(0),
      .BITS(8),
      .W(5),
      .FOLDS(1),
      .SHIFT(8),
      .STEPS(1),
      .ROUNDING(0),
      .LO(0),
      .HI(255)
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

  // Layer l1_conv: conv, 3x5x6 to 3x5x6 (HWC), packed engines of 9 lanes and 9 multipliers, 1 gangs of 2.
  hass_window #(
      .BITS(8),
      .SIGNED(0),
      .H(3),
      .W(5),
      .C(6),
      .OH(3),
      .OW(5),
      .KH(3),
      .KW(3),
      .SH(1),
      .SW(1),
      .DH(1),
      .DW(1),
      .PT(1),
      .PL(1),
      .IN_PX(5),
      .IN_CH(6),
      .OUT_PX(3),
      .M_TAP(9),
      .M_CH(2),
      .FOLDS(1),
      .GROUPS(1),
      .CHANNELWISE(1),
      .LINE_PIXELS(21),
      .ROWS(6),
      .ROW_BANKS(3),
      .COL_BANKS(5),
      .LANES(6),
      .TAU(0),
      .PAD(0),
      .FLAGS(0),
      .PACE_BITS(5),
      .PACE_START(5'sd13),
      .PACE_EMIT(5'sd1),
      .PACE_ACCEPT(5'sd6),
      .BLOCK(0)
  ) l1_conv_window (
      .clk,
      .rst,
      .start,
      .images,
      .valid(s_t1__valid),
      .in(s_t1__out),
      .read(s_t1__read),
      .pop(s_t1__pop),
      .room(s_l1_conv_beats0__room),
      .issue(s_l1_conv_beats0__issue),
      .push(s_l1_conv_beats0__push),
      .out(s_l1_conv_beats0__in),
      .waits(waits[8+:2])
  );
  hass_engine #(
      .KIND(3),
      .DEPTHWISE(1),
      .M(9),
      .N(9),
      .GANG(2),
      .PX(3),
      .BEATS(1),
      .X_BITS(8),
      .X_SIGNED(0),
      .W_BITS(8),
      .ACC(20),
      .DEPTH(3),
      .STYLE(1),
      .QUEUE(4),
      .FIELD(16),
      .DEEP(1),
      .FILTERS(1)
  ) l1_conv_engine0 (
      .clk,
      .rst,
      .load,
      .chain_valid(chain_valid[2]),
      .chain_word(chain_word[95:64]),
      .next_valid(chain_valid[3]),
      .next_word(chain_word[127:96]),
      .written(s_l1_conv_beats0__push),
      .flags(1'b0),
      .valid(s_l1_conv_beats0__valid),
      .in(s_l1_conv_beats0__out),
      .read(s_l1_conv_beats0__read),
      .pop(s_l1_conv_beats0__pop),
      .room(s_l1_conv_acc0__room),
      .issue(s_l1_conv_acc0__issue),
      .push(s_l1_conv_acc0__push),
      .out(s_l1_conv_acc0__in),
      .waits(waits[10+:2])
  );
  hass_join #(
      .GANGS(1),
      .BANKS(1),
      .GANG(2),
      .PX(3),
      .ACC_BITS(20),
      .BIAS_FRAC(0),
      .BITS(8),
      .W(5),
      .FOLDS(3),
      .SHIFT(8),
      .STEPS(1),
      .ROUNDING(0),
      .LO(0),
      .HI(127)
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
      .waits(waits[12+:2])
  );

  // Layer l2_conv: conv, 3x5x6 to 3x5x6 (HWC), packed engines of 6 lanes and 6 multipliers, 1 gangs of 2.
  hass_window #(
      .BITS(8),
      .SIGNED(1),
      .H(3),
      .W(5),
      .C(6),
      .OH(3),
      .OW(5),
      .KH(1),
      .KW(1),
      .SH(1),
      .SW(1),
      .DH(1),
      .DW(1),
      .PT(0),
      .PL(0),
      .IN_PX(3),
      .IN_CH(2),
      .OUT_PX(3),
      .M_TAP(1),
      .M_CH(6),
      .FOLDS(3),
      .GROUPS(1),
      .CHANNELWISE(0),
      .LINE_PIXELS(6),
      .ROWS(1),
      .ROW_BANKS(1),
      .COL_BANKS(3),
      .LANES(6),
      .TAU(0),
      .PAD(0),
      .FLAGS(0),
      .PACE_BITS(4),
      .PACE_START(4'sd4),
      .PACE_EMIT(4'sd1),
      .PACE_ACCEPT(4'sd1),
      .BLOCK(0)
  ) l2_conv_window (
      .clk,
      .rst,
      .start,
      .images,
      .valid(s_t2__valid),
      .in(s_t2__out),
      .read(s_t2__read),
      .pop(s_t2__pop),
      .room(s_l2_conv_beats0__room),
      .issue(s_l2_conv_beats0__issue),
      .push(s_l2_conv_beats0__push),
      .out(s_l2_conv_beats0__in),
      .waits(waits[14+:2])
  );
  hass_engine #(
      .KIND(3),
      .DEPTHWISE(0),
      .M(6),
      .N(6),
      .GANG(2),
      .PX(3),
      .BEATS(1),
      .X_BITS(8),
      .X_SIGNED(1),
      .W_BITS(8),
      .ACC(20),
      .DEPTH(3),
      .STYLE(0),
      .QUEUE(3),
      .FIELD(18),
      .DEEP(6),
      .FILTERS(1)
  ) l2_conv_engine0 (
      .clk,
      .rst,
      .load,
      .chain_valid(chain_valid[4]),
      .chain_word(chain_word[159:128]),
      .next_valid(chain_valid[5]),
      .next_word(chain_word[191:160]),
      .written(s_l2_conv_beats0__push),
      .flags(1'b0),
      .valid(s_l2_conv_beats0__valid),
      .in(s_l2_conv_beats0__out),
      .read(s_l2_conv_beats0__read),
      .pop(s_l2_conv_beats0__pop),
      .room(s_l2_conv_acc0__room),
      .issue(s_l2_conv_acc0__issue),
      .push(s_l2_conv_acc0__push),
      .out(s_l2_conv_acc0__in),
      .waits(waits[16+:2])
  );
  hass_join #(
      .GANGS(1),
      .BANKS(1),
      .GANG(2),
      .PX(3),
      .ACC_BITS(20),
      .BIAS_FRAC(0),
      .BITS(4),
      .W(5),
      .FOLDS(3),
      .SHIFT(9),
      .STEPS(1),
      .ROUNDING(0),
      .LO(0),
      .HI(15)
  ) l2_conv_join (
      .clk,
      .rst,
      .load,
      .chain_valid(chain_valid[5]),
      .chain_word(chain_word[191:160]),
      .next_valid(chain_valid[6]),
      .next_word(chain_word[223:192]),
      .valid(s_l2_conv_acc0__valid),
      .in(s_l2_conv_acc0__out),
      .read(s_l2_conv_acc0__read),
      .pop(s_l2_conv_acc0__pop),
      .room(s_t3__room),
      .issue(s_t3__issue),
      .push(s_t3__push),
      .out(s_t3__in),
      .waits(waits[18+:2])
  );

  // Layer l3_conv: conv, 3x5x6 to 3x5x6 (HWC), packed engines of 6 lanes and 6 multipliers, 1 gangs of 3.
  hass_window #(
      .BITS(4),
      .SIGNED(0),
      .H(3),
      .W(5),
      .C(6),
      .OH(3),
      .OW(5),
      .KH(1),
      .KW(1),
      .SH(1),
      .SW(1),
      .DH(1),
      .DW(1),
      .PT(0),
      .PL(0),
      .IN_PX(3),
      .IN_CH(2),
      .OUT_PX(3),
      .M_TAP(1),
      .M_CH(6),
      .FOLDS(2),
      .GROUPS(1),
      .CHANNELWISE(0),
      .LINE_PIXELS(6),
      .ROWS(1),
      .ROW_BANKS(1),
      .COL_BANKS(3),
      .LANES(6),
      .TAU(0),
      .PAD(0),
      .FLAGS(0),
      .PACE_BITS(5),
      .PACE_START(5'sd9),
      .PACE_EMIT(5'sd3),
      .PACE_ACCEPT(5'sd2),
      .BLOCK(0)
  ) l3_conv_window (
      .clk,
      .rst,
      .start,
      .images,
      .valid(s_t3__valid),
      .in(s_t3__out),
      .read(s_t3__read),
      .pop(s_t3__pop),
      .room(s_l3_conv_beats0__room),
      .issue(s_l3_conv_beats0__issue),
      .push(s_l3_conv_beats0__push),
      .out(s_l3_conv_beats0__in),
      .waits(waits[20+:2])
  );
  hass_engine #(
      .KIND(3),
      .DEPTHWISE(0),
      .M(6),
      .N(6),
      .GANG(3),
      .PX(3),
      .BEATS(1),
      .X_BITS(4),
      .X_SIGNED(0),
      .W_BITS(4),
      .ACC(20),
      .DEPTH(2),
      .STYLE(0),
      .QUEUE(7),
      .FIELD(10),
      .DEEP(3),
      .FILTERS(2)
  ) l3_conv_engine0 (
      .clk,
      .rst,
      .load,
      .chain_valid(chain_valid[6]),
      .chain_word(chain_word[223:192]),
      .next_valid(chain_valid[7]),
      .next_word(chain_word[255:224]),
      .written(s_l3_conv_beats0__push),
      .flags(1'b0),
      .valid(s_l3_conv_beats0__valid),
      .in(s_l3_conv_beats0__out),
      .read(s_l3_conv_beats0__read),
      .pop(s_l3_conv_beats0__pop),
      .room(s_l3_conv_acc0__room),
      .issue(s_l3_conv_acc0__issue),
      .push(s_l3_conv_acc0__push),
      .out(s_l3_conv_acc0__in),
      .waits(waits[22+:2])
  );
  hass_join #(
      .GANGS(1),
      .BANKS(1),
      .GANG(3),
      .PX(3),
      .ACC_BITS(20),
      .BIAS_FRAC(0),
      .BITS(16),
      .W(5),
      .FOLDS(2),
      .SHIFT(-4),
      .STEPS(1),
      .ROUNDING(0),
      .LO(0),
      .HI(10922)
  ) l3_conv_join (
      .clk,
      .rst,
      .load,
      .chain_valid(chain_valid[7]),
      .chain_word(chain_word[255:224]),
      .next_valid(chain_valid[8]),
      .next_word(chain_word[287:256]),
      .valid(s_l3_conv_acc0__valid),
      .in(s_l3_conv_acc0__out),
      .read(s_l3_conv_acc0__read),
      .pop(s_l3_conv_acc0__pop),
      .room(s_t4__room),
      .issue(s_t4__issue),
      .push(s_t4__push),
      .out(s_t4__in),
      .waits(waits[24+:2])
  );

  // Layer l4_conv: conv, 3x5x6 to 3x5x4 (HWC), packed engines of 3 lanes and 3 multipliers, 2 gangs of 1.
  hass_window #(
      .BITS(16),
      .SIGNED(1),
      .H(3),
      .W(5),
      .C(6),
      .OH(3),
      .OW(5),
      .KH(1),
      .KW(1),
      .SH(1),
      .SW(1),
      .DH(1),
      .DW(1),
      .PT(0),
      .PL(0),
      .IN_PX(3),
      .IN_CH(3),
      .OUT_PX(2),
      .M_TAP(1),
      .M_CH(3),
      .FOLDS(2),
      .GROUPS(1),
      .CHANNELWISE(0),
      .LINE_PIXELS(10),
      .ROWS(2),
      .ROW_BANKS(1),
      .COL_BANKS(3),
      .LANES(3),
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
      .room(s_l4_conv_beats__room),
      .issue(s_l4_conv_beats__issue),
      .push(s_l4_conv_beats__push),
      .out(s_l4_conv_beats__in),
      .waits(waits[26+:2])
  );
  hass_fork #(
      .WIDTH(96),
      .OUTS(2)
  ) l4_conv_fork (
      .clk,
      .rst,
      .valid(s_l4_conv_beats__valid),
      .in(s_l4_conv_beats__out),
      .read(s_l4_conv_beats__read),
      .pop(s_l4_conv_beats__pop),
      .room({s_l4_conv_beats1__room, s_l4_conv_beats0__room}),
      .issue({s_l4_conv_beats1__issue, s_l4_conv_beats0__issue}),
      .push({s_l4_conv_beats1__push, s_l4_conv_beats0__push}),
      .out(s_l4_conv_beats0__in),
      .waits(waits[28+:2])
  );
  assign s_l4_conv_beats1__in = s_l4_conv_beats0__in;
  hass_engine #(
      .KIND(3),
      .DEPTHWISE(0),
      .M(3),
      .N(3),
      .GANG(1),
      .PX(2),
      .BEATS(2),
      .X_BITS(16),
      .X_SIGNED(1),
      .W_BITS(16),
      .ACC(33),
      .DEPTH(4),
      .STYLE(0),
      .QUEUE(7),
      .FIELD(0),
      .DEEP(3),
      .FILTERS(1)
  ) l4_conv_engine0 (
      .clk,
      .rst,
      .load,
      .chain_valid(chain_valid[8]),
      .chain_word(chain_word[287:256]),
      .next_valid(chain_valid[9]),
      .next_word(chain_word[319:288]),
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
      .waits(waits[30+:2])
  );
  hass_engine #(
      .KIND(3),
      .DEPTHWISE(0),
      .M(3),
      .N(3),
      .GANG(1),
      .PX(2),
      .BEATS(2),
      .X_BITS(16),
      .X_SIGNED(1),
      .W_BITS(16),
      .ACC(33),
      .DEPTH(4),
      .STYLE(0),
      .QUEUE(3),
      .FIELD(0),
      .DEEP(3),
      .FILTERS(1)
  ) l4_conv_engine1 (
      .clk,
      .rst,
      .load,
      .chain_valid(chain_valid[9]),
      .chain_word(chain_word[319:288]),
      .next_valid(chain_valid[10]),
      .next_word(chain_word[351:320]),
      .written(s_l4_conv_beats1__push),
      .flags(1'b0),
      .valid(s_l4_conv_beats1__valid),
      .in(s_l4_conv_beats1__out),
      .read(s_l4_conv_beats1__read),
      .pop(s_l4_conv_beats1__pop),
      .room(s_l4_conv_acc1__room),
      .issue(s_l4_conv_acc1__issue),
      .push(s_l4_conv_acc1__push),
      .out(s_l4_conv_acc1__in),
      .waits(waits[32+:2])
  );
  hass_join #(
      .GANGS(2),
      .BANKS(1),
      .GANG(1),
      .PX(2),
      .ACC_BITS(33),
      .BIAS_FRAC(0),
      .BITS(16),
      .W(5),
      .FOLDS(2),
      .SHIFT(9),
      .STEPS(1),
      .ROUNDING(0),
      .LO(0),
      .HI(32767)
  ) l4_conv_join (
      .clk,
      .rst,
      .load,
      .chain_valid(chain_valid[10]),
      .chain_word(chain_word[351:320]),
      .next_valid(chain_valid[11]),
      .next_word(chain_word[383:352]),
      .valid({s_l4_conv_acc1__valid, s_l4_conv_acc0__valid}),
      .in({s_l4_conv_acc1__out, s_l4_conv_acc0__out}),
      .read({s_l4_conv_acc1__read, s_l4_conv_acc0__read}),
      .pop({s_l4_conv_acc1__pop, s_l4_conv_acc0__pop}),
      .room(s_t5__room),
      .issue(s_t5__issue),
      .push(s_t5__push),
      .out(s_t5__in),
      .waits(waits[34+:2])
  );

  hass_sink #(
      .WIDTH(64),
      .AXI(64),
      .BEATS(18)
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
      .waits(waits[36+:2])
  );

endmodule
