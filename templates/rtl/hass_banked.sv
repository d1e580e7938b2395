// hass_banked: moves a position in banked storage by a constant STEP. Position i is in bank i mod
// BANKS at address floor(i / BANKS), which is counted in units of UNIT words and wraps at SIZE
// units (0: never). Comparisons with constants choose the addend, so the path has one adder.
module hass_banked #(
    parameter integer BANKS = 1,
    parameter integer SIZE = 0,
    parameter integer UNIT = 1,
    parameter integer STEP = 1,  // not negative; below BANKS * SIZE where it wraps
    parameter integer BANK_BITS = 1,
    parameter integer ADDRESS_BITS = 8
) (
    input  wire [   BANK_BITS-1:0] bank,
    input  wire [ADDRESS_BITS-1:0] address,
    output wire [   BANK_BITS-1:0] next_bank,
    output wire [ADDRESS_BITS-1:0] next_address
);

  localparam integer INSIDE = STEP % BANKS;
  localparam integer WHOLE = STEP / BANKS * UNIT;
  localparam integer END = SIZE * UNIT;

  // The next bank comes from tables, because there are few banks and a small adder would cost a carry chain. Bit i of bank_on(k)
  // is bit k of the bank that follows bank i.
  function automatic [(1<<BANK_BITS)-1:0] bank_on(input integer k);
    integer i;
    for (i = 0; i < (1 << BANK_BITS); i = i + 1) bank_on[i] = 1'(((i + INSIDE) % BANKS) >> k);
  endfunction
  function automatic [(1<<BANK_BITS)-1:0] banks_over(input integer step);
    integer i;
    for (i = 0; i < (1 << BANK_BITS); i = i + 1) banks_over[i] = i + step >= BANKS;
  endfunction
  localparam [(1<<BANK_BITS)-1:0] OVER = banks_over(INSIDE);
  wire over = INSIDE > 0 && OVER[bank];  // the step crosses to the next address
  genvar g;
  generate
    for (g = 0; g < BANK_BITS; g = g + 1) begin : g_bank
      localparam [(1<<BANK_BITS)-1:0] ON = bank_on(g);
      assign next_bank[g] = ON[bank];
    end
  endgenerate

  wire near_wraps, far_wraps;
  generate
    if (SIZE == 0) begin : g_endless
      assign near_wraps = 1'b0;
      assign far_wraps  = 1'b0;
    end else begin : g_wraps
      assign near_wraps = {1'b0, address} >= (ADDRESS_BITS + 1)'(END - WHOLE);
      if (END - WHOLE == UNIT) begin : g_always
        assign far_wraps = 1'b1;
      end else begin : g_from
        assign far_wraps = {1'b0, address} >= (ADDRESS_BITS + 1)'(END - WHOLE - UNIT);
      end
    end
  endgenerate
  wire [ADDRESS_BITS-1:0] near_step = near_wraps ? ADDRESS_BITS'(WHOLE - END) : ADDRESS_BITS'(WHOLE);
  wire [ADDRESS_BITS-1:0] far_step = far_wraps ? ADDRESS_BITS'(WHOLE + UNIT - END) : ADDRESS_BITS'(WHOLE + UNIT);
  assign next_address = address + (over ? far_step : near_step);

endmodule
