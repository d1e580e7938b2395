package codegen

import (
	"strings"

	"hass/internal/hw"
)

func (p *Project) rtlConcat(pr hw.Process, ins []hw.Stream, out hw.Stream) []param {
	return []param{num("INS", len(ins)), num("WIDTH", out.Width()), vector("PARTS", 32, p.concatParts(ins))}
}

func (p *Project) rtlSlice(pr hw.Process, ins []hw.Stream, out hw.Stream) []param {
	params := []param{num("WIDTH", out.Width())}
	for _, s := range p.sliceAxes(&p.Net.Layers[pr.Layer], ins[0]) {
		params = append(params, s.params()...)
	}
	return params
}

func (p *Project) rtlZeroInsert(pr hw.Process, ins []hw.Stream, out hw.Stream) []param {
	l := &p.Net.Layers[pr.Layer]
	params := []param{num("WIDTH", out.Width()), num("CHANNEL_BEATS", p.Net.Tensors[l.Out].C/out.Beat.Ch)}
	for _, s := range p.insertAxes(l) {
		params = append(params, s.params()...)
	}
	return params
}

// params names an axis's parameters after it: ROWS, ROW_START, ROW_STEP and ROW_COUNT. Those that
// are 0 or 1, as the modules have them, are left out.
func (s strided) params() []param {
	axis := strings.ToUpper(strings.TrimSuffix(s.name, "s"))
	params := []param{num(axis+"S", s.size), num(axis+"_COUNT", s.count)}
	if s.start > 0 {
		params = append(params, num(axis+"_START", s.start))
	}
	if s.step > 1 {
		params = append(params, num(axis+"_STEP", s.step))
	}
	return params
}
