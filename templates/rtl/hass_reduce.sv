// hass_reduce: the sum or the maximum of COUNT values, STAGES cycles later: a binary tree with
// STAGES registers spread over its levels. With fewer levels than stages, some levels have several
// registers.
module hass_reduce #(
    parameter integer COUNT = 2,
    parameter integer BITS = 8,  // of a value
    parameter integer SIGNED = 1,
    parameter integer MAX = 0,
    parameter integer STAGES = 2,
    localparam integer OUT = MAX != 0 ? BITS : BITS + $clog2(COUNT)
) (
    input  wire                  clk,
    input  wire [COUNT*BITS-1:0] in,
    output wire [       OUT-1:0] out
);

  localparam integer LEVELS = $clog2(COUNT);

  // The number of registers after a level; level 0 is the input.
  function automatic integer registers(input integer level);
    integer s, after;
    begin
      registers = 0;
      for (s = 1; s <= STAGES; s = s + 1) begin
        if (LEVELS > STAGES) after = (LEVELS * s + STAGES - 1) / STAGES;
        else after = s < LEVELS ? s : LEVELS;
        if (after == level) registers = registers + 1;
      end
    end
  endfunction

  genvar l, i;
  generate
    for (l = 0; l <= LEVELS; l = l + 1) begin : g_level
      localparam integer N = (COUNT + (1 << l) - 1) >> l;  // values
      localparam integer WIDTH = MAX != 0 ? BITS : BITS + l;
      wire [N*WIDTH-1:0] value, q;
      if (l == 0) begin : g_input
        assign value = in;
      end else begin : g_pairs
        localparam integer BELOW = (COUNT + (1 << (l - 1)) - 1) >> (l - 1);
        localparam integer NARROW = MAX != 0 ? BITS : BITS + l - 1;
        for (i = 0; i < N; i = i + 1) begin : g_value
          wire [NARROW-1:0] a = g_level[l-1].q[2*i*NARROW+:NARROW];
          // One more bit: the sign, or 0.
          wire signed [NARROW:0] x = {SIGNED != 0 && a[NARROW-1], a};
          if (2 * i + 1 < BELOW) begin : g_two
            wire [NARROW-1:0] b = g_level[l-1].q[(2*i+1)*NARROW+:NARROW];
            wire signed [NARROW:0] y = {SIGNED != 0 && b[NARROW-1], b};
            if (MAX != 0) begin : g_max
              assign value[i*WIDTH+:WIDTH] = x > y ? a : b;
            end else begin : g_sum
              assign value[i*WIDTH+:WIDTH] = x + y;
            end
          end else begin : g_one
            assign value[i*WIDTH+:WIDTH] = x[WIDTH-1:0];
            if (MAX != 0) begin : g_unused
              wire unused = &{1'b0, x[NARROW]};
            end
          end
        end
      end
      hass_delay #(
          .WIDTH (N * WIDTH),
          .CYCLES(registers(l)),
          .RESET (0)
      ) level (
          .clk,
          .rst(1'b0),
          .in (value),
          .out(q)
      );
    end
  endgenerate

  assign out = g_level[LEVELS].q;

endmodule
