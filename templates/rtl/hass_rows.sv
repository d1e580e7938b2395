// hass_rows: the memory of a line buffer whose beats are whole rows of one channel. A word holds all pixels of a row and
// channel. A window beat is the row under one tap. Every output pixel is selected among its KW columns of the row with fixed
// wiring, while hass_lines would rotate one bank for each pixel of a row. Reads and writes have the latencies of hass_lines.
module hass_rows #(
    parameter integer BITS = 8,  // of a value
    parameter integer SIGNED = 0,
    parameter integer H = 1,
    parameter integer W = 1,
    parameter integer OW = 1,
    parameter integer KW = 1,
    parameter integer SW = 1,
    parameter integer DW = 1,
    parameter integer PL = 0,
    parameter integer IN_PX = 1,
    parameter integer OUT_PX = 1,
    parameter integer DEPTH = 1,  // words: rows times channels
    parameter integer PADDED = 0,
    parameter integer TAU = 0,
    parameter integer PAD = 0,
    parameter integer BLOCK = 0,
    parameter integer AB = 1,
    parameter integer PB = 2
) (
    input  wire                   clk,
    input  wire [IN_PX*BITS-1:0]  in,
    input  wire                   store,
    input  wire [       AB-1:0]   in_slot,
    input  wire [       AB-1:0]   in_word,
    input  wire [       AB-1:0]   tap_row,
    input  wire [       AB-1:0]   word,
    input  wire signed [PB-1:0]   y,
    input  wire signed [PB-1:0]   tap_y,
    input  wire signed [PB-1:0]   tap_x,
    output wire [OUT_PX*BITS-1:0] out
);

  // Values after the threshold TAU are stored two cycles later.
  wire [IN_PX*BITS-1:0] kept;
  reg [IN_PX*BITS-1:0] kept_1, kept_2;
  reg store_1, store_2;
  reg [AB-1:0] to_1, to_2, from_1, from_2;
  always_ff @(posedge clk) begin
    kept_1 <= kept;
    kept_2 <= kept_1;
    store_1 <= store;
    store_2 <= store_1;
    to_1 <= in_slot + in_word;
    to_2 <= to_1;
    from_1 <= tap_row + word;
    from_2 <= from_1;
  end
  wire [IN_PX*BITS-1:0] line;
  hass_ram #(
      .WIDTH(IN_PX * BITS),
      .DEPTH(DEPTH),
      .STYLE(BLOCK)
  ) rows (
      .clk,
      .write(store_2),
      .to(to_2),
      .data(kept_2),
      .enable(1'b1),
      .from(from_2),
      .q(line)
  );
  reg [IN_PX*BITS-1:0] line_4;
  always_ff @(posedge clk) line_4 <= line;

  // The tap's column, and whether its row lies in the map.
  localparam integer TB = KW < 2 ? 1 : $clog2(KW);
  reg signed [PB-1:0] row_1;
  reg [TB-1:0] tap_1;
  always_ff @(posedge clk) row_1 <= y + tap_y;
  wire inside_1 = PADDED == 0 || (row_1 >= 0 && row_1 < PB'(H));
  wire inside_4;
  wire [TB-1:0] tap_4;
  hass_delay #(
      .WIDTH (TB + 1),
      .CYCLES(3),
      .RESET (0)
  ) beside (
      .clk,
      .rst(1'b0),
      .in ({inside_1, tap_1}),
      .out({inside_4, tap_4})
  );

  genvar p, t;
  generate
    for (p = 0; p < IN_PX; p = p + 1) begin : g_threshold
      wire [BITS-1:0] v = in[p*BITS+:BITS];
      if (TAU > 0) begin : g_tau
        wire signed [BITS:0] s = {SIGNED != 0 && v[BITS-1], v};
        assign kept[p*BITS+:BITS] = s < (BITS + 1)'(TAU) && s > (BITS + 1)'(-TAU) ? '0 : v;
      end else begin : g_all
        assign kept[p*BITS+:BITS] = v;
      end
    end
    // The number of the tap's column, from a table over its distance to the window's first column.
    for (t = 0; t < TB; t = t + 1) begin : g_number
      wire [KW-1:0] hits;
      for (p = 0; p < KW; p = p + 1) begin : g_tap
        assign hits[p] = ((p >> t) & 1) != 0 && tap_x == PB'(p * DW);
      end
      always_ff @(posedge clk) tap_1[t] <= |hits;
    end
    for (p = 0; p < OUT_PX; p = p + 1) begin : g_pixel
      wire [KW*BITS-1:0] under;
      for (t = 0; t < KW; t = t + 1) begin : g_tap
        localparam integer AT = p * SW + t * DW - PL;
        if (AT >= 0 && AT < W) begin : g_in
          assign under[t*BITS+:BITS] = line_4[AT*BITS+:BITS];
        end else begin : g_out
          assign under[t*BITS+:BITS] = BITS'(PAD);
        end
      end
      reg [BITS-1:0] lane;
      if (p < OW) begin : g_map
        always_ff @(posedge clk) lane <= inside_4 ? under[tap_4*BITS+:BITS] : BITS'(PAD);
      end else begin : g_tail
        wire unused = &{1'b0, under};
        always_ff @(posedge clk) lane <= '0;
      end
      assign out[p*BITS+:BITS] = lane;
    end
  endgenerate
  wire unused_line = &{1'b0, line_4};  // with wide strides, some columns are read by no window

endmodule
