// hass_join: gathers the accumulators of all gangs for one output beat, in port order, adds the bias,
// requantises and clamps. Tail pixels of a row are written as 0. The accumulators of a gang's banks are added.
// Biases may have fractional bits below the accumulators' unit; they decide whether a sum is a tie.
//
// There are three forms of requantisation: a shift; a multiplier and a shift, with one multiplier for all channels or one
// for each; or LEVELS thresholds, which include the bias. The weight chain brings the constants of each channel. With
// thresholds, these are the thresholds in ascending order, each in one word, or in two words (low first) if it is wider than
// 32 bits. Otherwise they are the bias, in one word or two likewise, and one word with the shift's step or the multiplier if
// channels differ in it.
module hass_join #(
    parameter integer GANGS = 1,
    parameter integer BANKS = 1,  // per gang; port g * BANKS + b is bank b of gang g
    parameter integer GANG = 1,  // output lanes per gang
    parameter integer PX = 1,
    parameter integer ACC_BITS = 32,
    parameter integer BIAS_FRAC = 0,  // fractional bits of a bias, below the accumulators' unit
    parameter integer BITS = 16,  // of an output value
    parameter integer W = 1,  // width of the output map
    parameter integer FOLDS = 1,  // beats per pixel group
    parameter integer SHIFT = 0,  // the least shift of sum and bias
    parameter integer STEPS = 1,  // number of shifts: SHIFT, SHIFT + 1, ...
    parameter integer ROUNDING = 0,  // 0: half up, 1: half to even
    parameter integer LO = 0,
    parameter integer HI = 0,
    parameter integer MUL_BITS = 0,  // of the multiplier, which is positive; 0: no multiplier
    parameter integer MUL = 0,  // multiplier of all channels; 0: each channel has its own
    parameter integer PARTS = 1,  // parts of the product (hass_multiply)
    parameter integer LEVELS = 0,  // thresholds per channel; 0: none
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
  localparam integer OWN_MUL = MUL_BITS > 0 && MUL == 0 ? MUL_BITS : 0;
  localparam integer SCALE = STEPS > 1 ? 3 : OWN_MUL;  // bits of a channel's own step or multiplier
  localparam integer VALUE = LEVELS > 0 ? ACC_BITS : SUM;  // bits of a bias or threshold
  localparam integer VALUE_WORDS = VALUE > 32 ? 2 : 1;
  localparam integer ENTRY = LEVELS > 0 ? LEVELS * VALUE : VALUE + SCALE;  // bits of a channel's constants
  localparam integer CYCLE = VALUE_WORDS + (SCALE > 0 ? 1 : 0);

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

  localparam integer ADDERS = LEVELS > 0 ? $clog2(BANKS) : $clog2(BANKS + 1);  // cycles that add the banks and the bias
  localparam integer CYCLES = ADDERS + (LEVELS > 0 ? 2 : MUL_BITS > 0 ? PARTS + 5 : 3);

  // Thresholds are needed only when the banks have been added.
  wire advance;
  hass_delay #(
      .WIDTH (1),
      .CYCLES(LEVELS > 0 ? ADDERS : 0),
      .RESET (1)
  ) move (
      .clk,
      .rst,
      .in (done),
      .out(advance)
  );

  wire [OUT_CH*ENTRY-1:0] row;
  wire no_flags;
  hass_weights #(
      .DEPTH(FOLDS),
      .ROW(OUT_CH * ENTRY),
      .WORDS(OUT_CH * (LEVELS > 0 ? LEVELS * VALUE_WORDS : CYCLE)),
      .CYCLE(CYCLE),
      .FIELD0(VALUE < 32 ? VALUE : 32),
      .FIELD1(VALUE_WORDS == 2 ? VALUE - 32 : SCALE),
      .FIELD2(SCALE)
  ) biases (
      .clk,
      .rst,
      .load,
      .chain_valid,
      .chain_word,
      .next_valid,
      .next_word,
      .advance,
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
    wire signed [MUL_BITS:0] common;
    if (MUL != 0) begin : g_constant
      hass_constant #(
          .BITS (MUL_BITS + 1),
          .VALUE(64'(MUL))
      ) constant (
          .value(common)
      );
    end else begin : g_no_constant
      assign common = '0;
      wire unused_common = &{1'b0, common};
    end
    for (o = 0; o < OUT_CH; o = o + 1) begin : g_channel
      // The channel's own constants, in the cycle in which the sum is ready.
      wire [2:0] step;
      wire signed [MUL_BITS:0] factor;
      if (SCALE > 0) begin : g_scale
        wire [SCALE-1:0] scale;
        hass_delay #(
            .WIDTH (SCALE),
            .CYCLES(ADDERS)
        ) delay (
            .clk,
            .rst,
            .in (row[o*ENTRY+SUM+:SCALE]),
            .out(scale)
        );
        if (STEPS > 1) begin : g_step
          assign step   = scale;
          assign factor = '0;
        end else begin : g_own
          assign step   = '0;
          assign factor = {1'b0, scale};
        end
      end else begin : g_common
        assign step   = '0;
        assign factor = common;
      end
      for (p = 0; p < PX; p = p + 1) begin : g_pixel
        wire [BANKS*ACC_BITS-1:0] banks;
        for (b = 0; b < BANKS; b = b + 1) begin : g_bank
          localparam integer FROM = ((o / GANG * BANKS + b) * PX + p) * GANG + o % GANG;
          assign banks[b*ACC_BITS+:ACC_BITS] = in[FROM*ACC_BITS+:ACC_BITS];
        end
        wire [BITS-1:0] y;
        if (LEVELS > 0) begin : g_levels
          wire [ACC_BITS-1:0] sum;
          hass_sum #(
              .N(BANKS),
              .BITS(ACC_BITS)
          ) adders (
              .clk,
              .x(banks),
              .sum
          );
          hass_levels #(
              .LEVELS(LEVELS),
              .IN(ACC_BITS),
              .OUT(BITS),
              .LO(LO)
          ) levels (
              .clk,
              .x(sum),
              .thresholds(row[o*ENTRY+:ENTRY]),
              .y
          );
          wire unused_scale = &{1'b0, step, factor};
        end else begin : g_sum
          wire [(BANKS+1)*SUM-1:0] parts;
          for (b = 0; b < BANKS; b = b + 1) begin : g_part
            assign parts[b*SUM+:SUM] = SUM'(banks[b*ACC_BITS+:ACC_BITS]) << BIAS_FRAC;
          end
          assign parts[BANKS*SUM+:SUM] = row[o*ENTRY+:SUM];
          wire [SUM-1:0] sum;
          hass_sum #(
              .N(BANKS + 1),
              .BITS(SUM)
          ) adders (
              .clk,
              .x(parts),
              .sum
          );
          localparam integer IN = MUL_BITS > 0 ? SUM + MUL_BITS + 1 : SUM;
          wire [IN-1:0] value;
          if (MUL_BITS > 0) begin : g_multiply
            hass_multiply #(
                .A(SUM),
                .B(MUL_BITS + 1),
                .PARTS(PARTS)
            ) product (
                .clk,
                .a(sum),
                .b(factor),
                .y(value)
            );
          end else begin : g_plain
            assign value = sum;
            wire unused_factor = &{1'b0, factor};
          end
          hass_requant #(
              .IN(MUL_BITS > 0 ? IN - 1 : IN),
              .OUT(BITS),
              .SHIFT(SHIFT),
              .STEPS(STEPS),
              .ROUNDING(ROUNDING),
              .LO(LO),
              .HI(HI),
              .SPLIT(1)
          ) requant (
              .clk,
              .x(value[(MUL_BITS > 0 ? IN - 1 : IN)-1:0]),
              .step,
              .y
          );
          if (MUL_BITS > 0) begin : g_sign
            wire unused_sign = &{1'b0, value[IN-1]};  // a copy of the sign
          end
        end
        assign out[(p*OUT_CH+o)*BITS+:BITS] = valid_pixel[p] ? y : '0;
      end
    end
  endgenerate

endmodule
