// hass_multiply_add: y = a * b + c, four cycles later; all are signed. Its registers are those of one DSP slice or,
// if `a` is wider than a port, of two cascaded slices: the first multiplies the low 17 bits of `a`, and its sum,
// shifted right by 17 bits, is added in the second.
module hass_multiply_add #(
    parameter integer A = 25,
    parameter integer B = 18,
    parameter integer C = 48,
    parameter integer Y = 48  // bits of y, enough for the result
) (
    input  wire                clk,
    input  wire signed [A-1:0] a,
    input  wire signed [B-1:0] b,
    input  wire signed [C-1:0] c,
    output wire signed [Y-1:0] y
);

  localparam integer PORT = 25;

  reg signed [B-1:0] b_1;
  reg signed [C-1:0] c_1, c_2;
  always_ff @(posedge clk) begin
    b_1 <= b;
    c_1 <= c;
    c_2 <= c_1;
  end

  generate
    if (A > PORT) begin : g_two
      localparam integer LOW = 17;
      localparam integer SUM = (LOW + B > C ? LOW + B : C) + 1;
      localparam integer HIGH = A + B < Y ? A + B - LOW : Y - LOW;
      reg signed [LOW:0] low_1;
      reg signed [LOW+B-1:0] low_2;
      reg signed [SUM-1:0] low_3;
      reg [LOW-1:0] low_4;
      reg signed [A-LOW-1:0] high_1, high_2;
      reg signed [B-1:0] b_2;
      reg signed [HIGH-1:0] high_3;
      reg signed [Y-LOW-1:0] high_4;
      wire signed [LOW+B:0] low_product = low_1 * b_1;
      wire signed [A+B-LOW-1:0] high_product = high_2 * b_2;
      wire unused = &{1'b0, low_product, high_product};
      always_ff @(posedge clk) begin
        low_1  <= {1'b0, a[LOW-1:0]};
        low_2  <= low_product[LOW+B-1:0];
        low_3  <= SUM'(low_2) + SUM'(c_2);
        low_4  <= low_3[LOW-1:0];
        high_1 <= a[A-1:LOW];
        high_2 <= high_1;
        b_2    <= b_1;
        high_3 <= high_product[HIGH-1:0];
        high_4 <= (Y - LOW)'(high_3) + (Y - LOW)'(low_3 >>> LOW);
      end
      assign y = {high_4, low_4};
    end else begin : g_one
      localparam integer PRODUCT = A + B < Y ? A + B : Y;
      reg signed [A-1:0] a_1, a_2;
      reg signed [B-1:0] b_2;
      reg signed [C-1:0] c_3;
      wire signed [A+B-1:0] whole = a_2 * b_2;
      wire unused = &{1'b0, whole};
      reg signed [PRODUCT-1:0] product;
      reg signed [Y-1:0] sum;
      always_ff @(posedge clk) begin
        a_1 <= a;
        a_2 <= a_1;
        b_2 <= b_1;
        c_3 <= c_2;
        product <= whole[PRODUCT-1:0];
        sum <= Y'(product) + Y'(c_3);
      end
      assign y = sum;
    end
  endgenerate

endmodule
