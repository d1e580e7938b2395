// hass_tokens: counts the tokens that have come and have not been taken, for control that decides before it needs the token
// itself. As in a FIFO, a token pushed in cycle t can be taken in cycle t + 2.
module hass_tokens #(
    parameter integer DEPTH = 2  // of the FIFO that holds the tokens
) (
    input  wire clk,
    input  wire rst,
    input  wire push,
    output wire valid,
    input  wire take
);

  localparam integer COUNT = $clog2(DEPTH + 1);
  reg come;
  reg [COUNT-1:0] here;
  reg some;  // here is not 0
  // A single operand, so that only one adder follows `take`, which comes late in the cycle.
  wire [COUNT-1:0] change = come == take ? '0 : come ? COUNT'(1) : '1;
  always_ff @(posedge clk) begin
    come <= !rst && push;
    if (rst) begin
      here <= '0;
      some <= 1'b0;
    end else begin
      here <= here + change;
      some <= come || (take ? here != COUNT'(1) : some);
    end
  end

`ifdef HASS_STALL
  wire late;
  hass_stall stall (
      .clk,
      .rst,
      .here (some),
      .taken(take),
      .late
  );
  assign valid = some && !late;
`else
  assign valid = some;
`endif

endmodule
