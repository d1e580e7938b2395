// hass_source: takes one AXI4-Stream word and writes one beat, for as many images as the
// run has. TDATA holds the lanes side by side, lane 0 lowest; TLAST is not needed.
module hass_source #(
    parameter integer WIDTH = 8,  // bits of a beat
    parameter integer AXI   = 8,  // bits of TDATA
    parameter integer BEATS = 1   // per image
) (
    input  wire             clk,
    input  wire             rst,
    input  wire             start,
    input  wire [     31:0] images,
    input  wire [  AXI-1:0] s_axis_tdata,
    input  wire             s_axis_tvalid,
    output wire             s_axis_tready,
    input  wire             room,
    output wire             issue,
    output reg              push,
    output reg  [WIDTH-1:0] out,
    output wire [      1:0] waits
);

  localparam integer COUNT = BEATS < 2 ? 1 : $clog2(BEATS);

  reg [31:0] left;  // images
  reg [COUNT-1:0] beat;
  reg held;  // a word waits for room

  assign s_axis_tready = left != '0 && !held;
  wire read = s_axis_tready && s_axis_tvalid;
  assign issue = (read || held) && room;

  assign waits = {(read || held) && !room, s_axis_tready && !read};

  always_ff @(posedge clk) begin
    if (rst) begin
      left <= '0;
      beat <= '0;
      held <= 1'b0;
      push <= 1'b0;
    end else begin
      held <= (read || held) && !room;
      push <= issue;
      if (start) left <= images;
      if (issue) begin
        if (beat == COUNT'(BEATS - 1)) begin
          beat <= '0;
          left <= left - 1'b1;
        end else begin
          beat <= beat + 1'b1;
        end
      end
    end
    if (read) out <= s_axis_tdata[WIDTH-1:0];
  end

  generate
    if (AXI > WIDTH) begin : g_dropped
      wire unused = &{1'b0, s_axis_tdata[AXI-1:WIDTH]};
    end
  endgenerate

endmodule
