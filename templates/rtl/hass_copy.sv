// hass_copy: one of several duplicate registers with the same input. Synthesis would merge equal registers, but not across
// the boundary of a module that it keeps. So each copy drives few loads, close to it.
(* keep_hierarchy = "yes" *)
module hass_copy #(
    parameter integer WIDTH = 1
) (
    input  wire             clk,
    input  wire [WIDTH-1:0] in,
    output reg  [WIDTH-1:0] out
);

  always_ff @(posedge clk) out <= in;

endmodule
