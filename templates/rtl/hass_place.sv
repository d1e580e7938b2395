// hass_place: puts a part of a pixel into its place among SPAN lanes: its first lane becomes lane
// BASE + at * UNIT, and all lanes outside the part are 0. Each bit of `at` has a stage of multiplexers.
module hass_place #(
    parameter integer BITS = 8,  // of a lane
    parameter integer LANES = 1,  // of the part
    parameter integer SPAN = 1,
    parameter integer BASE = 0,
    parameter integer UNIT = 1,
    parameter integer PLACES = 1,  // number of values of `at`
    localparam integer INDEX = PLACES < 2 ? 1 : $clog2(PLACES)
) (
    input  wire [     INDEX-1:0] at,
    input  wire [LANES*BITS-1:0] in,
    output reg  [ SPAN*BITS-1:0] out
);

  wire unused = &{1'b0, at};

  integer i;
  always_comb begin
    out = (SPAN * BITS)'(in) << (BASE * BITS);
    if (PLACES > 1) begin
      for (i = 0; i < INDEX; i = i + 1) if (at[i]) out = out << ((UNIT << i) * BITS);
    end
  end

endmodule
