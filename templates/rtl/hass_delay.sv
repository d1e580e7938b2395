// hass_delay: a word CYCLES cycles later. Without reset it may become a shift register in LUTs. A
// reset clears all stages, which bits that mark a token need.
module hass_delay #(
    parameter integer WIDTH = 1,
    parameter integer CYCLES = 1,  // 0: a wire
    parameter integer RESET = 0
) (
    input  wire             clk,
    input  wire             rst,
    input  wire [WIDTH-1:0] in,
    output wire [WIDTH-1:0] out
);

  generate
    if (CYCLES == 0) begin : g_wire
      wire unused = &{1'b0, clk, rst};
      assign out = in;
    end else begin : g_line
      reg [CYCLES*WIDTH-1:0] words;  // newest lowest
      if (RESET != 0) begin : g_reset
        always_ff @(posedge clk) words <= rst ? '0 : (CYCLES * WIDTH)'({words, in});
      end else begin : g_free
        wire unused = &{1'b0, rst};
        always_ff @(posedge clk) words <= (CYCLES * WIDTH)'({words, in});
      end
      assign out = words[(CYCLES-1)*WIDTH+:WIDTH];
    end
  endgenerate

endmodule
