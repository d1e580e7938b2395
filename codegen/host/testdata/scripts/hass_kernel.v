// hass_kernel: hass_top as a Vitis kernel: images and weights are in memory, and XRT controls it (hass_kernel_control.sv).
module hass_kernel #(
    parameter integer STATS = 1  // 0: no stall counters and high-water marks
) (
    (* X_INTERFACE_INFO = "xilinx.com:signal:clock:1.0 ap_clk CLK" *)
    (* X_INTERFACE_PARAMETER = "XIL_INTERFACENAME ap_clk, ASSOCIATED_BUSIF s_axi_control:m_axi_weights:m_axi_input:m_axi_output0, ASSOCIATED_RESET ap_rst_n" *)
    input  wire ap_clk,
    (* X_INTERFACE_INFO = "xilinx.com:signal:reset:1.0 ap_rst_n RST" *)
    (* X_INTERFACE_PARAMETER = "XIL_INTERFACENAME ap_rst_n, POLARITY ACTIVE_LOW" *)
    input  wire ap_rst_n,
    /* verilator lint_off SYMRSVDWORD */  // XRT requires this name
    (* X_INTERFACE_INFO = "xilinx.com:signal:interrupt:1.0 interrupt INTERRUPT" *)
    (* X_INTERFACE_PARAMETER = "XIL_INTERFACENAME interrupt, SENSITIVITY LEVEL_HIGH" *)
    output wire interrupt,
    /* verilator lint_on SYMRSVDWORD */

    (* X_INTERFACE_PARAMETER = "XIL_INTERFACENAME s_axi_control, PROTOCOL AXI4LITE, ADDR_WIDTH 16, DATA_WIDTH 32" *)
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 s_axi_control AWADDR" *)
    input  wire [15:0] s_axi_control_awaddr,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 s_axi_control AWVALID" *)
    input  wire s_axi_control_awvalid,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 s_axi_control AWREADY" *)
    output wire s_axi_control_awready,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 s_axi_control WDATA" *)
    input  wire [31:0] s_axi_control_wdata,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 s_axi_control WSTRB" *)
    input  wire [3:0] s_axi_control_wstrb,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 s_axi_control WVALID" *)
    input  wire s_axi_control_wvalid,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 s_axi_control WREADY" *)
    output wire s_axi_control_wready,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 s_axi_control BRESP" *)
    output wire [1:0] s_axi_control_bresp,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 s_axi_control BVALID" *)
    output wire s_axi_control_bvalid,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 s_axi_control BREADY" *)
    input  wire s_axi_control_bready,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 s_axi_control ARADDR" *)
    input  wire [15:0] s_axi_control_araddr,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 s_axi_control ARVALID" *)
    input  wire s_axi_control_arvalid,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 s_axi_control ARREADY" *)
    output wire s_axi_control_arready,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 s_axi_control RDATA" *)
    output wire [31:0] s_axi_control_rdata,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 s_axi_control RRESP" *)
    output wire [1:0] s_axi_control_rresp,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 s_axi_control RVALID" *)
    output wire s_axi_control_rvalid,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 s_axi_control RREADY" *)
    input  wire s_axi_control_rready,

    (* X_INTERFACE_PARAMETER = "XIL_INTERFACENAME m_axi_weights, PROTOCOL AXI4, ADDR_WIDTH 64, DATA_WIDTH 32, MAX_BURST_LENGTH 16, HAS_BURST 1, READ_WRITE_MODE READ_ONLY" *)
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_weights ARADDR" *)
    output wire [63:0] m_axi_weights_araddr,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_weights ARLEN" *)
    output wire [7:0] m_axi_weights_arlen,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_weights ARSIZE" *)
    output wire [2:0] m_axi_weights_arsize,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_weights ARBURST" *)
    output wire [1:0] m_axi_weights_arburst,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_weights ARVALID" *)
    output wire m_axi_weights_arvalid,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_weights ARREADY" *)
    input  wire m_axi_weights_arready,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_weights RDATA" *)
    input  wire [31:0] m_axi_weights_rdata,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_weights RLAST" *)
    input  wire m_axi_weights_rlast,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_weights RVALID" *)
    input  wire m_axi_weights_rvalid,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_weights RREADY" *)
    output wire m_axi_weights_rready,

    (* X_INTERFACE_PARAMETER = "XIL_INTERFACENAME m_axi_input, PROTOCOL AXI4, ADDR_WIDTH 64, DATA_WIDTH 128, MAX_BURST_LENGTH 16, HAS_BURST 1, READ_WRITE_MODE READ_ONLY" *)
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_input ARADDR" *)
    output wire [63:0] m_axi_input_araddr,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_input ARLEN" *)
    output wire [7:0] m_axi_input_arlen,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_input ARSIZE" *)
    output wire [2:0] m_axi_input_arsize,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_input ARBURST" *)
    output wire [1:0] m_axi_input_arburst,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_input ARVALID" *)
    output wire m_axi_input_arvalid,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_input ARREADY" *)
    input  wire m_axi_input_arready,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_input RDATA" *)
    input  wire [127:0] m_axi_input_rdata,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_input RLAST" *)
    input  wire m_axi_input_rlast,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_input RVALID" *)
    input  wire m_axi_input_rvalid,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_input RREADY" *)
    output wire m_axi_input_rready,

    (* X_INTERFACE_PARAMETER = "XIL_INTERFACENAME m_axi_output0, PROTOCOL AXI4, ADDR_WIDTH 64, DATA_WIDTH 64, MAX_BURST_LENGTH 16, HAS_BURST 1, READ_WRITE_MODE WRITE_ONLY" *)
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_output0 AWADDR" *)
    output wire [63:0] m_axi_output0_awaddr,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_output0 AWLEN" *)
    output wire [7:0] m_axi_output0_awlen,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_output0 AWSIZE" *)
    output wire [2:0] m_axi_output0_awsize,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_output0 AWBURST" *)
    output wire [1:0] m_axi_output0_awburst,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_output0 AWVALID" *)
    output wire m_axi_output0_awvalid,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_output0 AWREADY" *)
    input  wire m_axi_output0_awready,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_output0 WDATA" *)
    output wire [63:0] m_axi_output0_wdata,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_output0 WSTRB" *)
    output wire [7:0] m_axi_output0_wstrb,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_output0 WLAST" *)
    output wire m_axi_output0_wlast,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_output0 WVALID" *)
    output wire m_axi_output0_wvalid,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_output0 WREADY" *)
    input  wire m_axi_output0_wready,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_output0 BVALID" *)
    input  wire m_axi_output0_bvalid,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_output0 BREADY" *)
    output wire m_axi_output0_bready
);

  reg rst;
  always @(posedge ap_clk) rst <= !ap_rst_n;

  // The registers of hass_top, which the kernel's control and the host access.
  wire [15:0] inner_awaddr;
  wire inner_awvalid;
  wire inner_awready;
  wire [31:0] inner_wdata;
  wire [3:0] inner_wstrb;
  wire inner_wvalid;
  wire inner_wready;
  wire [1:0] inner_bresp;
  wire inner_bvalid;
  wire inner_bready;
  wire [15:0] inner_araddr;
  wire inner_arvalid;
  wire inner_arready;
  wire [31:0] inner_rdata;
  wire [1:0] inner_rresp;
  wire inner_rvalid;
  wire inner_rready;
  wire [31:0] images;
  wire [191:0] pointers;
  wire start_load, start_run;
  wire [2:0] busy;
  hass_kernel_control #(
      .POINTERS(3)
  ) control (
      .clk(ap_clk),
      .rst(rst),
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
      .irq(interrupt),
      .m_axi_awaddr(inner_awaddr),
      .m_axi_awvalid(inner_awvalid),
      .m_axi_awready(inner_awready),
      .m_axi_wdata(inner_wdata),
      .m_axi_wstrb(inner_wstrb),
      .m_axi_wvalid(inner_wvalid),
      .m_axi_wready(inner_wready),
      .m_axi_bvalid(inner_bvalid),
      .m_axi_bready(inner_bready),
      .m_axi_araddr(inner_araddr),
      .m_axi_arvalid(inner_arvalid),
      .m_axi_arready(inner_arready),
      .m_axi_rdata(inner_rdata),
      .m_axi_rvalid(inner_rvalid),
      .m_axi_rready(inner_rready),
      .images(images),
      .pointers(pointers),
      .start_load(start_load),
      .start_run(start_run),
      .busy(|busy)
  );
  wire unused = &{1'b0, inner_bresp, inner_rresp};

  // weights: words of 32 bits, memory beats of 32 bits.
  wire [31:0] weights_tdata;
  wire weights_tvalid, weights_tready;
  wire weights_start = start_load;
  wire [47:0] weights_words = 48'd75;
  wire weights_counts = 1'b0;
  wire weights_moves;
  assign busy[0] = weights_counts || weights_moves;
  assign m_axi_weights_arsize = 3'd2;
  assign m_axi_weights_arburst = 2'b01;
  hass_mm2s #(
      .MEM(32),
      .AXIS(32)
  ) weights_reader (
      .clk(ap_clk),
      .rst(rst),
      .start(weights_start),
      .address(pointers[63:0]),
      .words(weights_words),
      .busy(weights_moves),
      .m_axi_araddr(m_axi_weights_araddr),
      .m_axi_arlen(m_axi_weights_arlen),
      .m_axi_arvalid(m_axi_weights_arvalid),
      .m_axi_arready(m_axi_weights_arready),
      .m_axi_rdata(m_axi_weights_rdata),
      .m_axi_rlast(m_axi_weights_rlast),
      .m_axi_rvalid(m_axi_weights_rvalid),
      .m_axi_rready(m_axi_weights_rready),
      .m_axis_tdata(weights_tdata),
      .m_axis_tvalid(weights_tvalid),
      .m_axis_tready(weights_tready)
  );

  // input: words of 128 bits, memory beats of 128 bits.
  wire [127:0] input_tdata;
  wire input_tvalid, input_tready;
  wire input_start, input_counts;
  wire [47:0] input_words;
  hass_words #(
      .WORDS(24)
  ) input_count (
      .clk(ap_clk),
      .rst(rst),
      .start(start_run),
      .images(images),
      .words(input_words),
      .ready(input_start),
      .busy(input_counts)
  );
  wire input_moves;
  assign busy[1] = input_counts || input_moves;
  assign m_axi_input_arsize = 3'd4;
  assign m_axi_input_arburst = 2'b01;
  hass_mm2s #(
      .MEM(128),
      .AXIS(128)
  ) input_reader (
      .clk(ap_clk),
      .rst(rst),
      .start(input_start),
      .address(pointers[127:64]),
      .words(input_words),
      .busy(input_moves),
      .m_axi_araddr(m_axi_input_araddr),
      .m_axi_arlen(m_axi_input_arlen),
      .m_axi_arvalid(m_axi_input_arvalid),
      .m_axi_arready(m_axi_input_arready),
      .m_axi_rdata(m_axi_input_rdata),
      .m_axi_rlast(m_axi_input_rlast),
      .m_axi_rvalid(m_axi_input_rvalid),
      .m_axi_rready(m_axi_input_rready),
      .m_axis_tdata(input_tdata),
      .m_axis_tvalid(input_tvalid),
      .m_axis_tready(input_tready)
  );

  // output0: words of 64 bits, memory beats of 64 bits.
  wire [63:0] output0_tdata;
  wire output0_tvalid, output0_tready;
  wire output0_start, output0_counts;
  wire [47:0] output0_words;
  hass_words #(
      .WORDS(24)
  ) output0_count (
      .clk(ap_clk),
      .rst(rst),
      .start(start_run),
      .images(images),
      .words(output0_words),
      .ready(output0_start),
      .busy(output0_counts)
  );
  wire output0_moves;
  assign busy[2] = output0_counts || output0_moves;
  assign m_axi_output0_awsize = 3'd3;
  assign m_axi_output0_awburst = 2'b01;
  wire output0_tlast;
  wire unused_output0 = &{1'b0, output0_tlast};  // the mover counts the words
  hass_s2mm #(
      .MEM(64),
      .AXIS(64)
  ) output0_writer (
      .clk(ap_clk),
      .rst(rst),
      .start(output0_start),
      .address(pointers[191:128]),
      .words(output0_words),
      .busy(output0_moves),
      .m_axi_awaddr(m_axi_output0_awaddr),
      .m_axi_awlen(m_axi_output0_awlen),
      .m_axi_awvalid(m_axi_output0_awvalid),
      .m_axi_awready(m_axi_output0_awready),
      .m_axi_wdata(m_axi_output0_wdata),
      .m_axi_wstrb(m_axi_output0_wstrb),
      .m_axi_wlast(m_axi_output0_wlast),
      .m_axi_wvalid(m_axi_output0_wvalid),
      .m_axi_wready(m_axi_output0_wready),
      .m_axi_bvalid(m_axi_output0_bvalid),
      .m_axi_bready(m_axi_output0_bready),
      .s_axis_tdata(output0_tdata),
      .s_axis_tvalid(output0_tvalid),
      .s_axis_tready(output0_tready)
  );

  hass_top #(
      .STATS(STATS)
  ) accelerator (
      .aclk(ap_clk),
      .aresetn(ap_rst_n),
      .s_axi_control_awaddr(inner_awaddr),
      .s_axi_control_awvalid(inner_awvalid),
      .s_axi_control_awready(inner_awready),
      .s_axi_control_wdata(inner_wdata),
      .s_axi_control_wstrb(inner_wstrb),
      .s_axi_control_wvalid(inner_wvalid),
      .s_axi_control_wready(inner_wready),
      .s_axi_control_bresp(inner_bresp),
      .s_axi_control_bvalid(inner_bvalid),
      .s_axi_control_bready(inner_bready),
      .s_axi_control_araddr(inner_araddr),
      .s_axi_control_arvalid(inner_arvalid),
      .s_axi_control_arready(inner_arready),
      .s_axi_control_rdata(inner_rdata),
      .s_axi_control_rresp(inner_rresp),
      .s_axi_control_rvalid(inner_rvalid),
      .s_axi_control_rready(inner_rready),
      .s_axis_weights_tdata(weights_tdata),
      .s_axis_weights_tvalid(weights_tvalid),
      .s_axis_weights_tready(weights_tready),
      .s_axis_input_tdata(input_tdata),
      .s_axis_input_tvalid(input_tvalid),
      .s_axis_input_tready(input_tready),
      .m_axis_output0_tdata(output0_tdata),
      .m_axis_output0_tvalid(output0_tvalid),
      .m_axis_output0_tlast(output0_tlast),
      .m_axis_output0_tready(output0_tready)
  );

endmodule
