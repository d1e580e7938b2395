// hass_kernel_control: the registers of a kernel as XRT expects them (ap_ctrl_hs), an AXI4-Lite slave of 32-bit words, and the
// steps of a call: set hass_control's registers, start the movers and wait for them.
//
//   0x000  CTRL. Bit 0 start (write 1; reads 1 until the call ends), 1 done (cleared by a read), 2 idle, 3 ready (equals done)
//   0x004  GIER. Bit 0 enables the interrupt
//   0x008  IP_IER. Bit 0 enables the interrupt of done, bit 1 that of ready
//   0x00C  IP_ISR. Bit 0 done, bit 1 ready, set only if enabled; writing 1 toggles a bit
//   0x010  mode: 0 loads weights, 1 processes images
//   0x018  images of a call
//   0x020  address of the weights, bits 31..0; bits 63..32 at 0x024
//   0x02C  address of the input, likewise
//   0x038  address of output 0, likewise; further outputs:
//   0x044  output1, and so on, 12 bytes each
//   0x800  hass_control's registers below 0x800; its registers from 0x1000 on keep their addresses
//
// A call with images = 0, or a run before weights are loaded, ends at once. Byte strobes are ignored for the kernel's own
// registers, because XRT writes whole words. Every response is OKAY.
module hass_kernel_control #(
    parameter integer POINTERS = 3  // weights, input, outputs
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
    output wire                   irq,
    // hass_control
    output reg  [           15:0] m_axi_awaddr,
    output reg                    m_axi_awvalid,
    input  wire                   m_axi_awready,
    output reg  [           31:0] m_axi_wdata,
    output reg  [            3:0] m_axi_wstrb,
    output reg                    m_axi_wvalid,
    input  wire                   m_axi_wready,
    input  wire                   m_axi_bvalid,
    output wire                   m_axi_bready,
    output reg  [           15:0] m_axi_araddr,
    output reg                    m_axi_arvalid,
    input  wire                   m_axi_arready,
    input  wire [           31:0] m_axi_rdata,
    input  wire                   m_axi_rvalid,
    output wire                   m_axi_rready,
    // the movers
    output reg  [           31:0] images,
    output reg  [64*POINTERS-1:0] pointers,
    output reg                    start_load,     // pulse: the weights' mover begins
    output reg                    start_run,      // pulse: the movers of input and outputs begin
    input  wire                   busy
);

  // The host's write: address and data wait for each other.
  reg has_address, has_data;
  reg [15:0] to;
  reg [31:0] data;
  reg [ 3:0] strobe;
  wire to_inside = to[15:11] != 5'b0;  // a register of hass_control
  wire write = has_address && has_data && !s_axi_bvalid;
  wire write_own = write && !to_inside;
  wire written;  // hass_control has answered
  assign s_axi_awready = !has_address;
  assign s_axi_wready = !has_data;
  assign s_axi_bresp = 2'b00;

  // The host's read.
  reg reading;
  reg [15:0] from;
  wire from_inside = from[15:11] != 5'b0;
  wire read_own = reading && !from_inside && !s_axi_rvalid;
  wire was_read;  // hass_control has answered
  assign s_axi_arready = !reading;
  assign s_axi_rresp = 2'b00;

  // Calls.
  reg start, done, mode;
  reg [1:0] enabled, status;  // interrupts of done and ready
  reg enable;
  reg ends;  // pulse: the call ends
  assign irq = enable && status != 2'b00;

  wire [9:0] word = from[11:2];
  reg [31:0] own;
  integer k;
  always_comb begin
    case (word)
      10'd0: own = {28'b0, done, !start, done, start};
      10'd1: own = {31'b0, enable};
      10'd2: own = {30'b0, enabled};
      10'd3: own = {30'b0, status};
      10'd4: own = {31'b0, mode};
      10'd6: own = images;
      default: own = '0;
    endcase
    for (k = 0; k < POINTERS; k = k + 1) begin
      if (word == 10'(8 + 3 * k)) own = pointers[64*k+:32];
      if (word == 10'(9 + 3 * k)) own = pointers[64*k+32+:32];
    end
  end

  wire [9:0] place = to[11:2];
  wire toggles = write_own && place == 10'd3;
  always_ff @(posedge clk) begin
    if (rst) begin
      has_address <= 1'b0;
      has_data <= 1'b0;
      s_axi_bvalid <= 1'b0;
      reading <= 1'b0;
      s_axi_rvalid <= 1'b0;
      start <= 1'b0;
      done <= 1'b0;
      mode <= 1'b0;
      images <= '0;
      pointers <= '0;
      enable <= 1'b0;
      enabled <= '0;
      status <= '0;
    end else begin
      has_address <= write_own || written ? 1'b0 : has_address || s_axi_awvalid;
      has_data <= write_own || written ? 1'b0 : has_data || s_axi_wvalid;
      s_axi_bvalid <= write_own || written || (s_axi_bvalid && !s_axi_bready);
      reading <= (s_axi_rvalid && s_axi_rready) ? 1'b0 : reading || s_axi_arvalid;
      s_axi_rvalid <= read_own || was_read || (s_axi_rvalid && !s_axi_rready);
      if (write_own) begin
        case (place)
          10'd0: start <= start || data[0];
          10'd1: enable <= data[0];
          10'd2: enabled <= data[1:0];
          10'd4: mode <= data[0];
          10'd6: images <= data;
          default: ;
        endcase
        for (k = 0; k < POINTERS; k = k + 1) begin
          if (place == 10'(8 + 3 * k)) pointers[64*k+:32] <= data;
          if (place == 10'(9 + 3 * k)) pointers[64*k+32+:32] <= data;
        end
      end
      if (ends) start <= 1'b0;
      done <= ends || (done && !(read_own && word == 10'd0));
      status <= (status ^ (toggles ? data[1:0] : 2'b00)) | (ends ? enabled : 2'b00);
    end
    if (!has_address) to <= s_axi_awaddr;
    if (!has_data) begin
      data <= s_axi_wdata;
      strobe <= s_axi_wstrb;
    end
    if (!reading) from <= s_axi_araddr;
    if (read_own) s_axi_rdata <= own;
    else if (was_read) s_axi_rdata <= m_axi_rdata;
  end

  // Accesses to hass_control, one at a time. Accesses of a call take precedence over the host's.
  localparam [2:0] IDLE = 3'd0, SET = 3'd1, BEGIN = 3'd2, ASK = 3'd3, LOOK = 3'd4, MOVE = 3'd5, END = 3'd6;
  reg [2:0] step;
  reg ours;  // the access belongs to the call
  reg access_write, access_read;
  wire wrote = access_write && m_axi_bvalid;
  wire got = access_read && m_axi_rvalid;
  wire free = !access_write && !access_read;
  wire host_write = write && to_inside;
  wire host_read = reading && from_inside && !s_axi_rvalid;
  assign m_axi_bready = 1'b1;
  assign m_axi_rready = 1'b1;
  assign written = wrote && !ours;
  assign was_read = got && !ours;
  wire loaded = m_axi_rdata[2];
  wire loading = m_axi_rdata[1];

  // The window at 0x800 maps to hass_control's registers from 0 on.
  function automatic [15:0] window(input [15:0] address);
    window = address[15:12] == 4'b0 ? {5'b0, address[10:0]} : address;
  endfunction

  always_ff @(posedge clk) begin
    start_load <= 1'b0;
    start_run <= 1'b0;
    ends <= 1'b0;
    if (rst) begin
      step <= IDLE;
      ours <= 1'b0;
      access_write <= 1'b0;
      access_read <= 1'b0;
      m_axi_awvalid <= 1'b0;
      m_axi_wvalid <= 1'b0;
      m_axi_arvalid <= 1'b0;
    end else begin
      if (m_axi_awready) m_axi_awvalid <= 1'b0;
      if (m_axi_wready) m_axi_wvalid <= 1'b0;
      if (m_axi_arready) m_axi_arvalid <= 1'b0;
      if (wrote) access_write <= 1'b0;
      if (got) access_read <= 1'b0;
      if (free) begin
        ours <= step == SET || step == BEGIN || step == ASK;
        access_write <= step == SET || step == BEGIN || (step != ASK && host_write);
        m_axi_awvalid <= step == SET || step == BEGIN || (step != ASK && host_write);
        m_axi_wvalid <= step == SET || step == BEGIN || (step != ASK && host_write);
        access_read <= step == ASK || (step != SET && step != BEGIN && !host_write && host_read);
        m_axi_arvalid <= step == ASK || (step != SET && step != BEGIN && !host_write && host_read);
        m_axi_awaddr <= step == SET ? 16'h4 : step == BEGIN ? 16'h0 : window(to);
        m_axi_wdata <= step == SET ? images : step == BEGIN ? (mode ? 32'd1 : 32'd2) : data;
        m_axi_wstrb <= step == SET || step == BEGIN ? 4'b1111 : strobe;
        m_axi_araddr <= step == ASK ? 16'h0 : window(from);
      end
      case (step)
        // A run first checks that the weights are loaded.
        IDLE: if (start && !ends) step <= !mode ? BEGIN : images == '0 ? END : ASK;
        SET: if (wrote && ours) step <= BEGIN;
        BEGIN:
        if (wrote && ours) begin
          start_load <= !mode;
          start_run <= mode;
          step <= MOVE;
        end
        ASK:
        if (got && ours) begin
          if (mode) step <= loaded ? SET : END;
          else step <= loading ? LOOK : END;
        end
        LOOK: step <= ASK;
        MOVE: if (!start_load && !start_run && !busy) step <= mode ? END : ASK;
        END: begin
          ends <= 1'b1;
          step <= IDLE;
        end
        default: step <= IDLE;
      endcase
    end
  end

  wire unused = &{1'b0, to[1:0], from[1:0]};

endmodule
