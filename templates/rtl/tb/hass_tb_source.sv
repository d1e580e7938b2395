// hass_tb_source: sends the words of a data file to an AXI4-Stream port, the images of a call in their
// order or in reverse. The first byte of a word in the file is its lowest.
module hass_tb_source #(
    parameter integer AXI = 8,  // bits of TDATA
    parameter integer WORDS = 1,  // per image
    parameter integer IMAGES = 1,  // in the file
    parameter FILE = "golden_input.bin"  // in the folder +data=FOLDER, default data
) (
    input  wire           clk,
    input  wire           rst,
    input  wire           go,             // pulse: a call begins
    input  wire           reverse,        // images from the last to the first
    input  wire [   31:0] images,         // images of the call
    output wire [AXI-1:0] m_axis_tdata,
    output wire           m_axis_tvalid,
    input  wire           m_axis_tready,
    output wire           first,          // the first word of an image is accepted
    output reg  [   31:0] position,       // number of the image in the call
    output reg  [   31:0] word,           // number of the word in the image
    output wire           done,
    output reg            bad             // the file cannot be read or has another size
);

  string folder, path;
  integer file, got;
  reg [AXI-1:0] memory[0:IMAGES*WORDS-1];

  initial begin
    bad = 1'b1;
    if (!$value$plusargs("data=%s", folder)) folder = "data";
    path = $sformatf("%0s/%0s", folder, FILE);
    file = $fopen(path, "rb");
    if (file != 0) begin
      got = $fread(memory, file);
      bad = got != IMAGES * WORDS * AXI / 8 || $fgetc(file) != -1;
      $fclose(file);
    end
    if (bad) $display("sim: %0s: %0s", path, file == 0 ? "cannot be read" : "has another size than the design's");
  end

  function automatic [AXI-1:0] swap(input [AXI-1:0] x);
    integer i;
    begin
      for (i = 0; i < AXI; i = i + 8) swap[i+:8] = x[AXI-8-i+:8];
    end
  endfunction

  reg active;
  wire late;
  wire take = m_axis_tvalid && m_axis_tready;
  hass_stall stall (
      .clk,
      .rst,
      .here (active),
      .taken(take),
      .late (late)
  );

  wire [31:0] image = reverse ? images - 32'd1 - position : position;
  assign m_axis_tdata = active ? swap(memory[image*WORDS+word]) : {AXI{1'bx}};
  assign m_axis_tvalid = active && !late;
  assign first = take && word == 32'd0;
  assign done = !active;

  always @(posedge clk) begin
    if (rst) begin
      active <= 1'b0;
    end else if (go) begin
      active <= 1'b1;
      position <= 32'd0;
      word <= 32'd0;
    end else if (take) begin
      if (word == WORDS - 1) begin
        word <= 32'd0;
        position <= position + 32'd1;
        active <= position != images - 32'd1;
      end else begin
        word <= word + 32'd1;
      end
    end
  end

endmodule
