// hass_concat: joins the channels of its inputs, which have one format. For each pixel group it reads
// PARTS[i] beats of input i, input by input, and writes each as it is.
module hass_concat #(
    parameter integer INS = 2,
    parameter integer WIDTH = 8,  // bits of a beat
    parameter [INS*32-1:0] PARTS = {INS{32'd1}}
) (
    input  wire                 clk,
    input  wire                 rst,
    input  wire [      INS-1:0] valid,
    input  wire [INS*WIDTH-1:0] in,
    output wire [      INS-1:0] read,
    output wire [      INS-1:0] pop,
    input  wire                 room,
    output wire                 issue,
    output reg                  push,
    output reg  [    WIDTH-1:0] out,
    output wire [          1:0] waits
);

  function automatic integer most_parts(input [INS*32-1:0] parts);
    integer i;
    begin
      most_parts = 1;
      for (i = 0; i < INS; i = i + 1) if (parts[i*32+:32] > most_parts) most_parts = parts[i*32+:32];
    end
  endfunction

  localparam integer MOST = most_parts(PARTS);
  localparam integer COUNT = MOST < 2 ? 1 : $clog2(MOST);
  localparam integer INDEX = INS < 2 ? 1 : $clog2(INS);

  // Beats of each input after the first.
  function automatic [INS*COUNT-1:0] rest(input [INS*32-1:0] parts);
    integer i;
    begin
      for (i = 0; i < INS; i = i + 1) rest[i*COUNT+:COUNT] = COUNT'(parts[i*32+:32] - 32'd1);
    end
  endfunction
  localparam [INS*COUNT-1:0] REST = rest(PARTS);

  reg [INDEX-1:0] at;  // the input whose turn it is
  reg [COUNT-1:0] left;  // its beats after this one
  wire [INDEX-1:0] next = at == INDEX'(INS - 1) ? '0 : at + 1'b1;
  wire got, done;
  wire unused = &{1'b0, got};

  hass_iterate #(
      .INS (INS),
      .OUTS(1)
  ) iteration (
      .clk,
      .rst,
      .active(1'b1),
      .reads(INS'(1) << at),
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

  always_ff @(posedge clk) begin
    if (rst) begin
      at   <= '0;
      left <= REST[COUNT-1:0];
      push <= 1'b0;
    end else begin
      if (done) begin
        if (left == '0) begin
          at   <= next;
          left <= REST[next*COUNT+:COUNT];
        end else begin
          left <= left - 1'b1;
        end
      end
      push <= issue;
    end
    out <= in[at*WIDTH+:WIDTH];
  end

endmodule
