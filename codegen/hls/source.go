package hls

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"

	"hass/codegen/project"
	"hass/internal/fixed"
	"hass/internal/hw"
	"hass/internal/memory"
)

// writer builds the C++ of one module.
type writer struct{ bytes.Buffer }

func (w *writer) f(format string, args ...any) { fmt.Fprintf(&w.Buffer, format, args...) }

// laneType is the C++ type of a value of the given width.
func laneType(bits int, signed bool) string {
	if signed {
		return signedType(bits)
	}
	return unsignedType(bits)
}

func signedType(bits int) string   { return fmt.Sprintf("ap_int<%d>", bits) }
func unsignedType(bits int) string { return fmt.Sprintf("ap_uint<%d>", bits) }

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

// function is one process of the DATAFLOW region as a C++ function. With unit it fills hls/unit.hpp and hls/unit.cpp.
type function struct {
	Name   string
	params []string // types and names
	args   []string // passed by the top
	Config string   // struct definition before the function, or ""
	Body   string
}

// Signature is the function's head.
func (fn function) Signature() string { return signature(fn.Name, fn.params) }

// unit is a pair of source files with the functions of one layer, or of the glue.
type unit struct {
	File      string // base name
	About     string
	Functions []function
}

// Guard is the header's include guard.
func (u unit) Guard() string { return "HASS_DESIGN_" + strings.ToUpper(u.File) + "_HPP" }

// units groups the processes: one unit per layer, one for the forks and converters
// between layers, one for the ports and the weight loader.
func (p *generator) units() []unit {
	io := unit{File: "ports", About: "The AXI ports and the two ends of the weight chain."}
	glue := unit{File: "routing", About: "Forks and width converters between the layers."}
	layers := make([]unit, len(p.Net.Layers))
	for i, l := range p.Net.Layers {
		layers[i] = unit{File: "layer_" + l.ID, About: p.Describe(i)}
	}
	io.Functions = append(io.Functions, p.loader())
	for i, pr := range p.HW.Processes {
		fn := p.function(i)
		if k := p.Link(i); k >= 0 {
			fn.params = append(fn.params, "hls::stream<hass::word>& chain_in", "hls::stream<hass::word>& chain_out")
			fn.args = append(fn.args, "s_"+p.ChainName(k), "s_"+p.ChainName(k+1))
		}
		fn.params = append(fn.params, "int mode", "int images")
		fn.args = append(fn.args, "mode", "images")
		switch {
		case pr.Layer >= 0:
			layers[pr.Layer].Functions = append(layers[pr.Layer].Functions, fn)
		case pr.Kind == hw.Source || pr.Kind == hw.Sink:
			io.Functions = append(io.Functions, fn)
		default:
			glue.Functions = append(glue.Functions, fn)
		}
	}
	io.Functions = append(io.Functions, p.chainEnd())
	units := []unit{io}
	if len(glue.Functions) > 0 {
		units = append(units, glue)
	}
	return append(units, layers...)
}

// typesText fills hls/types.hpp.
type typesText struct {
	Tokens []tokenText
	Ports  []project.Port
}

// tokenText is a token type.
type tokenText struct{ Name, Type string }

// types are the token types and AXI words of the design.
func types(p *project.Project) typesText {
	types := make(map[string]string)
	for _, s := range p.HW.Streams {
		shape := fmt.Sprintf("%s, %d, %d", laneType(s.Bits, s.Signed), s.Beat.Px, s.Beat.Ch)
		if n := s.Parts(); n > 1 {
			types[beatType(s)] = fmt.Sprintf("hass::wide_beat<%s, %d>", shape, n)
		} else {
			types[beatType(s)] = "hass::beat<" + shape + ">"
		}
	}
	t := typesText{Ports: p.Ports()}
	for _, name := range slices.Sorted(maps.Keys(types)) {
		t.Tokens = append(t.Tokens, tokenText{name, types[name]})
	}
	return t
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
func (p *generator) function(i int) function {
	pr := p.HW.Processes[i]
	fn := function{Name: pr.Name}
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
		fn.Config = c.end()
		fn.Body = fmt.Sprintf("  hass::source<%s>(%s, axi, out);\n", cfg, runImages)
	case hw.Sink:
		port := p.Outputs[pr.Index]
		fn.params = append(fn.params, fmt.Sprintf("hls::stream<%s_axi>& axi", port.Name))
		fn.args = append(fn.args, port.Name)
		c := newConfig(cfg)
		c.typ("in_beat", beatType(ins[0]))
		c.num("BITS", ins[0].Bits)
		c.num("BEATS", ins[0].Tokens)
		fn.Config = c.end()
		fn.Body = fmt.Sprintf("  hass::sink<%s>(%s, in, axi);\n", cfg, runImages)
	case hw.Fork:
		if d, ok := p.HW.Deal(&pr); ok {
			fn.Body = fmt.Sprintf("  hass::deal<%s, %d, %d>(%d, %s, in%s);\n", beatType(outs[0]), d.Banks, d.Each, ins[0].Tokens, runImages, numbered(", out", len(outs)))
		} else {
			fn.Body = fmt.Sprintf("  hass::fork(%d, %s, in%s);\n", ins[0].Tokens, runImages, numbered(", out", len(outs)))
		}
	case hw.Convert:
		if ins[0].Beat.Ch > outs[0].Beat.Ch {
			fn.Body = fmt.Sprintf("  hass::convert_to_narrow(%d, %s, in, out);\n", outs[0].Tokens, runImages)
		} else {
			fn.Body = fmt.Sprintf("  hass::convert_to_wide(%d, %s, in, out);\n", ins[0].Tokens, runImages)
		}
	case hw.WindowProc:
		fn.Config, fn.Body = p.windowText(i, cfg, ins[0], outs[0])
	case hw.Engine:
		fn.Config, fn.Body = p.engineText(i, ins[0], outs[0])
	case hw.ScheduledProc:
		fn.Config, fn.Body = p.scheduledText(i, cfg, ins[0], outs)
	case hw.Collect:
		fn.Config, fn.Body = p.collectText(i, cfg, ins, outs[0])
	case hw.Join:
		fn.Config, fn.Body = p.joinText(i, cfg, ins, outs[0])
	case hw.Pool:
		fn.Config, fn.Body = p.poolText(pr, cfg, ins[0], outs[0])
	case hw.GlobalPool:
		fn.Config, fn.Body = p.globalPoolText(pr, cfg, ins[0], outs[0])
	case hw.Add, hw.Mul, hw.Requant, hw.Activation:
		fn.Config, fn.Body = p.elementwiseText(pr, cfg, ins, outs[0])
	case hw.Concat:
		fn.Config, fn.Body = p.moveText(pr, cfg, ins, outs[0])
	default:
		if !pr.Kind.Moves() {
			panic("hls: no C++ of a process of kind " + string(pr.Kind))
		}
		fn.Config, fn.Body = p.moveText(pr, cfg, ins, outs[0])
	}
	return fn
}

// portSuffix numbers ports if there are several.
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

func (p *generator) windowText(i int, cfg string, in, out hw.Stream) (string, string) {
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

func (p *generator) engineText(i int, in, out hw.Stream) (string, string) {
	pr := p.HW.Processes[i]
	e := p.Engine(pr.Layer)
	id := p.Net.Layers[pr.Layer].ID
	cfg := id + "_engine_config"
	var text string
	if pr.Index == 0 { // the gangs of a layer share their shape
		c := newConfig(cfg)
		c.typ("in_beat", beatType(in))
		c.typ("out_beat", beatType(out))
		c.typ("in_fifo", fifoClass(in))
		c.typ("out_fifo", fifoClass(out))
		c.typ("weight", signedType(e.WBits))
		c.typ("acc", signedType(out.Bits))
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
		if e.Kind == hw.PackedLane {
			c.num("FIELD", e.Field)
			c.num("DEEP", e.Deep)
			c.num("FILTERS", e.Filters)
		}
		text = c.end()
	}
	var b writer
	b.f("  static %s::weight memory[%s::DEPTH][%s::ROW];\n", cfg, cfg, cfg)
	b.f("#pragma HLS ARRAY_RESHAPE variable = memory complete dim = 2\n")
	b.f("#pragma HLS BIND_STORAGE variable = memory type = ram_1p impl = %s\n", e.Memory)
	b.f("#pragma HLS RESET variable = memory off\n")
	load, run := "hass::no_flags()", ""
	if e.Skips() {
		load, run = "nonzero", " nonzero,"
		b.f("  static hass::flag nonzero[%s::DEPTH][%s::ROW];\n", cfg, cfg)
		b.f("#pragma HLS ARRAY_RESHAPE variable = nonzero complete dim = 2\n")
		b.f("#pragma HLS BIND_STORAGE variable = nonzero type = ram_1p impl = %s\n", e.Flags)
		b.f("#pragma HLS RESET variable = nonzero off\n")
	}
	b.f("  if (mode == hass::MODE_LOAD) {\n    hass::load_rows<%s>(memory, %s, %d, chain_in, chain_out);\n  } else {\n    hass::engine<%s>(memory,%s images, in, out);\n  }\n", cfg, load, p.forward(i), cfg, run)
	return text, b.String()
}

func (p *generator) joinText(i int, cfg string, ins []hw.Stream, out hw.Stream) (string, string) {
	j := p.Join(p.HW.Processes[i].Layer)
	c := newConfig(cfg)
	c.typ("acc_beat", beatType(ins[0]))
	c.typ("out_beat", beatType(out))
	c.typ("acc", signedType(j.ValueBits()))
	if j.Levels == 0 {
		c.typ("scale", unsignedType(max(1, j.ScaleBits())))
	}
	c.num("W", j.W)
	c.num("PX", j.Px)
	c.num("OUT_CH", j.OutCh())
	c.num("BANKS", j.Banks)
	c.num("FOLDS", j.Folds)
	c.num("BEATS", out.Tokens)
	c.num("ACC_BITS", j.ValueBits())
	c.wide("LO", j.Lo)
	var b writer
	if j.Levels > 0 {
		c.num("LEVELS", j.Levels)
		b.f("  static %s::acc thresholds[%s::FOLDS][%s::OUT_CH][%s::LEVELS];\n", cfg, cfg, cfg, cfg)
		b.f("#pragma HLS ARRAY_PARTITION variable = thresholds complete dim = 2\n#pragma HLS ARRAY_PARTITION variable = thresholds complete dim = 3\n#pragma HLS RESET variable = thresholds off\n")
		b.f("  if (mode == hass::MODE_LOAD) {\n    hass::load_thresholds<%s>(thresholds, %d, chain_in, chain_out);\n  } else {\n    hass::join_levels<%s>(thresholds, images, out%s);\n  }\n",
			cfg, p.forward(i), cfg, numbered(", in", len(ins)))
		return c.end(), b.String()
	}
	c.num("BIAS_FRAC", j.BiasFrac)
	c.num("SHIFT", j.Shift)
	c.num("STEPS", j.Steps)
	c.num("TURNS", max(1, j.Turns))
	c.flag("MULTIPLY", j.MulBits > 0)
	c.wide("MUL", j.Mul)
	c.num("MUL_BITS", j.MulBits)
	c.num("SCALE_BITS", j.ScaleBits())
	c.rounding(j.Rounding)
	c.wide("HI", j.Hi)
	b.f("  static %s::acc bias[%s::FOLDS][%s::OUT_CH];\n  static %s::scale scales[%s::FOLDS][%s::OUT_CH];\n", cfg, cfg, cfg, cfg, cfg, cfg)
	for _, v := range []string{"bias", "scales"} {
		b.f("#pragma HLS ARRAY_PARTITION variable = %s complete dim = 2\n#pragma HLS RESET variable = %s off\n", v, v)
	}
	b.f("  if (mode == hass::MODE_LOAD) {\n    hass::load_bias<%s>(bias, scales, %d, chain_in, chain_out);\n  } else {\n    hass::join<%s>(bias, scales, images, out%s);\n  }\n",
		cfg, p.forward(i), cfg, numbered(", in", len(ins)))
	return c.end(), b.String()
}

// forward is the number of words that process i passes on along the weight chain.
func (p *generator) forward(i int) int { return p.Chain[p.Link(i)].Forward }

func (p *generator) loader() function {
	return function{
		Name:   p.Loader,
		params: []string{"const hass::word* weights", "hls::stream<hass::word>& out", "int mode"},
		args:   []string{"weights", "s_" + p.ChainName(0), "mode"},
		Body:   fmt.Sprintf("  hass::weights_loader(weights, %d, mode, out);\n", p.Words),
	}
}

func (p *generator) chainEnd() function {
	return function{
		Name:   p.End,
		params: []string{"hls::stream<hass::word>& in", "int mode"},
		args:   []string{"s_" + p.ChainName(len(p.Chain)), "mode"},
		Body:   "  hass::weights_end(mode, in);\n",
	}
}
