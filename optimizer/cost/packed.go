package cost

import (
	"hass/internal/fixed"
	"hass/internal/hw"
)

// cascadeArea is the area of hass_packed: the slices that several pixels and output lanes share, and their accumulators.
func cascadeArea(s *hw.CascadeParams, family string) area {
	x, w := s.Operands()
	fields, cascades, term := s.Pixels*s.Filters, s.Cascades(), s.TermBits()
	a := area{kind: areaPacked}
	dsp := multiplierDSP(x, w, family)
	a.rule[0] = s.M * dsp
	registers, shifts := tree(cascades, 1)
	a.rule[2] = fields*(registers*term+s.Acc) + s.Deep - 1
	a.rule[1] = fields*shifts*term + 1 // the flag of a window's first beat waits in a shift register
	a.rule[5] = a.rule[1]
	soft := 0
	if dsp == 0 {
		soft = s.M * x * w
	}
	// yosys leaves operand registers of two unsigned activations outside the DSP, because it sees zeros between them.
	outside, borrows := 0, 0
	switch {
	case s.Pixels > 1 && s.XSigned:
		borrows = s.M * (s.XBits + 1)
	case s.Pixels > 1:
		outside = s.M * 2 * s.XBits
	}
	if s.Filters > 1 {
		borrows += s.M * (s.WBits + 1)
	}
	a.lut = terms(1, fields*s.Acc, fields*(cascades-1)*term, borrows, soft)
	a.ff = terms(1, outside, borrows, soft)
	return a
}

// packedParts are the formulas of a packed engine's multipliers: shared by pixels and output lanes, and of a last odd pixel
// and a last odd output lane.
func packedParts(s *hw.EngineParams, family string) (parts []part) {
	pixels := s.Pixels()
	for _, px := range [][2]int{{pixels, s.Px / pixels}, {1, s.Px % pixels}} {
		for _, out := range [][2]int{{s.Filters, s.Gang / s.Filters}, {1, s.Gang % s.Filters}} {
			if times := px[1] * out[1]; times > 0 {
				c := s.Cascade(px[0], out[0])
				a := cascadeArea(&c, family)
				// Cascades that share a token share its control, which is counted with the engine.
				a.rule[1]--
				a.rule[5]--
				a.rule[2] -= s.Deep - 1
				parts = append(parts, part{a, times})
			}
		}
	}
	return parts
}

// turns adds the registers in which the factors of a packed engine are delayed, one per cycle. From minShift registers on they
// are a shift register.
func (a *area) turns(s *hw.EngineParams) {
	values, copies := s.Px*s.XBits, 1 // of a lane's activations, and of its weights
	if s.Spread() > 0 {
		values *= fixed.CeilDiv(s.Gang, 8)
		copies = fixed.CeilDiv(s.Px, s.Pixels()) * fixed.CeilDiv(s.Gang, 8)
	}
	a.rule[1] += copies
	a.rule[5] += copies
	a.rule[2] += copies * (s.Deep - 1)
	if s.Depthwise {
		values = s.Px * s.XBits * s.Gang
	}
	values += s.Gang * s.WBits
	for lane := range s.M {
		switch t := s.Turn(lane); {
		case t >= minShift:
			a.rule[1] += values
			a.rule[5] += values
		default:
			a.rule[2] += t * values
		}
	}
}
