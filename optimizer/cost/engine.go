package cost

import (
	"fmt"

	"hass/internal/design"
	"hass/internal/fixed"
	"hass/internal/hw"
	"hass/internal/intnet"
	"hass/internal/memory"
)

// multiplierDSP is the number of DSP slices of a signed a x b bit product: 25 x 18 on 7
// series, 27 x 18 on UltraScale+. A product of fewer than 9 bits is made of LUTs, which yosys decides
// (DSP_Y_MINWIDTH of its mul2dsp) and Vivado as well.
func multiplierDSP(a, b int, family string) int {
	if a+b < minProduct {
		return 0
	}
	wide := 25
	if family == design.FamilyUSPlus {
		wide = 27
	}
	return min(ceilDiv(a, wide)*ceilDiv(b, 18), ceilDiv(a, 18)*ceilDiv(b, wide))
}

// minProduct is the least width of a product that a DSP makes.
const minProduct = 9

// asSigned is the width of a value as a signed operand.
func asSigned(bits int, signed bool) int {
	if signed {
		return bits
	}
	return bits + 1
}

// memoryUse is what a memory takes.
func memoryUse(s memory.Shape, family string) design.Vec {
	u := s.Use(family)
	return design.Vec{1: u.LUT, 2: u.FF, 3: u.BRAM18, 4: u.URAM, 5: u.LUTRAM}
}

// nonZeroLUT is the number of LUTs that detect a non-zero word.
func nonZeroLUT(bits int) int { return ceilDiv(bits-1, 5) }

// laneArea is the area of hass_lane.
func laneArea(s *hw.LaneParams, family string) area {
	x, w := asSigned(s.XBits, s.XSigned), s.WBits
	dsp := multiplierDSP(x, w, family)
	var a area
	a.rule[0] = s.N * dsp
	// The accumulators are in the DSPs; the tree that adds them is not.
	registers, shifts := tree(s.N)
	a.rule[1], a.rule[2], a.rule[5] = shifts*s.Acc, registers*s.Acc, shifts*s.Acc
	adders := (s.N - 1) * s.Acc
	soft, softFF := 0, 0 // products of LUTs
	if dsp == 0 {
		soft, softFF = s.N*x*w, s.N*(x+w+x+w+s.Acc)
		adders += s.N * s.Acc
	}
	// yosys leaves some operand registers of unsigned activations outside the DSP.
	outside := 0
	if !s.XSigned && dsp > 0 {
		outside = s.N * s.XBits
	}
	a.ff = terms(1, softFF, outside)
	pair := s.XBits + w // bits of two operands
	uneven := s.XBits*odd(s.XBits) + w*odd(w)
	switch s.Kind {
	case hw.DenseLane:
		a.kind = areaDense
		a.lut = terms(1, adders, soft, s.N)
	case hw.CrossbarLane:
		a.kind = areaCrossbar
		mux := 0
		for k := range s.N {
			mux += memory.MuxLUTs(s.M - k)
		}
		steps := log2(s.M)
		a.rule[2] += s.M
		a.lut = terms(1, adders, soft, mux*pair, s.M*s.N, s.M*steps*s.N, s.M*steps*s.N*(s.N-1)/2, (s.M-1)*s.N*pair, mux*uneven)
	case hw.BankedLane:
		a.kind = areaBanked
		reach := s.M / s.N
		mux := s.N * memory.MuxLUTs(reach)
		a.rule[2] += s.M
		a.lut = terms(1, adders, soft, mux*pair, s.M, s.M*log2(reach), s.N, (s.M-s.N)*pair, mux*uneven, mux*pair*odd(reach))
	default:
		panic(fmt.Sprintf("cost: no formula for lane kind %d", s.Kind))
	}
	return a
}

// weightsArea is the area of hass_weights.
func weightsArea(s *hw.WeightsParams, family string) area {
	flags := 0
	if s.Flag > 0 {
		flags = s.Row / s.Flag
	}
	stored, ff := s.Row, 0
	switch {
	case s.Memory == memory.LUTRAM:
		stored += flags
	case s.Memory == memory.URAM || flags > 0: // read ahead
		ff = s.Row + flags
	}
	a := area{kind: areaWeights, rule: memoryUse(memory.Shape{Width: stored, Depth: s.Depth, Kind: s.Memory}, family)}
	// The chain's register, the words that wait for the last, the counters.
	a.rule[2] += 33 + s.Row - s.LastField() + ff + log2(s.Words) + 2*log2(s.Depth) + 2
	a.lut = terms(1, log2(s.Words), log2(s.Depth), s.Words, flags*nonZeroLUT(s.Flag))
	a.ff = terms(1)
	return a
}

// engineArea is the area of what hass_engine has beside lanes and weights.
func engineArea(s *hw.EngineParams, _ string) area {
	sparse := 0
	if s.Skips() {
		sparse = s.Gang * s.Px
	}
	a := area{kind: areaEngine}
	a.rule[2] = log2(s.Beats) + 3 + log2(s.N)
	a.lut = terms(1, log2(s.Beats), sparse)
	a.ff = terms(1)
	if sparse > 0 {
		a.ff[1] = 1
	}
	return a
}

// engineParts are the formulas of an engine: lanes, weights and what moves them.
func engineParts(s *hw.EngineParams, family string) []part {
	lane, weights := s.Lane(), s.Weights()
	return []part{{laneArea(&lane, family), s.Gang * s.Px}, {weightsArea(&weights, family), 1}, {engineArea(s, family), 1}}
}

// engines is the cost of so many equal engines.
func (m Model) engines(s *hw.EngineParams, times int) (v design.Vec) {
	for _, p := range engineParts(s, m.Family) {
		if m.tally != nil { // asked for all at once
			m.price(&p.area, (times-1)*p.times)
		}
		v = v.Add(m.price(&p.area, p.times))
	}
	v = m.scaled(areaEngine, v)
	for i := range v {
		v[i] *= times
	}
	return v
}

// gangs are the engine processes of a convolution: one for each gang, and for each bank of elastic ones.
func (m Model) gangs(l *intnet.Layer, hl hw.Layer) design.Vec {
	s := hw.EngineOf(m.Net, l, hl)
	return m.engines(&s, hl.Engines())
}

// joinArea is the area of hass_join.
func joinArea(s *hw.JoinParams, family string) area {
	px := min(s.Px, s.W) // the others are always 0
	c := s.OutCh()
	lanes := c * px
	acc := s.SumBits()
	biases := s.Biases()
	weights := weightsArea(&biases, family)
	t := requantShape{in: acc, out: s.Bits, shift: s.Shift, steps: s.Steps, lo: s.Lo, hi: s.Hi, even: s.Rounding == fixed.HalfEven}.terms()
	a := area{kind: areaJoin, rule: weights.rule}
	tail := 0
	if s.W%px != 0 {
		tail = 1
	}
	counters := counterBits(s.Folds, ceilDiv(s.W, px))
	a.rule[2] += lanes*(acc-t.dropped+t.ff) + counters + 3
	a.rule[1] += tail + lanes*t.ties // a shift register; ties
	a.rule[5] += tail
	// The formula has the sum of one bank and the bias: what more banks take is known.
	registers, shifts := tree(s.Banks + 1)
	more := lanes * acc * shifts
	adders := log2(s.Banks + 1)
	a.rule[2] += lanes*acc*(registers-1) + adders - 1
	if s.Steps > 1 {
		if adders < minShift {
			a.rule[2] += 3 * c * adders
		} else {
			more += 3 * c
		}
	}
	a.rule[1] += lanes*acc*(s.Banks-1) + more
	a.rule[5] += more
	ins := s.Gangs * s.Banks
	if ins > 1 {
		a.rule[2] += ins - 1
	}
	a.lut = terms(1, lanes*acc, lanes*t.round, lanes*t.clamp, lanes*t.beyond, lanes*t.compare, lanes*t.steps, int(weights.lut[1])+int(weights.lut[2]),
		biases.Words, ins, tail*lanes*s.Bits, counters)
	a.ff = terms(1, lanes)
	return a
}

// join adds the bias and requantises.
func (m Model) join(l *intnet.Layer, hl hw.Layer) design.Vec {
	s := hw.JoinOf(m.Net, l, hl)
	a := joinArea(&s, m.Family)
	return m.scaled(areaJoin, m.price(&a, 1))
}
