// hass_source: writes each AXI4-Stream word as one beat, for the number of images of the run.
// TDATA holds the lanes side by side, lane 0 lowest; TLAST is not needed.
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

  reg [31:0] left;  // images still to come
  reg more, one;  // left is not 0; left is 1
  wire last;  // this is the last beat of an image
  reg held;  // a word waits for room

  assign s_axis_tready = more && !held;
  wire read = s_axis_tready && s_axis_tvalid;
  assign issue = (read || held) && room;

  assign waits = {(read || held) && !room, s_axis_tready && !read};

  hass_count #(
      .COUNT(BEATS)
  ) image (
      .clk,
      .rst,
      .step(issue),
      .last
  );

  always_ff @(posedge clk) begin
    if (rst) begin
      left <= '0;
      more <= 1'b0;
      one  <= 1'b0;
      held <= 1'b0;
      push <= 1'b0;
    end else begin
      held <= (read || held) && !room;
      push <= issue;
      if (start) begin
        left <= images;
        more <= images != '0;
        one  <= images == 32'd1;
      end else if (issue && last) begin
        left <= left - 1'b1;
        more <= !one;
        one  <= left == 32'd2;
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
