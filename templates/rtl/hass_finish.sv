// hass_finish: the end of a pool. A maximum is clamped, two cycles later; a sum becomes the average
// requant(sum * factor, SHIFT), five cycles later.
module hass_finish #(
    parameter integer IN = 8,  // bits of the sum or maximum
    parameter integer SIGNED = 1,
    parameter integer MAX = 0,
    parameter integer MUL_BITS = 1,  // of the factor, which is not negative
    parameter integer OUT = 8,
    parameter integer SHIFT = 0,
    parameter integer ROUNDING = 0,  // 0: half up, 1: half to even
    parameter integer LO = 0,
    parameter integer HI = 0
) (
    input  wire                clk,
    input  wire [      IN-1:0] x,
    input  wire [MUL_BITS-1:0] factor,
    output wire [     OUT-1:0] y
);

  localparam integer EXACT = SIGNED != 0 ? IN : IN + 1;  // x as a signed number
  localparam integer WIDE = MAX != 0 ? EXACT : EXACT + MUL_BITS;

  wire signed [EXACT-1:0] number = EXACT'({SIGNED != 0 && x[IN-1], x});
  wire signed [WIDE-1:0] result;
  generate
    if (MAX != 0) begin : g_max
      wire unused = &{1'b0, factor};
      assign result = number;
    end else begin : g_average
      reg signed [EXACT-1:0] a;
      reg signed [MUL_BITS:0] b;
      reg signed [WIDE:0] m;
      reg signed [WIDE-1:0] p;
      wire unused = &{1'b0, m[WIDE]};  // the sign again
      always_ff @(posedge clk) begin
        a <= number;
        b <= {1'b0, factor};
        m <= a * b;
        p <= m[WIDE-1:0];
      end
      assign result = p;
    end
  endgenerate

  hass_requant #(
      .IN(WIDE),
      .OUT(OUT),
      .SHIFT(MAX != 0 ? 0 : SHIFT),
      .STEPS(1),
      .ROUNDING(ROUNDING),
      .LO(LO),
      .HI(HI)
  ) requant (
      .clk,
      .x(result),
      .step(3'd0),
      .y
  );

endmodule
