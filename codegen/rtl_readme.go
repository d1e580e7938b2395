package codegen

import "context"

// emitRTLScripts writes the README and, for a design with a part, what Vivado needs.
func emitRTLScripts(_ context.Context, p *Project) ([]File, error) {
	if p.Design.Part == "" {
		return []File{{Path: "README.md", Data: p.rtlReadme(nil)}}, nil
	}
	b, err := newBuild(p)
	if err != nil {
		return nil, err
	}
	return []File{
		{Path: "README.md", Data: p.rtlReadme(b)},
		{Path: "vivado/synth.tcl", Data: b.rtlSynth()},
	}, nil
}

// rtlReadme writes the RTL project's README. b is nil for a design without a part.
func (p *Project) rtlReadme(b *build) []byte {
	var w writer
	p.readmeHead(&w, b, "SystemVerilog")
	p.readmePrediction(&w)
	p.readmeLayers(&w)
	w.f(`## What is proved, and what is not

Proved here with open tools:

- %[1]smake sim%[1]s (Verilator): every output word of %[2]d images equals the integer reference bit for bit, in one run
  and again in the opposite order in a second one; TLAST stands on the last word of every image and nowhere else;
- %[1]smake sim-stall%[1]s: the same with every port and every FIFO late at random;
- %[1]shass verify . --design DESIGN%[1]s: the cycles of the first and last word of every image, the stalls of every
  process and the highest occupancy of every FIFO equal the simulator's.

`, "`", len(p.Images))
	p.readmeLive(&w)
	w.f("Not proved without AMD's tools: timing after placement, and resources as Vivado counts them. The estimates\nare fitted to yosys; `hass calibrate` refits them to a report of Vivado.\n\n")
	w.f("## Commands\n\n```sh\nmake sim                      # Verilator and g++; report in rtl_report.json; TRACE=1 for waveforms;\n                              # HIER=1 compiles each kind of engine lane once: for hundreds of lanes\nmake sim-stall STALL=30       # with random delays; SEED=N\nmake sim-iverilog             # Icarus Verilog: starts at once, slow\nmake sim-netlist              # synthesised by yosys for xc7, as cells; small designs without block RAM\nmake lint\n")
	if b != nil {
		w.f("\n# Resources and timing in Vivado, out of context; the report is what hass calibrate reads\nvivado -mode batch -source vivado/synth.tcl\n")
	}
	w.f("```\n\n")
	p.rtlReadmeInterface(&w)
	w.f("## Files\n\n| path | what it is |\n|---|---|\n")
	for _, r := range [][2]string{
		{"rtl/" + TopName + ".sv", "the top: control, weight chain, FIFOs, processes"},
		{"rtl/hass_*.sv", "the module library, one module a file"},
		{"tb/", "testbench"},
		{"reports/", "the estimates as JSON: cycles and resources of each layer, performance of the network"},
		{"data/", "weights and golden vectors, little endian"},
	} {
		w.f("| `%s` | %s |\n", r[0], r[1])
	}
	w.f("\n")
	p.readmeNames(&w)
	return w.Bytes()
}

func (p *Project) rtlReadmeInterface(w *writer) {
	w.f("## Interface\n\nThe top is `%s`. Clock `aclk`, reset `aresetn` (active low, synchronous).\n\n| port | kind | width | meaning |\n|---|---|---|---|\n", TopName)
	ports := append([]Port{p.Input}, p.Outputs...)
	for i, port := range ports {
		name, what := "s_axis_"+port.Name, "AXI4-Stream in"
		if i > 0 {
			name, what = "m_axis_"+port.Name, "AXI4-Stream out, TLAST on the last word of an image"
		}
		w.f("| `%s` | %s | %d bits | %d words per image: beats of %d pixels x %d channels, %d bits a lane, lane 0 lowest |\n",
			name, what, port.AXIBits, port.Words, port.Beat.Px, port.Beat.Ch, port.Bits)
	}
	w.f("| `s_axis_weights` | AXI4-Stream in | 32 bits | data/weights.bin, while weights are loaded |\n| `s_axi_control` | AXI4-Lite | 32 bits | registers |\n\n")
	w.f("A row of pixels whose width is no multiple of a beat's pixels ends in a beat with zeros. Order: row, pixels, channels; channels innermost.\n\n")
	w.f(`| offset | register |
|---|---|
| 0x000 | control. Write: bit 0 starts a run, bit 1 loads weights. Read: bit 0 running, 1 loading, 2 weights loaded, 3 weights ended wrongly, 4 statistics are there |
| 0x004 | images of a run |
| 0x008, 0x00c | cycles of the run, low (reading it keeps the high half) and high |
| 0x010 | images that have left |
| 0x014, 0x018 | processes, FIFOs |
| 0x1000 + 8 p, + 4 | cycles that process p waited for a token, for room |
| 0x4000 + 4 f | most tokens in FIFO f at once |

Load the weights once after configuration: write 2 to 0x000, send data/weights.bin, wait for bit 2. Then, as often as
wanted, write the number of images to 0x004, 1 to 0x000, and send them. The parameter STATS = 0 of the top leaves out the
counters from 0x1000 on.

| p | process | | f | FIFO | depth |
|---|---|---|---|---|---|
`)
	for i := range max(len(p.HW.Processes), len(p.HW.Streams)) {
		if i < len(p.HW.Processes) {
			w.f("| %d | `%s` | ", i, p.HW.Processes[i].Name)
		} else {
			w.f("| | | ")
		}
		if i < len(p.HW.Streams) {
			w.f("| %d | `%s` | %d |\n", i, p.HW.Streams[i].Name, p.HW.Streams[i].Depth)
		} else {
			w.f("| | | |\n")
		}
	}
	w.f("\n")
}

// rtlSynth is a Vivado script: synthesis out of context with the reports that say what it takes.
func (b *build) rtlSynth() []byte {
	var w writer
	w.f(`# Vivado: synthesis and placement of %[1]s out of context.
#
#   vivado -mode batch -source vivado/synth.tcl
#
# Reports in vivado_out: utilization_hierarchical.txt is what hass calibrate reads.

set here [file dirname [file normalize [info script]]]
set out vivado_out
file mkdir $out
create_project -in_memory -part %[2]s
read_verilog -sv [glob [file join $here .. rtl *.sv]]
synth_design -top %[1]s -part %[2]s -mode out_of_context -flatten_hierarchy rebuilt
create_clock -name aclk -period %[3]s [get_ports aclk]
report_utilization -hierarchical -file [file join $out utilization_hierarchical.txt]
opt_design
place_design
report_utilization -file [file join $out utilization_placed.txt]
report_timing_summary -file [file join $out timing_placed.txt]
`, TopName, b.part, b.clockNs())
	return w.Bytes()
}
