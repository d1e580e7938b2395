// hass_column: counts the channel beats and pixel groups of a map's rows, so that a module knows which
// pixels of its beat lie beyond the map's width. `in_map` and the two indices belong to the current beat; `step` moves
// them to the next one.
module hass_column #(
    parameter integer W = 1,  // pixels of a row
    parameter integer PX = 1,  // pixels per beat
    parameter integer CHANNEL_BEATS = 1,  // beats of one pixel group
    // Widths of the indices.
    localparam integer CHANNEL_BITS = CHANNEL_BEATS < 2 ? 1 : $clog2(CHANNEL_BEATS),
    localparam integer GROUP_BITS = W <= PX ? 1 : $clog2((W + PX - 1) / PX)
) (
    input  wire                    clk,
    input  wire                    rst,
    input  wire                    step,     // go on to the next beat
    output reg  [CHANNEL_BITS-1:0] channel,  // beat within its pixel group
    output reg  [  GROUP_BITS-1:0] group,    // pixel group within the row
    output wire [          PX-1:0] in_map    // pixels of the beat that lie inside the map
);

  localparam integer GROUPS = (W + PX - 1) / PX;
  localparam integer TAIL = W % PX == 0 ? PX : W % PX;  // pixels in a row's last group

  wire last_channel = channel == CHANNEL_BITS'(CHANNEL_BEATS - 1);
  wire last_group = group == GROUP_BITS'(GROUPS - 1);

  always_ff @(posedge clk) begin
    if (rst) begin
      channel <= '0;
      group   <= '0;
    end else if (step) begin
      channel <= last_channel ? '0 : channel + 1'b1;
      if (last_channel) group <= last_group ? '0 : group + 1'b1;
    end
  end

  genvar p;
  generate
    for (p = 0; p < PX; p = p + 1) begin : g_pixel
      if (p < TAIL) begin : g_always
        assign in_map[p] = 1'b1;
      end else begin : g_tail
        assign in_map[p] = !last_group;
      end
    end
  endgenerate

endmodule
