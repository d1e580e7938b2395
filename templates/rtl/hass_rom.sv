// hass_rom: a table of constants whose word comes two cycles after its address. It is a block RAM, which two readers can
// share, if each block of 18 Kbit replaces more than 100 LUTs; the optimizer rates a block at 100 LUTs.
module hass_rom #(
    parameter integer READERS = 1,  // 1 or 2
    parameter integer WIDTH = 8,
    parameter integer DEPTH = 2,  // words
    parameter [DEPTH*WIDTH-1:0] TABLE = '0,  // first word lowest
    parameter integer ADDRESS = DEPTH < 2 ? 1 : $clog2(DEPTH)
) (
    input  wire                       clk,
    input  wire [READERS*ADDRESS-1:0] from,
    output reg  [  READERS*WIDTH-1:0] q  // behind the memory's output register
);

  localparam integer LUTS = READERS * WIDTH * ((DEPTH + 63) / 64);
  localparam integer BLOCKS = ((WIDTH + 17) / 18) * ((DEPTH + 1023) / 1024);

  reg [READERS*WIDTH-1:0] read;
  always_ff @(posedge clk) q <= read;

  genvar r;
  generate
    if (LUTS > 100 * BLOCKS) begin : g_block
      (* rom_style = "block" *)
      reg [WIDTH-1:0] words[0:DEPTH-1];
      integer i;
      initial for (i = 0; i < DEPTH; i = i + 1) words[i] = TABLE[i*WIDTH+:WIDTH];
      for (r = 0; r < READERS; r = r + 1) begin : g_reader
        always_ff @(posedge clk) read[r*WIDTH+:WIDTH] <= words[from[r*ADDRESS+:ADDRESS]];
      end
    end else begin : g_lut
      for (r = 0; r < READERS; r = r + 1) begin : g_reader
        wire [WIDTH-1:0] word;
        hass_table #(
            .ENTRIES(DEPTH),
            .BITS(WIDTH),
            .TABLE(TABLE)
        ) words (
            .at(from[r*ADDRESS+:ADDRESS]),
            .value(word)
        );
        always_ff @(posedge clk) read[r*WIDTH+:WIDTH] <= word;
      end
    end
  endgenerate

endmodule
