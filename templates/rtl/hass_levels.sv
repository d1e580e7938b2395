// hass_levels: LO plus the number of thresholds that x reaches, two cycles later. The thresholds are in ascending order, so
// the comparisons are a run of ones with zeros above. Bit j of the result therefore toggles at every threshold at which the
// result becomes a multiple of 2^j.
module hass_levels #(
    parameter integer LEVELS = 1,  // thresholds
    parameter integer IN = 16,  // bits of x and of each threshold, signed
    parameter integer OUT = 2,  // bits of the result
    parameter integer LO = 0
) (
    input  wire                        clk,
    input  wire signed [       IN-1:0] x,
    input  wire        [LEVELS*IN-1:0] thresholds,
    output reg         [      OUT-1:0] y
);

  genvar k, j;
  generate
    wire [LEVELS-1:0] reached;
    for (k = 0; k < LEVELS; k = k + 1) begin : g_level
      wire signed [IN-1:0] threshold = thresholds[k*IN+:IN];
      reg above;
      always_ff @(posedge clk) above <= x >= threshold;
      assign reached[k] = above;
    end
    for (j = 0; j < OUT; j = j + 1) begin : g_bit
      wire [LEVELS-1:0] turns;
      for (k = 0; k < LEVELS; k = k + 1) begin : g_turn
        assign turns[k] = (LO + k + 1) % (1 << j) == 0 && reached[k];
      end
      always_ff @(posedge clk) y[j] <= LO[j] ^ (^turns);
    end
  endgenerate

endmodule
