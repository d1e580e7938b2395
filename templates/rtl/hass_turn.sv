// hass_turn: one of TURNS words, chosen by a counter of its own and registered. A copy of the counter for every choice keeps
// its fanout independent of the number of choices.
module hass_turn #(
    parameter integer TURNS = 2,
    parameter integer TURN_BITS = 1,
    parameter integer WIDTH = 8
) (
    input  wire                   clk,
    input  wire [  TURN_BITS-1:0] next,  // the turn of the next cycle
    input  wire [TURNS*WIDTH-1:0] in,
    output reg  [      WIDTH-1:0] out
);

  wire [TURN_BITS-1:0] turn;
  hass_copy #(
      .WIDTH(TURN_BITS)
  ) copy (
      .clk,
      .in (next),
      .out(turn)
  );

  wire [WIDTH-1:0] chosen;
  genvar k, t;
  generate
    for (k = 0; k < WIDTH; k = k + 1) begin : g_bit
      wire [(1<<TURN_BITS)-1:0] choices;
      for (t = 0; t < 1 << TURN_BITS; t = t + 1) begin : g_turn
        // Turns that do not occur repeat the last one, which saves a choice.
        assign choices[t] = in[(t<TURNS?t : TURNS-1)*WIDTH+k];
      end
      assign chosen[k] = choices[turn];
    end
  endgenerate
  always_ff @(posedge clk) out <= chosen;

endmodule
