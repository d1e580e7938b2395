// hass_watermark: the most places of a FIFO that were taken at once since `clear`. A token takes
// its place from the cycle of its issue to the cycle of its read, both included.
module hass_watermark #(
    parameter integer DEPTH = 65535  // places of the FIFO; `most` shows at most 65535
) (
    input  wire        clk,
    input  wire        rst,
    input  wire        clear,
    input  wire        issue,
    input  wire        read,
    output wire [15:0] most
);

  localparam integer COUNT = $clog2(DEPTH + 1);

  reg [COUNT-1:0] taken;  // places taken before this cycle
  reg [COUNT-1:0] top;

  // `top` is never below `taken`, so it rises by one at a time.
  always_ff @(posedge clk) begin
    if (rst) taken <= '0;
    else taken <= taken + COUNT'(issue) - COUNT'(read);
    if (rst) top <= '0;
    else if (clear) top <= taken + COUNT'(issue);
    else if (issue && taken == top) top <= top + 1'b1;
  end

  generate
    if (COUNT > 16) begin : g_wide
      assign most = |top[COUNT-1:16] ? 16'hffff : top[15:0];
    end else begin : g_narrow
      assign most = 16'(top);
    end
  endgenerate

endmodule
