// hass_readout: selects one of many values with a tree of registered 4:1 multiplexers. The index goes down the tree through
// registers at each node, and the value comes up. So the fan-out of a register does not grow with the number of values. `out` is
// valid 2 * STAGES cycles after `index` became stable.
module hass_readout #(
    parameter integer WIDTH = 8,
    parameter integer COUNT = 2,
    parameter integer STAGES = 1,  // 4^STAGES >= COUNT
    parameter integer INDEX = 2 * STAGES  // bits of the index; an index without a value reads 0
) (
    input  wire                   clk,
    input  wire [      INDEX-1:0] index,
    input  wire [COUNT*WIDTH-1:0] values,
    output reg  [      WIDTH-1:0] out
);

  wire [INDEX-1:0] here;
  hass_copy #(
      .WIDTH(INDEX)
  ) down (
      .clk,
      .in (index),
      .out(here)
  );

  localparam integer EACH = 1 << (INDEX - 2);  // values per branch
  wire [4*WIDTH-1:0] four;
  genvar n;
  generate
    for (n = 0; n < 4; n = n + 1) begin : g_branch
      if (n * EACH >= COUNT) begin : g_none
        assign four[n*WIDTH+:WIDTH] = '0;
      end else if (STAGES == 1) begin : g_value
        assign four[n*WIDTH+:WIDTH] = values[n*WIDTH+:WIDTH];
      end else begin : g_node
        localparam integer MINE = COUNT - n * EACH < EACH ? COUNT - n * EACH : EACH;
        hass_readout #(
            .WIDTH (WIDTH),
            .COUNT (MINE),
            .STAGES(STAGES - 1)
        ) branch (
            .clk,
            .index(here[INDEX-3:0]),
            .values(values[n*EACH*WIDTH+:MINE*WIDTH]),
            .out(four[n*WIDTH+:WIDTH])
        );
      end
    end
  endgenerate
  always_ff @(posedge clk) out <= four[here[INDEX-1-:2]*WIDTH+:WIDTH];

endmodule
