// hass_join: gathers the accumulators of all gangs for one output beat, in port order, adds the bias,
// requantises and clamps. Tail pixels of a row are written as 0. The accumulators of a gang's banks are added.
// Biases may have fractional bits below the accumulators' unit; they decide whether a sum is a tie.
//
// There are three forms of requantisation: a shift; a multiplier and a shift, with one multiplier for all channels or one
// for each; or LEVELS thresholds, which include the bias. The weight chain brings the constants of each channel. With
// thresholds, these are the thresholds in ascending order, each in one word, or in two words (low first) if it is wider than
// 32 bits. Otherwise they are the bias, in one word or two likewise, and one word with the shift's step or the multiplier if
// channels differ in it.
//
// With TURNS > 1 a beat takes TURNS iterations, in which each multiplier serves other lanes. The first iteration reads the
// accumulators, which stay at the heads of their FIFOs; the last one writes the beat. Lanes are numbered by channel, then by
// pixel: in turn t, unit u computes lane u * TURNS + t.
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
    parameter integer TURNS = 1,  // lanes that share a multiplier; 1 without multipliers
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

  localparam integer LIVE = W < PX ? W : PX;  // pixels of a beat; others are always 0
  localparam integer LANES = OUT_CH * LIVE;
  localparam integer UNITS = (LANES + TURNS - 1) / TURNS;

  localparam integer TURN_BITS = TURNS < 2 ? 1 : $clog2(TURNS);
  wire [TURN_BITS-1:0] next_turn;
  wire first, last, done, got;
  wire [INS-1:0] heads;
  wire unused = &{1'b0, got, heads, next_turn};
  wire beat = done && last;
  assign pop = {INS{beat}};
  generate
    if (TURNS > 1) begin : g_turns
      reg [TURN_BITS-1:0] turn;
      assign first = turn == '0;
      assign last = turn == TURN_BITS'(TURNS - 1);
      assign next_turn = rst || beat ? '0 : turn + TURN_BITS'(done);
      always_ff @(posedge clk) turn <= next_turn;
    end else begin : g_one
      assign first = 1'b1;
      assign last = 1'b1;
      assign next_turn = '0;
    end
  endgenerate

  hass_iterate #(
      .INS (INS),
      .OUTS(1)
  ) iteration (
      .clk,
      .rst,
      .active(1'b1),
      .reads({INS{first}}),
      .valid,
      .read,
      .pop(heads),
      .got,
      .computed(1'b1),
      .writes(last),
      .room,
      .issue,
      .done,
      .waits
  );

  localparam integer ADDERS = LEVELS > 0 ? $clog2(BANKS) : $clog2(BANKS + 1);  // cycles that add the banks and the bias
  localparam integer CYCLES = ADDERS + (LEVELS > 0 ? 2 : MUL_BITS > 0 ? PARTS + 5 : 3) + (TURNS > 1 ? 1 : 0);

  // Thresholds are needed only when the banks have been added.
  wire advance;
  hass_delay #(
      .WIDTH (1),
      .CYCLES(LEVELS > 0 ? ADDERS : 0),
      .RESET (1)
  ) move (
      .clk,
      .rst,
      .in (beat),
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
      .step(beat),
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

  // The constants of each channel, or with turns of each unit, in the cycle of the accumulators.
  localparam integer CONSTANTS = TURNS > 1 ? UNITS : OUT_CH;
  wire [CONSTANTS*ENTRY-1:0] constants;
  wire late;  // results of a turn are ready
  hass_delay #(
      .WIDTH (1),
      .CYCLES(CYCLES),
      .RESET (1)
  ) turned (
      .clk,
      .rst,
      .in (done),
      .out(late)
  );
  wire unused_late = &{1'b0, late};

  genvar k, u, t, b;
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
    wire [CONSTANTS*3-1:0] steps;
    wire [CONSTANTS*(MUL_BITS+1)-1:0] factors;
    for (k = 0; k < CONSTANTS; k = k + 1) begin : g_constants
      if (TURNS > 1) begin : g_turn
        wire [TURNS*ENTRY-1:0] choices;
        for (t = 0; t < TURNS; t = t + 1) begin : g_choice
          localparam integer LANE = k * TURNS + t < LANES ? k * TURNS + t : LANES - 1;
          assign choices[t*ENTRY+:ENTRY] = row[LANE/LIVE*ENTRY+:ENTRY];
        end
        hass_turn #(
            .TURNS(TURNS),
            .TURN_BITS(TURN_BITS),
            .WIDTH(ENTRY)
        ) choice (
            .clk,
            .next(next_turn),
            .in  (choices),
            .out (constants[k*ENTRY+:ENTRY])
        );
      end else begin : g_all
        assign constants[k*ENTRY+:ENTRY] = row[k*ENTRY+:ENTRY];
      end
      // The channel's own step or multiplier, in the cycle in which the sum is ready.
      if (SCALE > 0) begin : g_scale
        wire [SCALE-1:0] scale;
        hass_delay #(
            .WIDTH (SCALE),
            .CYCLES(ADDERS)
        ) delay (
            .clk,
            .rst(1'b0),
            .in (constants[k*ENTRY+SUM+:SCALE]),
            .out(scale)
        );
        if (STEPS > 1) begin : g_step
          assign steps[k*3+:3] = scale;
          assign factors[k*(MUL_BITS+1)+:MUL_BITS+1] = '0;
        end else begin : g_own
          assign steps[k*3+:3] = '0;
          assign factors[k*(MUL_BITS+1)+:MUL_BITS+1] = {1'b0, scale};
        end
      end else begin : g_common
        assign steps[k*3+:3] = '0;
        assign factors[k*(MUL_BITS+1)+:MUL_BITS+1] = common;
      end
    end

    for (u = 0; u < UNITS; u = u + 1) begin : g_unit
      localparam integer C = TURNS > 1 ? u : u / LIVE;  // its constants
      wire [TURNS*BANKS*ACC_BITS-1:0] choices;
      for (t = 0; t < TURNS; t = t + 1) begin : g_choice
        localparam integer LANE = u * TURNS + t < LANES ? u * TURNS + t : LANES - 1;
        localparam integer P = LANE % LIVE;
        localparam integer O = LANE / LIVE;
        for (b = 0; b < BANKS; b = b + 1) begin : g_bank
          localparam integer FROM = ((O / GANG * BANKS + b) * PX + P) * GANG + O % GANG;
          assign choices[(t*BANKS+b)*ACC_BITS+:ACC_BITS] = in[FROM*ACC_BITS+:ACC_BITS];
        end
      end
      wire [BANKS*ACC_BITS-1:0] banks;
      if (TURNS > 1) begin : g_turn
        hass_turn #(
            .TURNS(TURNS),
            .TURN_BITS(TURN_BITS),
            .WIDTH(BANKS * ACC_BITS)
        ) choice (
            .clk,
            .next(next_turn),
            .in  (choices),
            .out (banks)
        );
      end else begin : g_all
        assign banks = choices;
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
            .thresholds(constants[C*ENTRY+:ENTRY]),
            .y
        );
        wire unused_scale = &{1'b0, steps[C*3+:3], factors[C*(MUL_BITS+1)+:MUL_BITS+1]};
      end else begin : g_sum
        wire [(BANKS+1)*SUM-1:0] parts;
        for (b = 0; b < BANKS; b = b + 1) begin : g_part
          assign parts[b*SUM+:SUM] = SUM'(banks[b*ACC_BITS+:ACC_BITS]) << BIAS_FRAC;
        end
        assign parts[BANKS*SUM+:SUM] = constants[C*ENTRY+:SUM];
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
              .b(factors[C*(MUL_BITS+1)+:MUL_BITS+1]),
              .y(value)
          );
        end else begin : g_plain
          assign value = sum;
          wire unused_factor = &{1'b0, factors[C*(MUL_BITS+1)+:MUL_BITS+1]};
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
            .step(steps[C*3+:3]),
            .y
        );
        if (MUL_BITS > 0) begin : g_sign
          wire unused_sign = &{1'b0, value[IN-1]};  // a copy of the sign
        end
      end

      // The results of all turns but the last wait for it.
      wire [TURNS*BITS-1:0] results;
      if (TURNS > 1) begin : g_wait
        reg [(TURNS-1)*BITS-1:0] waiting;
        assign results = {y, waiting};
        always_ff @(posedge clk) if (late) waiting <= results[TURNS*BITS-1:BITS];
      end else begin : g_now
        assign results = y;
      end
      for (t = 0; t < TURNS; t = t + 1) begin : g_lane
        localparam integer LANE = u * TURNS + t;
        if (LANE < LANES) begin : g_out
          localparam integer P = LANE % LIVE;
          assign out[(P*OUT_CH+LANE/LIVE)*BITS+:BITS] = valid_pixel[P] ? results[t*BITS+:BITS] : '0;
        end else begin : g_none
          wire unused_result = &{1'b0, results[t*BITS+:BITS]};
        end
      end
    end
    if (PX > LIVE) begin : g_beyond
      assign out[LIVE*OUT_CH*BITS+:(PX-LIVE)*OUT_CH*BITS] = '0;
      wire unused_in = &{1'b0, in, valid_pixel};
    end
  endgenerate

endmodule
