// Tests hass_control and hass_watermark against plain counters, with a bus master that is late at random.
module control_tb #(
    parameter integer PROCESSES = 3,
    parameter integer FIFOS = 5,
    parameter integer OUTPUTS = 3,
    parameter integer STATS = 1,
    parameter integer COUNTER = 32,
    parameter integer RUNS = 20
);

  reg clk, rst;
  initial begin
    clk = 1'b0;
    forever #5 clk = !clk;
  end

  reg [15:0] awaddr, araddr;
  reg [31:0] wdata;
  reg [3:0] wstrb;
  reg awvalid, wvalid, bready, arvalid, rready;
  wire awready, wready, bvalid, arready, rvalid;
  wire [1:0] bresp, rresp;
  wire [31:0] rdata;
  wire start, load, loading;
  wire [31:0] images;
  reg loaded, load_failed;
  reg [OUTPUTS-1:0] image_done;
  reg [2*PROCESSES-1:0] waits;
  wire [16*FIFOS-1:0] most;
  reg [FIFOS-1:0] issue, read;

  hass_control #(
      .PROCESSES(PROCESSES),
      .FIFOS(FIFOS),
      .OUTPUTS(OUTPUTS),
      .STATS(STATS),
      .COUNTER(COUNTER),
      .VERSION(32'h12345678)
  ) dut (
      .clk,
      .rst,
      .s_axi_awaddr(awaddr),
      .s_axi_awvalid(awvalid),
      .s_axi_awready(awready),
      .s_axi_wdata(wdata),
      .s_axi_wstrb(wstrb),
      .s_axi_wvalid(wvalid),
      .s_axi_wready(wready),
      .s_axi_bresp(bresp),
      .s_axi_bvalid(bvalid),
      .s_axi_bready(bready),
      .s_axi_araddr(araddr),
      .s_axi_arvalid(arvalid),
      .s_axi_arready(arready),
      .s_axi_rdata(rdata),
      .s_axi_rresp(rresp),
      .s_axi_rvalid(rvalid),
      .s_axi_rready(rready),
      .start,
      .images,
      .load,
      .loading,
      .loaded,
      .load_failed,
      .image_done,
      .waits,
      .most
  );

  integer errors;
  task check(input ok, input integer what, input [63:0] got, input [63:0] want);
    if (ok !== 1'b1) begin
      errors = errors + 1;
      if (errors < 20) $display("control: check %0d at %0t: got %0h, want %0h", what, $time, got, want);
    end
  endtask

  // FIFOs of 9 places and a model of their marks.
  integer places[0:FIFOS-1];
  integer marks[0:FIFOS-1];
  genvar f;
  generate
    for (f = 0; f < FIFOS; f = f + 1) begin : g_fifo
      hass_watermark #(
          .DEPTH(9)
      ) watermark (
          .clk,
          .rst,
          .clear(start),
          .issue(issue[f]),
          .read (read[f]),
          .most (most[16*f+:16])
      );
    end
  endgenerate

  // The model of the run.
  integer starts, loads, i, o, n;
  reg running, ended;
  reg [63:0] cycles;
  reg [31:0] counts[0:2*PROCESSES-1];
  integer left[0:OUTPUTS-1];  // images, by output
  integer wanted, all;
  integer busy;  // percent

  always @(posedge clk) begin
    if (start) begin
      starts  = starts + 1;
      running = 1'b1;
      cycles  = 0;
      wanted  = images;
      for (i = 0; i < 2 * PROCESSES; i = i + 1) counts[i] = 0;
      for (i = 0; i < OUTPUTS; i = i + 1) left[i] = 0;
      for (i = 0; i < FIFOS; i = i + 1) marks[i] = places[i];
    end else if (running) begin
      cycles = cycles + 1;
      for (i = 0; i < 2 * PROCESSES; i = i + 1) if (waits[i]) counts[i] = counts[i] + 1;
      all = 1;
      for (i = 0; i < OUTPUTS; i = i + 1) begin
        if (image_done[i]) left[i] = left[i] + 1;
        if (left[i] != wanted) all = 0;
      end
      running = all == 0;
    end
    for (i = 0; i < FIFOS; i = i + 1) begin
      if (issue[i]) places[i] = places[i] + 1;
      if (places[i] > marks[i]) marks[i] = places[i];
      if (read[i]) places[i] = places[i] - 1;
    end
    if (load) loads = loads + 1;
  end

  reg [2*PROCESSES-1:0] some_waits;
  reg [FIFOS-1:0] some_issue, some_read;

  // What the design does, between the edges.
  always @(negedge clk) begin
    for (n = 0; n < 2 * PROCESSES; n = n + 32) some_waits = {some_waits, 32'($random)};
    waits = some_waits;
    for (n = 0; n < OUTPUTS; n = n + 1) image_done[n] = running && left[n] < wanted && $unsigned($random) % 100 < busy;
    for (n = 0; n < FIFOS; n = n + 1) begin
      some_issue[n] = places[n] < 9 && $unsigned($random) % 100 < (busy < 50 ? 40 : 60);
      some_read[n]  = places[n] > 0 && $random;
    end
    issue = some_issue;
    read  = some_read;
  end

  // A response stays until it is taken, and answers something.
  reg was_b, was_r;
  reg [31:0] was_data;
  integer pending_b, pending_r, addresses, datas;
  always @(posedge clk) begin
    if (rst) begin
      was_b = 1'b0;
      was_r = 1'b0;
      addresses = 0;
      datas = 0;
      pending_r = 0;
    end else begin
      check(!was_b || bvalid, 1, 0, 0);
      check(!was_r || (rvalid && rdata === was_data), 2, rdata, was_data);
      check(!bvalid || (addresses > 0 && datas > 0 && bresp === 2'b00), 3, 0, 0);
      check(!rvalid || (pending_r > 0 && rresp === 2'b00), 4, 0, 0);
      was_b = bvalid && !bready;
      was_r = rvalid && !rready;
      was_data = rdata;
      addresses = addresses + (awvalid && awready) - (bvalid && bready);
      datas = datas + (wvalid && wready) - (bvalid && bready);
      pending_r = pending_r + (arvalid && arready) - (rvalid && rready);
    end
  end

  integer da, dw, db, t;
  reg ta, tw, tb;

  task put(input [15:0] address, input [31:0] data, input [3:0] strobe);
    begin
      da = $unsigned($random) % 4;
      dw = $unsigned($random) % 4;
      db = $unsigned($random) % 8;
      tb = 1'b0;
      for (t = 0; !tb && t < 100; t = t + 1) begin
        if (t == da) begin
          awaddr  = address;
          awvalid = 1'b1;
        end
        if (t == dw) begin
          wdata  = data;
          wstrb  = strobe;
          wvalid = 1'b1;
        end
        if (t == db) bready = 1'b1;
        @(posedge clk);
        ta = awvalid && awready;
        tw = wvalid && wready;
        tb = bvalid && bready;
        @(negedge clk);
        if (ta) awvalid = 1'b0;
        if (tw) wvalid = 1'b0;
        if (tb) bready = 1'b0;
      end
      check(tb, 5, address, 0);
    end
  endtask

  reg [31:0] got;
  task get(input [15:0] address);
    begin
      da = $unsigned($random) % 4;
      db = $unsigned($random) % 16;
      tb = 1'b0;
      for (t = 0; !tb && t < 100; t = t + 1) begin
        if (t == da) begin
          araddr  = address;
          arvalid = 1'b1;
        end
        if (t == db) rready = 1'b1;
        @(posedge clk);
        ta  = arvalid && arready;
        tb  = rvalid && rready;
        if (tb) got = rdata;
        @(negedge clk);
        if (ta) arvalid = 1'b0;
        if (tb) rready = 1'b0;
      end
      check(tb, 6, address, 0);
    end
  endtask

  task expect_at(input [15:0] address, input [31:0] want);
    begin
      get(address);
      check(got === want, 1000 + address, got, want);
    end
  endtask

  reg [31:0] low, value;
  integer run, k;
  localparam [31:0] BASE = STATS != 0 ? 32'h10 : 32'h0;

  initial begin
    errors = 0;
    starts = 0;
    loads = 0;
    running = 1'b0;
    busy = 10;
    wanted = 0;
    awvalid = 1'b0;
    wvalid = 1'b0;
    bready = 1'b0;
    arvalid = 1'b0;
    rready = 1'b0;
    loaded = 1'b0;
    load_failed = 1'b0;
    for (k = 0; k < FIFOS; k = k + 1) begin
      places[k] = 0;
      marks[k]  = 0;
    end
    for (k = 0; k < OUTPUTS; k = k + 1) left[k] = 0;
    rst = 1'b1;
    force issue = '0;
    force read = '0;
    repeat (4) @(negedge clk);
    rst = 1'b0;
    release issue;
    release read;
    expect_at(16'h0, BASE);
    expect_at(16'h14, PROCESSES);
    expect_at(16'h18, FIFOS);
    expect_at(16'h1c, 32'h12345678);
    expect_at(16'h20, 0);
    expect_at(16'hffc, 0);
    expect_at(16'h8, 0);
    expect_at(16'hc, 0);
    expect_at(16'h10, 0);
    expect_at(16'h1000, 0);

    put(16'h4, 32'h11223344, 4'hf);
    put(16'h4, 32'haabbccdd, 4'b0101);
    put(16'h44, 32'h5, 4'hf);
    expect_at(16'h4, 32'h11bb33dd);

    // Nothing starts with no images, or without the strobe.
    put(16'h4, 0, 4'hf);
    put(16'h0, 1, 4'hf);
    put(16'h4, 5, 4'hf);
    put(16'h0, 3, 4'b1110);
    put(16'h0, 0, 4'hf);
    check(starts == 0 && loads == 0, 10, starts, 0);

    // Loading, begun anew, in which nothing starts.
    put(16'h0, 3, 4'hf);
    expect_at(16'h0, BASE | 2);
    put(16'h0, 1, 4'hf);
    put(16'h0, 2, 4'hf);
    check(starts == 0 && loads == 2, 11, loads, 2);
    expect_at(16'h0, BASE | 2);
    loaded = 1'b1;
    @(negedge clk);
    loaded = 1'b0;
    expect_at(16'h0, BASE | 4);
    load_failed = 1'b1;
    @(negedge clk);
    load_failed = 1'b0;
    expect_at(16'h0, BASE | 8);
    put(16'h0, 2, 4'hf);
    expect_at(16'h0, BASE | 2);
    loaded = 1'b1;
    @(negedge clk);
    loaded = 1'b0;
    expect_at(16'h0, BASE | 4);
    loads = 0;

    for (run = 0; run < RUNS; run = run + 1) begin
      busy = run % 2 == 0 ? 3 : 90;
      put(16'h4, 1 + run % 7, 4'hf);
      put(16'h0, 1, 4'hf);
      check(starts == run + 1, 12, starts, run + 1);
      if (run % 4 == 0) begin
        busy = 0;
        repeat (60) @(negedge clk);
        expect_at(16'h0, BASE | 5);
        put(16'h0, 1, 4'hf);
        put(16'h0, 2, 4'hf);
        put(16'h4, 77, 4'hf);
        check(starts == run + 1 && loads == 0, 13, starts, loads);
        if (run % 8 == 0) begin
          // The upper half must belong to the lower one, whatever happens between.
          dut.cycles = 64'hffffffe0 + cycles % 16;
          cycles = dut.cycles + 1;  // what the design sees is a cycle late
          get(16'h8);
          low = got;
          repeat (40) @(negedge clk);
          get(16'hc);
          check({got, low} < cycles && {got, low} + 200 > cycles, 14, {got, low}, cycles);
        end
        busy = 50;
      end
      while (running) @(negedge clk);
      repeat (4) @(negedge clk);
      expect_at(16'h0, BASE | 4);
      expect_at(16'h8, cycles[31:0]);
      expect_at(16'hc, cycles[63:32]);
      expect_at(16'h10, 1 + run % 7);
      for (k = 0; k < 2 * PROCESSES; k = k + (PROCESSES > 20 ? 37 : 1)) expect_at(16'h1000 + 4 * k, STATS == 0 ? 0 : COUNTER == 32 ? counts[k] : counts[k] % (1 << COUNTER));
      expect_at(16'h1000 + 8 * PROCESSES, 0);
      expect_at(16'h4000 + 4 * FIFOS, 0);
      expect_at(16'h3ffc, 0);
      // The marks go on until the next start.
      for (k = 0; k < FIFOS; k = k + (FIFOS > 20 ? 41 : 1)) begin
        value = marks[k];
        get(16'h4000 + 4 * k);
        check(STATS == 0 ? got === 0 : got >= value && got <= marks[k], 15, got, marks[k]);
      end
    end
    $display("control: %0d errors", errors);
    $finish;
  end

endmodule
