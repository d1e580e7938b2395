package codegen

import (
	"fmt"
	"math/bits"
	"slices"

	"hass/internal/hw"
	"hass/internal/intnet"
	"hass/optimizer"
)

func (p *Project) rtlAdd(pr hw.Process, ins []hw.Stream, out hw.Stream) []hw.Param {
	l := p.Net.Layers[pr.Layer]
	return append(p.rtlOperands(pr, ins, out), num("ALIGN0", l.Align[0]), num("ALIGN1", l.Align[1]))
}

func (p *Project) rtlMul(pr hw.Process, ins []hw.Stream, out hw.Stream) []hw.Param {
	return p.rtlOperands(pr, ins, out)
}

// rtlOperands is what add and mul share.
func (p *Project) rtlOperands(pr hw.Process, ins []hw.Stream, out hw.Stream) []hw.Param {
	l := p.Net.Layers[pr.Layer]
	a, b := ins[0], ins[1]
	params := append(p.rtlElementwise(pr, out, l.Shift),
		num("BITS0", a.Bits), flagParam("SIGNED0", a.Signed), num("BITS1", b.Bits), flagParam("SIGNED1", b.Signed))
	if p.Net.Broadcast(&l) {
		params = append(params, num("BROADCAST", 1), num("BEATS", out.Tokens),
			num("STYLE", memoryStyles[optimizer.BufferMemory(b.Width(), b.Tokens)]))
	}
	return params
}

func (p *Project) rtlRequant(pr hw.Process, ins []hw.Stream, out hw.Stream) []hw.Param {
	return append(p.rtlElementwise(pr, out, p.Net.Layers[pr.Layer].Shift),
		num("IN_BITS", ins[0].Bits), flagParam("IN_SIGNED", ins[0].Signed))
}

func (p *Project) rtlActivation(pr hw.Process, ins []hw.Stream, out hw.Stream) []hw.Param {
	a := p.Net.Layers[pr.Layer].Act
	table, columns := activationTable(a, out.Beat.Ch)
	width := signedBits(table)
	params := append(p.rtlElementwise(pr, out, a.Shift),
		num("IN_BITS", ins[0].Bits), flagParam("IN_SIGNED", ins[0].Signed), num("KIND", slices.Index(activationKinds, a.Fn)))
	if a.Fn == intnet.ActCurve {
		slopes := make([]int64, len(table)-1)
		for i := range slopes {
			slopes[i] = table[i+1] - table[i]
		}
		if a.Step == 0 { // no input lies between two values
			clear(slopes)
		}
		table = table[:len(slopes)]
		params = append(params, num("STEP", a.Step), num("SLOPE_BITS", signedBits(slopes)), vector("SLOPES", signedBits(slopes), slopes))
	} else {
		params = append(params, hw.Param{Name: "ADD", Value: fmt.Sprintf("64'h%x", uint64(a.Add))}, num("TOP", int(a.Top)))
	}
	return append(params, num("ROWS", len(table)/columns), num("COLUMNS", columns), num("TABLE_BITS", width), vector("TABLE", width, table))
}

// rtlElementwise is what all modules that compute values one by one share.
func (p *Project) rtlElementwise(pr hw.Process, out hw.Stream, shift int) []hw.Param {
	l := p.Net.Layers[pr.Layer]
	t := p.Net.Tensors[l.Out]
	return []hw.Param{
		num("OUT_BITS", out.Bits), num("PX", out.Beat.Px), num("CH", out.Beat.Ch), num("W", t.W), num("CHANNEL_BEATS", t.C/out.Beat.Ch),
		num("SHIFT", shift), roundingParam(&l), num("LO", int(l.Lo)), num("HI", int(l.Hi)),
	}
}

// signedBits is the number of bits that hold each of the constants with a sign.
func signedBits(values []int64) int {
	w := 1
	for _, v := range values {
		w = max(w, bits.Len64(uint64(max(v, ^v)))+1)
	}
	return w
}
