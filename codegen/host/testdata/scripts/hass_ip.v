// hass_ip: hass_top as an IP for a block design, in plain Verilog whose attributes declare the interfaces to Vivado. TKEEP of
// the outputs is always all ones. TLAST of the inputs is ignored, because the design counts its words.
module hass_ip #(
    parameter integer STATS = 1  // 0: no stall counters and high-water marks
) (
    (* X_INTERFACE_INFO = "xilinx.com:signal:clock:1.0 aclk CLK" *)
    (* X_INTERFACE_PARAMETER = "XIL_INTERFACENAME aclk, ASSOCIATED_BUSIF s_axi_control:s_axis_weights:s_axis_input:m_axis_output0, ASSOCIATED_RESET aresetn" *)
    input  wire aclk,
    (* X_INTERFACE_INFO = "xilinx.com:signal:reset:1.0 aresetn RST" *)
    (* X_INTERFACE_PARAMETER = "XIL_INTERFACENAME aresetn, POLARITY ACTIVE_LOW" *)
    input  wire aresetn,

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

    (* X_INTERFACE_PARAMETER = "XIL_INTERFACENAME s_axis_weights, TDATA_NUM_BYTES 4, HAS_TKEEP 0, HAS_TLAST 1, HAS_TREADY 1" *)
    (* X_INTERFACE_INFO = "xilinx.com:interface:axis:1.0 s_axis_weights TDATA" *)
    input  wire [31:0] s_axis_weights_tdata,
    (* X_INTERFACE_INFO = "xilinx.com:interface:axis:1.0 s_axis_weights TLAST" *)
    input  wire s_axis_weights_tlast,
    (* X_INTERFACE_INFO = "xilinx.com:interface:axis:1.0 s_axis_weights TVALID" *)
    input  wire s_axis_weights_tvalid,
    (* X_INTERFACE_INFO = "xilinx.com:interface:axis:1.0 s_axis_weights TREADY" *)
    output wire s_axis_weights_tready,

    (* X_INTERFACE_PARAMETER = "XIL_INTERFACENAME s_axis_input, TDATA_NUM_BYTES 16, HAS_TKEEP 0, HAS_TLAST 1, HAS_TREADY 1" *)
    (* X_INTERFACE_INFO = "xilinx.com:interface:axis:1.0 s_axis_input TDATA" *)
    input  wire [127:0] s_axis_input_tdata,
    (* X_INTERFACE_INFO = "xilinx.com:interface:axis:1.0 s_axis_input TLAST" *)
    input  wire s_axis_input_tlast,
    (* X_INTERFACE_INFO = "xilinx.com:interface:axis:1.0 s_axis_input TVALID" *)
    input  wire s_axis_input_tvalid,
    (* X_INTERFACE_INFO = "xilinx.com:interface:axis:1.0 s_axis_input TREADY" *)
    output wire s_axis_input_tready,

    (* X_INTERFACE_PARAMETER = "XIL_INTERFACENAME m_axis_output0, TDATA_NUM_BYTES 8, HAS_TKEEP 1, HAS_TLAST 1, HAS_TREADY 1" *)
    (* X_INTERFACE_INFO = "xilinx.com:interface:axis:1.0 m_axis_output0 TDATA" *)
    output wire [63:0] m_axis_output0_tdata,
    (* X_INTERFACE_INFO = "xilinx.com:interface:axis:1.0 m_axis_output0 TKEEP" *)
    output wire [7:0] m_axis_output0_tkeep,
    (* X_INTERFACE_INFO = "xilinx.com:interface:axis:1.0 m_axis_output0 TLAST" *)
    output wire m_axis_output0_tlast,
    (* X_INTERFACE_INFO = "xilinx.com:interface:axis:1.0 m_axis_output0 TVALID" *)
    output wire m_axis_output0_tvalid,
    (* X_INTERFACE_INFO = "xilinx.com:interface:axis:1.0 m_axis_output0 TREADY" *)
    input  wire m_axis_output0_tready
);

  assign m_axis_output0_tkeep = {8{1'b1}};
  wire unused = &{1'b0, s_axis_weights_tlast, s_axis_input_tlast};

  hass_top #(
      .STATS(STATS)
  ) accelerator (
      .aclk(aclk),
      .aresetn(aresetn),
      .s_axi_control_awaddr(s_axi_control_awaddr),
      .s_axi_control_awvalid(s_axi_control_awvalid),
      .s_axi_control_awready(s_axi_control_awready),
      .s_axi_control_wdata(s_axi_control_wdata),
      .s_axi_control_wstrb(s_axi_control_wstrb),
      .s_axi_control_wvalid(s_axi_control_wvalid),
      .s_axi_control_wready(s_axi_control_wready),
      .s_axi_control_bresp(s_axi_control_bresp),
      .s_axi_control_bvalid(s_axi_control_bvalid),
      .s_axi_control_bready(s_axi_control_bready),
      .s_axi_control_araddr(s_axi_control_araddr),
      .s_axi_control_arvalid(s_axi_control_arvalid),
      .s_axi_control_arready(s_axi_control_arready),
      .s_axi_control_rdata(s_axi_control_rdata),
      .s_axi_control_rresp(s_axi_control_rresp),
      .s_axi_control_rvalid(s_axi_control_rvalid),
      .s_axi_control_rready(s_axi_control_rready),
      .s_axis_weights_tdata(s_axis_weights_tdata),
      .s_axis_weights_tvalid(s_axis_weights_tvalid),
      .s_axis_weights_tready(s_axis_weights_tready),
      .s_axis_input_tdata(s_axis_input_tdata),
      .s_axis_input_tvalid(s_axis_input_tvalid),
      .s_axis_input_tready(s_axis_input_tready),
      .m_axis_output0_tdata(m_axis_output0_tdata),
      .m_axis_output0_tvalid(m_axis_output0_tvalid),
      .m_axis_output0_tlast(m_axis_output0_tlast),
      .m_axis_output0_tready(m_axis_output0_tready)
  );

endmodule
