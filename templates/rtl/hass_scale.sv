// hass_scale: y = x * FACTOR, CYCLES cycles later. A factor that is a power of two is a shift.
module hass_scale #(
    parameter integer BITS = 8,  // of x, signed
    parameter [63:0] FACTOR = 64'd1,
    parameter integer FACTOR_BITS = 0,  // bits of the factor if PARTS > 0; otherwise the shift
    parameter integer PARTS = 0,  // parts of the product (hass_multiply); 0: the factor is a power of two
    parameter integer CYCLES = 0  // at least PARTS + 2 if PARTS > 0
) (
    input  wire                               clk,
    input  wire signed [            BITS-1:0] x,
    output wire signed [BITS+FACTOR_BITS-1:0] y
);

  wire [BITS-1:0] late;
  hass_delay #(
      .WIDTH (BITS),
      .CYCLES(PARTS > 0 ? CYCLES - PARTS - 2 : CYCLES)
  ) delay (
      .clk,
      .rst(1'b0),
      .in (x),
      .out(late)
  );

  generate
    if (PARTS > 0) begin : g_product
      wire signed [FACTOR_BITS:0] factor;
      hass_constant #(
          .BITS (FACTOR_BITS + 1),
          .VALUE(FACTOR)
      ) constant (
          .value(factor)
      );
      wire signed [BITS+FACTOR_BITS:0] product;
      hass_multiply #(
          .A(BITS),
          .B(FACTOR_BITS + 1),
          .PARTS(PARTS)
      ) multiply (
          .clk,
          .a(late),
          .b(factor),
          .y(product)
      );
      wire unused = &{1'b0, product[BITS+FACTOR_BITS]};  // a copy of the sign
      assign y = product[BITS+FACTOR_BITS-1:0];
    end else begin : g_shift
      assign y = (BITS + FACTOR_BITS)'(late) << FACTOR_BITS;
    end
  endgenerate

endmodule
