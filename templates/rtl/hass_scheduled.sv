// hass_scheduled: the engine of a layer whose products were scheduled when the design was made. It does not look for zeros,
// because its rows contain only weights that are not 0. Each of CHAINS chains computes one filter at a time. The rows of all
// chains stand side by side in one memory.
//
// The engine is one process. A phase has ITERATIONS iterations. Iteration k reads a word of the next window (PX pixels of one
// tap and channel) if the pace demands it, and writes it to the place that a table names. It also runs row k of the current
// window if k < ROWS. A chain whose row is the last of its filter writes PX sums. The first phase of a run only reads a window;
// the phase after the last window of the last image only runs one. Nothing here depends on values.
//
// The pace: the words are read at even distances from iteration LEAD on, the last word in the last iteration. Bank b is read b
// cycles after a row begins, so a half must not be written in the first BANKS - 1 cycles after its last row.
module hass_scheduled #(
    parameter integer BANKS = 4,
    parameter integer CHAINS = 1,
    parameter integer PX = 1,
    parameter integer FIELD = 0,  // bits of a packed field, see hass_chain
    parameter integer X_BITS = 8,
    parameter integer X_SIGNED = 0,
    parameter integer W_BITS = 8,
    parameter integer ACC = 24,
    parameter integer BEATS = 9,  // words per window
    parameter integer WORDS = 3,  // words of one window in a bank
    parameter integer WINDOWS = 1,  // per image
    parameter integer ROWS = 9,  // rows of the longest chain
    parameter integer LEAD = 3,
    parameter integer ITERATIONS = 12,  // per phase
    parameter integer STYLE = 0,  // of the rows' memory: 0 LUT RAM, 1 block RAM, 2 ultra RAM
    parameter integer PLACE_STYLE = 0,  // of the places' memory
    parameter integer BANK_STYLE = 0  // of the banks
) (
    input  wire                     clk,
    input  wire                     rst,
    input  wire                     start,
    input  wire [             31:0] images,
    input  wire                     load,
    input  wire                     chain_valid,
    input  wire [             31:0] chain_word,
    output wire                     next_valid,
    output wire [             31:0] next_word,
    input  wire                     valid,
    input  wire [    PX*X_BITS-1:0] in,
    output wire                     read,
    output wire                     pop,
    input  wire [       CHAINS-1:0] room,
    output wire [       CHAINS-1:0] issue,
    output wire [       CHAINS-1:0] push,
    output wire [CHAINS*PX*ACC-1:0] out,
    output wire [              1:0] waits
);

  localparam integer BB = BANKS < 2 ? 1 : $clog2(BANKS);
  localparam integer AB = WORDS < 2 ? 1 : $clog2(WORDS);
  localparam integer PART = 1 + BANKS * (W_BITS + AB);  // bits of a chain's row: addresses lowest, then weights, then `last`

  // The weight chain brings the table of places, then the rows.
  wire mid_valid;
  wire [31:0] mid_word;
  wire [BB+AB-1:0] place;
  wire none_place, none_row;
  hass_weights #(
      .DEPTH(BEATS),
      .ROW(BB + AB),
      .WORDS(1),
      .FIELD0(BB + AB),
      .FLAG(0),
      .STYLE(PLACE_STYLE)
  ) places (
      .clk,
      .rst,
      .load,
      .chain_valid,
      .chain_word,
      .next_valid(mid_valid),
      .next_word(mid_word),
      .advance(read),
      .row(place),
      .flags_advance(1'b0),
      .flags(none_place)
  );
  wire next_row;
  wire [CHAINS*PART-1:0] line;
  hass_weights #(
      .DEPTH(ROWS),
      .ROW(CHAINS * PART),
      .WORDS((CHAINS * PART + 31) / 32),
      .FIELD0(32),
      .FLAG(0),
      .STYLE(STYLE)
  ) rows (
      .clk,
      .rst,
      .load,
      .chain_valid(mid_valid),
      .chain_word(mid_word),
      .next_valid,
      .next_word,
      .advance(next_row),
      .row(line),
      .flags_advance(1'b0),
      .flags(none_row)
  );
  wire unused = &{1'b0, none_place, none_row};

  // The state of the process.
  localparam integer KB = ITERATIONS < 2 ? 1 : $clog2(ITERATIONS);
  localparam integer WB = WINDOWS < 2 ? 1 : $clog2(WINDOWS);
  reg [KB-1:0] k;
  reg last_k;  // k is ITERATIONS - 1
  reg in_rows;  // k < ROWS
  reg reading, running;  // the phase reads a window; it runs one
  reg half;  // the half that is filled
  reg [WB-1:0] window;
  reg [31:0] left;  // images still to be read
  reg last_image;  // left is 1
  wire last_window = window == WB'(WINDOWS - 1);

  // The pace: BEATS of SPAN iterations read a word. `share` decides, one iteration ahead, whether an iteration reads: it grows by
  // BEATS with each iteration, a read takes SPAN from it, and the iteration reads if it is not negative.
  localparam integer SPAN = ITERATIONS - LEAD;
  localparam integer SB = $clog2(SPAN + BEATS + 1) + 1;
  reg signed [SB-1:0] share;
  reg due, lead;  // due: this iteration reads. lead: it is one of the first LEAD - 1
  wire whole = !share[SB-1];

  wire [CHAINS-1:0] lasts;
  wire done, got;
  wire unused_got = &{1'b0, got};
  hass_iterate #(
      .INS (1),
      .OUTS(CHAINS)
  ) iteration (
      .clk,
      .rst,
      .active(reading || running),
      .reads(reading && due),
      .valid,
      .read,
      .pop,
      .got,
      .computed(1'b1),
      .writes(running && in_rows ? lasts : '0),
      .room,
      .issue,
      .done,
      .waits
  );
  assign next_row = done && running && in_rows;

  always_ff @(posedge clk) begin
    if (rst) begin
      k <= '0;
      last_k <= ITERATIONS == 1;
      in_rows <= 1'b1;
      reading <= 1'b0;
      running <= 1'b0;
      half <= 1'b0;
      window <= '0;
    end else begin
      if (start) reading <= 1'b1;
      if (done) begin
        k <= last_k ? '0 : k + 1'b1;
        last_k <= ITERATIONS == 1 || (!last_k && k == KB'(ITERATIONS - 2));
        in_rows <= last_k || (in_rows && k != KB'(ROWS - 1));
        if (last_k) begin
          running <= reading;
          half <= !half;
          if (reading) window <= last_window ? '0 : window + 1'b1;
          if (reading && last_window) reading <= !last_image;
        end
      end
    end
    if (start) begin
      left <= images;
      last_image <= images == 32'd1;
    end else if (done && last_k && reading && last_window) begin
      left <= left - 1'b1;
      last_image <= left == 32'd2;
    end
    // `share`, `due` and `lead` of the next iteration.
    if (rst || (done && last_k)) begin
      lead  <= LEAD > 1;
      due   <= LEAD == 0 && BEATS == SPAN;
      share <= LEAD == 0 && BEATS < SPAN ? SB'(2 * BEATS - SPAN) : SB'(BEATS - SPAN);
    end else if (done) begin
      lead <= lead && k != KB'(LEAD - 2);
      if (!lead) begin
        due   <= whole;
        share <= share + (whole ? SB'(BEATS - SPAN) : SB'(BEATS));
      end
    end
  end

  // The word is written a cycle later; each chain adds a register of its own.
  reg write, to_half;
  reg [BB+AB-1:0] to;
  reg [PX*X_BITS-1:0] word;
  always_ff @(posedge clk) begin
    write <= read && !rst;
    to_half <= half;
    to <= place;
    word <= in;
  end

  genvar c;
  generate
    for (c = 0; c < CHAINS; c = c + 1) begin : g_chain
      wire [PART-1:0] part = line[c*PART+:PART];
      assign lasts[c] = part[PART-1];
      hass_chain #(
          .BANKS(BANKS),
          .PX(PX),
          .FIELD(FIELD),
          .X_BITS(X_BITS),
          .X_SIGNED(X_SIGNED),
          .W_BITS(W_BITS),
          .WORDS(WORDS),
          .ACC(ACC),
          .STYLE(BANK_STYLE)
      ) chain (
          .clk,
          .rst,
          .write,
          .to_half,
          .to_bank(to[AB+:BB]),
          .to(to[AB-1:0]),
          .data(word),
          .row(lasts[c] ? issue[c] : next_row),
          .half(!half),
          .last(lasts[c]),
          .w(part[BANKS*AB+:BANKS*W_BITS]),
          .from(part[BANKS*AB-1:0]),
          .push(push[c]),
          .sums(out[c*PX*ACC+:PX*ACC])
      );
    end
  endgenerate

endmodule
