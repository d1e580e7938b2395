// hass_zeroinsert: inserts zeros between the pixels of a tensor. It walks the positions of the output and
// reads a pixel if row and column are chosen.
module hass_zeroinsert #(
    parameter integer WIDTH = 8,  // bits of a beat
    parameter integer ROWS = 1,  // rows of the output
    parameter integer ROW_STEP = 1,
    parameter integer ROW_COUNT = 1,  // rows of the input
    parameter integer COLUMNS = 1,
    parameter integer COLUMN_STEP = 1,
    parameter integer COLUMN_COUNT = 1,
    parameter integer CHANNEL_BEATS = 1  // of a pixel
) (
    input  wire             clk,
    input  wire             rst,
    input  wire             valid,
    input  wire [WIDTH-1:0] in,
    output wire             read,
    output wire             pop,
    input  wire             room,
    output wire             issue,
    output wire             push,
    output wire [WIDTH-1:0] out,
    output wire [      1:0] waits
);

  wire done, got;
  wire row_chosen, column_chosen, channel_chosen;
  wire row_last, column_last, channel_last;
  wire pixel = row_chosen && column_chosen;  // a pixel of the input
  wire unused = &{1'b0, got, row_last, channel_chosen};

  hass_iterate #(
      .INS (1),
      .OUTS(1)
  ) iteration (
      .clk,
      .rst,
      .active(1'b1),
      .reads(pixel),
      .valid,
      .read,
      .pop,
      .got,
      .computed(1'b1),
      .writes(1'b1),
      .room,
      .issue,
      .done,
      .waits
  );
  assign push = issue;
  assign out  = pixel ? in : '0;

  hass_strided #(
      .SIZE (CHANNEL_BEATS),
      .COUNT(CHANNEL_BEATS)
  ) channel (
      .clk,
      .rst,
      .step(done),
      .chosen(channel_chosen),
      .last(channel_last)
  );
  hass_strided #(
      .SIZE (COLUMNS),
      .STEP (COLUMN_STEP),
      .COUNT(COLUMN_COUNT)
  ) column (
      .clk,
      .rst,
      .step(done && channel_last),
      .chosen(column_chosen),
      .last(column_last)
  );
  hass_strided #(
      .SIZE (ROWS),
      .STEP (ROW_STEP),
      .COUNT(ROW_COUNT)
  ) row (
      .clk,
      .rst,
      .step(done && channel_last && column_last),
      .chosen(row_chosen),
      .last(row_last)
  );

endmodule
