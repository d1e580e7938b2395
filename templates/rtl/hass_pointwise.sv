// hass_pointwise: the common part of modules that compute one output beat from every input beat (add, mul,
// requant, activation). Before the module's own arithmetic, it runs the iterations. Behind it, it rounds and clamps,
// in two cycles or with SPLIT in three, and writes zeros for pixels beyond the map.
//
// The arithmetic gets the tokens in the cycle of `issue` and must give `value` DEPTH - 2 - SPLIT cycles later, so that
// the result leaves DEPTH cycles after `issue`.
module hass_pointwise #(
    parameter integer INS = 1,  // input ports
    parameter integer PX = 1,  // pixels per beat
    parameter integer CH = 1,  // channels per beat
    parameter integer W = 1,  // pixels of a row
    parameter integer CHANNEL_BEATS = 1,  // beats of one pixel group
    parameter integer DEPTH = 2,  // at least 2, 3 with SPLIT
    parameter integer SPLIT = 0,  // 1: a register between shift and rounding
    parameter integer VALUE = 32,  // bits of a value, signed
    parameter integer BITS = 16,  // of a result
    parameter integer SHIFT = 0,
    parameter integer ROUNDING = 0,  // 0: half up, 1: half to even
    parameter integer LO = 0,
    parameter integer HI = 0,
    localparam integer CHANNEL_BITS = CHANNEL_BEATS < 2 ? 1 : $clog2(CHANNEL_BEATS)
) (
    input  wire                    clk,
    input  wire                    rst,
    input  wire [         INS-1:0] reads,    // ports that the iteration reads
    input  wire [         INS-1:0] valid,
    output wire [         INS-1:0] read,
    output wire [         INS-1:0] pop,
    input  wire                    room,
    output wire                    issue,    // the iteration ends
    output wire                    push,
    output wire [  PX*CH*BITS-1:0] out,
    output wire [             1:0] waits,
    output wire [CHANNEL_BITS-1:0] channel,  // beat within its pixel group
    input  wire [ PX*CH*VALUE-1:0] value
);

  wire got, done;
  hass_iterate #(
      .INS (INS),
      .OUTS(1)
  ) iteration (
      .clk,
      .rst,
      .active(1'b1),
      .reads,
      .valid,
      .read,
      .pop,
      .got,
      .computed(1'b1),
      .writes(1'b1),
      .room,
      .issue,
      .done,
      .waits
  );

  localparam integer GROUP_BITS = W <= PX ? 1 : $clog2((W + PX - 1) / PX);
  wire [GROUP_BITS-1:0] group;
  wire [PX-1:0] in_map, keep;
  wire unused = &{1'b0, got, group};
  hass_column #(
      .W(W),
      .PX(PX),
      .CHANNEL_BEATS(CHANNEL_BEATS)
  ) column (
      .clk,
      .rst,
      .step(done),
      .channel,
      .group,
      .in_map
  );
  hass_delay #(
      .WIDTH (PX),
      .CYCLES(DEPTH),
      .RESET (0)
  ) tail (
      .clk,
      .rst,
      .in (in_map),
      .out(keep)
  );
  hass_delay #(
      .WIDTH (1),
      .CYCLES(DEPTH),
      .RESET (1)
  ) token (
      .clk,
      .rst,
      .in (issue),
      .out(push)
  );

  genvar i;
  generate
    for (i = 0; i < PX * CH; i = i + 1) begin : g_lane
      wire [BITS-1:0] y;
      hass_requant #(
          .IN(VALUE),
          .OUT(BITS),
          .SHIFT(SHIFT),
          .ROUNDING(ROUNDING),
          .LO(LO),
          .HI(HI),
          .SPLIT(SPLIT)
      ) requant (
          .clk,
          .x(value[i*VALUE+:VALUE]),
          .step(3'd0),
          .y
      );
      assign out[i*BITS+:BITS] = keep[i/CH] ? y : '0;
    end
  endgenerate

endmodule
