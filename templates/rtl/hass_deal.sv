// hass_deal: selects the lanes of a token for one bank of elastic engines. The lanes of every pixel go to the BANKS banks
// in turn, EACH at a time. The flags, which stand above the lanes, are dealt likewise.
module hass_deal #(
    parameter integer BITS = 16,
    parameter integer PX = 1,
    parameter integer LANES = 4,  // of a pixel
    parameter integer BANKS = 2,
    parameter integer BANK = 0,
    parameter integer EACH = 1,
    parameter integer OWN = LANES / BANKS
) (
    input  wire [PX*LANES*(BITS+1)-1:0] in,
    output wire [  PX*OWN*(BITS+1)-1:0] out
);

  genvar p, i;
  generate
    for (p = 0; p < PX; p = p + 1) begin : g_pixel
      for (i = 0; i < OWN; i = i + 1) begin : g_lane
        localparam integer FROM = p * LANES + (i / EACH * BANKS + BANK) * EACH + i % EACH;
        localparam integer TO = p * OWN + i;
        assign out[TO*BITS+:BITS] = in[FROM*BITS+:BITS];
        assign out[PX*OWN*BITS+TO] = in[PX*LANES*BITS+FROM];
      end
    end
  endgenerate
  wire unused = &{1'b0, in};

endmodule
