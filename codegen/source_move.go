package codegen

import (
	"fmt"

	"hass/internal/hw"
	"hass/internal/intnet"
)

// moveText is the configuration and body of a module that moves pixels.
func (p *Project) moveText(pr hw.Process, cfg string, ins []hw.Stream, out hw.Stream) (string, string) {
	l := &p.Net.Layers[pr.Layer]
	ti, to := p.Net.Tensors[l.In[0]], p.Net.Tensors[l.Out]
	c := newConfig(cfg)
	if pr.Kind != hw.Resize {
		c.typ("beat", beatType(out))
	}
	in := ins[0]
	strided := func(name string, size, start, step, count int) {
		c.typ(name, fmt.Sprintf("hass::strided<%d, %d, %d, %d>", size, start, step, count))
	}
	call := fmt.Sprintf("  hass::%s<%s>(%s, in, out);\n", pr.Kind, cfg, runImages)
	switch pr.Kind {
	case hw.Concat:
		parts := make([]int, len(ins))
		for i, s := range ins {
			parts[i] = p.Net.Tensors[s.Tensor].C / s.Beat.Ch
		}
		c.num("INPUTS", len(ins))
		c.f("  static constexpr int PARTS[%d] = {%s};\n", len(ins), list(parts))
		c.num("BEATS", out.Tokens)
		c.wide("LO", l.Lo)
		c.wide("HI", l.Hi)
		call = fmt.Sprintf("  hass::concat<%s>(%s, out%s);\n", cfg, runImages, numbered(", in", len(ins)))
	case hw.Slice:
		s := l.Slice
		strided("rows", ti.H, s.Start[0], s.Step[0], to.H)
		if ti.W == to.W { // groups of pixels stay whole
			groups := in.Tokens / ti.H / (ti.C / in.Beat.Ch)
			strided("columns", groups, 0, 1, groups)
		} else {
			strided("columns", ti.W, s.Start[1], s.Step[1], to.W)
		}
		strided("channels", ti.C/in.Beat.Ch, s.Start[2]/in.Beat.Ch, 1, to.C/in.Beat.Ch)
	case hw.ZeroInsert:
		strided("rows", to.H, 0, l.Insert.Stride[0], ti.H)
		strided("columns", to.W, 0, l.Insert.Stride[1], ti.W)
		c.num("CHANNEL_BEATS", to.C/out.Beat.Ch)
	case hw.Resize:
		return p.resizeText(c, l, cfg, in, out)
	}
	return c.end(), call
}

// resizeText writes where the samples of rows and columns lie as tables.
func (p *Project) resizeText(c *config, l *intnet.Layer, cfg string, in, out hw.Stream) (string, string) {
	ti, to, r := p.Net.Tensors[l.In[0]], p.Net.Tensors[l.Out], l.Resize
	need := make([]int, to.H+1) // rows that are read before an output row is written
	for y := range to.H {
		need[y] = r.Rows.Last(y) + 1
		if y > 0 {
			need[y] = max(need[y], need[y-1])
		}
	}
	need[to.H] = ti.H
	c.typ("in_beat", beatType(in))
	c.typ("out_beat", beatType(out))
	c.num("IN_H", ti.H)
	c.num("IN_W", ti.W)
	c.num("OUT_H", to.H)
	c.num("OUT_W", to.W)
	c.num("CHANNEL_BEATS", to.C/out.Beat.Ch)
	c.num("ROW_SCALE", r.Rows.Scale)
	c.num("COLUMN_SCALE", r.Cols.Scale)
	c.num("SHIFT", r.FormatShift+r.Rows.Scale+r.Cols.Scale)
	c.wide("LO", l.Lo)
	c.wide("HI", l.Hi)
	lookup(c, "need", need)
	for _, axis := range []struct {
		name string
		s    *intnet.Samples
	}{{"row", &r.Rows}, {"column", &r.Cols}} {
		lookup(c, axis.name+"_from", axis.s.From)
		if axis.s.Weight == nil {
			c.f("  static constexpr int %s_weight(int) { return 0; }\n", axis.name)
		} else {
			lookup(c, axis.name+"_weight", axis.s.Weight)
		}
	}
	var b writer
	b.f("  using shape = hass::resize_shape<%s>;\n", cfg)
	b.f("  static %s::in_beat::lane memory[4][shape::DEPTH][shape::CH];\n", cfg)
	b.f("#pragma HLS ARRAY_PARTITION variable = memory complete dim = 1\n#pragma HLS ARRAY_RESHAPE variable = memory complete dim = 3\n")
	b.f("#pragma HLS BIND_STORAGE variable = memory type = ram_s2p\n")
	b.f("  hass::resize<%s>(memory, %s, in, out);\n", cfg, runImages)
	return c.end(), b.String()
}

// lookup defines name(i), a table of constants.
func lookup[T int | int64](c *config, name string, v []T) {
	c.f("  static constexpr int %s(int i) {\n    constexpr int TABLE[%d] = {%s};\n    return TABLE[i];\n  }\n", name, len(v), list(v))
}
