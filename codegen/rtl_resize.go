package codegen

import (
	"math/bits"
	"slices"

	"hass/internal/hw"
	"hass/optimizer"
)

func (p *Project) rtlResize(pr hw.Process, ins []hw.Stream, out hw.Stream) []hw.Param {
	l := p.Net.Layers[pr.Layer]
	ti, to, r := p.Net.Tensors[l.In[0]], p.Net.Tensors[l.Out], l.Resize
	in := ins[0]
	need := rowsNeeded(&r.Rows, ti.H)
	reads, older := make([]int64, to.H), make([]int64, to.H)
	read := 0
	for y := range to.H {
		reads[y] = int64(need[y] - read)
		read = need[y]
		if r.Rows.From[y] < read-1 {
			older[y] = 1
		}
	}
	beats := ti.C / in.Beat.Ch
	length := ti.W // of a row in a bank of the buffer
	if r.Cols.Scale > 0 {
		length = (ti.W + 1) / 2
	}
	readsBits := bits.Len64(uint64(slices.Max(reads)))
	fromBits := indexBits(slices.Max(r.Cols.From) + 1)
	params := []hw.Param{
		num("BITS", in.Bits), flagParam("SIGNED", in.Signed), num("OUT_BITS", out.Bits),
		num("CH", out.Beat.Ch), num("CHANNEL_BEATS", beats), num("IN_W", ti.W), num("OUT_H", to.H), num("OUT_W", to.W),
		num("SHIFT", r.FormatShift+r.Rows.Scale+r.Cols.Scale), roundingParam(&l), num("LO", int(l.Lo)), num("HI", int(l.Hi)),
		flagParam("STYLE", optimizer.BufferMemory(in.Beat.Ch*in.Bits, length*beats) == optimizer.MemBRAM),
		num("READS_BITS", readsBits), vector("READS", readsBits, reads), num("REST", ti.H-read),
		num("FROM_BITS", fromBits), vector("COLUMN_FROM", fromBits, wide(r.Cols.From)),
	}
	// Weights of no binary places are all 0.
	if k := r.Rows.Scale; k > 0 {
		params = append(params, num("ROW_SCALE", k), vector("ROW_WEIGHT", k, r.Rows.Weight), vector("ROW_OLDER", 1, older))
	}
	if k := r.Cols.Scale; k > 0 {
		params = append(params, num("COLUMN_SCALE", k), vector("COLUMN_WEIGHT", k, r.Cols.Weight))
	}
	return params
}
