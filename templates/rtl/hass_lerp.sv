// hass_lerp: a * (2^SCALE - w) + b * w, three cycles later, with one multiplication. If DROP > 0, half of 2^DROP is
// added, so that the bits from DROP up are the result rounded half up.
module hass_lerp #(
    parameter integer BITS  = 9,  // of a and b, signed
    parameter integer SCALE = 1,
    parameter integer DROP  = 0   // y must hold the result plus half of 2^DROP
) (
    input  wire                         clk,
    input  wire signed [      BITS-1:0] a,
    input  wire signed [      BITS-1:0] b,
    input  wire        [       SCALE:0] w,  // 0 to 2^SCALE
    output reg  signed [BITS+SCALE-1:0] y
);

  // The half is added in two parts: the bits in the places of `a`, and the bits below.
  localparam [BITS+SCALE-1:0] HALF = DROP > 0 ? (BITS + SCALE)'(1) << (DROP > 0 ? DROP - 1 : 0) : '0;

  reg signed [BITS:0] slope;
  reg signed [SCALE+1:0] by;
  reg signed [BITS-1:0] a1, a2;
  reg signed [BITS+SCALE+2:0] product;
  wire unused = &{1'b0, product[BITS+SCALE+2:BITS+SCALE]};  // these bits cancel out in the sum
  always_ff @(posedge clk) begin
    slope <= (BITS + 1)'(b) - (BITS + 1)'(a);
    by <= {1'b0, w};
    a1 <= a + $signed(HALF[BITS+SCALE-1:SCALE]);
    product <= slope * by;
    a2 <= a1;
    y <= $signed(product[BITS+SCALE-1:0]) + $signed({a2, HALF[SCALE-1:0]});
  end

endmodule
