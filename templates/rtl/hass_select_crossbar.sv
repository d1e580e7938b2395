// hass_select_crossbar: gives N multipliers the next N useful pairs of a beat per cycle, in order. Multiplier n
// never gets one of the first n pairs, so its pairs are counted from pair n on. The choices for the first cycle of a
// beat come out six cycles later.
//
// The rank of a pair is the number of useful pairs before it. The pair of rank r goes to multiplier r mod N in cycle r / N.
// Ranks are counted within each group of four pairs, then the groups before it are added. Each cycle only compares the ranks
// with the rank that is due at each multiplier.
module hass_select_crossbar #(
    parameter integer M = 4,  // pairs
    parameter integer N = 2,
    parameter integer INDEX = M < 2 ? 1 : $clog2(M)
) (
    input  wire               clk,
    input  wire               start,  // a beat begins: `pairs` are its useful pairs
    input  wire               work,   // a cycle of a beat
    input  wire [      M-1:0] pairs,
    output reg  [      N-1:0] some,   // the multiplier gets a pair
    output reg  [N*INDEX-1:0] index
);

  localparam integer FOURS = (M + 3) / 4;
  localparam integer RANK = $clog2(M + N + 1);

  // The pairs from `from` on whose number, counted from there, has bit `place` set.
  function automatic [M-1:0] with_bit(input integer from, input integer place);
    integer lane;
    begin
      for (lane = 0; lane < M; lane = lane + 1) with_bit[lane] = lane >= from && (((lane - from) >> place) & 1) != 0;
    end
  endfunction

  // The number of ones among the first `upto` bits.
  function automatic [2:0] ones_below(input [3:0] four, input integer upto);
    integer lane;
    begin
      ones_below = 3'd0;
      for (lane = 0; lane < 4; lane = lane + 1) if (lane < upto) ones_below = ones_below + 3'(four[lane]);
    end
  endfunction

  // Pipeline stages: useful pairs; ranks within a group of four; pairs before each group; ranks; choice.
  reg [M-1:0] useful_1, useful_2, useful_3, useful_4;
  reg [M*2-1:0] within_2, within_3;
  reg [FOURS*3-1:0] totals;
  reg [FOURS*RANK-1:0] earlier;
  reg [M*RANK-1:0] ranks;
  reg [N*RANK-1:0] due;
  reg [N*M-1:0] chosen;
  reg [2:0] starts;
  reg [3:0] works;

  // The number of useful pairs in the groups before group `four`.
  function automatic [RANK-1:0] total_below(input integer four);
    integer part;
    begin
      total_below = '0;
      for (part = 0; part < FOURS; part = part + 1) if (part < four) total_below = total_below + RANK'(totals[part*3+:3]);
    end
  endfunction

  always_ff @(posedge clk) begin
    starts   <= {starts[1:0], start};
    works    <= {works[2:0], work};
    useful_1 <= start ? pairs : useful_1;
    useful_2 <= useful_1;
    useful_3 <= useful_2;
    useful_4 <= useful_3;
    within_3 <= within_2;
  end

  genvar i, f, n, b;
  generate
    for (f = 0; f < FOURS; f = f + 1) begin : g_four
      localparam integer HAS = M - 4 * f < 4 ? M - 4 * f : 4;
      wire [3:0] four = 4'(useful_1[4*f+:HAS]);
      for (i = 0; i < HAS; i = i + 1) begin : g_pair
        always_ff @(posedge clk) within_2[(4*f+i)*2+:2] <= 2'(ones_below(four, i));
        always_ff @(posedge clk) ranks[(4*f+i)*RANK+:RANK] <= earlier[f*RANK+:RANK] + RANK'(within_3[(4*f+i)*2+:2]);
      end
      always_ff @(posedge clk) totals[f*3+:3] <= ones_below(four, 4);
      always_ff @(posedge clk) earlier[f*RANK+:RANK] <= total_below(f);
    end
    wire unused = &{1'b0, totals[(FOURS-1)*3+:3]};  // no group comes after the last
    for (n = 0; n < N; n = n + 1) begin : g_multiplier
      always_ff @(posedge clk) due[n*RANK+:RANK] <= starts[2] ? RANK'(n) : due[n*RANK+:RANK] + RANK'(N);
      for (i = 0; i < M; i = i + 1) begin : g_pair
        if (i < n) begin : g_never
          always_ff @(posedge clk) chosen[n*M+i] <= 1'b0;
        end else begin : g_may
          always_ff @(posedge clk) chosen[n*M+i] <= works[3] && useful_4[i] && ranks[i*RANK+:RANK] == due[n*RANK+:RANK];
        end
      end
      always_ff @(posedge clk) some[n] <= |chosen[n*M+:M];
      for (b = 0; b < INDEX; b = b + 1) begin : g_bit
        localparam [M-1:0] MASK = with_bit(n, b);
        always_ff @(posedge clk) index[n*INDEX+b] <= |(chosen[n*M+:M] & MASK);
      end
    end
  endgenerate

endmodule
