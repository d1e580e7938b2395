// hass_window: the line buffer of a layer. It takes the input stream pixel by pixel and
// replays the window of every group of OUT_PX output pixels in beats of M_TAP taps by M_CH
// channels, FOLDS times; or, CHANNELWISE, once with all taps of a channel group together. With
// GROUPS, a fold is shown the channels of its own group only. Padding is made on the fly.
//
// Both decisions of an iteration are taken on the state before it:
//
//   accept the beat at pixel q   iff  q + IN_PX <= virt + LINE_PIXELS and the input is not ahead of its
//                                     even pace (credit > 0), or all output is emitted
//   emit a window beat           iff  q > need and, where more beats come than go, the output is
//                                     not ahead of that pace either (credit <= PACE_EMIT), or nothing is accepted
//
// virt is the stream index of the upper left pixel of the current unclipped window, at most the end
// of its row and of the image, and need that of the last pixel it touches; all are counted from the
// first pixel of the image being emitted.
//
// This is the schedule; hass_lines is the memory, from which a beat leaves two cycles after its issue.
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
    parameter integer LANES = 1,  // channels of a word
    parameter integer TAU = 0,  // |x| < TAU is stored as 0
    parameter integer PAD = 0,  // value outside the map
    parameter integer FLAGS = 0,  // 1: a bit per lane above the lanes says that it is not 0
    parameter integer PACE_BITS = 32,
    parameter signed [PACE_BITS-1:0] PACE_START = 1,
    parameter signed [PACE_BITS-1:0] PACE_EMIT = 1,
    parameter signed [PACE_BITS-1:0] PACE_ACCEPT = 1,
    parameter integer BLOCK = 0  // 1: block RAM, 0: LUT RAM
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
    output reg                                            push,
    output wire [OUT_PX*M_TAP*M_CH*(BITS+FLAGS)-1:0]      out,
    output wire [                                    1:0] waits
);

  function automatic integer floor_mod(input integer a, input integer b);
    floor_mod = (a % b + b) % b;
  endfunction

  function automatic integer min_of(input integer a, input integer b);
    min_of = a < b ? a : b;
  endfunction

  function automatic integer max_of(input integer a, input integer b);
    max_of = a > b ? a : b;
  endfunction

  // Bits of a counter of n values.
  function automatic integer count_bits(input integer n);
    count_bits = n < 2 ? 1 : $clog2(n);
  endfunction

  localparam integer ROW_PIXELS = (W + IN_PX - 1) / IN_PX * IN_PX;
  localparam integer IMAGE_PIXELS = H * ROW_PIXELS;
  localparam integer ROW_ADDRS = ROWS / ROW_BANKS;
  localparam integer COL_ADDRS = (ROW_PIXELS + COL_BANKS - 1) / COL_BANKS;
  localparam integer WORDS = C / LANES;  // words per pixel
  localparam integer IN_PARTS = LANES / IN_CH;
  localparam integer OUT_PARTS = LANES / M_CH;
  localparam integer FOLD_BEATS = C / GROUPS / M_CH;  // channel beats of a fold
  localparam integer GROUP_FOLDS = FOLDS / GROUPS;
  localparam integer DEPTH = ROW_ADDRS * COL_ADDRS * WORDS;
  localparam integer TAP_ROWS = M_TAP > KW ? M_TAP / KW : 1;
  localparam integer TAP_COLS = M_TAP > KW ? KW : M_TAP;
  localparam integer PIXEL_GROUPS = (OW + OUT_PX - 1) / OUT_PX;  // per output row
  localparam integer EXT_H = (KH - 1) * DH + 1;
  localparam integer EXT_W = (KW - 1) * DW + 1;
  localparam integer STEP_X = OUT_PX * SW;  // pixels from group to group
  localparam integer OY_STEP = SH % ROWS;  // slots from output row to row
  localparam integer IMAGE_STEP = floor_mod(H - (OH - 1) * SH, ROWS);  // and from image to image
  localparam integer TAP_STEP = TAP_ROWS * DH % ROWS;
  localparam integer FIRST_LAST_X = (OUT_PX - 1) * SW - PL + EXT_W - 1;  // last column of the first group's windows, unclipped
  localparam integer LAST_COL = min_of(W - 1, (OW - 1) * SW - PL + EXT_W - 1);
  localparam integer TAIL = OW % OUT_PX;  // pixels of a row's last group, if not all
  // Whether a window ever leaves the map.
  localparam integer PADDED = (PT > 0 || PL > 0 || (OH - 1) * SH + EXT_H > H || (OW - 1) * SW + EXT_W > W) ? 1 : 0;

  // The last group's window, and how far windows lie off the map altogether: padding may be wider than the kernel.
  localparam integer LAST_Y = (OH - 1) * SH - PT;
  localparam integer LAST_X = (PIXEL_GROUPS - 1) * STEP_X - PL;
  localparam integer OFF_ROWS = max_of(0, PT - EXT_H) + max_of(0, LAST_Y - H);
  localparam integer OFF_COLS = max_of(0, PL - EXT_W) + max_of(0, LAST_X - ROW_PIXELS);

  localparam integer QB = $clog2(2 * IMAGE_PIXELS + LINE_PIXELS + (EXT_H + SH + OFF_ROWS) * ROW_PIXELS + OUT_PX * SW + EXT_W + IN_PX + OFF_COLS) + 2;  // stream indices
  localparam integer PB = $clog2(H + OH * SH + W + PIXEL_GROUPS * STEP_X + EXT_H + EXT_W) + 2;  // rows and columns
  localparam integer RB = count_bits(ROW_BANKS), CB = count_bits(COL_BANKS);
  localparam integer ROW_UNIT = COL_ADDRS * WORDS;  // words of a row's address
  localparam integer AB = count_bits(DEPTH);

  // Input side: the beat that comes next. q is its first pixel.
  localparam integer IN_ROW_BITS = count_bits(H), IN_X_BITS = count_bits(ROW_PIXELS / IN_PX);
  localparam integer WORD_BITS = count_bits(WORDS), IN_PART_BITS = count_bits(IN_PARTS), PART_BITS = count_bits(OUT_PARTS);
  reg [31:0] in_images;  // left
  reg in_more;
  reg signed [QB-1:0] q;
  reg [IN_ROW_BITS-1:0] in_row;
  reg [IN_X_BITS-1:0] in_x;
  reg [WORD_BITS-1:0] in_word;
  reg [IN_PART_BITS-1:0] in_part;
  reg [RB-1:0] in_slot_bank;
  reg [CB-1:0] in_col_bank;
  reg [AB-1:0] in_slot, in_col;

  // The group that comes after the current one, kept a step ahead: image, row, first column, window's
  // corner.
  localparam integer ROW_BITS = count_bits(OH), GROUP_BITS = count_bits(PIXEL_GROUPS);
  reg primed;  // the current group is known
  reg [ROW_BITS-1:0] next_row;
  reg [GROUP_BITS-1:0] next_group;
  reg signed [PB-1:0] next_y, next_x, next_last_x;
  reg signed [QB-1:0] next_y_pixels;
  reg [RB-1:0] next_top_bank;
  reg [CB-1:0] next_corner_bank;
  reg [AB-1:0] next_top, next_corner;

  // The current group and its beat.
  reg [31:0] out_images;  // left
  reg emitted;
  reg signed [QB-1:0] need, limit;
  reg ends_image, tail;
  reg signed [PB-1:0] y, x;
  reg [RB-1:0] top_bank, tap_row_bank;
  reg [CB-1:0] corner_bank, tap_col_bank;
  reg [AB-1:0] top, corner, tap_row, tap_col;
  localparam integer KH_BITS = count_bits(KH), KW_BITS = count_bits(KW);
  reg [KH_BITS-1:0] kh;
  reg [KW_BITS-1:0] kw;
  reg signed [PB-1:0] tap_y, tap_x;
  localparam integer FOLD_BITS = count_bits(GROUP_FOLDS), CHANNEL_BITS = count_bits(FOLD_BEATS), GB = count_bits(GROUPS);
  reg [GB-1:0] group;
  reg [FOLD_BITS-1:0] fold;
  reg [CHANNEL_BITS-1:0] channel;
  reg [WORD_BITS-1:0] word, first_word;
  reg [PART_BITS-1:0] part, first_part;

  // The even pace: with a input beats accepted and e window beats emitted, pace + 1 = PACE_START +
  // e * PACE_EMIT - a * PACE_ACCEPT, so that its sign is the comparison with 0.
  reg signed [PACE_BITS-1:0] pace;

  wire accept = in_more && (emitted || (!pace[PACE_BITS-1] && q <= limit));
  wire ahead = PACE_EMIT > PACE_ACCEPT && pace >= PACE_EMIT;
  wire emit = !emitted && q > need && !(ahead && accept);

  wire done, got;
  wire unused_got = &{1'b0, got};
  hass_iterate #(
      .INS (1),
      .OUTS(1)
  ) iteration (
      .clk,
      .rst,
      .active(primed && (accept || emit)),
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
  wire left = done && emit;  // a beat has left

  // Positions one step on.
  wire [RB-1:0] in_slot_bank_on;
  wire [AB-1:0] in_slot_on;
  hass_banked #(
      .BANKS(ROW_BANKS),
      .SIZE(ROW_ADDRS),
      .UNIT(ROW_UNIT),
      .STEP(1 % ROWS),
      .BANK_BITS(RB),
      .ADDRESS_BITS(AB)
  ) in_slot_step (
      .bank(in_slot_bank),
      .address(in_slot),
      .next_bank(in_slot_bank_on),
      .next_address(in_slot_on)
  );
  wire [CB-1:0] in_col_bank_on;
  wire [AB-1:0] in_col_on;
  hass_banked #(
      .BANKS(COL_BANKS),
      .UNIT(WORDS),
      .STEP(IN_PX),
      .BANK_BITS(CB),
      .ADDRESS_BITS(AB)
  ) in_col_step (
      .bank(in_col_bank),
      .address(in_col),
      .next_bank(in_col_bank_on),
      .next_address(in_col_on)
  );
  wire [RB-1:0] row_bank_on, image_bank_on, tap_row_bank_on;
  wire [AB-1:0] row_on, image_on, tap_row_on;
  hass_banked #(
      .BANKS(ROW_BANKS),
      .SIZE(ROW_ADDRS),
      .UNIT(ROW_UNIT),
      .STEP(OY_STEP),
      .BANK_BITS(RB),
      .ADDRESS_BITS(AB)
  ) row_step (
      .bank(next_top_bank),
      .address(next_top),
      .next_bank(row_bank_on),
      .next_address(row_on)
  );
  hass_banked #(
      .BANKS(ROW_BANKS),
      .SIZE(ROW_ADDRS),
      .UNIT(ROW_UNIT),
      .STEP(IMAGE_STEP),
      .BANK_BITS(RB),
      .ADDRESS_BITS(AB)
  ) image_step (
      .bank(next_top_bank),
      .address(next_top),
      .next_bank(image_bank_on),
      .next_address(image_on)
  );
  hass_banked #(
      .BANKS(ROW_BANKS),
      .SIZE(ROW_ADDRS),
      .UNIT(ROW_UNIT),
      .STEP(TAP_STEP),
      .BANK_BITS(RB),
      .ADDRESS_BITS(AB)
  ) tap_row_step (
      .bank(tap_row_bank),
      .address(tap_row),
      .next_bank(tap_row_bank_on),
      .next_address(tap_row_on)
  );
  wire [CB-1:0] corner_bank_on, tap_col_bank_on;
  wire [AB-1:0] corner_on, tap_col_on;
  hass_banked #(
      .BANKS(COL_BANKS),
      .UNIT(WORDS),
      .STEP(STEP_X),
      .BANK_BITS(CB),
      .ADDRESS_BITS(AB)
  ) corner_step (
      .bank(next_corner_bank),
      .address(next_corner),
      .next_bank(corner_bank_on),
      .next_address(corner_on)
  );
  hass_banked #(
      .BANKS(COL_BANKS),
      .UNIT(WORDS),
      .STEP(TAP_COLS * DW),
      .BANK_BITS(CB),
      .ADDRESS_BITS(AB)
  ) tap_col_step (
      .bank(tap_col_bank),
      .address(tap_col),
      .next_bank(tap_col_bank_on),
      .next_address(tap_col_on)
  );

  // The first position of an image; its corner may lie above and left of the map.
  localparam integer TOP_SLOT = floor_mod(-PT, ROWS);
  localparam [RB-1:0] FIRST_TOP_BANK = RB'(TOP_SLOT % ROW_BANKS);
  localparam [AB-1:0] FIRST_TOP = AB'(TOP_SLOT / ROW_BANKS * ROW_UNIT);
  localparam integer LEFT_BANK = floor_mod(-PL, COL_BANKS);
  localparam [CB-1:0] FIRST_CORNER_BANK = CB'(LEFT_BANK);
  localparam [AB-1:0] FIRST_CORNER = AB'((-PL - LEFT_BANK) / COL_BANKS * WORDS);

  // What the next beat of the window is: channels innermost and folds outermost; channelwise, taps
  // innermost.
  wire last_channel = channel == CHANNEL_BITS'(FOLD_BEATS - 1);
  wire last_tap_col = kw == KW_BITS'(KW - TAP_COLS);
  wire last_tap = last_tap_col && kh == KH_BITS'(KH - TAP_ROWS);
  wire last_fold = fold == FOLD_BITS'(GROUP_FOLDS - 1);
  wire on_tap = CHANNELWISE != 0 || last_channel;
  wire on_channel = CHANNELWISE == 0 || last_tap;
  wire on_fold = last_channel && last_tap;
  wire on_channels = on_fold && last_fold;
  wire last_group = group == GB'(GROUPS - 1);
  wire on_group = on_channels && last_group;
  // The window's last beat leaves, or the first window is placed.
  wire place = !primed || (left && on_group);

  wire next_ends_row = next_group == GROUP_BITS'(PIXEL_GROUPS - 1);
  wire next_ends_image = next_ends_row && next_row == ROW_BITS'(OH - 1);
  wire last_row_in_map = next_y + PB'(EXT_H - 1) >= PB'(H - 1);
  wire signed [QB-1:0] need_row = last_row_in_map ? QB'((H - 1) * ROW_PIXELS) : next_y_pixels + QB'((EXT_H - 1) * ROW_PIXELS);
  wire signed [QB-1:0] corner_col = LAST_X > ROW_PIXELS && next_x > PB'(ROW_PIXELS) ? QB'(ROW_PIXELS) : QB'(next_x);
  wire signed [QB-1:0] corner_pixel = next_y_pixels + corner_col;
  wire signed [QB-1:0] virt = LAST_Y >= H && corner_pixel > QB'(IMAGE_PIXELS) ? QB'(IMAGE_PIXELS) : corner_pixel;
  wire signed [QB-1:0] need_col = next_last_x < PB'(LAST_COL) ? QB'(next_last_x) : QB'(LAST_COL);

  wire word_on_last = in_word == WORD_BITS'(WORDS - 1);
  wire store = accepted && in_part == IN_PART_BITS'(IN_PARTS - 1);
  wire pixel_on = store && word_on_last;
  wire in_ends_row = in_x == IN_X_BITS'(ROW_PIXELS / IN_PX - 1);
  wire in_ends_image = in_ends_row && in_row == IN_ROW_BITS'(H - 1);
  wire [WORD_BITS-1:0] word_on = word == WORD_BITS'(WORDS - 1) ? '0 : word + 1'b1;
  wire [WORD_BITS-1:0] next_word = GROUPS > 1 && last_channel && !on_channels ? first_word : part == PART_BITS'(OUT_PARTS - 1) ? word_on : word;
  wire [PART_BITS-1:0] next_part = GROUPS > 1 && last_channel && !on_channels ? first_part : part == PART_BITS'(OUT_PARTS - 1) ? '0 : part + 1'b1;

  always_ff @(posedge clk) begin
    if (rst) begin
      in_more <= 1'b0;
      emitted <= 1'b1;
      q <= '0;
      in_row <= '0;
      in_x <= '0;
      in_word <= '0;
      in_part <= '0;
      in_slot_bank <= '0;
      in_slot <= '0;
      in_col_bank <= '0;
      in_col <= '0;
      primed <= 1'b0;
      next_row <= '0;
      next_group <= '0;
      next_y <= PB'(-PT);
      next_x <= PB'(-PL);
      next_last_x <= PB'(FIRST_LAST_X);
      next_y_pixels <= QB'(-PT * ROW_PIXELS);
      next_top_bank <= FIRST_TOP_BANK;
      next_top <= FIRST_TOP;
      next_corner_bank <= FIRST_CORNER_BANK;
      next_corner <= FIRST_CORNER;
      kh <= '0;
      kw <= '0;
      tap_y <= '0;
      tap_x <= '0;
      group <= '0;
      fold <= '0;
      channel <= '0;
      word <= '0;
      part <= '0;
      first_word <= '0;
      first_part <= '0;
      pace <= PACE_START - PACE_BITS'(1);
    end else begin
      if (start) begin
        in_images <= images;
        in_more <= images != '0;
        out_images <= images;
        emitted <= images == '0;
      end
      if (done) pace <= pace + (emit ? PACE_EMIT : '0) - (accept ? PACE_ACCEPT : '0);

      // A beat comes in.
      if (accepted) in_part <= store ? '0 : in_part + 1'b1;
      if (store) in_word <= word_on_last ? '0 : in_word + 1'b1;
      if (pixel_on) begin
        in_x <= in_ends_row ? '0 : in_x + 1'b1;
        in_col_bank <= in_ends_row ? '0 : in_col_bank_on;
        in_col <= in_ends_row ? '0 : in_col_on;
        if (in_ends_row) begin
          in_row <= in_ends_image ? '0 : in_row + 1'b1;
          in_slot_bank <= in_slot_bank_on;
          in_slot <= in_slot_on;
        end
        if (in_ends_image) begin
          in_images <= in_images - 1'b1;
          in_more <= in_images != 32'd1;
        end
      end
      q <= q + (pixel_on ? QB'(IN_PX) : '0) - (left && on_group && ends_image ? QB'(IMAGE_PIXELS) : '0);

      // A beat goes out.
      if (left) begin
        if (on_channel) begin
          channel <= last_channel ? '0 : channel + 1'b1;
          word <= next_word;
          part <= next_part;
        end
        if (on_fold) fold <= last_fold ? '0 : fold + 1'b1;
        if (on_channels) begin
          group <= last_group ? '0 : group + 1'b1;
          first_word <= next_word;
          first_part <= next_part;
        end
        if (on_group && ends_image) begin
          out_images <= out_images - 1'b1;
          emitted <= out_images == 32'd1;
        end
        if (on_tap) begin
          if (!last_tap_col) begin
            kw <= kw + KW_BITS'(TAP_COLS);
            tap_x <= tap_x + PB'(TAP_COLS * DW);
          end else begin
            kw <= '0;
            tap_x <= '0;
            if (last_tap) begin
              kh <= '0;
              tap_y <= '0;
            end else begin
              kh <= kh + KH_BITS'(TAP_ROWS);
              tap_y <= tap_y + PB'(TAP_ROWS * DH);
            end
          end
        end
      end

      // The next group becomes the current one.
      if (place) begin
        primed <= 1'b1;
        next_group <= next_ends_row ? '0 : next_group + 1'b1;
        next_x <= next_ends_row ? PB'(-PL) : next_x + PB'(STEP_X);
        next_last_x <= next_ends_row ? PB'(FIRST_LAST_X) : next_last_x + PB'(STEP_X);
        next_corner_bank <= next_ends_row ? FIRST_CORNER_BANK : corner_bank_on;
        next_corner <= next_ends_row ? FIRST_CORNER : corner_on;
        if (next_ends_row) begin
          next_row <= next_ends_image ? '0 : next_row + 1'b1;
          next_y <= next_ends_image ? PB'(-PT) : next_y + PB'(SH);
          next_y_pixels <= next_ends_image ? QB'(-PT * ROW_PIXELS) : next_y_pixels + QB'(SH * ROW_PIXELS);
          next_top_bank <= next_ends_image ? image_bank_on : row_bank_on;
          next_top <= next_ends_image ? image_on : row_on;
        end
      end
    end

    if (place) begin
      need <= need_row + need_col;
      limit <= virt + QB'(LINE_PIXELS - IN_PX);
      ends_image <= next_ends_image;
      tail <= next_ends_row && TAIL != 0;
      y <= next_y;
      x <= next_x;
      top_bank <= next_top_bank;
      top <= next_top;
      corner_bank <= next_corner_bank;
      corner <= next_corner;
    end
    if (place) begin
      tap_row_bank <= next_top_bank;
      tap_row <= next_top;
      tap_col_bank <= next_corner_bank;
      tap_col <= next_corner;
    end else if (left && on_tap) begin
      tap_col_bank <= last_tap_col ? corner_bank : tap_col_bank_on;
      tap_col <= last_tap_col ? corner : tap_col_on;
      if (last_tap_col) begin
        tap_row_bank <= last_tap ? top_bank : tap_row_bank_on;
        tap_row <= last_tap ? top : tap_row_on;
      end
    end
  end

  reg issued;
  always_ff @(posedge clk) begin
    issued <= !rst && issue;
    push   <= !rst && issued;
  end

  wire signed [PB-1:0] first_y = y + tap_y;
  wire signed [PB-1:0] first_x = x + tap_x;
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
      .accepted,
      .in,
      .in_part,
      .store,
      .in_slot_bank,
      .in_slot,
      .in_col_bank,
      .in_col,
      .in_word(AB'(in_word)),
      .tap_row_bank,
      .tap_row,
      .tap_col_bank,
      .tap_col,
      .word(AB'(word)),
      .part,
      .first_y,
      .first_x,
      .tail,
      .out
  );

endmodule
