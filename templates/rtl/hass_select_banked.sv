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

  function automatic [INDEX-1:0] first_of(input [K-1:0] bank);
    integer at;
    begin
      first_of = '0;
      for (at = K - 1; at >= 0; at = at - 1) if (bank[at]) first_of = INDEX'(at);
    end
  endfunction

  genvar n, k;
  generate
    for (n = 0; n < N; n = n + 1) begin : g_bank
      wire [K-1:0] bank;
      for (k = 0; k < K; k = k + 1) begin : g_lane
        assign bank[k] = remaining[k*N+n];
        if (k == 0) begin : g_first
          assign rest[n] = 1'b0;
        end else begin : g_later
          assign rest[k*N+n] = bank[k] && |bank[k-1:0];
        end
      end
      assign some[n] = |bank;
      assign index[n*INDEX+:INDEX] = first_of(bank);
    end
  endgenerate

endmodule
