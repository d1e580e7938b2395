// hass_weights: a process's constants (weights, or biases and shifts) in a memory that the weight
// chain fills. Rows are read in order, over and over; `row` is the current one until `advance`.
//
// The chain is a register per node and has no back-pressure: after `load` a node takes the first
// DEPTH * WORDS words and passes on the rest. Word k of a row gives the row's next FIELD0, FIELD1 or
// FIELD2 bits, as k mod CYCLE is 0, 1 or 2.
module hass_weights #(
    parameter integer DEPTH = 1,  // rows
    parameter integer ROW = 16,  // bits
    parameter integer WORDS = 1,  // 32-bit words that a row takes from the chain
    parameter integer CYCLE = 1,
    parameter integer FIELD0 = 16,
    parameter integer FIELD1 = 0,
    parameter integer FIELD2 = 0,
    parameter integer FLAG = 0,  // bits of a value whose being not 0 `flags` tells, 0: no flags
    parameter integer STYLE = 0,  // 0: LUT RAM, 1: block RAM, 2: ultra RAM
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
    output wire [FLAGS-1:0] flags
);

  // The bits of the first k words of a row.
  function automatic integer bits_before(input integer k);
    integer earlier;
    begin
      bits_before = 0;
      for (earlier = 0; earlier < k; earlier = earlier + 1) bits_before = bits_before + (earlier % CYCLE == 0 ? FIELD0 : earlier % CYCLE == 1 ? FIELD1 : FIELD2);
    end
  endfunction

  localparam integer AT = WORDS < 2 ? 1 : $clog2(WORDS);
  localparam integer ADDRESS = DEPTH < 2 ? 1 : $clog2(DEPTH);

  reg mine;  // words are taken
  reg [AT-1:0] at;
  reg [ADDRESS-1:0] to, from;
  wire take = mine && chain_valid;
  wire last_word = at == AT'(WORDS - 1);
  wire write = take && last_word;
  wire last_row = to == ADDRESS'(DEPTH - 1);

  // A flag is stored with its value in LUT RAM; from other memories, where a row is read a cycle
  // ahead, it is made on the way.
  localparam integer STORED = FLAG != 0 && STYLE == 0 ? ROW + FLAGS : ROW;
  localparam integer STAGES = STYLE == 2 || (STYLE == 1 && FLAG != 0) ? 2 : 1;
  reg [1:0] prime;  // rows to be fetched before the first is there
  wire enable = advance || prime != '0;

  always_ff @(posedge clk) begin
    if (rst) begin
      mine <= 1'b0;
      at <= '0;
      to <= '0;
      prime <= '0;
      next_valid <= 1'b0;
    end else begin
      next_valid <= chain_valid && !mine;
      if (load) begin
        mine <= 1'b1;
        at <= '0;
        to <= '0;
      end else if (take) begin
        at <= last_word ? '0 : at + 1'b1;
        if (last_word) begin
          to <= last_row ? '0 : to + 1'b1;
          mine <= !last_row;
        end
      end
      if (write && last_row) prime <= 2'(STAGES);
      else if (prime != '0) prime <= prime - 1'b1;
    end
    if (rst || load) from <= '0;
    else if (enable) from <= from == ADDRESS'(DEPTH - 1) ? '0 : from + 1'b1;
    next_word <= chain_word;
  end

  // The row that comes in: its last word is still on the chain.
  wire [ROW-1:0] data;
  genvar k;
  generate
    for (k = 0; k < WORDS; k = k + 1) begin : g_word
      localparam integer LOW = bits_before(k);
      localparam integer HIGH = bits_before(k + 1) < ROW ? bits_before(k + 1) : ROW;
      if (k == WORDS - 1) begin : g_last
        assign data[HIGH-1:LOW] = chain_word[HIGH-LOW-1:0];
      end else begin : g_early
        reg [HIGH-LOW-1:0] early;
        always_ff @(posedge clk) if (take && at == AT'(k)) early <= chain_word[HIGH-LOW-1:0];
        assign data[HIGH-1:LOW] = early;
      end
    end
  endgenerate

  wire [STORED-1:0] word, q;
  assign word[ROW-1:0] = data;
  hass_ram #(
      .WIDTH(STORED),
      .DEPTH(DEPTH),
      .STYLE(STYLE)
  ) rows (
      .clk,
      .write,
      .to,
      .data(word),
      .enable,
      .from,
      .q
  );
  generate
    if (STAGES == 1) begin : g_direct
      assign row = q[ROW-1:0];
    end else begin : g_ahead
      reg [ROW-1:0] second;
      always_ff @(posedge clk) if (enable) second <= q[ROW-1:0];
      assign row = second;
    end
    if (FLAG == 0) begin : g_no_flags
      assign flags = '0;
    end else if (STAGES == 1) begin : g_stored_flags
      assign flags = q[STORED-1:ROW];
      for (k = 0; k < FLAGS; k = k + 1) begin : g_flag
        assign word[ROW+k] = |data[k*FLAG+:FLAG];
      end
    end else begin : g_made_flags
      for (k = 0; k < FLAGS; k = k + 1) begin : g_flag
        reg flag;
        always_ff @(posedge clk) if (enable) flag <= |q[k*FLAG+:FLAG];
        assign flags[k] = flag;
      end
    end
  endgenerate

endmodule
