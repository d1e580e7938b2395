// hass_join: gathers the accumulators of all gangs for one output beat, in port order, adds the bias,
// requantises and clamps. Tail pixels of a row are written as 0. Biases and the shifts of a layer that has
// several come by the weight chain: a word for the bias, or two (low first) if it is wider than
// 32 bits, then the shift's step. The accumulators of a gang of several banks are the sum of theirs.
// Biases may have places below the accumulators' unit, which decide what is a tie.
module hass_join #(
    parameter integer GANGS = 1,
    parameter integer BANKS = 1,  // of a gang; port g * BANKS + b is bank b of gang g
    parameter integer GANG = 1,  // lanes of each
    parameter integer PX = 1,
    parameter integer ACC_BITS = 32,
    parameter integer BIAS_FRAC = 0,  // places of a bias below the accumulators' unit
    parameter integer BITS = 16,  // of an output value
    parameter integer W = 1,  // of the output
    parameter integer FOLDS = 1,  // beats of a pixel group
    parameter integer SHIFT = 0,  // the smallest, of sum and bias
    parameter integer STEPS = 1,  // number of shifts from it on
    parameter integer ROUNDING = 0,  // 0: half up, 1: half to even
    parameter integer LO = 0,
    parameter integer HI = 0,
    parameter integer OUT_CH = GANGS * GANG,
    parameter integer INS = GANGS * BANKS
) (
    input  wire                            clk,
    input  wire                            rst,
    input  wire                            load,
    input  wire                            chain_valid,
    input  wire [                    31:0] chain_word,
    output wire                            next_valid,
    output wire [                    31:0] next_word,
    input  wire [                 INS-1:0] valid,
    input  wire [INS*PX*GANG*ACC_BITS-1:0] in,
    output wire [                 INS-1:0] read,
    output wire [                 INS-1:0] pop,
    input  wire                            room,
    output wire                            issue,
    output wire                            push,
    output wire [      PX*OUT_CH*BITS-1:0] out,
    output wire [                     1:0] waits
);

  localparam integer SUM = ACC_BITS + BIAS_FRAC;
  localparam integer STEP_BITS = STEPS > 1 ? 3 : 0;
  localparam integer ENTRY = SUM + STEP_BITS;  // of a channel
  localparam integer BIAS_WORDS = SUM > 32 ? 2 : 1;
  localparam integer CYCLE = BIAS_WORDS + (STEPS > 1 ? 1 : 0);

  wire done, got;
  wire unused = &{1'b0, got};
  hass_iterate #(
      .INS (INS),
      .OUTS(1)
  ) iteration (
      .clk,
      .rst,
      .active(1'b1),
      .reads({INS{1'b1}}),
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

  wire [OUT_CH*ENTRY-1:0] row;
  wire no_flags;
  hass_weights #(
      .DEPTH(FOLDS),
      .ROW(OUT_CH * ENTRY),
      .WORDS(OUT_CH * CYCLE),
      .CYCLE(CYCLE),
      .FIELD0(SUM < 32 ? SUM : 32),
      .FIELD1(BIAS_WORDS == 2 ? SUM - 32 : STEP_BITS),
      .FIELD2(STEP_BITS)
  ) biases (
      .clk,
      .rst,
      .load,
      .chain_valid,
      .chain_word,
      .next_valid,
      .next_word,
      .advance(done),
      .row,
      .flags_advance(1'b0),
      .flags(no_flags)
  );

  wire [PX-1:0] in_map;
  localparam integer FOLD_BITS = FOLDS < 2 ? 1 : $clog2(FOLDS);
  localparam integer GROUP_BITS = W <= PX ? 1 : $clog2((W + PX - 1) / PX);
  wire [FOLD_BITS-1:0] fold;
  wire [GROUP_BITS-1:0] group;
  wire unused_place = &{1'b0, fold, group, no_flags};
  hass_column #(
      .W(W),
      .PX(PX),
      .CHANNEL_BEATS(FOLDS)
  ) column (
      .clk,
      .rst,
      .step(done),
      .channel(fold),
      .group,
      .in_map
  );

  localparam integer ADDERS = $clog2(BANKS + 1);  // cycles of the sum of banks and bias
  localparam integer CYCLES = ADDERS + 3;
  hass_delay #(
      .WIDTH (1),
      .CYCLES(CYCLES),
      .RESET (1)
  ) issued (
      .clk,
      .rst,
      .in (issue),
      .out(push)
  );
  wire [PX-1:0] valid_pixel;
  hass_delay #(
      .WIDTH (PX),
      .CYCLES(CYCLES)
  ) place (
      .clk,
      .rst,
      .in (in_map),
      .out(valid_pixel)
  );

  genvar p, o, b;
  generate
    for (o = 0; o < OUT_CH; o = o + 1) begin : g_channel
      wire [SUM-1:0] bias = row[o*ENTRY+:SUM];
      wire [2:0] step;
      if (STEPS > 1) begin : g_step
        hass_delay #(
            .WIDTH (3),
            .CYCLES(ADDERS)
        ) delay (
            .clk,
            .rst,
            .in (row[o*ENTRY+SUM+:3]),
            .out(step)
        );
      end else begin : g_no_step
        assign step = '0;
      end
      for (p = 0; p < PX; p = p + 1) begin : g_pixel
        wire [(BANKS+1)*SUM-1:0] parts;
        for (b = 0; b < BANKS; b = b + 1) begin : g_bank
          localparam integer FROM = ((o / GANG * BANKS + b) * PX + p) * GANG + o % GANG;
          assign parts[b*SUM+:SUM] = SUM'(in[FROM*ACC_BITS+:ACC_BITS]) << BIAS_FRAC;
        end
        assign parts[BANKS*SUM+:SUM] = bias;
        wire [SUM-1:0] sum;
        hass_sum #(
            .N(BANKS + 1),
            .BITS(SUM)
        ) adders (
            .clk,
            .x(parts),
            .sum
        );
        wire [BITS-1:0] y;
        hass_requant #(
            .IN(SUM),
            .OUT(BITS),
            .SHIFT(SHIFT),
            .STEPS(STEPS),
            .ROUNDING(ROUNDING),
            .LO(LO),
            .HI(HI),
            .SPLIT(1)
        ) requant (
            .clk,
            .x(sum),
            .step,
            .y
        );
        assign out[(p*OUT_CH+o)*BITS+:BITS] = valid_pixel[p] ? y : '0;
      end
    end
  endgenerate

endmodule
