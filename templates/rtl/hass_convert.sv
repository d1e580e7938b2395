// hass_convert: changes the channels per beat of a tensor stream; the larger number must be a multiple of the
// smaller. Pixels per beat stay the same. From wide to narrow it reads in the first of PARTS iterations and
// writes in each. From narrow to wide it reads in each and writes in the last.
module hass_convert #(
    parameter integer BITS = 8,  // of a value
    parameter integer PIXELS = 1,  // per beat
    parameter integer FROM = 1,  // channels per beat
    parameter integer TO = 1
) (
    input  wire                      clk,
    input  wire                      rst,
    input  wire                      valid,
    input  wire [PIXELS*FROM*BITS-1:0] in,
    output wire                      read,
    output wire                      pop,
    input  wire                      room,
    output wire                      issue,
    output wire                      push,
    output wire [  PIXELS*TO*BITS-1:0] out,
    output wire [               1:0] waits
);

  localparam integer NARROW = FROM > TO ? TO : FROM;
  localparam integer PARTS = (FROM > TO ? FROM : TO) / NARROW;
  localparam integer COUNT = PARTS < 2 ? 1 : $clog2(PARTS);
  localparam integer WIDTH = NARROW * BITS;  // bits of a pixel's part

  reg [COUNT-1:0] part;
  wire last = part == COUNT'(PARTS - 1);
  wire done, got, taken;
  wire unused = &{1'b0, got, taken};

  hass_iterate #(
      .INS (1),
      .OUTS(1)
  ) iteration (
      .clk,
      .rst,
      .active(1'b1),
      .reads(FROM < TO || part == '0),
      .valid,
      .read,
      .pop(taken),
      .got,
      .computed(1'b1),
      .writes(FROM > TO || last),
      .room,
      .issue,
      .done,
      .waits
  );
  // A wide beat stays until its last part has left.
  assign pop  = done && (FROM < TO || last);
  assign push = issue;

  always_ff @(posedge clk) begin
    if (rst) part <= '0;
    else if (done) part <= last ? '0 : part + 1'b1;
  end

  genvar p, k;
  generate
    for (p = 0; p < PIXELS; p = p + 1) begin : g_pixel
      if (FROM > TO) begin : g_narrow
        wire [PARTS*WIDTH-1:0] wide = in[p*PARTS*WIDTH+:PARTS*WIDTH];
        assign out[p*WIDTH+:WIDTH] = wide[part*WIDTH+:WIDTH];
      end else begin : g_wide
        // The parts before the last.
        for (k = 0; k < PARTS - 1; k = k + 1) begin : g_part
          reg [WIDTH-1:0] kept;
          always_ff @(posedge clk) if (done && part == COUNT'(k)) kept <= in[p*WIDTH+:WIDTH];
          assign out[(p*PARTS+k)*WIDTH+:WIDTH] = kept;
        end
        assign out[(p*PARTS+PARTS-1)*WIDTH+:WIDTH] = in[p*WIDTH+:WIDTH];
      end
    end
  endgenerate

endmodule
