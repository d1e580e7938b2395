// hass_constant: a constant that tools do not see through, since they keep the module: a product by it has the shape of
// DSP slices whatever it is. Yosys leaves the sum of two parts out of the slices where a part of the constant is even.
(* keep_hierarchy = "yes" *)
module hass_constant #(
    parameter integer BITS = 1,
    parameter [63:0] VALUE = 64'd0
) (
    output wire [BITS-1:0] value
);

  assign value = BITS'(VALUE);

endmodule
