// hass_lane: one dot-product engine: M pairs a beat, N multipliers.
//
//   KIND 0, dense     all pairs at once; N = M
//   KIND 1, crossbar  the next N useful pairs, of any lanes
//   KIND 2, banked    the next useful pair of each bank, lane i being in bank i mod N
//
// A pair is useful while both factors are not 0 and it has not been multiplied. Engines that skip pairs choose them in advance:
// `start` comes with the useful pairs of a beat, and the factors x and w follow LAG cycles later. These engines have a register
// between the multiplexers of the factors and the multipliers. The products of a cycle are in the sum 3 cycles after the
// factors, plus one cycle if the engine skips pairs, plus 1 + ceil(log2 N) cycles if N is not 1.
module hass_lane #(
    parameter integer KIND = 0,
    parameter integer M = 1,
    parameter integer N = 1,
    parameter integer X_BITS = 16,
    parameter integer X_SIGNED = 1,
    parameter integer W_BITS = 16,
    parameter integer ACC = 40,
    localparam integer LAG = KIND == 1 ? 6 : KIND == 2 ? 2 : 0,
    localparam integer CHOSEN = KIND != 0 ? 1 : 0  // registers behind the multiplexers
) (
    input  wire                clk,
    input  wire                start,  // first cycle of a beat; not used if dense
    input  wire                work,   // a cycle of a beat
    input  wire                first,  // of the first beat of a window
    input  wire [       M-1:0] pairs,  // useful pairs; not used if dense
    input  wire [M*X_BITS-1:0] x,
    input  wire [M*W_BITS-1:0] w,
    output wire [     ACC-1:0] sum
);

  localparam integer STRIDE = KIND == 2 ? N : 1;
  localparam integer REACH = KIND == 2 ? M / N : M;  // lanes that a multiplier can take
  localparam integer INDEX = REACH < 2 ? 1 : $clog2(REACH);

  wire [N-1:0] some;
  wire [N*INDEX-1:0] index;
  wire first_product;
  genvar n, k;
  generate
    if (KIND == 0) begin : g_dense
      assign some = {N{work}};
      assign index = '0;
      wire unused = &{1'b0, start, pairs};
    end else if (KIND == 1) begin : g_crossbar
      hass_select_crossbar #(
          .M(M),
          .N(N)
      ) select (
          .clk,
          .start,
          .work,
          .pairs,
          .some,
          .index
      );
    end else begin : g_banked
      wire unused = &{1'b0, work};
      hass_select_banked #(
          .M(M),
          .N(N)
      ) select (
          .clk,
          .start,
          .pairs,
          .some,
          .index
      );
    end
  endgenerate
  hass_delay #(
      .WIDTH (1),
      .CYCLES(LAG + CHOSEN),
      .RESET (0)
  ) first_wait (
      .clk,
      .rst(1'b0),
      .in (first),
      .out(first_product)
  );

  // Signed activations go to the multiplier unchanged. One more bit, always equal to the sign, would
  // keep synthesis from mapping the accumulator to a DSP slice.
  localparam integer A = X_SIGNED != 0 ? X_BITS : X_BITS + 1;
  wire [N*ACC-1:0] accs;
  generate
    for (n = 0; n < N; n = n + 1) begin : g_multiplier
      wire [X_BITS-1:0] a, factor_a;
      wire [W_BITS-1:0] b, factor_b;
      wire works;
      if (KIND == 0) begin : g_own
        assign a = x[n*X_BITS+:X_BITS];
        assign b = w[n*W_BITS+:W_BITS];
        wire unused = &{1'b0, index[n*INDEX+:INDEX]};
      end else begin : g_chosen
        // The lanes n, n + STRIDE, ... side by side. A crossbar's first multiplier can take all lanes, each further one a lane
        // fewer.
        localparam integer LANES = KIND == 1 ? M - n : REACH;
        wire [LANES*X_BITS-1:0] xs;
        wire [LANES*W_BITS-1:0] ws;
        if (STRIDE == 1) begin : g_all
          assign xs = x[n*X_BITS+:LANES*X_BITS];
          assign ws = w[n*W_BITS+:LANES*W_BITS];
        end else begin : g_bank
          for (k = 0; k < LANES; k = k + 1) begin : g_lane
            assign xs[k*X_BITS+:X_BITS] = x[(n+k*STRIDE)*X_BITS+:X_BITS];
            assign ws[k*W_BITS+:W_BITS] = w[(n+k*STRIDE)*W_BITS+:W_BITS];
          end
        end
        wire [INDEX-1:0] at = index[n*INDEX+:INDEX];
        assign a = xs[at*X_BITS+:X_BITS];
        assign b = ws[at*W_BITS+:W_BITS];
      end
      hass_delay #(
          .WIDTH (X_BITS + W_BITS + 1),
          .CYCLES(CHOSEN),
          .RESET (0)
      ) chosen (
          .clk,
          .rst(1'b0),
          .in ({a, b, some[n]}),
          .out({factor_a, factor_b, works})
      );
      hass_mac #(
          .A(A),
          .B(W_BITS),
          .ACC(ACC)
      ) mac (
          .clk,
          .work(works),
          .first(first_product),
          .a(A'({1'b0, factor_a})),
          .b(factor_b),
          .acc(accs[n*ACC+:ACC])
      );
    end
  endgenerate

  // The outputs of the multipliers are far apart, so there is a register before the adders.
  wire [N*ACC-1:0] terms;
  hass_delay #(
      .WIDTH (N * ACC),
      .CYCLES(N < 2 ? 0 : 1),
      .RESET (0)
  ) apart (
      .clk,
      .rst(1'b0),
      .in (accs),
      .out(terms)
  );
  hass_sum #(
      .N(N),
      .BITS(ACC)
  ) total (
      .clk,
      .x(terms),
      .sum
  );

endmodule
