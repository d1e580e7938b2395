// hass_fifo: a stream between two processes. Its writer works with credits: `issue` takes a place while
// there is `room`, and the token may follow any number of cycles later with `push`. So a
// pipeline never has to stall. Its reader sees the oldest token in a register. `read` frees the token's
// place: the writer can use it from the next cycle on. `pop`, in the same cycle or later, brings the next token to the
// register. LAG is the number of tokens in memory that may be read but not yet popped.
//
// A token pushed in cycle t is at the head in cycle t + 2 at the earliest.
module hass_fifo #(
    parameter integer WIDTH = 8,  // bits of a token
    parameter integer DEPTH = 2,  // places
    parameter integer BLOCK = 0,  // 1: block RAM, 0: LUT RAM
    parameter integer LAG = 0
) (
    input  wire             clk,
    input  wire             rst,
    // writer
    output wire             room,
    input  wire             issue,
    input  wire             push,
    input  wire [WIDTH-1:0] in,
    // reader
    output wire             valid,
    output wire [WIDTH-1:0] out,
    input  wire             read,
    input  wire             pop
);

  localparam integer WORDS = DEPTH + LAG;
  localparam integer POWER = WORDS < 2 ? 1 : $clog2(WORDS);
  // LUT RAM comes in powers of two, so the depth is rounded up. Block RAM is used to the last word.
  localparam integer SIZE = BLOCK != 0 ? WORDS : (1 << POWER);
  localparam integer COUNT = $clog2(DEPTH + 1);
  localparam integer STORED = $clog2(WORDS + 1);

  reg [COUNT-1:0] free;  // places that the writer may still take
  reg some;  // free is not 0; a register, because writers use it late in the cycle
  reg [STORED-1:0] stored;  // tokens in memory
  reg full;  // head holds a token
  reg [POWER-1:0] to, from;
  reg [WIDTH-1:0] head;

  wire load = stored != '0 && (!full || pop);

  function automatic [POWER-1:0] next(input [POWER-1:0] at);
    next = SIZE != (1 << POWER) && at == POWER'(SIZE - 1) ? '0 : at + 1'b1;
  endfunction

  always_ff @(posedge clk) begin
    if (rst) begin
      free <= COUNT'(DEPTH);
      some <= 1'b1;
      stored <= '0;
      full <= 1'b0;
      to <= '0;
      from <= '0;
    end else begin
      free <= free + COUNT'(read) - COUNT'(issue);
      some <= read || (issue ? free != COUNT'(1) : some);
      stored <= stored + STORED'(push) - STORED'(load);
      full <= load || (full && !pop);
      if (push) to <= next(to);
      if (load) from <= next(from);
    end
  end

  generate
    if (BLOCK != 0) begin : g_block
      (* ram_style = "block" *)
      reg [WIDTH-1:0] memory[0:SIZE-1];
      always_ff @(posedge clk) begin
        if (push) memory[to] <= in;
        if (load) head <= memory[from];
      end
    end else begin : g_lut
      (* ram_style = "distributed" *)
      reg [WIDTH-1:0] memory[0:SIZE-1];
      always_ff @(posedge clk) begin
        if (push) memory[to] <= in;
        if (load) head <= memory[from];
      end
    end
  endgenerate

`ifdef HASS_STALL
  // For simulation: `room` and `valid` come late at random, and then stay until they are used.
  wire late_room, late_valid;
  hass_stall stall_room (
      .clk,
      .rst,
      .here (some),
      .taken(issue),
      .late (late_room)
  );
  hass_stall stall_valid (
      .clk,
      .rst,
      .here (full),
      .taken(pop),
      .late (late_valid)
  );
  assign room  = some && !late_room;
  assign valid = full && !late_valid;
`else
  assign room  = some;
  assign valid = full;
`endif
  assign out = head;

endmodule
