module pnr_top;
  wire clk;
  (* keep *) reg osc;
  always @(posedge clk) osc <= ~osc;
  (* keep *) BUFG bufg (.I(osc), .O(clk));
  (* keep *) reg din;
  reg [0:0] si;
  always @(posedge clk) begin
    din <= ~din;
    si <= din;
  end
  wire [0:0] so;
  reg [0:0] ro, sh;
  (* keep *) reg dout;
  always @(posedge clk) begin
    ro <= so;
    sh <= 1'b0 ^ ro;
    dout <= sh[0];
  end
  hass_top u (
      .aclk(clk),
      .in(si[0:0]),
      .out(so[0:0])
  );
endmodule
