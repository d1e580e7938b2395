// hass_s2mm: an AXI4 master that writes `words` words of a stream to consecutive places in memory, from `address` on, which must
// be a multiple of the bytes of a memory beat. A memory beat holds one or several words of the stream, the first lowest, or a
// word takes several beats. Bytes behind the last word are not changed.
//
// A burst is requested only when all its beats are here. A master that requests earlier could block other masters, and the
// stream may depend on them. Bursts end at multiples of BURST beats, which are at most 4 KiB, so no burst crosses a 4 KiB boundary.
module hass_s2mm #(
    parameter integer MEM = 64,  // bits of memory, 32 to 512
    parameter integer AXIS = 64,  // bits of the stream
    parameter integer BURST = 16  // beats, a power of two
) (
    input  wire             clk,
    input  wire             rst,
    input  wire             start,          // pulse
    input  wire [     63:0] address,
    input  wire [     47:0] words,          // at least 1
    output wire             busy,           // until memory has answered for the last burst
    output wire [     63:0] m_axi_awaddr,
    output wire [      7:0] m_axi_awlen,
    output wire             m_axi_awvalid,
    input  wire             m_axi_awready,
    output wire [  MEM-1:0] m_axi_wdata,
    output wire [MEM/8-1:0] m_axi_wstrb,
    output wire             m_axi_wlast,
    output wire             m_axi_wvalid,
    input  wire             m_axi_wready,
    input  wire             m_axi_bvalid,
    output wire             m_axi_bready,
    input  wire [ AXIS-1:0] s_axis_tdata,
    input  wire             s_axis_tvalid,
    output wire             s_axis_tready
);

  localparam integer RATIO = MEM > AXIS ? MEM / AXIS : AXIS / MEM;
  localparam integer SHIFT = $clog2(RATIO);
  localparam integer MORE = RATIO - 1;
  localparam integer BYTES = $clog2(MEM / 8);
  localparam integer PLACE = $clog2(BURST);
  localparam integer COUNT = 48 + SHIFT;  // bits of a number of beats
  localparam integer DEPTH = 2 * BURST;
  localparam integer STROBES = MEM > AXIS ? RATIO : 1;  // a strobe for each word of a beat

  // Beats from the stream.
  reg [47:0] left;  // words still to come
  wire beat_valid, beat_ready;
  wire [MEM-1:0] beat;
  wire [STROBES-1:0] there;
  wire take = s_axis_tvalid && s_axis_tready;

  generate
    if (RATIO == 1) begin : g_same
      assign beat = s_axis_tdata;
      assign there = 1'b1;
      assign beat_valid = s_axis_tvalid && left != '0;
      assign s_axis_tready = beat_ready && left != '0;
    end else if (MEM > AXIS) begin : g_join
      reg [MEM-AXIS-1:0] early;
      reg [RATIO-1:0] place;  // one-hot place of the next word in its beat
      wire full = place[RATIO-1] || left == 48'd1;
      reg [MEM-1:0] joined;
      integer k;
      always_comb begin
        joined = {AXIS'(0), early};
        for (k = 0; k < RATIO; k = k + 1) if (place[k]) joined[k*AXIS+:AXIS] = s_axis_tdata;
      end
      assign beat = joined;
      // The beat holds the words up to the one that comes.
      wire [RATIO-1:0] below = place - 1'b1;
      assign there = place | below;
      assign beat_valid = s_axis_tvalid && left != '0 && full;
      assign s_axis_tready = left != '0 && (!full || beat_ready);
      always_ff @(posedge clk) begin
        if (rst || start) place <= RATIO'(1);
        else if (take) place <= full ? RATIO'(1) : {place[RATIO-2:0], 1'b0};
        if (take) early <= joined[MEM-AXIS-1:0];
      end
    end else begin : g_split
      reg [AXIS-1:0] word;
      reg [SHIFT:0] have;  // beats of the word still to store
      wire send = beat_valid && beat_ready;
      assign beat = word[MEM-1:0];
      assign there = 1'b1;
      assign beat_valid = have != '0;
      assign s_axis_tready = left != '0 && (have == '0 || (have == (SHIFT + 1)'(1) && beat_ready));
      always_ff @(posedge clk) begin
        if (rst) have <= '0;
        else if (take) have <= (SHIFT + 1)'(RATIO);
        else if (send) have <= have - 1'b1;
        if (take) word <= s_axis_tdata;
        else if (send) word <= {MEM'(0), word[AXIS-1:MEM]};
      end
    end
  endgenerate

  // Beats are stored until their burst is complete.
  reg [MEM+STROBES-1:0] store[0:DEPTH-1];
  reg [PLACE:0] in_at, out_at;
  reg [PLACE+1:0] stored, pending;  // stored beats; stored beats whose burst is not requested yet
  assign beat_ready = stored != (PLACE + 2)'(DEPTH);
  wire in = beat_valid && beat_ready;
  wire out = m_axi_wvalid && m_axi_wready;

  // Bursts.
  reg [63-BYTES:0] at;
  reg [COUNT-1:0] beats;  // beats still to request
  reg asking;
  reg [PLACE:0] length;
  wire [PLACE:0] room = (PLACE + 1)'(BURST) - (PLACE + 1)'(at[PLACE-1:0]);
  wire [PLACE:0] next = beats < COUNT'(room) ? (PLACE + 1)'(beats) : room;
  reg queued;  // a burst is requested and its first beat not sent
  reg [PLACE:0] queued_length, sending;  // sending: remaining beats of the current burst
  reg [3:0] unanswered;
  wire [COUNT-1:0] all = MEM > AXIS ? (COUNT'(words) + COUNT'(MORE)) >> SHIFT : COUNT'(words) << SHIFT;
  wire asked = m_axi_awvalid && m_axi_awready;
  wire begins = queued && (sending == '0 || (sending == (PLACE + 1)'(1) && out));

  assign m_axi_awaddr = {at, BYTES'(0)};
  assign m_axi_awlen = 8'(length) - 8'd1;
  assign m_axi_awvalid = asking && !queued && unanswered != 4'd15;
  assign m_axi_wvalid = sending != '0;
  assign m_axi_wlast = sending == (PLACE + 1)'(1);
  assign m_axi_bready = 1'b1;
  wire [MEM+STROBES-1:0] first = store[out_at];
  assign m_axi_wdata = first[MEM-1:0];
  genvar g;
  generate
    for (g = 0; g < STROBES; g = g + 1) begin : g_strobe
      assign m_axi_wstrb[g*(MEM/8/STROBES)+:MEM/8/STROBES] = {(MEM / 8 / STROBES) {first[MEM+g]}};
    end
  endgenerate
  assign busy = left != '0 || beats != '0 || stored != '0 || unanswered != '0 || asking;

  always_ff @(posedge clk) begin
    if (in) store[in_at] <= {there, beat};
    if (rst) begin
      left <= '0;
      beats <= '0;
      in_at <= '0;
      out_at <= '0;
      stored <= '0;
      pending <= '0;
      asking <= 1'b0;
      queued <= 1'b0;
      sending <= '0;
      unanswered <= '0;
    end else begin
      if (in) in_at <= in_at + 1'b1;
      if (out) out_at <= out_at + 1'b1;
      stored <= stored + (PLACE + 2)'(in) - (PLACE + 2)'(out);
      pending <= pending + (PLACE + 2)'(in) - (asked ? (PLACE + 2)'(length) : '0);
      unanswered <= unanswered + 4'(asked) - 4'(m_axi_bvalid && m_axi_bready);
      if (start) begin
        at <= address[63:BYTES];
        left <= words;
        beats <= all;
      end else begin
        if (take) left <= left - 1'b1;
        if (asked) begin
          asking <= 1'b0;
          at <= at + (64 - BYTES)'(length);
          beats <= beats - COUNT'(length);
          queued_length <= length;
        end else if (!asking && beats != '0 && pending >= (PLACE + 2)'(next)) begin
          asking <= 1'b1;
          length <= next;
        end
      end
      queued <= asked || (queued && !begins);
      if (begins) sending <= queued_length;
      else if (out) sending <= sending - 1'b1;
    end
  end

  wire unused = &{1'b0, address[BYTES-1:0]};

endmodule
