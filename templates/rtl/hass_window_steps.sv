// hass_window_steps: the changes of the differences of a line buffer's schedule in an iteration.
//
// From one group of output pixels to the next, need (the last pixel that the window touches) and virt (its upper left pixel) grow
// by one of a few constants. Along a row they grow by the step between groups, by less where the map ends, and not at all beyond
// its end. The same holds from row to row, and there is a constant from image to image. A code of 3 bits selects the constant. The
// code is in a register, computed one group ahead.
module hass_window_steps #(
    parameter integer H = 1,
    parameter integer W = 1,
    parameter integer OH = 1,
    parameter integer OW = 1,
    parameter integer SH = 1,
    parameter integer SW = 1,
    parameter integer PT = 0,
    parameter integer PL = 0,
    parameter integer EXT_H = 1,  // extent of a window
    parameter integer EXT_W = 1,
    parameter integer ROW_PIXELS = 1,
    parameter integer IN_PX = 1,
    parameter integer OUT_PX = 1,
    parameter integer LINE_PIXELS = 1,
    parameter integer QB = 8  // bits of a difference
) (
    input  wire                 clk,
    input  wire                 rst,
    input  wire                 place,           // the next group becomes the current one
    input  wire                 pixel_comes,     // the iteration accepts IN_PX pixels
    input  wire                 group_goes,      // it emits the last beat of a group
    output reg                  image_end,       // the current group is the last of its image
    output reg                  row_end,         // the current group is the last of its row
    output wire signed [QB-1:0] first_missing,   // need - q of the first group at q = 0
    output wire signed [QB-1:0] first_places,    // limit - q, where limit = virt + LINE_PIXELS - IN_PX
    output wire signed [QB-1:0] missing_change,
    output wire signed [QB-1:0] places_change
);

  // The names of these functions differ from the names in hass_window, because Verilator may inline this module there.
  function automatic integer lesser(input integer a, input integer b);
    lesser = a < b ? a : b;
  endfunction

  // a / b, rounded up, at least 0; a may be negative.
  function automatic integer steps_to(input integer a, input integer b);
    steps_to = a <= 0 ? 0 : (a + b - 1) / b;
  endfunction

  // Bits of a counter with n values.
  function automatic integer bits_of(input integer n);
    bits_of = n < 2 ? 1 : $clog2(n);
  endfunction

  localparam integer GROUPS = (OW + OUT_PX - 1) / OUT_PX;  // of pixels, per row
  localparam integer STEP_X = OUT_PX * SW;
  localparam integer IMAGE_PIXELS = H * ROW_PIXELS;
  localparam integer FIRST_COL = (OUT_PX - 1) * SW - PL + EXT_W - 1;  // the last column of a row's first group, unclipped
  localparam integer LAST_COL = lesser(W - 1, (OW - 1) * SW - PL + EXT_W - 1);

  // need and virt of group (row, at).
  function automatic integer need_of(input integer row, input integer at);
    need_of = lesser(H - 1, row * SH - PT + EXT_H - 1) * ROW_PIXELS + lesser(LAST_COL, FIRST_COL + at * STEP_X);
  endfunction

  function automatic integer virt_of(input integer row, input integer at);
    if (row * SH - PT > H) virt_of = IMAGE_PIXELS;
    else virt_of = lesser(IMAGE_PIXELS, (row * SH - PT) * ROW_PIXELS + lesser(ROW_PIXELS, at * STEP_X - PL));
  endfunction

  // The codes. COL and ROW are whole steps, _REST the step at the end of the map, which is shorter, _BELOW the steps below the map.
  localparam [2:0] NONE = 3'd0, COL = 3'd1, COL_REST = 3'd2, COL_REST_BELOW = 3'd3, ROW = 3'd4, ROW_REST = 3'd5, ROW_BELOW = 3'd6, IMAGE = 3'd7;

  localparam integer NEED_COLS = LAST_COL < FIRST_COL ? 0 : (LAST_COL - FIRST_COL) / STEP_X;
  localparam integer NEED_ROWS = H < EXT_H - PT ? 0 : (H - EXT_H + PT) / SH;
  // Rows of windows that begin above the end of the map, and the row, if any, that begins exactly at its end.
  localparam integer MAP_ROWS = steps_to(H + PT, SH);
  localparam integer BELOW = (H + PT) % SH == 0 ? MAP_ROWS : -1;
  localparam integer VIRT_COLS = (ROW_PIXELS + PL) / STEP_X;
  localparam integer BELOW_COLS = PL / STEP_X;

  localparam integer GB = bits_of(GROUPS), OB = bits_of(OH);

  // The codes of need and virt for the step after group (row, at).
  function automatic [2:0] need_code(input integer row, input integer at);
    if (at == GROUPS - 1) begin
      if (row == OH - 1) need_code = IMAGE;
      else if (row < NEED_ROWS) need_code = ROW;
      else need_code = row == NEED_ROWS ? ROW_REST : ROW_BELOW;
    end else if (at < NEED_COLS) need_code = COL;
    else need_code = at == NEED_COLS ? COL_REST : NONE;
  endfunction

  function automatic [2:0] virt_code(input integer row, input integer at);
    if (at == GROUPS - 1) begin
      if (row == OH - 1) virt_code = IMAGE;
      else if (row + 1 < MAP_ROWS) virt_code = ROW;
      else if (row + 1 == MAP_ROWS) virt_code = ROW_REST;
      else virt_code = row == BELOW ? ROW_BELOW : NONE;
    end else if (row < MAP_ROWS) begin
      if (at < VIRT_COLS) virt_code = COL;
      else virt_code = at == VIRT_COLS ? COL_REST : NONE;
    end else if (row == BELOW) begin
      if (at < BELOW_COLS) virt_code = COL;
      else virt_code = at == BELOW_COLS ? COL_REST_BELOW : NONE;
    end else virt_code = NONE;
  endfunction

  // The constants. Constants of codes that no group has are never used.
  localparam integer LAST = GROUPS - 1;
  localparam integer NEED_COL_REST = need_of(0, NEED_COLS + 1) - need_of(0, NEED_COLS);
  localparam integer NEED_ROW = need_of(1, 0) - need_of(0, LAST);
  localparam integer NEED_ROW_REST = need_of(NEED_ROWS + 1, 0) - need_of(NEED_ROWS, LAST);
  localparam integer NEED_ROW_BELOW = need_of(NEED_ROWS + 2, 0) - need_of(NEED_ROWS + 1, LAST);
  localparam integer NEED_IMAGE = IMAGE_PIXELS + need_of(0, 0) - need_of(OH - 1, LAST);
  localparam integer VIRT_COL_REST = virt_of(0, VIRT_COLS + 1) - virt_of(0, VIRT_COLS);
  localparam integer VIRT_COL_REST_BELOW = BELOW < 0 ? 0 : virt_of(BELOW, BELOW_COLS + 1) - virt_of(BELOW, BELOW_COLS);
  localparam integer VIRT_ROW = virt_of(1, 0) - virt_of(0, LAST);
  localparam integer VIRT_ROW_REST = virt_of(MAP_ROWS, 0) - virt_of(MAP_ROWS - 1, LAST);
  localparam integer VIRT_ROW_BELOW = BELOW < 0 ? 0 : virt_of(BELOW + 1, 0) - virt_of(BELOW, LAST);
  localparam integer VIRT_IMAGE = IMAGE_PIXELS + virt_of(0, 0) - virt_of(OH - 1, LAST);

  assign first_missing = QB'(need_of(0, 0));
  assign first_places  = QB'(virt_of(0, 0) + LINE_PIXELS - IN_PX);

  // The change with and without an accepted pixel is one table, so that no adder precedes the adder of the difference.
  function automatic signed [QB-1:0] need_change(input [2:0] code, input with_pixel);
    case (code)
      COL: need_change = with_pixel ? QB'(STEP_X - IN_PX) : QB'(STEP_X);
      COL_REST: need_change = with_pixel ? QB'(NEED_COL_REST - IN_PX) : QB'(NEED_COL_REST);
      ROW: need_change = with_pixel ? QB'(NEED_ROW - IN_PX) : QB'(NEED_ROW);
      ROW_REST: need_change = with_pixel ? QB'(NEED_ROW_REST - IN_PX) : QB'(NEED_ROW_REST);
      ROW_BELOW: need_change = with_pixel ? QB'(NEED_ROW_BELOW - IN_PX) : QB'(NEED_ROW_BELOW);
      IMAGE: need_change = with_pixel ? QB'(NEED_IMAGE - IN_PX) : QB'(NEED_IMAGE);
      default: need_change = with_pixel ? QB'(-IN_PX) : '0;
    endcase
  endfunction

  function automatic signed [QB-1:0] virt_change(input [2:0] code, input with_pixel);
    case (code)
      COL: virt_change = with_pixel ? QB'(STEP_X - IN_PX) : QB'(STEP_X);
      COL_REST: virt_change = with_pixel ? QB'(VIRT_COL_REST - IN_PX) : QB'(VIRT_COL_REST);
      COL_REST_BELOW: virt_change = with_pixel ? QB'(VIRT_COL_REST_BELOW - IN_PX) : QB'(VIRT_COL_REST_BELOW);
      ROW: virt_change = with_pixel ? QB'(VIRT_ROW - IN_PX) : QB'(VIRT_ROW);
      ROW_REST: virt_change = with_pixel ? QB'(VIRT_ROW_REST - IN_PX) : QB'(VIRT_ROW_REST);
      ROW_BELOW: virt_change = with_pixel ? QB'(VIRT_ROW_BELOW - IN_PX) : QB'(VIRT_ROW_BELOW);
      IMAGE: virt_change = with_pixel ? QB'(VIRT_IMAGE - IN_PX) : QB'(VIRT_IMAGE);
      default: virt_change = with_pixel ? QB'(-IN_PX) : '0;
    endcase
  endfunction

  // The codes of the current group; row and column of the next group.
  reg [2:0] need_next, virt_next;
  reg [OB-1:0] row;
  reg [GB-1:0] at;
  localparam [OB-1:0] SECOND_ROW = GROUPS > 1 || OH < 2 ? '0 : OB'(1);
  localparam [GB-1:0] SECOND_AT = GROUPS > 1 ? GB'(1) : '0;
  wire at_end = at == GB'(GROUPS - 1);
  always_ff @(posedge clk) begin
    if (rst) begin
      need_next <= need_code(0, 0);
      virt_next <= virt_code(0, 0);
      row_end <= GROUPS == 1;
      image_end <= GROUPS == 1 && OH == 1;
      row <= SECOND_ROW;
      at <= SECOND_AT;
    end else if (place) begin
      need_next <= need_code(32'(row), 32'(at));
      virt_next <= virt_code(32'(row), 32'(at));
      row_end <= at_end;
      image_end <= at_end && row == OB'(OH - 1);
      at <= at_end ? '0 : at + 1'b1;
      if (at_end) row <= row == OB'(OH - 1) ? '0 : row + 1'b1;
    end
  end

  assign missing_change = need_change(group_goes ? need_next : NONE, pixel_comes);
  assign places_change  = virt_change(group_goes ? virt_next : NONE, pixel_comes);

endmodule
