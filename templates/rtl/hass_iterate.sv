// hass_iterate: the timing of one iteration of a process, the rule that all modules share. An
// iteration reads the ports in `reads`, in order, each as soon as it has a token. When it has
// read all and `computed` is set, it writes the ports in `writes`, in order, each as soon as it
// has room. Reads and writes may happen in the same cycle. The next iteration begins in the
// cycle after `done`.
//
// A token that was read stays at the FIFO's head until `pop`, so that a module needs no
// register of its own for it while it waits for room.
module hass_iterate #(
    parameter integer INS = 1,  // input ports
    parameter integer OUTS = 1  // output ports
) (
    input  wire            clk,
    input  wire            rst,
    input  wire            active,    // there is an iteration to run
    input  wire [ INS-1:0] reads,     // ports that the iteration reads
    input  wire [ INS-1:0] valid,     // ports that have a token
    output wire [ INS-1:0] read,      // ports that are read in this cycle: the token's place is free from the next cycle on
    output wire [ INS-1:0] pop,       // ports whose token is not needed any more
    output wire            got,       // all ports are read, in this cycle at the latest
    input  wire            computed,  // the result is ready, provided that `got` is set
    input  wire [OUTS-1:0] writes,    // ports that the iteration writes
    input  wire [OUTS-1:0] room,      // ports that have room
    output wire [OUTS-1:0] issue,     // ports that are written in this cycle
    output wire            done,      // the iteration ends with this cycle
    output wire [     1:0] waits      // in this cycle the iteration waits for a token (bit 0), for room (bit 1)
);

  // turn_in[port]: all ports before this one are done.
  function automatic [INS-1:0] turn_in(input [INS-1:0] past);
    integer port;
    begin
      turn_in[0] = 1'b1;
      for (port = 1; port < INS; port = port + 1) turn_in[port] = turn_in[port-1] & past[port-1];
    end
  endfunction

  function automatic [OUTS-1:0] turn_out(input [OUTS-1:0] past);
    integer port;
    begin
      turn_out[0] = 1'b1;
      for (port = 1; port < OUTS; port = port + 1) turn_out[port] = turn_out[port-1] & past[port-1];
    end
  endfunction

  reg [INS-1:0] was_read;
  reg [OUTS-1:0] was_written;

  wire [INS-1:0] past_in = was_read | ~reads | valid;
  assign read = {INS{active}} & turn_in(past_in) & reads & valid & ~was_read;
  assign got  = active & (&past_in);

  wire ready = got & computed;
  wire [OUTS-1:0] past_out = was_written | ~writes | room;
  assign issue = {OUTS{ready}} & turn_out(past_out) & writes & room & ~was_written;
  assign done  = ready & (&past_out);
  assign pop   = {INS{done}} & reads;
  assign waits = {ready && !done, active && !got};

  always_ff @(posedge clk) begin
    if (rst || done) begin
      was_read <= '0;
      was_written <= '0;
    end else begin
      was_read <= was_read | read;
      was_written <= was_written | issue;
    end
  end

endmodule
