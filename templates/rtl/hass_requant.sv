// hass_requant: y = clamp(round(x / 2^s), LO, HI) with s = SHIFT + step, two cycles
// later, or three with SPLIT. A negative s shifts left.
//
// floor((x + 2^(s-1)) / 2^s) = floor((floor(x / 2^(s-1)) + 1) / 2), so adding the half needs no carry
// chain over the dropped bits. Half to even omits the carry if all bits below the half are 0 and
// the quotient is already even.
module hass_requant #(
    parameter integer IN = 32,  // bits of x, signed
    parameter integer OUT = 16,  // bits of y, signed if LO < 0; LO and HI must fit
    parameter integer SHIFT = 0,
    parameter integer STEPS = 1,  // number of shifts, at most 8
    parameter integer ROUNDING = 0,  // 0: half up, 1: half to even
    parameter integer LO = 0,
    parameter integer HI = 0,
    parameter integer SPLIT = 0  // 1: a register between shift and rounding, for wide operands
) (
    input  wire                  clk,
    input  wire signed [ IN-1:0] x,
    input  wire        [    2:0] step,
    output reg         [OUT-1:0] y
);

  // Shift by one place less, to keep the bit of the half.
  localparam integer LEFT = SHIFT < 1 ? 1 - SHIFT : 0;
  localparam integer RIGHT = SHIFT > 1 ? (SHIFT - 1 < IN ? SHIFT - 1 : IN - 1) : 0;
  localparam integer WIDE = IN + LEFT - RIGHT;

  localparam integer SIGNED = LO < 0 ? 1 : 0;
  localparam integer BITS = OUT - SIGNED;  // of y's magnitude
  localparam integer CMP = WIDE > BITS + 2 ? WIDE : BITS + 2;

  wire signed [IN+LEFT-1:0] scaled = $signed({x, {LEFT{1'b0}}}) >>> RIGHT;
  wire signed [WIDE-1:0] twice;
  generate
    if (STEPS > 1) begin : g_steps
      assign twice = $signed(scaled[WIDE-1:0]) >>> step;
    end else begin : g_wire
      assign twice = scaled[WIDE-1:0];
      wire unused_step = &{1'b0, step};
    end
    if (RIGHT > 0) begin : g_dropped
      wire unused_top = &{1'b0, scaled[IN+LEFT-1:WIDE]};
    end
  endgenerate

  // Some dropped bit below the half is 1. Only rounding half to even needs this.
  wire below;
  generate
    if (ROUNDING == 0) begin : g_no_rest
      assign below = 1'b0;
    end else begin : g_rest
      wire below_shift, below_step;
      if (RIGHT > 0) begin : g_shift
        assign below_shift = |x[RIGHT-1:0];
      end else begin : g_no_shift
        assign below_shift = 1'b0;
      end
      if (STEPS > 1) begin : g_step
        wire [6:0] low_bits = 7'(scaled[WIDE-1:0]) & ~(7'h7f << step);
        assign below_step = |low_bits;
      end else begin : g_no_step
        assign below_step = 1'b0;
      end
      assign below = below_shift || below_step;
    end
  endgenerate

  wire signed [WIDE-1:0] shifted;
  wire rest;
  hass_delay #(
      .WIDTH (WIDE + 1),
      .CYCLES(SPLIT),
      .RESET (0)
  ) shift (
      .clk,
      .rst(1'b0),
      .in ({twice, below}),
      .out({shifted, rest})
  );

  wire signed [CMP-1:0] exact = CMP'(shifted);
  wire up = exact[0] && (ROUNDING == 0 || exact[1] || rest);

  reg signed [CMP-1:0] r;
  always_ff @(posedge clk) r <= (exact >>> 1) + CMP'($signed({1'b0, up}));

  // The upper bits tell whether r lies outside the format. Only a limit inside the format needs a
  // comparison.
  wire sign = r[CMP-1];
  wire beyond = sign ? !(&r[CMP-2:BITS]) : |r[CMP-2:BITS];
  wire [OUT-1:0] low = r[OUT-1:0];
  wire over, under;
  generate
    if (HI == (1 << BITS) - 1) begin : g_all_above
      assign over = !sign && beyond;
    end else if (HI >= 0) begin : g_above
      assign over = !sign && (beyond || r[BITS-1:0] > BITS'(HI));
    end else begin : g_negative
      assign over = !sign || (!beyond && r[BITS-1:0] > BITS'(HI));
    end
    if (LO == -(1 << BITS)) begin : g_all_below
      assign under = sign && beyond;
    end else if (LO == 0) begin : g_zero
      assign under = sign;
    end else if (LO < 0) begin : g_below
      assign under = sign && (beyond || r[BITS-1:0] < BITS'(LO));
    end else begin : g_positive
      assign under = sign || (!beyond && r[BITS-1:0] < BITS'(LO));
    end
  endgenerate

  always_ff @(posedge clk) y <= over ? OUT'(HI) : under ? OUT'(LO) : low;

endmodule
