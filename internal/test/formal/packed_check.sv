// packed_check: hass_packed with arbitrary factors, compared with a sum of products for each pixel and filter.
module packed_check #(
    parameter integer M = 2,
    parameter integer DEEP = 2,
    parameter integer PIXELS = 2,
    parameter integer FILTERS = 1,
    parameter integer FIELD = 5,
    parameter integer X_BITS = 2,
    parameter integer X_SIGNED = 1,
    parameter integer W_BITS = 2,
    parameter integer ACC = 6
) (
    input wire                        clk,
    input wire                        rst,
    input wire                        work,
    input wire                        first,
    input wire [ PIXELS*M*X_BITS-1:0] x,
    input wire [FILTERS*M*W_BITS-1:0] w
);

  localparam integer CASCADES = (M + DEEP - 1) / DEEP;
  localparam integer CYCLES = 4 + DEEP + $clog2(CASCADES);  // from factors to sums

  // The factors of a lane are delayed by its place in its cascade. The last cascade may be shorter.
  wire [PIXELS*M*X_BITS-1:0] late_x;
  wire [FILTERS*M*W_BITS-1:0] late_w;
  wire [PIXELS*FILTERS*ACC-1:0] sums;
  genvar i, k;
  generate
    for (i = 0; i < M; i = i + 1) begin : g_lane
      localparam integer OF = i / DEEP;
      localparam integer LATE = i - OF * DEEP + (OF * DEEP + DEEP > M ? OF * DEEP + DEEP - M : 0);
      for (k = 0; k < PIXELS; k = k + 1) begin : g_x
        hass_delay #(
            .WIDTH (X_BITS),
            .CYCLES(LATE)
        ) wait_x (
            .clk,
            .rst(1'b0),
            .in (x[(k*M+i)*X_BITS+:X_BITS]),
            .out(late_x[(k*M+i)*X_BITS+:X_BITS])
        );
      end
      for (k = 0; k < FILTERS; k = k + 1) begin : g_w
        hass_delay #(
            .WIDTH (W_BITS),
            .CYCLES(LATE)
        ) wait_w (
            .clk,
            .rst(1'b0),
            .in (w[(k*M+i)*W_BITS+:W_BITS]),
            .out(late_w[(k*M+i)*W_BITS+:W_BITS])
        );
      end
    end
  endgenerate
  hass_packed #(
      .M(M),
      .DEEP(DEEP),
      .PIXELS(PIXELS),
      .FILTERS(FILTERS),
      .FIELD(FIELD),
      .X_BITS(X_BITS),
      .X_SIGNED(X_SIGNED),
      .W_BITS(W_BITS),
      .ACC(ACC)
  ) packed_lanes (
      .clk,
      .work,
      .first,
      .x(late_x),
      .w(late_w),
      .sums
  );

  always @* if ($initstate) assume (rst);

  // The expected sums are known from the first beat of a window on.
  reg known;
  always @(posedge clk) known <= !rst && (known || first);
  wire known_then;
  hass_delay #(
      .WIDTH (1),
      .CYCLES(CYCLES - 1),
      .RESET (1)
  ) wait_known (
      .clk,
      .rst,
      .in (known),
      .out(known_then)
  );
  generate
    for (k = 0; k < PIXELS * FILTERS; k = k + 1) begin : g_sum
      reg [ACC-1:0] sum, products;
      integer j;
      always @* begin
        products = '0;
        for (j = 0; j < M; j = j + 1) begin
          if (X_SIGNED != 0)
            products = products + ACC'($signed(x[((k%PIXELS)*M+j)*X_BITS+:X_BITS])) * ACC'($signed(w[((k/PIXELS)*M+j)*W_BITS+:W_BITS]));
          else products = products + ACC'(x[((k%PIXELS)*M+j)*X_BITS+:X_BITS]) * ACC'($signed(w[((k/PIXELS)*M+j)*W_BITS+:W_BITS]));
        end
      end
      always @(posedge clk) sum <= (first ? '0 : sum) + (work ? products : '0);
      wire [ACC-1:0] sum_then;
      hass_delay #(
          .WIDTH (ACC),
          .CYCLES(CYCLES - 1)
      ) wait_sum (
          .clk,
          .rst(1'b0),
          .in (sum),
          .out(sum_then)
      );
      if (k == 0) begin : g_cover
        always @(posedge clk) cover (known_then && sum_then != '0);
      end
    end
  endgenerate
  wire [PIXELS*FILTERS-1:0] same;
  generate
    for (k = 0; k < PIXELS * FILTERS; k = k + 1) begin : g_same
      assign same[k] = sums[k*ACC+:ACC] == g_sum[k].sum_then;
    end
  endgenerate
  always @(posedge clk) if (!rst && known_then) right_sums: assert (&same);

endmodule
