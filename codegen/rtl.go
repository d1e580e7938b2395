package codegen

import (
	"context"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"hass/internal/hw"
	"hass/templates"
)

// rtlEmitters are the parts of an RTL project; it shares the data files with the HLS one.
var rtlEmitters = []Emitter{
	emitRTLLibrary,
	emitRTLTop,
	emitData,
	emitRTLScripts,
	emitReports,
}

// emitRTLLibrary copies the modules, the parts of the testbench that do not depend on the design, and the
// Makefile.
func emitRTLLibrary(_ context.Context, p *Project) ([]File, error) {
	var files []File
	err := fs.WalkDir(templates.RTL, "rtl", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := templates.RTL.ReadFile(name)
		if err != nil {
			return err
		}
		to := name
		switch {
		case path.Base(name) == "Makefile":
			to = "Makefile"
		case path.Base(path.Dir(name)) == "tb":
			to = name[len("rtl/"):]
		}
		files = append(files, File{Path: to, Data: data})
		return nil
	})
	return append(files, p.rtlTestbench()...), err
}

// emitRTLTop writes rtl/hass_top.sv.
func emitRTLTop(_ context.Context, p *Project) ([]File, error) {
	return []File{{Path: "rtl/" + TopName + ".sv", Data: p.rtlTop()}}, nil
}

// instance writes a module instance.
func (w *writer) instance(module, name string, params []hw.Param, ports [][2]string) {
	w.f("  %s #(\n", module)
	for i, q := range params {
		w.f("      .%s(%s)%s\n", q.Name, q.Value, comma(i, len(params)))
	}
	w.f("  ) %s (\n", name)
	for i, q := range ports {
		if q[0] == q[1] {
			w.f("      .%s%s\n", q[0], comma(i, len(ports)))
		} else {
			w.f("      .%s(%s)%s\n", q[0], q[1], comma(i, len(ports)))
		}
	}
	w.f("  );\n")
}

func comma(i, n int) string {
	if i == n-1 {
		return ""
	}
	return ","
}

// concat puts signals side by side, the first lowest.
func concat(names []string) string {
	if len(names) == 1 {
		return names[0]
	}
	names = slices.Clone(names)
	slices.Reverse(names)
	return "{" + strings.Join(names, ", ") + "}"
}

// signals are the names of one signal of several streams.
func (p *Project) signals(streams []int, signal string) []string {
	var names []string
	for _, s := range streams {
		names = append(names, p.signal(s, signal))
	}
	return names
}

func (p *Project) signal(stream int, signal string) string {
	return "s_" + p.HW.Streams[stream].Name + "__" + signal
}

// rtlTop is the top: control, weight chain, FIFOs and processes.
func (p *Project) rtlTop() []byte {
	var w writer
	processes, fifos := len(p.HW.Processes), len(p.HW.Streams)
	w.f(`// The accelerator: AXI4-Stream in and out, weights by a stream of their own, AXI4-Lite control with
// counters (hass_control.sv). Loading (%d words) fills the on-chip memories, which keep them; a run
// takes images from input.
//
//   s_axis_input    %d-bit words, %d per image
`, p.Words, p.Input.AXIBits, p.Input.Words)
	for _, o := range p.Outputs {
		w.f("//   m_axis_%-8s %d-bit words, %d per image, TLAST on the last\n", o.Name, o.AXIBits, o.Words)
	}
	w.f(`module %s #(
    parameter integer STATS = 1  // 0: no stall counters and high-water marks
) (
    input  wire aclk,
    input  wire aresetn,

    input  wire [15:0] s_axi_control_awaddr,
    input  wire s_axi_control_awvalid,
    output wire s_axi_control_awready,
    input  wire [31:0] s_axi_control_wdata,
    input  wire [3:0] s_axi_control_wstrb,
    input  wire s_axi_control_wvalid,
    output wire s_axi_control_wready,
    output wire [1:0] s_axi_control_bresp,
    output wire s_axi_control_bvalid,
    input  wire s_axi_control_bready,
    input  wire [15:0] s_axi_control_araddr,
    input  wire s_axi_control_arvalid,
    output wire s_axi_control_arready,
    output wire [31:0] s_axi_control_rdata,
    output wire [1:0] s_axi_control_rresp,
    output wire s_axi_control_rvalid,
    input  wire s_axi_control_rready,

    input  wire [31:0] s_axis_weights_tdata,
    input  wire s_axis_weights_tvalid,
    output wire s_axis_weights_tready,

    input  wire [%d:0] s_axis_input_tdata,
    input  wire s_axis_input_tvalid,
    output wire s_axis_input_tready`, TopName, p.Input.AXIBits-1)
	for _, o := range p.Outputs {
		w.f(",\n\n    output wire [%d:0] m_axis_%s_tdata,\n    output wire m_axis_%s_tvalid,\n    output wire m_axis_%s_tlast,\n    input  wire m_axis_%s_tready",
			o.AXIBits-1, o.Name, o.Name, o.Name, o.Name)
	}
	w.f(`
);

  wire clk = aclk;
  reg rst;
  always_ff @(posedge clk) rst <= !aresetn;

  // Control.
  wire start, load, loading, loaded, load_failed;
  wire [31:0] images;
  wire [%d:0] waits;
  wire [%d:0] most;
  wire [%d:0] image_done;
`, 2*processes-1, 16*fifos-1, len(p.Outputs)-1)
	var done []string
	for _, o := range p.Outputs {
		done = append(done, fmt.Sprintf("m_axis_%s_tvalid && m_axis_%s_tready && m_axis_%s_tlast", o.Name, o.Name, o.Name))
	}
	w.f("  assign image_done = %s;\n", concat(done))
	var control [][2]string
	port := func(list *[][2]string, name, signal string) { *list = append(*list, [2]string{name, signal}) }
	port(&control, "clk", "clk")
	port(&control, "rst", "rst")
	for _, s := range []string{"awaddr", "awvalid", "awready", "wdata", "wstrb", "wvalid", "wready", "bresp", "bvalid", "bready",
		"araddr", "arvalid", "arready", "rdata", "rresp", "rvalid", "rready"} {
		port(&control, "s_axi_"+s, "s_axi_control_"+s)
	}
	for _, s := range []string{"start", "images", "load", "loading", "loaded", "load_failed", "image_done", "waits", "most"} {
		port(&control, s, s)
	}
	params := hw.Params(p.HW.Control())
	for i := range params {
		if params[i].Name == "STATS" {
			params[i].Value = "STATS" // the top's own parameter
		}
	}
	w.instance("hass_control", "control", params, control)
	w.f("\n  // The weight chain.\n  wire [%d:0] chain_valid;\n  wire [%d:0] chain_word;\n", len(p.Chain), 32*(len(p.Chain)+1)-1)
	w.instance("hass_weights_head", "weights_head", nil, [][2]string{
		{"clk", "clk"}, {"rst", "rst"}, {"load", "load"}, {"loading", "loading"},
		{"s_axis_tdata", "s_axis_weights_tdata"}, {"s_axis_tvalid", "s_axis_weights_tvalid"}, {"s_axis_tready", "s_axis_weights_tready"},
		{"next_valid", "chain_valid[0]"}, {"next_word", "chain_word[31:0]"},
	})
	last := len(p.Chain)
	w.instance("hass_weights_end", "weights_end", nil, [][2]string{
		{"clk", "clk"}, {"rst", "rst"}, {"load", "load"},
		{"chain_valid", fmt.Sprintf("chain_valid[%d]", last)}, {"chain_word", fmt.Sprintf("chain_word[%d:%d]", 32*last+31, 32*last)},
		{"loaded", "loaded"}, {"load_failed", "load_failed"},
	})
	w.f("\n  // FIFOs, from their writers to their readers.\n")
	for i := range p.HW.Streams {
		p.rtlFIFO(&w, i)
	}
	links := make(map[int]int) // process -> link
	for i, k := range p.Chain {
		links[k.Process] = i
	}
	layer := -2
	for i, pr := range p.HW.Processes {
		if pr.Layer != layer || layer < 0 {
			w.f("\n")
			if pr.Layer >= 0 {
				w.f("  // %s\n", p.describe(pr.Layer))
			}
			layer = pr.Layer
		}
		link, ok := links[i]
		if !ok {
			link = -1
		}
		p.rtlProcess(&w, i, link)
	}
	w.f("\nendmodule\n")
	return w.Bytes()
}

// rtlFIFO writes stream i: its signals, its FIFO and, with STATS, what watches it.
func (p *Project) rtlFIFO(w *writer, i int) {
	s := p.HW.Streams[i]
	sig := func(name string) string { return p.signal(i, name) }
	w.f("\n  // %s to %s: %v of %d bits\n", p.HW.Processes[s.From].Name, p.HW.Processes[s.To].Name, s.Beat, s.Bits)
	w.f("  wire %s, %s, %s, %s, %s, %s;\n", sig("room"), sig("issue"), sig("push"), sig("valid"), sig("read"), sig("pop"))
	w.f("  wire [%d:0] %s, %s;\n", s.TokenBits()-1, sig("in"), sig("out"))
	var ports [][2]string
	for _, n := range []string{"room", "issue", "push", "in", "valid", "out", "read", "pop"} {
		ports = append(ports, [2]string{n, sig(n)})
	}
	w.instance("hass_fifo", sig("fifo"), hw.Params(p.HW.FIFO(i)), append([][2]string{{"clk", "clk"}, {"rst", "rst"}}, ports...))
	w.f("  generate\n    if (STATS != 0) begin : g_most_%d\n", i)
	w.f("      hass_watermark #(\n          .DEPTH(%d)\n      ) watermark (\n          .clk,\n          .rst,\n          .clear(start),\n          .issue(%s),\n          .read(%s),\n          .most(most[%d+:16])\n      );\n",
		s.Depth, sig("issue"), sig("read"), 16*i)
	w.f("    end else begin : g_unwatched_%d\n      assign most[%d+:16] = '0;\n    end\n  endgenerate\n", i, 16*i)
}

// rtlProcess writes the instance of process i, which is number link of the weight chain or, if link is negative,
// not on it.
func (p *Project) rtlProcess(w *writer, i, link int) {
	pr := p.HW.Processes[i]
	ins := make([]hw.Stream, len(pr.In))
	for k, s := range pr.In {
		ins[k] = p.HW.Streams[s]
	}
	deal, deals := hw.DealParams{}, false
	if pr.Kind == hw.Fork {
		deal, deals = p.HW.Deal(&pr)
	}
	written := "" // the signal of what it writes
	switch {
	case deals:
		written = p.signal(pr.Out[0], "all")
		w.f("  wire [%d:0] %s;\n", ins[0].TokenBits()-1, written)
	case len(pr.Out) > 0:
		written = p.signal(pr.Out[0], "in")
	}
	ports := [][2]string{{"clk", "clk"}, {"rst", "rst"}}
	add := func(name, signal string) { ports = append(ports, [2]string{name, signal}) }
	if pr.Kind == hw.Source || pr.Kind == hw.WindowProc {
		add("start", "start")
		add("images", "images")
	}
	if pr.Kind == hw.Source {
		for _, s := range []string{"tdata", "tvalid", "tready"} {
			add("s_axis_"+s, "s_axis_input_"+s)
		}
	}
	if link >= 0 {
		add("load", "load")
		add("chain_valid", fmt.Sprintf("chain_valid[%d]", link))
		add("chain_word", fmt.Sprintf("chain_word[%d:%d]", 32*link+31, 32*link))
		add("next_valid", fmt.Sprintf("chain_valid[%d]", link+1))
		add("next_word", fmt.Sprintf("chain_word[%d:%d]", 32*link+63, 32*link+32))
	}
	if len(pr.In) > 0 {
		add("valid", concat(p.signals(pr.In, "valid")))
		if pr.Kind == hw.Add || pr.Kind == hw.Mul {
			add("in0", p.signal(pr.In[0], "out"))
			add("in1", p.signal(pr.In[1], "out"))
		} else {
			add("in", concat(p.signals(pr.In, "out")))
		}
		add("read", concat(p.signals(pr.In, "read")))
		add("pop", concat(p.signals(pr.In, "pop")))
	}
	if len(pr.Out) > 0 {
		add("room", concat(p.signals(pr.Out, "room")))
		add("issue", concat(p.signals(pr.Out, "issue")))
		add("push", concat(p.signals(pr.Out, "push")))
		add("out", written)
	}
	if pr.Kind == hw.Sink {
		for _, s := range []string{"tdata", "tvalid", "tlast", "tready"} {
			add("m_axis_"+s, "m_axis_"+p.Outputs[pr.Index].Name+"_"+s)
		}
	}
	add("waits", fmt.Sprintf("waits[%d+:2]", 2*i))
	module := p.HW.Module(i)
	w.instance(module.ModuleName(), pr.Name, hw.Params(module), ports)
	if deals {
		for k, s := range pr.Out {
			deal.Bank = k % deal.Banks
			w.instance(deal.ModuleName(), p.signal(s, "bank"), hw.Params(deal), [][2]string{{"in", written}, {"out", p.signal(s, "in")}})
		}
		return
	}
	for k := 1; k < len(pr.Out); k++ {
		w.f("  assign %s = %s;\n", p.signal(pr.Out[k], "in"), written)
	}
}

// RTLTop is the text of the top, whose parameter STATS leaves its counters out if it is 0.
func (p *Project) RTLTop() []byte { return p.rtlTop() }
