// hass_strided: walks the SIZE positions of an axis. The COUNT positions START, START + STEP, ... are
// chosen.
module hass_strided #(
    parameter integer SIZE  = 1,
    parameter integer START = 0,
    parameter integer STEP  = 1,
    parameter integer COUNT = 1
) (
    input  wire clk,
    input  wire rst,
    input  wire step,    // go on to the next position
    output wire chosen,  // this position is chosen
    output wire last     // this position is the last of the axis
);

  localparam integer AT = SIZE < 2 ? 1 : $clog2(SIZE);
  reg [AT-1:0] at;
  assign last = at == AT'(SIZE - 1);
  always_ff @(posedge clk) begin
    if (rst) at <= '0;
    else if (step) at <= last ? '0 : at + 1'b1;
  end

  generate
    if (COUNT == SIZE) begin : g_all
      assign chosen = 1'b1;
    end else begin : g_some
      localparam integer MOST = START > STEP - 1 ? START : STEP - 1;
      localparam integer WAIT = MOST < 1 ? 1 : $clog2(MOST + 1);
      localparam integer LEFT = $clog2(COUNT + 1);
      reg [WAIT-1:0] pause;  // positions until the next position of the grid
      reg [LEFT-1:0] left;  // positions still to be chosen
      wire on = pause == '0;
      assign chosen = on && left != '0;
      always_ff @(posedge clk) begin
        if (rst || (step && last)) begin
          pause <= WAIT'(START);
          left  <= LEFT'(COUNT);
        end else if (step) begin
          pause <= on ? WAIT'(STEP - 1) : pause - 1'b1;
          left  <= left - LEFT'(chosen);
        end
      end
    end
  endgenerate

endmodule
