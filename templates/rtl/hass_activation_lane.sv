// hass_activation_lane: the function of one value before rounding, seven cycles later (see hass_activation for the
// functions). A curve with STEP = 0 is a table of all values. Every other function ends in
//
//   factor * scale + addend
//
// whose operands are ready in cycle 3.
module hass_activation_lane #(
    parameter integer KIND = 0,
    parameter integer BITS = 16,
    parameter integer SIGNED = 1,
    parameter integer TABLE_BITS = 18,
    parameter integer SLOPE_BITS = 1,
    parameter [63:0] ADD = 64'd0,
    parameter integer TOP = 0,
    parameter integer STEP = 0,
    // Bits of a segment's number, of factor, scale, addend and the result.
    parameter integer SEGMENT = 1,
    parameter integer FACTOR = 18,
    parameter integer SCALE = 16,
    parameter integer ADDEND = 1,
    parameter integer VALUE = 34
) (
    input  wire                         clk,
    input  wire        [      BITS-1:0] in,
    output wire        [   SEGMENT-1:0] segment,  // its value and slope must come two cycles later
    input  wire signed [TABLE_BITS-1:0] entry,    // the curve's value; otherwise the multiplier, in cycle 3
    input  wire signed [SLOPE_BITS-1:0] slope,
    output wire signed [     VALUE-1:0] value
);

  localparam integer AFFINE = 0;
  localparam integer HARD_SWISH = 1;
  localparam integer LEAKY = 2;
  localparam integer CURVE = 3;

  localparam integer X = SIGNED != 0 ? BITS : BITS + 1;
  localparam integer TOP_BITS = $clog2(TOP + 1);

  reg [BITS-1:0] in_1;
  always_ff @(posedge clk) in_1 <= in;
  wire [BITS-1:0] in_3;
  hass_delay #(
      .WIDTH (BITS),
      .CYCLES(2),
      .RESET (0)
  ) wait_3 (
      .clk,
      .rst(1'b0),
      .in (in_1),
      .out(in_3)
  );
  wire signed [X-1:0] x_3 = X'({1'b0, in_3});

  wire signed [FACTOR-1:0] factor;
  wire signed [SCALE-1:0] scale;
  wire signed [ADDEND-1:0] addend;

  generate
    if (KIND == CURVE && STEP == 0) begin : g_table
      wire [BITS-1:0] in_5;
      hass_delay #(
          .WIDTH (BITS),
          .CYCLES(2),
          .RESET (0)
      ) wait_5 (
          .clk,
          .rst(1'b0),
          .in (in_3),
          .out(in_5)
      );
      assign segment = {in_5[BITS-1] ^ (SIGNED != 0), in_5[BITS-2:0]};
      assign value   = entry;
      assign factor  = '0;
      assign scale   = '0;
      assign addend  = '0;
      wire unused = &{1'b0, x_3, slope, factor, scale, addend};
    end else begin : g_product
      hass_multiply_add #(
          .A(FACTOR),
          .B(SCALE),
          .C(ADDEND),
          .Y(VALUE)
      ) result (
          .clk,
          .a(factor),
          .b(scale),
          .c(addend),
          .y(value)
      );
    end

    if (KIND == CURVE && STEP != 0) begin : g_curve
      if (BITS > STEP) begin : g_segments
        // Segments count from the least input, so the sign bit is inverted.
        wire [BITS-1:0] offset = {in_1[BITS-1] ^ (SIGNED != 0), in_1[BITS-2:0]};
        assign segment = offset[BITS-1:STEP];
        assign scale   = {1'b0, in_3[STEP-1:0]};
        wire unused = &{1'b0, offset, x_3};
      end else begin : g_segment
        assign segment = '0;
        assign scale   = {1'b0, in_3[STEP-1] ^ (SIGNED != 0), in_3[STEP-2:0]};
        wire unused = &{1'b0, x_3};
      end
      assign factor = slope;
      assign addend = {entry, {STEP{1'b0}}};
    end else if (KIND != CURVE) begin : g_multiplier
      assign segment = '0;
      assign scale   = x_3;
      wire unused = &{1'b0, slope};
      if (KIND == AFFINE) begin : g_hard_sigmoid
        assign factor = entry;
        assign addend = ADDEND'(ADD);
      end else if (KIND == LEAKY) begin : g_leaky
        assign factor = x_3 < 0 ? FACTOR'(entry) : FACTOR'(TOP);
        assign addend = '0;
      end else if (KIND == HARD_SWISH) begin : g_hard_swish
        // x + ADD clamped to 0 and TOP, times the multiplier.
        localparam integer ADD_BITS = $clog2(ADD + 64'd1) + 1;
        localparam integer MOST = ADD_BITS > TOP_BITS + 1 ? ADD_BITS : TOP_BITS + 1;
        localparam integer SUM = (X > MOST ? X : MOST) + 1;
        localparam signed [SUM-1:0] OFFSET = SUM'(ADD);
        localparam signed [SUM-1:0] EDGE = SUM'(TOP) - OFFSET;
        wire signed [X-1:0] x_0 = X'({1'b0, in});
        wire signed [SUM-1:0] sum = SUM'(x_0) + OFFSET;
        reg signed [TOP_BITS:0] gate_1;
        reg signed [FACTOR-1:0] product_2, product_3;
        always_ff @(posedge clk) begin
          gate_1 <= sum < 0 ? '0 : SUM'(x_0) > EDGE ? (TOP_BITS + 1)'(TOP) : {1'b0, sum[TOP_BITS-1:0]};
          product_2 <= FACTOR'(gate_1 * entry);
          product_3 <= product_2;
        end
        assign factor = product_3;
        assign addend = '0;
      end
    end
  endgenerate

endmodule
