// hass_globalpool: reduces whole maps to their maximum or average per channel. It accumulates
// every beat. During the last pixel group of the map, each beat also gives an output
// beat of one pixel. An average is requant(sum * MUL, SHIFT).
//
// Cycles from issue to push: 8. The pixels of a beat are reduced before they are added to the partial result, because
// the next beat may need the partial result in the next cycle.
module hass_globalpool #(
    parameter integer BITS = 8,  // of an input value
    parameter integer SIGNED = 1,
    parameter integer OUT_BITS = 8,
    parameter integer PX = 1,  // pixels per input beat
    parameter integer CH = 1,  // channels per beat
    parameter integer H = 1,  // of the input
    parameter integer W = 1,
    parameter integer CHANNEL_BEATS = 1,
    parameter integer MAX = 0,
    parameter integer DROP = 0,  // low bits of a product that are rounded off, half up, before SHIFT
    parameter integer SHIFT = 0,
    parameter integer ROUNDING = 0,  // 0: half up, 1: half to even
    parameter integer LO = 0,
    parameter integer HI = 0,
    parameter integer MUL_BITS = 1,
    parameter [MUL_BITS-1:0] MUL = '0,
    parameter integer STYLE = 0  // of the memory for partial results: 0 LUT RAM, 1 block RAM
) (
    input  wire                   clk,
    input  wire                   rst,
    input  wire                   valid,
    input  wire [ PX*CH*BITS-1:0] in,     // by pixel, channel
    output wire                   read,
    output wire                   pop,
    input  wire                   room,
    output wire                   issue,
    output wire                   push,
    output wire [CH*OUT_BITS-1:0] out,
    output wire [            1:0] waits
);

  localparam integer P = 8;
  localparam integer FINISH = MAX != 0 ? 2 : 5;  // hass_finish
  localparam integer TREE = P - 1 - FINISH;  // cycles that reduce a beat's pixels, at least 2
  localparam integer GROUPS = (W + PX - 1) / PX;
  localparam integer PART = MAX != 0 ? BITS : BITS + $clog2(PX);  // of a beat's result
  localparam integer SUM = MAX != 0 ? BITS : BITS + $clog2(PX * GROUPS * H);

  localparam integer CHANNEL_BITS = CHANNEL_BEATS < 2 ? 1 : $clog2(CHANNEL_BEATS);
  localparam integer GROUP_BITS = GROUPS < 2 ? 1 : $clog2(GROUPS);
  localparam integer ROW_COUNT = H < 2 ? 1 : $clog2(H);
  wire [CHANNEL_BITS-1:0] channel;
  wire [GROUP_BITS-1:0] group;
  wire [PX-1:0] in_map;
  reg [ROW_COUNT-1:0] row;
  wire last_group = group == GROUP_BITS'(GROUPS - 1);
  wire last_row = row == ROW_COUNT'(H - 1);
  wire first = row == '0 && group == '0;
  wire done, got;
  wire unused = &{1'b0, got};

  hass_iterate #(
      .INS (1),
      .OUTS(1)
  ) iteration (
      .clk,
      .rst,
      .active(1'b1),
      .reads(1'b1),
      .valid,
      .read,
      .pop,
      .got,
      .computed(1'b1),
      .writes(last_row && last_group),
      .room,
      .issue,
      .done,
      .waits
  );

  hass_column #(
      .W(W),
      .PX(PX),
      .CHANNEL_BEATS(CHANNEL_BEATS)
  ) at (
      .clk,
      .rst,
      .step(done),
      .channel,
      .group,
      .in_map
  );
  always_ff @(posedge clk) begin
    if (rst) row <= '0;
    else if (done && last_group && channel == CHANNEL_BITS'(CHANNEL_BEATS - 1)) row <= last_row ? '0 : row + 1'b1;
  end

  hass_delay #(
      .WIDTH (1),
      .CYCLES(P),
      .RESET (1)
  ) token (
      .clk,
      .rst,
      .in (issue),
      .out(push)
  );

  // In the cycle in which the pixels of a beat are reduced: there is a beat (`take`), it is the first of its channel group
  // (`start`), and the group's number (`to`). `from` is the number a cycle earlier, to read the memory.
  wire take, start;
  wire [CHANNEL_BITS-1:0] from, to;
  hass_delay #(
      .WIDTH (2),
      .CYCLES(TREE),
      .RESET (0)
  ) control (
      .clk,
      .rst,
      .in ({done, first}),
      .out({take, start})
  );
  hass_delay #(
      .WIDTH (CHANNEL_BITS),
      .CYCLES(TREE - 1),
      .RESET (0)
  ) read_address (
      .clk,
      .rst,
      .in (channel),
      .out(from)
  );
  hass_delay #(
      .WIDTH (CHANNEL_BITS),
      .CYCLES(1),
      .RESET (0)
  ) write_address (
      .clk,
      .rst,
      .in (from),
      .out(to)
  );

  wire [CH*SUM-1:0] kept, next;
  reg [CH*SUM-1:0] acc;  // the newest partial results
  always_ff @(posedge clk) if (take) acc <= next;
  generate
    if (CHANNEL_BEATS == 1) begin : g_register
      wire unused_at = &{1'b0, to};
      assign kept = acc;
    end else begin : g_memory
      // A channel group is read at least one cycle after it was written.
      hass_ram #(
          .WIDTH(CH * SUM),
          .DEPTH(CHANNEL_BEATS),
          .STYLE(STYLE)
      ) results (
          .clk,
          .write(take),
          .to,
          .data(next),
          .enable(1'b1),
          .from,
          .q(kept)
      );
    end
  endgenerate

  genvar p, c;
  generate
    for (c = 0; c < CH; c = c + 1) begin : g_channel
      wire [PX*BITS-1:0] values;
      for (p = 0; p < PX; p = p + 1) begin : g_pixel
        // Pixels beyond the width are replaced by a value that does not change the result.
        assign values[p*BITS+:BITS] = in_map[p] ? in[(p*CH+c)*BITS+:BITS] : {MAX != 0 && SIGNED != 0, {BITS - 1{1'b0}}};
      end
      wire [PART-1:0] part;
      hass_reduce #(
          .COUNT(PX),
          .BITS(BITS),
          .SIGNED(SIGNED),
          .MAX(MAX),
          .STAGES(TREE)
      ) reduce (
          .clk,
          .in (values),
          .out(part)
      );
      hass_accumulate #(
          .IN(PART),
          .BITS(SUM),
          .SIGNED(SIGNED),
          .MAX(MAX)
      ) accumulate (
          .start,
          .acc(kept[c*SUM+:SUM]),
          .x(part),
          .y(next[c*SUM+:SUM])
      );
      hass_finish #(
          .IN(SUM),
          .SIGNED(SIGNED),
          .MAX(MAX),
          .MUL_BITS(MUL_BITS),
          .OUT(OUT_BITS),
          .DROP(DROP),
          .SHIFT(SHIFT),
          .ROUNDING(ROUNDING),
          .LO(LO),
          .HI(HI)
      ) finish (
          .clk,
          .x(acc[c*SUM+:SUM]),
          .factor(MUL),
          .y(out[c*OUT_BITS+:OUT_BITS])
      );
    end
  endgenerate

endmodule
