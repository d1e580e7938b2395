// hass_banked: moves a position in banked storage by a constant STEP. Position i is in bank i mod
// BANKS at address floor(i / BANKS), which is counted in units of UNIT words and wraps at SIZE of
// them (0: never).
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
  localparam integer WIDE = ADDRESS_BITS + 2;
  localparam integer WHOLE = STEP / BANKS * UNIT;
  localparam integer END = SIZE * UNIT;

  wire [BANK_BITS:0] raw = {1'b0, bank} + (BANK_BITS + 1)'(INSIDE);
  wire over = raw >= (BANK_BITS + 1)'(BANKS);
  wire [BANK_BITS:0] rest = over ? raw - (BANK_BITS + 1)'(BANKS) : raw;
  assign next_bank = rest[BANK_BITS-1:0];

  wire [WIDE-1:0] moved = WIDE'(address) + (over ? WIDE'(WHOLE + UNIT) : WIDE'(WHOLE));
  wire [WIDE-1:0] wrapped = SIZE > 0 && moved >= WIDE'(END) ? moved - WIDE'(END) : moved;
  assign next_address = wrapped[ADDRESS_BITS-1:0];
  wire unused = &{1'b0, rest[BANK_BITS], wrapped[WIDE-1:ADDRESS_BITS]};

endmodule
