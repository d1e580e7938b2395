// stream_rules: the contract of writer, FIFO and reader of a stream, defined once. The check of the
// FIFO assumes the rules of writer and reader and asserts those of the FIFO. The checks of the
// processes do the opposite. So the proofs fit together.
//
// Counters have four bits: no run may be longer than 15 cycles.
module stream_rules #(
    parameter integer WIDTH = 1
) (
    input  wire             clk,
    input  wire             rst,
    input  wire             room,
    input  wire             issue,
    input  wire             push,
    input  wire             valid,
    input  wire [WIDTH-1:0] out,    // of the FIFO
    input  wire             read,
    input  wire             pop,
    output wire             writer,
    output wire             fifo,
    output wire             reader
);

  reg [3:0] issued, pushed, taken, popped;  // in the cycles before
  reg had_room, had_token;
  reg [WIDTH-1:0] token;

  always_ff @(posedge clk) begin
    issued <= rst ? '0 : issued + issue;
    pushed <= rst ? '0 : pushed + push;
    taken  <= rst ? '0 : taken + read;
    popped <= rst ? '0 : popped + pop;
    had_room <= !rst && room && !issue;
    had_token <= !rst && valid && !pop;
    token <= out;
  end

  // Issue only if there is room; push only tokens that are issued, in this cycle at the latest.
  assign writer = (!issue || room) && (!push || issued + issue != pushed);
  // Room stays until a token is issued; a token and its value stay until it is popped.
  assign fifo   = (!had_room || room) && (!had_token || (valid && out == token));
  // Read each token once; pop only tokens that are read, in this cycle at the latest.
  assign reader = (!read || (valid && taken == popped)) &&
      (!pop || (valid && taken + read != popped));

endmodule
