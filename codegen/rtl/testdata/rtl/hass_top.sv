// A hand-made top for the tests of the control block, the weight chain's ends and the testbench:
//
//   source -> fork -> convert (two channels to one) -> sink 0
//                  -> sink 1
//
// The values of what leaves by sink 1 are xored with two words of weights.
module hass_top #(
    parameter integer STATS = 1,
    parameter integer BLOCK = 0,
    parameter integer DEPTH = 3,  // of the FIFO to the convert
    // What is wrong with it: 1 a FIFO loses places, 2 TLAST comes early at output 1, 3 not at all, 4 a word
    // comes between runs, 5 a value is unknown
    parameter integer WRONG = 0
) (
    input  wire        aclk,
    input  wire        aresetn,
    input  wire [15:0] s_axi_control_awaddr,
    input  wire        s_axi_control_awvalid,
    output wire        s_axi_control_awready,
    input  wire [31:0] s_axi_control_wdata,
    input  wire [ 3:0] s_axi_control_wstrb,
    input  wire        s_axi_control_wvalid,
    output wire        s_axi_control_wready,
    output wire [ 1:0] s_axi_control_bresp,
    output wire        s_axi_control_bvalid,
    input  wire        s_axi_control_bready,
    input  wire [15:0] s_axi_control_araddr,
    input  wire        s_axi_control_arvalid,
    output wire        s_axi_control_arready,
    output wire [31:0] s_axi_control_rdata,
    output wire [ 1:0] s_axi_control_rresp,
    output wire        s_axi_control_rvalid,
    input  wire        s_axi_control_rready,
    input  wire [31:0] s_axis_weights_tdata,
    input  wire        s_axis_weights_tvalid,
    output wire        s_axis_weights_tready,
    input  wire [31:0] s_axis_input_tdata,
    input  wire        s_axis_input_tvalid,
    output wire        s_axis_input_tready,
    output wire [15:0] m_axis_output0_tdata,
    output wire        m_axis_output0_tvalid,
    output wire        m_axis_output0_tlast,
    input  wire        m_axis_output0_tready,
    output wire [31:0] m_axis_output1_tdata,
    output wire        m_axis_output1_tvalid,
    output wire        m_axis_output1_tlast,
    input  wire        m_axis_output1_tready
);

  localparam integer PROCESSES = 5;
  localparam integer FIFOS = 4;
  localparam integer BEATS = 20;  // per image

  wire clk = aclk;
  reg  rst;
  always_ff @(posedge clk) rst <= !aresetn;

  wire start, load, loading, loaded, load_failed;
  wire [31:0] images;
  wire [2*PROCESSES-1:0] waits;
  wire [16*FIFOS-1:0] most;
  wire [FIFOS-1:0] issue, read;
  wire [1:0] image_done = {
    m_axis_output1_tvalid && m_axis_output1_tready && m_axis_output1_tlast,
    m_axis_output0_tvalid && m_axis_output0_tready && m_axis_output0_tlast
  };

  hass_control #(
      .PROCESSES(PROCESSES),
      .FIFOS(FIFOS),
      .OUTPUTS(2),
      .STATS(STATS),
      .VERSION(32'h00010000)
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

  genvar f;
  generate
    for (f = 0; f < FIFOS; f = f + 1) begin : g_watermark
      if (STATS != 0) begin : g_stats
        hass_watermark #(
            .DEPTH(8)
        ) watermark (
            .clk,
            .rst,
            .clear(start),
            .issue(issue[f]),
            .read(read[f]),
            .most(most[16*f+:16])
        );
      end else begin : g_none
        assign most[16*f+:16] = 16'd0;
      end
    end
  endgenerate

  // The weight chain: one node that takes two words.
  wire chain_valid;
  wire [31:0] chain_word;
  hass_weights_head head (
      .clk,
      .rst,
      .load,
      .loading,
      .s_axis_tdata(s_axis_weights_tdata),
      .s_axis_tvalid(s_axis_weights_tvalid),
      .s_axis_tready(s_axis_weights_tready),
      .next_valid(chain_valid),
      .next_word(chain_word)
  );
  reg end_valid;
  reg [31:0] end_word, weight0, weight1;
  reg [1:0] taken;
  always_ff @(posedge clk) begin
    end_valid <= chain_valid && taken == 2'd2 && !rst && !load;
    end_word  <= chain_word;
    if (rst || load) taken <= 2'd0;
    else if (chain_valid && taken != 2'd2) taken <= taken + 1'b1;
    if (chain_valid && taken == 2'd0) weight0 <= chain_word;
    if (chain_valid && taken == 2'd1) weight1 <= chain_word;
  end
  hass_weights_end chain_end (
      .clk,
      .rst,
      .load,
      .chain_valid(end_valid),
      .chain_word(end_word),
      .loaded,
      .load_failed
  );

  wire [3:0] valid, room, push, pop;
  wire [23:0] in0, out0, out1, out2;
  wire [23:0] fork_out;
  wire [11:0] in3, out3;
  wire [3:0] fifo_room, fifo_issue;

  hass_source #(
      .WIDTH(24),
      .AXI  (32),
      .BEATS(BEATS)
  ) source (
      .clk,
      .rst,
      .start,
      .images,
      .s_axis_tdata(s_axis_input_tdata),
      .s_axis_tvalid(s_axis_input_tvalid),
      .s_axis_tready(s_axis_input_tready),
      .room(room[0]),
      .issue(issue[0]),
      .push(push[0]),
      .out(in0),
      .waits(waits[1:0])
  );
  hass_fork #(
      .WIDTH(24),
      .OUTS (2)
  ) fork_tokens (
      .clk,
      .rst,
      .valid(valid[0]),
      .in(out0),
      .read(read[0]),
      .pop(pop[0]),
      .room(room[2:1]),
      .issue(issue[2:1]),
      .push(push[2:1]),
      .out(fork_out),
      .waits(waits[3:2])
  );
  hass_convert #(
      .BITS(12),
      .PIXELS(1),
      .FROM(2),
      .TO(1)
  ) convert (
      .clk,
      .rst,
      .valid(valid[1]),
      .in(out1),
      .read(read[1]),
      .pop(pop[1]),
      .room(room[3]),
      .issue(issue[3]),
      .push(push[3]),
      .out(in3),
      .waits(waits[5:4])
  );
  hass_sink #(
      .WIDTH(12),
      .AXI  (16),
      .BEATS(2 * BEATS)
  ) sink0 (
      .clk,
      .rst,
      .valid(valid[3]),
      .in(out3),
      .read(read[3]),
      .pop(pop[3]),
      .m_axis_tdata(m_axis_output0_tdata),
      .m_axis_tvalid(m_axis_output0_tvalid),
      .m_axis_tlast(m_axis_output0_tlast),
      .m_axis_tready(m_axis_output0_tready),
      .waits(waits[7:6])
  );
  wire [31:0] plain;
  wire plain_valid, plain_last;
  hass_sink #(
      .WIDTH(24),
      .AXI  (32),
      .BEATS(BEATS)
  ) sink1 (
      .clk,
      .rst,
      .valid(valid[2]),
      .in(out2),
      .read(read[2]),
      .pop(pop[2]),
      .m_axis_tdata(plain),
      .m_axis_tvalid(plain_valid),
      .m_axis_tlast(plain_last),
      .m_axis_tready(m_axis_output1_tready),
      .waits(waits[9:8])
  );

  reg [4:0] sent;  // words of the image by output 1
  reg [7:0] idle;  // cycles since the last
  reg [3:0] count;  // tokens that the convert read
  always_ff @(posedge clk) begin
    if (rst) sent <= '0;
    else if (read[2]) sent <= plain_last ? '0 : sent + 1'b1;
    if (rst || read[2]) idle <= '0;
    else if (!(&idle)) idle <= idle + 1'b1;
    if (rst) count <= '0;
    else if (read[1]) count <= count + 1'b1;
  end
  wire lost = WRONG == 1 && read[1] && &count;
  assign m_axis_output1_tlast = WRONG == 2 ? sent == 5'd7 || plain_last : WRONG != 3 && plain_last;
  assign m_axis_output1_tvalid = plain_valid || (WRONG == 4 && idle == 8'd60);
  assign m_axis_output1_tdata = (WRONG == 5 && sent == 5'd3 ? {32{1'bx}} : plain) ^ weight0 ^ weight1;

  assign room = fifo_room;
  assign fifo_issue = issue;
  hass_fifo #(
      .WIDTH(24),
      .DEPTH(4)
  ) fifo0 (
      .clk,
      .rst,
      .room (fifo_room[0]),
      .issue(fifo_issue[0]),
      .push (push[0]),
      .in   (in0),
      .valid(valid[0]),
      .out  (out0),
      .read (read[0]),
      .pop  (pop[0])
  );
  hass_fifo #(
      .WIDTH(24),
      .DEPTH(DEPTH),
      .BLOCK(BLOCK)
  ) fifo1 (
      .clk,
      .rst,
      .room (fifo_room[1]),
      .issue(fifo_issue[1]),
      .push (push[1]),
      .in   (fork_out),
      .valid(valid[1]),
      .out  (out1),
      .read (read[1] && !lost),
      .pop  (pop[1])
  );
  hass_fifo #(
      .WIDTH(24),
      .DEPTH(2)
  ) fifo2 (
      .clk,
      .rst,
      .room (fifo_room[2]),
      .issue(fifo_issue[2]),
      .push (push[2]),
      .in   (fork_out),
      .valid(valid[2]),
      .out  (out2),
      .read (read[2]),
      .pop  (pop[2])
  );
  hass_fifo #(
      .WIDTH(12),
      .DEPTH(4)
  ) fifo3 (
      .clk,
      .rst,
      .room (fifo_room[3]),
      .issue(fifo_issue[3]),
      .push (push[3]),
      .in   (in3),
      .valid(valid[3]),
      .out  (out3),
      .read (read[3]),
      .pop  (pop[3])
  );

endmodule
