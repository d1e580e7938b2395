// hass_count: counts steps modulo COUNT. `last` is a register: the next step is the last of a round.
module hass_count #(
    parameter integer COUNT = 2
) (
    input  wire clk,
    input  wire rst,
    input  wire step,
    output wire last
);

  generate
    if (COUNT < 2) begin : g_always
      wire unused = &{1'b0, clk, rst, step};
      assign last = 1'b1;
    end else begin : g_count
      localparam integer WIDTH = $clog2(COUNT);
      reg [WIDTH-1:0] at;
      reg at_last;
      always_ff @(posedge clk) begin
        if (rst) begin
          at <= '0;
          at_last <= 1'b0;
        end else if (step) begin
          at <= at_last ? '0 : at + 1'b1;
          at_last <= at == WIDTH'(COUNT - 2);
        end
      end
      assign last = at_last;
    end
  endgenerate

endmodule
