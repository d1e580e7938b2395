// hass_resize: resamples rows and columns. It reads whole rows into a buffer of two rows until it has the rows that an
// output row needs, then writes the output row. An output value is the weighted sum of two values in each of two rows,
//
//   requant(sum of row weight * column weight * value, SHIFT)
//
// Sample i of an axis weights one position by 2^SCALE - WEIGHT[i] and the next by WEIGHT[i]. An axis without weights uses
// one position only. If DROP > 0, the sum is first rounded to a multiple of 2^DROP, half up. The weights are not exact; this
// rounding restores ties that their error has moved.
//
// Cycles from issue to push: 12. Four are table, address, memory and its register; then three for each axis and two to
// requantise.
module hass_resize #(
    parameter integer BITS = 8,  // of an input value
    parameter integer SIGNED = 1,
    parameter integer OUT_BITS = 8,
    parameter integer CH = 1,  // channels per beat
    parameter integer CHANNEL_BEATS = 1,
    parameter integer IN_W = 1,
    parameter integer OUT_H = 1,
    parameter integer OUT_W = 1,
    parameter integer DROP = 0,  // low bits of a sum that are rounded off, half up, before SHIFT
    parameter integer SHIFT = 0,
    parameter integer ROUNDING = 0,  // 0: half up, 1: half to even
    parameter integer LO = 0,
    parameter integer HI = 0,
    parameter integer STYLE = 0,  // of the buffer: 0 LUT RAM, 1 block RAM
    // Rows. READS: how many rows are read before each output row. Before the first output row of a later image, the REST
    // rows that the image before does not use are read too. ROW_OLDER: the first position is the row before the last one read.
    parameter integer READS_BITS = 1,
    parameter [OUT_H*READS_BITS-1:0] READS = '0,
    parameter integer REST = 0,
    parameter [OUT_H-1:0] ROW_OLDER = '0,
    parameter integer ROW_SCALE = 0,  // 0: no weights
    localparam integer ROW_BITS = ROW_SCALE < 1 ? 1 : ROW_SCALE,
    parameter [OUT_H*ROW_BITS-1:0] ROW_WEIGHT = '0,
    // Columns. COLUMN_FROM: the first position.
    parameter integer FROM_BITS = 1,
    parameter [OUT_W*FROM_BITS-1:0] COLUMN_FROM = '0,
    parameter integer COLUMN_SCALE = 0,
    localparam integer COLUMN_BITS = COLUMN_SCALE < 1 ? 1 : COLUMN_SCALE,
    parameter [OUT_W*COLUMN_BITS-1:0] COLUMN_WEIGHT = '0
) (
    input  wire                   clk,
    input  wire                   rst,
    input  wire                   valid,
    input  wire [    CH*BITS-1:0] in,
    output wire                   read,
    output wire                   pop,
    input  wire                   room,
    output wire                   issue,
    output wire                   push,
    output wire [CH*OUT_BITS-1:0] out,
    output wire [            1:0] waits
);

  localparam integer P = 12;

  // The buffer. If two rows (columns) are needed at once, even and odd rows (columns) are in different banks. A bank holds
  // one channel group after the other, so that addresses need no multiplication.
  localparam integer ROWS = ROW_SCALE > 0 ? 2 : 1;
  localparam integer COLUMNS = COLUMN_SCALE > 0 ? 2 : 1;
  localparam integer LENGTH = (IN_W + COLUMNS - 1) / COLUMNS;  // columns of a row in a bank
  localparam integer DEPTH = LENGTH * CHANNEL_BEATS;
  localparam integer ADDRESS = DEPTH < 2 ? 1 : $clog2(DEPTH);

  localparam integer X_MAX = IN_W > OUT_W ? IN_W : OUT_W;
  localparam integer X_BITS = X_MAX < 2 ? 1 : $clog2(X_MAX);
  localparam integer Y_BITS = OUT_H < 2 ? 1 : $clog2(OUT_H);
  localparam integer OUT_X_BITS = OUT_W < 2 ? 1 : $clog2(OUT_W);
  localparam integer CHANNEL_BITS = CHANNEL_BEATS < 2 ? 1 : $clog2(CHANNEL_BEATS);
  localparam integer AGAIN = REST + 32'(READS[READS_BITS-1:0]);  // rows to read between two images
  localparam integer LEFT_BITS = READS_BITS > $clog2(AGAIN + 1) ? READS_BITS : $clog2(AGAIN + 1);

  reg [LEFT_BITS-1:0] left;  // rows still to read before output row y
  reg [Y_BITS-1:0] y;
  reg [X_BITS-1:0] x;  // within the row that is read or written
  reg [CHANNEL_BITS-1:0] channel;
  reg [ADDRESS-1:0] base;  // address of the channel group in a bank
  reg row_bank;  // of the row that is read next

  wire reads = left != '0;
  wire done, got;
  hass_iterate #(
      .INS (1),
      .OUTS(1)
  ) iteration (
      .clk,
      .rst,
      .active(1'b1),
      .reads,
      .valid,
      .read,
      .pop,
      .got,
      .computed(1'b1),
      .writes(!reads),
      .room,
      .issue,
      .done,
      .waits
  );

  wire last_channel = channel == CHANNEL_BITS'(CHANNEL_BEATS - 1);
  wire last_x = x == (reads ? X_BITS'(IN_W - 1) : X_BITS'(OUT_W - 1));
  wire last_y = y == Y_BITS'(OUT_H - 1);
  wire [READS_BITS-1:0] next_reads;
  hass_table #(
      .ENTRIES(OUT_H),
      .BITS(READS_BITS),
      .TABLE(READS >> READS_BITS)  // shifted: entry y belongs to row y + 1
  ) row_reads (
      .at(y),
      .value(next_reads)
  );

  always_ff @(posedge clk) begin
    if (rst) begin
      left <= LEFT_BITS'(READS[READS_BITS-1:0]);
      y <= '0;
      x <= '0;
      channel <= '0;
      base <= '0;
      row_bank <= 1'b0;
    end else if (done) begin
      channel <= last_channel ? '0 : channel + 1'b1;
      base <= last_channel ? '0 : base + ADDRESS'(LENGTH);
      if (last_channel) begin
        x <= last_x ? '0 : x + 1'b1;
        if (last_x && reads) begin
          left <= left - 1'b1;
          row_bank <= !row_bank;
        end
        if (last_x && !reads) begin
          left <= last_y ? LEFT_BITS'(AGAIN) : LEFT_BITS'(next_reads);
          y <= last_y ? '0 : y + 1'b1;
        end
      end
    end
  end

  hass_delay #(
      .WIDTH (1),
      .CYCLES(P),
      .RESET (1)
  ) token (
      .clk,
      .rst,
      .in (issue),
      .out(push)
  );

  // The buffer is written a cycle later.
  reg taken, to_row, to_column;
  wire [X_BITS-1:0] place = COLUMNS == 2 ? x >> 1 : x;
  wire unused = &{1'b0, got, place};
  reg [ADDRESS-1:0] to;
  reg [CH*BITS-1:0] data;
  always_ff @(posedge clk) begin
    taken <= reads && done;
    to_row <= ROWS == 2 && row_bank;
    to_column <= COLUMNS == 2 && x[0];
    to <= base + ADDRESS'(place);
    data <= in;
  end

  // The first position, from the table; a cycle later the addresses in the banks of even (0) and odd (1) columns.
  wire [FROM_BITS-1:0] column_from;
  hass_table #(
      .ENTRIES(OUT_W),
      .BITS(FROM_BITS),
      .TABLE(COLUMN_FROM)
  ) columns (
      .at(x[OUT_X_BITS-1:0]),
      .value(column_from)
  );
  reg [FROM_BITS-1:0] from;
  reg [ADDRESS-1:0] from_base;
  reg [COLUMNS*ADDRESS-1:0] address;
  always_ff @(posedge clk) begin
    from <= column_from;
    from_base <= base;
  end
  generate
    if (COLUMNS == 2) begin : g_addresses
      wire [FROM_BITS:0] after = {1'b0, from} + 1'b1;
      wire [FROM_BITS-1:0] even = after[FROM_BITS:1];
      wire [FROM_BITS-1:0] odd = from >> 1;
      wire unused_from = &{1'b0, after[0], even, odd};
      always_ff @(posedge clk) address <= {from_base + ADDRESS'(odd), from_base + ADDRESS'(even)};
    end else begin : g_address
      always_ff @(posedge clk) address <= from_base + ADDRESS'(from);
    end
  endgenerate

  // The words are ready four cycles after the issue.
  wire [ROWS*COLUMNS*CH*BITS-1:0] read_words;
  reg [ROWS*COLUMNS*CH*BITS-1:0] words;
  always_ff @(posedge clk) words <= read_words;
  genvar r, k, c;
  generate
    for (r = 0; r < ROWS; r = r + 1) begin : g_row_bank
      for (k = 0; k < COLUMNS; k = k + 1) begin : g_bank
        hass_ram #(
            .WIDTH(CH * BITS),
            .DEPTH(DEPTH),
            .STYLE(STYLE)
        ) bank (
            .clk,
            .write(taken && to_row == (r == 1) && to_column == (k == 1)),
            .to,
            .data,
            .enable(1'b1),
            .from(address[k*ADDRESS+:ADDRESS]),
            .q(read_words[(r*COLUMNS+k)*CH*BITS+:CH*BITS])
        );
      end
    end
  endgenerate

  // The weights of bank 1: the column weight when the words are ready, the row weight three cycles later. If the first
  // position is in bank 1, the weights are swapped instead of the words.
  wire [COLUMN_BITS:0] right;
  wire [ROW_BITS:0] low;
  generate
    if (COLUMNS == 2) begin : g_column_weight
      wire [COLUMN_BITS-1:0] weight;
      hass_table #(
          .ENTRIES(OUT_W),
          .BITS(COLUMN_BITS),
          .TABLE(COLUMN_WEIGHT)
      ) weights (
          .at(x[OUT_X_BITS-1:0]),
          .value(weight)
      );
      reg [COLUMN_BITS-1:0] w1;
      reg [COLUMN_BITS:0] w2, w3, w4;
      always_ff @(posedge clk) begin
        w1 <= weight;
        w2 <= from[0] ? {1'b1, {COLUMN_BITS{1'b0}}} - {1'b0, w1} : {1'b0, w1};
        w3 <= w2;
        w4 <= w3;
      end
      assign right = w4;
    end else begin : g_column
      assign right = '0;
      wire unused_right = &{1'b0, right, COLUMN_WEIGHT};
    end
    if (ROWS == 2) begin : g_row_weight
      wire [ROW_BITS-1:0] weight;
      hass_table #(
          .ENTRIES(OUT_H),
          .BITS(ROW_BITS),
          .TABLE(ROW_WEIGHT)
      ) weights (
          .at(y),
          .value(weight)
      );
      reg odd;
      reg [ROW_BITS-1:0] w1;
      reg [ROW_BITS:0] w2;
      always_ff @(posedge clk) begin
        odd <= ROW_OLDER[y] == row_bank;  // the row before the last read is in bank row_bank
        w1 <= weight;
        w2 <= odd ? {1'b1, {ROW_BITS{1'b0}}} - {1'b0, w1} : {1'b0, w1};
      end
      hass_delay #(
          .WIDTH (ROW_BITS + 1),
          .CYCLES(5),
          .RESET (0)
      ) weight_wait (
          .clk,
          .rst,
          .in (w2),
          .out(low)
      );
    end else begin : g_row
      assign low = '0;
      wire unused_low = &{1'b0, low, ROW_OLDER, ROW_WEIGHT};
    end
  endgenerate

  // Interpolate along the rows, then between them.
  localparam integer VALUE = SIGNED != 0 ? BITS : BITS + 1;  // bits of a value as a signed number
  localparam integer ALONG = VALUE + COLUMN_SCALE;
  localparam integer SUM = ALONG + ROW_SCALE;
  localparam integer WIDE = SUM - DROP;  // bits of the value that is requantised
  generate
    for (c = 0; c < CH; c = c + 1) begin : g_channel
      wire [ROWS*ALONG-1:0] along;
      for (r = 0; r < ROWS; r = r + 1) begin : g_line
        wire [COLUMNS*VALUE-1:0] v;
        for (k = 0; k < COLUMNS; k = k + 1) begin : g_value
          wire [BITS-1:0] word = words[((r*COLUMNS+k)*CH+c)*BITS+:BITS];
          assign v[k*VALUE+:VALUE] = VALUE'({1'b0, word});
        end
        if (COLUMNS == 2) begin : g_two
          hass_lerp #(
              .BITS (VALUE),
              .SCALE(COLUMN_BITS),
              .DROP (ROWS == 1 ? DROP : 0)
          ) lerp (
              .clk,
              .a(v[0+:VALUE]),
              .b(v[VALUE+:VALUE]),
              .w(right),
              .y(along[r*ALONG+:ALONG])
          );
        end else begin : g_one
          hass_delay #(
              .WIDTH (VALUE),
              .CYCLES(3),
              .RESET (0)
          ) line (
              .clk,
              .rst,
              .in (v),
              .out(along[r*ALONG+:ALONG])
          );
        end
      end
      wire signed [SUM-1:0] sum;
      if (ROWS == 2) begin : g_two
        hass_lerp #(
            .BITS (ALONG),
            .SCALE(ROW_BITS),
            .DROP (DROP)
        ) lerp (
            .clk,
            .a(along[0+:ALONG]),
            .b(along[ALONG+:ALONG]),
            .w(low),
            .y(sum)
        );
      end else begin : g_one
        hass_delay #(
            .WIDTH (ALONG),
            .CYCLES(3),
            .RESET (0)
        ) line (
            .clk,
            .rst,
            .in (along),
            .out(sum)
        );
      end
      wire unused_sum = &{1'b0, sum};
      hass_requant #(
          .IN(WIDE),
          .OUT(OUT_BITS),
          .SHIFT(SHIFT),
          .STEPS(1),
          .ROUNDING(ROUNDING),
          .LO(LO),
          .HI(HI)
      ) requant (
          .clk,
          .x(sum[SUM-1-:WIDE]),
          .step(3'd0),
          .y(out[c*OUT_BITS+:OUT_BITS])
      );
    end
  endgenerate

endmodule
