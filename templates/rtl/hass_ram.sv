// hass_ram: a memory with one write port and one read port. The word comes a cycle after its address.
module hass_ram #(
    parameter integer WIDTH = 8,
    parameter integer DEPTH = 2,  // words
    parameter integer STYLE = 0,  // 0: LUT RAM, 1: block RAM, 2: ultra RAM
    parameter integer ADDRESS = DEPTH < 2 ? 1 : $clog2(DEPTH)
) (
    input  wire               clk,
    input  wire               write,
    input  wire [ADDRESS-1:0] to,
    input  wire [  WIDTH-1:0] data,
    input  wire               enable,  // q gets the word at `from`
    input  wire [ADDRESS-1:0] from,
    output reg  [  WIDTH-1:0] q
);

  generate
    if (STYLE == 2) begin : g_ultra
      (* ram_style = "ultra" *)
      reg [WIDTH-1:0] memory[0:DEPTH-1];
      always_ff @(posedge clk) begin
        if (write) memory[to] <= data;
        if (enable) q <= memory[from];
      end
    end else if (STYLE == 1) begin : g_block
      (* ram_style = "block" *)
      reg [WIDTH-1:0] memory[0:DEPTH-1];
      always_ff @(posedge clk) begin
        if (write) memory[to] <= data;
        if (enable) q <= memory[from];
      end
    end else if (DEPTH > 1) begin : g_lut
      (* ram_style = "distributed" *)
      reg [WIDTH-1:0] memory[0:DEPTH-1];
      always_ff @(posedge clk) begin
        if (write) memory[to] <= data;
        if (enable) q <= memory[from];
      end
    end else begin : g_word
      reg [WIDTH-1:0] memory;
      wire unused = &{1'b0, to, from};
      always_ff @(posedge clk) begin
        if (write) memory <= data;
        if (enable) q <= memory;
      end
    end
  endgenerate

endmodule
