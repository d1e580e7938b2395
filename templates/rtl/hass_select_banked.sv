// hass_select_banked: gives each of N multipliers one useful pair of its bank per cycle, always the first remaining one. Pair i
// is in bank i mod N. Pairs of a bank are counted from 0. The choices for the first cycle of a beat come out two cycles later.
module hass_select_banked #(
    parameter integer M = 4,  // pairs, a multiple of N
    parameter integer N = 2,
    parameter integer INDEX = M / N < 2 ? 1 : $clog2(M / N)
) (
    input  wire               clk,
    input  wire               start,  // a beat begins: `pairs` are its useful pairs
    input  wire [      M-1:0] pairs,
    output reg  [      N-1:0] some,   // the bank has a useful pair
    output reg  [N*INDEX-1:0] index   // the pair's number in its bank
);

  localparam integer K = M / N;

  // The pairs whose number has bit `place` set.
  function automatic [K-1:0] with_bit(input integer place);
    integer lane;
    begin
      for (lane = 0; lane < K; lane = lane + 1) with_bit[lane] = ((lane >> place) & 1) != 0;
    end
  endfunction

  genvar n, k, b;
  generate
    for (n = 0; n < N; n = n + 1) begin : g_bank
      reg [K-1:0] left;
      wire [K-1:0] first, rest;
      for (k = 0; k < K; k = k + 1) begin : g_pair
        if (k == 0) begin : g_first
          assign first[0] = left[0];
          assign rest[0]  = 1'b0;
        end else begin : g_later
          assign first[k] = left[k] & ~(|left[k-1:0]);
          assign rest[k]  = left[k] & (|left[k-1:0]);
        end
        always_ff @(posedge clk) left[k] <= start ? pairs[k*N+n] : rest[k];
      end
      always_ff @(posedge clk) some[n] <= |left;
      for (b = 0; b < INDEX; b = b + 1) begin : g_bit
        localparam [K-1:0] MASK = with_bit(b);
        always_ff @(posedge clk) index[n*INDEX+b] <= |(first & MASK);
      end
    end
  endgenerate

endmodule
