// hass_weights: the constants of a process (for example weights, or biases and shifts) in a memory that the weight
// chain fills. Rows are read in order, over and over; `row` is the current row until `advance`. With FLAG, each value has
// a flag that it is not 0. The rows of flags are read separately: `flags` is the current row of flags until `flags_advance`.
//
// The chain has one register per node and no back-pressure. After `load` a node takes the first DEPTH * WORDS words and
// passes on the rest. Word k of a row holds the row's next FIELD0, FIELD1 or FIELD2 bits if k mod CYCLE is 0, 1 or 2.
module hass_weights #(
    parameter integer DEPTH = 1,  // rows
    parameter integer ROW = 16,  // bits
    parameter integer WORDS = 1,  // 32-bit words that a row takes from the chain
    parameter integer CYCLE = 1,
    parameter integer FIELD0 = 16,
    parameter integer FIELD1 = 0,
    parameter integer FIELD2 = 0,
    parameter integer FLAG = 0,  // bits of each value that has a flag; 0: no flags
    parameter integer FLAG_STYLE = 0,  // of the memory of flags: 0: LUT RAM, 1: block RAM
    parameter integer STYLE = 0,  // 0: LUT RAM, 1: block RAM, 2: ultra RAM
    parameter integer EARLY = 0,  // 1: `advance` comes a cycle early, so that its register can be copied for wide rows
    parameter integer FLAGS = FLAG == 0 ? 1 : ROW / FLAG
) (
    input  wire             clk,
    input  wire             rst,
    input  wire             load,        // the chain begins
    input  wire             chain_valid,
    input  wire [     31:0] chain_word,
    output reg              next_valid,
    output reg  [     31:0] next_word,
    input  wire             advance,
    output wire [  ROW-1:0] row,
    input  wire             flags_advance,
    output wire [FLAGS-1:0] flags
);

  // The number of bits in the first k words of a row.
  function automatic integer bits_before(input integer k);
    integer earlier;
    begin
      bits_before = 0;
      for (earlier = 0; earlier < k; earlier = earlier + 1) bits_before = bits_before + (earlier % CYCLE == 0 ? FIELD0 : earlier % CYCLE == 1 ? FIELD1 : FIELD2);
    end
  endfunction

  localparam integer AT = WORDS < 2 ? 1 : $clog2(WORDS);
  localparam integer ADDRESS = DEPTH < 2 ? 1 : $clog2(DEPTH);

  reg mine;  // the words belong to this node
  reg [AT-1:0] at;
  reg last_word;  // word `at` is a row's last
  reg [ADDRESS-1:0] to;
  wire take = mine && chain_valid;
  wire last_row = to == ADDRESS'(DEPTH - 1);

  // A row is written a cycle after its last word has come, so that the memory's write enables come from a register.
  reg write, ends;  // ends: the last row is written
  reg [ADDRESS-1:0] row_to;

  localparam integer STAGES = STYLE == 0 ? 1 : 2;  // block RAM and ultra RAM have an output register
  reg [1:0] prime;  // rows still to fetch before the first row is ready
  wire enable = advance || prime != '0;

  always_ff @(posedge clk) begin
    if (rst) begin
      mine <= 1'b0;
      at <= '0;
      to <= '0;
      last_word <= WORDS == 1;
      write <= 1'b0;
      ends <= 1'b0;
      prime <= '0;
      next_valid <= 1'b0;
    end else begin
      next_valid <= chain_valid && !mine;
      write <= take && last_word;
      ends <= take && last_word && last_row;
      if (load) begin
        mine <= 1'b1;
        at <= '0;
        last_word <= WORDS == 1;
        to <= '0;
      end else if (take) begin
        at <= last_word ? '0 : at + 1'b1;
        last_word <= WORDS == 1 || at == AT'(WORDS - 2);
        if (last_word) begin
          to <= last_row ? '0 : to + 1'b1;
          mine <= !last_row;
        end
      end
      if (ends) prime <= 2'(STAGES);
      else if (prime != '0) prime <= prime - 1'b1;
    end
    next_word <= chain_word;
    row_to <= to;
  end

  // The complete row: its last word is in the chain's register.
  wire [ROW-1:0] data;
  genvar k;
  generate
    for (k = 0; k < WORDS; k = k + 1) begin : g_word
      localparam integer LOW = bits_before(k);
      localparam integer HIGH = bits_before(k + 1) < ROW ? bits_before(k + 1) : ROW;
      if (k == WORDS - 1) begin : g_last
        assign data[HIGH-1:LOW] = next_word[HIGH-LOW-1:0];
      end else begin : g_early
        reg [HIGH-LOW-1:0] early;
        always_ff @(posedge clk) if (take && at == AT'(k)) early <= chain_word[HIGH-LOW-1:0];
        assign data[HIGH-1:LOW] = early;
      end
    end
  endgenerate

  // A slice is a whole number of memory blocks wide.
  localparam integer SLICE = STYLE == 0 ? 66 : 288;
  localparam integer SLICES = (ROW + SLICE - 1) / SLICE;
  generate
    for (k = 0; k < SLICES; k = k + 1) begin : g_slice
      localparam integer LOW = k * SLICE;
      localparam integer WIDTH = k < SLICES - 1 ? SLICE : ROW - LOW;
      wire move;
      if (EARLY != 0) begin : g_early
        hass_copy copy (
            .clk,
            .in (enable),
            .out(move)
        );
      end else begin : g_now
        assign move = enable;
      end
      hass_weights_rows #(
          .WIDTH(WIDTH),
          .DEPTH(DEPTH),
          .STYLE(STYLE),
          .STAGES(STAGES)
      ) rows (
          .clk,
          .clear(rst || load),
          .write,
          .to(row_to),
          .data(data[LOW+:WIDTH]),
          .enable(move),
          .row(row[LOW+:WIDTH])
      );
    end
    if (FLAG == 0) begin : g_no_flags
      assign flags = '0;
      wire unused = &{1'b0, flags_advance};
    end else begin : g_flags
      // Flags are written a cycle after the row, so that each flag is registered.
      reg [FLAGS-1:0] made;
      reg written, first;
      reg [ADDRESS-1:0] at_row;
      wire fetch = flags_advance || first;
      always_ff @(posedge clk) begin
        written <= !rst && write;
        first <= !rst && written && at_row == ADDRESS'(DEPTH - 1);
        at_row <= row_to;
      end
      for (k = 0; k < FLAGS; k = k + 1) begin : g_flag
        always_ff @(posedge clk) made[k] <= |data[k*FLAG+:FLAG];
      end
      hass_weights_rows #(
          .WIDTH(FLAGS),
          .DEPTH(DEPTH),
          .STYLE(FLAG_STYLE),
          .STAGES(1)
      ) flag_rows (
          .clk,
          .clear(rst || load),
          .write(written),
          .to(at_row),
          .data(made),
          .enable(fetch),
          .row(flags)
      );
    end
  endgenerate

endmodule
