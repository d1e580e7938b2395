// hass_slice: slices a tensor with strides: it reads every beat and writes the beats that are chosen along
// all of rows, columns (pixel groups) and channels (beats of a pixel group).
module hass_slice #(
    parameter integer WIDTH = 8,  // bits of a beat
    parameter integer ROWS = 1,  // rows of the input
    parameter integer ROW_START = 0,
    parameter integer ROW_STEP = 1,
    parameter integer ROW_COUNT = 1,
    parameter integer COLUMNS = 1,  // pixel groups of a row
    parameter integer COLUMN_START = 0,
    parameter integer COLUMN_STEP = 1,
    parameter integer COLUMN_COUNT = 1,
    parameter integer CHANNELS = 1,  // beats of a pixel group
    parameter integer CHANNEL_START = 0,
    parameter integer CHANNEL_COUNT = 1
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
  wire unused = &{1'b0, got, row_last};

  hass_iterate #(
      .INS (1),
      .OUTS(1)
  ) iteration (
      .clk,
      .rst,
      .active(1'b1),
      .reads(1'b1),
      .valid,
      .read,
      .pop,
      .got,
      .computed(1'b1),
      .writes(row_chosen && column_chosen && channel_chosen),
      .room,
      .issue,
      .done,
      .waits
  );
  assign push = issue;
  assign out  = in;

  hass_strided #(
      .SIZE (CHANNELS),
      .START(CHANNEL_START),
      .COUNT(CHANNEL_COUNT)
  ) channel (
      .clk,
      .rst,
      .step(done),
      .chosen(channel_chosen),
      .last(channel_last)
  );
  hass_strided #(
      .SIZE (COLUMNS),
      .START(COLUMN_START),
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
      .START(ROW_START),
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
