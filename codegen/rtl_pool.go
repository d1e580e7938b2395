package codegen

import (
	"math/bits"

	"hass/internal/hw"
	"hass/internal/intnet"
	"hass/optimizer"
)

func (p *Project) rtlPool(pr hw.Process, ins []hw.Stream, out hw.Stream) []hw.Param {
	l := p.Net.Layers[pr.Layer]
	ti, to := p.Net.Tensors[l.In[0]], p.Net.Tensors[l.Out]
	in := ins[0]
	params := []hw.Param{
		num("BITS", in.Bits), flagParam("SIGNED", in.Signed), num("OUT_BITS", out.Bits),
		num("PX", out.Beat.Px), num("CH", out.Beat.Ch), num("TAPS", in.Beat.Ch/out.Beat.Ch), num("TAP_GROUPS", in.Tokens/out.Tokens),
		num("H", to.H), num("W", to.W), num("CHANNEL_BEATS", to.C/out.Beat.Ch),
		flagParam("MAX", l.Pool.Max), num("LO", int(l.Lo)), num("HI", int(l.Hi)),
	}
	if l.Pool.Max {
		return params
	}
	a := averageOf(l.Pool, ti, to)
	var mul []int64
	for _, row := range a.mul {
		mul = append(mul, row...)
	}
	params = append(append(params, factorParams(mul, l.Pool)...), roundingParam(&l))
	rows, columns := len(a.mul), len(a.mul[0])
	if rows == 1 && columns == 1 {
		return params
	}
	return append(params,
		num("ROW_CLASSES", rows), num("COLUMN_CLASSES", columns),
		vector("ROW_CLASS", indexBits(rows), wide(a.rows)), vector("COLUMN_CLASS", indexBits(columns), wide(a.columns)))
}

func (p *Project) rtlGlobalPool(pr hw.Process, ins []hw.Stream, out hw.Stream) []hw.Param {
	l := p.Net.Layers[pr.Layer]
	ti := p.Net.Tensors[l.In[0]]
	in := ins[0]
	beats := ti.C / in.Beat.Ch
	word := in.Bits // of a partial result
	if !l.Pool.Max {
		word += bits.Len(uint(in.Tokens/beats*in.Beat.Px - 1))
	}
	params := []hw.Param{
		num("BITS", in.Bits), flagParam("SIGNED", in.Signed), num("OUT_BITS", out.Bits),
		num("PX", in.Beat.Px), num("CH", in.Beat.Ch), num("H", ti.H), num("W", ti.W), num("CHANNEL_BEATS", beats),
		flagParam("MAX", l.Pool.Max), num("LO", int(l.Lo)), num("HI", int(l.Hi)),
		flagParam("STYLE", optimizer.BufferMemory(in.Beat.Ch*word, beats) == optimizer.MemBRAM),
	}
	if l.Pool.Max {
		return params
	}
	return append(append(params, factorParams([]int64{globalMul(l.Pool, ti)}, l.Pool)...), roundingParam(&l))
}

// factorParams are the multipliers of averages, the places dropped and the shift after them. Zeros that all multipliers
// end in are part of what is dropped or of the shift: a count that is a power of two needs no multiplication.
func factorParams(mul []int64, p *intnet.Pool) []hw.Param {
	zeros, width := 63, 1
	for _, m := range mul {
		zeros = min(zeros, bits.TrailingZeros64(uint64(m)))
	}
	short := make([]int64, len(mul))
	for i, m := range mul {
		short[i] = m >> zeros
		width = max(width, bits.Len64(uint64(short[i])))
	}
	drop := max(0, p.Drop-zeros)
	return []hw.Param{num("DROP", drop), num("SHIFT", p.Scale+p.FormatShift-zeros-drop), num("MUL_BITS", width), vector("MUL", width, short)}
}

// indexBits is the width of an index of n entries, at least one bit.
func indexBits(n int) int { return max(1, bits.Len(uint(n-1))) }

func wide(v []int) []int64 {
	w := make([]int64, len(v))
	for i, x := range v {
		w[i] = int64(x)
	}
	return w
}
