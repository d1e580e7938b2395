package hls

import (
	"fmt"
	"math/bits"
	"slices"
	"strings"

	"hass/internal/hw"
	"hass/internal/intnet"
)

// elementwiseText is the configuration and body of an element-wise module.
func (p *generator) elementwiseText(pr hw.Process, cfg string, ins []hw.Stream, out hw.Stream) (string, string) {
	l := &p.Net.Layers[pr.Layer]
	t := p.Net.Tensors[l.Out]
	c := newConfig(cfg)
	c.typ("out_beat", beatType(out))
	c.num("W", t.W)
	c.num("CHANNEL_BEATS", t.C/out.Beat.Ch)
	c.num("BEATS", out.Tokens)
	c.wide("LO", l.Lo)
	c.wide("HI", l.Hi)
	c.rounding(l.Rounding)
	if pr.Kind == hw.Activation {
		return p.activationText(c, l, cfg, ins[0], out)
	}
	c.num("SHIFT", l.Shift)
	if pr.Kind == hw.Requant {
		c.typ("in_beat", beatType(ins[0]))
		return c.end(), fmt.Sprintf("  hass::requant_stream<%s>(%s, in, out);\n", cfg, runImages)
	}
	c.typ("in0_beat", beatType(ins[0]))
	c.typ("in1_beat", beatType(ins[1]))
	c.flag("BROADCAST", p.Net.Broadcast(l))
	if pr.Kind == hw.Add {
		c.factor("FACTOR0", l.Factors[0])
		c.factor("FACTOR1", l.Factors[1])
	} else {
		c.factor("FACTOR", l.Factors[0])
	}
	return c.end(), fmt.Sprintf("  hass::%s<%s>(%s, in0, in1, out);\n", pr.Kind, cfg, runImages)
}

// factor is a constant factor and the width that it adds to a product.
func (c *config) factor(name string, v int64) {
	c.wide(name, v)
	c.num(name+"_BITS", bits.Len64(uint64(v-1)))
}

// activationText ends a configuration with the function's parameters and table.
func (p *generator) activationText(c *config, l *intnet.Layer, cfg string, in, out hw.Stream) (string, string) {
	a := l.Act
	table, columns := hw.ActivationTable(a, out.Beat.Ch)
	c.typ("in_beat", beatType(in))
	c.f("  static constexpr hass::activation_kind KIND = hass::%s;\n", hw.ActivationFn(slices.Index(hw.ActivationFns, a.Fn)))
	c.num("ROWS", len(table)/columns)
	c.num("COLUMNS", columns)
	c.wide("MIN", p.Net.Tensors[l.In[0]].Format.Min())
	c.wide("ADD", a.Add)
	c.wide("TOP", a.Top)
	c.num("STEP", a.Step)
	c.num("SHIFT", a.Shift)
	var b writer
	b.f("  static const std::int32_t table[%s::ROWS][%s::COLUMNS] = {", cfg, cfg)
	for i := 0; i < len(table); i += columns {
		if i > 0 {
			b.f(",")
		}
		if i/columns%8 == 0 {
			b.f("\n     ")
		}
		b.f(" {%s}", list(table[i:i+columns]))
	}
	b.f("};\n#pragma HLS ARRAY_PARTITION variable = table complete dim = 2\n")
	if a.Fn == intnet.ActCurve {
		b.f("#pragma HLS BIND_STORAGE variable = table type = rom_np\n")
	}
	b.f("  hass::activation<%s>(table, %s, in, out);\n", cfg, runImages)
	return c.end(), b.String()
}

// list gives numbers for a C++ initializer.
func list[T int | int64](v []T) string {
	return strings.Trim(strings.ReplaceAll(fmt.Sprint(v), " ", ", "), "[]")
}
