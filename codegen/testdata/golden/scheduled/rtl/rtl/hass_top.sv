// The accelerator: AXI4-Stream ports for input, outputs and weights, and AXI4-Lite control with
// counters (hass_control.sv). Weights (268 words) are loaded once into on-chip memories. A run then
// takes images from the input.
//
//   s_axis_input    64-bit words, 18 per image
//   m_axis_output0  16-bit words, 24 per image, TLAST on the last
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

    input  wire [63:0] s_axis_input_tdata,
    input  wire s_axis_input_tvalid,
    output wire s_axis_input_tready,

    output wire [15:0] m_axis_output0_tdata,
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
  wire [383:0] most;
  wire [0:0] image_done;
  assign image_done = m_axis_output0_tvalid && m_axis_output0_tready && m_axis_output0_tlast;
  hass_control #(
      .PROCESSES(19),
      .FIFOS(24),
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

  // input_source to l0_conv_window: 6px*1ch of 8 bits
  wire s_x__room, s_x__issue, s_x__push, s_x__valid, s_x__read, s_x__pop;
  wire [47:0] s_x__in, s_x__out;
  hass_fifo #(
      .WIDTH(48),
      .DEPTH(1),
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
          .DEPTH(1)
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

  // l0_conv_window to l0_conv_scheduled: 6px*1ch of 8 bits
  wire s_l0_conv_beats__room, s_l0_conv_beats__issue, s_l0_conv_beats__push, s_l0_conv_beats__valid, s_l0_conv_beats__read, s_l0_conv_beats__pop;
  wire [47:0] s_l0_conv_beats__in, s_l0_conv_beats__out;
  hass_fifo #(
      .WIDTH(48),
      .DEPTH(1),
      .BLOCK(0)
  ) s_l0_conv_beats__fifo (
      .clk,
      .rst,
      .room(s_l0_conv_beats__room),
      .issue(s_l0_conv_beats__issue),
      .push(s_l0_conv_beats__push),
      .in(s_l0_conv_beats__in),
      .valid(s_l0_conv_beats__valid),
      .out(s_l0_conv_beats__out),
      .read(s_l0_conv_beats__read),
      .pop(s_l0_conv_beats__pop)
  );
  generate
    if (STATS != 0) begin : g_most_1
      hass_watermark #(
          .DEPTH(1)
      ) watermark (
          .clk,
          .rst,
          .clear(start),
          .issue(s_l0_conv_beats__issue),
          .read(s_l0_conv_beats__read),
          .most(most[16+:16])
      );
    end else begin : g_unwatched_1
      assign most[16+:16] = '0;
    end
  endgenerate

  // l0_conv_scheduled to l0_conv_collect: 6px*1ch of 22 bits
  wire s_l0_conv_sums0__room, s_l0_conv_sums0__issue, s_l0_conv_sums0__push, s_l0_conv_sums0__valid, s_l0_conv_sums0__read, s_l0_conv_sums0__pop;
  wire [131:0] s_l0_conv_sums0__in, s_l0_conv_sums0__out;
  hass_fifo #(
      .WIDTH(132),
      .DEPTH(8),
      .BLOCK(0)
  ) s_l0_conv_sums0__fifo (
      .clk,
      .rst,
      .room(s_l0_conv_sums0__room),
      .issue(s_l0_conv_sums0__issue),
      .push(s_l0_conv_sums0__push),
      .in(s_l0_conv_sums0__in),
      .valid(s_l0_conv_sums0__valid),
      .out(s_l0_conv_sums0__out),
      .read(s_l0_conv_sums0__read),
      .pop(s_l0_conv_sums0__pop)
  );
  generate
    if (STATS != 0) begin : g_most_2
      hass_watermark #(
          .DEPTH(8)
      ) watermark (
          .clk,
          .rst,
          .clear(start),
          .issue(s_l0_conv_sums0__issue),
          .read(s_l0_conv_sums0__read),
          .most(most[32+:16])
      );
    end else begin : g_unwatched_2
      assign most[32+:16] = '0;
    end
  endgenerate

  // l0_conv_scheduled to l0_conv_collect: 6px*1ch of 22 bits
  wire s_l0_conv_sums1__room, s_l0_conv_sums1__issue, s_l0_conv_sums1__push, s_l0_conv_sums1__valid, s_l0_conv_sums1__read, s_l0_conv_sums1__pop;
  wire [131:0] s_l0_conv_sums1__in, s_l0_conv_sums1__out;
  hass_fifo #(
      .WIDTH(132),
      .DEPTH(8),
      .BLOCK(0)
  ) s_l0_conv_sums1__fifo (
      .clk,
      .rst,
      .room(s_l0_conv_sums1__room),
      .issue(s_l0_conv_sums1__issue),
      .push(s_l0_conv_sums1__push),
      .in(s_l0_conv_sums1__in),
      .valid(s_l0_conv_sums1__valid),
      .out(s_l0_conv_sums1__out),
      .read(s_l0_conv_sums1__read),
      .pop(s_l0_conv_sums1__pop)
  );
  generate
    if (STATS != 0) begin : g_most_3
      hass_watermark #(
          .DEPTH(8)
      ) watermark (
          .clk,
          .rst,
          .clear(start),
          .issue(s_l0_conv_sums1__issue),
          .read(s_l0_conv_sums1__read),
          .most(most[48+:16])
      );
    end else begin : g_unwatched_3
      assign most[48+:16] = '0;
    end
  endgenerate

  // l0_conv_scheduled to l0_conv_collect: 6px*1ch of 22 bits
  wire s_l0_conv_sums2__room, s_l0_conv_sums2__issue, s_l0_conv_sums2__push, s_l0_conv_sums2__valid, s_l0_conv_sums2__read, s_l0_conv_sums2__pop;
  wire [131:0] s_l0_conv_sums2__in, s_l0_conv_sums2__out;
  hass_fifo #(
      .WIDTH(132),
      .DEPTH(8),
      .BLOCK(0)
  ) s_l0_conv_sums2__fifo (
      .clk,
      .rst,
      .room(s_l0_conv_sums2__room),
      .issue(s_l0_conv_sums2__issue),
      .push(s_l0_conv_sums2__push),
      .in(s_l0_conv_sums2__in),
      .valid(s_l0_conv_sums2__valid),
      .out(s_l0_conv_sums2__out),
      .read(s_l0_conv_sums2__read),
      .pop(s_l0_conv_sums2__pop)
  );
  generate
    if (STATS != 0) begin : g_most_4
      hass_watermark #(
          .DEPTH(8)
      ) watermark (
          .clk,
          .rst,
          .clear(start),
          .issue(s_l0_conv_sums2__issue),
          .read(s_l0_conv_sums2__read),
          .most(most[64+:16])
      );
    end else begin : g_unwatched_4
      assign most[64+:16] = '0;
    end
  endgenerate

  // l0_conv_collect to l0_conv_join: 6px*1ch of 22 bits
  wire s_l0_conv_acc__room, s_l0_conv_acc__issue, s_l0_conv_acc__push, s_l0_conv_acc__valid, s_l0_conv_acc__read, s_l0_conv_acc__pop;
  wire [131:0] s_l0_conv_acc__in, s_l0_conv_acc__out;
  hass_fifo #(
      .WIDTH(132),
      .DEPTH(2),
      .BLOCK(0)
  ) s_l0_conv_acc__fifo (
      .clk,
      .rst,
      .room(s_l0_conv_acc__room),
      .issue(s_l0_conv_acc__issue),
      .push(s_l0_conv_acc__push),
      .in(s_l0_conv_acc__in),
      .valid(s_l0_conv_acc__valid),
      .out(s_l0_conv_acc__out),
      .read(s_l0_conv_acc__read),
      .pop(s_l0_conv_acc__pop)
  );
  generate
    if (STATS != 0) begin : g_most_5
      hass_watermark #(
          .DEPTH(2)
      ) watermark (
          .clk,
          .rst,
          .clear(start),
          .issue(s_l0_conv_acc__issue),
          .read(s_l0_conv_acc__read),
          .most(most[80+:16])
      );
    end else begin : g_unwatched_5
      assign most[80+:16] = '0;
    end
  endgenerate

  // l0_conv_join to l1_conv_window: 6px*1ch of 8 bits
  wire s_t1__room, s_t1__issue, s_t1__push, s_t1__valid, s_t1__read, s_t1__pop;
  wire [47:0] s_t1__in, s_t1__out;
  hass_fifo #(
      .WIDTH(48),
      .DEPTH(5),
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
    if (STATS != 0) begin : g_most_6
      hass_watermark #(
          .DEPTH(5)
      ) watermark (
          .clk,
          .rst,
          .clear(start),
          .issue(s_t1__issue),
          .read(s_t1__read),
          .most(most[96+:16])
      );
    end else begin : g_unwatched_6
      assign most[96+:16] = '0;
    end
  endgenerate

  // l1_conv_window to l1_conv_scheduled: 3px*1ch of 8 bits
  wire s_l1_conv_beats__room, s_l1_conv_beats__issue, s_l1_conv_beats__push, s_l1_conv_beats__valid, s_l1_conv_beats__read, s_l1_conv_beats__pop;
  wire [23:0] s_l1_conv_beats__in, s_l1_conv_beats__out;
  hass_fifo #(
      .WIDTH(24),
      .DEPTH(7),
      .BLOCK(0)
  ) s_l1_conv_beats__fifo (
      .clk,
      .rst,
      .room(s_l1_conv_beats__room),
      .issue(s_l1_conv_beats__issue),
      .push(s_l1_conv_beats__push),
      .in(s_l1_conv_beats__in),
      .valid(s_l1_conv_beats__valid),
      .out(s_l1_conv_beats__out),
      .read(s_l1_conv_beats__read),
      .pop(s_l1_conv_beats__pop)
  );
  generate
    if (STATS != 0) begin : g_most_7
      hass_watermark #(
          .DEPTH(7)
      ) watermark (
          .clk,
          .rst,
          .clear(start),
          .issue(s_l1_conv_beats__issue),
          .read(s_l1_conv_beats__read),
          .most(most[112+:16])
      );
    end else begin : g_unwatched_7
      assign most[112+:16] = '0;
    end
  endgenerate

  // l1_conv_scheduled to l1_conv_collect: 3px*1ch of 20 bits
  wire s_l1_conv_sums0__room, s_l1_conv_sums0__issue, s_l1_conv_sums0__push, s_l1_conv_sums0__valid, s_l1_conv_sums0__read, s_l1_conv_sums0__pop;
  wire [59:0] s_l1_conv_sums0__in, s_l1_conv_sums0__out;
  hass_fifo #(
      .WIDTH(60),
      .DEPTH(8),
      .BLOCK(0)
  ) s_l1_conv_sums0__fifo (
      .clk,
      .rst,
      .room(s_l1_conv_sums0__room),
      .issue(s_l1_conv_sums0__issue),
      .push(s_l1_conv_sums0__push),
      .in(s_l1_conv_sums0__in),
      .valid(s_l1_conv_sums0__valid),
      .out(s_l1_conv_sums0__out),
      .read(s_l1_conv_sums0__read),
      .pop(s_l1_conv_sums0__pop)
  );
  generate
    if (STATS != 0) begin : g_most_8
      hass_watermark #(
          .DEPTH(8)
      ) watermark (
          .clk,
          .rst,
          .clear(start),
          .issue(s_l1_conv_sums0__issue),
          .read(s_l1_conv_sums0__read),
          .most(most[128+:16])
      );
    end else begin : g_unwatched_8
      assign most[128+:16] = '0;
    end
  endgenerate

  // l1_conv_scheduled to l1_conv_collect: 3px*1ch of 20 bits
  wire s_l1_conv_sums1__room, s_l1_conv_sums1__issue, s_l1_conv_sums1__push, s_l1_conv_sums1__valid, s_l1_conv_sums1__read, s_l1_conv_sums1__pop;
  wire [59:0] s_l1_conv_sums1__in, s_l1_conv_sums1__out;
  hass_fifo #(
      .WIDTH(60),
      .DEPTH(8),
      .BLOCK(0)
  ) s_l1_conv_sums1__fifo (
      .clk,
      .rst,
      .room(s_l1_conv_sums1__room),
      .issue(s_l1_conv_sums1__issue),
      .push(s_l1_conv_sums1__push),
      .in(s_l1_conv_sums1__in),
      .valid(s_l1_conv_sums1__valid),
      .out(s_l1_conv_sums1__out),
      .read(s_l1_conv_sums1__read),
      .pop(s_l1_conv_sums1__pop)
  );
  generate
    if (STATS != 0) begin : g_most_9
      hass_watermark #(
          .DEPTH(8)
      ) watermark (
          .clk,
          .rst,
          .clear(start),
          .issue(s_l1_conv_sums1__issue),
          .read(s_l1_conv_sums1__read),
          .most(most[144+:16])
      );
    end else begin : g_unwatched_9
      assign most[144+:16] = '0;
    end
  endgenerate

  // l1_conv_collect to l1_conv_join: 3px*1ch of 20 bits
  wire s_l1_conv_acc__room, s_l1_conv_acc__issue, s_l1_conv_acc__push, s_l1_conv_acc__valid, s_l1_conv_acc__read, s_l1_conv_acc__pop;
  wire [59:0] s_l1_conv_acc__in, s_l1_conv_acc__out;
  hass_fifo #(
      .WIDTH(60),
      .DEPTH(8),
      .BLOCK(0)
  ) s_l1_conv_acc__fifo (
      .clk,
      .rst,
      .room(s_l1_conv_acc__room),
      .issue(s_l1_conv_acc__issue),
      .push(s_l1_conv_acc__push),
      .in(s_l1_conv_acc__in),
      .valid(s_l1_conv_acc__valid),
      .out(s_l1_conv_acc__out),
      .read(s_l1_conv_acc__read),
      .pop(s_l1_conv_acc__pop)
  );
  generate
    if (STATS != 0) begin : g_most_10
      hass_watermark #(
          .DEPTH(8)
      ) watermark (
          .clk,
          .rst,
          .clear(start),
          .issue(s_l1_conv_acc__issue),
          .read(s_l1_conv_acc__read),
          .most(most[160+:16])
      );
    end else begin : g_unwatched_10
      assign most[160+:16] = '0;
    end
  endgenerate

  // l1_conv_join to t2_fork: 3px*1ch of 8 bits
  wire s_t2__room, s_t2__issue, s_t2__push, s_t2__valid, s_t2__read, s_t2__pop;
  wire [23:0] s_t2__in, s_t2__out;
  hass_fifo #(
      .WIDTH(24),
      .DEPTH(7),
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
    if (STATS != 0) begin : g_most_11
      hass_watermark #(
          .DEPTH(7)
      ) watermark (
          .clk,
          .rst,
          .clear(start),
          .issue(s_t2__issue),
          .read(s_t2__read),
          .most(most[176+:16])
      );
    end else begin : g_unwatched_11
      assign most[176+:16] = '0;
    end
  endgenerate

  // t2_fork to l2_conv_window: 3px*1ch of 8 bits
  wire s_t2_1__room, s_t2_1__issue, s_t2_1__push, s_t2_1__valid, s_t2_1__read, s_t2_1__pop;
  wire [23:0] s_t2_1__in, s_t2_1__out;
  hass_fifo #(
      .WIDTH(24),
      .DEPTH(7),
      .BLOCK(0)
  ) s_t2_1__fifo (
      .clk,
      .rst,
      .room(s_t2_1__room),
      .issue(s_t2_1__issue),
      .push(s_t2_1__push),
      .in(s_t2_1__in),
      .valid(s_t2_1__valid),
      .out(s_t2_1__out),
      .read(s_t2_1__read),
      .pop(s_t2_1__pop)
  );
  generate
    if (STATS != 0) begin : g_most_12
      hass_watermark #(
          .DEPTH(7)
      ) watermark (
          .clk,
          .rst,
          .clear(start),
          .issue(s_t2_1__issue),
          .read(s_t2_1__read),
          .most(most[192+:16])
      );
    end else begin : g_unwatched_12
      assign most[192+:16] = '0;
    end
  endgenerate

  // t2_fork to l3_conv_window: 3px*1ch of 8 bits
  wire s_t2_2__room, s_t2_2__issue, s_t2_2__push, s_t2_2__valid, s_t2_2__read, s_t2_2__pop;
  wire [23:0] s_t2_2__in, s_t2_2__out;
  hass_fifo #(
      .WIDTH(24),
      .DEPTH(3),
      .BLOCK(0)
  ) s_t2_2__fifo (
      .clk,
      .rst,
      .room(s_t2_2__room),
      .issue(s_t2_2__issue),
      .push(s_t2_2__push),
      .in(s_t2_2__in),
      .valid(s_t2_2__valid),
      .out(s_t2_2__out),
      .read(s_t2_2__read),
      .pop(s_t2_2__pop)
  );
  generate
    if (STATS != 0) begin : g_most_13
      hass_watermark #(
          .DEPTH(3)
      ) watermark (
          .clk,
          .rst,
          .clear(start),
          .issue(s_t2_2__issue),
          .read(s_t2_2__read),
          .most(most[208+:16])
      );
    end else begin : g_unwatched_13
      assign most[208+:16] = '0;
    end
  endgenerate

  // l2_conv_window to l2_conv_scheduled: 2px*1ch of 8 bits
  wire s_l2_conv_beats__room, s_l2_conv_beats__issue, s_l2_conv_beats__push, s_l2_conv_beats__valid, s_l2_conv_beats__read, s_l2_conv_beats__pop;
  wire [15:0] s_l2_conv_beats__in, s_l2_conv_beats__out;
  hass_fifo #(
      .WIDTH(16),
      .DEPTH(8),
      .BLOCK(0)
  ) s_l2_conv_beats__fifo (
      .clk,
      .rst,
      .room(s_l2_conv_beats__room),
      .issue(s_l2_conv_beats__issue),
      .push(s_l2_conv_beats__push),
      .in(s_l2_conv_beats__in),
      .valid(s_l2_conv_beats__valid),
      .out(s_l2_conv_beats__out),
      .read(s_l2_conv_beats__read),
      .pop(s_l2_conv_beats__pop)
  );
  generate
    if (STATS != 0) begin : g_most_14
      hass_watermark #(
          .DEPTH(8)
      ) watermark (
          .clk,
          .rst,
          .clear(start),
          .issue(s_l2_conv_beats__issue),
          .read(s_l2_conv_beats__read),
          .most(most[224+:16])
      );
    end else begin : g_unwatched_14
      assign most[224+:16] = '0;
    end
  endgenerate

  // l2_conv_scheduled to l2_conv_collect: 2px*1ch of 20 bits
  wire s_l2_conv_sums0__room, s_l2_conv_sums0__issue, s_l2_conv_sums0__push, s_l2_conv_sums0__valid, s_l2_conv_sums0__read, s_l2_conv_sums0__pop;
  wire [39:0] s_l2_conv_sums0__in, s_l2_conv_sums0__out;
  hass_fifo #(
      .WIDTH(40),
      .DEPTH(8),
      .BLOCK(0)
  ) s_l2_conv_sums0__fifo (
      .clk,
      .rst,
      .room(s_l2_conv_sums0__room),
      .issue(s_l2_conv_sums0__issue),
      .push(s_l2_conv_sums0__push),
      .in(s_l2_conv_sums0__in),
      .valid(s_l2_conv_sums0__valid),
      .out(s_l2_conv_sums0__out),
      .read(s_l2_conv_sums0__read),
      .pop(s_l2_conv_sums0__pop)
  );
  generate
    if (STATS != 0) begin : g_most_15
      hass_watermark #(
          .DEPTH(8)
      ) watermark (
          .clk,
          .rst,
          .clear(start),
          .issue(s_l2_conv_sums0__issue),
          .read(s_l2_conv_sums0__read),
          .most(most[240+:16])
      );
    end else begin : g_unwatched_15
      assign most[240+:16] = '0;
    end
  endgenerate

  // l2_conv_scheduled to l2_conv_collect: 2px*1ch of 20 bits
  wire s_l2_conv_sums1__room, s_l2_conv_sums1__issue, s_l2_conv_sums1__push, s_l2_conv_sums1__valid, s_l2_conv_sums1__read, s_l2_conv_sums1__pop;
  wire [39:0] s_l2_conv_sums1__in, s_l2_conv_sums1__out;
  hass_fifo #(
      .WIDTH(40),
      .DEPTH(8),
      .BLOCK(0)
  ) s_l2_conv_sums1__fifo (
      .clk,
      .rst,
      .room(s_l2_conv_sums1__room),
      .issue(s_l2_conv_sums1__issue),
      .push(s_l2_conv_sums1__push),
      .in(s_l2_conv_sums1__in),
      .valid(s_l2_conv_sums1__valid),
      .out(s_l2_conv_sums1__out),
      .read(s_l2_conv_sums1__read),
      .pop(s_l2_conv_sums1__pop)
  );
  generate
    if (STATS != 0) begin : g_most_16
      hass_watermark #(
          .DEPTH(8)
      ) watermark (
          .clk,
          .rst,
          .clear(start),
          .issue(s_l2_conv_sums1__issue),
          .read(s_l2_conv_sums1__read),
          .most(most[256+:16])
      );
    end else begin : g_unwatched_16
      assign most[256+:16] = '0;
    end
  endgenerate

  // l2_conv_scheduled to l2_conv_collect: 2px*1ch of 20 bits
  wire s_l2_conv_sums2__room, s_l2_conv_sums2__issue, s_l2_conv_sums2__push, s_l2_conv_sums2__valid, s_l2_conv_sums2__read, s_l2_conv_sums2__pop;
  wire [39:0] s_l2_conv_sums2__in, s_l2_conv_sums2__out;
  hass_fifo #(
      .WIDTH(40),
      .DEPTH(8),
      .BLOCK(0)
  ) s_l2_conv_sums2__fifo (
      .clk,
      .rst,
      .room(s_l2_conv_sums2__room),
      .issue(s_l2_conv_sums2__issue),
      .push(s_l2_conv_sums2__push),
      .in(s_l2_conv_sums2__in),
      .valid(s_l2_conv_sums2__valid),
      .out(s_l2_conv_sums2__out),
      .read(s_l2_conv_sums2__read),
      .pop(s_l2_conv_sums2__pop)
  );
  generate
    if (STATS != 0) begin : g_most_17
      hass_watermark #(
          .DEPTH(8)
      ) watermark (
          .clk,
          .rst,
          .clear(start),
          .issue(s_l2_conv_sums2__issue),
          .read(s_l2_conv_sums2__read),
          .most(most[272+:16])
      );
    end else begin : g_unwatched_17
      assign most[272+:16] = '0;
    end
  endgenerate

  // l2_conv_collect to l2_conv_join: 2px*1ch of 20 bits
  wire s_l2_conv_acc__room, s_l2_conv_acc__issue, s_l2_conv_acc__push, s_l2_conv_acc__valid, s_l2_conv_acc__read, s_l2_conv_acc__pop;
  wire [39:0] s_l2_conv_acc__in, s_l2_conv_acc__out;
  hass_fifo #(
      .WIDTH(40),
      .DEPTH(5),
      .BLOCK(0)
  ) s_l2_conv_acc__fifo (
      .clk,
      .rst,
      .room(s_l2_conv_acc__room),
      .issue(s_l2_conv_acc__issue),
      .push(s_l2_conv_acc__push),
      .in(s_l2_conv_acc__in),
      .valid(s_l2_conv_acc__valid),
      .out(s_l2_conv_acc__out),
      .read(s_l2_conv_acc__read),
      .pop(s_l2_conv_acc__pop)
  );
  generate
    if (STATS != 0) begin : g_most_18
      hass_watermark #(
          .DEPTH(5)
      ) watermark (
          .clk,
          .rst,
          .clear(start),
          .issue(s_l2_conv_acc__issue),
          .read(s_l2_conv_acc__read),
          .most(most[288+:16])
      );
    end else begin : g_unwatched_18
      assign most[288+:16] = '0;
    end
  endgenerate

  // l2_conv_join to l4_add_add: 2px*1ch of 8 bits
  wire s_t3__room, s_t3__issue, s_t3__push, s_t3__valid, s_t3__read, s_t3__pop;
  wire [15:0] s_t3__in, s_t3__out;
  hass_fifo #(
      .WIDTH(16),
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
    if (STATS != 0) begin : g_most_19
      hass_watermark #(
          .DEPTH(4)
      ) watermark (
          .clk,
          .rst,
          .clear(start),
          .issue(s_t3__issue),
          .read(s_t3__read),
          .most(most[304+:16])
      );
    end else begin : g_unwatched_19
      assign most[304+:16] = '0;
    end
  endgenerate

  // l3_conv_window to l3_conv_scheduled: 2px*1ch of 8 bits
  wire s_l3_conv_beats__room, s_l3_conv_beats__issue, s_l3_conv_beats__push, s_l3_conv_beats__valid, s_l3_conv_beats__read, s_l3_conv_beats__pop;
  wire [15:0] s_l3_conv_beats__in, s_l3_conv_beats__out;
  hass_fifo #(
      .WIDTH(16),
      .DEPTH(7),
      .BLOCK(0)
  ) s_l3_conv_beats__fifo (
      .clk,
      .rst,
      .room(s_l3_conv_beats__room),
      .issue(s_l3_conv_beats__issue),
      .push(s_l3_conv_beats__push),
      .in(s_l3_conv_beats__in),
      .valid(s_l3_conv_beats__valid),
      .out(s_l3_conv_beats__out),
      .read(s_l3_conv_beats__read),
      .pop(s_l3_conv_beats__pop)
  );
  generate
    if (STATS != 0) begin : g_most_20
      hass_watermark #(
          .DEPTH(7)
      ) watermark (
          .clk,
          .rst,
          .clear(start),
          .issue(s_l3_conv_beats__issue),
          .read(s_l3_conv_beats__read),
          .most(most[320+:16])
      );
    end else begin : g_unwatched_20
      assign most[320+:16] = '0;
    end
  endgenerate

  // l3_conv_scheduled to l3_conv_join: 2px*1ch of 22 bits
  wire s_l3_conv_acc__room, s_l3_conv_acc__issue, s_l3_conv_acc__push, s_l3_conv_acc__valid, s_l3_conv_acc__read, s_l3_conv_acc__pop;
  wire [43:0] s_l3_conv_acc__in, s_l3_conv_acc__out;
  hass_fifo #(
      .WIDTH(44),
      .DEPTH(2),
      .BLOCK(0)
  ) s_l3_conv_acc__fifo (
      .clk,
      .rst,
      .room(s_l3_conv_acc__room),
      .issue(s_l3_conv_acc__issue),
      .push(s_l3_conv_acc__push),
      .in(s_l3_conv_acc__in),
      .valid(s_l3_conv_acc__valid),
      .out(s_l3_conv_acc__out),
      .read(s_l3_conv_acc__read),
      .pop(s_l3_conv_acc__pop)
  );
  generate
    if (STATS != 0) begin : g_most_21
      hass_watermark #(
          .DEPTH(2)
      ) watermark (
          .clk,
          .rst,
          .clear(start),
          .issue(s_l3_conv_acc__issue),
          .read(s_l3_conv_acc__read),
          .most(most[336+:16])
      );
    end else begin : g_unwatched_21
      assign most[336+:16] = '0;
    end
  endgenerate

  // l4_add_add to output0_sink: 2px*1ch of 8 bits
  wire s_t5__room, s_t5__issue, s_t5__push, s_t5__valid, s_t5__read, s_t5__pop;
  wire [15:0] s_t5__in, s_t5__out;
  hass_fifo #(
      .WIDTH(16),
      .DEPTH(8),
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
    if (STATS != 0) begin : g_most_22
      hass_watermark #(
          .DEPTH(8)
      ) watermark (
          .clk,
          .rst,
          .clear(start),
          .issue(s_t5__issue),
          .read(s_t5__read),
          .most(most[352+:16])
      );
    end else begin : g_unwatched_22
      assign most[352+:16] = '0;
    end
  endgenerate

  // l3_conv_join to l4_add_add: 2px*1ch of 8 bits
  wire s_t4__room, s_t4__issue, s_t4__push, s_t4__valid, s_t4__read, s_t4__pop;
  wire [15:0] s_t4__in, s_t4__out;
  hass_fifo #(
      .WIDTH(16),
      .DEPTH(1),
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
    if (STATS != 0) begin : g_most_23
      hass_watermark #(
          .DEPTH(1)
      ) watermark (
          .clk,
          .rst,
          .clear(start),
          .issue(s_t4__issue),
          .read(s_t4__read),
          .most(most[368+:16])
      );
    end else begin : g_unwatched_23
      assign most[368+:16] = '0;
    end
  endgenerate

  hass_source #(
      .WIDTH(48),
      .AXI(64),
      .BEATS(18)
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

  // Layer l0_conv: conv, 6x6x3 to 6x6x7 (HWC), scheduled engine of 3 chains of 5 banks, 7 rows a window.
  hass_window #(
      .BITS(8),
      .SIGNED(0),
      .H(6),
      .W(6),
      .C(3),
      .OH(6),
      .OW(6),
      .KH(3),
      .KW(3),
      .SH(1),
      .SW(1),
      .DH(1),
      .DW(1),
      .PT(1),
      .PL(1),
      .IN_PX(6),
      .IN_CH(1),
      .OUT_PX(6),
      .M_TAP(1),
      .M_CH(1),
      .FOLDS(1),
      .GROUPS(1),
      .CHANNELWISE(0),
      .LINE_PIXELS(25),
      .ROWS(5),
      .ROW_BANKS(1),
      .COL_BANKS(6),
      .LANES(1),
      .TAU(0),
      .PAD(0),
      .FLAGS(0),
      .PACE_BITS(7),
      .PACE_START(7'sd55),
      .PACE_EMIT(7'sd1),
      .PACE_ACCEPT(7'sd9),
      .BLOCK(0),
      .WHOLE(1)
  ) l0_conv_window (
      .clk,
      .rst,
      .start,
      .images,
      .valid(s_x__valid),
      .in(s_x__out),
      .read(s_x__read),
      .pop(s_x__pop),
      .room(s_l0_conv_beats__room),
      .issue(s_l0_conv_beats__issue),
      .push(s_l0_conv_beats__push),
      .out(s_l0_conv_beats__in),
      .waits(waits[2+:2])
  );
  wire [395:0] s_l0_conv_sums0__all;
  hass_scheduled #(
      .BANKS(5),
      .CHAINS(3),
      .PX(6),
      .FIELD(18),
      .X_BITS(8),
      .X_SIGNED(0),
      .W_BITS(8),
      .ACC(22),
      .BEATS(27),
      .WORDS(6),
      .WINDOWS(6),
      .ROWS(7),
      .LEAD(4),
      .ITERATIONS(31),
      .STYLE(1),
      .PLACE_STYLE(0),
      .BANK_STYLE(0)
  ) l0_conv_scheduled (
      .clk,
      .rst,
      .start,
      .images,
      .load,
      .chain_valid(chain_valid[0]),
      .chain_word(chain_word[31:0]),
      .next_valid(chain_valid[1]),
      .next_word(chain_word[63:32]),
      .valid(s_l0_conv_beats__valid),
      .in(s_l0_conv_beats__out),
      .read(s_l0_conv_beats__read),
      .pop(s_l0_conv_beats__pop),
      .room({s_l0_conv_sums2__room, s_l0_conv_sums1__room, s_l0_conv_sums0__room}),
      .issue({s_l0_conv_sums2__issue, s_l0_conv_sums1__issue, s_l0_conv_sums0__issue}),
      .push({s_l0_conv_sums2__push, s_l0_conv_sums1__push, s_l0_conv_sums0__push}),
      .out(s_l0_conv_sums0__all),
      .waits(waits[4+:2])
  );
  assign s_l0_conv_sums0__in = s_l0_conv_sums0__all[131:0];
  assign s_l0_conv_sums1__in = s_l0_conv_sums0__all[263:132];
  assign s_l0_conv_sums2__in = s_l0_conv_sums0__all[395:264];
  hass_collect #(
      .INS(3),
      .WIDTH(132),
      .FILTERS(7),
      .STYLE(0)
  ) l0_conv_collect (
      .clk,
      .rst,
      .start,
      .load,
      .chain_valid(chain_valid[1]),
      .chain_word(chain_word[63:32]),
      .next_valid(chain_valid[2]),
      .next_word(chain_word[95:64]),
      .valid({s_l0_conv_sums2__valid, s_l0_conv_sums1__valid, s_l0_conv_sums0__valid}),
      .in({s_l0_conv_sums2__out, s_l0_conv_sums1__out, s_l0_conv_sums0__out}),
      .read({s_l0_conv_sums2__read, s_l0_conv_sums1__read, s_l0_conv_sums0__read}),
      .pop({s_l0_conv_sums2__pop, s_l0_conv_sums1__pop, s_l0_conv_sums0__pop}),
      .room(s_l0_conv_acc__room),
      .issue(s_l0_conv_acc__issue),
      .push(s_l0_conv_acc__push),
      .out(s_l0_conv_acc__in),
      .waits(waits[6+:2])
  );
  hass_join #(
      .GANGS(1),
      .BANKS(1),
      .GANG(1),
      .PX(6),
      .ACC_BITS(22),
      .BIAS_FRAC(0),
      .BITS(8),
      .W(6),
      .FOLDS(7),
      .SHIFT(24),
      .STEPS(1),
      .ROUNDING(0),
      .LO(0),
      .HI(127),
      .MUL_BITS(18),
      .PARTS(2),
      .TURNS(3)
  ) l0_conv_join (
      .clk,
      .rst,
      .load,
      .chain_valid(chain_valid[2]),
      .chain_word(chain_word[95:64]),
      .next_valid(chain_valid[3]),
      .next_word(chain_word[127:96]),
      .valid(s_l0_conv_acc__valid),
      .in(s_l0_conv_acc__out),
      .read(s_l0_conv_acc__read),
      .pop(s_l0_conv_acc__pop),
      .room(s_t1__room),
      .issue(s_t1__issue),
      .push(s_t1__push),
      .out(s_t1__in),
      .waits(waits[8+:2])
  );

  // Layer l1_conv: conv, 6x6x7 to 3x3x5 (HWC), scheduled engine of 2 chains of 4 banks, 16 rows a window.
  hass_window #(
      .BITS(8),
      .SIGNED(1),
      .H(6),
      .W(6),
      .C(7),
      .OH(3),
      .OW(3),
      .KH(3),
      .KW(3),
      .SH(2),
      .SW(2),
      .DH(1),
      .DW(1),
      .PT(1),
      .PL(1),
      .IN_PX(6),
      .IN_CH(1),
      .OUT_PX(3),
      .M_TAP(1),
      .M_CH(1),
      .FOLDS(1),
      .GROUPS(1),
      .CHANNELWISE(0),
      .LINE_PIXELS(31),
      .ROWS(6),
      .ROW_BANKS(1),
      .COL_BANKS(6),
      .LANES(1),
      .TAU(0),
      .PAD(0),
      .FLAGS(0),
      .PACE_BITS(9),
      .PACE_START(9'sd128),
      .PACE_EMIT(9'sd2),
      .PACE_ACCEPT(9'sd9),
      .BLOCK(0),
      .WHOLE(1)
  ) l1_conv_window (
      .clk,
      .rst,
      .start,
      .images,
      .valid(s_t1__valid),
      .in(s_t1__out),
      .read(s_t1__read),
      .pop(s_t1__pop),
      .room(s_l1_conv_beats__room),
      .issue(s_l1_conv_beats__issue),
      .push(s_l1_conv_beats__push),
      .out(s_l1_conv_beats__in),
      .waits(waits[10+:2])
  );
  wire [119:0] s_l1_conv_sums0__all;
  hass_scheduled #(
      .BANKS(4),
      .CHAINS(2),
      .PX(3),
      .FIELD(16),
      .X_BITS(8),
      .X_SIGNED(1),
      .W_BITS(8),
      .ACC(20),
      .BEATS(63),
      .WORDS(16),
      .WINDOWS(3),
      .ROWS(16),
      .LEAD(3),
      .ITERATIONS(66),
      .STYLE(1),
      .PLACE_STYLE(0),
      .BANK_STYLE(0)
  ) l1_conv_scheduled (
      .clk,
      .rst,
      .start,
      .images,
      .load,
      .chain_valid(chain_valid[3]),
      .chain_word(chain_word[127:96]),
      .next_valid(chain_valid[4]),
      .next_word(chain_word[159:128]),
      .valid(s_l1_conv_beats__valid),
      .in(s_l1_conv_beats__out),
      .read(s_l1_conv_beats__read),
      .pop(s_l1_conv_beats__pop),
      .room({s_l1_conv_sums1__room, s_l1_conv_sums0__room}),
      .issue({s_l1_conv_sums1__issue, s_l1_conv_sums0__issue}),
      .push({s_l1_conv_sums1__push, s_l1_conv_sums0__push}),
      .out(s_l1_conv_sums0__all),
      .waits(waits[12+:2])
  );
  assign s_l1_conv_sums0__in = s_l1_conv_sums0__all[59:0];
  assign s_l1_conv_sums1__in = s_l1_conv_sums0__all[119:60];
  hass_collect #(
      .INS(2),
      .WIDTH(60),
      .FILTERS(5),
      .STYLE(0)
  ) l1_conv_collect (
      .clk,
      .rst,
      .start,
      .load,
      .chain_valid(chain_valid[4]),
      .chain_word(chain_word[159:128]),
      .next_valid(chain_valid[5]),
      .next_word(chain_word[191:160]),
      .valid({s_l1_conv_sums1__valid, s_l1_conv_sums0__valid}),
      .in({s_l1_conv_sums1__out, s_l1_conv_sums0__out}),
      .read({s_l1_conv_sums1__read, s_l1_conv_sums0__read}),
      .pop({s_l1_conv_sums1__pop, s_l1_conv_sums0__pop}),
      .room(s_l1_conv_acc__room),
      .issue(s_l1_conv_acc__issue),
      .push(s_l1_conv_acc__push),
      .out(s_l1_conv_acc__in),
      .waits(waits[14+:2])
  );
  hass_join #(
      .GANGS(1),
      .BANKS(1),
      .GANG(1),
      .PX(3),
      .ACC_BITS(20),
      .BIAS_FRAC(0),
      .BITS(8),
      .W(3),
      .FOLDS(5),
      .SHIFT(7),
      .STEPS(1),
      .ROUNDING(0),
      .LO(0),
      .HI(255)
  ) l1_conv_join (
      .clk,
      .rst,
      .load,
      .chain_valid(chain_valid[5]),
      .chain_word(chain_word[191:160]),
      .next_valid(chain_valid[6]),
      .next_word(chain_word[223:192]),
      .valid(s_l1_conv_acc__valid),
      .in(s_l1_conv_acc__out),
      .read(s_l1_conv_acc__read),
      .pop(s_l1_conv_acc__pop),
      .room(s_t2__room),
      .issue(s_t2__issue),
      .push(s_t2__push),
      .out(s_t2__in),
      .waits(waits[16+:2])
  );

  hass_fork #(
      .WIDTH(24),
      .OUTS(2)
  ) t2_fork (
      .clk,
      .rst,
      .valid(s_t2__valid),
      .in(s_t2__out),
      .read(s_t2__read),
      .pop(s_t2__pop),
      .room({s_t2_2__room, s_t2_1__room}),
      .issue({s_t2_2__issue, s_t2_1__issue}),
      .push({s_t2_2__push, s_t2_1__push}),
      .out(s_t2_1__in),
      .waits(waits[18+:2])
  );
  assign s_t2_2__in = s_t2_1__in;

  // Layer l2_conv: conv, 3x3x5 to 3x3x4 (HWC), scheduled engine of 3 chains of 2 banks, 2 rows a window.
  hass_window #(
      .BITS(8),
      .SIGNED(0),
      .H(3),
      .W(3),
      .C(5),
      .OH(3),
      .OW(3),
      .KH(1),
      .KW(1),
      .SH(1),
      .SW(1),
      .DH(1),
      .DW(1),
      .PT(0),
      .PL(0),
      .IN_PX(3),
      .IN_CH(1),
      .OUT_PX(2),
      .M_TAP(1),
      .M_CH(1),
      .FOLDS(1),
      .GROUPS(1),
      .CHANNELWISE(0),
      .LINE_PIXELS(6),
      .ROWS(2),
      .ROW_BANKS(1),
      .COL_BANKS(3),
      .LANES(1),
      .TAU(0),
      .PAD(0),
      .FLAGS(0),
      .PACE_BITS(5),
      .PACE_START(5'sd11),
      .PACE_EMIT(5'sd1),
      .PACE_ACCEPT(5'sd2),
      .BLOCK(0)
  ) l2_conv_window (
      .clk,
      .rst,
      .start,
      .images,
      .valid(s_t2_1__valid),
      .in(s_t2_1__out),
      .read(s_t2_1__read),
      .pop(s_t2_1__pop),
      .room(s_l2_conv_beats__room),
      .issue(s_l2_conv_beats__issue),
      .push(s_l2_conv_beats__push),
      .out(s_l2_conv_beats__in),
      .waits(waits[20+:2])
  );
  wire [119:0] s_l2_conv_sums0__all;
  hass_scheduled #(
      .BANKS(2),
      .CHAINS(3),
      .PX(2),
      .FIELD(0),
      .X_BITS(8),
      .X_SIGNED(0),
      .W_BITS(8),
      .ACC(20),
      .BEATS(5),
      .WORDS(3),
      .WINDOWS(6),
      .ROWS(2),
      .LEAD(1),
      .ITERATIONS(6),
      .STYLE(1),
      .PLACE_STYLE(0),
      .BANK_STYLE(0)
  ) l2_conv_scheduled (
      .clk,
      .rst,
      .start,
      .images,
      .load,
      .chain_valid(chain_valid[6]),
      .chain_word(chain_word[223:192]),
      .next_valid(chain_valid[7]),
      .next_word(chain_word[255:224]),
      .valid(s_l2_conv_beats__valid),
      .in(s_l2_conv_beats__out),
      .read(s_l2_conv_beats__read),
      .pop(s_l2_conv_beats__pop),
      .room({s_l2_conv_sums2__room, s_l2_conv_sums1__room, s_l2_conv_sums0__room}),
      .issue({s_l2_conv_sums2__issue, s_l2_conv_sums1__issue, s_l2_conv_sums0__issue}),
      .push({s_l2_conv_sums2__push, s_l2_conv_sums1__push, s_l2_conv_sums0__push}),
      .out(s_l2_conv_sums0__all),
      .waits(waits[22+:2])
  );
  assign s_l2_conv_sums0__in = s_l2_conv_sums0__all[39:0];
  assign s_l2_conv_sums1__in = s_l2_conv_sums0__all[79:40];
  assign s_l2_conv_sums2__in = s_l2_conv_sums0__all[119:80];
  hass_collect #(
      .INS(3),
      .WIDTH(40),
      .FILTERS(4),
      .STYLE(0)
  ) l2_conv_collect (
      .clk,
      .rst,
      .start,
      .load,
      .chain_valid(chain_valid[7]),
      .chain_word(chain_word[255:224]),
      .next_valid(chain_valid[8]),
      .next_word(chain_word[287:256]),
      .valid({s_l2_conv_sums2__valid, s_l2_conv_sums1__valid, s_l2_conv_sums0__valid}),
      .in({s_l2_conv_sums2__out, s_l2_conv_sums1__out, s_l2_conv_sums0__out}),
      .read({s_l2_conv_sums2__read, s_l2_conv_sums1__read, s_l2_conv_sums0__read}),
      .pop({s_l2_conv_sums2__pop, s_l2_conv_sums1__pop, s_l2_conv_sums0__pop}),
      .room(s_l2_conv_acc__room),
      .issue(s_l2_conv_acc__issue),
      .push(s_l2_conv_acc__push),
      .out(s_l2_conv_acc__in),
      .waits(waits[24+:2])
  );
  hass_join #(
      .GANGS(1),
      .BANKS(1),
      .GANG(1),
      .PX(2),
      .ACC_BITS(20),
      .BIAS_FRAC(0),
      .BITS(8),
      .W(3),
      .FOLDS(4),
      .SHIFT(7),
      .STEPS(1),
      .ROUNDING(0),
      .LO(0),
      .HI(42)
  ) l2_conv_join (
      .clk,
      .rst,
      .load,
      .chain_valid(chain_valid[8]),
      .chain_word(chain_word[287:256]),
      .next_valid(chain_valid[9]),
      .next_word(chain_word[319:288]),
      .valid(s_l2_conv_acc__valid),
      .in(s_l2_conv_acc__out),
      .read(s_l2_conv_acc__read),
      .pop(s_l2_conv_acc__pop),
      .room(s_t3__room),
      .issue(s_t3__issue),
      .push(s_t3__push),
      .out(s_t3__in),
      .waits(waits[26+:2])
  );

  // Layer l3_conv: conv, 3x3x5 to 3x3x4 (HWC), scheduled engine of 1 chains of 1 banks, 14 rows a window.
  hass_window #(
      .BITS(8),
      .SIGNED(0),
      .H(3),
      .W(3),
      .C(5),
      .OH(3),
      .OW(3),
      .KH(1),
      .KW(1),
      .SH(1),
      .SW(1),
      .DH(1),
      .DW(1),
      .PT(0),
      .PL(0),
      .IN_PX(3),
      .IN_CH(1),
      .OUT_PX(2),
      .M_TAP(1),
      .M_CH(1),
      .FOLDS(1),
      .GROUPS(1),
      .CHANNELWISE(0),
      .LINE_PIXELS(6),
      .ROWS(2),
      .ROW_BANKS(1),
      .COL_BANKS(3),
      .LANES(1),
      .TAU(0),
      .PAD(0),
      .FLAGS(0),
      .PACE_BITS(5),
      .PACE_START(5'sd11),
      .PACE_EMIT(5'sd1),
      .PACE_ACCEPT(5'sd2),
      .BLOCK(0)
  ) l3_conv_window (
      .clk,
      .rst,
      .start,
      .images,
      .valid(s_t2_2__valid),
      .in(s_t2_2__out),
      .read(s_t2_2__read),
      .pop(s_t2_2__pop),
      .room(s_l3_conv_beats__room),
      .issue(s_l3_conv_beats__issue),
      .push(s_l3_conv_beats__push),
      .out(s_l3_conv_beats__in),
      .waits(waits[28+:2])
  );
  hass_scheduled #(
      .BANKS(1),
      .CHAINS(1),
      .PX(2),
      .FIELD(0),
      .X_BITS(8),
      .X_SIGNED(0),
      .W_BITS(8),
      .ACC(22),
      .BEATS(5),
      .WORDS(5),
      .WINDOWS(6),
      .ROWS(14),
      .LEAD(0),
      .ITERATIONS(14),
      .STYLE(1),
      .PLACE_STYLE(0),
      .BANK_STYLE(0)
  ) l3_conv_scheduled (
      .clk,
      .rst,
      .start,
      .images,
      .load,
      .chain_valid(chain_valid[9]),
      .chain_word(chain_word[319:288]),
      .next_valid(chain_valid[10]),
      .next_word(chain_word[351:320]),
      .valid(s_l3_conv_beats__valid),
      .in(s_l3_conv_beats__out),
      .read(s_l3_conv_beats__read),
      .pop(s_l3_conv_beats__pop),
      .room(s_l3_conv_acc__room),
      .issue(s_l3_conv_acc__issue),
      .push(s_l3_conv_acc__push),
      .out(s_l3_conv_acc__in),
      .waits(waits[30+:2])
  );
  hass_join #(
      .GANGS(1),
      .BANKS(1),
      .GANG(1),
      .PX(2),
      .ACC_BITS(22),
      .BIAS_FRAC(0),
      .BITS(8),
      .W(3),
      .FOLDS(4),
      .SHIFT(28),
      .STEPS(1),
      .ROUNDING(0),
      .LO(0),
      .HI(127),
      .MUL_BITS(22),
      .MUL(3836559),
      .PARTS(2),
      .TURNS(2)
  ) l3_conv_join (
      .clk,
      .rst,
      .load,
      .chain_valid(chain_valid[10]),
      .chain_word(chain_word[351:320]),
      .next_valid(chain_valid[11]),
      .next_word(chain_word[383:352]),
      .valid(s_l3_conv_acc__valid),
      .in(s_l3_conv_acc__out),
      .read(s_l3_conv_acc__read),
      .pop(s_l3_conv_acc__pop),
      .room(s_t4__room),
      .issue(s_t4__issue),
      .push(s_t4__push),
      .out(s_t4__in),
      .waits(waits[32+:2])
  );

  // Layer l4_add: add, 3x3x4 to 3x3x4 (HWC).
  hass_add #(
      .OUT_BITS(8),
      .PX(2),
      .CH(1),
      .W(3),
      .CHANNEL_BEATS(4),
      .SHIFT(0),
      .ROUNDING(0),
      .LO(0),
      .HI(127),
      .BITS0(8),
      .SIGNED0(1),
      .BITS1(8),
      .SIGNED1(1),
      .FACTOR0(64'h1),
      .FACTOR1(64'h1)
  ) l4_add_add (
      .clk,
      .rst,
      .valid({s_t4__valid, s_t3__valid}),
      .in0(s_t3__out),
      .in1(s_t4__out),
      .read({s_t4__read, s_t3__read}),
      .pop({s_t4__pop, s_t3__pop}),
      .room(s_t5__room),
      .issue(s_t5__issue),
      .push(s_t5__push),
      .out(s_t5__in),
      .waits(waits[34+:2])
  );

  hass_sink #(
      .WIDTH(16),
      .AXI(16),
      .BEATS(24)
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
