// hass_packed: PIXELS x FILTERS dot products of M lanes that share multipliers, one DSP slice per lane, with their accumulators.
//
//   FIELD = 0  one pixel and one filter: a lane has one product
//   FIELD > 0  (x1 * 2^FIELD + x0) * (w1 * 2^(2 * FIELD) + w0): field f * PIXELS + p holds the product of pixel p and filter f
//
// DEEP lanes are added in the cascade of their slices, all fields at once. DEEP must be chosen so that no sum of a field has a
// magnitude above 2^(FIELD-1) - 1. The first slice adds 2^(FIELD-1) to every field but the top one, so that no field is ever
// negative and borrows from the next; inverting a field's top bit subtracts it again. Behind the slices the fields of all
// cascades are added and accumulated.
//
// The factors of the k-th lane of a cascade come k cycles late (see hass_engine); `work` and `first` come with the factors of
// the first lane. Sums are ready 4 + DEEP + ceil(log2 of the number of cascades) cycles after the factors.
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
    input  wire                          work,   // a cycle of a beat; other cycles add nothing
    input  wire                          first,  // of the first beat of a window
    input  wire [   PIXELS*M*X_BITS-1:0] x,
    input  wire [  FILTERS*M*W_BITS-1:0] w,
    output wire [PIXELS*FILTERS*ACC-1:0] sums    // by filter, then pixel
);

  localparam integer FIELDS = PIXELS * FILTERS;
  localparam integer CASCADES = (M + DEEP - 1) / DEEP;
  localparam integer LEVELS = $clog2(CASCADES);
  localparam integer A = (PIXELS - 1) * FIELD + X_BITS + 1;
  localparam integer B = (FILTERS - 1) * (PIXELS * FIELD + 1) + W_BITS;
  localparam integer P = 48;  // bits of a DSP slice's sum
  localparam integer FULL = FIELD + LEVELS;
  localparam integer TERM = FIELD == 0 || FULL > ACC ? ACC : FULL;  // bits of a field's sum over all cascades

  // works[k]: the k-th slice of a cascade multiplies valid factors.
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
      localparam integer OF = i / DEEP;  // number of its cascade
      localparam integer LEADS = OF * DEEP + DEEP > M ? DEEP - (M - OF * DEEP) : 0;  // slices by which the last cascade is shorter
      wire [X_BITS-1:0] x0 = x[i*X_BITS+:X_BITS];
      wire [W_BITS-1:0] w0 = w[i*W_BITS+:W_BITS];
      wire signed [A-1:0] a;
      wire signed [B-1:0] b;
      if (PIXELS == 2) begin : g_pixels
        wire [X_BITS-1:0] x1 = x[(M+i)*X_BITS+:X_BITS];
        if (X_SIGNED != 0) begin : g_signed
          // A negative x0 borrows from the upper part.
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

  // The first beat of a window, delayed until its sum reaches the accumulators.
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
      reg [CASCADES*TERM-1:0] terms;  // a register on the long route from the DSP slices, which stand in columns of their own
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
