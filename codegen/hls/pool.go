package hls

import (
	"fmt"
	"math/bits"
	"slices"
	"strings"

	"hass/internal/hw"
	"hass/internal/intnet"
)

func (p *generator) poolText(pr hw.Process, cfg string, in, out hw.Stream) (string, string) {
	l := p.Net.Layers[pr.Layer]
	ti, to := p.Net.Tensors[l.In[0]], p.Net.Tensors[l.Out]
	c := newConfig(cfg)
	c.typ("in_beat", beatType(in))
	c.typ("out_beat", beatType(out))
	c.typ("in_fifo", fifoClass(in))
	c.num("W", to.W)
	c.num("CHANNEL_BEATS", to.C/out.Beat.Ch)
	c.num("TAP_GROUPS", in.Tokens/out.Tokens)
	c.num("BEATS", out.Tokens)
	c.num("ROW_BEATS", out.Tokens/to.H)
	c.flag("MAX", l.Pool.Max)
	c.wide("MIN", ti.Format.Min())
	c.num("DROP", l.Pool.Drop)
	c.num("SHIFT", l.Pool.Scale-l.Pool.Drop+l.Pool.FormatShift)
	c.rounding(hw.RoundingOf(&l))
	c.wide("LO", l.Lo)
	c.wide("HI", l.Hi)
	mulTables(c, l.Pool, ti, to)
	return c.end(), fmt.Sprintf("  hass::pool<%s>(%s, in, out);\n", cfg, runImages)
}

// mulTables defines mul(row, column), the multiplier of an average at an output position.
func mulTables(c *config, pool *intnet.Pool, ti, to intnet.Tensor) {
	if pool.Max {
		c.num("MUL_BITS", 1)
		c.f("  static constexpr std::int64_t mul(int, int) { return 0; }\n")
		return
	}
	a := intnet.AverageOf(pool, &ti, &to)
	most := int64(0)
	for _, row := range a.Mul {
		most = max(most, slices.Max(row))
	}
	c.num("MUL_BITS", bits.Len64(uint64(most)))
	if len(a.Mul) == 1 && len(a.Mul[0]) == 1 {
		c.f("  static constexpr std::int64_t mul(int, int) { return %d; }\n", a.Mul[0][0])
		return
	}
	lookup(c, "row_class", a.Rows)
	lookup(c, "column_class", a.Columns)
	rows := make([]string, len(a.Mul))
	for i, row := range a.Mul {
		rows[i] = "{" + list(row) + "}"
	}
	c.f("  static constexpr std::int64_t mul(int row, int column) {\n    constexpr std::int64_t TABLE[%d][%d] = {%s};\n    return column < %d ? TABLE[row_class(row)][column_class(column)] : 0;\n  }\n",
		len(a.Mul), len(a.Mul[0]), strings.Join(rows, ", "), to.W)
}

func (p *generator) globalPoolText(pr hw.Process, cfg string, in, out hw.Stream) (string, string) {
	l := p.Net.Layers[pr.Layer]
	ti, to := p.Net.Tensors[l.In[0]], p.Net.Tensors[l.Out]
	c := newConfig(cfg)
	c.typ("in_beat", beatType(in))
	c.typ("out_beat", beatType(out))
	c.num("W", ti.W)
	c.num("CHANNEL_BEATS", ti.C/in.Beat.Ch)
	c.num("BEATS", in.Tokens)
	c.num("BEATS_BEFORE", in.Tokens-out.Tokens)
	c.flag("MAX", l.Pool.Max)
	c.wide("MIN", ti.Format.Min())
	mul := hw.GlobalFactor(l.Pool, &ti, &to)
	c.wide("MUL", mul)
	c.num("MUL_BITS", bits.Len64(uint64(mul)))
	c.num("DROP", l.Pool.Drop)
	c.num("SHIFT", l.Pool.Scale-l.Pool.Drop+l.Pool.FormatShift)
	c.rounding(hw.RoundingOf(&l))
	c.wide("LO", l.Lo)
	c.wide("HI", l.Hi)
	return c.end(), fmt.Sprintf("  hass::globalpool<%s>(%s, in, out);\n", cfg, runImages)
}
