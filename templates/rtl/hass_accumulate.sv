// hass_accumulate: the next partial result of a pool, combinational: x if it is the first value, otherwise the sum or
// the maximum of x and acc.
module hass_accumulate #(
    parameter integer IN = 8,  // bits of x
    parameter integer BITS = 8,  // of a result, at least IN
    parameter integer SIGNED = 1,
    parameter integer MAX = 0
) (
    input  wire            start,  // x is the first
    input  wire [BITS-1:0] acc,
    input  wire [  IN-1:0] x,
    output wire [BITS-1:0] y
);

  // One more bit: the sign, or 0.
  wire signed [  IN:0] narrow = {SIGNED != 0 && x[IN-1], x};
  wire signed [BITS:0] a = {SIGNED != 0 && acc[BITS-1], acc};
  wire signed [BITS:0] b = (BITS + 1)'(narrow);
  generate
    if (MAX != 0) begin : g_max
      assign y = start || b > a ? b[BITS-1:0] : acc;
    end else begin : g_sum
      assign y = BITS'((start ? (BITS + 1)'(0) : a) + b);
    end
  endgenerate

endmodule
