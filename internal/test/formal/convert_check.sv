// convert_check: hass_convert between arbitrary FIFOs. The values of a pixel are numbered in the order of
// the input stream, and likewise of the output stream. `n` is the number of an arbitrary value, `p` an arbitrary
// pixel of the beat.
module convert_check #(
    parameter integer BITS = 1,
    parameter integer PIXELS = 2,
    parameter integer FROM = 1,
    parameter integer TO = 1
) (
    input wire                        clk,
    input wire                        rst,
    input wire                        valid,
    input wire [PIXELS*FROM*BITS-1:0] in,
    input wire                        room
);

  wire read, pop, issue, push;
  wire [PIXELS*TO*BITS-1:0] out;
  wire [1:0] waits;
  hass_convert #(
      .BITS(BITS),
      .PIXELS(PIXELS),
      .FROM(FROM),
      .TO(TO)
  ) convert (
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

  wire in_keeps, reader, out_keeps, writer;
  wire [1:0] unused;
  stream_rules #(
      .WIDTH(PIXELS * FROM * BITS)
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
      .writer(unused[0]),
      .fifo(in_keeps),
      .reader
  );
  stream_rules rules_out (
      .clk,
      .rst,
      .room,
      .issue,
      .push,
      .valid(1'b0),
      .out(1'b0),
      .read(1'b0),
      .pop(1'b0),
      .writer,
      .fifo(out_keeps),
      .reader(unused[1])
  );

  always @* begin
    if ($initstate) assume (rst);
    if (!rst) begin
      assume (in_keeps);
      assume (out_keeps);
    end
  end

  // A pixel's values popped and pushed in the cycles before: the first of the input token, of
  // the next output token.
  reg [6:0] first_in, first_out;
  reg [3:0] taken, popped;  // tokens
  reg again;
  wire [6:0] next_in = first_in + (pop ? FROM : 0);
  wire [6:0] next_out = first_out + (push ? TO : 0);

  (* anyconst *) reg [6:0] n;
  (* anyconst *) reg [1:0] p;
  always @* assume (p < PIXELS);
  wire here = valid && first_in <= n && n < first_in + FROM;
  wire leaves = push && first_out <= n && n < first_out + TO;
  wire [BITS-1:0] at_in = in >> ((p * FROM + (n - first_in)) * BITS);
  wire [BITS-1:0] at_out = out >> ((p * TO + (n - first_out)) * BITS);
  reg [BITS-1:0] value;
  reg known;

  always_ff @(posedge clk) begin
    first_in  <= rst ? '0 : next_in;
    first_out <= rst ? '0 : next_out;
    taken  <= rst ? '0 : taken + read;
    popped <= rst ? '0 : popped + pop;
    known <= !rst && (known || here);
    if (here) value <= at_in;
    again <= !$initstate && (again || (rst && first_in != 0));
  end

  // With the token at the head there are enough values for the next output token.
  wire enough = first_in + FROM >= first_out + TO;

  always @* begin
    if (!rst) begin
      invented: assert (!push || (valid && enough));
      same_value: assert (!leaves || ((known || here) && at_out == (here ? at_in : value)));
      late: assert (push || !(valid && enough && room));
      at_once: assert (push == issue);
      // A token is popped if and only if the next output token needs later values.
      lost: assert (!pop || (valid && first_in + FROM < next_out + TO));
      pop_late: assert (pop || !valid || first_in + FROM >= next_out + TO);
      read_early: assert (!read || (valid && taken == popped));
      read_late: assert (read || !valid || taken != popped);
      waits_for_token: assert (waits[0] == !valid);
      waits_for_room: assert (waits[1] == (valid && enough && !room));
      keeps_rules: assert (reader && writer);
    end
  end

  localparam integer MOST = FROM > TO ? FROM : TO;

  reg [BITS-1:0] last;
  always_ff @(posedge clk) if (push) last <= out[BITS-1:0];

  always @* begin
    if (!rst) begin
      second_run: cover (next_in == next_out && next_out == 2 * MOST && push && pop);
      values_differ: cover (leaves && at_out != last && n == MOST);
      held_up: cover (valid && enough && !room && first_in != 0);
      starved: cover (!valid && first_in != 0);
      after_reset: cover (again && push);
      if (FROM != TO) middle: cover (first_in != first_out && again);
    end
  end

endmodule
