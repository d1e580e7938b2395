// hass_mac: a multiplier with an accumulator, written to map to one DSP slice: operand registers, product
// register, accumulator. The product of cycle t is in acc from cycle t + 3 on. With `first` it
// replaces the previous sum; without `work` it counts as 0. Tools keep the module, so that each slice uses its own operand
// registers even if several slices share an operand.
(* keep_hierarchy = "yes" *)
module hass_mac #(
    parameter integer A = 17,  // bits of a and b, both signed
    parameter integer B = 16,
    parameter integer ACC = 40
) (
    input  wire                  clk,
    input  wire                  work,
    input  wire                  first,
    input  wire signed [  A-1:0] a,
    input  wire signed [  B-1:0] b,
    output reg signed  [ACC-1:0] acc
);

  reg signed [A-1:0] a_1;
  reg signed [B-1:0] b_1;
  reg signed [A+B-1:0] product;
  reg first_1, first_2;
  wire unused = &{1'b0, product};  // the accumulator may be narrower than the product, if it holds every sum

  always_ff @(posedge clk) begin
    if (!work) a_1 <= '0;
    else a_1 <= a;
    b_1 <= b;
    first_1 <= first;
    product <= a_1 * b_1;
    first_2 <= first_1;
    acc <= (first_2 ? '0 : acc) + ACC'(product);
  end

endmodule
