// hass_sum: the sum of N signed values, ceil(log2 N) cycles later: a register follows each level of adders.
module hass_sum #(
    parameter integer N = 2,
    parameter integer BITS = 8  // of each value and of the sum, which must fit
) (
    input  wire              clk,
    input  wire [N*BITS-1:0] x,
    output wire [  BITS-1:0] sum
);

  generate
    if (N == 1) begin : g_wire
      assign sum = x;
      wire unused = &{1'b0, clk};
    end else begin : g_level
      localparam integer HALF = (N + 1) / 2;
      reg [HALF*BITS-1:0] half;
      genvar i;
      for (i = 0; i < HALF; i = i + 1) begin : g_pair
        if (2 * i + 1 < N) begin : g_add
          always_ff @(posedge clk) half[i*BITS+:BITS] <= x[2*i*BITS+:BITS] + x[(2*i+1)*BITS+:BITS];
        end else begin : g_keep
          always_ff @(posedge clk) half[i*BITS+:BITS] <= x[2*i*BITS+:BITS];
        end
      end
      hass_sum #(
          .N(HALF),
          .BITS(BITS)
      ) rest (
          .clk,
          .x(half),
          .sum
      );
    end
  endgenerate

endmodule
