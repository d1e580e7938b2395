package codegen

import (
	"bytes"
	"context"
	"fmt"
	"sort"
	"strings"

	"hass/internal/fixed"
	"hass/internal/hw"
	"hass/internal/intnet"
	"hass/internal/memory"
)

// writer builds one source file.
type writer struct{ bytes.Buffer }

func (w *writer) f(format string, args ...any) { fmt.Fprintf(&w.Buffer, format, args...) }

// laneType is the C++ type of a value of so many bits.
func laneType(bits int, signed bool) string {
	if signed {
		return fmt.Sprintf("ap_int<%d>", bits)
	}
	return fmt.Sprintf("ap_uint<%d>", bits)
}

// beatType names the token type of a stream: s16_1x9 is one pixel of nine signed
// 16-bit lanes, acc40_1x4 an accumulator token of four 40-bit lanes.
func beatType(s hw.Stream) string {
	k := "u"
	switch {
	case s.Kind == hw.AccToken:
		k = "acc"
	case s.Signed:
		k = "s"
	}
	return fmt.Sprintf("%s%d_%dx%d", k, s.Bits, s.Beat.Px, s.Beat.Ch)
}

// fifoClass is the C++ type of a FIFO.
func fifoClass(s hw.Stream) string {
	if s.Parts() > 1 {
		return "hass::wide_stream<" + beatType(s) + ">"
	}
	return "hls::stream<" + beatType(s) + ">"
}

// fifoType is the C++ type of a FIFO's far end in a function's parameters.
func fifoType(s hw.Stream) string { return fifoClass(s) + "&" }

// function is one process of the DATAFLOW region as a C++ function.
type function struct {
	name   string
	params []string // "type name"
	args   []string // what the top passes
	config string   // struct definition in front of it, or ""
	body   string
	note   string // one-line comment
}

// unit is a pair of source files with the functions of one layer, or of the glue.
type unit struct {
	file  string // base name
	about string
	funcs []function
}

// emitSources writes src/.
func emitSources(_ context.Context, p *Project) ([]File, error) {
	units := p.units()
	files := []File{{Path: "src/types.hpp", Data: p.typesHeader()}}
	for _, u := range units {
		files = append(files,
			File{Path: "src/" + u.file + ".hpp", Data: u.header()},
			File{Path: "src/" + u.file + ".cpp", Data: u.source()})
	}
	return append(files,
		File{Path: "src/" + TopName + ".hpp", Data: p.topHeader()},
		File{Path: "src/" + TopName + ".cpp", Data: p.topSource(units)}), nil
}

// units groups the processes: one unit per layer, one for the forks and converters
// between layers, one for the ports and the weight loader.
func (p *Project) units() []unit {
	io := unit{file: "ports", about: "The AXI ports and the two ends of the weight chain."}
	glue := unit{file: "routing", about: "Forks and width converters between the layers."}
	layers := make([]unit, len(p.Net.Layers))
	for i, l := range p.Net.Layers {
		layers[i] = unit{file: "layer_" + l.ID, about: p.describe(i)}
	}
	io.funcs = append(io.funcs, p.loader())
	links := make(map[int]int) // process -> link
	for i, k := range p.Chain {
		links[k.Process] = i
	}
	for i, pr := range p.HW.Processes {
		fn := p.function(i)
		if k, ok := links[i]; ok {
			fn.params = append(fn.params, "hls::stream<hass::word>& chain_in", "hls::stream<hass::word>& chain_out")
			fn.args = append(fn.args, "s_"+p.chainName(k), "s_"+p.chainName(k+1))
		}
		fn.params = append(fn.params, "int mode", "int images")
		fn.args = append(fn.args, "mode", "images")
		switch {
		case pr.Layer >= 0:
			layers[pr.Layer].funcs = append(layers[pr.Layer].funcs, fn)
		case pr.Kind == hw.Source || pr.Kind == hw.Sink:
			io.funcs = append(io.funcs, fn)
		default:
			glue.funcs = append(glue.funcs, fn)
		}
	}
	io.funcs = append(io.funcs, p.chainEnd())
	units := []unit{io}
	if len(glue.funcs) > 0 {
		units = append(units, glue)
	}
	return append(units, layers...)
}

// describe says in a line what a layer is.
func (p *Project) describe(i int) string {
	l, hl := p.Net.Layers[i], p.HW.Layers[i]
	in, out := p.Net.Tensors[l.In[0]], p.Net.Tensors[l.Out]
	s := fmt.Sprintf("Layer %s: %s, %dx%dx%d to %dx%dx%d (HWC)", l.ID, l.Kind, in.H, in.W, in.C, out.H, out.W, out.C)
	if l.Kind == intnet.KindConv {
		s += fmt.Sprintf(", %s engines of %d lanes and %d multipliers, %d gangs of %d", hl.Engine, hw.EngineLanes(p.Net, l, hl), hl.N, hl.Gangs(), hl.Gang)
	}
	return s + "."
}

func guard(file string) string { return "HASS_DESIGN_" + strings.ToUpper(file) + "_HPP" }

func (u unit) header() []byte {
	var w writer
	w.f("// %s\n#ifndef %s\n#define %s\n\n#include \"types.hpp\"\n\nnamespace design {\n\n", u.about, guard(u.file), guard(u.file))
	for _, fn := range u.funcs {
		w.f("%s;\n", fn.signature())
	}
	w.f("\n}  // namespace design\n\n#endif\n")
	return w.Bytes()
}

func (u unit) source() []byte {
	var w writer
	w.f("// %s\n#include \"%s.hpp\"\n\n#include \"hass/hass.hpp\"\n\nnamespace design {\n", u.about, u.file)
	for _, fn := range u.funcs {
		if fn.config != "" {
			w.f("\nnamespace {\n\n%s\n}  // namespace\n", fn.config)
		}
		w.f("\n")
		if fn.note != "" {
			w.f("// %s\n", fn.note)
		}
		w.f("%s {\n%s}\n", fn.signature(), fn.body)
	}
	w.f("\n}  // namespace design\n")
	return w.Bytes()
}

func (fn function) signature() string {
	return fmt.Sprintf("void %s(%s)", fn.name, strings.Join(fn.params, ",\n"+strings.Repeat(" ", len("void (")+len(fn.name))))
}

// typesHeader defines the token types and AXI words of the design.
func (p *Project) typesHeader() []byte {
	types := make(map[string]string)
	for _, s := range p.HW.Streams {
		shape := fmt.Sprintf("%s, %d, %d", laneType(s.Bits, s.Signed), s.Beat.Px, s.Beat.Ch)
		if n := s.Parts(); n > 1 {
			types[beatType(s)] = fmt.Sprintf("hass::wide_beat<%s, %d>", shape, n)
		} else {
			types[beatType(s)] = "hass::beat<" + shape + ">"
		}
	}
	names := make([]string, 0, len(types))
	for n := range types {
		names = append(names, n)
	}
	sort.Strings(names)
	var w writer
	w.f("// The token types of the design: <kind><bits>_<pixels>x<lanes>, kind s (signed), u\n// (unsigned) or acc (accumulators); and the AXI words of its ports.\n")
	w.f("#ifndef HASS_DESIGN_TYPES_HPP\n#define HASS_DESIGN_TYPES_HPP\n\n#include <ap_axi_sdata.h>\n\n#include \"hass/wide.hpp\"\n\nnamespace design {\n\n")
	for _, n := range names {
		w.f("using %s = %s;\n", n, types[n])
	}
	w.f("\n")
	for _, port := range append([]Port{p.Input}, p.Outputs...) {
		w.f("using %s_axi = ap_axiu<%d, 0, 0, 0>;\n", port.Name, port.AXIBits)
	}
	w.f("\n}  // namespace design\n\n#endif\n")
	return w.Bytes()
}

const runImages = "mode == hass::MODE_RUN ? images : 0"

// config builds a traits struct.
type config struct{ writer }

func newConfig(name string) *config {
	c := &config{}
	c.f("struct %s {\n", name)
	return c
}
func (c *config) typ(name, t string)     { c.f("  using %s = %s;\n", name, t) }
func (c *config) num(name string, v int) { c.f("  static constexpr int %s = %d;\n", name, v) }
func (c *config) wide(name string, v int64) {
	c.f("  static constexpr std::int64_t %s = %d;\n", name, v)
}
func (c *config) flag(name string, v bool) { c.f("  static constexpr bool %s = %t;\n", name, v) }

// roundings are the values of hass::rounding.
var roundings = map[fixed.Rounding]string{fixed.HalfUp: "HALF_UP", fixed.HalfEven: "HALF_EVEN"}

func (c *config) rounding(r fixed.Rounding) {
	c.f("  static constexpr hass::rounding ROUNDING = hass::%s;\n", roundings[r])
}
func (c *config) end() string { c.f("};\n"); return c.String() }

// function builds the C++ function of a process; the top appends chain and scalars.
func (p *Project) function(i int) function {
	pr := p.HW.Processes[i]
	fn := function{name: pr.Name}
	ins, outs := make([]hw.Stream, len(pr.In)), make([]hw.Stream, len(pr.Out))
	for i, s := range pr.In {
		ins[i] = p.HW.Streams[s]
		fn.params = append(fn.params, fmt.Sprintf("%s in%s", fifoType(ins[i]), portSuffix(i, len(pr.In))))
		fn.args = append(fn.args, "s_"+ins[i].Name)
	}
	for i, s := range pr.Out {
		outs[i] = p.HW.Streams[s]
		fn.params = append(fn.params, fmt.Sprintf("%s out%s", fifoType(outs[i]), portSuffix(i, len(pr.Out))))
		fn.args = append(fn.args, "s_"+outs[i].Name)
	}
	cfg := pr.Name + "_config"
	switch pr.Kind {
	case hw.Source:
		fn.params = append([]string{"hls::stream<input_axi>& axi"}, fn.params...)
		fn.args = append([]string{"input"}, fn.args...)
		c := newConfig(cfg)
		c.typ("out_beat", beatType(outs[0]))
		c.num("BITS", outs[0].Bits)
		c.flag("SIGNED", outs[0].Signed)
		c.num("BEATS", outs[0].Tokens)
		fn.config = c.end()
		fn.body = fmt.Sprintf("  hass::source<%s>(%s, axi, out);\n", cfg, runImages)
	case hw.Sink:
		port := p.Outputs[pr.Index]
		fn.params = append(fn.params, fmt.Sprintf("hls::stream<%s_axi>& axi", port.Name))
		fn.args = append(fn.args, port.Name)
		c := newConfig(cfg)
		c.typ("in_beat", beatType(ins[0]))
		c.num("BITS", ins[0].Bits)
		c.num("BEATS", ins[0].Tokens)
		fn.config = c.end()
		fn.body = fmt.Sprintf("  hass::sink<%s>(%s, in, axi);\n", cfg, runImages)
	case hw.Fork:
		if d, ok := p.HW.Deal(&pr); ok {
			fn.body = fmt.Sprintf("  hass::deal<%s, %d, %d>(%d, %s, in%s);\n", beatType(outs[0]), d.Banks, d.Each, ins[0].Tokens, runImages, numbered(", out", len(outs)))
		} else {
			fn.body = fmt.Sprintf("  hass::fork(%d, %s, in%s);\n", ins[0].Tokens, runImages, numbered(", out", len(outs)))
		}
	case hw.Convert:
		if ins[0].Beat.Ch > outs[0].Beat.Ch {
			fn.body = fmt.Sprintf("  hass::convert_to_narrow(%d, %s, in, out);\n", outs[0].Tokens, runImages)
		} else {
			fn.body = fmt.Sprintf("  hass::convert_to_wide(%d, %s, in, out);\n", ins[0].Tokens, runImages)
		}
	case hw.WindowProc:
		fn.config, fn.body = p.windowText(i, cfg, ins[0], outs[0])
	case hw.Engine:
		fn.config, fn.body = p.engineText(pr, ins[0], outs[0])
	case hw.Join:
		fn.config, fn.body = p.joinText(pr, cfg, ins, outs[0])
	case hw.Pool:
		fn.config, fn.body = p.poolText(pr, cfg, ins[0], outs[0])
	case hw.GlobalPool:
		fn.config, fn.body = p.globalPoolText(pr, cfg, ins[0], outs[0])
	case hw.Add, hw.Mul, hw.Requant, hw.Activation:
		fn.config, fn.body = p.elementwiseText(pr, cfg, ins, outs[0])
	case hw.Concat, hw.Slice, hw.Resize, hw.ZeroInsert:
		fn.config, fn.body = p.moveText(pr, cfg, ins, outs[0])
	default:
		panic("codegen: no C++ of a process of kind " + string(pr.Kind))
	}
	return fn
}

// portSuffix numbers ports where there are several.
func portSuffix(i, n int) string {
	if n == 1 {
		return ""
	}
	return fmt.Sprint(i)
}

func numbered(prefix string, n int) string {
	var s string
	for i := range n {
		s += prefix + portSuffix(i, n)
	}
	return s
}

func (p *Project) windowText(i int, cfg string, in, out hw.Stream) (string, string) {
	w := p.HW.Module(i).(hw.WindowParams)
	c := newConfig(cfg)
	c.typ("in_beat", beatType(in))
	c.typ("out_beat", beatType(out))
	c.typ("out_fifo", fifoClass(out))
	c.typ("element", laneType(in.Bits, in.Signed))
	for _, q := range hw.HLSParams(w) {
		c.f("  static constexpr int %s = %s;\n", q.Name, q.Value)
	}
	c.wide("PACE_START", w.PaceStart.Value)
	c.num("PACE_EMIT", int(w.PaceEmit.Value))
	c.num("PACE_ACCEPT", int(w.PaceAccept.Value))
	c.flag("CHANNELWISE", w.Channelwise)
	var b writer
	b.f("  using shape = hass::window_shape<%s>;\n", cfg)
	b.f("  static %s::element memory[shape::BANKS][shape::DEPTH][%s::LANES];\n", cfg, cfg)
	b.f("#pragma HLS ARRAY_PARTITION variable = memory complete dim = 1\n#pragma HLS ARRAY_RESHAPE variable = memory complete dim = 3\n")
	impl := memory.LUTRAM
	if w.Block {
		impl = memory.BRAM
	}
	b.f("#pragma HLS BIND_STORAGE variable = memory type = ram_s2p impl = %s\n", impl)
	b.f("  hass::window<%s>(memory, %s, in, out);\n", cfg, runImages)
	return c.end(), b.String()
}

func (p *Project) engineText(pr hw.Process, in, out hw.Stream) (string, string) {
	e := p.engine(pr.Layer)
	id := p.Net.Layers[pr.Layer].ID
	cfg := id + "_engine_config"
	var text string
	if pr.Index == 0 { // the gangs of a layer share their shape
		c := newConfig(cfg)
		c.typ("in_beat", beatType(in))
		c.typ("out_beat", beatType(out))
		c.typ("in_fifo", fifoClass(in))
		c.typ("out_fifo", fifoClass(out))
		c.typ("weight", laneType(e.WBits, true))
		c.typ("acc", laneType(out.Bits, true))
		c.f("  static constexpr hass::engine_kind KIND = hass::%s;\n", e.Kind)
		c.flag("DEPTHWISE", e.Depthwise)
		c.num("M", e.M)
		c.num("N", e.N)
		c.num("GANG", e.Gang)
		c.num("PX", e.Px)
		c.num("BEATS", e.Beats)
		c.num("TOKENS", e.Tokens)
		c.num("DEPTH", e.Depth)
		c.num("ROW", e.Row())
		c.num("IN_BITS", e.XBits)
		c.num("WEIGHT_BITS", e.WBits)
		c.num("LOOKAHEAD", p.HW.Layers[pr.Layer].Lookahead())
		text = c.end()
	}
	forward := 0
	for _, k := range p.Chain {
		if p.HW.Processes[k.Process].Name == pr.Name {
			forward = k.Forward
		}
	}
	var b writer
	b.f("  static %s::weight memory[%s::DEPTH][%s::ROW];\n", cfg, cfg, cfg)
	b.f("#pragma HLS ARRAY_RESHAPE variable = memory complete dim = 2\n")
	b.f("#pragma HLS BIND_STORAGE variable = memory type = ram_1p impl = %s\n", e.Memory)
	b.f("#pragma HLS RESET variable = memory off\n")
	b.f("  if (mode == hass::MODE_LOAD) {\n    hass::load_rows<%s>(memory, %d, chain_in, chain_out);\n  } else {\n    hass::engine<%s>(memory, images, in, out);\n  }\n", cfg, forward, cfg)
	return text, b.String()
}

func (p *Project) joinText(pr hw.Process, cfg string, ins []hw.Stream, out hw.Stream) (string, string) {
	j := p.join(pr.Layer)
	c := newConfig(cfg)
	c.typ("acc_beat", beatType(ins[0]))
	c.typ("out_beat", beatType(out))
	c.typ("acc", laneType(j.SumBits(), true))
	c.typ("step", "ap_uint<3>")
	c.num("W", j.W)
	c.num("PX", j.Px)
	c.num("OUT_CH", j.OutCh())
	c.num("BANKS", j.Banks)
	c.num("FOLDS", j.Folds)
	c.num("BEATS", out.Tokens)
	c.num("ACC_BITS", j.SumBits())
	c.num("BIAS_FRAC", j.BiasFrac)
	c.num("SHIFT", j.Shift)
	c.num("STEPS", j.Steps)
	c.rounding(j.Rounding)
	c.wide("LO", j.Lo)
	c.wide("HI", j.Hi)
	forward := 0
	for _, k := range p.Chain {
		if p.HW.Processes[k.Process].Name == pr.Name {
			forward = k.Forward
		}
	}
	var b writer
	b.f("  static %s::acc bias[%s::FOLDS][%s::OUT_CH];\n  static %s::step steps[%s::FOLDS][%s::OUT_CH];\n", cfg, cfg, cfg, cfg, cfg, cfg)
	for _, v := range []string{"bias", "steps"} {
		b.f("#pragma HLS ARRAY_PARTITION variable = %s complete dim = 2\n#pragma HLS RESET variable = %s off\n", v, v)
	}
	b.f("  if (mode == hass::MODE_LOAD) {\n    hass::load_bias<%s>(bias, steps, %d, chain_in, chain_out);\n  } else {\n    hass::join<%s>(bias, steps, images, out%s);\n  }\n",
		cfg, forward, cfg, numbered(", in", len(ins)))
	return c.end(), b.String()
}

func (p *Project) loader() function {
	return function{
		name:   p.Loader,
		params: []string{"const hass::word* weights", "hls::stream<hass::word>& out", "int mode"},
		args:   []string{"weights", "s_" + p.chainName(0), "mode"},
		body:   fmt.Sprintf("  hass::weights_loader(weights, %d, mode, out);\n", p.Words),
	}
}

func (p *Project) chainEnd() function {
	return function{
		name:   p.End,
		params: []string{"hls::stream<hass::word>& in", "int mode"},
		args:   []string{"s_" + p.chainName(len(p.Chain)), "mode"},
		body:   "  hass::weights_end(mode, in);\n",
	}
}
