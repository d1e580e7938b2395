// hass_words: the number of words of a call, images times WORDS, by one adder that adds one bit of `images` per cycle. A
// multiplier of this width would be slow or need a pipeline.
module hass_words #(
    parameter integer WORDS = 1  // words per image
) (
    input  wire        clk,
    input  wire        rst,
    input  wire        start,   // pulse
    input  wire [31:0] images,
    output reg  [47:0] words,
    output reg         ready,   // pulse: `words` is valid from now on
    output wire        busy
);

  reg [31:0] rest;
  reg [47:0] part;
  reg [ 5:0] left;
  assign busy = left != '0 || ready;

  always_ff @(posedge clk) begin
    ready <= !rst && left == 6'd1;
    if (rst) begin
      left <= '0;
    end else if (start) begin
      left  <= 6'd33;
      words <= '0;
      rest  <= images;
      part  <= 48'(WORDS);
    end else if (left != '0) begin
      left  <= left - 1'b1;
      words <= rest[0] ? words + part : words;
      rest  <= {1'b0, rest[31:1]};
      part  <= {part[46:0], 1'b0};
    end
  end

endmodule
