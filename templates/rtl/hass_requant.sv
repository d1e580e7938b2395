// hass_requant: y = clamp(round(x / 2^s), LO, HI) with s = SHIFT + step, two cycles
// later. A negative s shifts left.
//
// floor((x + 2^(s-1)) / 2^s) = floor((floor(x / 2^(s-1)) + 1) / 2): the half costs no carry
// chain over the bits that are dropped. Half to even leaves the carry out where all bits
// below the half are 0 and the quotient is even already.
module hass_requant #(
    parameter integer IN = 32,  // bits of x, signed
    parameter integer OUT = 16,  // bits of y; signed or not, LO and HI fit
    parameter integer SHIFT = 0,
    parameter integer STEPS = 1,  // number of shifts, at most 8
    parameter integer ROUNDING = 0,  // 0: half up, 1: half to even
    parameter integer LO = 0,
    parameter integer HI = 0
) (
    input  wire                  clk,
    input  wire signed [ IN-1:0] x,
    input  wire        [    2:0] step,
    output reg         [OUT-1:0] y
);

  // One bit more than is kept: the half.
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

  wire signed [CMP-1:0] exact = CMP'(twice);
  wire up;
  generate
    if (ROUNDING == 0) begin : g_half_up
      assign up = exact[0];
    end else begin : g_half_even
      wire below_shift, below_step;  // something is dropped below the half
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
      assign up = exact[0] && (exact[1] || below_shift || below_step);
    end
  endgenerate

  reg signed [CMP-1:0] r;
  always_ff @(posedge clk) r <= (exact >>> 1) + CMP'($signed({1'b0, up}));

  // What lies outside the format shows in the upper bits; only a clamp inside it needs a
  // comparison.
  wire sign = r[CMP-1];
  wire beyond = sign ? !(&r[CMP-2:BITS]) : |r[CMP-2:BITS];
  wire [OUT-1:0] low = r[OUT-1:0];
  wire above, below;
  generate
    if (HI == (1 << BITS) - 1) begin : g_all_above
      assign above = !sign && beyond;
    end else if (HI >= 0) begin : g_above
      assign above = !sign && (beyond || r[BITS-1:0] > BITS'(HI));
    end else begin : g_negative
      assign above = !sign || (!beyond && r[BITS-1:0] > BITS'(HI));
    end
    if (LO == -(1 << BITS)) begin : g_all_below
      assign below = sign && beyond;
    end else if (LO == 0) begin : g_zero
      assign below = sign;
    end else if (LO < 0) begin : g_below
      assign below = sign && (beyond || r[BITS-1:0] < BITS'(LO));
    end else begin : g_positive
      assign below = sign || (!beyond && r[BITS-1:0] < BITS'(LO));
    end
  endgenerate

  always_ff @(posedge clk) y <= above ? OUT'(HI) : below ? OUT'(LO) : low;

endmodule
