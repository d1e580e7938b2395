// hass_fork: copies each token to every output, in port order.
module hass_fork #(
    parameter integer WIDTH = 8,
    parameter integer OUTS  = 2
) (
    input  wire             clk,
    input  wire             rst,
    input  wire             valid,
    input  wire [WIDTH-1:0] in,
    output wire             read,
    output wire             pop,
    input  wire [ OUTS-1:0] room,
    output wire [ OUTS-1:0] issue,
    output wire [ OUTS-1:0] push,
    output wire [WIDTH-1:0] out,    // to every output
    output wire [      1:0] waits
);

  wire got, done;
  wire unused = &{1'b0, got, done};
  hass_iterate #(
      .INS (1),
      .OUTS(OUTS)
  ) iteration (
      .clk,
      .rst,
      .active(1'b1),
      .reads(1'b1),
      .valid,
      .read,
      .pop,
      .got,
      .computed(1'b1),
      .writes({OUTS{1'b1}}),
      .room,
      .issue,
      .done,
      .waits
  );

  assign push = issue;
  assign out  = in;

endmodule
