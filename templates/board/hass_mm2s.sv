// hass_mm2s: an AXI4 master that reads `words` consecutive words of a stream from memory, from `address` on, which must be a
// multiple of the bytes of a memory beat. A memory beat holds one or several words of the stream, the first lowest, or a word
// takes several beats.
//
// Bursts end at multiples of BURST beats, which are at most 4 KiB, so no burst crosses a 4 KiB boundary. While the stream stalls,
// beats wait at the read channel, and the stream must not depend on another transfer through that channel.
module hass_mm2s #(
    parameter integer MEM = 64,  // bits of memory, 32 to 512
    parameter integer AXIS = 64,  // bits of the stream
    parameter integer BURST = 16,  // beats, a power of two
    parameter integer FLIGHT = 8  // most outstanding bursts
) (
    input  wire            clk,
    input  wire            rst,
    input  wire            start,          // pulse
    input  wire [    63:0] address,
    input  wire [    47:0] words,          // at least 1
    output wire            busy,
    output wire [    63:0] m_axi_araddr,
    output wire [     7:0] m_axi_arlen,
    output wire            m_axi_arvalid,
    input  wire            m_axi_arready,
    input  wire [ MEM-1:0] m_axi_rdata,
    input  wire            m_axi_rlast,
    input  wire            m_axi_rvalid,
    output wire            m_axi_rready,
    output wire [AXIS-1:0] m_axis_tdata,
    output wire            m_axis_tvalid,
    input  wire            m_axis_tready
);

  localparam integer RATIO = MEM > AXIS ? MEM / AXIS : AXIS / MEM;
  localparam integer SHIFT = $clog2(RATIO);
  localparam integer MORE = RATIO - 1;
  localparam integer BYTES = $clog2(MEM / 8);
  localparam integer PLACE = $clog2(BURST);
  localparam integer COUNT = 48 + SHIFT;  // bits of a number of beats

  // Addresses, in beats.
  reg [63-BYTES:0] at;
  reg [COUNT-1:0] beats;  // beats still to request
  reg [47:0] left;  // words still to send
  reg [3:0] flight;
  reg asking;  // an address is valid at the port
  reg [PLACE:0] length;  // beats of its burst
  wire [PLACE:0] room = (PLACE + 1)'(BURST) - (PLACE + 1)'(at[PLACE-1:0]);
  wire [COUNT-1:0] all = MEM > AXIS ? (COUNT'(words) + COUNT'(MORE)) >> SHIFT : COUNT'(words) << SHIFT;
  wire asked = m_axi_arvalid && m_axi_arready;
  wire ended = m_axi_rvalid && m_axi_rready && m_axi_rlast;

  assign m_axi_araddr = {at, BYTES'(0)};
  assign m_axi_arlen = 8'(length) - 8'd1;
  assign m_axi_arvalid = asking;
  assign busy = left != '0;

  always_ff @(posedge clk) begin
    if (rst) begin
      beats <= '0;
      left <= '0;
      flight <= '0;
      asking <= 1'b0;
    end else begin
      flight <= flight + 4'(asked) - 4'(ended);
      if (start) begin
        at <= address[63:BYTES];
        left <= words;
        beats <= all;
        asking <= 1'b0;
      end else begin
        if (m_axis_tvalid && m_axis_tready) left <= left - 1'b1;
        if (asked) begin
          asking <= 1'b0;
          at <= at + (64 - BYTES)'(length);
          beats <= beats - COUNT'(length);
        end else if (!asking && beats != '0 && flight != 4'(FLIGHT)) begin
          asking <= 1'b1;
          length <= beats < COUNT'(room) ? (PLACE + 1)'(beats) : room;
        end
      end
    end
  end

  generate
    if (RATIO == 1) begin : g_same
      assign m_axis_tdata = m_axi_rdata;
      assign m_axis_tvalid = m_axi_rvalid;
      assign m_axi_rready = m_axis_tready;
    end else if (MEM > AXIS) begin : g_split
      // The words of a beat are sent from the lowest on.
      reg [MEM-1:0] beat;
      reg [SHIFT:0] have;  // words of the beat still to send
      wire send = m_axis_tvalid && m_axis_tready;
      wire last = have == (SHIFT + 1)'(1) || left == 48'd1;
      assign m_axis_tdata = beat[AXIS-1:0];
      assign m_axis_tvalid = have != '0;
      assign m_axi_rready = have == '0 || (m_axis_tready && last);
      always_ff @(posedge clk) begin
        if (rst) have <= '0;
        else if (m_axi_rready && m_axi_rvalid) have <= (SHIFT + 1)'(RATIO);
        else if (send) have <= last ? '0 : have - 1'b1;
        if (m_axi_rready && m_axi_rvalid) beat <= m_axi_rdata;
        else if (send) beat <= {AXIS'(0), beat[MEM-1:AXIS]};
      end
    end else begin : g_join
      // The beats of a word come from the lowest on.
      reg [AXIS-MEM-1:0] early;
      reg [SHIFT-1:0] have;
      wire full = have == SHIFT'(RATIO - 1);
      assign m_axis_tdata = {m_axi_rdata, early};
      assign m_axis_tvalid = full && m_axi_rvalid;
      assign m_axi_rready = !full || m_axis_tready;
      always_ff @(posedge clk) begin
        if (rst || start) have <= '0;
        else if (m_axi_rready && m_axi_rvalid) have <= full ? '0 : have + 1'b1;
        if (m_axi_rready && m_axi_rvalid) early <= (AXIS - MEM)'({m_axi_rdata, early} >> MEM);
      end
    end
  endgenerate

  wire unused = &{1'b0, address[BYTES-1:0]};

endmodule
