// hass_tb_run: the control of the testbench. It loads the weights, runs all golden images in one call, then
// again in reverse order in a second call, reads the control registers after each call and writes a
// report.
//
//   +data=FOLDER    weights.bin, golden_input.bin, golden_output<k>.bin (default data)
//   +report=FILE    default rtl_report.json
//   +images=N       only the first N golden images
//   +stall=PERCENT  random delays of the ports, and of every FIFO if compiled with HASS_STALL
//   +seed=N         seed of the delays
//   +timeout=N      cycles without an output word after which a deadlock is reported
//   +trace=FILE     waveforms, if the simulator was built with tracing
//
// Cycle 0 in the report is the first cycle of a call in which the design could take an input word.
module hass_tb_run #(
    parameter integer IMAGES = 1,
    parameter integer OUTPUTS = 1,
    parameter integer PROCESSES = 1,
    parameter integer FIFOS = 1,
    parameter integer WEIGHTS = 1,  // words of data/weights.bin
    parameter integer TIMEOUT = 100000
) (
    output reg                    aclk,
    output reg                    aresetn,
    output reg  [           15:0] awaddr,
    output reg                    awvalid,
    input  wire                   awready,
    output reg  [           31:0] wdata,
    output reg  [            3:0] wstrb,
    output reg                    wvalid,
    input  wire                   wready,
    input  wire [            1:0] bresp,
    input  wire                   bvalid,
    output reg                    bready,
    output reg  [           15:0] araddr,
    output reg                    arvalid,
    input  wire                   arready,
    input  wire [           31:0] rdata,
    input  wire [            1:0] rresp,
    input  wire                   rvalid,
    output reg                    rready,
    // testbench sources and sinks
    output reg                    load,             // pulse: the weights are sent
    output reg                    go,               // pulse: a call begins
    output reg                    reverse,
    output reg  [           31:0] images,
    input  wire                   weights_done,
    input  wire [           31:0] weights_word,
    input  wire                   input_ready,
    input  wire                   input_done,
    input  wire                   input_first,
    input  wire [           31:0] input_position,
    input  wire [           31:0] input_word,
    input  wire [    OUTPUTS-1:0] output_take,
    input  wire [    OUTPUTS-1:0] output_first,
    input  wire [    OUTPUTS-1:0] output_last,
    input  wire [    OUTPUTS-1:0] output_done,
    input  wire [ 32*OUTPUTS-1:0] output_position,
    input  wire [ 32*OUTPUTS-1:0] output_word,
    input  wire                   bad,              // a data file cannot be read or has another size
    input  wire [ 32*OUTPUTS-1:0] wrong,
    input  wire [ 64*OUTPUTS-1:0] wrong_time,
    input  wire [  3*OUTPUTS-1:0] wrong_kind,
    input  wire [ 32*OUTPUTS-1:0] wrong_image,
    input  wire [ 32*OUTPUTS-1:0] wrong_word,
    input  wire [1024*OUTPUTS-1:0] wrong_got,
    input  wire [1024*OUTPUTS-1:0] wrong_want
);

  localparam [15:0] CONTROL = 16'h0;
  localparam [15:0] COUNT = 16'h4;  // images of a run
  localparam [15:0] CYCLES = 16'h8;
  localparam [15:0] DONE = 16'h10;
  localparam [15:0] NUMBERS = 16'h14;  // number of processes; the number of FIFOs follows
  localparam [31:0] WAITS = 32'h1000;
  localparam [31:0] MOST = 32'h4000;

  string report, trace;
  integer stall, seed, timeout, file, call, i, k, polls;
  reg [31:0] value, high, random, taken;
  reg is_loaded, stats;
  string error, deadlock;
  reg [31:0] mismatches;

  initial begin
    aclk = 1'b0;
    forever #5 aclk = !aclk;
  end

  // The cycles of a call.
  reg begun;
  reg [63:0] cycle;  // number of this cycle
  reg [63:0] quiet;  // cycles without an output word
  reg stuck;
  reg [63:0] first_in[0:IMAGES-1];  // valid if has_in; the others likewise
  reg [63:0] first_out[0:IMAGES-1];
  reg [63:0] last_out[0:IMAGES-1];
  reg [IMAGES-1:0] has_in, has_out, has_all;
  integer o;

  always @(posedge aclk) begin
    quiet <= go || |output_take ? 64'd0 : quiet + 64'd1;
    stuck <= !go && (stuck || (quiet >= 64'(timeout) && output_done != {OUTPUTS{1'b1}}));
    if (go) begin
      begun <= 1'b0;
      cycle <= 64'd0;
      has_in <= '0;
      has_out <= '0;
      has_all <= '0;
    end else begin
      if (begun || input_ready) begin
        begun <= 1'b1;
        cycle <= cycle + 64'd1;
      end
      if (input_first) begin
        first_in[input_position] <= cycle;
        has_in[input_position] <= 1'b1;
      end
      for (o = 0; o < OUTPUTS; o = o + 1) begin
        if (output_first[o] && !has_out[output_position[32*o+:32]]) begin
          first_out[output_position[32*o+:32]] <= cycle;
          has_out[output_position[32*o+:32]] <= 1'b1;
        end
        if (output_last[o]) begin
          last_out[output_position[32*o+:32]] <= cycle;
          has_all[output_position[32*o+:32]] <= 1'b1;
        end
      end
    end
  end

  // A random number from 0 to 3, or 0 without stalls.
  task late(output integer cycles);
    begin
      random = random ^ (random << 13);
      random = random ^ (random >> 17);
      random = random ^ (random << 5);
      cycles = stall == 0 ? 0 : {30'b0, random[17:16]};
    end
  endtask

  // The testbench drives its signals between the clock edges, so that all simulators sample the same values.
  // A bus that hangs is not used again.
  integer clocks, late_address, late_data, late_answer;
  reg ended, address_taken, data_taken;

  task bus_write(input [15:0] address, input [31:0] word);
    begin
      late(late_address);
      late(late_data);
      late(late_answer);
      ended = error != "";
      for (clocks = 0; !ended; clocks = clocks + 1) begin
        if (clocks == late_address) begin
          awaddr  = address;
          awvalid = 1'b1;
        end
        if (clocks == late_data) begin
          wdata  = word;
          wvalid = 1'b1;
        end
        if (clocks == 2 * late_answer) bready = 1'b1;
        @(posedge aclk);
        address_taken = awvalid && awready;
        data_taken = wvalid && wready;
        ended = bvalid && bready;
        if (ended && bresp != 2'b00) error = "control: the response of a write is not OKAY";
        if (!ended && clocks > 1000) begin
          ended = 1'b1;
          error = "control: a write is not answered";
        end
        @(negedge aclk);
        if (address_taken) awvalid = 1'b0;
        if (data_taken) wvalid = 1'b0;
        if (ended) bready = 1'b0;
      end
    end
  endtask

  task bus_read(input [15:0] address, output [31:0] word);
    begin
      late(late_address);
      late(late_answer);
      ended = error != "";
      word  = 32'd0;
      for (clocks = 0; !ended; clocks = clocks + 1) begin
        if (clocks == late_address) begin
          araddr  = address;
          arvalid = 1'b1;
        end
        if (clocks == 10 * late_answer) rready = 1'b1;
        @(posedge aclk);
        address_taken = arvalid && arready;
        ended = rvalid && rready;
        if (ended) word = rdata;
        if (ended && rresp != 2'b00) error = "control: the response of a read is not OKAY";
        if (!ended && clocks > 1000) begin
          ended = 1'b1;
          error = "control: a read is not answered";
        end
        @(negedge aclk);
        if (address_taken) arvalid = 1'b0;
        if (ended) rready = 1'b0;
      end
    end
  endtask

  task load_weights;
    begin
      bus_write(CONTROL, 32'd2);
      load = 1'b1;
      @(negedge aclk);
      load = 1'b0;
      // Wait until the chain's end reports, or until no word was taken for a long time.
      value = 32'd2;
      taken = 32'd0;
      for (polls = 0; value[1] && polls < 1000 + PROCESSES && error == ""; polls = polls + 1) begin
        bus_read(CONTROL, value);
        if (taken != weights_word) polls = 0;
        taken = weights_word;
      end
      is_loaded = value[3:1] == 3'b010;
      if (error == "" && !(is_loaded && weights_done)) begin
        if (!value[1] && !is_loaded) error = "the weight chain does not end with its mark: data/weights.bin is of another design";
        else if (weights_done) error = $sformatf("the design wants more than the %0d words of the weights: data/weights.bin is of another design", WEIGHTS);
        else error = $sformatf("the weight port takes %0d of %0d words only", taken, WEIGHTS);
      end
      stats = value[4];
    end
  endtask

  task write_separator;
    if (i > 0) $fwrite(file, ", ");
  endtask

  task write_cycle(input has, input [63:0] at);
    if (has) $fwrite(file, "%0d", at);
    else $fwrite(file, "-1");
  endtask

  task write_list(input integer which);
    begin
      $fwrite(file, "[");
      for (i = 0; i < images; i = i + 1) begin
        write_separator;
        case (which)
          0: $fwrite(file, "%0d", call == 1 ? images - 1 - i : i);
          1: write_cycle(has_in[i], first_in[i]);
          2: write_cycle(has_out[i], first_out[i]);
          default: write_cycle(has_all[i], last_out[i]);
        endcase
      end
      $fwrite(file, "]");
    end
  endtask

  task run_call;
    begin
      reverse = call == 1;
      bus_write(COUNT, images);
      go = 1'b1;
      @(negedge aclk);
      go = 1'b0;
      bus_write(CONTROL, 32'd1);
      // Poll every 32 cycles: a process that wakes up in every cycle would take more time than a small design.
      while (output_done != {OUTPUTS{1'b1}} && !stuck && error == "") #(10 * 32);
      @(negedge aclk);
      if (stuck) begin
        deadlock = $sformatf("call %0d: no output word for %0d cycles; input: ", call, timeout);
        if (input_done) deadlock = {deadlock, "all given"};
        else deadlock = {deadlock, $sformatf("%0d images and %0d words given", input_position, input_word)};
        for (k = 0; k < OUTPUTS; k = k + 1) deadlock = {deadlock, $sformatf(", output%0d: %0d images and %0d words", k, output_position[32*k+:32], output_word[32*k+:32])};
      end

      if (call > 0) $fwrite(file, ",\n");
      $fwrite(file, "    {\n      \"order\": ");
      write_list(0);
      $fwrite(file, ",\n      \"first_in\": ");
      write_list(1);
      $fwrite(file, ",\n      \"first_out\": ");
      write_list(2);
      $fwrite(file, ",\n      \"last_out\": ");
      write_list(3);

      // Read the registers, even after a deadlock.
      value = 32'd1;
      for (polls = 0; value[0] && polls < 4 && error == ""; polls = polls + 1) bus_read(CONTROL, value);
      if (value[0] && deadlock == "" && error == "") error = "control: still running after the last output word";
      bus_read(CYCLES, value);
      bus_read(CYCLES + 16'h4, high);
      $fwrite(file, ",\n      \"cycles\": %0d", {high, value});
      if (deadlock == "" && error == "" && {high, value} != last_out[images-1] + 1)
        error = $sformatf("control: it counts %0d cycles, not %0d", {high, value}, last_out[images-1] + 1);
      bus_read(DONE, value);
      $fwrite(file, ",\n      \"images_done\": %0d", value);
      if (deadlock == "" && error == "" && value != images) error = $sformatf("control: it counts %0d images, not %0d", value, images);
      if (stats && error == "") begin
        $fwrite(file, ",\n      \"waits\": [");
        for (i = 0; i < PROCESSES; i = i + 1) begin
          bus_read(16'(WAITS + 8 * i), value);
          bus_read(16'(WAITS + 8 * i + 4), high);
          write_separator;
          $fwrite(file, "[%0d, %0d]", value, high);
        end
        $fwrite(file, "],\n      \"most\": [");
        for (i = 0; i < FIFOS; i = i + 1) begin
          bus_read(16'(MOST + 4 * i), value);
          write_separator;
          $fwrite(file, "%0d", value);
        end
        $fwrite(file, "]");
      end
      $fwrite(file, "\n    }");
    end
  endtask

  // Counts the wrong words and finds the port with the first one.
  task count_wrong(output integer port);
    begin
      mismatches = 32'd0;
      port = 0;
      for (k = 0; k < OUTPUTS; k = k + 1) begin
        mismatches = mismatches + wrong[32*k+:32];
        if (wrong[32*k+:32] != 0 && (wrong[32*port+:32] == 0 || wrong_time[64*k+:64] < wrong_time[64*port+:64])) port = k;
      end
    end
  endtask

  string text;
  integer port;

  task describe;
    begin
      text = "";
      if (mismatches != 0) begin
        text = $sformatf("output%0d, image %0d, word %0d: ", port, wrong_image[32*port+:32], wrong_word[32*port+:32]);
        case (wrong_kind[3*port+:3])
          3'd0: text = {text, $sformatf("got 0x%0h, want 0x%0h", wrong_got[1024*port+:1024], wrong_want[1024*port+:1024])};
          3'd1: text = {text, "TLAST before the end of the image"};
          3'd2: text = {text, "no TLAST at the end of the image"};
          3'd3: text = $sformatf("output%0d: a word too many, 0x%0h", port, wrong_got[1024*port+:1024]);
          default: text = {text, "TVALID or the word changes before it is taken"};
        endcase
      end
    end
  endtask

  initial begin
    aresetn = 1'b0;
    awaddr = 16'd0;
    awvalid = 1'b0;
    wdata = 32'd0;
    wstrb = 4'hf;
    wvalid = 1'b0;
    bready = 1'b0;
    araddr = 16'd0;
    arvalid = 1'b0;
    rready = 1'b0;
    load = 1'b0;
    go = 1'b0;
    reverse = 1'b0;
    error = "";
    deadlock = "";
    is_loaded = 1'b0;
    stats = 1'b0;
    begun = 1'b1;
    stuck = 1'b0;
    if (!$value$plusargs("report=%s", report)) report = "rtl_report.json";
    if (!$value$plusargs("stall=%d", stall)) stall = 0;
    if (!$value$plusargs("seed=%d", seed)) seed = 1;
    if (!$value$plusargs("timeout=%d", timeout)) timeout = stall < 90 ? (stall == 0 ? TIMEOUT : TIMEOUT * (1 + 400 / (100 - stall))) : 50 * TIMEOUT;
    if (!$value$plusargs("images=%d", images)) images = IMAGES;
    if (images < 1 || images > IMAGES) images = IMAGES;
    if ($value$plusargs("trace=%s", trace)) begin
      $dumpfile(trace);
      $dumpvars(0);
    end
    random = seed * 32'd2654435761 ^ 32'h2545f491;
    file = $fopen(report, "w");
    if (file == 0) begin
      $display("sim: cannot write %0s", report);
      $finish;
    end

    $fwrite(file, "{\n  \"images\": %0d,\n  \"stall\": %0d,\n  \"seed\": %0d,\n  \"calls\": [\n", images, stall, seed);
    repeat (8) @(negedge aclk);
    if (bad) error = "a data file cannot be read or is of another design";
    aresetn = 1'b1;
    repeat (2) @(negedge aclk);
    bus_read(NUMBERS, value);
    bus_read(NUMBERS + 16'h4, high);
    if (error == "" && (value != PROCESSES || high != FIFOS)) error = $sformatf("control: %0d processes and %0d FIFOs, not %0d and %0d", value, high, PROCESSES, FIFOS);
    if (error == "") load_weights;
    for (call = 0; call < 2 && is_loaded && error == "" && deadlock == ""; call = call + 1) run_call;
    repeat (100) @(negedge aclk);

    count_wrong(port);
    describe;
    $fwrite(file, "\n  ],\n  \"mismatches\": %0d,\n  \"first_mismatch\": \"%0s\",\n  \"deadlock\": \"%0s\",\n  \"error\": \"%0s\",\n  \"ok\": %0s\n}\n",
            mismatches, text, deadlock, error, mismatches == 0 && deadlock == "" && error == "" ? "true" : "false");
    $fclose(file);
    if (mismatches != 0) $display("sim: %0d mismatches; the first: %0s", mismatches, text);
    if (deadlock != "") $display("sim: deadlock: %0s", deadlock);
    if (error != "") $display("sim: %0s", error);
    if (mismatches == 0 && deadlock == "" && error == "")
      $display("sim: %0d %0s: every output equals the reference; %0d cycles in the last call", images, images == 1 ? "image twice" : "images twice, in two orders", last_out[images-1] + 1);
    $finish;
  end

endmodule
