package codegen

import (
	"fmt"
	"math/big"
	"math/bits"
	"slices"
	"strings"

	"hass/internal/hw"
)

func (p *Project) rtlConcat(pr hw.Process, ins []hw.Stream, out hw.Stream) []hw.Param {
	plan := p.HW.ConcatPlan(&pr)
	n, all, places := len(ins), 0, 1
	var ch, base, unit, choices []int64
	for i, c := range plan.Ports {
		all += ins[i].Beat.Ch
		ch, base, unit, choices = append(ch, int64(c.Ch)), append(base, int64(c.Base)), append(unit, int64(c.Unit)), append(choices, int64(c.Places))
		places = max(places, c.Places)
	}
	index := max(1, bits.Len(uint(places-1)))
	// One bit each, reads and write; then the places.
	program := new(big.Int)
	for _, s := range slices.Backward(plan.Steps) {
		word := new(big.Int)
		for _, at := range slices.Backward(s.Places) {
			word.Lsh(word, uint(index)).Or(word, big.NewInt(int64(at)))
		}
		word.Lsh(word, 1)
		if s.Write {
			word.SetBit(word, 0, 1)
		}
		word.Lsh(word, uint(n)).Or(word, new(big.Int).SetUint64(s.Reads))
		program.Lsh(program, uint(n*(1+index)+1)).Or(program, word)
	}
	width := len(plan.Steps) * (n*(1+index) + 1)
	return []hw.Param{
		num("INS", n), num("BITS", out.Bits), num("PIXELS", out.Beat.Px), num("OUT", plan.Out), num("KEPT", plan.Kept), num("IN", all),
		vector("CHANNELS", 32, ch), vector("BASE", 32, base), vector("UNIT", 32, unit), vector("PLACES", 32, choices),
		num("INDEX", index), num("STEPS", len(plan.Steps)), {Name: "PROGRAM", Value: fmt.Sprintf("%d'h%x", width, program)},
	}
}

func (p *Project) rtlSlice(pr hw.Process, ins []hw.Stream, out hw.Stream) []hw.Param {
	params := []hw.Param{num("WIDTH", out.Width())}
	for _, s := range p.sliceAxes(&p.Net.Layers[pr.Layer], ins[0]) {
		params = append(params, s.params()...)
	}
	return params
}

func (p *Project) rtlZeroInsert(pr hw.Process, ins []hw.Stream, out hw.Stream) []hw.Param {
	l := &p.Net.Layers[pr.Layer]
	params := []hw.Param{num("WIDTH", out.Width()), num("CHANNEL_BEATS", p.Net.Tensors[l.Out].C/out.Beat.Ch)}
	for _, s := range p.insertAxes(l) {
		params = append(params, s.params()...)
	}
	return params
}

// params names an axis's parameters after it: ROWS, ROW_START, ROW_STEP and ROW_COUNT. Those that
// are 0 or 1, as the modules have them, are left out.
func (s strided) params() []hw.Param {
	axis := strings.ToUpper(strings.TrimSuffix(s.name, "s"))
	params := []hw.Param{num(axis+"S", s.size), num(axis+"_COUNT", s.count)}
	if s.start > 0 {
		params = append(params, num(axis+"_START", s.start))
	}
	if s.step > 1 {
		params = append(params, num(axis+"_STEP", s.step))
	}
	return params
}
