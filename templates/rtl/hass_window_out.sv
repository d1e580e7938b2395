// hass_window_out: the places in memory of the emitted beats of a line buffer: the upper left corner of the current group's
// window, the taps of the beat relative to the corner, and its channels. Channels are innermost and folds outermost; if
// CHANNELWISE, taps are innermost.
module hass_window_out #(
    parameter integer H = 1,
    parameter integer C = 1,
    parameter integer KH = 1,
    parameter integer KW = 1,
    parameter integer SH = 1,
    parameter integer DH = 1,
    parameter integer DW = 1,
    parameter integer PT = 0,
    parameter integer PL = 0,
    parameter integer OH = 1,
    parameter integer STEP_X = 1,  // pixels between two groups
    parameter integer M_TAP = 1,
    parameter integer M_CH = 1,
    parameter integer FOLDS = 1,
    parameter integer GROUPS = 1,  // groups of channels
    parameter integer CHANNELWISE = 0,
    parameter integer ROWS = 1,
    parameter integer ROW_BANKS = 1,
    parameter integer COL_BANKS = 1,
    parameter integer ROW_ADDRS = 1,
    parameter integer COL_ADDRS = 1,
    parameter integer WORDS = 1,  // per pixel
    parameter integer OUT_PARTS = 1,  // beats per word
    parameter integer RB = 1,
    parameter integer CB = 1,
    parameter integer AB = 1,
    parameter integer PB = 2,
    parameter integer PART_BITS = 1,
    parameter integer WORD_BITS = 1
) (
    input  wire                        clk,
    input  wire                        rst,
    input  wire                        left,          // a beat is emitted
    input  wire                        group_end,     // it is the last of its group of pixels
    input  wire                        row_end,       // its group is the last of its row
    input  wire                        image_end,     // its group is the last of its image
    // The place of the beat's first lane in memory and in the map; the tap is relative to the corner (y, x).
    output reg         [       RB-1:0] tap_row_bank,
    output reg         [       AB-1:0] tap_row,
    output reg         [       CB-1:0] tap_col_bank,
    output reg         [       AB-1:0] tap_col,
    output wire        [       AB-1:0] word,
    output wire        [PART_BITS-1:0] part,
    output reg signed  [       PB-1:0] y,
    output reg signed  [       PB-1:0] x,
    output reg signed  [       PB-1:0] tap_y,
    output reg signed  [       PB-1:0] tap_x
);

  // The name differs from the names in hass_window, because Verilator may inline this module there.
  function automatic integer least_mod(input integer a, input integer b);
    least_mod = (a % b + b) % b;
  endfunction

  localparam integer ROW_UNIT = COL_ADDRS * WORDS;  // words between the addresses of two rows
  localparam integer FOLD_BEATS = C / GROUPS / M_CH;  // channel beats per fold
  localparam integer GROUP_FOLDS = FOLDS / GROUPS;
  localparam integer TAP_ROWS = M_TAP > KW ? M_TAP / KW : 1;
  localparam integer TAP_COLS = M_TAP > KW ? KW : M_TAP;
  localparam integer OY_STEP = SH % ROWS;  // slots between two rows of windows
  localparam integer IMAGE_STEP = least_mod(H - (OH - 1) * SH, ROWS);  // slots between two images
  localparam integer TAP_STEP = TAP_ROWS * DH % ROWS;  // slots between two rows of taps

  // The first window of an image; its corner may lie above and left of the map.
  localparam integer TOP_SLOT = least_mod(-PT, ROWS);
  localparam [RB-1:0] FIRST_TOP_BANK = RB'(TOP_SLOT % ROW_BANKS);
  localparam [AB-1:0] FIRST_TOP = AB'(TOP_SLOT / ROW_BANKS * ROW_UNIT);
  localparam integer LEFT_BANK = least_mod(-PL, COL_BANKS);
  localparam [CB-1:0] FIRST_CORNER_BANK = CB'(LEFT_BANK);
  localparam [AB-1:0] FIRST_CORNER = AB'((-PL - LEFT_BANK) / COL_BANKS * WORDS);

  // The corner's row and column in memory: bank and address.
  reg [RB-1:0] top_bank;
  reg [AB-1:0] top;
  reg [CB-1:0] corner_bank;
  reg [AB-1:0] corner;

  reg [WORD_BITS-1:0] at_word, first_word;
  reg [PART_BITS-1:0] at_part, first_part;

  wire last_channel, last_tap_col, last_tap_row, last_fold;  // from the registers of the counters below
  wire last_tap = last_tap_col && last_tap_row;
  wire on_tap = CHANNELWISE != 0 || last_channel;
  wire on_channel = CHANNELWISE == 0 || last_tap;
  wire on_fold = last_channel && last_tap;
  wire on_channels = on_fold && last_fold;
  wire place = left && group_end;  // the next group becomes the current one
  hass_count #(
      .COUNT(FOLD_BEATS)
  ) channels (
      .clk,
      .rst,
      .step(left && on_channel),
      .last(last_channel)
  );
  hass_count #(
      .COUNT(KW / TAP_COLS)
  ) tap_cols (
      .clk,
      .rst,
      .step(left && on_tap),
      .last(last_tap_col)
  );
  hass_count #(
      .COUNT(KH / TAP_ROWS)
  ) tap_rows (
      .clk,
      .rst,
      .step(left && on_tap && last_tap_col),
      .last(last_tap_row)
  );
  hass_count #(
      .COUNT(GROUP_FOLDS)
  ) folds (
      .clk,
      .rst,
      .step(left && on_fold),
      .last(last_fold)
  );

  wire [WORD_BITS-1:0] word_on = at_word == WORD_BITS'(WORDS - 1) ? '0 : at_word + 1'b1;
  wire again = GROUPS > 1 && last_channel && !on_channels;  // repeat the channels of the group
  wire [WORD_BITS-1:0] next_word = again ? first_word : at_part == PART_BITS'(OUT_PARTS - 1) ? word_on : at_word;
  wire [PART_BITS-1:0] next_part = again ? first_part : at_part == PART_BITS'(OUT_PARTS - 1) ? '0 : at_part + 1'b1;
  assign word = AB'(at_word);
  assign part = at_part;

  // The positions one step further.
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
      .bank(top_bank),
      .address(top),
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
      .bank(top_bank),
      .address(top),
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
      .bank(corner_bank),
      .address(corner),
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

  // The corner of the next group.
  wire [RB-1:0] next_top_bank = image_end ? image_bank_on : row_end ? row_bank_on : top_bank;
  wire [AB-1:0] next_top = image_end ? image_on : row_end ? row_on : top;
  wire [CB-1:0] next_corner_bank = row_end ? FIRST_CORNER_BANK : corner_bank_on;
  wire [AB-1:0] next_corner = row_end ? FIRST_CORNER : corner_on;

  always_ff @(posedge clk) begin
    if (rst) begin
      tap_y <= '0;
      tap_x <= '0;
      at_word <= '0;
      at_part <= '0;
      first_word <= '0;
      first_part <= '0;
    end else if (left) begin
      if (on_channel) begin
        at_word <= next_word;
        at_part <= next_part;
      end
      if (on_channels) begin
        first_word <= next_word;
        first_part <= next_part;
      end
      if (on_tap) begin
        tap_x <= last_tap_col ? '0 : tap_x + PB'(TAP_COLS * DW);
        if (last_tap_col) tap_y <= last_tap ? '0 : tap_y + PB'(TAP_ROWS * DH);
      end
    end

    if (rst) begin
      y <= PB'(-PT);
      x <= PB'(-PL);
      top_bank <= FIRST_TOP_BANK;
      top <= FIRST_TOP;
      corner_bank <= FIRST_CORNER_BANK;
      corner <= FIRST_CORNER;
      tap_row_bank <= FIRST_TOP_BANK;
      tap_row <= FIRST_TOP;
      tap_col_bank <= FIRST_CORNER_BANK;
      tap_col <= FIRST_CORNER;
    end else if (place) begin
      y <= image_end ? PB'(-PT) : row_end ? y + PB'(SH) : y;
      x <= row_end ? PB'(-PL) : x + PB'(STEP_X);
      top_bank <= next_top_bank;
      top <= next_top;
      corner_bank <= next_corner_bank;
      corner <= next_corner;
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

endmodule
