// hass_select_banked: gives each of N multipliers the first remaining lane of its bank; lane i
// is in bank i mod N. Lanes of a bank are counted from 0, lane n first.
module hass_select_banked #(
    parameter integer M = 4,  // lanes, a multiple of N
    parameter integer N = 2,
    parameter integer INDEX = M / N < 2 ? 1 : $clog2(M / N)
) (
    input  wire [      M-1:0] remaining,
    output wire [      N-1:0] some,      // the bank has a lane left
    output wire [N*INDEX-1:0] index,     // which of the bank
    output wire [      M-1:0] rest       // the lanes that are left for later cycles
);

  localparam integer K = M / N;

  // Slices of one lane of each bank.
  genvar n, k, b;
  generate
    for (k = 0; k < K; k = k + 1) begin : g_slice
      wire [N-1:0] slice = remaining[k*N+:N];
      wire [N-1:0] earlier;  // banks that have one already
      if (k == 0) begin : g_first
        assign earlier = '0;
      end else begin : g_later
        assign earlier = g_slice[k-1].upto;
      end
      wire [N-1:0] upto = earlier | slice;
      wire [N-1:0] first = slice & ~earlier;
      assign rest[k*N+:N] = slice & earlier;
    end
    for (b = 0; b < INDEX; b = b + 1) begin : g_bit
      for (k = 0; k < K; k = k + 1) begin : g_lane
        wire [N-1:0] sum;
        wire [N-1:0] own = ((k >> b) & 1) != 0 ? g_slice[k].first : '0;
        if (k == 0) begin : g_none
          assign sum = own;
        end else begin : g_or
          assign sum = g_lane[k-1].sum | own;
        end
      end
      for (n = 0; n < N; n = n + 1) begin : g_bank
        assign index[n*INDEX+b] = g_lane[K-1].sum[n];
      end
    end
  endgenerate
  assign some = g_slice[K-1].upto;

endmodule
