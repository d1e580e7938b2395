// hass_weights_head: the beginning of the weight chain. While weights are loaded, it takes every word
// at once; the chain has no back-pressure.
module hass_weights_head (
    input  wire        clk,
    input  wire        rst,
    input  wire        load,           // the chain begins
    input  wire        loading,        // from the cycle after `load` until the chain's end reports
    input  wire [31:0] s_axis_tdata,
    input  wire        s_axis_tvalid,
    output wire        s_axis_tready,
    output reg         next_valid,
    output reg  [31:0] next_word
);

  assign s_axis_tready = loading && !load;

  always_ff @(posedge clk) begin
    next_valid <= s_axis_tready && s_axis_tvalid && !rst;
    next_word  <= s_axis_tdata;
  end

endmodule
