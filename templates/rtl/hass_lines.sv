// hass_lines: the memory of a line buffer. It stores ROWS rows in ROW_BANKS x COL_BANKS banks: the pixel of
// slot s and column x is in bank (s mod ROW_BANKS, x mod COL_BANKS), so that all pixels of an input beat are
// written and all lanes of a window beat are read in one cycle. A word holds LANES channels of one pixel.
//
// A beat is at `out` five cycles after its position. The five stages are: rows and columns of the banks, addresses, memory,
// rows to lanes, columns to lanes; lanes outside the map get PAD. Pixels are written in the same stage in which beats are
// read, so a beat is read before a later position overwrites its pixels.
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
    parameter integer ROW_ADDRS = 1,  // slots per bank
    parameter integer COL_ADDRS = 1,  // columns per bank
    parameter integer WORDS = 1,  // per pixel
    parameter integer LANES = 1,  // channels per word
    parameter integer TAIL = 0,  // pixels of a row's last group if it is not full, otherwise 0
    parameter integer PADDED = 0,  // 1: some windows reach beyond the map
    parameter integer TAU = 0,  // |x| < TAU is stored as 0
    parameter integer PAD = 0,  // value outside the map
    parameter integer FLAGS = 0,  // 1: one bit per lane, above the lanes, marks that the lane is not 0
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
    // The input beat: part in_part of its words. With `store` its words are complete and are written to column in_col of
    // slot in_slot, word in_word.
    input  wire                                      accepted,
    input  wire [             IN_PX*IN_CH*BITS-1:0]  in,
    input  wire [                 IN_PART_BITS-1:0]  in_part,
    input  wire                                      store,
    input  wire [                           RB-1:0]  in_slot_bank,
    input  wire [                           AB-1:0]  in_slot,
    input  wire [                           CB-1:0]  in_col_bank,
    input  wire [                           AB-1:0]  in_col,
    input  wire [                           AB-1:0]  in_word,
    // The window beat: the place of its first lane in memory, and in the map: (tap_y, tap_x) relative to (y, x).
    input  wire [                           RB-1:0]  tap_row_bank,
    input  wire [                           AB-1:0]  tap_row,
    input  wire [                           CB-1:0]  tap_col_bank,
    input  wire [                           AB-1:0]  tap_col,
    input  wire [                           AB-1:0]  word,
    input  wire [                    PART_BITS-1:0]  part,
    input  wire signed [                    PB-1:0]  y,
    input  wire signed [                    PB-1:0]  x,
    input  wire signed [                    PB-1:0]  tap_y,
    input  wire signed [                    PB-1:0]  tap_x,
    input  wire                                      tail,     // the beat belongs to the last group of a row
    output wire [OUT_PX*M_TAP*M_CH*(BITS+FLAGS)-1:0] out
);

  // The names of these functions differ from the names in hass_window, because Verilator may inline this module there.
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

  // Bits of a counter with n values.
  function automatic integer index_bits(input integer n);
    index_bits = n < 2 ? 1 : $clog2(n);
  endfunction

  // Tables over the bank k in which a beat starts, because small adders and comparisons would cost carry chains. rows_beyond and
  // banks_beyond: bank `row` or `column` lies before bank k. banks_hit: the beat has a pixel for bank `column`; its number
  // is pixel_of.
  function automatic [(1<<RB)-1:0] rows_beyond(input integer row);
    integer k;
    for (k = 0; k < (1 << RB); k = k + 1) rows_beyond[k] = row < k;
  endfunction
  function automatic [(1<<CB)-1:0] banks_beyond(input integer column);
    integer k;
    for (k = 0; k < (1 << CB); k = k + 1) banks_beyond[k] = column < k;
  endfunction
  function automatic integer pixel_of(input integer start_bank, input integer column);
    pixel_of = positive_mod(column - start_bank, COL_BANKS);
  endfunction
  function automatic [(1<<CB)-1:0] banks_hit(input integer column);
    integer k;
    for (k = 0; k < (1 << CB); k = k + 1) banks_hit[k] = pixel_of(k, column) < IN_PX;
  endfunction

  // Bit `digit` of the number of that pixel, when only every `apart`-th pixel is counted.
  function automatic [(1<<CB)-1:0] choice_bits(input integer column, input integer apart, input integer digit);
    integer k;
    for (k = 0; k < (1 << CB); k = k + 1) choice_bits[k] = 1'((pixel_of(k, column) < IN_PX ? pixel_of(k, column) / apart : 0) >> digit);
  endfunction

  localparam integer IN_PARTS = LANES / IN_CH;
  localparam integer DEPTH = ROW_ADDRS * COL_ADDRS * WORDS;
  localparam integer ROW_UNIT = COL_ADDRS * WORDS;  // words between the addresses of two rows
  localparam integer TAP_ROWS = M_TAP > KW ? M_TAP / KW : 1;
  localparam integer TAP_COLS = M_TAP > KW ? KW : M_TAP;
  localparam integer STEP_X = OUT_PX * SW;  // pixels between two groups
  localparam integer WORD = LANES * BITS;
  localparam integer PART = M_CH * BITS;

  // Values after the threshold TAU.
  wire [IN_PX*IN_CH*BITS-1:0] kept;
  reg [IN_PX*IN_CH*BITS-1:0] kept_1, kept_2;
  reg accepted_1, accepted_2;
  reg [IN_PART_BITS-1:0] in_part_1, in_part_2;
  always_ff @(posedge clk) begin
    accepted_1 <= accepted;
    accepted_2 <= accepted_1;
    in_part_1 <= in_part;
    in_part_2 <= in_part_1;
    kept_1 <= kept;
    kept_2 <= kept_1;
  end
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
      wire unused_part = &{1'b0, accepted_2, in_part_2};
    end
    for (p = 0; p < IN_PX; p = p + 1) begin : g_gather
      for (c = 0; c < IN_PARTS - 1; c = c + 1) begin : g_part
        reg [IN_CH*BITS-1:0] early;
        always_ff @(posedge clk) if (accepted_2 && in_part_2 == IN_PART_BITS'(c)) early <= kept_2[p*IN_CH*BITS+:IN_CH*BITS];
        assign words[p*WORD+c*IN_CH*BITS+:IN_CH*BITS] = early;
      end
      assign words[p*WORD+(IN_PARTS-1)*IN_CH*BITS+:IN_CH*BITS] = kept_2[p*IN_CH*BITS+:IN_CH*BITS];
    end
  endgenerate

  // Row and column parts of the addresses: the banks before the position's bank use the next address.
  wire unused_bank;
  wire [AB-1:0] row_on;
  hass_banked #(
      .BANKS(1),
      .SIZE(ROW_ADDRS),
      .UNIT(ROW_UNIT),
      .STEP(1 % ROW_ADDRS),
      .BANK_BITS(1),
      .ADDRESS_BITS(AB)
  ) row_step (
      .bank(1'b0),
      .address(tap_row),
      .next_bank(unused_bank),
      .next_address(row_on)
  );
  // The word of the next pixel. If WORDS is a power of two, this needs no adder.
  localparam integer ODD_WORDS = (WORDS & (WORDS - 1)) != 0 ? 1 : 0;
  wire [AB-1:0] word_after = ODD_WORDS != 0 ? word + AB'(WORDS) : word | AB'(WORDS);
  wire [AB-1:0] in_word_after = ODD_WORDS != 0 ? in_word + AB'(WORDS) : in_word | AB'(WORDS);
  reg [AB-1:0] row_same, row_after, col_same, col_after, to_slot, to_col, to_col_after;
  reg [RB-1:0] row_bank, slot_bank;
  reg [CB-1:0] col_bank, to_bank;
  reg storing;
  always_ff @(posedge clk) begin
    row_same <= tap_row;
    row_after <= row_on;
    col_same <= tap_col + word;
    col_after <= tap_col + word_after;
    row_bank <= tap_row_bank;
    col_bank <= tap_col_bank;
    to_slot <= in_slot;
    to_col <= in_col + in_word;
    to_col_after <= in_col + in_word_after;
    slot_bank <= in_slot_bank;
    to_bank <= in_col_bank;
    storing <= store;
  end
  wire [AB-1:0] at_00 = row_same + col_same;
  wire [AB-1:0] at_01 = row_same + col_after;
  wire [AB-1:0] at_10 = row_after + col_same;
  wire [AB-1:0] at_11 = row_after + col_after;
  wire [AB-1:0] to_same = to_slot + to_col;
  wire [AB-1:0] to_after = to_slot + to_col_after;

  // The control of every COPY bits of a word has its own copy of a register (hass_copy), so that its fan-out does not grow with
  // the width of a beat. A copy of an address of LUT RAM drives at most 12 cells of 64 words by 3 bits, or one column of cells if
  // that has more; a bank of block RAM is one slice.
  localparam integer COPY = 32;
  localparam integer CELLS = (DEPTH + 63) / 64 < 12 ? 12 / ((DEPTH + 63) / 64) : 1;
  localparam integer SLICE = BLOCK != 0 ? WORD : 3 * CELLS;
  localparam integer SLICES = (WORD + SLICE - 1) / SLICE;

  // The part of a word that is read from each bank.
  wire [PART_BITS-1:0] part_3;
  hass_delay #(
      .WIDTH (PART_BITS),
      .CYCLES(3),
      .RESET (0)
  ) part_wait (
      .clk,
      .rst(1'b0),
      .in (part),
      .out(part_3)
  );
  wire [ROW_BANKS*COL_BANKS*PART-1:0] banks;
  generate
    for (r = 0; r < ROW_BANKS; r = r + 1) begin : g_row
      for (b = 0; b < COL_BANKS; b = b + 1) begin : g_col
        localparam [(1<<RB)-1:0] ROWS_BEYOND = rows_beyond(r);
        localparam [(1<<CB)-1:0] BEYOND = banks_beyond(b);
        wire row_next = ROWS_BEYOND[row_bank];
        wire col_next = BEYOND[col_bank];
        wire [AB-1:0] address = row_next ? (col_next ? at_11 : at_10) : (col_next ? at_01 : at_00);
        // The pixel of the input beat that is written into this bank.
        localparam [(1<<CB)-1:0] HITS = banks_hit(b);
        wire after = BEYOND[to_bank];
        wire write = storing && slot_bank == RB'(r) && HITS[to_bank];
        wire [AB-1:0] to = after ? to_after : to_same;
        wire [WORD-1:0] data;
        if (IN_PX == 1) begin : g_one
          assign data = words;
        end else begin : g_several
          // Input beats start in banks that are multiples of G apart, so only every G-th pixel can be written into
          // this bank.
          localparam integer G = gcd(IN_PX, COL_BANKS);
          localparam integer CHOICES = IN_PX / G;
          localparam integer CHOICE = index_bits(CHOICES);
          wire [CHOICES*WORD-1:0] choices;
          for (e = 0; e < CHOICES; e = e + 1) begin : g_choice
            assign choices[e*WORD+:WORD] = words[(b%G+e*G)*WORD+:WORD];
          end
          reg [CHOICE-1:0] choice;
          for (e = 0; e < CHOICE; e = e + 1) begin : g_bit
            localparam [(1<<CB)-1:0] BIT = choice_bits(b, G, e);
            always_ff @(posedge clk) choice[e] <= BIT[to_bank];
          end
          assign data = choices[choice*WORD+:WORD];
        end
        wire [WORD-1:0] stored;
        for (e = 0; e < SLICES; e = e + 1) begin : g_slice
          localparam integer LOW = e * SLICE, BITS_HERE = e < SLICES - 1 ? SLICE : WORD - LOW;
          wire write_here;
          wire [AB-1:0] to_here, address_here;
          hass_copy #(
              .WIDTH(2 * AB + 1)
          ) ports (
              .clk,
              .in ({write, to, address}),
              .out({write_here, to_here, address_here})
          );
          hass_ram #(
              .WIDTH(BITS_HERE),
              .DEPTH(DEPTH),
              .STYLE(BLOCK)
          ) bank (
              .clk,
              .write(write_here),
              .to(to_here),
              .data(data[LOW+:BITS_HERE]),
              .enable(1'b1),
              .from(address_here),
              .q(stored[LOW+:BITS_HERE])
          );
        end
        assign banks[(r*COL_BANKS+b)*PART+:PART] = stored[part_3*PART+:PART];
      end
    end
  endgenerate

  // Rotate the banks to the lanes, and mark the lanes outside the map.
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

  // The stages behind the memory.
  localparam integer COPIES = (PART + COPY - 1) / COPY;
  wire [RB-1:0] row_turn_2;
  wire [TB-1:0] col_turn_3;
  wire tail_3;
  hass_delay #(
      .WIDTH (RB),
      .CYCLES(2),
      .RESET (0)
  ) row_turn_wait (
      .clk,
      .rst(1'b0),
      .in (tap_row_bank),
      .out(row_turn_2)
  );
  hass_delay #(
      .WIDTH (TB + 1),
      .CYCLES(3),
      .RESET (0)
  ) col_turn_wait (
      .clk,
      .rst(1'b0),
      .in ({tail, turn_of(tap_col_bank)}),
      .out({tail_3, col_turn_3})
  );
  reg signed [PB-1:0] first_y, first_x;
  always_ff @(posedge clk) begin
    first_y <= y + tap_y;
    first_x <= x + tap_x;
  end
  reg [TAP_ROWS-1:0] row_inside_2, row_inside_3;
  reg [OUT_PX*TAP_COLS-1:0] col_inside_2, col_inside_3;
  always_ff @(posedge clk) begin
    row_inside_3 <= row_inside_2;
    col_inside_3 <= col_inside_2;
  end
  reg [TAP_ROWS*COL_BANKS*PART-1:0] rows;
  wire unused_rows = &{1'b0, rows};  // with wide strides, some banks are read by no window
  reg [OUT_PX*M_TAP*PART-1:0] lanes;
  generate
    for (t = 0; t < TAP_ROWS; t = t + 1) begin : g_tap_row
      always_ff @(posedge clk) row_inside_2[t] <= PADDED == 0 || (first_y >= PB'(-t * DH) && first_y < PB'(H - t * DH));
      for (b = 0; b < COL_BANKS; b = b + 1) begin : g_bank
        wire [ROW_BANKS*PART-1:0] turned;
        for (r = 0; r < ROW_BANKS; r = r + 1) begin : g_turn
          assign turned[r*PART+:PART] = banks[((r+t*DH)%ROW_BANKS*COL_BANKS+b)*PART+:PART];
        end
        wire [PART-1:0] chosen;
        for (e = 0; e < COPIES; e = e + 1) begin : g_copy
          localparam integer LOW = e * COPY, BITS_HERE = e < COPIES - 1 ? COPY : PART - LOW;
          wire [RB-1:0] row_turn;
          hass_copy #(
              .WIDTH(RB)
          ) turn (
              .clk,
              .in (row_turn_2),
              .out(row_turn)
          );
          wire [ROW_BANKS*BITS_HERE-1:0] part_of;
          for (r = 0; r < ROW_BANKS; r = r + 1) begin : g_turn
            assign part_of[r*BITS_HERE+:BITS_HERE] = turned[r*PART+LOW+:BITS_HERE];
          end
          assign chosen[LOW+:BITS_HERE] = part_of[row_turn*BITS_HERE+:BITS_HERE];
        end
        always_ff @(posedge clk) rows[(t*COL_BANKS+b)*PART+:PART] <= chosen;
      end
    end
    for (p = 0; p < OUT_PX; p = p + 1) begin : g_pixel
      for (c = 0; c < TAP_COLS; c = c + 1) begin : g_tap_col
        localparam integer RIGHT = p * SW + c * DW;
        always_ff @(posedge clk) col_inside_2[p*TAP_COLS+c] <= PADDED == 0 || (first_x >= PB'(-RIGHT) && first_x < PB'(W - RIGHT));
        for (t = 0; t < TAP_ROWS; t = t + 1) begin : g_tap
          wire [COL_TURNS*PART-1:0] turned;
          for (e = 0; e < COL_TURNS; e = e + 1) begin : g_turn
            localparam integer FROM = (COL_FIRST + e * COL_APART + RIGHT) % COL_BANKS;
            assign turned[e*PART+:PART] = rows[(t*COL_BANKS+FROM)*PART+:PART];
          end
          localparam integer LANE = p * M_TAP + t * TAP_COLS + c;
          localparam [PART-1:0] OUTSIDE = {M_CH{BITS'(PAD)}};
          wire in_map_3 = PADDED == 0 || (row_inside_3[t] && col_inside_3[p*TAP_COLS+c]);
          wire [PART-1:0] chosen;
          for (r = 0; r < COPIES; r = r + 1) begin : g_copy
            localparam integer LOW = r * COPY, BITS_HERE = r < COPIES - 1 ? COPY : PART - LOW;
            wire [TB-1:0] col_turn;
            wire blank, in_map;  // if PAD is 0, only `blank` is used, which then maps to a reset
            hass_copy #(
                .WIDTH(TB + 2)
            ) turn (
                .clk,
                .in ({col_turn_3, (tail_3 && p >= TAIL) || (PAD == 0 && !in_map_3), PAD == 0 || in_map_3}),
                .out({col_turn, blank, in_map})
            );
            wire [COL_TURNS*BITS_HERE-1:0] part_of;
            for (e = 0; e < COL_TURNS; e = e + 1) begin : g_turn
              assign part_of[e*BITS_HERE+:BITS_HERE] = turned[e*PART+LOW+:BITS_HERE];
            end
            assign chosen[LOW+:BITS_HERE] = blank ? '0 : in_map ? part_of[col_turn*BITS_HERE+:BITS_HERE] : OUTSIDE[LOW+:BITS_HERE];
          end
          always_ff @(posedge clk) lanes[LANE*PART+:PART] <= chosen;
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
