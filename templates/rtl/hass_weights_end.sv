// hass_weights_end: the end of the weight chain. If the stream fits the design, the end mark is the only
// word that arrives here. Any other word, or a word after the mark, means that the stream belongs to another
// design. If the stream is too short, nothing arrives, and loading continues.
module hass_weights_end #(
    parameter [31:0] MARK = 32'h48415353  // hass::CHAIN_END
) (
    input  wire        clk,
    input  wire        rst,
    input  wire        load,         // the chain begins
    input  wire        chain_valid,
    input  wire [31:0] chain_word,
    output reg         loaded,       // pulse: all weights are loaded
    output reg         load_failed   // pulse: the stream does not fit, even if `loaded` came before
);

  reg ended;

  always_ff @(posedge clk) begin
    if (rst || load) begin
      ended <= 1'b0;
      loaded <= 1'b0;
      load_failed <= 1'b0;
    end else begin
      ended <= ended || chain_valid;
      loaded <= chain_valid && !ended && chain_word == MARK;
      load_failed <= chain_valid && (ended || chain_word != MARK);
    end
  end

endmodule
