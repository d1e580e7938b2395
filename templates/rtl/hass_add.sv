// hass_add: the element-wise sum of two tensor streams, each multiplied by its factor, requantised. A factor that is a
// power of two is a shift. Tail pixels of a row are written as 0. With BROADCAST the second stream has one pixel,
// which is added to all pixels of the first (hass_operands).
module hass_add #(
    parameter integer BITS0 = 16,
    parameter integer SIGNED0 = 1,
    parameter integer BITS1 = 16,
    parameter integer SIGNED1 = 1,
    parameter integer OUT_BITS = 16,
    parameter integer PX = 1,  // pixels per beat
    parameter integer CH = 1,  // channels per beat
    parameter integer W = 1,  // pixels of a row
    parameter integer CHANNEL_BEATS = 1,  // beats of one pixel group
    parameter integer BEATS = 1,  // per image
    parameter integer BROADCAST = 0,
    parameter integer STYLE = 0,  // of the memory for the broadcast pixel: 0 LUT RAM, 1 block RAM
    parameter [63:0] FACTOR0 = 64'd1,
    parameter [63:0] FACTOR1 = 64'd1,
    parameter integer PARTS0 = 0,  // parts of the product with the factor (hass_multiply); 0: the factor is a power of two
    parameter integer PARTS1 = 0,
    parameter integer SHIFT = 0,
    parameter integer ROUNDING = 0,  // 0: half up, 1: half to even
    parameter integer LO = 0,
    parameter integer HI = 0,
    parameter integer LANES1 = BROADCAST != 0 ? CH : PX * CH
) (
    input  wire                      clk,
    input  wire                      rst,
    input  wire [               1:0] valid,
    input  wire [   PX*CH*BITS0-1:0] in0,
    input  wire [  LANES1*BITS1-1:0] in1,
    output wire [               1:0] read,
    output wire [               1:0] pop,
    input  wire                      room,
    output wire                      issue,
    output wire                      push,
    output wire [PX*CH*OUT_BITS-1:0] out,
    output wire [               1:0] waits
);

  localparam integer LANES = PX * CH;
  localparam integer A = SIGNED0 != 0 ? BITS0 : BITS0 + 1;
  localparam integer B = SIGNED1 != 0 ? BITS1 : BITS1 + 1;
  localparam integer FACTOR0_BITS = PARTS0 > 0 ? $clog2(FACTOR0 + 64'd1) : $clog2(FACTOR0);
  localparam integer FACTOR1_BITS = PARTS1 > 0 ? $clog2(FACTOR1 + 64'd1) : $clog2(FACTOR1);
  localparam integer TERM0 = A + FACTOR0_BITS;
  localparam integer TERM1 = B + FACTOR1_BITS;
  localparam integer SUM = (TERM0 > TERM1 ? TERM0 : TERM1) + 1;
  localparam integer PARTS = PARTS0 > PARTS1 ? PARTS0 : PARTS1;
  localparam integer CYCLES = PARTS > 0 ? PARTS + 2 : 0;  // cycles of the products
  localparam integer CHANNEL_BITS = CHANNEL_BEATS < 2 ? 1 : $clog2(CHANNEL_BEATS);

  wire [1:0] reads;
  wire [CHANNEL_BITS-1:0] channel;
  wire [LANES*A-1:0] a;
  wire [LANES*B-1:0] b;
  hass_operands #(
      .BITS0(BITS0),
      .SIGNED0(SIGNED0),
      .BITS1(BITS1),
      .SIGNED1(SIGNED1),
      .PX(PX),
      .CH(CH),
      .CHANNEL_BEATS(CHANNEL_BEATS),
      .BEATS(BEATS),
      .BROADCAST(BROADCAST),
      .STYLE(STYLE)
  ) operands (
      .clk,
      .rst,
      .in0,
      .in1,
      .issue,
      .channel,
      .reads,
      .a,
      .b
  );

  wire [LANES*SUM-1:0] value;
  hass_pointwise #(
      .INS(2),
      .PX(PX),
      .CH(CH),
      .W(W),
      .CHANNEL_BEATS(CHANNEL_BEATS),
      .DEPTH(PARTS > 0 ? CYCLES + 4 : 3),
      .SPLIT(PARTS > 0 ? 1 : 0),
      .VALUE(SUM),
      .BITS(OUT_BITS),
      .SHIFT(SHIFT),
      .ROUNDING(ROUNDING),
      .LO(LO),
      .HI(HI)
  ) pointwise (
      .clk,
      .rst,
      .reads,
      .valid,
      .read,
      .pop,
      .room,
      .issue,
      .push,
      .out,
      .waits,
      .channel,
      .value
  );

  genvar i;
  generate
    for (i = 0; i < LANES; i = i + 1) begin : g_lane
      wire signed [TERM0-1:0] x;
      wire signed [TERM1-1:0] y;
      hass_scale #(
          .BITS(A),
          .FACTOR(FACTOR0),
          .FACTOR_BITS(FACTOR0_BITS),
          .PARTS(PARTS0),
          .CYCLES(CYCLES)
      ) scale_0 (
          .clk,
          .x(a[i*A+:A]),
          .y(x)
      );
      hass_scale #(
          .BITS(B),
          .FACTOR(FACTOR1),
          .FACTOR_BITS(FACTOR1_BITS),
          .PARTS(PARTS1),
          .CYCLES(CYCLES)
      ) scale_1 (
          .clk,
          .x(b[i*B+:B]),
          .y
      );
      reg signed [SUM-1:0] sum;
      always_ff @(posedge clk) sum <= SUM'(x) + SUM'(y);
      assign value[i*SUM+:SUM] = sum;
    end
  endgenerate

endmodule
