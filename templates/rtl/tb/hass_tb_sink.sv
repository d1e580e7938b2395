// hass_tb_sink: takes the words of an AXI4-Stream port and compares each, and TLAST, with a data
// file, with the images of a call in their order or in reverse. A word must stay
// stable until it is taken, and no word may come between calls.
module hass_tb_sink #(
    parameter integer AXI = 8,  // bits of TDATA
    parameter integer WORDS = 1,  // per image
    parameter integer IMAGES = 1,  // in the file
    parameter integer OUTPUT = 0  // reads golden_output<OUTPUT>.bin in the folder +data=FOLDER, default data
) (
    input  wire           clk,
    input  wire           rst,
    input  wire           go,             // pulse: a call begins
    input  wire           reverse,        // images from the last to the first
    input  wire [   31:0] images,         // images of the call
    input  wire [AXI-1:0] s_axis_tdata,
    input  wire           s_axis_tvalid,
    input  wire           s_axis_tlast,
    output wire           s_axis_tready,
    output wire           take,
    output wire           first,          // the first word of an image leaves
    output wire           last,           // the last word of an image leaves
    output reg  [   31:0] position,       // number of the image in the call
    output reg  [   31:0] word,           // number of the word in the image
    output wire           done,           // all images of the call have left
    output reg            bad,            // the file cannot be read or has another size
    // The number of wrong words, and details of the first
    output reg  [   31:0] wrong,
    output reg  [   63:0] wrong_time,
    output reg  [    2:0] wrong_kind,
    output reg  [   31:0] wrong_image,
    output reg  [   31:0] wrong_word,
    output reg  [AXI-1:0] wrong_got,
    output reg  [AXI-1:0] wrong_want
);

  localparam [2:0] DATA = 3'd0;
  localparam [2:0] EARLY = 3'd1;  // TLAST too early
  localparam [2:0] MISSING = 3'd2;
  localparam [2:0] EXTRA = 3'd3;  // a word too many
  localparam [2:0] UNSTABLE = 3'd4;

  string folder, path;
  integer file, got;
  reg [AXI-1:0] memory[0:IMAGES*WORDS-1];

  initial begin
    bad   = 1'b1;
    wrong = 32'd0;
    if (!$value$plusargs("data=%s", folder)) folder = "data";
    path = $sformatf("%0s/golden_output%0d.bin", folder, OUTPUT);
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
  hass_stall stall (
      .clk,
      .rst,
      .here (s_axis_tvalid === 1'b1),
      .taken(take),
      .late (late)
  );

  wire [31:0] image = reverse ? images - 32'd1 - position : position;
  wire [AXI-1:0] want = active ? swap(memory[image*WORDS+word]) : {AXI{1'b0}};
  assign s_axis_tready = !late;
  assign take = s_axis_tvalid && s_axis_tready;
  assign first = active && take && word == 32'd0;
  assign last = active && take && word == WORDS - 1;
  assign done = !active;

  // A word that was offered and not taken.
  reg waited, was_last;
  reg [AXI-1:0] was;

  wire unstable = waited && (s_axis_tvalid !== 1'b1 || s_axis_tdata !== was || s_axis_tlast !== was_last);
  wire differs = s_axis_tdata !== want || s_axis_tlast !== last;

  always @(posedge clk) begin
    waited <= !rst && s_axis_tvalid === 1'b1 && !s_axis_tready;
    was <= s_axis_tdata;
    was_last <= s_axis_tlast;
    if (!rst && (unstable || s_axis_tvalid === 1'bx || (take && (!active || differs)))) begin
      wrong <= wrong + 32'd1;
      if (wrong == 32'd0) begin
        wrong_time <= $time;
        wrong_kind <= unstable || s_axis_tvalid === 1'bx ? UNSTABLE : !active ? EXTRA : s_axis_tdata !== want ? DATA : last ? MISSING : EARLY;
        wrong_image <= image;
        wrong_word <= word;
        wrong_got <= s_axis_tdata;
        wrong_want <= want;
      end
    end
    if (rst) begin
      active <= 1'b0;
    end else if (go) begin
      active <= 1'b1;
      position <= 32'd0;
      word <= 32'd0;
    end else if (take && active) begin
      if (last) begin
        word <= 32'd0;
        position <= position + 32'd1;
        active <= position != images - 32'd1;
      end else begin
        word <= word + 32'd1;
      end
    end
  end

endmodule
