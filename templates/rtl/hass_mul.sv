// hass_mul: the element-wise product of two tensor streams and a constant factor, requantised. Tail pixels of a row are
// written as 0. With BROADCAST the second stream has one pixel, which multiplies all pixels of the first (hass_operands).
module hass_mul #(
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
    parameter [63:0] FACTOR = 64'd1,
    parameter integer PARTS = 0,  // parts of the product with the factor (hass_multiply); 0: the factor is 1
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

  localparam integer PRODUCT = A + B;
  localparam integer FACTOR_BITS = PARTS > 0 ? $clog2(FACTOR + 64'd1) : 0;
  localparam integer VALUE = PRODUCT + FACTOR_BITS;
  wire [LANES*VALUE-1:0] value;
  hass_pointwise #(
      .INS(2),
      .PX(PX),
      .CH(CH),
      .W(W),
      .CHANNEL_BEATS(CHANNEL_BEATS),
      .DEPTH(PARTS > 0 ? PARTS + 8 : 5),
      .SPLIT(PARTS > 0 ? 1 : 0),
      .VALUE(VALUE),
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
    wire signed [FACTOR_BITS:0] factor;
    if (PARTS > 0) begin : g_constant
      hass_constant #(
          .BITS (FACTOR_BITS + 1),
          .VALUE(FACTOR)
      ) constant (
          .value(factor)
      );
    end else begin : g_one
      assign factor = '0;
      wire unused = &{1'b0, factor};
    end
    for (i = 0; i < LANES; i = i + 1) begin : g_lane
      reg signed [A-1:0] x;
      reg signed [B-1:0] y;
      reg signed [PRODUCT-1:0] product, whole;
      always_ff @(posedge clk) begin
        x <= a[i*A+:A];
        y <= b[i*B+:B];
        product <= x * y;
        whole <= product;
      end
      if (PARTS > 0) begin : g_factor
        wire signed [VALUE:0] y_factor;
        hass_multiply #(
            .A(PRODUCT),
            .B(FACTOR_BITS + 1),
            .PARTS(PARTS)
        ) multiply (
            .clk,
            .a(whole),
            .b(factor),
            .y(y_factor)
        );
        wire unused = &{1'b0, y_factor[VALUE]};  // a copy of the sign
        assign value[i*VALUE+:VALUE] = y_factor[VALUE-1:0];
      end else begin : g_product
        assign value[i*VALUE+:VALUE] = whole;
      end
    end
  endgenerate

endmodule
