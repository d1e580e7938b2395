// hass_requant_stream: changes the format of a tensor stream or clamps it. Tail pixels of a row are
// written as 0.
module hass_requant_stream #(
    parameter integer IN_BITS = 16,
    parameter integer IN_SIGNED = 1,
    parameter integer OUT_BITS = 16,
    parameter integer PX = 1,  // pixels per beat
    parameter integer CH = 1,  // channels per beat
    parameter integer W = 1,  // pixels of a row
    parameter integer CHANNEL_BEATS = 1,  // beats of one pixel group
    parameter integer SHIFT = 0,
    parameter integer ROUNDING = 0,  // 0: half up, 1: half to even
    parameter integer LO = 0,
    parameter integer HI = 0
) (
    input  wire                      clk,
    input  wire                      rst,
    input  wire                      valid,
    input  wire [ PX*CH*IN_BITS-1:0] in,
    output wire                      read,
    output wire                      pop,
    input  wire                      room,
    output wire                      issue,
    output wire                      push,
    output wire [PX*CH*OUT_BITS-1:0] out,
    output wire [               1:0] waits
);

  localparam integer LANES = PX * CH;
  localparam integer X = IN_SIGNED != 0 ? IN_BITS : IN_BITS + 1;
  localparam integer CHANNEL_BITS = CHANNEL_BEATS < 2 ? 1 : $clog2(CHANNEL_BEATS);

  wire [LANES*X-1:0] value;
  wire [CHANNEL_BITS-1:0] channel;
  wire unused = &{1'b0, channel};
  hass_pointwise #(
      .PX(PX),
      .CH(CH),
      .W(W),
      .CHANNEL_BEATS(CHANNEL_BEATS),
      .DEPTH(2),
      .VALUE(X),
      .BITS(OUT_BITS),
      .SHIFT(SHIFT),
      .ROUNDING(ROUNDING),
      .LO(LO),
      .HI(HI)
  ) pointwise (
      .clk,
      .rst,
      .reads(1'b1),
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

  hass_extend #(
      .LANES(LANES),
      .BITS(IN_BITS),
      .SIGNED(IN_SIGNED)
  ) extend (
      .in,
      .out(value)
  );

endmodule
