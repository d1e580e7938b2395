package codegen

import (
	"fmt"
	"strings"
	"unicode/utf16"

	"hass/internal/design"
	"hass/internal/hw"
	"hass/internal/intnet"
)

// mdText makes untrusted text safe in Markdown, tables included: letters, digits, blanks
// and - stay, all else becomes character references, which no Markdown reader takes for
// structure, and no shell that gets the text pasted finds in it. Control characters are shown by their number.
func mdText(s string) string {
	s = cutName(s)
	if s == "" {
		return "(no name)"
	}
	var b strings.Builder
	for i, r := range s {
		switch {
		case r < 0x80 && (plainByte(byte(r)) && r != '_' || r == '-' && i > 0 || r == ' ' && i > 0):
			b.WriteRune(r)
		case r < 0x20 || r >= 0x7f && r < 0xa0 || r >= 0x2028 && r <= 0x202e || r >= 0x2066 && r <= 0x2069:
			fmt.Fprintf(&b, "(U+%04X)", r)
		default:
			fmt.Fprintf(&b, "&#%d;", r)
		}
	}
	return b.String()
}

func utf16Of(s string) []uint16 { return utf16.Encode([]rune(s)) }

// readme writes the project's README. b is nil for a design without a part.
func (p *Project) readme(b *build) []byte {
	var w writer
	p.readmeHead(&w, b, "Vitis HLS C++")
	p.readmePrediction(&w)
	p.readmeLayers(&w)
	p.readmeProof(&w)
	p.readmeUse(&w, b)
	p.readmeInterface(&w)
	p.readmeFiles(&w, b)
	p.readmeNames(&w)
	return w.Bytes()
}

func (p *Project) readmeHead(w *writer, b *build, language string) {
	d := p.Design
	in := p.Net.Tensors[p.Net.Input]
	w.f("# Accelerator for %s\n\n", mdText(d.Model))
	w.f("A layer-pipelined dataflow accelerator in %s: every layer has its own hardware, and all\nlayers work at once on a stream of pixels. Arithmetic is fixed point with powers of two as scales.\n\n", language)
	w.f("| | |\n|---|---|\n")
	if b != nil {
		w.f("| platform | %s, part `%s` |\n| clock | %s MHz, an assumption: timing closure decides |\n", mdText(d.Platform), b.part, b.mhz())
	} else {
		w.f("| platform | none named |\n")
	}
	w.f("| input | %d x %d x %d (HWC), format %v |\n", in.H, in.W, in.C, in.Format)
	for i, o := range p.Net.Outputs {
		t := p.Net.Tensors[o]
		w.f("| output %d | %d x %d x %d (HWC), format %v |\n", i, t.H, t.W, t.C, t.Format)
	}
	w.f("| weights | %d words of 32 bits, loaded at start |\n", p.Words)
	w.f("| processes, FIFOs | %d, %d |\n\n", p.ProcessCount(), len(p.HW.Streams)+len(p.Chain)+1)
	w.f("A format s16.8 is signed, 16 bits, 8 of them behind the binary point.\n\n")
}

// calibration labels estimates.
func calibration(d *design.Design) string {
	if d.Calibrated && d.CostModel.Tool == "" {
		return "cost formulas fitted to synthesis"
	}
	if d.Calibrated {
		return fmt.Sprintf("of the RTL; cost formulas fitted to %s, %s: LUT +- %.0f %%, FF +- %.0f %%", d.CostModel.Tool, d.CostModel.Date, 100*d.CostModel.LUTError, 100*d.CostModel.FFError)
	}
	return "**uncalibrated**: cost formulas not fitted to synthesis"
}

func (p *Project) readmePrediction(w *writer) {
	d := p.Design
	if d.Predicted.CyclesPerImage <= 0 {
		return
	}
	pr := d.Predicted
	w.f("## Prediction\n\n")
	w.f("%.0f cycles per image (+- %.0f, 95 %% interval of the sampled images), %.1f images/s at the assumed clock;\nlatency %.0f cycles. ", pr.CyclesPerImage, pr.CyclesCI, pr.ImagesPerSecond, pr.LatencyCycles)
	if pr.Bottleneck != "" {
		w.f("Slowest layer: %s. ", mdText(pr.Bottleneck))
	}
	w.f("An estimate: simulation is exact.\n\nResources (%s):\n\n", calibration(d))
	w.f("| | DSP | LUT | FF | BRAM18 | URAM |\n|---|---|---|---|---|---|\n")
	for _, row := range []struct {
		name string
		r    design.Resources
	}{{"design", d.Total}, {"budget", d.Budget}} {
		w.f("| %s | %d | %d | %d | %d | %d |\n", row.name, row.r.DSP, row.r.LUT, row.r.FF, row.r.BRAM18, row.r.URAM)
	}
	if !d.Fits {
		w.f("\n**The design does not fit its budget**; it is for verification only.\n")
	}
	w.f("\n")
}

func (p *Project) readmeLayers(w *writer) {
	costs := make(map[string]design.LayerCost)
	for _, c := range p.Design.Costs {
		costs[c.Layer] = c
	}
	w.f("## Layers\n\n| layer | kind | output (HWC) | beat out | engine | lanes M | multipliers N | gangs x lanes | cycles/image | DSP | LUT | BRAM18 |\n|---|---|---|---|---|---|---|---|---|---|---|---|\n")
	for i, l := range p.Net.Layers {
		t, hl := p.Net.Tensors[l.Out], p.HW.Layers[i]
		engine, m, n, gangs := "-", "-", "-", "-"
		if l.Kind == intnet.KindConv {
			engine, m, n, gangs = string(hl.Engine), fmt.Sprint(hw.EngineLanes(p.Net, l, hl)), fmt.Sprint(hl.N), fmt.Sprintf("%d x %d", hl.Gangs(), hl.Gang)
		}
		cycles, dsp, lut, bram := "-", "-", "-", "-"
		if c, ok := costs[l.ID]; ok {
			cycles, dsp, lut, bram = fmt.Sprintf("%.0f", c.Cycles), fmt.Sprint(c.Resources.DSP), fmt.Sprint(c.Resources.LUT), fmt.Sprint(c.Resources.BRAM18)
		}
		w.f("| `%s` | %s | %d x %d x %d | %d px, %d ch | %s | %s | %s | %s | %s | %s | %s | %s |\n",
			l.ID, l.Kind, t.H, t.W, t.C, hl.OutPx, hl.OutCh, engine, m, n, gangs, cycles, dsp, lut, bram)
	}
	if len(costs) > 0 {
		w.f("\nCycles and resources are estimates (%s).\n", calibration(p.Design))
	}
	w.f("\nA dense engine takes a beat of M lanes in one cycle; a crossbar engine multiplies the first N pairs of\nnon-zero factors each cycle, a banked engine one of every N-th lane. The N banks of an elastic engine are\nengines of their own, with a multiplier and a FIFO each, and meet at the join.\n\n")
}

func (p *Project) readmeProof(w *writer) {
	_, imageBytes := p.checked()
	full := min(len(p.Images), max(2, maxGoldenTensors/imageBytes))
	w.f(`## What is proved, and what is not

Proved here, with g++ alone, by %[1]smake csim%[1]s:

- the C++ equals the integer reference bit for bit: every output word of %[2]d images and every layer of %[3]d
  of them, in one call and again in the opposite order in a second call;
- FIFOs have the depths of the design: a deadlock ends the run and names the FIFO; the highest
  occupancy of each is in csim_report.json;
- TLAST stands on the last word of every image and nowhere else.

`, "`", len(p.Images), full)
	p.readmeLive(w)
	w.f(`Not proved without AMD's tools: that pragmas are scheduled as written (loops at II = 1, flushable pipelines),
FIFOs and memories mapped as meant, timing after placement, real resources. The scripts here were run
against recording stand-ins of the tools, not the tools. Look first at: the II of every loop in
the synthesis report, %[1]scosim%[1]s, and the worst slack.

`, "`")
}

// readmeLive says whether the network can deadlock.
func (p *Project) readmeLive(w *writer) {
	if _, err := p.HW.ProveLive(); err != nil {
		w.f("**The network can deadlock**: %s.\n\n", mdText(err.Error()))
	} else {
		w.f("Proved when the project was generated: order and number of transfers depend on shapes alone, and a run\nof these counts over FIFOs of the design's depths, until its state repeats, shows that the network cannot\ndeadlock, whatever the data and the timing.\n\n")
	}
}

func (p *Project) readmeUse(w *writer, b *build) {
	w.f("## Commands\n\n```sh\nmake csim                     # g++ only: compile, run, compare; report in csim_report.json\nmake csim SANITIZE=1          # with address and undefined behaviour sanitizers\nmake csim AMD_HEADERS=DIR     # with AMD's ap_int.h, hls_stream.h, ap_axi_sdata.h\n")
	if b == nil {
		w.f("```\n\nThe design names no part: there are no scripts for AMD's tools. Optimize for a platform to get them.\n\n")
		return
	}
	w.f(`
# Vitis 2023.2 and later. hls_config.cfg makes a kernel (.xo), hls_config_vivado.cfg an IP.
vitis-run --mode hls --csim    --config hls_config_vivado.cfg --work_dir w_vivado
v++ -c    --mode hls           --config hls_config_vivado.cfg --work_dir w_vivado
vitis-run --mode hls --cosim   --config hls_config_vivado.cfg --work_dir w_vivado
vitis-run --mode hls --package --config hls_config_vivado.cfg --work_dir w_vivado
vitis-run --mode hls --impl    --config hls_config_vivado.cfg --work_dir w_vivado

# Vitis HLS 2020.2 and later
vitis_hls -f run_hls.tcl -tclargs flow=vivado steps=csim,csynth,export
`)
	if b.family == "none" {
		w.f(`
# Alveo: device binary, host program, run (v++ and XRT)
sh host/build_alveo.sh PLATFORM hw
make -C host xrt_host
host/xrt_host build_alveo/hass.xclbin data
%[1]s%[1]s%[1]s

%[1]svivado/bd.tcl%[1]s is for Zynq parts; this part has no processing system.

`, "`")
		return
	}
	w.f(`
# Bitstream with Vivado, then on the board (PYNQ); copy host/, data/, hass.bit and hass.hwh to it
vivado -mode batch -source vivado/bd.tcl -tclargs out=vivado_out
python3 host/pynq_driver.py --bit hass.bit --selftest
python3 host/pynq_driver.py --bit hass.bit --images images.npy --labels labels.npy
%[1]s%[1]s%[1]s

%[1]shost/build_alveo.sh%[1]s and %[1]shost/xrt_host.cpp%[1]s work with a Vitis platform of the board too.

`, "`")
}

func (p *Project) readmeInterface(w *writer) {
	w.f("## Interface\n\nThe top is `%s`. Clock `ap_clk`, reset `ap_rst_n` (active low, synchronous).\n\n| port | kind | width | meaning |\n|---|---|---|---|\n", TopName)
	ports := append([]Port{p.Input}, p.Outputs...)
	for i, port := range ports {
		what := "AXI4-Stream in"
		if i > 0 {
			what = "AXI4-Stream out, TLAST on the last word of an image"
		}
		w.f("| `%s` | %s | %d bits | %d words per image: beats of %d pixels x %d channels, %d bits a lane, lane 0 lowest |\n",
			port.Name, what, port.AXIBits, port.Words, port.Beat.Px, port.Beat.Ch, port.Bits)
	}
	w.f("| `m_axi_gmem` | AXI4, read only | 32 bits | weights |\n| `s_axi_control` | AXI4-Lite | 32 bits | registers |\n\n")
	w.f("HLS renames ports that are words of Verilog: `input` may be called `input_r` in the RTL. A row of pixels whose\nwidth is no multiple of a beat's pixels ends in a beat with zeros. Order: row, pixels, channels; channels innermost.\n\n")
	w.f(`Registers as HLS lays them out for 64-bit addresses; the .hwh of a build has the last word:

| offset | register |
|---|---|
| 0x00 | control: bit 0 start, 1 done, 2 idle, 3 ready, 4 continue (acknowledges done) |
| 0x04, 0x08, 0x0c | interrupts: global enable, enable, status |
| 0x10, 0x14 | address of the weights, low and high |
| 0x1c | mode: 0 loads the weights, 1 processes images |
| 0x24 | images to process in this call |

Load the weights once after configuration (mode 0), then run (mode 1) as often as wanted. A call with n images
takes n images from the input and gives n on every output.

`)
}

func (p *Project) readmeFiles(w *writer, b *build) {
	w.f("## Files\n\n| path | what it is |\n|---|---|\n")
	rows := [][2]string{
		{"include/hass/", "the module library: one header per module"},
		{"src/" + TopName + ".cpp", "the top: ports, FIFOs, processes"},
		{"src/layer_*.cpp", "one file per layer: its modules' parameters and memories"},
		{"src/ports.cpp, src/routing.cpp", "ports and weight loader; forks and width converters, if any"},
		{"tb/, sim/", "testbench; stand-ins for AMD's headers and the bounded streams of csim"},
		{"reports/", "the estimates as JSON: cycles and resources of each layer, performance of the network"},
		{"data/", "weights and golden vectors, little endian"},
		{"Makefile", "csim"},
	}
	if b != nil {
		rows = append(rows, [][2]string{
			{"hls_config.cfg, hls_config_vivado.cfg", "Vitis 2023.2 and later: kernel, IP"},
			{"run_hls.tcl, design.tcl", "Vitis HLS 2020.2 and later; constants of the Tcl scripts"},
			{"vivado/bd.tcl", "block design and bitstream for Zynq-7000 and Zynq UltraScale+"},
			{"link.cfg, host/build_alveo.sh, host/kernels/", "Vitis linking with data movers"},
			{"host/pynq_driver.py, host/design.json", "PYNQ driver and its constants"},
			{"host/xrt_host.cpp, host/design.hpp, host/Makefile", "XRT host and its constants"},
		}...)
	}
	for _, r := range rows {
		w.f("| `%s` | %s |\n", r[0], r[1])
	}
	w.f("\n")
}

func (p *Project) readmeNames(w *writer) {
	w.f("## Names\n\nIdentifiers in the sources and the names of the model that they stand for.\n\n| identifier | layer of the model |\n|---|---|\n")
	for _, l := range p.Net.Layers {
		w.f("| `%s` | %s |\n", l.ID, mdText(l.Name))
	}
	w.f("\n| identifier | tensor of the model |\n|---|---|\n")
	for _, t := range p.Net.Tensors {
		w.f("| `%s` | %s |\n", t.ID, mdText(t.Name))
	}
	if len(p.Net.Host) > 0 {
		w.f("\nLeft to the host: ")
		for i, h := range p.Net.Host {
			if i > 0 {
				w.f(", ")
			}
			w.f("%s (%s)", mdText(h.Op), mdText(h.Name))
		}
		w.f(".\n")
	}
}
