// hass_readout: one of many values, by a tree of multiplexers of four with a register each. `out` is
// right STAGES cycles after `index` began to be steady, if `enable` has been high since;
// without `enable` nothing moves.
module hass_readout #(
    parameter integer WIDTH = 8,
    parameter integer COUNT = 2,
    parameter integer STAGES = 1,  // 4^STAGES >= COUNT
    parameter integer INDEX = 2 * STAGES  // bits of the index; what is not there reads 0
) (
    input  wire                   clk,
    input  wire                   enable,
    input  wire [      INDEX-1:0] index,
    input  wire [COUNT*WIDTH-1:0] values,
    output wire [      WIDTH-1:0] out
);

  // Nodes of a level; level 0 is the values.
  function automatic integer size(input integer level);
    integer i;
    begin
      size = COUNT;
      for (i = 0; i < level; i = i + 1) size = (size + 3) / 4;
    end
  endfunction

  // Number of nodes of the levels before.
  function automatic integer first(input integer level);
    integer i;
    begin
      first = 0;
      for (i = 0; i < level; i = i + 1) first = first + size(i);
    end
  endfunction

  localparam integer NODES = first(STAGES + 1);

  wire [NODES*WIDTH-1:0] node;
  assign node[COUNT*WIDTH-1:0] = values;

  // Functions stand in localparams: elsewhere Verilator calls them at run time.
  genvar l, n;
  generate
    for (l = 0; l < STAGES; l = l + 1) begin : g_level
      localparam integer SIZE = size(l);
      localparam integer NEXT = size(l + 1);
      localparam integer FROM = first(l);
      localparam integer TO = first(l + 1);
      for (n = 0; n < NEXT; n = n + 1) begin : g_node
        localparam integer HERE = SIZE - 4 * n < 4 ? SIZE - 4 * n : 4;
        wire [4*WIDTH-1:0] four = (4 * WIDTH)'(node[(FROM+4*n)*WIDTH+:HERE*WIDTH]);
        reg [WIDTH-1:0] chosen;
        always_ff @(posedge clk) if (enable) chosen <= four[index[2*l+:2]*WIDTH+:WIDTH];
        assign node[(TO+n)*WIDTH+:WIDTH] = chosen;
      end
    end
  endgenerate

  assign out = node[(NODES-1)*WIDTH+:WIDTH];

endmodule
