// hass_ahead: computes the useful pairs and the cycles of a beat before an engine that skips zeros starts the beat. A
// token has one flag per value: the value is not 0. The flags come without the token, when the token is written into the
// engine's FIFO. They are combined with the flags of the beat's weights: a pair is useful if both factors are not 0.
// One queue holds the useful pairs of each beat, another the cycles that the beat takes. GANG output lanes by PX pixels
// move together, so a beat takes the most cycles that any of them needs.
//
// The engine does not influence this computation, so it is a pipeline without feedback: flags, pairs, the count of each
// group of pairs that share multipliers, the maximum over eight groups, then over sixteen times as many with each
// further register.
module hass_ahead #(
    parameter integer KIND = 1,  // see hass_lane
    parameter integer DEPTHWISE = 0,
    parameter integer M = 2,
    parameter integer N = 1,
    parameter integer GANG = 1,
    parameter integer PX = 1,
    parameter integer QUEUE = 2,  // beats that may wait
    parameter integer PER_PIXEL = DEPTHWISE != 0 ? GANG * M : M,
    parameter integer TURNS = (M + N - 1) / N  // most cycles of a beat
) (
    input  wire                    clk,
    input  wire                    rst,
    // when a token is written
    input  wire                    push,
    input  wire [PX*PER_PIXEL-1:0] x_flags,
    input  wire [      GANG*M-1:0] w_flags,
    output wire                    advance,  // go on to the next beat's flags of weights
    // the oldest beat
    output wire                    valid,
    output wire [       TURNS-1:0] more,     // bit i: it takes more than i + 1 cycles
    input  wire                    pop,
    output wire [  PX*GANG*M-1:0] pairs,    // useful pairs, by lane, output lane, pixel
    // The pairs are not needed any more: at the latest a cycle after `pop`, or two cycles in gangs of more than four lanes.
    input  wire                    taken
);

  // Groups of pairs that share multipliers: all pairs of a crossbar, or the pairs of a bank. SHARE pairs of a group take a cycle.
  localparam integer BANKS = KIND == 2 ? N : 1;
  localparam integer GROUPS = PX * GANG * BANKS;
  localparam integer SIZE = M / BANKS;
  localparam integer SHARE = KIND == 2 ? 1 : N;
  localparam integer COUNT = $clog2(SIZE + 1);

  function automatic [COUNT-1:0] ones(input [SIZE-1:0] group);
    integer member;
    begin
      ones = '0;
      for (member = 0; member < SIZE; member = member + 1) ones = ones + COUNT'(group[member]);
    end
  endfunction
  // count / fan, rounded up.
  function automatic integer parts(input integer count, input integer fan);
    parts = (count + fan - 1) / fan;
  endfunction
  // The number of registers behind the first, which covers eight groups.
  function automatic integer levels(input integer count);
    integer left;
    begin
      levels = 0;
      for (left = count; left > 1; left = parts(left, 16)) levels = levels + 1;
    end
  endfunction
  localparam integer EIGHTS = parts(GROUPS, 8);
  localparam integer LEVELS = levels(EIGHTS);
  // The number of bits behind `level` of these registers.
  function automatic integer width(input integer level);
    integer step;
    begin
      width = EIGHTS;
      for (step = 0; step < level; step = step + 1) width = parts(width, 16);
    end
  endfunction

  reg [PX*PER_PIXEL-1:0] flags;
  reg [PX*GANG*M-1:0] useful;
  reg [GROUPS*COUNT-1:0] counts;
  wire [PX*GANG*M-1:0] both;
  wire [GROUPS*COUNT-1:0] sums;
  always_ff @(posedge clk) begin
    flags  <= x_flags;
    useful <= both;
    counts <= sums;
  end

  wire [3+LEVELS:0] moved;  // bit t: a token is at register t
  hass_delay #(
      .WIDTH (1),
      .CYCLES(1),
      .RESET (1)
  ) move_0 (
      .clk,
      .rst,
      .in (push),
      .out(moved[0])
  );
  assign advance = moved[0];

  genvar p, g, i, b, t, k;
  generate
    for (t = 1; t < 4 + LEVELS; t = t + 1) begin : g_move
      hass_delay #(
          .WIDTH (1),
          .CYCLES(1),
          .RESET (1)
      ) move (
          .clk,
          .rst,
          .in (moved[t-1]),
          .out(moved[t])
      );
    end
    for (p = 0; p < PX; p = p + 1) begin : g_pixel
      for (g = 0; g < GANG; g = g + 1) begin : g_lane
        for (i = 0; i < M; i = i + 1) begin : g_pair
          localparam integer FROM = p * PER_PIXEL + (DEPTHWISE != 0 ? i * GANG + g : i);
          assign both[(p*GANG+g)*M+i] = flags[FROM] & w_flags[g*M+i];
        end
        for (b = 0; b < BANKS; b = b + 1) begin : g_bank
          wire [SIZE-1:0] group;
          for (i = 0; i < SIZE; i = i + 1) begin : g_member
            assign group[i] = useful[(p*GANG+g)*M+i*BANKS+b];
          end
          assign sums[((p*GANG+g)*BANKS+b)*COUNT+:COUNT] = ones(group);
        end
      end
    end
  endgenerate

  // The most cycles of any group, in unary.
  wire [TURNS*GROUPS-1:0] over;  // by turn, group
  wire [TURNS-1:0] most;
  generate
    for (t = 0; t < TURNS; t = t + 1) begin : g_turn
      for (g = 0; g < GROUPS; g = g + 1) begin : g_group
        if ((t + 1) * SHARE < SIZE) begin : g_can
          assign over[t*GROUPS+g] = counts[g*COUNT+:COUNT] > COUNT'((t + 1) * SHARE);
        end else begin : g_never
          assign over[t*GROUPS+g] = 1'b0;
        end
      end
      for (k = 0; k <= LEVELS; k = k + 1) begin : g_level
        localparam integer WIDE = width(k);
        reg [WIDE-1:0] any;
        for (g = 0; g < WIDE; g = g + 1) begin : g_part
          if (k == 0) begin : g_eight
            localparam integer UPTO = GROUPS - 8 * g < 8 ? GROUPS - 8 * g : 8;
            always_ff @(posedge clk) any[g] <= |over[t*GROUPS+8*g+:UPTO];
          end else begin : g_sixteen
            localparam integer BELOW = width(k - 1);
            localparam integer UPTO = BELOW - 16 * g < 16 ? BELOW - 16 * g : 16;
            always_ff @(posedge clk) any[g] <= |g_level[k-1].any[16*g+:UPTO];
          end
        end
      end
      assign most[t] = g_level[LEVELS].any[0];
    end
  endgenerate

  wire unused_counts = &{1'b0, counts};  // unused if every beat takes one cycle

  // The queues need no credits: they are as deep as the engine's own FIFO.
  wire room_cycles, room_pairs, valid_pairs;
  wire unused = &{1'b0, room_cycles, room_pairs, valid_pairs};
  hass_fifo #(
      .WIDTH(TURNS),
      .DEPTH(QUEUE)
  ) cycles (
      .clk,
      .rst,
      .room (room_cycles),
      .issue(moved[3+LEVELS]),
      .push (moved[3+LEVELS]),
      .in   (most),
      .valid,
      .out  (more),
      .read (pop),
      .pop
  );
  hass_fifo #(
      .WIDTH(PX * GANG * M),
      .DEPTH(QUEUE),
      .LAG  (GANG > 4 ? 2 : 1)
  ) beats (
      .clk,
      .rst,
      .room (room_pairs),
      .issue(moved[1]),
      .push (moved[1]),
      .in   (useful),
      .valid(valid_pairs),
      .out  (pairs),
      .read (taken),
      .pop  (taken)
  );

endmodule
