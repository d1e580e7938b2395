// hass_packed: the multipliers that PIXELS x FILTERS dot products of M lanes share, a DSP slice a lane, with their accumulators.
//
//   FIELD = 0  one pixel and one filter: each lane's product alone
//   else       (x1 * 2^FIELD + x0) * (w1 * 2^(2 * FIELD) + w0): the product of pixel p and filter f stands in field f * PIXELS + p
//
// DEEP lanes are added in the cascade of their slices, fields and all; whoever chooses DEEP sees to it that no sum of a field is
// further from 0 than 2^(FIELD-1) - 1. The first slice adds 2^(FIELD-1) to every field but the top one, so that none is ever negative and borrows
// from the next; the field's top bit, turned round, takes it away again. Behind the slices the fields of all cascades are
// added and accumulated.
//
// The factors of lane i come so many cycles late as it stands behind the first of its cascade (see hass_engine); `work` and `first`
// come with those of the first. Sums are there 4 + DEEP + ceil(log2 of the cascades) cycles after the factors.
module hass_packed #(
    parameter integer M = 1,
    parameter integer DEEP = 1,
    parameter integer PIXELS = 2,
    parameter integer FILTERS = 1,
    parameter integer FIELD = 18,
    parameter integer X_BITS = 8,
    parameter integer X_SIGNED = 1,
    parameter integer W_BITS = 8,
    parameter integer ACC = 24
) (
    input  wire                          clk,
    input  wire                          work,   // a cycle of a beat; others add nothing
    input  wire                          first,  // of the first beat of a window
    input  wire [   PIXELS*M*X_BITS-1:0] x,
    input  wire [  FILTERS*M*W_BITS-1:0] w,
    output wire [PIXELS*FILTERS*ACC-1:0] sums    // of all pixels of a filter, then of the next
);

  localparam integer FIELDS = PIXELS * FILTERS;
  localparam integer CASCADES = (M + DEEP - 1) / DEEP;
  localparam integer LEVELS = $clog2(CASCADES);
  localparam integer A = (PIXELS - 1) * FIELD + X_BITS + 1;
  localparam integer B = (FILTERS - 1) * (PIXELS * FIELD + 1) + W_BITS;
  localparam integer P = 48;  // bits of a DSP slice's sum
  localparam integer FULL = FIELD + LEVELS;
  localparam integer TERM = FIELD == 0 || FULL > ACC ? ACC : FULL;  // bits of the sum of the cascades

  // The slices in which the factors are at work.
  wire [DEEP-1:0] works;
  assign works[0] = work;
  genvar i, k;
  generate
    for (i = 1; i < DEEP; i = i + 1) begin : g_works
      hass_delay #(
          .WIDTH (1),
          .CYCLES(i)
      ) wait_work (
          .clk,
          .rst(1'b0),
          .in (work),
          .out(works[i])
      );
    end

    for (i = 0; i < M; i = i + 1) begin : g_lane
      localparam integer OF = i / DEEP;  // its cascade
      localparam integer LEADS = OF * DEEP + DEEP > M ? DEEP - (M - OF * DEEP) : 0;  // the last cascade may be short
      wire [X_BITS-1:0] x0 = x[i*X_BITS+:X_BITS];
      wire [W_BITS-1:0] w0 = w[i*W_BITS+:W_BITS];
      wire signed [A-1:0] a;
      wire signed [B-1:0] b;
      if (PIXELS == 2) begin : g_pixels
        wire [X_BITS-1:0] x1 = x[(M+i)*X_BITS+:X_BITS];
        if (X_SIGNED != 0) begin : g_signed
          // A negative lower part borrows from the upper one.
          wire [X_BITS:0] upper = (X_BITS + 1)'($signed(x1)) - (X_BITS + 1)'(x0[X_BITS-1]);
          assign a = {upper, FIELD'($signed(x0))};
        end else begin : g_unsigned
          assign a = {1'b0, x1, FIELD'(x0)};
        end
      end else if (X_SIGNED != 0) begin : g_signed
        assign a = A'($signed(x0));
      end else begin : g_unsigned
        assign a = {1'b0, x0};
      end
      if (FILTERS == 2) begin : g_filters
        wire [W_BITS-1:0] w1 = w[(M+i)*W_BITS+:W_BITS];
        wire [W_BITS:0] upper = (W_BITS + 1)'($signed(w1)) - (W_BITS + 1)'(w0[W_BITS-1]);
        assign b = {upper, (PIXELS * FIELD)'($signed(w0))};
      end else begin : g_filter
        assign b = w0;
      end
      // The registers of a DSP slice.
      reg signed [A-1:0] factor;
      reg signed [B-1:0] other;
      reg signed [A+B-1:0] product;
      reg signed [P-1:0] sum;
      always_ff @(posedge clk) begin
        if (!works[i-OF*DEEP+LEADS]) factor <= '0;
        else factor <= a;
        other   <= b;
        product <= factor * other;
      end
      if (i == OF * DEEP) begin : g_first
        // 2^(FIELD-1) in every field below the top one.
        localparam [P-1:0] HALF = FIELD == 0 ? '0 : P'(1) << (FIELD - 1);
        localparam [P-1:0] TWO = FIELDS > 2 ? HALF | HALF << FIELD | HALF << (2 * FIELD) : '0;
        localparam [P-1:0] OFFSET = FIELDS == 1 ? '0 : FIELDS == 2 ? HALF : TWO;
        always_ff @(posedge clk) sum <= P'(product) + OFFSET;
      end else begin : g_next
        always_ff @(posedge clk) sum <= P'(product) + g_lane[i-1].sum;
      end
    end
  endgenerate

  // The first beat, when its sum is due at the accumulators.
  wire clears;
  hass_delay #(
      .WIDTH (1),
      .CYCLES(3 + DEEP + LEVELS)
  ) first_wait (
      .clk,
      .rst(1'b0),
      .in (first),
      .out(clears)
  );

  generate
    for (k = 0; k < FIELDS; k = k + 1) begin : g_field
      reg [CASCADES*TERM-1:0] terms;  // on their way from the slices, which stand in columns of their own
      for (i = 0; i < CASCADES; i = i + 1) begin : g_cascade
        localparam integer LAST = (i + 1) * DEEP > M ? M - 1 : (i + 1) * DEEP - 1;
        wire [P-1:0] total = g_lane[LAST].sum;
        wire unused = &{1'b0, total};
        wire [TERM-1:0] field;
        if (FIELDS == 1) begin : g_whole
          assign field = TERM'($signed(total));
        end else if (k < FIELDS - 1) begin : g_lower
          assign field = TERM'($signed({~total[k*FIELD+FIELD-1], total[k*FIELD+:FIELD-1]}));
        end else begin : g_top
          assign field = TERM'($signed(total[k*FIELD+:FIELD]));
        end
        always_ff @(posedge clk) terms[i*TERM+:TERM] <= field;
      end
      wire [TERM-1:0] term;
      hass_sum #(
          .N(CASCADES),
          .BITS(TERM)
      ) adders (
          .clk,
          .x  (terms),
          .sum(term)
      );
      reg [ACC-1:0] acc;
      always_ff @(posedge clk) acc <= (clears ? '0 : acc) + ACC'($signed(term));
      assign sums[k*ACC+:ACC] = acc;
    end
  endgenerate

endmodule
