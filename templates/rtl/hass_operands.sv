// hass_operands: the operands of hass_add and hass_mul: the values of two tensor streams, pair by pair. With BROADCAST
// the second stream has one pixel for the whole image: its beats are read together with the beats of the image's first
// pixel group, and kept for the other groups.
module hass_operands #(
    parameter integer BITS0 = 16,
    parameter integer SIGNED0 = 1,
    parameter integer BITS1 = 16,
    parameter integer SIGNED1 = 1,
    parameter integer PX = 1,
    parameter integer CH = 1,
    parameter integer CHANNEL_BEATS = 1,
    parameter integer BEATS = 1,  // of the first stream in an image
    parameter integer BROADCAST = 0,
    parameter integer STYLE = 0,  // of the memory for the broadcast pixel: 0 LUT RAM, 1 block RAM
    parameter integer CHANNEL_BITS = CHANNEL_BEATS < 2 ? 1 : $clog2(CHANNEL_BEATS),
    parameter integer LANES1 = BROADCAST != 0 ? CH : PX * CH,
    parameter integer A = SIGNED0 != 0 ? BITS0 : BITS0 + 1,
    parameter integer B = SIGNED1 != 0 ? BITS1 : BITS1 + 1
) (
    input  wire                    clk,
    input  wire                    rst,
    input  wire [ PX*CH*BITS0-1:0] in0,
    input  wire [LANES1*BITS1-1:0] in1,
    input  wire                    issue,    // the iteration ends
    input  wire [CHANNEL_BITS-1:0] channel,  // beat of the iteration within its pixel group
    output wire [             1:0] reads,    // ports that the iteration reads
    output wire [     PX*CH*A-1:0] a,        // operands of the iteration, signed
    output wire [     PX*CH*B-1:0] b
);

  hass_extend #(
      .LANES(PX * CH),
      .BITS(BITS0),
      .SIGNED(SIGNED0)
  ) extend0 (
      .in (in0),
      .out(a)
  );

  wire [LANES1*BITS1-1:0] second;
  wire [LANES1*B-1:0] extended;
  hass_extend #(
      .LANES(LANES1),
      .BITS(BITS1),
      .SIGNED(SIGNED1)
  ) extend1 (
      .in (second),
      .out(extended)
  );

  genvar p;
  generate
    if (BROADCAST != 0) begin : g_broadcast
      localparam integer COUNT = BEATS < 2 ? 1 : $clog2(BEATS);
      reg first;  // this is the image's first pixel group
      reg [COUNT-1:0] left;  // beats of the image after this one
      wire last_channel = channel == CHANNEL_BITS'(CHANNEL_BEATS - 1);
      wire last = left == '0;
      always_ff @(posedge clk) begin
        if (rst) begin
          first <= 1'b1;
          left  <= COUNT'(BEATS - 1);
        end else if (issue) begin
          first <= last || (first && !last_channel);
          left  <= last ? COUNT'(BEATS - 1) : left - 1'b1;
        end
      end

      wire [CH*BITS1-1:0] kept;
      if (CHANNEL_BEATS == 1) begin : g_word
        reg [CH*BITS1-1:0] word;
        always_ff @(posedge clk) if (issue && first) word <= in1;
        assign kept = word;
      end else begin : g_memory
        // The word for the next beat is fetched while this one leaves.
        reg [CHANNEL_BITS-1:0] next;
        always_ff @(posedge clk) begin
          if (rst) next <= CHANNEL_BITS'(1);
          else if (issue) next <= next == CHANNEL_BITS'(CHANNEL_BEATS - 1) ? '0 : next + 1'b1;
        end
        hass_ram #(
            .WIDTH(CH * BITS1),
            .DEPTH(CHANNEL_BEATS),
            .STYLE(STYLE)
        ) pixel (
            .clk,
            .write(issue && first),
            .to(channel),
            .data(in1),
            .enable(issue),
            .from(next),
            .q(kept)
        );
      end

      assign reads  = {first, 1'b1};
      assign second = first ? in1 : kept;
      for (p = 0; p < PX; p = p + 1) begin : g_pixel
        assign b[p*CH*B+:CH*B] = extended;
      end
    end else begin : g_each
      assign reads = 2'b11;
      assign second = in1;
      assign b = extended;
      wire unused = &{1'b0, clk, rst, issue, channel};
    end
  endgenerate

endmodule
