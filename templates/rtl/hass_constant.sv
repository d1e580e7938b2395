// hass_constant: a constant that synthesis cannot propagate, because the module is kept. So a product by it always maps to
// DSP slices. With a constant that it knows, yosys would leave the sum of two parts out of the slices where a part of the
// constant is even.
(* keep_hierarchy = "yes" *)
module hass_constant #(
    parameter integer BITS = 1,
    parameter [63:0] VALUE = 64'd0
) (
    output wire [BITS-1:0] value
);

  assign value = BITS'(VALUE);

endmodule
