// hass_finish: the end of a pool. A maximum is clamped, two cycles later. A sum becomes the average
// requant(sum * factor, SHIFT), five cycles later. If DROP > 0, the product is first rounded to a multiple of 2^DROP,
// half up. The factor is not exact; this rounding restores ties that its error has moved.
module hass_finish #(
    parameter integer IN = 8,  // bits of the sum or maximum
    parameter integer SIGNED = 1,
    parameter integer MAX = 0,
    parameter integer MUL_BITS = 1,  // of the factor, which is unsigned
    parameter integer OUT = 8,
    parameter integer DROP = 0,
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
  localparam integer WIDE = MAX != 0 ? EXACT : EXACT + MUL_BITS - DROP;  // bits of the value that is requantised

  wire signed [EXACT-1:0] number = EXACT'({SIGNED != 0 && x[IN-1], x});
  wire signed [WIDE-1:0] result;
  generate
    if (MAX != 0) begin : g_max
      wire unused = &{1'b0, factor};
      assign result = number;
    end else begin : g_average
      reg signed [EXACT-1:0] a;
      reg signed [MUL_BITS:0] b;
      localparam integer PRODUCT = EXACT + MUL_BITS;
      localparam [PRODUCT-1:0] HALF = DROP > 0 ? PRODUCT'(1) << (DROP > 0 ? DROP - 1 : 0) : '0;
      reg signed [PRODUCT:0] m;
      reg signed [WIDE-1:0] p;
      wire [PRODUCT-1:0] sum = m[PRODUCT-1:0] + HALF;
      wire unused = &{1'b0, m[PRODUCT], sum};  // m[PRODUCT] is a copy of the sign
      always_ff @(posedge clk) begin
        a <= number;
        b <= {1'b0, factor};
        m <= a * b;
        p <= sum[PRODUCT-1-:WIDE];
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
