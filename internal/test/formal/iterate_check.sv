// iterate_check: hass_iterate for a process that names arbitrary ports in every iteration or, with ALL, all ports:
// with two inputs and one output this is a join. A token is written in the cycle of its issue.
module iterate_check #(
    parameter integer INS  = 2,
    parameter integer OUTS = 1,
    parameter integer ALL  = 0
) (
    input wire            clk,
    input wire            rst,
    input wire            active,
    input wire [ INS-1:0] reads,
    input wire [ INS-1:0] valid,
    input wire            computed,
    input wire [OUTS-1:0] writes,
    input wire [OUTS-1:0] room
);

  wire [INS-1:0] read, pop;
  wire [OUTS-1:0] issue;
  wire got, done;
  wire [1:0] waits;
  hass_iterate #(
      .INS (INS),
      .OUTS(OUTS)
  ) iterate (
      .clk,
      .rst,
      .active,
      .reads,
      .valid,
      .read,
      .pop,
      .got,
      .computed,
      .writes,
      .room,
      .issue,
      .done,
      .waits
  );

  // The streams at the ports.
  wire [INS-1:0] in_keeps, reader;
  wire [OUTS-1:0] out_keeps, writer;
  wire [2*INS+2*OUTS-1:0] unused;
  genvar p;
  generate
    for (p = 0; p < INS; p = p + 1) begin : g_in
      stream_rules rules (
          .clk,
          .rst,
          .room(1'b0),
          .issue(1'b0),
          .push(1'b0),
          .valid(valid[p]),
          .out(1'b0),
          .read(read[p]),
          .pop(pop[p]),
          .writer(unused[p]),
          .fifo(in_keeps[p]),
          .reader(reader[p])
      );
    end
    for (p = 0; p < OUTS; p = p + 1) begin : g_out
      stream_rules rules (
          .clk,
          .rst,
          .room(room[p]),
          .issue(issue[p]),
          .push(issue[p]),
          .valid(1'b0),
          .out(1'b0),
          .read(1'b0),
          .pop(1'b0),
          .writer(writer[p]),
          .fifo(out_keeps[p]),
          .reader(unused[INS+p])
      );
    end
  endgenerate

  // The iteration as defined by the rule. took, wrote: ports that were done in earlier cycles.
  reg [INS-1:0] took;
  reg [OUTS-1:0] wrote;
  wire [INS-1:0] in_over = ~reads | took | read;
  wire [OUTS-1:0] out_over = ~writes | wrote | issue;
  wire complete = active && in_over == '1;
  wire over = complete && computed && out_over == '1;

  // Ports whose turn it is: all ports before them are done.
  wire [INS-1:0] in_turn;
  wire [OUTS-1:0] out_turn;
  generate
    for (p = 0; p < INS; p = p + 1) begin : g_in_turn
      if (p == 0) assign in_turn[p] = 1'b1;
      else assign in_turn[p] = &in_over[p-1:0];
    end
    for (p = 0; p < OUTS; p = p + 1) begin : g_out_turn
      if (p == 0) assign out_turn[p] = 1'b1;
      else assign out_turn[p] = &out_over[p-1:0];
    end
  endgenerate

  wire [INS-1:0] reading = {INS{active}} & reads & ~took;
  wire [OUTS-1:0] writing = {OUTS{complete && computed}} & writes & ~wrote;

  reg begun, was_over, again;
  reg [INS-1:0] last_reads;
  reg [OUTS-1:0] last_writes;

  always_ff @(posedge clk) begin
    took  <= rst || over ? '0 : took | read;
    wrote <= rst || over ? '0 : wrote | issue;
    begun <= !rst && active && !over;
    was_over <= !rst && over;
    again <= !$initstate && (again || (rst && took != 0));
    last_reads <= reads;
    last_writes <= writes;
  end

  always @* begin
    if ($initstate) assume (rst);
    if (!rst) begin
      assume (in_keeps == '1);
      assume (out_keeps == '1);
      // The process does not change its iteration until it is done.
      if (begun) assume (active && reads == last_reads && writes == last_writes);
      if (ALL != 0) assume (active && reads == '1 && writes == '1);
    end
  end

  always @* begin
    if (!rst) begin
      read_unasked: assert ((read & ~({INS{active}} & reads)) == 0);
      read_twice: assert ((read & took) == 0);
      read_empty: assert ((read & ~valid) == 0);
      read_order: assert ((read & ~in_turn) == 0);
      read_late: assert ((reading & valid & in_turn & ~read) == 0);
      got_all: assert (got == complete);

      write_unasked: assert ((issue & ~({OUTS{complete && computed}} & writes)) == 0);
      write_twice: assert ((issue & wrote) == 0);
      write_full: assert ((issue & ~room) == 0);
      write_order: assert ((issue & ~out_turn) == 0);
      write_late: assert ((writing & room & out_turn & ~issue) == 0);

      done_early: assert (!done || over);
      done_late: assert (done || !over);
      pop_at_done: assert (pop == (reads & {INS{over}}));
      waits_for_token: assert (waits[0] == (active && !complete));
      waits_for_room: assert (waits[1] == (complete && computed && !over));
      keeps_rules: assert (reader == '1 && writer == '1);
    end
  end

  always @* begin
    if (!rst) begin
      one_cycle: cover (was_over && over && read == '1 && issue == '1);
      apart: cover (took == 1 && read == 0 && !waits[1]);
      read_before_room: cover (took == '1 && waits[1]);
      room_came: cover (took == '1 && over);
      after_reset: cover (again && was_over && over);
      if (ALL == 0) begin
        first_left_out: cover (!reads[0] && took[1] && over);
        no_write: cover (writes == 0 && over && reads != 0);
        no_read: cover (reads == 0 && over && writes != 0);
        idle: cover (!active && valid == '1 && room == '1 && !begun);
        computing: cover (took == '1 && !computed && room == '1);
        written_in_parts: cover (wrote == 1 && issue != 0);
      end
    end
  end

endmodule
