// hass_engine: one gang of dot-product engines: GANG output lanes by PX pixels share a weight address
// and move together, so that a beat takes the most cycles any of them needs. Its weights are in
// its own memory, which the weight chain fills.
//
// In a DEPTHWISE convolution each output lane has a channel, and so M activations, of its own:
// lane i of engine g is lane i * GANG + g of the pixel. Where zeros are skipped a token has a
// flag per lane above the lanes: not 0.
module hass_engine #(
    parameter integer KIND = 0,  // see hass_lane
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
    parameter integer PER_PIXEL = DEPTHWISE != 0 ? GANG * M : M,  // lanes of a token
    parameter integer WIDTH = PX * PER_PIXEL * (X_BITS + (KIND != 0 ? 1 : 0))
) (
    input  wire                   clk,
    input  wire                   rst,
    input  wire                   load,
    input  wire                   chain_valid,
    input  wire [           31:0] chain_word,
    output wire                   next_valid,
    output wire [           31:0] next_word,
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

  localparam integer LANES = PX * PER_PIXEL;
  localparam integer PER_WORD = 32 / W_BITS;
  localparam integer ROW = GANG * M * W_BITS;
  localparam integer DELAY = 3 + (N < 2 ? 0 : $clog2(N));  // from issue to push
  localparam integer COUNT = BEATS < 2 ? 1 : $clog2(BEATS);

  wire done;
  wire [ROW-1:0] row;
  localparam integer W_FLAGS = KIND == 0 ? 1 : GANG * M;
  wire [W_FLAGS-1:0] w_flags;
  hass_weights #(
      .DEPTH(DEPTH),
      .ROW(ROW),
      .WORDS((GANG * M + PER_WORD - 1) / PER_WORD),
      .FIELD0(PER_WORD * W_BITS),
      .FLAG(KIND == 0 ? 0 : W_BITS),
      .STYLE(STYLE)
  ) weights (
      .clk,
      .rst,
      .load,
      .chain_valid,
      .chain_word,
      .next_valid,
      .next_word,
      .advance(done),
      .row,
      .flags(w_flags)
  );

  reg [COUNT-1:0] beat;
  reg first;  // nothing of the window has been multiplied
  reg fresh;  // nothing of the beat
  reg spent;  // all of the beat, but its result waits for room
  wire last = beat == COUNT'(BEATS - 1);
  wire got;
  wire [PX*GANG-1:0] remains;
  wire work = got && !spent;
  wire finished = work && remains == '0;

  hass_iterate #(
      .INS (1),
      .OUTS(1)
  ) iteration (
      .clk,
      .rst,
      .active(1'b1),
      .reads(1'b1),
      .valid,
      .read,
      .pop,
      .got,
      .computed(finished || spent),
      .writes(last),
      .room,
      .issue,
      .done,
      .waits
  );

  reg [DELAY-1:0] issued;
  always_ff @(posedge clk) begin
    if (rst) begin
      beat <= '0;
      first <= 1'b1;
      fresh <= 1'b1;
      spent <= 1'b0;
      issued <= '0;
    end else begin
      issued <= {issued[DELAY-2:0], issue};
      if (done) beat <= last ? '0 : beat + 1'b1;
      first <= (first && !work) || (done && last);
      fresh <= done || (fresh && !work);
      spent <= (finished || spent) && !done;
    end
  end
  assign push = issued[DELAY-1];

  genvar p, g, i;
  generate
    for (p = 0; p < PX; p = p + 1) begin : g_pixel
      for (g = 0; g < GANG; g = g + 1) begin : g_lane
        wire [M*X_BITS-1:0] x;
        wire [M-1:0] x_flags, own_flags;
        for (i = 0; i < M; i = i + 1) begin : g_pair
          localparam integer FROM = p * PER_PIXEL + (DEPTHWISE != 0 ? i * GANG + g : i);
          assign x[i*X_BITS+:X_BITS] = in[FROM*X_BITS+:X_BITS];
          if (KIND == 0) begin : g_no_flags
            assign x_flags[i] = 1'b1;
            assign own_flags[i] = 1'b1;
          end else begin : g_flags
            assign x_flags[i] = in[LANES*X_BITS+FROM];
            assign own_flags[i] = w_flags[g*M+i];
          end
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
            .fresh,
            .work,
            .first,
            .x,
            .x_flags,
            .w(row[g*M*W_BITS+:M*W_BITS]),
            .w_flags(own_flags),
            .remains(remains[p*GANG+g]),
            .sum(out[(p*GANG+g)*ACC+:ACC])
        );
      end
    end
    if (KIND == 0) begin : g_dense
      wire unused = &{1'b0, w_flags};
    end
  endgenerate

endmodule
