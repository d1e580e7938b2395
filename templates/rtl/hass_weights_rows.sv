// hass_weights_rows: a slice of the bits of all rows of hass_weights, with its own address register. Rows may be wide, and a
// single address register would be far from most of their bits. Tools keep the module, so that they do not merge the address
// registers of several slices.
(* keep_hierarchy = "yes" *)
module hass_weights_rows #(
    parameter integer WIDTH = 16,
    parameter integer DEPTH = 1,
    parameter integer STYLE = 0,  // 0: LUT RAM, 1: block RAM, 2: ultra RAM
    parameter integer STAGES = 1,  // registers behind the address, 1 or 2: a row comes with the STAGES-th `enable`
    localparam integer ADDRESS = DEPTH < 2 ? 1 : $clog2(DEPTH)
) (
    input  wire               clk,
    input  wire               clear,   // begin at row 0
    input  wire               write,
    input  wire [ADDRESS-1:0] to,
    input  wire [  WIDTH-1:0] data,
    input  wire               enable,
    output wire [  WIDTH-1:0] row
);

  // at + 1 without a carry chain: a bit toggles if all bits below it are 1.
  function automatic [ADDRESS-1:0] next(input [ADDRESS-1:0] at);
    integer place;
    reg carry;
    begin
      carry = 1'b1;
      for (place = 0; place < ADDRESS; place = place + 1) begin
        next[place] = at[place] ^ carry;
        carry = carry & at[place];
      end
    end
  endfunction

  reg [ADDRESS-1:0] from;
  reg last;  // from is DEPTH - 1
  always_ff @(posedge clk) begin
    if (clear) begin
      from <= '0;
      last <= DEPTH == 1;
    end else if (enable) begin
      from <= last ? '0 : next(from);
      last <= DEPTH == 1 || (!last && from == ADDRESS'(DEPTH - 2));
    end
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
