// fifo_check: hass_fifo with any writer and any reader that obey the rules. `n` is the number of an arbitrary
// token, so properties of token n hold for all tokens.
module fifo_check #(
    parameter integer WIDTH = 2,
    parameter integer DEPTH = 2,
    parameter integer BLOCK = 0
) (
    input wire             clk,
    input wire             rst,
    input wire             issue,
    input wire             push,
    input wire [WIDTH-1:0] in,
    input wire             read,
    input wire             pop
);

  wire room, valid;
  wire [WIDTH-1:0] out;
  hass_fifo #(
      .WIDTH(WIDTH),
      .DEPTH(DEPTH),
      .BLOCK(BLOCK)
  ) fifo (
      .clk,
      .rst,
      .room,
      .issue,
      .push,
      .in,
      .valid,
      .out,
      .read,
      .pop
  );

  wire writer, keeps, reader;
  stream_rules #(
      .WIDTH(WIDTH)
  ) rules (
      .clk,
      .rst,
      .room,
      .issue,
      .push,
      .valid,
      .out,
      .read,
      .pop,
      .writer,
      .fifo(keeps),
      .reader
  );

  always @* begin
    if ($initstate) assume (rst);
    if (!rst) begin
      assume (writer);
      assume (reader);
    end
  end

  reg [3:0] issued, pushed, taken, popped;  // tokens, in the cycles before
  reg [3:0] arrived;  // pushed before the last cycle
  reg was_read, was_full, again;

  always_ff @(posedge clk) begin
    issued  <= rst ? '0 : issued + issue;
    pushed  <= rst ? '0 : pushed + push;
    taken   <= rst ? '0 : taken + read;
    popped  <= rst ? '0 : popped + pop;
    arrived <= rst ? '0 : pushed;
    was_read <= !rst && read;
    was_full <= !rst && !room;
    again <= !$initstate && (again || (rst && popped != 0));
  end

  (* anyconst *) reg [3:0] n;
  reg [WIDTH-1:0] token;
  always_ff @(posedge clk) if (push && pushed == n) token <= in;

  wire [3:0] held = issued - taken;  // places between issue and read

  always @* begin
    if (!rst) begin
      // free + held = DEPTH, as visible at the ports; after a read in cycle t there is room in t + 1.
      too_much_room: assert (!room || held < DEPTH);
      too_little_room: assert (room || held == DEPTH);
      // Tokens come in order and unchanged.
      order: assert (!valid || popped != n || out == token);
      // A token pushed in t is at the head from t + 2 on, or from the cycle after the pop of the
      // token before; never earlier and never later, so no token is lost or doubled.
      early: assert (!valid || popped != arrived);
      late: assert (valid || popped == arrived);
      keeps_rules: assert (keeps);
    end
  end

  localparam integer PLACES = BLOCK != 0 ? DEPTH : DEPTH < 2 ? 2 : 1 << $clog2(DEPTH);

  always @* begin
    if (!rst) begin
      full: cover (held == DEPTH);
      all_on_the_way: cover (issued - pushed == DEPTH && push && !issue);
      through: cover (push && pop);
      place_reused: cover (was_full && was_read && issue);
      read_before_pop: cover (taken != popped && !pop && issue);
      all_waiting: cover (pushed - popped == DEPTH + 1);  // one of them read
      wrapped: cover (popped == PLACES && pop);
      after_reset: cover (again && valid);
    end
  end

endmodule
