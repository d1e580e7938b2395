// hass_sink: sends each beat as one AXI4-Stream word, lane 0 lowest, with TLAST on the last
// word of an image.
module hass_sink #(
    parameter integer WIDTH = 8,  // bits of a beat
    parameter integer AXI   = 8,  // bits of TDATA
    parameter integer BEATS = 1   // per image
) (
    input  wire             clk,
    input  wire             rst,
    input  wire             valid,
    input  wire [WIDTH-1:0] in,
    output wire             read,
    output wire             pop,
    output wire [  AXI-1:0] m_axis_tdata,
    output wire             m_axis_tvalid,
    output wire             m_axis_tlast,
    input  wire             m_axis_tready,
    output wire [      1:0] waits
);

  localparam integer COUNT = BEATS < 2 ? 1 : $clog2(BEATS);

  reg [COUNT-1:0] beat;

  assign m_axis_tdata = AXI'(in);
  assign m_axis_tvalid = valid;
  assign m_axis_tlast = beat == COUNT'(BEATS - 1);
  assign read = valid && m_axis_tready;
  assign pop = read;
  assign waits = {valid && !m_axis_tready, !valid};

  always_ff @(posedge clk) begin
    if (rst) beat <= '0;
    else if (read) beat <= m_axis_tlast ? '0 : beat + 1'b1;
  end

endmodule
