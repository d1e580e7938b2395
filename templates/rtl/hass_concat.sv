// hass_concat: concatenates the channels of its inputs. All inputs have the same format, but each its own channels
// per beat, and so has the output. Each pixel of a beat has a row of OUT + KEPT lanes. An iteration reads at most one
// beat of each input and puts it into its place in the row. When the first OUT lanes are complete, it writes them, and
// the other lanes move down to lane 0.
//
// The table PROGRAM has one word for each iteration of a group of pixels. From the lowest bit up, a word has one bit for
// each input that is read, one bit that tells whether the iteration writes, and an index of INDEX bits for each input:
// the beat of that input goes to lane BASE + index * UNIT.
module hass_concat #(
    parameter integer INS = 2,
    parameter integer BITS = 8,  // of a value
    parameter integer PIXELS = 1,  // per beat
    parameter integer OUT = 1,  // channels per beat written
    parameter integer KEPT = 0,  // most lanes of a pixel that are occupied after an iteration
    parameter integer IN = 2,  // channels per beat, summed over the inputs
    parameter [INS*32-1:0] CHANNELS = {INS{32'd1}},  // per beat of each input
    parameter [INS*32-1:0] BASE = '0,
    parameter [INS*32-1:0] UNIT = {INS{32'd1}},
    parameter [INS*32-1:0] PLACES = {INS{32'd1}},  // number of values of the index
    parameter integer INDEX = 1,
    parameter integer STEPS = 2,  // iterations of a group of pixels
    parameter [STEPS*(INS*(1+INDEX)+1)-1:0] PROGRAM = '0  // first word lowest
) (
    input  wire                       clk,
    input  wire                       rst,
    input  wire [            INS-1:0] valid,
    input  wire [ PIXELS*IN*BITS-1:0] in,
    output wire [            INS-1:0] read,
    output wire [            INS-1:0] pop,
    input  wire                       room,
    output wire                       issue,
    output reg                        push,
    output reg  [PIXELS*OUT*BITS-1:0] out,
    output wire [                1:0] waits
);

  localparam integer WORD = INS * (1 + INDEX) + 1;
  localparam integer STEP = STEPS < 2 ? 1 : $clog2(STEPS);
  localparam integer SPAN = OUT + KEPT;

  // The channels of the inputs before input k.
  function automatic integer channels_before(input integer k);
    integer i;
    begin
      channels_before = 0;
      for (i = 0; i < k; i = i + 1) channels_before = channels_before + CHANNELS[i*32+:32];
    end
  endfunction

  // The word of this iteration is in a register, so that places and reads come from flip-flops.
  reg [STEP-1:0] step;
  reg [WORD-1:0] word;
  wire [STEP-1:0] next = step == STEP'(STEPS - 1) ? '0 : step + 1'b1;
  wire [WORD-1:0] next_word;
  hass_table #(
      .ENTRIES(STEPS),
      .BITS(WORD),
      .TABLE(PROGRAM)
  ) program_table (
      .at(next),
      .value(next_word)
  );

  wire [INS-1:0] reads = word[INS-1:0];
  wire writes = word[INS];
  wire got, done;
  wire unused = &{1'b0, got, word};

  hass_iterate #(
      .INS (INS),
      .OUTS(1)
  ) iteration (
      .clk,
      .rst,
      .active(1'b1),
      .reads,
      .valid,
      .read,
      .pop,
      .got,
      .computed(1'b1),
      .writes,
      .room,
      .issue,
      .done,
      .waits
  );

  always_ff @(posedge clk) begin
    if (rst) begin
      step <= '0;
      word <= PROGRAM[WORD-1:0];
      push <= 1'b0;
    end else begin
      if (done) begin
        step <= next;
        word <= next_word;
      end
      push <= issue;
    end
  end

  genvar p, k;
  generate
    for (p = 0; p < PIXELS; p = p + 1) begin : g_pixel
      wire [INS*SPAN*BITS-1:0] placed;
      for (k = 0; k < INS; k = k + 1) begin : g_input
        localparam integer LANES = CHANNELS[k*32+:32];
        localparam integer CHOICES = PLACES[k*32+:32];
        localparam integer BITS_AT = CHOICES < 2 ? 1 : $clog2(CHOICES);
        hass_place #(
            .BITS  (BITS),
            .LANES (LANES),
            .SPAN  (SPAN),
            .BASE  (BASE[k*32+:32]),
            .UNIT  (UNIT[k*32+:32]),
            .PLACES(CHOICES)
        ) place (
            .at (word[INS+1+k*INDEX+:BITS_AT]),
            .in (in[(PIXELS*channels_before(k)+p*LANES)*BITS+:LANES*BITS]),
            .out(placed[k*SPAN*BITS+:SPAN*BITS])
        );
      end

      // The lanes of the beats that this iteration reads; all others are 0.
      reg [SPAN*BITS-1:0] added;
      integer i;
      always_comb begin
        added = '0;
        for (i = 0; i < INS; i = i + 1) added = added | (placed[i*SPAN*BITS+:SPAN*BITS] & {SPAN * BITS{reads[i]}});
      end

      if (KEPT > 0) begin : g_kept
        reg [KEPT*BITS-1:0] kept;
        wire [SPAN*BITS-1:0] row = added | (SPAN * BITS)'(kept);
        always_ff @(posedge clk) begin
          if (rst) kept <= '0;
          else if (done) kept <= writes ? row[SPAN*BITS-1:OUT*BITS] : row[KEPT*BITS-1:0];
          out[p*OUT*BITS+:OUT*BITS] <= row[OUT*BITS-1:0];
        end
      end else begin : g_whole
        always_ff @(posedge clk) out[p*OUT*BITS+:OUT*BITS] <= added;
      end
    end
  endgenerate

endmodule
