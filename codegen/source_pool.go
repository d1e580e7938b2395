package codegen

import (
	"fmt"
	"strings"

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
	c.num("W", to.W)
	c.num("CHANNEL_BEATS", to.C/out.Beat.Ch)
	c.num("TAP_GROUPS", in.Tokens/out.Tokens)
	c.num("BEATS", out.Tokens)
	c.num("ROW_BEATS", out.Tokens/to.H)
	c.flag("MAX", l.Pool.Max)
	c.wide("MIN", ti.Format.Min())
	c.num("SHIFT", l.Pool.Scale+l.Pool.FormatShift)
	c.wide("LO", l.Lo)
	c.wide("HI", l.Hi)
	mulTables(c, l.Pool, ti, to)
	return c.end(), fmt.Sprintf("  hass::pool<%s>(%s, in, out);\n", cfg, runImages)
}

// mulTables defines mul(row, column), the multiplier of an average at an output position:
// round(2^Scale / n) for the n elements counted there. Few counts differ, so rows
// and columns have classes.
func mulTables(c *config, pool *intnet.Pool, ti, to intnet.Tensor) {
	if pool.Max {
		c.f("  static constexpr std::int64_t mul(int, int) { return 0; }\n")
		return
	}
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
			k := 0
			for k < len(count) && count[k] != n {
				k++
			}
			if k == len(count) {
				count = append(count, n)
			}
			class[o] = k
		}
		return class, count
	}
	rc, rn := counts(0, ti.H, to.H)
	cc, cn := counts(1, ti.W, to.W)
	if len(rn) == 1 && len(cn) == 1 {
		c.f("  static constexpr std::int64_t mul(int, int) { return %d; }\n", fixed.AvgMul(rn[0]*cn[0], pool.Scale))
		return
	}
	c.f("  static constexpr unsigned char ROW_CLASS[%d] = {%s};\n", len(rc), list(rc))
	c.f("  static constexpr unsigned char COLUMN_CLASS[%d] = {%s};\n", len(cc), list(cc))
	c.f("  static constexpr std::int64_t MUL[%d][%d] = {", len(rn), len(cn))
	for i, r := range rn {
		if i > 0 {
			c.f(", ")
		}
		row := make([]string, len(cn))
		for k, col := range cn {
			row[k] = fmt.Sprint(fixed.AvgMul(r*col, pool.Scale))
		}
		c.f("{%s}", strings.Join(row, ", "))
	}
	c.f("};\n  static constexpr std::int64_t mul(int row, int column) {\n    return column < %d ? MUL[ROW_CLASS[row]][COLUMN_CLASS[column]] : 0;\n  }\n", to.W)
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
	mul := int64(0)
	if !l.Pool.Max {
		mul = fixed.AvgMul(ti.H*ti.W, l.Pool.Scale)
	}
	c.wide("MUL", mul)
	c.num("SHIFT", l.Pool.Scale+l.Pool.FormatShift)
	c.wide("LO", l.Lo)
	c.wide("HI", l.Hi)
	return c.end(), fmt.Sprintf("  hass::globalpool<%s>(%s, in, out);\n", cfg, runImages)
}
