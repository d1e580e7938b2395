// hass_window_in: the places in memory of the accepted beats of a line buffer. Beats fill the rows of the memory in stream
// order, column by column, and the rows are used in turn.
module hass_window_in #(
    parameter integer ROW_PIXELS = 1,
    parameter integer IN_PX = 1,
    parameter integer IN_PARTS = 1,  // beats per word
    parameter integer WORDS = 1,  // per pixel
    parameter integer ROWS = 1,
    parameter integer ROW_BANKS = 1,
    parameter integer COL_BANKS = 1,
    parameter integer ROW_ADDRS = 1,
    parameter integer COL_ADDRS = 1,
    parameter integer RB = 1,
    parameter integer CB = 1,
    parameter integer AB = 1,
    parameter integer IN_PART_BITS = 1,
    parameter integer WORD_BITS = 1
) (
    input  wire                    clk,
    input  wire                    rst,
    input  wire                    accepted,
    output wire [IN_PART_BITS-1:0] part,       // part of its word that the beat brings
    output wire                    store,      // the beat completes its words
    output wire [          RB-1:0] slot_bank,
    output wire [          AB-1:0] slot,
    output wire [          CB-1:0] col_bank,
    output wire [          AB-1:0] col,
    output wire [          AB-1:0] word
);

  reg [IN_PART_BITS-1:0] at_part;
  reg [WORD_BITS-1:0] at_word;
  reg [RB-1:0] at_slot_bank;
  reg [AB-1:0] at_slot;
  reg [CB-1:0] at_col_bank;
  reg [AB-1:0] at_col;

  wire [RB-1:0] slot_bank_on;
  wire [AB-1:0] slot_on;
  hass_banked #(
      .BANKS(ROW_BANKS),
      .SIZE(ROW_ADDRS),
      .UNIT(COL_ADDRS * WORDS),
      .STEP(1 % ROWS),
      .BANK_BITS(RB),
      .ADDRESS_BITS(AB)
  ) slot_step (
      .bank(at_slot_bank),
      .address(at_slot),
      .next_bank(slot_bank_on),
      .next_address(slot_on)
  );
  wire [CB-1:0] col_bank_on;
  wire [AB-1:0] col_on;
  hass_banked #(
      .BANKS(COL_BANKS),
      .UNIT(WORDS),
      .STEP(IN_PX),
      .BANK_BITS(CB),
      .ADDRESS_BITS(AB)
  ) col_step (
      .bank(at_col_bank),
      .address(at_col),
      .next_bank(col_bank_on),
      .next_address(col_on)
  );

  wire word_end = at_word == WORD_BITS'(WORDS - 1);
  wire row_end;
  hass_count #(
      .COUNT(ROW_PIXELS / IN_PX)
  ) row_pixels (
      .clk,
      .rst,
      .step(store && word_end),
      .last(row_end)
  );
  assign part = at_part;
  assign store = accepted && at_part == IN_PART_BITS'(IN_PARTS - 1);
  assign slot_bank = at_slot_bank;
  assign slot = at_slot;
  assign col_bank = at_col_bank;
  assign col = at_col;
  assign word = AB'(at_word);

  always_ff @(posedge clk) begin
    if (rst) begin
      at_part <= '0;
      at_word <= '0;
      at_slot_bank <= '0;
      at_slot <= '0;
      at_col_bank <= '0;
      at_col <= '0;
    end else begin
      if (accepted) at_part <= store ? '0 : at_part + 1'b1;
      if (store) at_word <= word_end ? '0 : at_word + 1'b1;
      if (store && word_end) begin
        at_col_bank <= row_end ? '0 : col_bank_on;
        at_col <= row_end ? '0 : col_on;
        if (row_end) begin
          at_slot_bank <= slot_bank_on;
          at_slot <= slot_on;
        end
      end
    end
  end

endmodule
