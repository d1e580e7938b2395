// hass_extend: converts a token's values to signed numbers: an unsigned value gets a leading zero.
module hass_extend #(
    parameter integer LANES = 1,
    parameter integer BITS = 16,
    parameter integer SIGNED = 1,
    parameter integer WIDE = SIGNED != 0 ? BITS : BITS + 1
) (
    input  wire [LANES*BITS-1:0] in,
    output wire [LANES*WIDE-1:0] out
);

  genvar i;
  generate
    for (i = 0; i < LANES; i = i + 1) begin : g_lane
      assign out[i*WIDE+:WIDE] = WIDE'({1'b0, in[i*BITS+:BITS]});
    end
  endgenerate

endmodule
