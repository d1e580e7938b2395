// hass_stall: delays a signal at random, in simulation only. After each `taken` it draws the number of cycles by which
// the next one is late, counted while it is `here`. After that it is not late until it is taken.
//
//   +stall=PERCENT  share of delayed ones (default 0: none), by 1..8 cycles each
//   +seed=N         another random sequence; each instance has its own, derived from its hierarchical name
module hass_stall (
    input  wire clk,
    input  wire rst,
    input  wire here,
    input  wire taken,
    output wire late
);

  integer percent, seed, i;
  reg [8*256-1:0] place;
  reg [31:0] state;
  reg [3:0] left;

  function automatic [31:0] next(input [31:0] s);
    reg [31:0] x;
    begin
      x = s ^ (s << 13);
      x = x ^ (x >> 17);
      next = x ^ (x << 5);
    end
  endfunction

  initial begin
    if (!$value$plusargs("stall=%d", percent)) percent = 0;
    if (!$value$plusargs("seed=%d", seed)) seed = 1;
    $sformat(place, "%m");
    state = 32'h9e3779b9 ^ seed;
    for (i = 0; i < 256; i = i + 1) state = (state ^ {24'b0, place[8*i+:8]}) * 32'd16777619;
    if (state == 0) state = 32'd1;
    left = 0;
  end

  always @(posedge clk) begin
    if (rst || taken) begin
      state <= next(state);
      left  <= {16'b0, state[31:16]} % 100 < percent ? 4'd1 + {1'b0, state[2:0]} : 4'd0;
    end else if (here && late) begin
      left <= left - 4'd1;
    end
  end

  assign late = left != 4'd0;

endmodule
