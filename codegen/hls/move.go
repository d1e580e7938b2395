package hls

import (
	"fmt"
	"slices"
	"strings"

	"hass/internal/hw"
	"hass/internal/intnet"
)

// moveText is the configuration and body of a module that moves pixels.
func (p *generator) moveText(pr hw.Process, cfg string, ins []hw.Stream, out hw.Stream) (string, string) {
	l := &p.Net.Layers[pr.Layer]
	c := newConfig(cfg)
	if l.Kind != intnet.KindResize {
		c.typ("beat", beatType(out))
	}
	in := ins[0]
	call := fmt.Sprintf("  hass::%s<%s>(%s, in, out);\n", pr.Kind, cfg, runImages)
	switch l.Kind {
	case intnet.KindConcat:
		p.concatConfig(c, pr, out)
		call = fmt.Sprintf("  hass::concat<%s>(%s, out%s);\n", cfg, runImages, numbered(", in", len(ins)))
	case intnet.KindSlice:
		s := hw.SliceOf(p.Net, l, p.HW.Layers[pr.Layer])
		c.axis("rows", s.Rows)
		c.axis("columns", s.Columns)
		c.axis("channels", s.Channels)
	case intnet.KindZeroInsert:
		s := hw.ZeroInsertOf(p.Net, l, p.HW.Layers[pr.Layer])
		c.axis("rows", s.Rows)
		c.axis("columns", s.Columns)
		c.num("CHANNEL_BEATS", s.ChannelBeats)
	case intnet.KindResize:
		return p.resizeText(c, pr.Layer, cfg, in, out)
	default: // its parameters are plain constants
		for _, param := range hw.HLSParams(hw.LayerModule(p.Net, l, p.HW.Layers[pr.Layer])) {
			c.f("  static constexpr int %s = %s;\n", param.Name, param.Value)
		}
	}
	return c.end(), call
}

// concatConfig writes the program of a concat as tables.
func (p *generator) concatConfig(c *config, pr hw.Process, out hw.Stream) {
	plan := p.HW.ConcatPlan(&pr)
	c.num("SPAN", plan.Span())
	c.num("STEPS", len(plan.Steps))
	c.num("GROUPS", out.Tokens*out.Beat.Ch/p.Net.Tensors[out.Tensor].C)
	var base, unit, writes []int
	places := 0
	for _, port := range plan.Ports {
		base, unit, places = append(base, port.Base), append(unit, port.Unit), max(places, port.Places)
	}
	c.num("PLACES", places)
	at := make([]string, len(plan.Ports))
	for i := range at {
		v := make([]int, len(plan.Steps))
		for k, s := range plan.Steps {
			if v[k] = -1; s.Reads>>i&1 == 1 {
				v[k] = s.Places[i]
			}
		}
		at[i] = "{" + list(v) + "}"
	}
	for _, s := range plan.Steps {
		writes = append(writes, 0)
		if s.Write {
			writes[len(writes)-1] = 1
		}
	}
	lookup(c, "base", base)
	lookup(c, "unit", unit)
	lookup(c, "writes", writes)
	c.f("  static constexpr int place(int input, int i) {\n    constexpr int TABLE[%d][%d] = {%s};\n    return TABLE[input][i];\n  }\n",
		len(at), len(plan.Steps), strings.Join(at, ", "))
}

// axis defines an axis with a selection of positions.
func (c *config) axis(name string, a hw.Axis) {
	c.typ(name, fmt.Sprintf("hass::strided<%d, %d, %d, %d>", a.Size, a.Start, a.Step, a.Count))
}

// resizeText writes the sample positions of rows and columns as tables.
func (p *generator) resizeText(c *config, layer int, cfg string, in, out hw.Stream) (string, string) {
	l := &p.Net.Layers[layer]
	ti, to, r := p.Net.Tensors[l.In[0]], p.Net.Tensors[l.Out], l.Resize
	c.typ("in_beat", beatType(in))
	c.typ("out_beat", beatType(out))
	c.num("IN_W", ti.W)
	c.num("OUT_H", to.H)
	c.num("OUT_W", to.W)
	c.num("CHANNEL_BEATS", to.C/out.Beat.Ch)
	c.num("ROW_SCALE", r.Rows.Scale)
	c.num("COLUMN_SCALE", r.Cols.Scale)
	c.num("DROP", r.Drop)
	c.num("SHIFT", r.Shift())
	c.rounding(l.Rounding)
	c.wide("LO", l.Lo)
	c.wide("HI", l.Hi)
	m := hw.ResizeOf(p.Net, l, p.HW.Layers[layer])
	lookup(c, "reads", append(slices.Clone(m.Reads.Values), int64(m.Rest)))
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
