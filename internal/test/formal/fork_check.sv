// fork_check: hass_fork between arbitrary FIFOs. `n` is the number of an arbitrary token, `o` an arbitrary output.
module fork_check #(
    parameter integer WIDTH = 2,
    parameter integer OUTS  = 2
) (
    input wire             clk,
    input wire             rst,
    input wire             valid,
    input wire [WIDTH-1:0] in,
    input wire [ OUTS-1:0] room
);

  wire read, pop;
  wire [OUTS-1:0] issue, push;
  wire [WIDTH-1:0] out;
  wire [1:0] waits;
  hass_fork #(
      .WIDTH(WIDTH),
      .OUTS (OUTS)
  ) fork_ (
      .clk,
      .rst,
      .valid,
      .in,
      .read,
      .pop,
      .room,
      .issue,
      .push,
      .out,
      .waits
  );

  wire in_keeps, reader;
  wire [OUTS-1:0] out_keeps, writer;
  wire [OUTS:0] unused;
  stream_rules #(
      .WIDTH(WIDTH)
  ) rules_in (
      .clk,
      .rst,
      .room(1'b0),
      .issue(1'b0),
      .push(1'b0),
      .valid,
      .out(in),
      .read,
      .pop,
      .writer(unused[OUTS]),
      .fifo(in_keeps),
      .reader
  );
  genvar p;
  generate
    for (p = 0; p < OUTS; p = p + 1) begin : g_out
      stream_rules rules (
          .clk,
          .rst,
          .room(room[p]),
          .issue(issue[p]),
          .push(push[p]),
          .valid(1'b0),
          .out(1'b0),
          .read(1'b0),
          .pop(1'b0),
          .writer(writer[p]),
          .fifo(out_keeps[p]),
          .reader(unused[p])
      );
    end
  endgenerate

  always @* begin
    if ($initstate) assume (rst);
    if (!rst) begin
      assume (in_keeps);
      assume (out_keeps == '1);
    end
  end

  (* anyconst *) reg [3:0] n;
  (* anyconst *) reg [$clog2(OUTS)-1:0] o;
  always @* assume (o < OUTS);

  reg [3:0] taken, popped;  // tokens in the cycles before
  reg [3:0] pushed, before;  // tokens to output o, to the output before it
  reg [WIDTH-1:0] token;
  reg known, again;
  wire here = valid && popped == n;
  wire push_before = o != 0 && push[o-1];
  wire [3:0] before_now = before + push_before;

  always_ff @(posedge clk) begin
    taken  <= rst ? '0 : taken + read;
    popped <= rst ? '0 : popped + pop;
    pushed <= rst ? '0 : pushed + push[o];
    before <= rst ? '0 : before + push_before;
    known  <= !rst && (known || here);
    again  <= !$initstate && (again || (rst && popped != 0));
    if (here) token <= in;
  end

  // Each output has at most one more token than was popped.
  wire turn = o == 0 || before_now != popped;
  wire due = valid && pushed == popped && turn && room[o];

  always @* begin
    if (!rst) begin
      invented: assert (!push[o] || (valid && pushed == popped));
      value: assert (!push[o] || pushed != n || ((known || here) && out == (here ? in : token)));
      lost: assert (!pop || pushed + push[o] != popped);
      order: assert (!push[o] || turn);
      late: assert (!due || push[o]);
      at_once: assert (push == issue);
      read_early: assert (!read || (valid && taken == popped));
      read_late: assert (read || !valid || taken != popped);
      pop_late: assert (pop || !valid || o != OUTS - 1 || pushed + push[o] == popped);
      waits_right: assert (waits == {valid && !pop, !valid});
      keeps_rules: assert (reader && writer == '1);
    end
  end

  reg [WIDTH-1:0] last;
  always_ff @(posedge clk) if (pop) last <= in;

  always @* begin
    if (!rst) begin
      one_cycle: cover (push == '1 && pop && popped == 3);
      in_parts: cover (o == OUTS - 1 && before != popped && push[o]);
      held_up: cover (valid && !room[0] && room[OUTS-1]);
      values_differ: cover (pop && here && n == 2 && in != last);
      after_reset: cover (again && pop);
    end
  end

endmodule
