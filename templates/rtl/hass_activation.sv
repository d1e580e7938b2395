// hass_activation: a non-linear function of each value, requantised. Tail pixels of a row are written as 0. KIND is
//
//   0 AFFINE        x * m + ADD
//   1 HARD_SWISH    x * clamp(x + ADD, 0, TOP) * m
//   2 LEAKY         x * TOP if x >= 0, otherwise x * m
//   3 CURVE         a linear segment for every 2^STEP inputs, between the values in TABLE
//
// The multiplier m stands in TABLE, which has one row for each channel beat or one row for all, and one column for each
// channel or one column for all. For a curve, TABLE holds the value at the start of each segment, and SLOPES the
// difference to the value of the next one.
module hass_activation #(
    parameter integer KIND = 0,
    parameter integer IN_BITS = 16,
    parameter integer IN_SIGNED = 1,
    parameter integer OUT_BITS = 16,
    parameter integer PX = 1,  // pixels per beat
    parameter integer CH = 1,  // channels per beat
    parameter integer W = 1,  // pixels of a row
    parameter integer CHANNEL_BEATS = 1,  // beats of one pixel group
    parameter integer ROWS = 1,
    parameter integer COLUMNS = 1,  // 1 or CH
    parameter integer TABLE_BITS = 18,  // signed; holds each entry and the curve's last value
    parameter [ROWS*COLUMNS*TABLE_BITS-1:0] TABLE = '0,
    parameter integer SLOPE_BITS = 1,  // signed
    parameter [ROWS*SLOPE_BITS-1:0] SLOPES = '0,
    parameter [63:0] ADD = 64'd0,  // signed
    parameter integer TOP = 0,
    parameter integer STEP = 0,
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

  localparam integer AFFINE = 0;
  localparam integer HARD_SWISH = 1;
  localparam integer LEAKY = 2;
  localparam integer CURVE = 3;

  localparam integer LANES = PX * CH;
  localparam integer CHANNEL_BITS = CHANNEL_BEATS < 2 ? 1 : $clog2(CHANNEL_BEATS);
  localparam integer SEGMENT = KIND != CURVE || ROWS < 2 ? 1 : $clog2(ROWS);

  // Bits of a lane's operands in factor * scale + addend, and of the result.
  localparam integer X = IN_SIGNED != 0 ? IN_BITS : IN_BITS + 1;
  localparam integer TOP_BITS = $clog2(TOP + 1);
  localparam [63:0] ADD_SIZE = ADD[63] ? -ADD : ADD;
  localparam integer ADD_BITS = $clog2(ADD_SIZE + 64'd1) + 1;
  localparam integer SCALE = KIND == CURVE ? STEP + 1 : X;
  localparam integer FACTOR = KIND == CURVE ? SLOPE_BITS :
      KIND == HARD_SWISH ? TOP_BITS + TABLE_BITS :
      KIND == LEAKY && TOP_BITS >= TABLE_BITS ? TOP_BITS + 1 : TABLE_BITS;
  localparam integer ADDEND = KIND == CURVE ? TABLE_BITS + STEP : KIND == AFFINE ? ADD_BITS : 1;
  localparam integer VALUE = KIND == CURVE ? ADDEND :
      KIND == AFFINE ? (SCALE + FACTOR > ADDEND ? SCALE + FACTOR : ADDEND) + 1 : SCALE + FACTOR;

  wire [CHANNEL_BITS-1:0] channel;
  wire [LANES*VALUE-1:0] value;
  hass_pointwise #(
      .PX(PX),
      .CH(CH),
      .W(W),
      .CHANNEL_BEATS(CHANNEL_BEATS),
      .DEPTH(9),
      .VALUE(VALUE),
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

  wire [LANES*SEGMENT-1:0] segment;
  wire [LANES*TABLE_BITS-1:0] entry;
  wire [LANES*SLOPE_BITS-1:0] slope;
  genvar i;
  generate
    for (i = 0; i < LANES; i = i + 1) begin : g_lane
      hass_activation_lane #(
          .KIND(KIND),
          .BITS(IN_BITS),
          .SIGNED(IN_SIGNED),
          .TABLE_BITS(TABLE_BITS),
          .SLOPE_BITS(SLOPE_BITS),
          .ADD(ADD),
          .TOP(TOP),
          .STEP(STEP),
          .SEGMENT(SEGMENT),
          .FACTOR(FACTOR),
          .SCALE(SCALE),
          .ADDEND(ADDEND),
          .VALUE(VALUE)
      ) lane (
          .clk,
          .in(in[i*IN_BITS+:IN_BITS]),
          .segment(segment[i*SEGMENT+:SEGMENT]),
          .entry(entry[i*TABLE_BITS+:TABLE_BITS]),
          .slope(slope[i*SLOPE_BITS+:SLOPE_BITS]),
          .value(value[i*VALUE+:VALUE])
      );
    end

    if (KIND == CURVE) begin : g_curve
      // Two lanes share a table.
      for (i = 0; i < LANES; i = i + 2) begin : g_pair
        localparam integer READERS = i + 1 < LANES ? 2 : 1;
        hass_rom #(
            .READERS(READERS),
            .WIDTH(TABLE_BITS),
            .DEPTH(ROWS),
            .TABLE(TABLE)
        ) values (
            .clk,
            .from(segment[i*SEGMENT+:READERS*SEGMENT]),
            .q(entry[i*TABLE_BITS+:READERS*TABLE_BITS])
        );
        hass_rom #(
            .READERS(READERS),
            .WIDTH(SLOPE_BITS),
            .DEPTH(ROWS),
            .TABLE(SLOPES)
        ) slopes (
            .clk,
            .from(segment[i*SEGMENT+:READERS*SEGMENT]),
            .q(slope[i*SLOPE_BITS+:READERS*SLOPE_BITS])
        );
      end
      wire unused_channel = &{1'b0, channel};
    end else begin : g_multipliers
      wire [COLUMNS*TABLE_BITS-1:0] row;  // in cycle 3
      if (ROWS > 1) begin : g_rows
        wire [CHANNEL_BITS-1:0] channel_1;
        hass_delay #(
            .WIDTH (CHANNEL_BITS),
            .CYCLES(1),
            .RESET (0)
        ) wait_1 (
            .clk,
            .rst,
            .in (channel),
            .out(channel_1)
        );
        hass_rom #(
            .WIDTH(COLUMNS * TABLE_BITS),
            .DEPTH(ROWS),
            .TABLE(TABLE)
        ) rows (
            .clk,
            .from(channel_1),
            .q(row)
        );
      end else begin : g_row
        assign row = TABLE;
        wire unused_channel = &{1'b0, channel};
      end
      for (i = 0; i < LANES; i = i + 1) begin : g_column
        assign entry[i*TABLE_BITS+:TABLE_BITS] = row[i%COLUMNS*TABLE_BITS+:TABLE_BITS];
      end
      assign slope = '0;
      wire unused_segment = &{1'b0, segment};
    end
  endgenerate

endmodule
