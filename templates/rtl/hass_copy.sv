// hass_copy: a register of its own for what many registers with the same input would tell. Tools make one register of equal ones, but not
// across the border of a module that they keep: so each copy drives few loads, near to it.
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
