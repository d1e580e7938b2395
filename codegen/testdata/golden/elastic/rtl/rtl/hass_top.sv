// The accelerator: AXI4-Stream ports for input, outputs and weights, and AXI4-Lite control with
// counters (hass_control.sv). Weights (59 words) are loaded once into on-chip memories. A run then
// takes images from the input.
//
//   s_axis_input    16-bit words, 20 per image
//   m_axis_output0  8-bit words, 16 per image, TLAST on the last
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

    input  wire [15:0] s_axis_input_tdata,
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
  wire [45:0] waits;
  wire [479:0] most;
  wire [0:0] image_done;
  assign image_done = m_axis_output0_tvalid && m_axis_output0_tready && m_axis_output0_tlast;
  hass_control #(
      .PROCESSES(23),
      .FIFOS(30),
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
  wire [14:0] chain_valid;
  wire [479:0] chain_word;
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
      .chain_valid(chain_valid[14]),
      .chain_word(chain_word[479:448]),
      .loaded,
      .load_failed
  );

  // FIFOs, from their writers to their readers.

  // input_source to l0_conv_window: 1px*2ch of 8 bits
  wire s_x__room, s_x__issue, s_x__push, s_x__valid, s_x__read, s_x__pop;
  wire [15:0] s_x__in, s_x__out;
  hass_fifo #(
      .WIDTH(16),
      .DEPTH(2),
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
          .DEPTH(2)
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

  // l0_conv_window to l0_conv_fork: 2px*6ch of 8 bits
  wire s_l0_conv_beats__room, s_l0_conv_beats__issue, s_l0_conv_beats__push, s_l0_conv_beats__valid, s_l0_conv_beats__read, s_l0_conv_beats__pop;
  wire [107:0] s_l0_conv_beats__in, s_l0_conv_beats__out;
  hass_fifo #(
      .WIDTH(108),
      .DEPTH(4),
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
          .DEPTH(4)
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

  // l0_conv_fork to l0_conv_engine0: 2px*2ch of 8 bits
  wire s_l0_conv_beats0__room, s_l0_conv_beats0__issue, s_l0_conv_beats0__push, s_l0_conv_beats0__valid, s_l0_conv_beats0__read, s_l0_conv_beats0__pop;
  wire [35:0] s_l0_conv_beats0__in;
  wire [31:0] s_l0_conv_beats0__out;
  hass_fifo #(
      .WIDTH(32),
      .DEPTH(7),
      .BLOCK(0),
      .LAG(3)
  ) s_l0_conv_beats0__fifo (
      .clk,
      .rst,
      .room(s_l0_conv_beats0__room),
      .issue(s_l0_conv_beats0__issue),
      .push(s_l0_conv_beats0__push),
      .in(s_l0_conv_beats0__in[31:0]),
      .valid(s_l0_conv_beats0__valid),
      .out(s_l0_conv_beats0__out),
      .read(s_l0_conv_beats0__read),
      .pop(s_l0_conv_beats0__pop)
  );
  generate
    if (STATS != 0) begin : g_most_2
      hass_watermark #(
          .DEPTH(7)
      ) watermark (
          .clk,
          .rst,
          .clear(start),
          .issue(s_l0_conv_beats0__issue),
          .read(s_l0_conv_beats0__read),
          .most(most[32+:16])
      );
    end else begin : g_unwatched_2
      assign most[32+:16] = '0;
    end
  endgenerate

  // l0_conv_fork to l0_conv_engine1: 2px*2ch of 8 bits
  wire s_l0_conv_beats1__room, s_l0_conv_beats1__issue, s_l0_conv_beats1__push, s_l0_conv_beats1__valid, s_l0_conv_beats1__read, s_l0_conv_beats1__pop;
  wire [35:0] s_l0_conv_beats1__in;
  wire [31:0] s_l0_conv_beats1__out;
  hass_fifo #(
      .WIDTH(32),
      .DEPTH(4),
      .BLOCK(0),
      .LAG(3)
  ) s_l0_conv_beats1__fifo (
      .clk,
      .rst,
      .room(s_l0_conv_beats1__room),
      .issue(s_l0_conv_beats1__issue),
      .push(s_l0_conv_beats1__push),
      .in(s_l0_conv_beats1__in[31:0]),
      .valid(s_l0_conv_beats1__valid),
      .out(s_l0_conv_beats1__out),
      .read(s_l0_conv_beats1__read),
      .pop(s_l0_conv_beats1__pop)
  );
  generate
    if (STATS != 0) begin : g_most_3
      hass_watermark #(
          .DEPTH(4)
      ) watermark (
          .clk,
          .rst,
          .clear(start),
          .issue(s_l0_conv_beats1__issue),
          .read(s_l0_conv_beats1__read),
          .most(most[48+:16])
      );
    end else begin : g_unwatched_3
      assign most[48+:16] = '0;
    end
  endgenerate

  // l0_conv_fork to l0_conv_engine2: 2px*2ch of 8 bits
  wire s_l0_conv_beats2__room, s_l0_conv_beats2__issue, s_l0_conv_beats2__push, s_l0_conv_beats2__valid, s_l0_conv_beats2__read, s_l0_conv_beats2__pop;
  wire [35:0] s_l0_conv_beats2__in;
  wire [31:0] s_l0_conv_beats2__out;
  hass_fifo #(
      .WIDTH(32),
      .DEPTH(1),
      .BLOCK(0),
      .LAG(3)
  ) s_l0_conv_beats2__fifo (
      .clk,
      .rst,
      .room(s_l0_conv_beats2__room),
      .issue(s_l0_conv_beats2__issue),
      .push(s_l0_conv_beats2__push),
      .in(s_l0_conv_beats2__in[31:0]),
      .valid(s_l0_conv_beats2__valid),
      .out(s_l0_conv_beats2__out),
      .read(s_l0_conv_beats2__read),
      .pop(s_l0_conv_beats2__pop)
  );
  generate
    if (STATS != 0) begin : g_most_4
      hass_watermark #(
          .DEPTH(1)
      ) watermark (
          .clk,
          .rst,
          .clear(start),
          .issue(s_l0_conv_beats2__issue),
          .read(s_l0_conv_beats2__read),
          .most(most[64+:16])
      );
    end else begin : g_unwatched_4
      assign most[64+:16] = '0;
    end
  endgenerate

  // l0_conv_fork to l0_conv_engine3: 2px*2ch of 8 bits
  wire s_l0_conv_beats3__room, s_l0_conv_beats3__issue, s_l0_conv_beats3__push, s_l0_conv_beats3__valid, s_l0_conv_beats3__read, s_l0_conv_beats3__pop;
  wire [35:0] s_l0_conv_beats3__in;
  wire [31:0] s_l0_conv_beats3__out;
  hass_fifo #(
      .WIDTH(32),
      .DEPTH(4),
      .BLOCK(0),
      .LAG(3)
  ) s_l0_conv_beats3__fifo (
      .clk,
      .rst,
      .room(s_l0_conv_beats3__room),
      .issue(s_l0_conv_beats3__issue),
      .push(s_l0_conv_beats3__push),
      .in(s_l0_conv_beats3__in[31:0]),
      .valid(s_l0_conv_beats3__valid),
      .out(s_l0_conv_beats3__out),
      .read(s_l0_conv_beats3__read),
      .pop(s_l0_conv_beats3__pop)
  );
  generate
    if (STATS != 0) begin : g_most_5
      hass_watermark #(
          .DEPTH(4)
      ) watermark (
          .clk,
          .rst,
          .clear(start),
          .issue(s_l0_conv_beats3__issue),
          .read(s_l0_conv_beats3__read),
          .most(most[80+:16])
      );
    end else begin : g_unwatched_5
      assign most[80+:16] = '0;
    end
  endgenerate

  // l0_conv_fork to l0_conv_engine4: 2px*2ch of 8 bits
  wire s_l0_conv_beats4__room, s_l0_conv_beats4__issue, s_l0_conv_beats4__push, s_l0_conv_beats4__valid, s_l0_conv_beats4__read, s_l0_conv_beats4__pop;
  wire [35:0] s_l0_conv_beats4__in;
  wire [31:0] s_l0_conv_beats4__out;
  hass_fifo #(
      .WIDTH(32),
      .DEPTH(7),
      .BLOCK(0),
      .LAG(3)
  ) s_l0_conv_beats4__fifo (
      .clk,
      .rst,
      .room(s_l0_conv_beats4__room),
      .issue(s_l0_conv_beats4__issue),
      .push(s_l0_conv_beats4__push),
      .in(s_l0_conv_beats4__in[31:0]),
      .valid(s_l0_conv_beats4__valid),
      .out(s_l0_conv_beats4__out),
      .read(s_l0_conv_beats4__read),
      .pop(s_l0_conv_beats4__pop)
  );
  generate
    if (STATS != 0) begin : g_most_6
      hass_watermark #(
          .DEPTH(7)
      ) watermark (
          .clk,
          .rst,
          .clear(start),
          .issue(s_l0_conv_beats4__issue),
          .read(s_l0_conv_beats4__read),
          .most(most[96+:16])
      );
    end else begin : g_unwatched_6
      assign most[96+:16] = '0;
    end
  endgenerate

  // l0_conv_fork to l0_conv_engine5: 2px*2ch of 8 bits
  wire s_l0_conv_beats5__room, s_l0_conv_beats5__issue, s_l0_conv_beats5__push, s_l0_conv_beats5__valid, s_l0_conv_beats5__read, s_l0_conv_beats5__pop;
  wire [35:0] s_l0_conv_beats5__in;
  wire [31:0] s_l0_conv_beats5__out;
  hass_fifo #(
      .WIDTH(32),
      .DEPTH(8),
      .BLOCK(0),
      .LAG(3)
  ) s_l0_conv_beats5__fifo (
      .clk,
      .rst,
      .room(s_l0_conv_beats5__room),
      .issue(s_l0_conv_beats5__issue),
      .push(s_l0_conv_beats5__push),
      .in(s_l0_conv_beats5__in[31:0]),
      .valid(s_l0_conv_beats5__valid),
      .out(s_l0_conv_beats5__out),
      .read(s_l0_conv_beats5__read),
      .pop(s_l0_conv_beats5__pop)
  );
  generate
    if (STATS != 0) begin : g_most_7
      hass_watermark #(
          .DEPTH(8)
      ) watermark (
          .clk,
          .rst,
          .clear(start),
          .issue(s_l0_conv_beats5__issue),
          .read(s_l0_conv_beats5__read),
          .most(most[112+:16])
      );
    end else begin : g_unwatched_7
      assign most[112+:16] = '0;
    end
  endgenerate

  // l0_conv_engine0 to l0_conv_join: 2px*2ch of 20 bits
  wire s_l0_conv_acc0__room, s_l0_conv_acc0__issue, s_l0_conv_acc0__push, s_l0_conv_acc0__valid, s_l0_conv_acc0__read, s_l0_conv_acc0__pop;
  wire [79:0] s_l0_conv_acc0__in, s_l0_conv_acc0__out;
  hass_fifo #(
      .WIDTH(80),
      .DEPTH(5),
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
    if (STATS != 0) begin : g_most_8
      hass_watermark #(
          .DEPTH(5)
      ) watermark (
          .clk,
          .rst,
          .clear(start),
          .issue(s_l0_conv_acc0__issue),
          .read(s_l0_conv_acc0__read),
          .most(most[128+:16])
      );
    end else begin : g_unwatched_8
      assign most[128+:16] = '0;
    end
  endgenerate

  // l0_conv_engine1 to l0_conv_join: 2px*2ch of 20 bits
  wire s_l0_conv_acc1__room, s_l0_conv_acc1__issue, s_l0_conv_acc1__push, s_l0_conv_acc1__valid, s_l0_conv_acc1__read, s_l0_conv_acc1__pop;
  wire [79:0] s_l0_conv_acc1__in, s_l0_conv_acc1__out;
  hass_fifo #(
      .WIDTH(80),
      .DEPTH(4),
      .BLOCK(0)
  ) s_l0_conv_acc1__fifo (
      .clk,
      .rst,
      .room(s_l0_conv_acc1__room),
      .issue(s_l0_conv_acc1__issue),
      .push(s_l0_conv_acc1__push),
      .in(s_l0_conv_acc1__in),
      .valid(s_l0_conv_acc1__valid),
      .out(s_l0_conv_acc1__out),
      .read(s_l0_conv_acc1__read),
      .pop(s_l0_conv_acc1__pop)
  );
  generate
    if (STATS != 0) begin : g_most_9
      hass_watermark #(
          .DEPTH(4)
      ) watermark (
          .clk,
          .rst,
          .clear(start),
          .issue(s_l0_conv_acc1__issue),
          .read(s_l0_conv_acc1__read),
          .most(most[144+:16])
      );
    end else begin : g_unwatched_9
      assign most[144+:16] = '0;
    end
  endgenerate

  // l0_conv_engine2 to l0_conv_join: 2px*2ch of 20 bits
  wire s_l0_conv_acc2__room, s_l0_conv_acc2__issue, s_l0_conv_acc2__push, s_l0_conv_acc2__valid, s_l0_conv_acc2__read, s_l0_conv_acc2__pop;
  wire [79:0] s_l0_conv_acc2__in, s_l0_conv_acc2__out;
  hass_fifo #(
      .WIDTH(80),
      .DEPTH(5),
      .BLOCK(0)
  ) s_l0_conv_acc2__fifo (
      .clk,
      .rst,
      .room(s_l0_conv_acc2__room),
      .issue(s_l0_conv_acc2__issue),
      .push(s_l0_conv_acc2__push),
      .in(s_l0_conv_acc2__in),
      .valid(s_l0_conv_acc2__valid),
      .out(s_l0_conv_acc2__out),
      .read(s_l0_conv_acc2__read),
      .pop(s_l0_conv_acc2__pop)
  );
  generate
    if (STATS != 0) begin : g_most_10
      hass_watermark #(
          .DEPTH(5)
      ) watermark (
          .clk,
          .rst,
          .clear(start),
          .issue(s_l0_conv_acc2__issue),
          .read(s_l0_conv_acc2__read),
          .most(most[160+:16])
      );
    end else begin : g_unwatched_10
      assign most[160+:16] = '0;
    end
  endgenerate

  // l0_conv_engine3 to l0_conv_join: 2px*2ch of 20 bits
  wire s_l0_conv_acc3__room, s_l0_conv_acc3__issue, s_l0_conv_acc3__push, s_l0_conv_acc3__valid, s_l0_conv_acc3__read, s_l0_conv_acc3__pop;
  wire [79:0] s_l0_conv_acc3__in, s_l0_conv_acc3__out;
  hass_fifo #(
      .WIDTH(80),
      .DEPTH(1),
      .BLOCK(0)
  ) s_l0_conv_acc3__fifo (
      .clk,
      .rst,
      .room(s_l0_conv_acc3__room),
      .issue(s_l0_conv_acc3__issue),
      .push(s_l0_conv_acc3__push),
      .in(s_l0_conv_acc3__in),
      .valid(s_l0_conv_acc3__valid),
      .out(s_l0_conv_acc3__out),
      .read(s_l0_conv_acc3__read),
      .pop(s_l0_conv_acc3__pop)
  );
  generate
    if (STATS != 0) begin : g_most_11
      hass_watermark #(
          .DEPTH(1)
      ) watermark (
          .clk,
          .rst,
          .clear(start),
          .issue(s_l0_conv_acc3__issue),
          .read(s_l0_conv_acc3__read),
          .most(most[176+:16])
      );
    end else begin : g_unwatched_11
      assign most[176+:16] = '0;
    end
  endgenerate

  // l0_conv_engine4 to l0_conv_join: 2px*2ch of 20 bits
  wire s_l0_conv_acc4__room, s_l0_conv_acc4__issue, s_l0_conv_acc4__push, s_l0_conv_acc4__valid, s_l0_conv_acc4__read, s_l0_conv_acc4__pop;
  wire [79:0] s_l0_conv_acc4__in, s_l0_conv_acc4__out;
  hass_fifo #(
      .WIDTH(80),
      .DEPTH(3),
      .BLOCK(0)
  ) s_l0_conv_acc4__fifo (
      .clk,
      .rst,
      .room(s_l0_conv_acc4__room),
      .issue(s_l0_conv_acc4__issue),
      .push(s_l0_conv_acc4__push),
      .in(s_l0_conv_acc4__in),
      .valid(s_l0_conv_acc4__valid),
      .out(s_l0_conv_acc4__out),
      .read(s_l0_conv_acc4__read),
      .pop(s_l0_conv_acc4__pop)
  );
  generate
    if (STATS != 0) begin : g_most_12
      hass_watermark #(
          .DEPTH(3)
      ) watermark (
          .clk,
          .rst,
          .clear(start),
          .issue(s_l0_conv_acc4__issue),
          .read(s_l0_conv_acc4__read),
          .most(most[192+:16])
      );
    end else begin : g_unwatched_12
      assign most[192+:16] = '0;
    end
  endgenerate

  // l0_conv_engine5 to l0_conv_join: 2px*2ch of 20 bits
  wire s_l0_conv_acc5__room, s_l0_conv_acc5__issue, s_l0_conv_acc5__push, s_l0_conv_acc5__valid, s_l0_conv_acc5__read, s_l0_conv_acc5__pop;
  wire [79:0] s_l0_conv_acc5__in, s_l0_conv_acc5__out;
  hass_fifo #(
      .WIDTH(80),
      .DEPTH(3),
      .BLOCK(0)
  ) s_l0_conv_acc5__fifo (
      .clk,
      .rst,
      .room(s_l0_conv_acc5__room),
      .issue(s_l0_conv_acc5__issue),
      .push(s_l0_conv_acc5__push),
      .in(s_l0_conv_acc5__in),
      .valid(s_l0_conv_acc5__valid),
      .out(s_l0_conv_acc5__out),
      .read(s_l0_conv_acc5__read),
      .pop(s_l0_conv_acc5__pop)
  );
  generate
    if (STATS != 0) begin : g_most_13
      hass_watermark #(
          .DEPTH(3)
      ) watermark (
          .clk,
          .rst,
          .clear(start),
          .issue(s_l0_conv_acc5__issue),
          .read(s_l0_conv_acc5__read),
          .most(most[208+:16])
      );
    end else begin : g_unwatched_13
      assign most[208+:16] = '0;
    end
  endgenerate

  // l0_conv_join to t1_convert: 2px*4ch of 8 bits
  wire s_t1_wide__room, s_t1_wide__issue, s_t1_wide__push, s_t1_wide__valid, s_t1_wide__read, s_t1_wide__pop;
  wire [63:0] s_t1_wide__in, s_t1_wide__out;
  hass_fifo #(
      .WIDTH(64),
      .DEPTH(4),
      .BLOCK(0)
  ) s_t1_wide__fifo (
      .clk,
      .rst,
      .room(s_t1_wide__room),
      .issue(s_t1_wide__issue),
      .push(s_t1_wide__push),
      .in(s_t1_wide__in),
      .valid(s_t1_wide__valid),
      .out(s_t1_wide__out),
      .read(s_t1_wide__read),
      .pop(s_t1_wide__pop)
  );
  generate
    if (STATS != 0) begin : g_most_14
      hass_watermark #(
          .DEPTH(4)
      ) watermark (
          .clk,
          .rst,
          .clear(start),
          .issue(s_t1_wide__issue),
          .read(s_t1_wide__read),
          .most(most[224+:16])
      );
    end else begin : g_unwatched_14
      assign most[224+:16] = '0;
    end
  endgenerate

  // t1_convert to l1_conv_window: 2px*2ch of 8 bits
  wire s_t1__room, s_t1__issue, s_t1__push, s_t1__valid, s_t1__read, s_t1__pop;
  wire [31:0] s_t1__in, s_t1__out;
  hass_fifo #(
      .WIDTH(32),
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
    if (STATS != 0) begin : g_most_15
      hass_watermark #(
          .DEPTH(2)
      ) watermark (
          .clk,
          .rst,
          .clear(start),
          .issue(s_t1__issue),
          .read(s_t1__read),
          .most(most[240+:16])
      );
    end else begin : g_unwatched_15
      assign most[240+:16] = '0;
    end
  endgenerate

  // l1_conv_window to l1_conv_fork: 2px*18ch of 8 bits
  wire s_l1_conv_beats__room, s_l1_conv_beats__issue, s_l1_conv_beats__push, s_l1_conv_beats__valid, s_l1_conv_beats__read, s_l1_conv_beats__pop;
  wire [323:0] s_l1_conv_beats__in, s_l1_conv_beats__out;
  hass_fifo #(
      .WIDTH(324),
      .DEPTH(8),
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
    if (STATS != 0) begin : g_most_16
      hass_watermark #(
          .DEPTH(8)
      ) watermark (
          .clk,
          .rst,
          .clear(start),
          .issue(s_l1_conv_beats__issue),
          .read(s_l1_conv_beats__read),
          .most(most[256+:16])
      );
    end else begin : g_unwatched_16
      assign most[256+:16] = '0;
    end
  endgenerate

  // l1_conv_fork to l1_conv_engine0: 2px*6ch of 8 bits
  wire s_l1_conv_beats0__room, s_l1_conv_beats0__issue, s_l1_conv_beats0__push, s_l1_conv_beats0__valid, s_l1_conv_beats0__read, s_l1_conv_beats0__pop;
  wire [107:0] s_l1_conv_beats0__in;
  wire [95:0] s_l1_conv_beats0__out;
  hass_fifo #(
      .WIDTH(96),
      .DEPTH(1),
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
    if (STATS != 0) begin : g_most_17
      hass_watermark #(
          .DEPTH(1)
      ) watermark (
          .clk,
          .rst,
          .clear(start),
          .issue(s_l1_conv_beats0__issue),
          .read(s_l1_conv_beats0__read),
          .most(most[272+:16])
      );
    end else begin : g_unwatched_17
      assign most[272+:16] = '0;
    end
  endgenerate

  // l1_conv_fork to l1_conv_engine1: 2px*6ch of 8 bits
  wire s_l1_conv_beats1__room, s_l1_conv_beats1__issue, s_l1_conv_beats1__push, s_l1_conv_beats1__valid, s_l1_conv_beats1__read, s_l1_conv_beats1__pop;
  wire [107:0] s_l1_conv_beats1__in;
  wire [95:0] s_l1_conv_beats1__out;
  hass_fifo #(
      .WIDTH(96),
      .DEPTH(6),
      .BLOCK(0),
      .LAG(3)
  ) s_l1_conv_beats1__fifo (
      .clk,
      .rst,
      .room(s_l1_conv_beats1__room),
      .issue(s_l1_conv_beats1__issue),
      .push(s_l1_conv_beats1__push),
      .in(s_l1_conv_beats1__in[95:0]),
      .valid(s_l1_conv_beats1__valid),
      .out(s_l1_conv_beats1__out),
      .read(s_l1_conv_beats1__read),
      .pop(s_l1_conv_beats1__pop)
  );
  generate
    if (STATS != 0) begin : g_most_18
      hass_watermark #(
          .DEPTH(6)
      ) watermark (
          .clk,
          .rst,
          .clear(start),
          .issue(s_l1_conv_beats1__issue),
          .read(s_l1_conv_beats1__read),
          .most(most[288+:16])
      );
    end else begin : g_unwatched_18
      assign most[288+:16] = '0;
    end
  endgenerate

  // l1_conv_fork to l1_conv_engine2: 2px*6ch of 8 bits
  wire s_l1_conv_beats2__room, s_l1_conv_beats2__issue, s_l1_conv_beats2__push, s_l1_conv_beats2__valid, s_l1_conv_beats2__read, s_l1_conv_beats2__pop;
  wire [107:0] s_l1_conv_beats2__in;
  wire [95:0] s_l1_conv_beats2__out;
  hass_fifo #(
      .WIDTH(96),
      .DEPTH(5),
      .BLOCK(0),
      .LAG(3)
  ) s_l1_conv_beats2__fifo (
      .clk,
      .rst,
      .room(s_l1_conv_beats2__room),
      .issue(s_l1_conv_beats2__issue),
      .push(s_l1_conv_beats2__push),
      .in(s_l1_conv_beats2__in[95:0]),
      .valid(s_l1_conv_beats2__valid),
      .out(s_l1_conv_beats2__out),
      .read(s_l1_conv_beats2__read),
      .pop(s_l1_conv_beats2__pop)
  );
  generate
    if (STATS != 0) begin : g_most_19
      hass_watermark #(
          .DEPTH(5)
      ) watermark (
          .clk,
          .rst,
          .clear(start),
          .issue(s_l1_conv_beats2__issue),
          .read(s_l1_conv_beats2__read),
          .most(most[304+:16])
      );
    end else begin : g_unwatched_19
      assign most[304+:16] = '0;
    end
  endgenerate

  // l1_conv_engine0 to l1_conv_join: 2px*2ch of 20 bits
  wire s_l1_conv_acc0__room, s_l1_conv_acc0__issue, s_l1_conv_acc0__push, s_l1_conv_acc0__valid, s_l1_conv_acc0__read, s_l1_conv_acc0__pop;
  wire [79:0] s_l1_conv_acc0__in, s_l1_conv_acc0__out;
  hass_fifo #(
      .WIDTH(80),
      .DEPTH(7),
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
    if (STATS != 0) begin : g_most_20
      hass_watermark #(
          .DEPTH(7)
      ) watermark (
          .clk,
          .rst,
          .clear(start),
          .issue(s_l1_conv_acc0__issue),
          .read(s_l1_conv_acc0__read),
          .most(most[320+:16])
      );
    end else begin : g_unwatched_20
      assign most[320+:16] = '0;
    end
  endgenerate

  // l1_conv_engine1 to l1_conv_join: 2px*2ch of 20 bits
  wire s_l1_conv_acc1__room, s_l1_conv_acc1__issue, s_l1_conv_acc1__push, s_l1_conv_acc1__valid, s_l1_conv_acc1__read, s_l1_conv_acc1__pop;
  wire [79:0] s_l1_conv_acc1__in, s_l1_conv_acc1__out;
  hass_fifo #(
      .WIDTH(80),
      .DEPTH(4),
      .BLOCK(0)
  ) s_l1_conv_acc1__fifo (
      .clk,
      .rst,
      .room(s_l1_conv_acc1__room),
      .issue(s_l1_conv_acc1__issue),
      .push(s_l1_conv_acc1__push),
      .in(s_l1_conv_acc1__in),
      .valid(s_l1_conv_acc1__valid),
      .out(s_l1_conv_acc1__out),
      .read(s_l1_conv_acc1__read),
      .pop(s_l1_conv_acc1__pop)
  );
  generate
    if (STATS != 0) begin : g_most_21
      hass_watermark #(
          .DEPTH(4)
      ) watermark (
          .clk,
          .rst,
          .clear(start),
          .issue(s_l1_conv_acc1__issue),
          .read(s_l1_conv_acc1__read),
          .most(most[336+:16])
      );
    end else begin : g_unwatched_21
      assign most[336+:16] = '0;
    end
  endgenerate

  // l1_conv_engine2 to l1_conv_join: 2px*2ch of 20 bits
  wire s_l1_conv_acc2__room, s_l1_conv_acc2__issue, s_l1_conv_acc2__push, s_l1_conv_acc2__valid, s_l1_conv_acc2__read, s_l1_conv_acc2__pop;
  wire [79:0] s_l1_conv_acc2__in, s_l1_conv_acc2__out;
  hass_fifo #(
      .WIDTH(80),
      .DEPTH(8),
      .BLOCK(0)
  ) s_l1_conv_acc2__fifo (
      .clk,
      .rst,
      .room(s_l1_conv_acc2__room),
      .issue(s_l1_conv_acc2__issue),
      .push(s_l1_conv_acc2__push),
      .in(s_l1_conv_acc2__in),
      .valid(s_l1_conv_acc2__valid),
      .out(s_l1_conv_acc2__out),
      .read(s_l1_conv_acc2__read),
      .pop(s_l1_conv_acc2__pop)
  );
  generate
    if (STATS != 0) begin : g_most_22
      hass_watermark #(
          .DEPTH(8)
      ) watermark (
          .clk,
          .rst,
          .clear(start),
          .issue(s_l1_conv_acc2__issue),
          .read(s_l1_conv_acc2__read),
          .most(most[352+:16])
      );
    end else begin : g_unwatched_22
      assign most[352+:16] = '0;
    end
  endgenerate

  // l1_conv_join to l2_conv_window: 2px*2ch of 8 bits
  wire s_t2__room, s_t2__issue, s_t2__push, s_t2__valid, s_t2__read, s_t2__pop;
  wire [31:0] s_t2__in, s_t2__out;
  hass_fifo #(
      .WIDTH(32),
      .DEPTH(3),
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
    if (STATS != 0) begin : g_most_23
      hass_watermark #(
          .DEPTH(3)
      ) watermark (
          .clk,
          .rst,
          .clear(start),
          .issue(s_t2__issue),
          .read(s_t2__read),
          .most(most[368+:16])
      );
    end else begin : g_unwatched_23
      assign most[368+:16] = '0;
    end
  endgenerate

  // l2_conv_window to l2_conv_fork: 1px*4ch of 8 bits
  wire s_l2_conv_beats__room, s_l2_conv_beats__issue, s_l2_conv_beats__push, s_l2_conv_beats__valid, s_l2_conv_beats__read, s_l2_conv_beats__pop;
  wire [35:0] s_l2_conv_beats__in, s_l2_conv_beats__out;
  hass_fifo #(
      .WIDTH(36),
      .DEPTH(4),
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
    if (STATS != 0) begin : g_most_24
      hass_watermark #(
          .DEPTH(4)
      ) watermark (
          .clk,
          .rst,
          .clear(start),
          .issue(s_l2_conv_beats__issue),
          .read(s_l2_conv_beats__read),
          .most(most[384+:16])
      );
    end else begin : g_unwatched_24
      assign most[384+:16] = '0;
    end
  endgenerate

  // l2_conv_fork to l2_conv_engine0: 1px*2ch of 8 bits
  wire s_l2_conv_beats0__room, s_l2_conv_beats0__issue, s_l2_conv_beats0__push, s_l2_conv_beats0__valid, s_l2_conv_beats0__read, s_l2_conv_beats0__pop;
  wire [17:0] s_l2_conv_beats0__in;
  wire [15:0] s_l2_conv_beats0__out;
  hass_fifo #(
      .WIDTH(16),
      .DEPTH(6),
      .BLOCK(0),
      .LAG(3)
  ) s_l2_conv_beats0__fifo (
      .clk,
      .rst,
      .room(s_l2_conv_beats0__room),
      .issue(s_l2_conv_beats0__issue),
      .push(s_l2_conv_beats0__push),
      .in(s_l2_conv_beats0__in[15:0]),
      .valid(s_l2_conv_beats0__valid),
      .out(s_l2_conv_beats0__out),
      .read(s_l2_conv_beats0__read),
      .pop(s_l2_conv_beats0__pop)
  );
  generate
    if (STATS != 0) begin : g_most_25
      hass_watermark #(
          .DEPTH(6)
      ) watermark (
          .clk,
          .rst,
          .clear(start),
          .issue(s_l2_conv_beats0__issue),
          .read(s_l2_conv_beats0__read),
          .most(most[400+:16])
      );
    end else begin : g_unwatched_25
      assign most[400+:16] = '0;
    end
  endgenerate

  // l2_conv_fork to l2_conv_engine1: 1px*2ch of 8 bits
  wire s_l2_conv_beats1__room, s_l2_conv_beats1__issue, s_l2_conv_beats1__push, s_l2_conv_beats1__valid, s_l2_conv_beats1__read, s_l2_conv_beats1__pop;
  wire [17:0] s_l2_conv_beats1__in;
  wire [15:0] s_l2_conv_beats1__out;
  hass_fifo #(
      .WIDTH(16),
      .DEPTH(8),
      .BLOCK(0),
      .LAG(3)
  ) s_l2_conv_beats1__fifo (
      .clk,
      .rst,
      .room(s_l2_conv_beats1__room),
      .issue(s_l2_conv_beats1__issue),
      .push(s_l2_conv_beats1__push),
      .in(s_l2_conv_beats1__in[15:0]),
      .valid(s_l2_conv_beats1__valid),
      .out(s_l2_conv_beats1__out),
      .read(s_l2_conv_beats1__read),
      .pop(s_l2_conv_beats1__pop)
  );
  generate
    if (STATS != 0) begin : g_most_26
      hass_watermark #(
          .DEPTH(8)
      ) watermark (
          .clk,
          .rst,
          .clear(start),
          .issue(s_l2_conv_beats1__issue),
          .read(s_l2_conv_beats1__read),
          .most(most[416+:16])
      );
    end else begin : g_unwatched_26
      assign most[416+:16] = '0;
    end
  endgenerate

  // l2_conv_engine0 to l2_conv_join: 1px*1ch of 19 bits
  wire s_l2_conv_acc0__room, s_l2_conv_acc0__issue, s_l2_conv_acc0__push, s_l2_conv_acc0__valid, s_l2_conv_acc0__read, s_l2_conv_acc0__pop;
  wire [18:0] s_l2_conv_acc0__in, s_l2_conv_acc0__out;
  hass_fifo #(
      .WIDTH(19),
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
    if (STATS != 0) begin : g_most_27
      hass_watermark #(
          .DEPTH(2)
      ) watermark (
          .clk,
          .rst,
          .clear(start),
          .issue(s_l2_conv_acc0__issue),
          .read(s_l2_conv_acc0__read),
          .most(most[432+:16])
      );
    end else begin : g_unwatched_27
      assign most[432+:16] = '0;
    end
  endgenerate

  // l2_conv_engine1 to l2_conv_join: 1px*1ch of 19 bits
  wire s_l2_conv_acc1__room, s_l2_conv_acc1__issue, s_l2_conv_acc1__push, s_l2_conv_acc1__valid, s_l2_conv_acc1__read, s_l2_conv_acc1__pop;
  wire [18:0] s_l2_conv_acc1__in, s_l2_conv_acc1__out;
  hass_fifo #(
      .WIDTH(19),
      .DEPTH(1),
      .BLOCK(0)
  ) s_l2_conv_acc1__fifo (
      .clk,
      .rst,
      .room(s_l2_conv_acc1__room),
      .issue(s_l2_conv_acc1__issue),
      .push(s_l2_conv_acc1__push),
      .in(s_l2_conv_acc1__in),
      .valid(s_l2_conv_acc1__valid),
      .out(s_l2_conv_acc1__out),
      .read(s_l2_conv_acc1__read),
      .pop(s_l2_conv_acc1__pop)
  );
  generate
    if (STATS != 0) begin : g_most_28
      hass_watermark #(
          .DEPTH(1)
      ) watermark (
          .clk,
          .rst,
          .clear(start),
          .issue(s_l2_conv_acc1__issue),
          .read(s_l2_conv_acc1__read),
          .most(most[448+:16])
      );
    end else begin : g_unwatched_28
      assign most[448+:16] = '0;
    end
  endgenerate

  // l2_conv_join to output0_sink: 1px*1ch of 8 bits
  wire s_t3__room, s_t3__issue, s_t3__push, s_t3__valid, s_t3__read, s_t3__pop;
  wire [7:0] s_t3__in, s_t3__out;
  hass_fifo #(
      .WIDTH(8),
      .DEPTH(6),
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
    if (STATS != 0) begin : g_most_29
      hass_watermark #(
          .DEPTH(6)
      ) watermark (
          .clk,
          .rst,
          .clear(start),
          .issue(s_t3__issue),
          .read(s_t3__read),
          .most(most[464+:16])
      );
    end else begin : g_unwatched_29
      assign most[464+:16] = '0;
    end
  endgenerate

  hass_source #(
      .WIDTH(16),
      .AXI(16),
      .BEATS(20)
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

  // Layer l0_conv: conv, 5x4x2 to 5x4x4 (HWC), elastic engines of 6 lanes and 3 multipliers, 2 gangs of 2.
  hass_window #(
      .BITS(8),
      .SIGNED(1),
      .H(5),
      .W(4),
      .C(2),
      .OH(5),
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
      .IN_CH(2),
      .OUT_PX(2),
      .M_TAP(3),
      .M_CH(2),
      .FOLDS(1),
      .GROUPS(1),
      .CHANNELWISE(0),
      .LINE_PIXELS(14),
      .ROWS(4),
      .ROW_BANKS(1),
      .COL_BANKS(4),
      .LANES(2),
      .TAU(0),
      .PAD(0),
      .FLAGS(1),
      .PACE_BITS(6),
      .PACE_START(6'sd23),
      .PACE_EMIT(6'sd2),
      .PACE_ACCEPT(6'sd3),
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
      .room(s_l0_conv_beats__room),
      .issue(s_l0_conv_beats__issue),
      .push(s_l0_conv_beats__push),
      .out(s_l0_conv_beats__in),
      .waits(waits[2+:2])
  );
  wire [107:0] s_l0_conv_beats0__all;
  hass_fork #(
      .WIDTH(108),
      .OUTS(6)
  ) l0_conv_fork (
      .clk,
      .rst,
      .valid(s_l0_conv_beats__valid),
      .in(s_l0_conv_beats__out),
      .read(s_l0_conv_beats__read),
      .pop(s_l0_conv_beats__pop),
      .room({s_l0_conv_beats5__room, s_l0_conv_beats4__room, s_l0_conv_beats3__room, s_l0_conv_beats2__room, s_l0_conv_beats1__room, s_l0_conv_beats0__room}),
      .issue({s_l0_conv_beats5__issue, s_l0_conv_beats4__issue, s_l0_conv_beats3__issue, s_l0_conv_beats2__issue, s_l0_conv_beats1__issue, s_l0_conv_beats0__issue}),
      .push({s_l0_conv_beats5__push, s_l0_conv_beats4__push, s_l0_conv_beats3__push, s_l0_conv_beats2__push, s_l0_conv_beats1__push, s_l0_conv_beats0__push}),
      .out(s_l0_conv_beats0__all),
      .waits(waits[4+:2])
  );
  hass_deal #(
      .BITS(8),
      .PX(2),
      .LANES(6),
      .BANKS(3),
      .BANK(0),
      .EACH(1)
  ) s_l0_conv_beats0__bank (
      .in(s_l0_conv_beats0__all),
      .out(s_l0_conv_beats0__in)
  );
  hass_deal #(
      .BITS(8),
      .PX(2),
      .LANES(6),
      .BANKS(3),
      .BANK(1),
      .EACH(1)
  ) s_l0_conv_beats1__bank (
      .in(s_l0_conv_beats0__all),
      .out(s_l0_conv_beats1__in)
  );
  hass_deal #(
      .BITS(8),
      .PX(2),
      .LANES(6),
      .BANKS(3),
      .BANK(2),
      .EACH(1)
  ) s_l0_conv_beats2__bank (
      .in(s_l0_conv_beats0__all),
      .out(s_l0_conv_beats2__in)
  );
  hass_deal #(
      .BITS(8),
      .PX(2),
      .LANES(6),
      .BANKS(3),
      .BANK(0),
      .EACH(1)
  ) s_l0_conv_beats3__bank (
      .in(s_l0_conv_beats0__all),
      .out(s_l0_conv_beats3__in)
  );
  hass_deal #(
      .BITS(8),
      .PX(2),
      .LANES(6),
      .BANKS(3),
      .BANK(1),
      .EACH(1)
  ) s_l0_conv_beats4__bank (
      .in(s_l0_conv_beats0__all),
      .out(s_l0_conv_beats4__in)
  );
  hass_deal #(
      .BITS(8),
      .PX(2),
      .LANES(6),
      .BANKS(3),
      .BANK(2),
      .EACH(1)
  ) s_l0_conv_beats5__bank (
      .in(s_l0_conv_beats0__all),
      .out(s_l0_conv_beats5__in)
  );
  hass_engine #(
      .KIND(2),
      .DEPTHWISE(0),
      .M(2),
      .N(1),
      .GANG(2),
      .PX(2),
      .BEATS(3),
      .X_BITS(8),
      .X_SIGNED(1),
      .W_BITS(8),
      .ACC(20),
      .DEPTH(3),
      .STYLE(0),
      .QUEUE(7),
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
      .flags(s_l0_conv_beats0__in[35:32]),
      .valid(s_l0_conv_beats0__valid),
      .in(s_l0_conv_beats0__out),
      .read(s_l0_conv_beats0__read),
      .pop(s_l0_conv_beats0__pop),
      .room(s_l0_conv_acc0__room),
      .issue(s_l0_conv_acc0__issue),
      .push(s_l0_conv_acc0__push),
      .out(s_l0_conv_acc0__in),
      .waits(waits[6+:2])
  );
  hass_engine #(
      .KIND(2),
      .DEPTHWISE(0),
      .M(2),
      .N(1),
      .GANG(2),
      .PX(2),
      .BEATS(3),
      .X_BITS(8),
      .X_SIGNED(1),
      .W_BITS(8),
      .ACC(20),
      .DEPTH(3),
      .STYLE(0),
      .QUEUE(4),
      .FLAG_STYLE(0)
  ) l0_conv_engine1 (
      .clk,
      .rst,
      .load,
      .chain_valid(chain_valid[1]),
      .chain_word(chain_word[63:32]),
      .next_valid(chain_valid[2]),
      .next_word(chain_word[95:64]),
      .written(s_l0_conv_beats1__push),
      .flags(s_l0_conv_beats1__in[35:32]),
      .valid(s_l0_conv_beats1__valid),
      .in(s_l0_conv_beats1__out),
      .read(s_l0_conv_beats1__read),
      .pop(s_l0_conv_beats1__pop),
      .room(s_l0_conv_acc1__room),
      .issue(s_l0_conv_acc1__issue),
      .push(s_l0_conv_acc1__push),
      .out(s_l0_conv_acc1__in),
      .waits(waits[8+:2])
  );
  hass_engine #(
      .KIND(2),
      .DEPTHWISE(0),
      .M(2),
      .N(1),
      .GANG(2),
      .PX(2),
      .BEATS(3),
      .X_BITS(8),
      .X_SIGNED(1),
      .W_BITS(8),
      .ACC(20),
      .DEPTH(3),
      .STYLE(0),
      .QUEUE(1),
      .FLAG_STYLE(0)
  ) l0_conv_engine2 (
      .clk,
      .rst,
      .load,
      .chain_valid(chain_valid[2]),
      .chain_word(chain_word[95:64]),
      .next_valid(chain_valid[3]),
      .next_word(chain_word[127:96]),
      .written(s_l0_conv_beats2__push),
      .flags(s_l0_conv_beats2__in[35:32]),
      .valid(s_l0_conv_beats2__valid),
      .in(s_l0_conv_beats2__out),
      .read(s_l0_conv_beats2__read),
      .pop(s_l0_conv_beats2__pop),
      .room(s_l0_conv_acc2__room),
      .issue(s_l0_conv_acc2__issue),
      .push(s_l0_conv_acc2__push),
      .out(s_l0_conv_acc2__in),
      .waits(waits[10+:2])
  );
  hass_engine #(
      .KIND(2),
      .DEPTHWISE(0),
      .M(2),
      .N(1),
      .GANG(2),
      .PX(2),
      .BEATS(3),
      .X_BITS(8),
      .X_SIGNED(1),
      .W_BITS(8),
      .ACC(20),
      .DEPTH(3),
      .STYLE(0),
      .QUEUE(4),
      .FLAG_STYLE(0)
  ) l0_conv_engine3 (
      .clk,
      .rst,
      .load,
      .chain_valid(chain_valid[3]),
      .chain_word(chain_word[127:96]),
      .next_valid(chain_valid[4]),
      .next_word(chain_word[159:128]),
      .written(s_l0_conv_beats3__push),
      .flags(s_l0_conv_beats3__in[35:32]),
      .valid(s_l0_conv_beats3__valid),
      .in(s_l0_conv_beats3__out),
      .read(s_l0_conv_beats3__read),
      .pop(s_l0_conv_beats3__pop),
      .room(s_l0_conv_acc3__room),
      .issue(s_l0_conv_acc3__issue),
      .push(s_l0_conv_acc3__push),
      .out(s_l0_conv_acc3__in),
      .waits(waits[12+:2])
  );
  hass_engine #(
      .KIND(2),
      .DEPTHWISE(0),
      .M(2),
      .N(1),
      .GANG(2),
      .PX(2),
      .BEATS(3),
      .X_BITS(8),
      .X_SIGNED(1),
      .W_BITS(8),
      .ACC(20),
      .DEPTH(3),
      .STYLE(0),
      .QUEUE(7),
      .FLAG_STYLE(0)
  ) l0_conv_engine4 (
      .clk,
      .rst,
      .load,
      .chain_valid(chain_valid[4]),
      .chain_word(chain_word[159:128]),
      .next_valid(chain_valid[5]),
      .next_word(chain_word[191:160]),
      .written(s_l0_conv_beats4__push),
      .flags(s_l0_conv_beats4__in[35:32]),
      .valid(s_l0_conv_beats4__valid),
      .in(s_l0_conv_beats4__out),
      .read(s_l0_conv_beats4__read),
      .pop(s_l0_conv_beats4__pop),
      .room(s_l0_conv_acc4__room),
      .issue(s_l0_conv_acc4__issue),
      .push(s_l0_conv_acc4__push),
      .out(s_l0_conv_acc4__in),
      .waits(waits[14+:2])
  );
  hass_engine #(
      .KIND(2),
      .DEPTHWISE(0),
      .M(2),
      .N(1),
      .GANG(2),
      .PX(2),
      .BEATS(3),
      .X_BITS(8),
      .X_SIGNED(1),
      .W_BITS(8),
      .ACC(20),
      .DEPTH(3),
      .STYLE(0),
      .QUEUE(8),
      .FLAG_STYLE(0)
  ) l0_conv_engine5 (
      .clk,
      .rst,
      .load,
      .chain_valid(chain_valid[5]),
      .chain_word(chain_word[191:160]),
      .next_valid(chain_valid[6]),
      .next_word(chain_word[223:192]),
      .written(s_l0_conv_beats5__push),
      .flags(s_l0_conv_beats5__in[35:32]),
      .valid(s_l0_conv_beats5__valid),
      .in(s_l0_conv_beats5__out),
      .read(s_l0_conv_beats5__read),
      .pop(s_l0_conv_beats5__pop),
      .room(s_l0_conv_acc5__room),
      .issue(s_l0_conv_acc5__issue),
      .push(s_l0_conv_acc5__push),
      .out(s_l0_conv_acc5__in),
      .waits(waits[16+:2])
  );
  hass_join #(
      .GANGS(2),
      .BANKS(3),
      .GANG(2),
      .PX(2),
      .ACC_BITS(20),
      .BIAS_FRAC(0),
      .BITS(8),
      .W(4),
      .FOLDS(1),
      .SHIFT(7),
      .STEPS(1),
      .ROUNDING(0),
      .LO(0),
      .HI(127)
  ) l0_conv_join (
      .clk,
      .rst,
      .load,
      .chain_valid(chain_valid[6]),
      .chain_word(chain_word[223:192]),
      .next_valid(chain_valid[7]),
      .next_word(chain_word[255:224]),
      .valid({s_l0_conv_acc5__valid, s_l0_conv_acc4__valid, s_l0_conv_acc3__valid, s_l0_conv_acc2__valid, s_l0_conv_acc1__valid, s_l0_conv_acc0__valid}),
      .in({s_l0_conv_acc5__out, s_l0_conv_acc4__out, s_l0_conv_acc3__out, s_l0_conv_acc2__out, s_l0_conv_acc1__out, s_l0_conv_acc0__out}),
      .read({s_l0_conv_acc5__read, s_l0_conv_acc4__read, s_l0_conv_acc3__read, s_l0_conv_acc2__read, s_l0_conv_acc1__read, s_l0_conv_acc0__read}),
      .pop({s_l0_conv_acc5__pop, s_l0_conv_acc4__pop, s_l0_conv_acc3__pop, s_l0_conv_acc2__pop, s_l0_conv_acc1__pop, s_l0_conv_acc0__pop}),
      .room(s_t1_wide__room),
      .issue(s_t1_wide__issue),
      .push(s_t1_wide__push),
      .out(s_t1_wide__in),
      .waits(waits[18+:2])
  );

  hass_convert #(
      .BITS(8),
      .PIXELS(2),
      .FROM(4),
      .TO(2)
  ) t1_convert (
      .clk,
      .rst,
      .valid(s_t1_wide__valid),
      .in(s_t1_wide__out),
      .read(s_t1_wide__read),
      .pop(s_t1_wide__pop),
      .room(s_t1__room),
      .issue(s_t1__issue),
      .push(s_t1__push),
      .out(s_t1__in),
      .waits(waits[20+:2])
  );

  // Layer l1_conv: conv, 5x4x4 to 5x4x4 (HWC), elastic engines of 9 lanes and 3 multipliers, 1 gangs of 2.
  hass_window #(
      .BITS(8),
      .SIGNED(1),
      .H(5),
      .W(4),
      .C(4),
      .OH(5),
      .OW(4),
      .KH(3),
      .KW(3),
      .SH(1),
      .SW(1),
      .DH(1),
      .DW(1),
      .PT(1),
      .PL(1),
      .IN_PX(2),
      .IN_CH(2),
      .OUT_PX(2),
      .M_TAP(9),
      .M_CH(2),
      .FOLDS(1),
      .GROUPS(1),
      .CHANNELWISE(1),
      .LINE_PIXELS(15),
      .ROWS(6),
      .ROW_BANKS(3),
      .COL_BANKS(4),
      .LANES(2),
      .TAU(0),
      .PAD(0),
      .FLAGS(1),
      .PACE_BITS(5),
      .PACE_START(5'sd9),
      .PACE_EMIT(5'sd1),
      .PACE_ACCEPT(5'sd1),
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
      .room(s_l1_conv_beats__room),
      .issue(s_l1_conv_beats__issue),
      .push(s_l1_conv_beats__push),
      .out(s_l1_conv_beats__in),
      .waits(waits[22+:2])
  );
  wire [323:0] s_l1_conv_beats0__all;
  hass_fork #(
      .WIDTH(324),
      .OUTS(3)
  ) l1_conv_fork (
      .clk,
      .rst,
      .valid(s_l1_conv_beats__valid),
      .in(s_l1_conv_beats__out),
      .read(s_l1_conv_beats__read),
      .pop(s_l1_conv_beats__pop),
      .room({s_l1_conv_beats2__room, s_l1_conv_beats1__room, s_l1_conv_beats0__room}),
      .issue({s_l1_conv_beats2__issue, s_l1_conv_beats1__issue, s_l1_conv_beats0__issue}),
      .push({s_l1_conv_beats2__push, s_l1_conv_beats1__push, s_l1_conv_beats0__push}),
      .out(s_l1_conv_beats0__all),
      .waits(waits[24+:2])
  );
  hass_deal #(
      .BITS(8),
      .PX(2),
      .LANES(18),
      .BANKS(3),
      .BANK(0),
      .EACH(2)
  ) s_l1_conv_beats0__bank (
      .in(s_l1_conv_beats0__all),
      .out(s_l1_conv_beats0__in)
  );
  hass_deal #(
      .BITS(8),
      .PX(2),
      .LANES(18),
      .BANKS(3),
      .BANK(1),
      .EACH(2)
  ) s_l1_conv_beats1__bank (
      .in(s_l1_conv_beats0__all),
      .out(s_l1_conv_beats1__in)
  );
  hass_deal #(
      .BITS(8),
      .PX(2),
      .LANES(18),
      .BANKS(3),
      .BANK(2),
      .EACH(2)
  ) s_l1_conv_beats2__bank (
      .in(s_l1_conv_beats0__all),
      .out(s_l1_conv_beats2__in)
  );
  hass_engine #(
      .KIND(2),
      .DEPTHWISE(1),
      .M(3),
      .N(1),
      .GANG(2),
      .PX(2),
      .BEATS(1),
      .X_BITS(8),
      .X_SIGNED(1),
      .W_BITS(8),
      .ACC(20),
      .DEPTH(2),
      .STYLE(1),
      .QUEUE(1),
      .FLAG_STYLE(0)
  ) l1_conv_engine0 (
      .clk,
      .rst,
      .load,
      .chain_valid(chain_valid[7]),
      .chain_word(chain_word[255:224]),
      .next_valid(chain_valid[8]),
      .next_word(chain_word[287:256]),
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
      .waits(waits[26+:2])
  );
  hass_engine #(
      .KIND(2),
      .DEPTHWISE(1),
      .M(3),
      .N(1),
      .GANG(2),
      .PX(2),
      .BEATS(1),
      .X_BITS(8),
      .X_SIGNED(1),
      .W_BITS(8),
      .ACC(20),
      .DEPTH(2),
      .STYLE(1),
      .QUEUE(6),
      .FLAG_STYLE(0)
  ) l1_conv_engine1 (
      .clk,
      .rst,
      .load,
      .chain_valid(chain_valid[8]),
      .chain_word(chain_word[287:256]),
      .next_valid(chain_valid[9]),
      .next_word(chain_word[319:288]),
      .written(s_l1_conv_beats1__push),
      .flags(s_l1_conv_beats1__in[107:96]),
      .valid(s_l1_conv_beats1__valid),
      .in(s_l1_conv_beats1__out),
      .read(s_l1_conv_beats1__read),
      .pop(s_l1_conv_beats1__pop),
      .room(s_l1_conv_acc1__room),
      .issue(s_l1_conv_acc1__issue),
      .push(s_l1_conv_acc1__push),
      .out(s_l1_conv_acc1__in),
      .waits(waits[28+:2])
  );
  hass_engine #(
      .KIND(2),
      .DEPTHWISE(1),
      .M(3),
      .N(1),
      .GANG(2),
      .PX(2),
      .BEATS(1),
      .X_BITS(8),
      .X_SIGNED(1),
      .W_BITS(8),
      .ACC(20),
      .DEPTH(2),
      .STYLE(1),
      .QUEUE(5),
      .FLAG_STYLE(0)
  ) l1_conv_engine2 (
      .clk,
      .rst,
      .load,
      .chain_valid(chain_valid[9]),
      .chain_word(chain_word[319:288]),
      .next_valid(chain_valid[10]),
      .next_word(chain_word[351:320]),
      .written(s_l1_conv_beats2__push),
      .flags(s_l1_conv_beats2__in[107:96]),
      .valid(s_l1_conv_beats2__valid),
      .in(s_l1_conv_beats2__out),
      .read(s_l1_conv_beats2__read),
      .pop(s_l1_conv_beats2__pop),
      .room(s_l1_conv_acc2__room),
      .issue(s_l1_conv_acc2__issue),
      .push(s_l1_conv_acc2__push),
      .out(s_l1_conv_acc2__in),
      .waits(waits[30+:2])
  );
  hass_join #(
      .GANGS(1),
      .BANKS(3),
      .GANG(2),
      .PX(2),
      .ACC_BITS(20),
      .BIAS_FRAC(0),
      .BITS(8),
      .W(4),
      .FOLDS(2),
      .SHIFT(7),
      .STEPS(1),
      .ROUNDING(0),
      .LO(-128),
      .HI(42)
  ) l1_conv_join (
      .clk,
      .rst,
      .load,
      .chain_valid(chain_valid[10]),
      .chain_word(chain_word[351:320]),
      .next_valid(chain_valid[11]),
      .next_word(chain_word[383:352]),
      .valid({s_l1_conv_acc2__valid, s_l1_conv_acc1__valid, s_l1_conv_acc0__valid}),
      .in({s_l1_conv_acc2__out, s_l1_conv_acc1__out, s_l1_conv_acc0__out}),
      .read({s_l1_conv_acc2__read, s_l1_conv_acc1__read, s_l1_conv_acc0__read}),
      .pop({s_l1_conv_acc2__pop, s_l1_conv_acc1__pop, s_l1_conv_acc0__pop}),
      .room(s_t2__room),
      .issue(s_t2__issue),
      .push(s_t2__push),
      .out(s_t2__in),
      .waits(waits[32+:2])
  );

  // Layer l2_conv: conv, 5x4x4 to 2x2x4 (HWC), elastic engines of 4 lanes and 2 multipliers, 1 gangs of 1.
  hass_window #(
      .BITS(8),
      .SIGNED(1),
      .H(5),
      .W(4),
      .C(4),
      .OH(2),
      .OW(2),
      .KH(2),
      .KW(2),
      .SH(2),
      .SW(2),
      .DH(1),
      .DW(1),
      .PT(0),
      .PL(0),
      .IN_PX(2),
      .IN_CH(2),
      .OUT_PX(1),
      .M_TAP(2),
      .M_CH(2),
      .FOLDS(4),
      .GROUPS(2),
      .CHANNELWISE(0),
      .LINE_PIXELS(16),
      .ROWS(4),
      .ROW_BANKS(1),
      .COL_BANKS(2),
      .LANES(2),
      .TAU(0),
      .PAD(0),
      .FLAGS(1),
      .PACE_BITS(8),
      .PACE_START(8'sd53),
      .PACE_EMIT(8'sd5),
      .PACE_ACCEPT(8'sd8),
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
      .room(s_l2_conv_beats__room),
      .issue(s_l2_conv_beats__issue),
      .push(s_l2_conv_beats__push),
      .out(s_l2_conv_beats__in),
      .waits(waits[34+:2])
  );
  wire [35:0] s_l2_conv_beats0__all;
  hass_fork #(
      .WIDTH(36),
      .OUTS(2)
  ) l2_conv_fork (
      .clk,
      .rst,
      .valid(s_l2_conv_beats__valid),
      .in(s_l2_conv_beats__out),
      .read(s_l2_conv_beats__read),
      .pop(s_l2_conv_beats__pop),
      .room({s_l2_conv_beats1__room, s_l2_conv_beats0__room}),
      .issue({s_l2_conv_beats1__issue, s_l2_conv_beats0__issue}),
      .push({s_l2_conv_beats1__push, s_l2_conv_beats0__push}),
      .out(s_l2_conv_beats0__all),
      .waits(waits[36+:2])
  );
  hass_deal #(
      .BITS(8),
      .PX(1),
      .LANES(4),
      .BANKS(2),
      .BANK(0),
      .EACH(1)
  ) s_l2_conv_beats0__bank (
      .in(s_l2_conv_beats0__all),
      .out(s_l2_conv_beats0__in)
  );
  hass_deal #(
      .BITS(8),
      .PX(1),
      .LANES(4),
      .BANKS(2),
      .BANK(1),
      .EACH(1)
  ) s_l2_conv_beats1__bank (
      .in(s_l2_conv_beats0__all),
      .out(s_l2_conv_beats1__in)
  );
  hass_engine #(
      .KIND(2),
      .DEPTHWISE(0),
      .M(2),
      .N(1),
      .GANG(1),
      .PX(1),
      .BEATS(2),
      .X_BITS(8),
      .X_SIGNED(1),
      .W_BITS(8),
      .ACC(19),
      .DEPTH(8),
      .STYLE(2),
      .QUEUE(6),
      .FLAG_STYLE(0)
  ) l2_conv_engine0 (
      .clk,
      .rst,
      .load,
      .chain_valid(chain_valid[11]),
      .chain_word(chain_word[383:352]),
      .next_valid(chain_valid[12]),
      .next_word(chain_word[415:384]),
      .written(s_l2_conv_beats0__push),
      .flags(s_l2_conv_beats0__in[17:16]),
      .valid(s_l2_conv_beats0__valid),
      .in(s_l2_conv_beats0__out),
      .read(s_l2_conv_beats0__read),
      .pop(s_l2_conv_beats0__pop),
      .room(s_l2_conv_acc0__room),
      .issue(s_l2_conv_acc0__issue),
      .push(s_l2_conv_acc0__push),
      .out(s_l2_conv_acc0__in),
      .waits(waits[38+:2])
  );
  hass_engine #(
      .KIND(2),
      .DEPTHWISE(0),
      .M(2),
      .N(1),
      .GANG(1),
      .PX(1),
      .BEATS(2),
      .X_BITS(8),
      .X_SIGNED(1),
      .W_BITS(8),
      .ACC(19),
      .DEPTH(8),
      .STYLE(2),
      .QUEUE(8),
      .FLAG_STYLE(0)
  ) l2_conv_engine1 (
      .clk,
      .rst,
      .load,
      .chain_valid(chain_valid[12]),
      .chain_word(chain_word[415:384]),
      .next_valid(chain_valid[13]),
      .next_word(chain_word[447:416]),
      .written(s_l2_conv_beats1__push),
      .flags(s_l2_conv_beats1__in[17:16]),
      .valid(s_l2_conv_beats1__valid),
      .in(s_l2_conv_beats1__out),
      .read(s_l2_conv_beats1__read),
      .pop(s_l2_conv_beats1__pop),
      .room(s_l2_conv_acc1__room),
      .issue(s_l2_conv_acc1__issue),
      .push(s_l2_conv_acc1__push),
      .out(s_l2_conv_acc1__in),
      .waits(waits[40+:2])
  );
  hass_join #(
      .GANGS(1),
      .BANKS(2),
      .GANG(1),
      .PX(1),
      .ACC_BITS(19),
      .BIAS_FRAC(0),
      .BITS(8),
      .W(2),
      .FOLDS(4),
      .SHIFT(7),
      .STEPS(1),
      .ROUNDING(0),
      .LO(0),
      .HI(127)
  ) l2_conv_join (
      .clk,
      .rst,
      .load,
      .chain_valid(chain_valid[13]),
      .chain_word(chain_word[447:416]),
      .next_valid(chain_valid[14]),
      .next_word(chain_word[479:448]),
      .valid({s_l2_conv_acc1__valid, s_l2_conv_acc0__valid}),
      .in({s_l2_conv_acc1__out, s_l2_conv_acc0__out}),
      .read({s_l2_conv_acc1__read, s_l2_conv_acc0__read}),
      .pop({s_l2_conv_acc1__pop, s_l2_conv_acc0__pop}),
      .room(s_t3__room),
      .issue(s_t3__issue),
      .push(s_t3__push),
      .out(s_t3__in),
      .waits(waits[42+:2])
  );

  hass_sink #(
      .WIDTH(8),
      .AXI(8),
      .BEATS(16)
  ) output0_sink (
      .clk,
      .rst,
      .valid(s_t3__valid),
      .in(s_t3__out),
      .read(s_t3__read),
      .pop(s_t3__pop),
      .m_axis_tdata(m_axis_output0_tdata),
      .m_axis_tvalid(m_axis_output0_tvalid),
      .m_axis_tlast(m_axis_output0_tlast),
      .m_axis_tready(m_axis_output0_tready),
      .waits(waits[44+:2])
  );

endmodule
