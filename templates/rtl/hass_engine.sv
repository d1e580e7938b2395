// hass_engine: one gang of dot-product engines: GANG output lanes by PX pixels share a weight address
// and move together, so a beat takes the most cycles that any of them needs. The gang has its own
// memory of weights, which the weight chain fills.
//
// In a DEPTHWISE convolution each output lane has its own channel and so its own M activations:
// lane i of output lane g is lane i * GANG + g of the pixel.
//
// Control does not look at the token itself. It counts tokens as they are written into the engine's FIFO and, if the engine
// skips zeros, gets the cycles of each beat from hass_ahead. It counts the cycles down, and frees the token's place in the FIFO
// in the first of them. The token and the row of weights are used LAG cycles later, at the end of the pipeline that chooses the
// pairs, and only then popped. So the enables of many registers come from registers. Gangs of more than four lanes have one
// more cycle, SPREAD, in which the token and the control signals are copied once for every eight lanes.
module hass_engine #(
    parameter integer KIND = 0,  // see hass_lane; 3: hass_packed
    parameter integer DEPTHWISE = 0,
    parameter integer M = 1,
    parameter integer N = 1,
    parameter integer GANG = 1,
    parameter integer PX = 1,
    parameter integer BEATS = 1,  // per window
    parameter integer X_BITS = 16,
    parameter integer X_SIGNED = 1,
    parameter integer W_BITS = 16,
    parameter integer ACC = 40,
    parameter integer DEPTH = 1,  // rows of weights
    parameter integer STYLE = 0,  // of their memory: 0 LUT RAM, 1 block RAM, 2 ultra RAM
    parameter integer FLAG_STYLE = 0,  // of the memory of the weights' flags: 0 LUT RAM, 1 block RAM
    parameter integer QUEUE = 2,  // depth of the FIFO before it
    // of packed engines, see hass_packed
    parameter integer FIELD = 0,
    parameter integer DEEP = 1,
    parameter integer FILTERS = 1,
    // derived
    localparam integer SKIPS = KIND == 1 || KIND == 2 ? 1 : 0,
    parameter integer PER_PIXEL = DEPTHWISE != 0 ? GANG * M : M,  // lanes of a token
    parameter integer WIDTH = PX * PER_PIXEL * X_BITS,
    parameter integer FLAGS = SKIPS != 0 ? PX * PER_PIXEL : 1
) (
    input  wire                   clk,
    input  wire                   rst,
    input  wire                   load,
    input  wire                   chain_valid,
    input  wire [           31:0] chain_word,
    output wire                   next_valid,
    output wire [           31:0] next_word,
    input  wire                   written,  // a token goes into the FIFO
    input  wire [      FLAGS-1:0] flags,    // of its values; not used by engines that do not skip zeros
    input  wire                   valid,
    input  wire [      WIDTH-1:0] in,
    output wire                   read,
    output wire                   pop,
    input  wire                   room,
    output wire                   issue,
    output wire                   push,
    output wire [PX*GANG*ACC-1:0] out,
    output wire [            1:0] waits
);

  localparam integer PER_WORD = 32 / W_BITS;
  localparam integer ROW = GANG * M * W_BITS;
  localparam integer LAG = KIND == 1 ? 7 : KIND == 2 ? 3 : 1;  // from control to factors
  localparam integer SPREAD = GANG > 4 ? 1 : 0;
  // From factors to sums.
  localparam integer SUMS = KIND == 3 ? 4 + DEEP + $clog2((M + DEEP - 1) / DEEP) : 3 + SKIPS + (N < 2 ? 0 : 1 + $clog2(N));
  localparam integer DELAY = LAG + SPREAD + SUMS;  // from issue to push
  localparam integer COUNT = BEATS < 2 ? 1 : $clog2(BEATS);

  // The cycles by which the factors of a packed engine's lane are delayed, until the sum of the lanes before it in its cascade is
  // there. The last cascade may be shorter: all its lanes wait longer, so that its sum is ready with the others.
  function automatic integer turn(input integer lane);
    integer head;
    head = lane - lane % DEEP;
    turn = lane - head + (head + DEEP > M ? head + DEEP - M : 0);
  endfunction

  wire done, move;  // a beat ends; its factors are not needed any more
  wire [ROW-1:0] row;
  localparam integer W_FLAGS = SKIPS != 0 ? GANG * M : 1;
  wire flags_move;
  wire [W_FLAGS-1:0] w_flags;
  hass_weights #(
      .DEPTH(DEPTH),
      .ROW(ROW),
      .WORDS((GANG * M + PER_WORD - 1) / PER_WORD),
      .FIELD0(PER_WORD * W_BITS),
      .FLAG(SKIPS != 0 ? W_BITS : 0),
      .FLAG_STYLE(FLAG_STYLE),
      .STYLE(STYLE),
      .EARLY(SPREAD)
  ) weights (
      .clk,
      .rst,
      .load,
      .chain_valid,
      .chain_word,
      .next_valid,
      .next_word,
      .advance(move),
      .row,
      .flags_advance(flags_move),
      .flags(w_flags)
  );

  reg [COUNT-1:0] beat;
  reg first;  // no pair of the window has been multiplied
  reg fresh;  // no pair of the beat has been multiplied
  reg spent;  // all pairs of the beat have been multiplied, but its result waits for room
  reg last;  // beat is BEATS - 1: a register, because it decides whether the iteration writes, and so whether it ends
  wire got;
  wire ready;  // the beat has come
  wire ends;  // the beat takes no further cycle
  wire work = got && !spent;
  wire finished = work && ends;

  wire iteration_pop;
  hass_iterate #(
      .INS (1),
      .OUTS(1)
  ) iteration (
      .clk,
      .rst,
      .active(1'b1),
      .reads(1'b1),
      .valid(ready),
      .read,
      .pop(iteration_pop),
      .got,
      .computed(finished || spent),
      .writes(last),
      .room,
      .issue,
      .done,
      .waits
  );
  assign pop = move;

  reg [DELAY-1:0] issued;
  always_ff @(posedge clk) begin
    if (rst) begin
      beat <= '0;
      last <= BEATS == 1;
      first <= 1'b1;
      fresh <= 1'b1;
      spent <= 1'b0;
      issued <= '0;
    end else begin
      issued <= {issued[DELAY-2:0], issue};
      if (done) begin
        beat <= last ? '0 : beat + 1'b1;
        last <= BEATS == 1 || (!last && beat == COUNT'(BEATS - 2));
      end
      first <= (first && !work) || (done && last);
      fresh <= done || (fresh && !work);
      spent <= (finished || spent) && !done;
    end
  end
  assign push = issued[DELAY-1];

  // Control signals of the lanes, registered, and the useful pairs.
  reg begins, works, still_first;
  always_ff @(posedge clk) begin
    begins <= work && fresh && !rst;
    works <= work;
    still_first <= first;
  end
  localparam integer EIGHTS = SPREAD != 0 ? (GANG + 7) / 8 : 1;  // copies per pixel
  wire [PX*EIGHTS-1:0] lane_start, lane_work, lane_first;
  wire [PX*EIGHTS*PER_PIXEL*X_BITS-1:0] tokens;
  genvar p, g, i;
  generate
    for (p = 0; p < PX; p = p + 1) begin : g_spread_pixel
      for (g = 0; g < EIGHTS; g = g + 1) begin : g_eight
        localparam integer HERE = p * EIGHTS + g;
        if (SPREAD != 0) begin : g_copy
          hass_copy #(
              .WIDTH(PER_PIXEL * X_BITS + 3)
          ) copy (
              .clk,
              .in ({begins, works, still_first, in[p*PER_PIXEL*X_BITS+:PER_PIXEL*X_BITS]}),
              .out({lane_start[HERE], lane_work[HERE], lane_first[HERE], tokens[HERE*PER_PIXEL*X_BITS+:PER_PIXEL*X_BITS]})
          );
        end else begin : g_same
          assign lane_start[HERE] = begins;
          assign lane_work[HERE] = works;
          assign lane_first[HERE] = still_first;
          assign tokens[HERE*PER_PIXEL*X_BITS+:PER_PIXEL*X_BITS] = in[p*PER_PIXEL*X_BITS+:PER_PIXEL*X_BITS];
        end
      end
    end
  endgenerate
  wire [PX*GANG*M-1:0] pairs;
  hass_delay #(
      .WIDTH (1),
      .CYCLES(LAG),
      .RESET (1)
  ) move_wait (
      .clk,
      .rst,
      .in (iteration_pop),
      .out(move)
  );
  wire unused = &{1'b0, valid};  // control counts the tokens itself
  generate
    if (SKIPS == 0) begin : g_dense
      hass_tokens #(
          .DEPTH(QUEUE)
      ) known (
          .clk,
          .rst,
          .push(written),
          .valid(ready),
          .take(iteration_pop)
      );
      assign ends = 1'b1;
      assign flags_move = 1'b0;
      assign pairs = '0;
      wire unused_flags = &{1'b0, w_flags, flags};
    end else begin : g_sparse
      localparam integer TURNS = (M + N - 1) / N;
      wire [TURNS-1:0] most;
      reg  [TURNS-1:0] later;
      wire [TURNS-1:0] more = fresh ? most : later;  // bit i: the beat takes more than i + 1 cycles from this one on
      always_ff @(posedge clk) if (work) later <= more >> 1;
      assign ends = !more[0];
      hass_ahead #(
          .KIND(KIND),
          .DEPTHWISE(DEPTHWISE),
          .M(M),
          .N(N),
          .GANG(GANG),
          .PX(PX),
          .QUEUE(QUEUE)
      ) ahead (
          .clk,
          .rst,
          .push(written),
          .x_flags(flags),
          .w_flags,
          .advance(flags_move),
          .valid(ready),
          .more(most),
          .pop(iteration_pop),
          .pairs,
          .taken(lane_start[0])
      );
    end
  endgenerate

  generate
    if (KIND == 3) begin : g_packed
      wire [PX*EIGHTS*PER_PIXEL*X_BITS-1:0] turns;
      wire [ROW-1:0] row_turns;
      for (i = 0; i < PER_PIXEL; i = i + 1) begin : g_turn
        localparam integer LANE = DEPTHWISE != 0 ? i / GANG : i;
        for (p = 0; p < PX * EIGHTS; p = p + 1) begin : g_copy
          hass_delay #(
              .WIDTH (X_BITS),
              .CYCLES(turn(LANE))
          ) turn_wait (
              .clk,
              .rst(1'b0),
              .in (tokens[(p*PER_PIXEL+i)*X_BITS+:X_BITS]),
              .out(turns[(p*PER_PIXEL+i)*X_BITS+:X_BITS])
          );
        end
      end
      for (i = 0; i < GANG * M; i = i + 1) begin : g_row
        hass_delay #(
            .WIDTH (W_BITS),
            .CYCLES(turn(i % M))
        ) turn_wait (
            .clk,
            .rst(1'b0),
            .in (row[i*W_BITS+:W_BITS]),
            .out(row_turns[i*W_BITS+:W_BITS])
        );
      end
      localparam integer PIXELS = FIELD > 0 ? 2 : 1;
      for (p = 0; p < PX; p = p + PIXELS) begin : g_pixel
        for (g = 0; g < GANG; g = g + FILTERS) begin : g_lane
          localparam integer COPY = p * EIGHTS + (SPREAD != 0 ? g / 8 : 0);
          localparam integer HERE = p + PIXELS <= PX ? PIXELS : PX - p;
          localparam integer OUTS = g + FILTERS <= GANG ? FILTERS : GANG - g;
          wire [HERE*M*X_BITS-1:0] x;
          wire [HERE*OUTS*ACC-1:0] sums;
          genvar q;
          for (q = 0; q < HERE; q = q + 1) begin : g_of
            for (i = 0; i < M; i = i + 1) begin : g_pair
              localparam integer FROM = (COPY + q * EIGHTS) * PER_PIXEL + (DEPTHWISE != 0 ? i * GANG + g : i);
              assign x[(q*M+i)*X_BITS+:X_BITS] = turns[FROM*X_BITS+:X_BITS];
            end
            for (i = 0; i < OUTS; i = i + 1) begin : g_sum
              assign out[((p+q)*GANG+g+i)*ACC+:ACC] = sums[(i*HERE+q)*ACC+:ACC];
            end
          end
          hass_packed #(
              .M(M),
              .DEEP(DEEP),
              .PIXELS(HERE),
              .FILTERS(OUTS),
              .FIELD(FIELD),
              .X_BITS(X_BITS),
              .X_SIGNED(X_SIGNED),
              .W_BITS(W_BITS),
              .ACC(ACC)
          ) packed_lanes (
              .clk,
              .work(lane_work[COPY]),
              .first(lane_first[COPY]),
              .x,
              .w(row_turns[g*M*W_BITS+:OUTS*M*W_BITS]),
              .sums
          );
        end
      end
      wire unused_start = &{1'b0, lane_start, pairs};
    end else begin : g_lanes
      for (p = 0; p < PX; p = p + 1) begin : g_pixel
        for (g = 0; g < GANG; g = g + 1) begin : g_lane
          localparam integer COPY = p * EIGHTS + (SPREAD != 0 ? g / 8 : 0);
          wire [M*X_BITS-1:0] x;
          for (i = 0; i < M; i = i + 1) begin : g_pair
            localparam integer FROM = COPY * PER_PIXEL + (DEPTHWISE != 0 ? i * GANG + g : i);
            assign x[i*X_BITS+:X_BITS] = tokens[FROM*X_BITS+:X_BITS];
          end
          hass_lane #(
              .KIND(KIND),
              .M(M),
              .N(N),
              .X_BITS(X_BITS),
              .X_SIGNED(X_SIGNED),
              .W_BITS(W_BITS),
              .ACC(ACC)
          ) lane (
              .clk,
              .start(lane_start[COPY]),
              .work(lane_work[COPY]),
              .first(lane_first[COPY]),
              .pairs(pairs[(p*GANG+g)*M+:M]),
              .x,
              .w(row[g*M*W_BITS+:M*W_BITS]),
              .sum(out[(p*GANG+g)*ACC+:ACC])
          );
        end
      end
    end
  endgenerate

endmodule
