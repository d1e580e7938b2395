// hass_chain: a chain of BANKS multipliers for every pixel, or for every two pixels. Bank b holds its words of the window, each
// with PX pixels of one tap and channel. It has two halves: rows read one while the other is filled. A row has a weight and an
// address for every bank, all of one filter. The products of a row are added along the chain (the cascade of DSP slices), and
// the chain's sum is added to the filter's accumulators. The row marked `last` ends the filter: its sums are in `sums` with
// `push`, BANKS + 8 cycles after the row.
//
// A row reaches bank b with a delay of b cycles, like the sum along the chain. In a cycle without a row the weights are 0, so
// it adds nothing.
//
// If FIELD is 0, each pixel has its own multiplier. Otherwise two pixels share one, (x1 * 2^FIELD + x0) * w: the lower FIELD bits
// of the chain's sum hold the products of x0, the bits above those of x1. The first bank adds 2^(FIELD-1), so that the lower
// field is never negative and never borrows from the upper one; inverting the field's top bit subtracts it again. The schedule of
// the rows must keep every row's sum for x0 within +-2^(FIELD-1).
module hass_chain #(
    parameter integer BANKS = 4,
    parameter integer PX = 2,
    parameter integer FIELD = 18,
    parameter integer X_BITS = 8,
    parameter integer X_SIGNED = 0,
    parameter integer W_BITS = 8,
    parameter integer WORDS = 16,  // of one window in a bank
    parameter integer ACC = 24,
    parameter integer STYLE = 0,  // of the banks: 0 LUT RAM, 1 block RAM
    localparam integer BB = BANKS < 2 ? 1 : $clog2(BANKS),
    localparam integer AB = WORDS < 2 ? 1 : $clog2(WORDS)
) (
    input  wire                    clk,
    input  wire                    rst,
    // a word of the window
    input  wire                    write,
    input  wire                    to_half,
    input  wire [          BB-1:0] to_bank,
    input  wire [          AB-1:0] to,
    input  wire [   PX*X_BITS-1:0] data,
    // a row
    input  wire                    row,
    input  wire                    half,
    input  wire                    last,
    input  wire [BANKS*W_BITS-1:0] w,
    input  wire [    BANKS*AB-1:0] from,
    output wire                    push,
    output wire [      PX*ACC-1:0] sums
);

  localparam integer PACK = FIELD > 0 ? 2 : 1;  // pixels per multiplier
  localparam integer UNITS = (PX + PACK - 1) / PACK;  // multipliers per bank
  localparam integer P = 48;  // bits of a DSP slice's sum

  reg write_1, to_half_1;
  reg [BB-1:0] to_bank_1;
  reg [AB-1:0] to_1;
  reg [PX*X_BITS-1:0] data_1;
  reg row_1, half_1;
  reg [BANKS*W_BITS-1:0] w_1;
  reg [BANKS*AB-1:0] from_1;
  always_ff @(posedge clk) begin
    write_1 <= write;
    to_half_1 <= to_half;
    to_bank_1 <= to_bank;
    to_1 <= to;
    data_1 <= data;
    row_1 <= row;
    half_1 <= half;
    w_1 <= w;
    from_1 <= from;
  end

  genvar b, u, k;
  generate
    for (b = 0; b < BANKS; b = b + 1) begin : g_bank
      wire work;
      wire [W_BITS-1:0] weight;
      hass_delay #(
          .WIDTH (W_BITS + 1),
          .CYCLES(b + 2)
      ) turn (
          .clk,
          .rst,
          .in ({row_1, w_1[b*W_BITS+:W_BITS]}),
          .out({work, weight})
      );
      wire [AB:0] address;  // the half above the word
      hass_delay #(
          .WIDTH (AB + 1),
          .CYCLES(b + 1)
      ) turn_address (
          .clk,
          .rst,
          .in ({half_1, from_1[b*AB+:AB]}),
          .out(address)
      );
      wire [PX*X_BITS-1:0] word;
      hass_chain_bank #(
          .WIDTH(PX * X_BITS),
          .DEPTH(2 ** (AB + 1)),
          .STYLE(STYLE)
      ) words (
          .clk,
          .write(write_1 && to_bank_1 == BB'(b)),
          .to({to_half_1, to_1}),
          .data(data_1),
          .from(address),
          .q(word)
      );
      reg signed [W_BITS-1:0] early;
      always_ff @(posedge clk) early <= work ? weight : '0;
      for (u = 0; u < UNITS; u = u + 1) begin : g_unit
        localparam integer HERE = u * PACK + PACK <= PX ? PACK : PX - u * PACK;  // pixels
        localparam integer A = (HERE - 1) * FIELD + X_BITS + 1;
        wire signed [A-1:0] x;
        wire [HERE*X_BITS-1:0] pixels = word[u*PACK*X_BITS+:HERE*X_BITS];
        if (HERE == 1 && X_SIGNED != 0) begin : g_signed
          assign x = A'($signed(pixels));
        end else if (HERE == 1) begin : g_unsigned
          assign x = {1'b0, pixels};
        end else if (X_SIGNED != 0) begin : g_signed_pair
          assign x = (A'($signed(pixels[X_BITS+:X_BITS])) <<< FIELD) + A'($signed(pixels[0+:X_BITS]));
        end else begin : g_unsigned_pair
          assign x = {1'b0, pixels[X_BITS+:X_BITS], {(FIELD - X_BITS) {1'b0}}, pixels[0+:X_BITS]};
        end
        // The registers of a DSP slice.
        reg signed [A-1:0] factor;
        reg signed [W_BITS-1:0] other;
        reg signed [A+W_BITS-1:0] product;
        reg signed [P-1:0] sum;
        always_ff @(posedge clk) begin
          factor <= x;
          other <= early;
          product <= factor * other;
        end
        if (b == 0) begin : g_first
          localparam signed [P-1:0] OFFSET = HERE == 2 ? P'(1) << (FIELD - 1) : '0;
          always_ff @(posedge clk) sum <= P'(product) + OFFSET;
        end else begin : g_next
          always_ff @(posedge clk) sum <= P'(product) + g_bank[b-1].g_unit[u].sum;
        end
      end
    end
  endgenerate

  // Two bits are delayed as the chain is: there is a row, and it is the last of its filter.
  localparam integer AGE = BANKS + 8;
  wire leaves, ends;  // a row reaches the accumulators in the next cycle
  hass_delay #(
      .WIDTH (2),
      .CYCLES(AGE - 1),
      .RESET (1)
  ) beside (
      .clk,
      .rst,
      .in ({row, row && last}),
      .out({leaves, ends})
  );
  reg done;
  assign push = done;
  // The accumulators are kept clear until the first row of a filter, because the chain holds undefined sums after a reset.
  reg  idle;
  wire clear = ends || (idle && !leaves);
  always_ff @(posedge clk) begin
    done <= !rst && ends;
    idle <= rst || clear;
  end

  generate
    for (u = 0; u < UNITS; u = u + 1) begin : g_end
      localparam integer HERE = u * PACK + PACK <= PX ? PACK : PX - u * PACK;
      wire [P-1:0] total = g_bank[BANKS-1].g_unit[u].sum;
      wire unused = &{1'b0, total};
      for (k = 0; k < HERE; k = k + 1) begin : g_value
        wire [ACC-1:0] field;
        if (HERE == 1) begin : g_whole
          assign field = ACC'($signed(total));
        end else if (k == 0) begin : g_lower
          assign field = ACC'($signed({~total[FIELD-1], total[FIELD-2:0]}));
        end else begin : g_upper
          assign field = ACC'($signed(total[P-1:FIELD]));
        end
        // `value` is a register on the long route from the DSP slices, which stand in columns of their own.
        reg [ACC-1:0] value, held, sum;
        wire [ACC-1:0] next = held + value;
        always_ff @(posedge clk) begin
          value <= field;
          sum  <= next;
          held <= clear ? '0 : next;
        end
        assign sums[(u*PACK+k)*ACC+:ACC] = sum;
      end
    end
  endgenerate

endmodule
