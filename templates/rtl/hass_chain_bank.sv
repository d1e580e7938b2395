// hass_chain_bank: a bank of hass_chain, one write port and one read port. A word comes two cycles after its address. The output of
// block RAM is slow, so a second register stands behind it. LUT RAM has a register before its address instead, because the address
// comes from a shift register and drives many cells. Tools keep the module: otherwise the registers would become part of a DSP slice
// or of the shift register.
(* keep_hierarchy = "yes" *)
module hass_chain_bank #(
    parameter integer WIDTH = 8,
    parameter integer DEPTH = 2,  // words
    parameter integer STYLE = 0,  // 0: LUT RAM, 1: block RAM
    localparam integer ADDRESS = DEPTH < 2 ? 1 : $clog2(DEPTH)
) (
    input  wire               clk,
    input  wire               write,
    input  wire [ADDRESS-1:0] to,
    input  wire [  WIDTH-1:0] data,
    input  wire [ADDRESS-1:0] from,
    output wire [  WIDTH-1:0] q
);

  wire [ADDRESS-1:0] address;
  wire [  WIDTH-1:0] word;
  hass_ram #(
      .WIDTH(WIDTH),
      .DEPTH(DEPTH),
      .STYLE(STYLE)
  ) words (
      .clk,
      .write,
      .to,
      .data,
      .enable(1'b1),
      .from(address),
      .q(word)
  );

  generate
    if (STYLE == 0) begin : g_lut
      reg [ADDRESS-1:0] near;
      always_ff @(posedge clk) near <= from;
      assign address = near;
      assign q = word;
    end else begin : g_block
      reg [WIDTH-1:0] second;
      always_ff @(posedge clk) second <= word;
      assign address = from;
      assign q = second;
    end
  endgenerate

endmodule
