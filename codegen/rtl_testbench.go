package codegen

import (
	"fmt"
	"strings"

	"hass/internal/hw"
)

// maxRTLTimeout bounds the cycles without an output word that the testbench takes for a deadlock; it multiplies
// them by up to 50 under stalls and counts in 32 bits.
const maxRTLTimeout = 40_000_000

// rtlTimeout is the number of cycles without an output word that can only be a deadlock: more
// than an image could need if the layers worked one after the other, each
// at its worst.
func (p *Project) rtlTimeout() int {
	worst := make(map[int]int) // by layer
	for _, pr := range p.HW.Processes {
		tokens := 0
		for _, s := range append(append([]int(nil), pr.In...), pr.Out...) {
			tokens = max(tokens, p.HW.Streams[s].Tokens)
		}
		if pr.Kind == hw.Engine {
			e := p.engine(pr.Layer)
			tokens *= e.WorstBeat()
		}
		worst[pr.Layer] = max(worst[pr.Layer], tokens)
	}
	sum := 100_000
	for _, w := range worst {
		sum = min(sum+2*w, maxRTLTimeout)
	}
	return sum
}

// rtlTestbench is tb/hass_tb.sv, which connects the top with the parts of the testbench that do not
// depend on the design.
func (p *Project) rtlTestbench() []File {
	outs := len(p.Outputs)
	var w writer
	w.f(`// hass_tb: the testbench. hass_tb_run.sv says what it does and what plusargs it takes.
module hass_tb;

  wire aclk, aresetn;
  wire rst = !aresetn;

  // Control.
  wire [15:0] awaddr, araddr;
  wire [31:0] wdata, rdata;
  wire [3:0] wstrb;
  wire [1:0] bresp, rresp;
  wire awvalid, awready, wvalid, wready, bvalid, bready, arvalid, arready, rvalid, rready;

  wire load, go, reverse;
  wire [31:0] images;

  // Weights.
  wire [31:0] weights_tdata, weights_word, weights_position;
  wire weights_tvalid, weights_tready, weights_first, weights_done, weights_bad;
  hass_tb_source #(
      .AXI   (32),
      .WORDS (%d),
      .IMAGES(1),
      .FILE  ("weights.bin")
  ) weights (
      .clk          (aclk),
      .rst,
      .go           (load),
      .reverse      (1'b0),
      .images       (32'd1),
      .m_axis_tdata (weights_tdata),
      .m_axis_tvalid(weights_tvalid),
      .m_axis_tready(weights_tready),
      .first        (weights_first),
      .position     (weights_position),
      .word         (weights_word),
      .done         (weights_done),
      .bad          (weights_bad)
  );

  // Input.
  wire [%d:0] input_tdata;
  wire input_tvalid, input_tready, input_first, input_done, input_bad;
  wire [31:0] input_position, input_word;
  hass_tb_source #(
      .AXI   (%d),
      .WORDS (%d),
      .IMAGES(%d),
      .FILE  ("golden_input.bin")
  ) golden_input (
      .clk          (aclk),
      .rst,
      .go,
      .reverse,
      .images,
      .m_axis_tdata (input_tdata),
      .m_axis_tvalid(input_tvalid),
      .m_axis_tready(input_tready),
      .first        (input_first),
      .position     (input_position),
      .word         (input_word),
      .done         (input_done),
      .bad          (input_bad)
  );

  // Outputs.
  localparam integer OUTPUTS = %d;
  wire [OUTPUTS-1:0] output_take, output_first, output_last, output_done, output_bad;
  wire [32*OUTPUTS-1:0] output_position, output_word, wrong, wrong_image, wrong_word;
  wire [64*OUTPUTS-1:0] wrong_time;
  wire [3*OUTPUTS-1:0] wrong_kind;
  wire [1024*OUTPUTS-1:0] wrong_got, wrong_want;
`, p.Words, p.Input.AXIBits-1, p.Input.AXIBits, p.Input.Words, len(p.Images), outs)
	for k, o := range p.Outputs {
		pick := func(bits int) string {
			if outs == 1 && bits == 1 {
				return ""
			}
			if bits == 1 {
				return fmt.Sprintf("[%d]", k)
			}
			return fmt.Sprintf("[%d:%d]", bits*(k+1)-1, bits*k)
		}
		w.f(`
  wire [%[2]d:0] %[1]s_tdata, %[1]s_got, %[1]s_want;
  wire %[1]s_tvalid, %[1]s_tlast, %[1]s_tready;
  assign wrong_got%[9]s = 1024'(%[1]s_got);
  assign wrong_want%[9]s = 1024'(%[1]s_want);
  hass_tb_sink #(
      .AXI   (%[3]d),
      .WORDS (%[4]d),
      .IMAGES(%[5]d),
      .OUTPUT(%[6]d)
  ) golden_%[1]s (
      .clk          (aclk),
      .rst,
      .go,
      .reverse,
      .images,
      .s_axis_tdata (%[1]s_tdata),
      .s_axis_tvalid(%[1]s_tvalid),
      .s_axis_tlast (%[1]s_tlast),
      .s_axis_tready(%[1]s_tready),
      .take         (output_take%[7]s),
      .first        (output_first%[7]s),
      .last         (output_last%[7]s),
      .position     (output_position%[8]s),
      .word         (output_word%[8]s),
      .done         (output_done%[7]s),
      .bad          (output_bad%[7]s),
      .wrong        (wrong%[8]s),
      .wrong_time   (wrong_time%[10]s),
      .wrong_kind   (wrong_kind%[11]s),
      .wrong_image  (wrong_image%[8]s),
      .wrong_word   (wrong_word%[8]s),
      .wrong_got    (%[1]s_got),
      .wrong_want   (%[1]s_want)
  );
`, o.Name, o.AXIBits-1, o.AXIBits, o.Words, len(p.Images), k, pick(1), pick(32), pick(1024), pick(64), pick(3))
	}
	w.f(`
  hass_tb_run #(
      .IMAGES   (%d),
      .OUTPUTS  (OUTPUTS),
      .PROCESSES(%d),
      .FIFOS    (%d),
      .WEIGHTS  (%d),
      .TIMEOUT  (%d)
  ) run (
      .bad(weights_bad || input_bad || |output_bad),
      .input_ready(input_tready),
`, len(p.Images), len(p.HW.Processes), len(p.HW.Streams), p.Words, p.rtlTimeout())
	var plain []string
	for _, name := range strings.Fields("aclk aresetn awaddr awvalid awready wdata wstrb wvalid wready bresp bvalid bready araddr arvalid arready rdata rresp rvalid rready " +
		"load go reverse images weights_done weights_word input_done input_first input_position input_word " +
		"output_take output_first output_last output_done output_position output_word wrong wrong_time wrong_kind wrong_image wrong_word wrong_got wrong_want") {
		plain = append(plain, "      ."+name)
	}
	w.f("%s\n  );\n\n  wire unused = &{1'b0, weights_first, weights_position};\n\n  %s dut (\n      .aclk,\n      .aresetn,\n", strings.Join(plain, ",\n"), TopName)
	for _, name := range strings.Fields("awaddr awvalid awready wdata wstrb wvalid wready bresp bvalid bready araddr arvalid arready rdata rresp rvalid rready") {
		w.f("      .s_axi_control_%s(%s),\n", name, name)
	}
	axis := func(port, name, end string, signals ...string) {
		for i, s := range signals {
			stop := ","
			if i == len(signals)-1 {
				stop = end
			}
			w.f("      .%s_%s(%s_%s)%s\n", port, s, name, s, stop)
		}
	}
	axis("s_axis_weights", "weights", ",", "tdata", "tvalid", "tready")
	axis("s_axis_input", "input", ",", "tdata", "tvalid", "tready")
	for k, o := range p.Outputs {
		end := ","
		if k == outs-1 {
			end = ""
		}
		axis("m_axis_"+o.Name, o.Name, end, "tdata", "tvalid", "tlast", "tready")
	}
	w.f("  );\n\nendmodule\n")
	return []File{{Path: "tb/hass_tb.sv", Data: w.Bytes()}}
}
