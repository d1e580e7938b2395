// hass_pool: reduces channelwise window beats to their maximum or average. The beats of one
// channel group arrive one after the other; the last gives an output beat. An average is
// requant(sum * MUL[class of the row][class of the column], SHIFT): rows (columns) of the output whose windows
// have the same number of rows (columns) inside the map are one class. Tail pixels are written as 0.
//
// Cycles from issue to push: 8. First the taps of each beat are reduced, then the results of the beats.
module hass_pool #(
    parameter integer BITS = 8,  // of an input value
    parameter integer SIGNED = 1,
    parameter integer OUT_BITS = 8,
    parameter integer PX = 1,  // pixels per beat
    parameter integer CH = 1,  // channels per beat
    parameter integer TAPS = 1,  // per beat
    parameter integer TAP_GROUPS = 1,  // input beats per output beat
    parameter integer H = 1,  // of the output
    parameter integer W = 1,
    parameter integer CHANNEL_BEATS = 1,
    parameter integer MAX = 0,
    parameter integer DROP = 0,  // low bits of a product that are rounded off, half up, before SHIFT
    parameter integer SHIFT = 0,
    parameter integer ROUNDING = 0,  // 0: half up, 1: half to even
    parameter integer LO = 0,
    parameter integer HI = 0,
    // The factors of averages, by classes of rows and columns.
    parameter integer ROW_CLASSES = 1,
    parameter integer COLUMN_CLASSES = 1,
    parameter integer MUL_BITS = 1,
    localparam integer ROW_BITS = ROW_CLASSES < 2 ? 1 : $clog2(ROW_CLASSES),
    localparam integer COLUMN_BITS = COLUMN_CLASSES < 2 ? 1 : $clog2(COLUMN_CLASSES),
    parameter [H*ROW_BITS-1:0] ROW_CLASS = '0,
    parameter [W*COLUMN_BITS-1:0] COLUMN_CLASS = '0,
    parameter [ROW_CLASSES*COLUMN_CLASSES*MUL_BITS-1:0] MUL = '0
) (
    input  wire                       clk,
    input  wire                       rst,
    input  wire                       valid,
    input  wire [PX*TAPS*CH*BITS-1:0] in,     // by pixel, tap, channel
    output wire                       read,
    output wire                       pop,
    input  wire                       room,
    output wire                       issue,
    output wire                       push,
    output wire [ PX*CH*OUT_BITS-1:0] out,
    output wire [                1:0] waits
);

  localparam integer P = 8;
  localparam integer FINISH = MAX != 0 ? 2 : 5;  // hass_finish
  localparam integer TREE = P - 1 - FINISH;  // cycles that reduce a beat's taps
  localparam integer GROUPS = (W + PX - 1) / PX;
  localparam integer COUNT = TAP_GROUPS < 2 ? 1 : $clog2(TAP_GROUPS);
  localparam integer PART = MAX != 0 ? BITS : BITS + $clog2(TAPS);  // of a beat's result
  localparam integer SUM = MAX != 0 ? BITS : BITS + $clog2(TAPS * TAP_GROUPS);

  reg [COUNT-1:0] tap_group;
  wire first = tap_group == '0;
  wire last = tap_group == COUNT'(TAP_GROUPS - 1);
  wire done, got;

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
      .writes(last),
      .room,
      .issue,
      .done,
      .waits
  );

  always_ff @(posedge clk) begin
    if (rst) tap_group <= '0;
    else if (done) tap_group <= last ? '0 : tap_group + 1'b1;
  end

  localparam integer CHANNEL_BITS = CHANNEL_BEATS < 2 ? 1 : $clog2(CHANNEL_BEATS);
  localparam integer GROUP_BITS = GROUPS < 2 ? 1 : $clog2(GROUPS);
  wire [CHANNEL_BITS-1:0] channel;
  wire [GROUP_BITS-1:0] group;
  wire [PX-1:0] in_map, keep;
  hass_column #(
      .W(W),
      .PX(PX),
      .CHANNEL_BEATS(CHANNEL_BEATS)
  ) at (
      .clk,
      .rst,
      .step(issue),
      .channel,
      .group,
      .in_map
  );
  wire unused = &{1'b0, got, channel, group};

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
  hass_delay #(
      .WIDTH (PX),
      .CYCLES(P),
      .RESET (0)
  ) tail (
      .clk,
      .rst,
      .in (in_map),
      .out(keep)
  );
  // In the cycle in which the taps of a beat are reduced: there is a beat, and it is the first of its channel group.
  wire take, start;
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

  // The class of one pixel in every group; classes of pixels beyond the width are not used.
  function automatic [GROUPS*COLUMN_BITS-1:0] classes(input integer pixel);
    integer i;
    begin
      classes = '0;
      for (i = pixel; i < W; i = i + PX) classes[i/PX*COLUMN_BITS+:COLUMN_BITS] = COLUMN_CLASS[i*COLUMN_BITS+:COLUMN_BITS];
    end
  endfunction

  // MUL with the number of columns padded to a power of two.
  function automatic [(MUL_BITS<<(ROW_BITS+COLUMN_BITS))-1:0] factors();
    integer i, j;
    begin
      factors = '0;
      for (i = 0; i < ROW_CLASSES; i = i + 1) begin
        for (j = 0; j < COLUMN_CLASSES; j = j + 1) begin
          factors[((i<<COLUMN_BITS)+j)*MUL_BITS+:MUL_BITS] = MUL[(i*COLUMN_CLASSES+j)*MUL_BITS+:MUL_BITS];
        end
      end
    end
  endfunction

  wire [PX*MUL_BITS-1:0] factor;  // valid in the cycle in which the sum is complete
  genvar p, c, t;
  generate
    if (ROW_CLASSES == 1 && COLUMN_CLASSES == 1) begin : g_one
      assign factor = {PX{MUL[MUL_BITS-1:0]}};
    end else begin : g_classes
      localparam integer ROW_COUNT = H < 2 ? 1 : $clog2(H);
      reg [ROW_COUNT-1:0] row;
      wire row_end = channel == CHANNEL_BITS'(CHANNEL_BEATS - 1) && group == GROUP_BITS'(GROUPS - 1);
      always_ff @(posedge clk) begin
        if (rst) row <= '0;
        else if (issue && row_end) row <= row == ROW_COUNT'(H - 1) ? '0 : row + 1'b1;
      end

      wire [ROW_BITS-1:0] row_class, row_later;
      hass_table #(
          .ENTRIES(H),
          .BITS(ROW_BITS),
          .TABLE(ROW_CLASS)
      ) rows (
          .at(row),
          .value(row_class)
      );
      hass_delay #(
          .WIDTH (ROW_BITS),
          .CYCLES(TREE + 1),
          .RESET (0)
      ) row_wait (
          .clk,
          .rst,
          .in (row_class),
          .out(row_later)
      );

      for (p = 0; p < PX; p = p + 1) begin : g_pixel
        wire [COLUMN_BITS-1:0] column_class, column_later;
        hass_table #(
            .ENTRIES(GROUPS),
            .BITS(COLUMN_BITS),
            .TABLE(classes(p))
        ) columns (
            .at(group),
            .value(column_class)
        );
        hass_delay #(
            .WIDTH (COLUMN_BITS),
            .CYCLES(TREE + 1),
            .RESET (0)
        ) column_wait (
            .clk,
            .rst,
            .in (column_class),
            .out(column_later)
        );
        hass_table #(
            .ENTRIES(1 << (ROW_BITS + COLUMN_BITS)),
            .BITS(MUL_BITS),
            .TABLE(factors())
        ) multipliers (
            .at({row_later, column_later}),
            .value(factor[p*MUL_BITS+:MUL_BITS])
        );
      end
    end

    for (p = 0; p < PX; p = p + 1) begin : g_lanes
      for (c = 0; c < CH; c = c + 1) begin : g_channel
        wire [TAPS*BITS-1:0] values;
        for (t = 0; t < TAPS; t = t + 1) begin : g_tap
          assign values[t*BITS+:BITS] = in[((p*TAPS+t)*CH+c)*BITS+:BITS];
        end
        wire [PART-1:0] part;
        hass_reduce #(
            .COUNT(TAPS),
            .BITS(BITS),
            .SIGNED(SIGNED),
            .MAX(MAX),
            .STAGES(TREE)
        ) reduce (
            .clk,
            .in (values),
            .out(part)
        );
        reg [SUM-1:0] acc;
        wire [SUM-1:0] next;
        hass_accumulate #(
            .IN(PART),
            .BITS(SUM),
            .SIGNED(SIGNED),
            .MAX(MAX)
        ) accumulate (
            .start,
            .acc,
            .x(part),
            .y(next)
        );
        always_ff @(posedge clk) if (take) acc <= next;
        wire [OUT_BITS-1:0] y;
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
            .x(acc),
            .factor(factor[p*MUL_BITS+:MUL_BITS]),
            .y
        );
        assign out[(p*CH+c)*OUT_BITS+:OUT_BITS] = keep[p] ? y : '0;
      end
    end
  endgenerate

endmodule
