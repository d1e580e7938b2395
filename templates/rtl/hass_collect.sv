// hass_collect: brings the sums of a scheduled engine's chains into the order of the filters: for each filter it forwards
// one token of the chain that a table names.
module hass_collect #(
    parameter integer INS = 2,  // chains
    parameter integer WIDTH = 24,  // bits of a token
    parameter integer FILTERS = 2,
    parameter integer STYLE = 0  // of the table's memory: 0 LUT RAM, 1 block RAM
) (
    input  wire                 clk,
    input  wire                 rst,
    input  wire                 start,
    input  wire                 load,
    input  wire                 chain_valid,
    input  wire [         31:0] chain_word,
    output wire                 next_valid,
    output wire [         31:0] next_word,
    input  wire [      INS-1:0] valid,
    input  wire [INS*WIDTH-1:0] in,
    output wire [      INS-1:0] read,
    output wire [      INS-1:0] pop,
    input  wire                 room,
    output wire                 issue,
    output wire                 push,
    output wire [    WIDTH-1:0] out,
    output wire [          1:0] waits
);

  localparam integer IB = INS < 2 ? 1 : $clog2(INS);
  wire [IB-1:0] from;
  wire none, got, done;
  wire unused = &{1'b0, none, got};
  hass_weights #(
      .DEPTH(FILTERS),
      .ROW(IB),
      .WORDS(1),
      .FIELD0(IB),
      .FLAG(0),
      .STYLE(STYLE)
  ) ports (
      .clk,
      .rst,
      .load,
      .chain_valid,
      .chain_word,
      .next_valid,
      .next_word,
      .advance(done),
      .row(from),
      .flags_advance(1'b0),
      .flags(none)
  );
  reg running;  // before the first start the table has no valid word
  always_ff @(posedge clk) running <= !rst && (running || start);
  hass_iterate #(
      .INS (INS),
      .OUTS(1)
  ) iteration (
      .clk,
      .rst,
      .active(running),
      .reads(INS'(1) << from),
      .valid,
      .read,
      .pop,
      .got,
      .computed(1'b1),
      .writes(1'b1),
      .room,
      .issue,
      .done,
      .waits
  );

  // The chosen token may be registered: it stays at the head of its FIFO during the iteration.
  wire [WIDTH-1:0] chosen;
  genvar p, i;
  generate
    for (p = 0; p < WIDTH; p = p + 1) begin : g_bit
      wire [2**IB-1:0] choices;
      for (i = 0; i < 2 ** IB; i = i + 1) begin : g_in
        if (i < INS) begin : g_port
          assign choices[i] = in[i*WIDTH+p];
        end else begin : g_none
          assign choices[i] = 1'b0;
        end
      end
      assign chosen[p] = choices[from];
    end
  endgenerate
  reg issued;
  reg [WIDTH-1:0] taken;
  always_ff @(posedge clk) begin
    issued <= !rst && issue;
    taken  <= chosen;
  end
  assign push = issued;
  assign out  = taken;

endmodule
