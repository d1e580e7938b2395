// hass_control: the registers of the design, an AXI4-Lite slave of 32-bit words. Write address and
// data may come in any order. Reads take several cycles. Every response is OKAY. Addresses that are
// not listed read 0 and ignore writes.
//
//   0x000  control. Write: bit 0 starts a run (ignored while one is running, while weights are being
//          loaded, and for 0 images). Bit 1 starts loading weights (ignored during a run; restarts the
//          loading if weights are being loaded; takes precedence over bit 0).
//          Read: bit 0 running, bit 1 loading, bit 2 weights loaded, bit 3 the weight stream does not
//          fit the design, bit 4 the design has statistics
//   0x004  images of a run
//   0x008  cycles of the current or last run, bits 31..0; a read also latches bits 63..32 for 0x00C
//   0x00C  cycles, bits 63..32. They count from the first cycle in which the source can take a word
//          up to and including the cycle in which the last word of the last image leaves
//   0x010  images that have left by all outputs
//   0x014  number of processes
//   0x018  number of FIFOs
//   0x01C  VERSION
//   0x1000 + 8 * p  cycles of the current or last run in which process p waited for a token
//   0x1004 + 8 * p  cycles in which it waited for room; both modulo 2^COUNTER
//   0x4000 + 4 * f  most places of FIFO f that were taken at once since the last start
//
// Byte strobes are respected. Without STATS the statistics read 0.
module hass_control #(
    parameter integer PROCESSES = 1,  // at most 1536
    parameter integer FIFOS = 1,  // at most 12288
    parameter integer OUTPUTS = 1,
    parameter integer STATS = 1,
    parameter integer COUNTER = 32,  // bits of a stall counter, at most 32
    parameter [31:0] VERSION = 32'h0
) (
    input  wire                   clk,
    input  wire                   rst,
    input  wire [           15:0] s_axi_awaddr,
    input  wire                   s_axi_awvalid,
    output wire                   s_axi_awready,
    input  wire [           31:0] s_axi_wdata,
    input  wire [            3:0] s_axi_wstrb,
    input  wire                   s_axi_wvalid,
    output wire                   s_axi_wready,
    output wire [            1:0] s_axi_bresp,
    output reg                    s_axi_bvalid,
    input  wire                   s_axi_bready,
    input  wire [           15:0] s_axi_araddr,
    input  wire                   s_axi_arvalid,
    output wire                   s_axi_arready,
    output reg  [           31:0] s_axi_rdata,
    output wire [            1:0] s_axi_rresp,
    output reg                    s_axi_rvalid,
    input  wire                   s_axi_rready,
    // to and from the design
    output reg                    start,          // pulse: a run of `images` images begins
    output reg  [           31:0] images,
    output reg                    load,           // pulse: the weight chain begins
    output reg                    loading,        // from the cycle after `load` on
    input  wire                   loaded,         // pulse: the chain's end has all weights
    input  wire                   load_failed,    // pulse: the stream does not fit the design
    input  wire [    OUTPUTS-1:0] image_done,     // the last word of an image leaves
    input  wire [2*PROCESSES-1:0] waits,          // of each process: waits for a token, for room
    input  wire [   16*FIFOS-1:0] most            // of each FIFO, from hass_watermark
);

  // Writes: address and data wait for each other.
  reg has_address, has_data;
  reg [13:0] to;
  reg [31:0] data;
  reg [ 3:0] strobe;
  wire write = has_address && has_data && (!s_axi_bvalid || s_axi_bready);

  assign s_axi_awready = !has_address;
  assign s_axi_wready = !has_data;
  assign s_axi_bresp = 2'b00;

  always_ff @(posedge clk) begin
    if (rst) begin
      has_address <= 1'b0;
      has_data <= 1'b0;
      s_axi_bvalid <= 1'b0;
    end else begin
      has_address <= write ? 1'b0 : has_address || s_axi_awvalid;
      has_data <= write ? 1'b0 : has_data || s_axi_wvalid;
      s_axi_bvalid <= write || (s_axi_bvalid && !s_axi_bready);
    end
    if (!has_address) to <= s_axi_awaddr[15:2];
    if (!has_data) begin
      data <= s_axi_wdata;
      strobe <= s_axi_wstrb;
    end
  end

  // Commands. The source takes words from the cycle after `start` on, when `running` is set.
  reg running, is_loaded, failed;
  wire command = write && to == 14'h0 && strobe[0];
  wire [31:0] strobes = {{8{strobe[3]}}, {8{strobe[2]}}, {8{strobe[1]}}, {8{strobe[0]}}};
  wire finish;

  always_ff @(posedge clk) begin
    if (rst) begin
      start <= 1'b0;
      load <= 1'b0;
      images <= '0;
      running <= 1'b0;
      loading <= 1'b0;
      is_loaded <= 1'b0;
      failed <= 1'b0;
    end else begin
      load <= command && data[1] && !running;
      start <= command && data[1:0] == 2'b01 && !running && !loading && images != '0;
      if (write && to == 14'h1) images <= (images & ~strobes) | (data & strobes);
      running <= start || (running && !finish);
      if (load) begin
        loading <= 1'b1;
        is_loaded <= 1'b0;
        failed <= 1'b0;
      end else if (loaded || load_failed) begin
        loading <= 1'b0;
        is_loaded <= !load_failed;
        failed <= load_failed;
      end
    end
  end

  // Images. The pulses of the design are registered, so `counting` is a cycle late too. An image is done
  // when it has left by all outputs. `ahead` is the number of images by which an output leads the slowest.
  reg counting;
  reg [OUTPUTS-1:0] left;  // the last word of an image leaves, for each output
  wire step;  // an image has left by all outputs
  reg [31:0] done, rest;  // images done, images to do
  // The cycles in two halves, because 64 bits are the longest carry chain of a design: the upper half follows a cycle later.
  reg [31:0] cycles, cycles_high;
  reg carry;

  genvar g;
  generate
    if (OUTPUTS == 1) begin : g_output
      assign step = left[0];
    end else begin : g_outputs
      wire [OUTPUTS-1:0] has;
      assign step = &has;
      for (g = 0; g < OUTPUTS; g = g + 1) begin : g_output
        reg [31:0] ahead;
        reg some;  // ahead is not 0
        assign has[g] = left[g] || some;
        always_ff @(posedge clk) begin
          if (rst || start) begin
            ahead <= '0;
            some  <= 1'b0;
          end else begin
            ahead <= ahead + 32'(left[g]) - 32'(step);
            some  <= left[g] == step ? some : left[g] || ahead != 32'd1;
          end
        end
      end
    end
  endgenerate

  reg last;  // rest is 1
  assign finish = counting && step && last;

  always_ff @(posedge clk) begin
    left <= rst ? '0 : image_done;
    if (rst || start) begin
      counting <= 1'b0;
      done <= '0;
      rest <= images;
      last <= images == 32'd1;
      cycles <= '0;
      cycles_high <= '0;
      carry <= 1'b0;
    end else begin
      counting <= running && !finish;
      if (step) begin
        done <= done + 1'b1;
        rest <= rest - 1'b1;
        last <= rest == 32'd2;
      end
      {carry, cycles} <= {1'b0, cycles} + 33'(counting);
      cycles_high <= cycles_high + 32'(carry);
    end
  end

  // Reads: the address is stable while the index goes down the trees of multiplexers and the value comes up. One further
  // cycle computes the trees' indices.
  function automatic integer stages(input integer count);
    integer i;
    begin
      stages = 1;
      for (i = 4; i < count; i = 4 * i) stages = stages + 1;
    end
  endfunction

  localparam integer STAGES_W = stages(2 * PROCESSES);
  localparam integer STAGES_F = stages(FIFOS);
  localparam integer STEPS = 2 * (STAGES_W > STAGES_F ? STAGES_W : STAGES_F) + 1;

  reg reading;
  reg [13:0] from;
  reg [4:0] at;
  reg [31:0] high;  // upper half of the cycles when the lower half was read
  wire [31:0] waited, held;
  reg ready;  // the value is there: `at` is STEPS

  reg is_plain, is_cycles, is_waits, is_most, below_waits, below_most;
  wire [31:0] status = {27'b0, STATS != 0, failed, is_loaded, loading, running};
  reg  [31:0] plain;
  always_ff @(posedge clk) begin
    case (from[2:0])
      3'd0: plain <= status;
      3'd1: plain <= images;
      3'd2: plain <= cycles;
      3'd3: plain <= high;
      3'd4: plain <= done;
      3'd5: plain <= 32'(PROCESSES);
      3'd6: plain <= 32'(FIFOS);
      default: plain <= VERSION;
    endcase
    // Latch the upper half together with the lower half, which `plain` took a cycle ago.
    if (ready && is_cycles) high <= cycles_high;
  end

  always_ff @(posedge clk) begin
    is_plain <= from < 14'h8;
    is_cycles <= from == 14'h2;
    // A comparison and its use are a cycle apart: `from` is stable longer than that.
    below_waits <= from < 14'(32'h400 + 2 * PROCESSES);
    below_most <= from <= 14'(32'hfff + FIFOS);
    is_waits <= from[13:10] != '0 && below_waits;
    is_most <= from[13:12] != '0 && below_most;
  end

  assign s_axi_arready = !reading && !s_axi_rvalid;
  assign s_axi_rresp   = 2'b00;

  always_ff @(posedge clk) begin
    if (rst) begin
      reading <= 1'b0;
      ready <= 1'b0;
      s_axi_rvalid <= 1'b0;
    end else begin
      ready <= reading && at == 5'(STEPS - 1);
      reading <= ready ? 1'b0 : reading || (s_axi_arready && s_axi_arvalid);
      s_axi_rvalid <= ready || (s_axi_rvalid && !s_axi_rready);
    end
    if (s_axi_arready) from <= s_axi_araddr[15:2];
    at <= reading ? at + 1'b1 : '0;
    if (ready) s_axi_rdata <= is_plain ? plain : is_waits ? waited : is_most ? held : '0;
  end

  wire unused = &{1'b0, s_axi_awaddr[1:0], s_axi_araddr[1:0]};

  generate
    if (STATS != 0) begin : g_stats
      // Each counter has registers of its own for its control signals, behind copies for every 16 counters. So the counters are
      // two cycles late, and no signal drives more cells in a design of more processes.
      localparam integer SHARE = 16;
      wire [2*PROCESSES*COUNTER-1:0] counts;
      localparam integer SHARES = (2 * PROCESSES + SHARE - 1) / SHARE;
      wire [SHARES-1:0] begins, counts_on;
      for (g = 0; g < SHARES; g = g + 1) begin : g_share
        hass_copy #(
            .WIDTH(2)
        ) moves (
            .clk,
            .in ({rst || start, counting}),
            .out({begins[g], counts_on[g]})
        );
      end
      for (g = 0; g < 2 * PROCESSES; g = g + 1) begin : g_count
        reg waiting, waiting_1;
        wire clear, up;
        always_ff @(posedge clk) begin
          waiting   <= waits[g];
          waiting_1 <= waiting;
        end
        hass_copy #(
            .WIDTH(2)
        ) moves (
            .clk,
            .in ({begins[g/SHARE], counts_on[g/SHARE] && waiting_1}),
            .out({clear, up})
        );
        reg [COUNTER-1:0] count;
        always_ff @(posedge clk) begin
          if (clear) count <= '0;
          else if (up) count <= count + 1'b1;
        end
        assign counts[g*COUNTER+:COUNTER] = count;
      end

      reg [2*STAGES_W-1:0] which_waits;
      reg [2*STAGES_F-1:0] which_most;
      always_ff @(posedge clk) begin
        which_waits <= (2 * STAGES_W)'(from - 14'h400);
        which_most  <= (2 * STAGES_F)'(from);
      end

      wire [COUNTER-1:0] count;
      hass_readout #(
          .WIDTH (COUNTER),
          .COUNT (2 * PROCESSES),
          .STAGES(STAGES_W)
      ) select_waits (
          .clk,
          .index(which_waits),
          .values(counts),
          .out(count)
      );
      assign waited = 32'(count);

      wire [15:0] places;
      hass_readout #(
          .WIDTH (16),
          .COUNT (FIFOS),
          .STAGES(STAGES_F)
      ) select_most (
          .clk,
          .index(which_most),
          .values(most),
          .out(places)
      );
      assign held = 32'(places);
    end else begin : g_no_stats
      assign waited = '0;
      assign held = '0;
      wire unused_stats = &{1'b0, waits, most};
    end
  endgenerate

endmodule
