// hass_weights_end: the end of the weight chain. If every process took as many words as the design
// wants, the end mark is the only word that comes here; any other word says that the stream is of
// another design, as does a word behind the mark. A stream that is too short never
// gets here: loading goes on.
module hass_weights_end #(
    parameter [31:0] MARK = 32'h48415353  // hass::CHAIN_END
) (
    input  wire        clk,
    input  wire        rst,
    input  wire        load,         // the chain begins
    input  wire        chain_valid,
    input  wire [31:0] chain_word,
    output reg         loaded,       // pulse: all is there
    output reg         load_failed   // pulse: it is not, even if it was said before
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
