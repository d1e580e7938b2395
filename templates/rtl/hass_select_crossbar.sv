// hass_select_crossbar: gives the first N remaining lanes to the N multipliers, in order. Multiplier n
// reaches the lanes from n on, which are counted from 0.
//
// The number of remaining lanes below each lane, as far as it is below N, is a parallel prefix
// sum of saturating unary counts: bit k says that there are more than k.
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

  // The sum of two unary counts, saturated at N.
  function automatic [N-1:0] plus(input [N-1:0] a, input [N-1:0] b);
    integer whole, part;
    begin
      plus = a | b;
      for (whole = 1; whole < N; whole = whole + 1)
        for (part = 0; part < whole; part = part + 1) plus[whole] = plus[whole] | (a[part] & b[whole-1-part]);
    end
  endfunction

  function automatic [INDEX-1:0] position_of(input [M-1:0] lane);
    integer at;
    begin
      position_of = '0;
      for (at = 0; at < M; at = at + 1) if (lane[at]) position_of = position_of | INDEX'(at);
    end
  endfunction

  genvar i, n, s;
  generate
    for (s = 0; s <= STEPS; s = s + 1) begin : g_step
      wire [M*N-1:0] below;  // of each lane, counted over 2^s lanes
      for (i = 0; i < M; i = i + 1) begin : g_lane
        if (s == 0) begin : g_count
          if (i == 0) begin : g_none
            assign below[0+:N] = '0;
          end else begin : g_one
            assign below[i*N+:N] = N'(remaining[i-1]);
          end
        end else if (i < (1 << (s - 1))) begin : g_done
          assign below[i*N+:N] = g_step[s-1].below[i*N+:N];
        end else begin : g_sum
          assign below[i*N+:N] = plus(g_step[s-1].below[i*N+:N], g_step[s-1].below[(i-(1<<(s-1)))*N+:N]);
        end
      end
    end
    for (i = 0; i < M; i = i + 1) begin : g_rest
      assign rest[i] = remaining[i] && g_step[STEPS].below[i*N+N-1];
    end
    for (n = 0; n < N; n = n + 1) begin : g_multiplier
      wire [M-1:0] mine;
      for (i = 0; i < M; i = i + 1) begin : g_lane
        if (i + n < M) begin : g_reached
          // exactly n lanes below
          wire enough = n == 0 || g_step[STEPS].below[(i+n)*N+(n==0?0:n-1)];
          assign mine[i] = remaining[i+n] && enough && !g_step[STEPS].below[(i+n)*N+n];
        end else begin : g_beyond
          assign mine[i] = 1'b0;
        end
      end
      assign some[n] = |mine;
      assign index[n*INDEX+:INDEX] = position_of(mine);
    end
  endgenerate

endmodule
