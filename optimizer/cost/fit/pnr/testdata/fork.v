module pnr_top;
  wire clk;
  (* keep *) reg osc;
  always @(posedge clk) osc <= ~osc;
  (* keep *) BUFG bufg (.I(osc), .O(clk));
  (* keep *) reg din;
  reg [4:0] si;
  always @(posedge clk) begin
    din <= ~din;
    si <= {si[3:0], din};
  end
  wire [4:0] so;
  reg [4:0] ro, sh;
  (* keep *) reg dout;
  always @(posedge clk) begin
    ro <= so;
    sh <= {sh[3:0], 1'b0} ^ ro;
    dout <= sh[4];
  end
  hass_fork #(
      .WIDTH(4),
      .OUTS(2)
  ) u (
      .clk(clk),
      .rst(si[0:0]),
      .in(si[4:1]),
      .read(so[0:0]),
      .out(so[4:1]),
      .waits()
  );
endmodule
