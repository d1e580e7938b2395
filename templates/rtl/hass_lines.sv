// hass_lines: the memory of a line buffer. It stores ROWS rows in ROW_BANKS x COL_BANKS banks: the pixel of
// slot s and column x is in bank (s mod ROW_BANKS, x mod COL_BANKS), so that all pixels of an input beat are
// written and all lanes of a window beat are read in one cycle. A word is one pixel's LANES
// channels. The beat of a position is at `out` two cycles later: one for the banks, one to give each lane its
// own, or PAD outside the map.
module hass_lines #(
    parameter integer BITS = 8,  // of a value
    parameter integer SIGNED = 0,
    parameter integer H = 1,
    parameter integer W = 1,
    parameter integer KW = 1,
    parameter integer SW = 1,
    parameter integer DH = 1,
    parameter integer DW = 1,
    parameter integer PL = 0,
    parameter integer IN_PX = 1,
    parameter integer IN_CH = 1,
    parameter integer OUT_PX = 1,
    parameter integer M_TAP = 1,
    parameter integer M_CH = 1,
    parameter integer ROW_BANKS = 1,
    parameter integer COL_BANKS = 1,
    parameter integer ROW_ADDRS = 1,  // slots of a bank
    parameter integer COL_ADDRS = 1,  // columns of a bank
    parameter integer WORDS = 1,  // per pixel
    parameter integer LANES = 1,  // channels of a word
    parameter integer TAIL = 0,  // pixels of a row's last group, if not all
    parameter integer PADDED = 0,  // 1: windows leave the map
    parameter integer TAU = 0,  // |x| < TAU is stored as 0
    parameter integer PAD = 0,  // value outside the map
    parameter integer FLAGS = 0,  // 1: a bit per lane above the lanes says that it is not 0
    parameter integer BLOCK = 0,  // 1: block RAM, 0: LUT RAM
    // Widths: banks, addresses, positions, parts of a word.
    parameter integer RB = 1,
    parameter integer CB = 1,
    parameter integer AB = 1,
    parameter integer PB = 2,
    parameter integer IN_PART_BITS = 1,
    parameter integer PART_BITS = 1
) (
    input  wire                                      clk,
    // The input beat, part in_part of its words, in the cycle in which it is taken; with `store` its words
    // are complete and go to column in_col of slot in_slot, word in_word.
    input  wire                                      accepted,
    input  wire [             IN_PX*IN_CH*BITS-1:0]  in,
    input  wire [                 IN_PART_BITS-1:0]  in_part,
    input  wire                                      store,
    input  wire [                           RB-1:0]  in_slot_bank,
    input  wire [                           AB-1:0]  in_slot,
    input  wire [                           CB-1:0]  in_col_bank,
    input  wire [                           AB-1:0]  in_col,
    input  wire [                           AB-1:0]  in_word,
    // The window beat: where its first lane lies in memory and in the map.
    input  wire [                           RB-1:0]  tap_row_bank,
    input  wire [                           AB-1:0]  tap_row,
    input  wire [                           CB-1:0]  tap_col_bank,
    input  wire [                           AB-1:0]  tap_col,
    input  wire [                           AB-1:0]  word,
    input  wire [                    PART_BITS-1:0]  part,
    input  wire signed [                    PB-1:0]  first_y,
    input  wire signed [                    PB-1:0]  first_x,
    input  wire                                      tail,     // of the last group of a row
    output wire [OUT_PX*M_TAP*M_CH*(BITS+FLAGS)-1:0] out
);

  // Names differ from those in hass_window: Verilator may take this module into that one.
  function automatic integer positive_mod(input integer a, input integer b);
    positive_mod = (a % b + b) % b;
  endfunction

  function automatic integer gcd(input integer a, input integer b);
    integer least, rest;
    begin
      gcd = a;
      least = b;
      while (least != 0) begin
        rest = gcd % least;
        gcd = least;
        least = rest;
      end
    end
  endfunction

  // Bits of a counter of n values.
  function automatic integer index_bits(input integer n);
    index_bits = n < 2 ? 1 : $clog2(n);
  endfunction

  localparam integer IN_PARTS = LANES / IN_CH;
  localparam integer DEPTH = ROW_ADDRS * COL_ADDRS * WORDS;
  localparam integer ROW_UNIT = COL_ADDRS * WORDS;  // words of a row's address
  localparam integer TAP_ROWS = M_TAP > KW ? M_TAP / KW : 1;
  localparam integer TAP_COLS = M_TAP > KW ? KW : M_TAP;
  localparam integer STEP_X = OUT_PX * SW;  // pixels from group to group
  localparam integer WORD = LANES * BITS;
  localparam integer PART = M_CH * BITS;

  // Values as they are stored.
  wire [IN_PX*IN_CH*BITS-1:0] kept;
  wire [IN_PX*WORD-1:0] words;
  genvar p, t, c, r, b, e;
  generate
    for (p = 0; p < IN_PX * IN_CH; p = p + 1) begin : g_threshold
      wire [BITS-1:0] v = in[p*BITS+:BITS];
      if (TAU > 0) begin : g_tau
        wire signed [BITS:0] s = {SIGNED != 0 && v[BITS-1], v};
        assign kept[p*BITS+:BITS] = s < (BITS + 1)'(TAU) && s > (BITS + 1)'(-TAU) ? '0 : v;
      end else begin : g_all
        assign kept[p*BITS+:BITS] = v;
      end
    end
    if (IN_PARTS == 1) begin : g_whole
      wire unused_part = &{1'b0, accepted, in_part};
    end
    for (p = 0; p < IN_PX; p = p + 1) begin : g_gather
      for (c = 0; c < IN_PARTS - 1; c = c + 1) begin : g_part
        reg [IN_CH*BITS-1:0] early;
        always_ff @(posedge clk) if (accepted && in_part == IN_PART_BITS'(c)) early <= kept[p*IN_CH*BITS+:IN_CH*BITS];
        assign words[p*WORD+c*IN_CH*BITS+:IN_CH*BITS] = early;
      end
      assign words[p*WORD+(IN_PARTS-1)*IN_CH*BITS+:IN_CH*BITS] = kept[p*IN_CH*BITS+:IN_CH*BITS];
    end
  endgenerate

  // Addresses: in the banks before the position's own one the next address holds.
  wire [AB+1:0] row_wrapped = (AB + 2)'(tap_row) + (AB + 2)'(ROW_UNIT) >= (AB + 2)'(ROW_ADDRS * ROW_UNIT) ? '0 : (AB + 2)'(tap_row) + (AB + 2)'(ROW_UNIT);
  wire [AB-1:0] row_after = row_wrapped[AB-1:0];
  wire unused_wrapped = &{1'b0, row_wrapped[AB+1:AB]};
  wire [AB-1:0] col_after = tap_col + AB'(WORDS);
  wire [AB-1:0] at_00 = tap_row + tap_col + word;
  wire [AB-1:0] at_01 = tap_row + col_after + word;
  wire [AB-1:0] at_10 = row_after + tap_col + word;
  wire [AB-1:0] at_11 = row_after + col_after + word;
  wire [AB-1:0] to_same = in_slot + in_col + in_word;
  wire [AB-1:0] to_after = to_same + AB'(WORDS);

  // The banks, one part of a word each, in the cycle after the address.
  reg [PART_BITS-1:0] part_1;
  always_ff @(posedge clk) part_1 <= part;
  wire [ROW_BANKS*COL_BANKS*PART-1:0] banks;
  generate
    for (r = 0; r < ROW_BANKS; r = r + 1) begin : g_row
      for (b = 0; b < COL_BANKS; b = b + 1) begin : g_col
        wire row_next = (RB + 1)'(r) < {1'b0, tap_row_bank};
        wire col_next = (CB + 1)'(b) < {1'b0, tap_col_bank};
        wire [AB-1:0] address = row_next ? (col_next ? at_11 : at_10) : (col_next ? at_01 : at_00);
        // The pixel of the input beat that belongs here.
        wire after = (CB + 1)'(b) < {1'b0, in_col_bank};
        wire [CB:0] pixel = {1'b0, CB'(b)} - {1'b0, in_col_bank} + (after ? (CB + 1)'(COL_BANKS) : '0);
        wire write = store && in_slot_bank == RB'(r) && pixel < (CB + 1)'(IN_PX);
        wire [AB-1:0] to = after ? to_after : to_same;
        wire [WORD-1:0] data;
        if (IN_PX == 1) begin : g_one
          assign data = words;
        end else begin : g_several
          // Input beats start in banks that are multiples of G apart, so that only every G-th pixel
          // may come here.
          localparam integer G = gcd(IN_PX, COL_BANKS);
          localparam integer CHOICES = IN_PX / G;
          localparam integer CHOICE = index_bits(CHOICES);
          wire [CHOICES*WORD-1:0] choices;
          for (e = 0; e < CHOICES; e = e + 1) begin : g_choice
            assign choices[e*WORD+:WORD] = words[(b%G+e*G)*WORD+:WORD];
          end
          function automatic [CHOICE-1:0] choice_of(input [CB:0] wanted);
            integer choices_before;
            begin
              choice_of = '0;
              for (choices_before = 1; choices_before < CHOICES; choices_before = choices_before + 1)
                if (wanted == (CB + 1)'(b % G + choices_before * G)) choice_of = CHOICE'(choices_before);
            end
          endfunction
          wire [CHOICE-1:0] choice = choice_of(pixel);
          assign data = choices[choice*WORD+:WORD];
        end
        wire [WORD-1:0] stored;
        hass_ram #(
            .WIDTH(WORD),
            .DEPTH(DEPTH),
            .STYLE(BLOCK)
        ) bank (
            .clk,
            .write,
            .to,
            .data,
            .enable(1'b1),
            .from(address),
            .q(stored)
        );
        assign banks[(r*COL_BANKS+b)*PART+:PART] = stored[part_1*PART+:PART];
      end
    end
  endgenerate

  // Rotate the banks to the lanes, and mark what lies outside the map.
  // The column of a beat's first lane is in bank COL_FIRST + turn * COL_APART.
  localparam integer COL_APART = gcd(gcd(STEP_X, COL_BANKS), TAP_COLS < KW ? TAP_COLS * DW : COL_BANKS);
  localparam integer COL_FIRST = positive_mod(-PL, COL_APART);
  localparam integer COL_TURNS = COL_BANKS / COL_APART;
  localparam integer TB = index_bits(COL_TURNS);
  function automatic [TB-1:0] turn_of(input [CB-1:0] bank);
    integer turns_before;
    begin
      turn_of = '0;
      for (turns_before = 1; turns_before < COL_TURNS; turns_before = turns_before + 1)
        if (bank == CB'(COL_FIRST + turns_before * COL_APART)) turn_of = TB'(turns_before);
    end
  endfunction

  reg [RB-1:0] row_turn;
  reg [TB-1:0] col_turn;
  reg tail_1;
  reg [TAP_ROWS-1:0] row_inside;
  reg [OUT_PX*TAP_COLS-1:0] col_inside;
  always_ff @(posedge clk) begin
    row_turn <= tap_row_bank;
    col_turn <= turn_of(tap_col_bank);
    tail_1 <= tail;
  end
  wire [TAP_ROWS*COL_BANKS*PART-1:0] rows;
  wire unused_rows = &{1'b0, rows};  // where strides are wide no window reads some banks
  reg [OUT_PX*M_TAP*PART-1:0] lanes;
  generate
    for (t = 0; t < TAP_ROWS; t = t + 1) begin : g_tap_row
      always_ff @(posedge clk) row_inside[t] <= PADDED == 0 || (first_y >= PB'(-t * DH) && first_y < PB'(H - t * DH));
      for (b = 0; b < COL_BANKS; b = b + 1) begin : g_bank
        wire [ROW_BANKS*PART-1:0] turned;
        for (r = 0; r < ROW_BANKS; r = r + 1) begin : g_turn
          assign turned[r*PART+:PART] = banks[((r+t*DH)%ROW_BANKS*COL_BANKS+b)*PART+:PART];
        end
        assign rows[(t*COL_BANKS+b)*PART+:PART] = turned[row_turn*PART+:PART];
      end
    end
    for (p = 0; p < OUT_PX; p = p + 1) begin : g_pixel
      for (c = 0; c < TAP_COLS; c = c + 1) begin : g_tap_col
        localparam integer RIGHT = p * SW + c * DW;
        always_ff @(posedge clk) col_inside[p*TAP_COLS+c] <= PADDED == 0 || (first_x >= PB'(-RIGHT) && first_x < PB'(W - RIGHT));
        for (t = 0; t < TAP_ROWS; t = t + 1) begin : g_tap
          wire [COL_TURNS*PART-1:0] turned;
          for (e = 0; e < COL_TURNS; e = e + 1) begin : g_turn
            localparam integer FROM = (COL_FIRST + e * COL_APART + RIGHT) % COL_BANKS;
            assign turned[e*PART+:PART] = rows[(t*COL_BANKS+FROM)*PART+:PART];
          end
          wire [PART-1:0] chosen = turned[col_turn*PART+:PART];
          localparam integer LANE = p * M_TAP + t * TAP_COLS + c;
          wire blank = tail_1 && p >= TAIL;
          wire in_map = PADDED == 0 || (row_inside[t] && col_inside[p*TAP_COLS+c]);
          always_ff @(posedge clk) lanes[LANE*PART+:PART] <= blank ? '0 : in_map ? chosen : {M_CH{BITS'(PAD)}};
        end
      end
    end
    assign out[OUT_PX*M_TAP*PART-1:0] = lanes;
    if (FLAGS != 0) begin : g_flags
      for (c = 0; c < OUT_PX * M_TAP * M_CH; c = c + 1) begin : g_lane
        assign out[OUT_PX*M_TAP*PART+c] = |lanes[c*BITS+:BITS];
      end
    end
  endgenerate

endmodule
