// hass_window: the line buffer of a layer. It takes the input stream pixel by pixel. It sends the window of every group of
// OUT_PX output pixels FOLDS times, in beats of M_TAP taps by M_CH channels; if CHANNELWISE, it sends the window once, with
// all taps of a channel group together. With GROUPS, a fold gets only the channels of its own group. Padding is inserted on
// the fly.
//
// An iteration makes two decisions, both on the state before it:
//
//   accept the beat at pixel q   iff  q + IN_PX <= virt + LINE_PIXELS and the input is not ahead of its
//                                     even pace (pace >= 0), or all output is emitted
//   emit a window beat           iff  q > need and, if PACE_EMIT > PACE_ACCEPT, the output is not
//                                     ahead of its pace (pace < PACE_EMIT), or nothing is accepted
//
// virt is the stream index of the upper left pixel of the current unclipped window, but at most the end of its row and of the
// image. need is the stream index of the last pixel that the window touches. All indices are counted from the first pixel of
// the image being emitted.
//
// q, virt and need are not stored. The registers hold only their differences, and the decisions are the signs of these. From
// group to group virt and need grow by one of a few constants (hass_window_steps), and a pixel moves q by IN_PX. So the change
// of a difference is selected by bits that are known before the iteration ends. The decisions of the next iteration are
// computed together with its state and are kept in registers.
//
// This module computes the schedule. A cycle later follow the positions of the beats (hass_window_in, hass_window_out), and then
// the memory (hass_lines, or hass_rows if beats are whole rows). A beat leaves six cycles after its issue. Nothing stalls in
// between, so reads and writes keep the same distance from the decisions.
module hass_window #(
    parameter integer BITS = 8,  // of a value
    parameter integer SIGNED = 0,
    parameter integer H = 1,
    parameter integer W = 1,
    parameter integer C = 1,
    parameter integer OH = 1,
    parameter integer OW = 1,
    parameter integer KH = 1,
    parameter integer KW = 1,
    parameter integer SH = 1,  // stride
    parameter integer SW = 1,
    parameter integer DH = 1,  // dilation
    parameter integer DW = 1,
    parameter integer PT = 0,  // padding above and left
    parameter integer PL = 0,
    parameter integer IN_PX = 1,
    parameter integer IN_CH = 1,
    parameter integer OUT_PX = 1,
    parameter integer M_TAP = 1,
    parameter integer M_CH = 1,
    parameter integer FOLDS = 1,
    parameter integer GROUPS = 1,
    parameter integer CHANNELWISE = 0,
    parameter integer LINE_PIXELS = 1,
    parameter integer ROWS = 1,
    parameter integer ROW_BANKS = 1,
    parameter integer COL_BANKS = 1,
    parameter integer LANES = 1,  // channels per word
    parameter integer TAU = 0,  // |x| < TAU is stored as 0
    parameter integer PAD = 0,  // value outside the map
    parameter integer FLAGS = 0,  // 1: one bit per lane, above the lanes, marks that the lane is not 0
    parameter integer PACE_BITS = 32,
    parameter signed [PACE_BITS-1:0] PACE_START = 1,
    parameter signed [PACE_BITS-1:0] PACE_EMIT = 1,
    parameter signed [PACE_BITS-1:0] PACE_ACCEPT = 1,
    parameter integer BLOCK = 0,  // 1: block RAM, 0: LUT RAM
    parameter integer WHOLE = 0  // 1: beats and window beats are whole rows of one channel (hass_rows)
) (
    input  wire                                           clk,
    input  wire                                           rst,
    input  wire                                           start,
    input  wire [                                   31:0] images,
    input  wire                                           valid,
    input  wire [               IN_PX*IN_CH*BITS-1:0]     in,
    output wire                                           read,
    output wire                                           pop,
    input  wire                                           room,
    output wire                                           issue,
    output wire                                           push,
    output wire [OUT_PX*M_TAP*M_CH*(BITS+FLAGS)-1:0]      out,
    output wire [                                    1:0] waits
);

  function automatic integer max_of(input integer a, input integer b);
    max_of = a > b ? a : b;
  endfunction

  // Bits of a counter with n values.
  function automatic integer count_bits(input integer n);
    count_bits = n < 2 ? 1 : $clog2(n);
  endfunction

  localparam integer ROW_PIXELS = (W + IN_PX - 1) / IN_PX * IN_PX;
  localparam integer ROW_ADDRS = ROWS / ROW_BANKS;
  localparam integer COL_ADDRS = (ROW_PIXELS + COL_BANKS - 1) / COL_BANKS;
  localparam integer WORDS = C / LANES;  // words per pixel
  localparam integer IN_PARTS = LANES / IN_CH;
  localparam integer OUT_PARTS = LANES / M_CH;
  localparam integer BEATS = KH * KW / M_TAP * (C / GROUPS / M_CH) * FOLDS;  // of a group of pixels
  localparam integer DEPTH = ROW_ADDRS * COL_ADDRS * WORDS;
  localparam integer PIXEL_GROUPS = (OW + OUT_PX - 1) / OUT_PX;  // per output row
  localparam integer EXT_H = (KH - 1) * DH + 1;
  localparam integer EXT_W = (KW - 1) * DW + 1;
  localparam integer STEP_X = OUT_PX * SW;  // pixels between two groups
  localparam integer TAIL = OW % OUT_PX;  // pixels of a row's last group if it is not full, otherwise 0
  // Some windows reach beyond the map.
  localparam integer PADDED = (PT > 0 || PL > 0 || (OH - 1) * SH + EXT_H > H || (OW - 1) * SW + EXT_W > W) ? 1 : 0;

  // How far whole windows lie outside the map: padding may be wider than the kernel.
  localparam integer OFF_ROWS = max_of(0, PT - EXT_H) + max_of(0, (OH - 1) * SH - PT - H);
  localparam integer OFF_COLS = max_of(0, PL - EXT_W) + max_of(0, (PIXEL_GROUPS - 1) * STEP_X - PL - ROW_PIXELS);

  // Bits of differences of stream indices, which are bounded by the memory, the rows of a window and a step.
  localparam integer QB = $clog2(LINE_PIXELS + 2 * (EXT_H + SH + 1 + OFF_ROWS) * ROW_PIXELS + 2 * (STEP_X + EXT_W + IN_PX + OFF_COLS)) + 2;
  localparam integer PB = $clog2(H + OH * SH + W + PIXEL_GROUPS * STEP_X + EXT_H + EXT_W) + 2;  // rows and columns
  localparam integer RB = count_bits(ROW_BANKS), CB = count_bits(COL_BANKS);
  localparam integer AB = count_bits(DEPTH);
  localparam integer WORD_BITS = count_bits(WORDS), IN_PART_BITS = count_bits(IN_PARTS), PART_BITS = count_bits(OUT_PARTS);

  // missing = need - q is negative if the window is complete. places = limit - q is not negative if there is a place for a beat.
  reg signed [QB-1:0] missing, places;
  // The even pace: after A accepted input beats and E emitted window beats, pace + 1 = PACE_START +
  // E * PACE_EMIT - A * PACE_ACCEPT, so that its sign bit is the comparison. hurry is pace - PACE_EMIT.
  localparam integer HURRIES = PACE_EMIT > PACE_ACCEPT ? 1 : 0;
  reg signed [PACE_BITS-1:0] pace;
  reg in_more;  // there are images to accept
  reg emitted;  // all images are emitted
  reg [31:0] in_images, out_images;  // images still to accept, to emit
  reg in_one, out_one;  // the number of images is 1
  reg accept, emit;  // the decisions of this iteration

  wire done, got;
  wire unused_got = &{1'b0, got};
  hass_iterate #(
      .INS (1),
      .OUTS(1)
  ) iteration (
      .clk,
      .rst,
      .active(accept || emit),
      .reads(accept),
      .valid,
      .read,
      .pop,
      .got,
      .computed(1'b1),
      .writes(emit),
      .room,
      .issue,
      .done,
      .waits
  );
  wire accepted = done && accept;
  wire left = done && emit;  // a window beat is emitted

  // The units that the iteration completes.
  reg pixel_comes;  // the iteration accepts the last beat of IN_PX pixels: a register, because all differences change with it
  wire pixel_next;  // the next accepted beat, after this iteration, is the last of its pixels
  wire in_image;  // the pixels are the last of the image
  wire group_end;  // the emitted beat is the last of its group of pixels
  hass_count #(
      .COUNT(H * ROW_PIXELS / IN_PX)
  ) image_pixels (
      .clk,
      .rst,
      .step(done && pixel_comes),
      .last(in_image)
  );
  hass_count #(
      .COUNT(BEATS)
  ) group_beats (
      .clk,
      .rst,
      .step(left),
      .last(group_end)
  );
  localparam integer PIXEL_BEATS = IN_PARTS * WORDS;
  generate
    if (PIXEL_BEATS < 2) begin : g_pixel_beat
      assign pixel_next = 1'b1;
    end else begin : g_pixel_beats
      localparam integer WIDTH = $clog2(PIXEL_BEATS);
      reg [WIDTH-1:0] at;  // the number of the next accepted beat
      reg at_last;
      wire last_after = at == WIDTH'(PIXEL_BEATS - 2);
      always_ff @(posedge clk) begin
        if (rst) begin
          at <= '0;
          at_last <= 1'b0;
        end else if (accepted) begin
          at <= at_last ? '0 : at + 1'b1;
          at_last <= last_after;
        end
      end
      assign pixel_next = accept ? last_after : at_last;
    end
  endgenerate
  wire group_goes = emit && group_end;
  wire place = done && group_goes;  // the next group becomes the current one

  wire image_end, row_end;  // the current group is the last of its image, of its row
  wire signed [QB-1:0] first_missing, first_places, missing_change, places_change;
  hass_window_steps #(
      .H(H),
      .OH(OH),
      .OW(OW),
      .SH(SH),
      .SW(SW),
      .PT(PT),
      .PL(PL),
      .EXT_H(EXT_H),
      .EXT_W(EXT_W),
      .W(W),
      .ROW_PIXELS(ROW_PIXELS),
      .IN_PX(IN_PX),
      .OUT_PX(OUT_PX),
      .LINE_PIXELS(LINE_PIXELS),
      .QB(QB)
  ) steps (
      .clk,
      .rst,
      .place,
      .pixel_comes,
      .group_goes,
      .image_end,
      .row_end,
      .first_missing,
      .first_places,
      .missing_change,
      .places_change
  );

  // The state after this iteration, if it ends now. Without an iteration, only `start` changes it, for at least one image.
  wire signed [QB-1:0] missing_on = missing + missing_change;
  wire signed [QB-1:0] places_on = places + places_change;
  wire signed [PACE_BITS-1:0] pace_on = pace + (emit ? (accept ? PACE_EMIT - PACE_ACCEPT : PACE_EMIT) : accept ? -PACE_ACCEPT : '0);
  wire in_more_on = start || (pixel_comes && in_image ? !in_one : in_more);
  wire emitted_on = !start && (group_goes && image_end ? out_one : emitted);
  wire hurried_on;
  wire idle = !accept && !emit;

  generate
    if (HURRIES != 0) begin : g_hurry
      localparam signed [PACE_BITS:0] EMIT = (PACE_BITS + 1)'(PACE_EMIT), ACCEPT = (PACE_BITS + 1)'(PACE_ACCEPT);
      reg signed [PACE_BITS:0] hurry;
      wire signed [PACE_BITS:0] hurry_on = hurry + (emit ? (accept ? EMIT - ACCEPT : EMIT) : accept ? -ACCEPT : '0);
      always_ff @(posedge clk) begin
        if (rst) hurry <= (PACE_BITS + 1)'(PACE_START) - EMIT - (PACE_BITS + 1)'(1);
        else if (done) hurry <= hurry_on;
      end
      assign hurried_on = !hurry_on[PACE_BITS];
    end else begin : g_no_hurry
      assign hurried_on = 1'b0;
    end
  endgenerate

  wire paced_on = !pace_on[PACE_BITS-1] && !places_on[QB-1];

  always_ff @(posedge clk) begin
    if (rst) begin
      in_more <= 1'b0;
      emitted <= 1'b1;
      accept <= 1'b0;
      pixel_comes <= 1'b0;
      emit <= 1'b0;
      missing <= first_missing;
      places <= first_places;
      pace <= PACE_START - PACE_BITS'(1);
    end else begin
      if (done || idle) begin
        in_more <= in_more_on;
        emitted <= emitted_on;
        accept <= in_more_on && (emitted_on || paced_on);
        pixel_comes <= in_more_on && (emitted_on || paced_on) && pixel_next;
        emit <= !emitted_on && missing_on[QB-1] && !(hurried_on && in_more_on && paced_on);
      end
      if (done) begin
        missing <= missing_on;
        places <= places_on;
        pace <= pace_on;
      end
      if (start) begin
        in_images <= images;
        in_one <= images == 32'd1;
        out_images <= images;
        out_one <= images == 32'd1;
      end else begin
        if (done && pixel_comes && in_image) begin
          in_images <= in_images - 1'b1;
          in_one <= in_images == 32'd2;
        end
        if (place && image_end) begin
          out_images <= out_images - 1'b1;
          out_one <= out_images == 32'd2;
        end
      end
    end
  end

  // The positions follow a cycle later, when the FIFO has already moved on, so the token is registered too.
  reg accepted_1, left_1, group_end_1, row_end_1, image_end_1;
  reg [IN_PX*IN_CH*BITS-1:0] in_1;
  always_ff @(posedge clk) begin
    accepted_1 <= !rst && accepted;
    left_1 <= !rst && left;
    group_end_1 <= group_end;
    row_end_1 <= row_end;
    image_end_1 <= image_end;
    in_1 <= in;
  end

  wire store;
  wire [IN_PART_BITS-1:0] in_part;
  wire [RB-1:0] in_slot_bank;
  wire [CB-1:0] in_col_bank;
  wire [AB-1:0] in_slot, in_col, in_word;
  hass_window_in #(
      .ROW_PIXELS(ROW_PIXELS),
      .IN_PX(IN_PX),
      .IN_PARTS(IN_PARTS),
      .WORDS(WORDS),
      .ROWS(ROWS),
      .ROW_BANKS(ROW_BANKS),
      .COL_BANKS(COL_BANKS),
      .ROW_ADDRS(ROW_ADDRS),
      .COL_ADDRS(COL_ADDRS),
      .RB(RB),
      .CB(CB),
      .AB(AB),
      .IN_PART_BITS(IN_PART_BITS),
      .WORD_BITS(WORD_BITS)
  ) in_position (
      .clk,
      .rst,
      .accepted(accepted_1),
      .part(in_part),
      .store,
      .slot_bank(in_slot_bank),
      .slot(in_slot),
      .col_bank(in_col_bank),
      .col(in_col),
      .word(in_word)
  );

  wire [RB-1:0] tap_row_bank;
  wire [CB-1:0] tap_col_bank;
  wire [AB-1:0] tap_row, tap_col, word;
  wire [PART_BITS-1:0] part;
  wire signed [PB-1:0] y, x, tap_y, tap_x;
  hass_window_out #(
      .H(H),
      .C(C),
      .KH(KH),
      .KW(KW),
      .SH(SH),
      .DH(DH),
      .DW(DW),
      .PT(PT),
      .PL(PL),
      .OH(OH),
      .STEP_X(STEP_X),
      .M_TAP(M_TAP),
      .M_CH(M_CH),
      .FOLDS(FOLDS),
      .GROUPS(GROUPS),
      .CHANNELWISE(CHANNELWISE),
      .ROWS(ROWS),
      .ROW_BANKS(ROW_BANKS),
      .COL_BANKS(COL_BANKS),
      .ROW_ADDRS(ROW_ADDRS),
      .COL_ADDRS(COL_ADDRS),
      .WORDS(WORDS),
      .OUT_PARTS(OUT_PARTS),
      .RB(RB),
      .CB(CB),
      .AB(AB),
      .PB(PB),
      .PART_BITS(PART_BITS),
      .WORD_BITS(WORD_BITS)
  ) out_position (
      .clk,
      .rst,
      .left(left_1),
      .group_end(group_end_1),
      .row_end(row_end_1),
      .image_end(image_end_1),
      .tap_row_bank,
      .tap_row,
      .tap_col_bank,
      .tap_col,
      .word,
      .part,
      .y,
      .x,
      .tap_y,
      .tap_x
  );

  generate
    if (WHOLE != 0) begin : g_whole
      hass_rows #(
          .BITS(BITS),
          .SIGNED(SIGNED),
          .H(H),
          .W(W),
          .OW(OW),
          .KW(KW),
          .SW(SW),
          .DW(DW),
          .PL(PL),
          .IN_PX(IN_PX),
          .OUT_PX(OUT_PX),
          .DEPTH(DEPTH),
          .PADDED(PADDED),
          .TAU(TAU),
          .PAD(PAD),
          .BLOCK(BLOCK),
          .AB(AB),
          .PB(PB)
      ) lines (
          .clk,
          .in(in_1),
          .store,
          .in_slot,
          .in_word,
          .tap_row,
          .word,
          .y,
          .tap_y,
          .tap_x,
          .out
      );
      wire unused_whole = &{1'b0, accepted_1, in_part, in_slot_bank, in_col_bank, in_col, tap_row_bank, tap_col_bank, tap_col, part, x};
    end else begin : g_beats
      hass_lines #(
          .BITS(BITS),
          .SIGNED(SIGNED),
          .H(H),
          .W(W),
          .KW(KW),
          .SW(SW),
          .DH(DH),
          .DW(DW),
          .PL(PL),
          .IN_PX(IN_PX),
          .IN_CH(IN_CH),
          .OUT_PX(OUT_PX),
          .M_TAP(M_TAP),
          .M_CH(M_CH),
          .ROW_BANKS(ROW_BANKS),
          .COL_BANKS(COL_BANKS),
          .ROW_ADDRS(ROW_ADDRS),
          .COL_ADDRS(COL_ADDRS),
          .WORDS(WORDS),
          .LANES(LANES),
          .TAIL(TAIL),
          .PADDED(PADDED),
          .TAU(TAU),
          .PAD(PAD),
          .FLAGS(FLAGS),
          .BLOCK(BLOCK),
          .RB(RB),
          .CB(CB),
          .AB(AB),
          .PB(PB),
          .IN_PART_BITS(IN_PART_BITS),
          .PART_BITS(PART_BITS)
      ) lines (
          .clk,
          .accepted(accepted_1),
          .in(in_1),
          .in_part,
          .store,
          .in_slot_bank,
          .in_slot,
          .in_col_bank,
          .in_col,
          .in_word,
          .tap_row_bank,
          .tap_row,
          .tap_col_bank,
          .tap_col,
          .word,
          .part,
          .y,
          .x,
          .tap_y,
          .tap_x,
          .tail(row_end_1 && TAIL != 0),
          .out
      );
    end
  endgenerate

  hass_delay #(
      .WIDTH (1),
      .CYCLES(5),
      .RESET (1)
  ) leaving (
      .clk,
      .rst,
      .in (left_1),
      .out(push)
  );

endmodule
