package codegen

import (
	"fmt"
	"slices"

	"hass/internal/fixed"
	"hass/internal/hw"
	"hass/internal/intnet"
)

func (p *Project) poolText(pr hw.Process, cfg string, in, out hw.Stream) (string, string) {
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
	c.rounding(&l)
	c.wide("LO", l.Lo)
	c.wide("HI", l.Hi)
	mulTables(c, l.Pool, ti, to)
	return c.end(), fmt.Sprintf("  hass::pool<%s>(%s, in, out);\n", cfg, runImages)
}

// mulTables defines mul(row, column), the multiplier of an average at an output position.
func mulTables(c *config, pool *intnet.Pool, ti, to intnet.Tensor) {
	if pool.Max {
		c.f("  static constexpr std::int64_t mul(int, int) { return 0; }\n")
		return
	}
	a := averageOf(pool, ti, to)
	if len(a.mul) == 1 && len(a.mul[0]) == 1 {
		c.f("  static constexpr std::int64_t mul(int, int) { return %d; }\n", a.mul[0][0])
		return
	}
	c.f("  static constexpr unsigned char ROW_CLASS[%d] = {%s};\n", len(a.rows), list(a.rows))
	c.f("  static constexpr unsigned char COLUMN_CLASS[%d] = {%s};\n", len(a.columns), list(a.columns))
	c.f("  static constexpr std::int64_t MUL[%d][%d] = {", len(a.mul), len(a.mul[0]))
	for i, row := range a.mul {
		if i > 0 {
			c.f(", ")
		}
		c.f("{%s}", list(row))
	}
	c.f("};\n  static constexpr std::int64_t mul(int row, int column) {\n    return column < %d ? MUL[ROW_CLASS[row]][COLUMN_CLASS[column]] : 0;\n  }\n", to.W)
}

// average holds the multipliers of an average: round(2^Scale / n) for the n elements counted at
// an output position. Few counts differ, so rows and columns have classes.
type average struct {
	rows, columns []int     // class of each output row and column
	mul           [][]int64 // by class of row and column
}

func averageOf(pool *intnet.Pool, ti, to intnet.Tensor) average {
	counts := func(d, size, osize int) (class, count []int) {
		class = make([]int, osize)
		for o := range osize {
			n := 0
			for t := range pool.Kernel[d] {
				at := o*pool.Stride[d] - pool.Pads[d] + t*pool.Dilation[d]
				if pool.CountPad || at >= 0 && at < size {
					n++
				}
			}
			k := slices.Index(count, n)
			if k < 0 {
				k = len(count)
				count = append(count, n)
			}
			class[o] = k
		}
		return class, count
	}
	var a average
	var rn, cn []int
	a.rows, rn = counts(0, ti.H, to.H)
	a.columns, cn = counts(1, ti.W, to.W)
	for _, r := range rn {
		row := make([]int64, len(cn))
		for k, col := range cn {
			row[k] = fixed.AvgMul(r*col, pool.Scale)
		}
		a.mul = append(a.mul, row)
	}
	return a
}

// globalMul is the multiplier of a global average.
func globalMul(pool *intnet.Pool, ti intnet.Tensor) int64 {
	if pool.Max {
		return 0
	}
	return fixed.AvgMul(ti.H*ti.W, pool.Scale)
}

func (p *Project) globalPoolText(pr hw.Process, cfg string, in, out hw.Stream) (string, string) {
	l := p.Net.Layers[pr.Layer]
	ti := p.Net.Tensors[l.In[0]]
	c := newConfig(cfg)
	c.typ("in_beat", beatType(in))
	c.typ("out_beat", beatType(out))
	c.num("W", ti.W)
	c.num("CHANNEL_BEATS", ti.C/in.Beat.Ch)
	c.num("BEATS", in.Tokens)
	c.num("BEATS_BEFORE", in.Tokens-out.Tokens)
	c.flag("MAX", l.Pool.Max)
	c.wide("MIN", ti.Format.Min())
	c.wide("MUL", globalMul(l.Pool, ti))
	c.num("DROP", l.Pool.Drop)
	c.num("SHIFT", l.Pool.Scale-l.Pool.Drop+l.Pool.FormatShift)
	c.rounding(&l)
	c.wide("LO", l.Lo)
	c.wide("HI", l.Hi)
	return c.end(), fmt.Sprintf("  hass::globalpool<%s>(%s, in, out);\n", cfg, runImages)
}
