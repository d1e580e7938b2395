// hass_weights_rows: some bits of all rows of hass_weights, with an address of their own: rows may be wide, and what drives all their bits
// would be far from most. Tools keep the module, so that the addresses of several stay apart.
(* keep_hierarchy = "yes" *)
module hass_weights_rows #(
    parameter integer WIDTH = 16,
    parameter integer DEPTH = 1,
    parameter integer STYLE = 0,  // 0: LUT RAM, 1: block RAM, 2: ultra RAM
    parameter integer STAGES = 1,  // registers behind an address, at most 2: a row comes with the STAGES-th `enable`
    localparam integer ADDRESS = DEPTH < 2 ? 1 : $clog2(DEPTH)
) (
    input  wire               clk,
    input  wire               clear,   // begins at row 0
    input  wire               write,
    input  wire [ADDRESS-1:0] to,
    input  wire [  WIDTH-1:0] data,
    input  wire               enable,
    output wire [  WIDTH-1:0] row
);

  reg [ADDRESS-1:0] from;
  always_ff @(posedge clk) begin
    if (clear) from <= '0;
    else if (enable) from <= from == ADDRESS'(DEPTH - 1) ? '0 : from + 1'b1;
  end

  wire [WIDTH-1:0] q;
  hass_ram #(
      .WIDTH(WIDTH),
      .DEPTH(DEPTH),
      .STYLE(STYLE)
  ) rows (
      .clk,
      .write,
      .to,
      .data,
      .enable,
      .from,
      .q
  );

  generate
    if (STAGES == 1) begin : g_direct
      assign row = q;
    end else begin : g_ahead
      reg [WIDTH-1:0] second;
      always_ff @(posedge clk) if (enable) second <= q;
      assign row = second;
    end
  endgenerate

endmodule
