// hass_table: a combinational table of constants: each bit of `value` is a function of the bits of `at`.
module hass_table #(
    parameter integer ENTRIES = 2,
    parameter integer BITS = 1,  // of an entry
    parameter [ENTRIES*BITS-1:0] TABLE = '0,  // first entry lowest
    localparam integer ADDRESS = ENTRIES < 2 ? 1 : $clog2(ENTRIES)
) (
    input  wire [ADDRESS-1:0] at,
    output wire [   BITS-1:0] value
);

  // Bit bit_at of all entries. Tables of single bits need no index multiplied by BITS.
  function automatic [(1<<ADDRESS)-1:0] column(input integer bit_at);
    integer i;
    begin
      column = '0;
      for (i = 0; i < ENTRIES; i = i + 1) column[i] = TABLE[i*BITS+bit_at];
    end
  endfunction

  genvar b;
  generate
    for (b = 0; b < BITS; b = b + 1) begin : g_bit
      localparam [(1<<ADDRESS)-1:0] COLUMN = column(b);
      assign value[b] = COLUMN[at];
    end
  endgenerate

endmodule
