// hass_multiply: y = a * b, both signed, PARTS + 2 cycles later. A part is a product for one DSP slice, whose ports
// have 25 and 18 bits, with the slice's registers: operands, product, sum. If an operand is too wide, it is split above
// its low 17 bits: two parts if one operand is split, four if both are. Each part adds the upper bits of the part before it,
// so the parts map to a cascade of slices.
module hass_multiply #(
    parameter integer A = 18,
    parameter integer B = 18,
    parameter integer PARTS = 1  // 1, 2 or 4
) (
    input  wire                  clk,
    input  wire signed [  A-1:0] a,
    input  wire signed [  B-1:0] b,
    output wire signed [A+B-1:0] y
);

  localparam integer WIDE = A > B ? A : B;
  localparam integer NARROW = A > B ? B : A;
  localparam integer LOW = 17;

  wire signed [WIDE-1:0] w;
  wire signed [NARROW-1:0] n;
  generate
    if (A > B) begin : g_order
      assign w = a;
      assign n = b;
    end else begin : g_swap
      assign w = b;
      assign n = a;
    end

    if (PARTS == 1) begin : g_one
      reg signed [WIDE-1:0] w_1;
      reg signed [NARROW-1:0] n_1;
      reg signed [A+B-1:0] product_2, product_3;
      always_ff @(posedge clk) begin
        w_1 <= w;
        n_1 <= n;
        product_2 <= w_1 * n_1;
        product_3 <= product_2;
      end
      assign y = product_3;
    end else if (PARTS == 2) begin : g_two
      localparam integer HIGH = WIDE - LOW;
      reg signed [LOW:0] low_1;
      reg signed [HIGH-1:0] high_1, high_2;
      reg signed [NARROW-1:0] n_1, n_2;
      reg signed [LOW+NARROW-1:0] low_2, low_3;
      reg [LOW-1:0] low_4;
      reg signed [HIGH+NARROW-1:0] high_3, high_4;
      wire signed [LOW+NARROW:0] low_product = low_1 * n_1;
      wire unused = &{1'b0, low_product};
      always_ff @(posedge clk) begin
        low_1  <= {1'b0, w[LOW-1:0]};
        n_1    <= n;
        high_1 <= w[WIDE-1:LOW];
        low_2  <= low_product[LOW+NARROW-1:0];
        n_2    <= n_1;
        high_2 <= high_1;
        low_3  <= low_2;
        high_3 <= high_2 * n_2;
        low_4  <= low_3[LOW-1:0];
        high_4 <= high_3 + (HIGH + NARROW)'($signed(low_3[LOW+NARROW-1:LOW]));
      end
      assign y = {high_4, low_4};
    end else begin : g_four
      // Halves of the wider and of the narrower operand, in this order: low low, high low, low high, high high.
      localparam integer HIGH_W = WIDE - LOW;
      localparam integer HIGH_N = NARROW - LOW;
      localparam integer REST = A + B - LOW;  // bits above the low bits of the first part
      reg signed [LOW:0] w_low_1, w_low_2, w_low_3, n_low_1, n_low_2;
      reg signed [HIGH_W-1:0] w_high_1, w_high_2, w_high_3, w_high_4;
      reg signed [HIGH_N-1:0] n_high_1, n_high_2, n_high_3, n_high_4;
      reg signed [2*LOW+1:0] first_2, first_3;
      reg signed [LOW+HIGH_W:0] second_3;
      reg signed [LOW+HIGH_N:0] third_4;
      reg signed [HIGH_W+HIGH_N-1:0] fourth_5;
      reg signed [REST-1:0] second_4, third_5;
      reg signed [REST-LOW-1:0] fourth_6;
      reg [LOW-1:0] first_4, first_5, first_6, third_6;
      always_ff @(posedge clk) begin
        w_low_1  <= {1'b0, w[LOW-1:0]};
        n_low_1  <= {1'b0, n[LOW-1:0]};
        w_high_1 <= w[WIDE-1:LOW];
        n_high_1 <= n[NARROW-1:LOW];
        first_2  <= w_low_1 * n_low_1;
        w_low_2  <= w_low_1;
        n_low_2  <= n_low_1;
        w_high_2 <= w_high_1;
        n_high_2 <= n_high_1;
        first_3  <= first_2;
        second_3 <= w_high_2 * n_low_2;
        w_low_3  <= w_low_2;
        w_high_3 <= w_high_2;
        n_high_3 <= n_high_2;
        first_4  <= first_3[LOW-1:0];
        second_4 <= REST'(second_3) + REST'($signed(first_3[2*LOW+1:LOW]));
        third_4  <= w_low_3 * n_high_3;
        w_high_4 <= w_high_3;
        n_high_4 <= n_high_3;
        first_5  <= first_4;
        third_5  <= REST'(third_4) + second_4;
        fourth_5 <= w_high_4 * n_high_4;
        first_6  <= first_5;
        third_6  <= third_5[LOW-1:0];
        fourth_6 <= (REST - LOW)'(fourth_5) + (REST - LOW)'($signed(third_5[REST-1:LOW]));
      end
      assign y = {fourth_6, third_6, first_6};
    end
  endgenerate

endmodule
