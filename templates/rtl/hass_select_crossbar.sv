// hass_select_crossbar: gives the first N remaining lanes to the N multipliers, in order. Multiplier n
// reaches the lanes from n on, which are counted from 0.
//
// The number of remaining lanes below each lane, as far as it is below N, is a parallel prefix
// sum of saturating unary counts in bit slices: bit i of slice k says that there are more than k below
// lane i.
module hass_select_crossbar #(
    parameter integer M = 4,  // lanes
    parameter integer N = 2,
    parameter integer INDEX = M < 2 ? 1 : $clog2(M)
) (
    input  wire [      M-1:0] remaining,
    output wire [      N-1:0] some,      // the multiplier has a lane
    output wire [N*INDEX-1:0] index,
    output wire [      M-1:0] rest       // the lanes that are left for later cycles
);

  localparam integer STEPS = $clog2(M);

  // The lanes whose number has bit b.
  function automatic [M-1:0] with_bit(input integer b);
    integer lane;
    begin
      for (lane = 0; lane < M; lane = lane + 1) with_bit[lane] = ((lane >> b) & 1) != 0;
    end
  endfunction

  genvar n, s, a, b;
  generate
    for (s = 0; s <= STEPS; s = s + 1) begin : g_step  // counted over 2^s lanes
      for (n = 0; n < N; n = n + 1) begin : g_slice
        wire [M-1:0] more;
        if (s == 0) begin : g_count
          assign more = n == 0 ? remaining << 1 : '0;
        end else begin : g_sum
          // More than n in both parts together: in one alone, or more than a in one and more than n - 1 - a in
          // the other.
          localparam integer D = 1 << (s - 1);
          wire [M-1:0] alone = g_step[s-1].g_slice[n].more | (g_step[s-1].g_slice[n].more << D);
          for (a = 0; a < n; a = a + 1) begin : g_way
            wire [M-1:0] both = g_step[s-1].g_slice[a].more & (g_step[s-1].g_slice[n-1-a].more << D);
            wire [M-1:0] any;
            if (a == 0) begin : g_first
              assign any = both;
            end else begin : g_next
              assign any = g_way[a-1].any | both;
            end
          end
          if (n == 0) begin : g_alone
            assign more = alone;
          end else begin : g_all
            assign more = alone | g_way[n-1].any;
          end
        end
      end
    end
    for (n = 0; n < N; n = n + 1) begin : g_multiplier
      // Exactly n below.
      wire [M-1:0] enough;
      if (n == 0) begin : g_first
        assign enough = '1;
      end else begin : g_later
        assign enough = g_step[STEPS].g_slice[n-1].more;
      end
      wire [M-1:0] mine = (remaining & enough & ~g_step[STEPS].g_slice[n].more) >> n;
      assign some[n] = |mine;
      for (b = 0; b < INDEX; b = b + 1) begin : g_bit
        localparam [M-1:0] MASK = with_bit(b);
        assign index[n*INDEX+b] = |(mine & MASK);
      end
    end
  endgenerate
  assign rest = remaining & g_step[STEPS].g_slice[N-1].more;

endmodule
