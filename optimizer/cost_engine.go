package optimizer

import (
	"hass/internal/fixed"
	"hass/internal/hw"
	"hass/internal/intnet"
)

// multiplierDSP is the number of DSP slices of a signed a x b bit product: 25 x 18 on 7
// series, 27 x 18 on UltraScale+. A product of fewer than 9 bits is made of LUTs, which yosys decides
// (DSP_Y_MINWIDTH of its mul2dsp) and Vivado as well.
func multiplierDSP(a, b int, family string) int {
	if a+b < minProduct {
		return 0
	}
	wide := 25
	if family == FamilyUSPlus {
		wide = 27
	}
	return min(ceilDiv(a, wide)*ceilDiv(b, 18), ceilDiv(a, 18)*ceilDiv(b, wide))
}

// minProduct is the least width of a product that a DSP makes.
const minProduct = 9

// signedBits is the width of a value as a signed operand.
func signedBits(t intnet.Tensor) int {
	if t.Format.Signed {
		return t.Format.Bits
	}
	return t.Format.Bits + 1
}

// nonZeroLUT is the number of LUTs that detect a non-zero word.
func nonZeroLUT(bits int) int { return ceilDiv(bits-1, 5) }

// laneShape is hass_lane.
type laneShape struct {
	kind  hw.EngineKind
	m, n  int
	x, w  int // bits of the operands; x as a signed number
	xBits int // as it comes
	acc   int
}

func (s laneShape) area(family string) area {
	dsp := multiplierDSP(s.x, s.w, family)
	var a area
	a.rule[0] = s.n * dsp
	// The accumulators are in the DSPs; the tree that adds them is not.
	registers, shifts := tree(s.n)
	a.rule[1], a.rule[2], a.rule[5] = shifts*s.acc, registers*s.acc, shifts*s.acc
	adders := (s.n - 1) * s.acc
	soft, softFF := 0, 0 // products of LUTs
	if dsp == 0 {
		soft, softFF = s.n*s.x*s.w, s.n*(s.x+s.w+s.x+s.w+s.acc)
		adders += s.n * s.acc
	}
	// yosys leaves some operand registers of unsigned activations outside the DSP.
	outside := 0
	if s.x > s.xBits && dsp > 0 {
		outside = s.n * s.xBits
	}
	a.ff = terms(1, softFF, outside)
	switch s.kind {
	case hw.Dense:
		a.kind = areaDense
		a.lut = terms(1, adders, soft, s.n)
	case hw.Crossbar:
		a.kind = areaCrossbar
		mux := 0
		for k := range s.n {
			mux += muxLUT(s.m - k)
		}
		steps := log2(s.m)
		a.rule[2] += s.m
		a.lut = terms(1, adders, soft, mux*(s.xBits+s.w), s.m*s.n, s.m*steps*s.n, s.m*steps*s.n*(s.n-1)/2, (s.m-1)*s.n*(s.xBits+s.w), mux*(s.xBits*odd(s.xBits)+s.w*odd(s.w)))
	default:
		a.kind = areaBanked
		reach := s.m / s.n
		a.rule[2] += s.m
		a.lut = terms(1, adders, soft, s.n*muxLUT(reach)*(s.xBits+s.w), s.m, s.m*log2(reach), s.n, (s.m-s.n)*(s.xBits+s.w), s.n*muxLUT(reach)*(s.xBits*odd(s.xBits)+s.w*odd(s.w)), s.n*muxLUT(reach)*(s.xBits+s.w)*odd(reach))
	}
	return a
}

// weightsShape is hass_weights.
type weightsShape struct {
	depth, row, words int
	last              int // bits of the row that its last word brings
	flag              int // bits of a value with a flag, or 0
	mem               string
}

func (s weightsShape) area(family string) area {
	flags := 0
	if s.flag > 0 {
		flags = s.row / s.flag
	}
	stored, ff := s.row, 0
	switch {
	case s.mem == MemLUTRAM:
		stored += flags
	case s.mem == MemURAM || flags > 0: // read ahead
		ff = s.row + flags
	}
	mem := memoryShape{stored, s.depth, s.mem}
	a := area{kind: areaWeights, rule: mem.cost(family)}
	// The chain's register, the words that wait for the last, the counters.
	a.rule[2] += 33 + s.row - s.last + ff + log2(s.words) + 2*log2(s.depth) + 2
	a.lut = terms(1, log2(s.words), log2(s.depth), s.words, flags*nonZeroLUT(s.flag))
	a.ff = terms(1)
	return a
}

// weightsOf is the memory of one gang: a row of values of the given bits for every beat of a pixel.
func weightsOf(values, bits, depth int, flags bool, mem string) weightsShape {
	per := 32 / bits
	words := ceilDiv(values, per)
	s := weightsShape{depth: depth, row: values * bits, words: words, last: (values - (words-1)*per) * bits, mem: mem}
	if flags {
		s.flag = bits
	}
	return s
}

// engineShape is hass_engine.
type engineShape struct {
	lane     laneShape
	gang, px int
	beats    int
	weights  weightsShape
}

func (s engineShape) control() area {
	lanes := s.gang * s.px
	sparse := 0
	if s.lane.kind != hw.Dense {
		sparse = lanes
	}
	a := area{kind: areaEngine}
	a.rule[2] = log2(s.beats) + 3 + log2(s.lane.n)
	a.lut = terms(1, log2(s.beats), sparse)
	a.ff = terms(1)
	if sparse > 0 {
		a.ff[1] = 1
	}
	return a
}

// parts are the formulas of so many engines: lanes, weights and what moves them.
func (s engineShape) parts(family string, times int) []part {
	return []part{{s.lane.area(family), s.gang * s.px * times}, {s.weights.area(family), times}, {s.control(), times}}
}

// engines is the cost of so many equal engines.
func (m costModel) engines(s engineShape, times int) vec {
	lane, weights, control := s.lane.area(m.family), s.weights.area(m.family), s.control()
	if m.tally != nil { // asked for all at once
		m.price(&lane, (times-1)*s.gang*s.px)
		m.price(&weights, times-1)
		m.price(&control, times-1)
	}
	v := m.scaled(moduleEngine, m.price(&lane, s.gang*s.px).add(m.price(&weights, 1)).add(m.price(&control, 1)))
	for i := range v {
		v[i] *= times
	}
	return v
}

// gangs are the engine processes of a convolution: one for each gang, and for each bank of elastic ones.
func (m costModel) gangs(l intnet.Layer, hl hw.Layer, win hw.Window, in intnet.Tensor) vec {
	lanes := hw.EngineLanes(m.net, l, hl)
	beats, depth := win.BeatsPerFold(), win.Folds*win.BeatsPerFold()
	if m.net.Depthwise(&l) {
		beats = l.Conv.Kernel[0] * l.Conv.Kernel[1] / hl.MTap
	}
	mem := hl.WeightMem
	if mem == "" {
		mem = MemLUTRAM
	}
	kind, n := hl.Engine, hl.N
	if kind == hw.Elastic { // each engine is a bank
		kind, n, lanes = hw.Banked, 1, lanes/hl.Banks()
	}
	return m.engines(engineShape{
		lane: laneShape{kind, lanes, n, signedBits(in), l.Conv.WeightBits, in.Format.Bits, l.Conv.AccBits},
		gang: hl.Gang, px: hl.OutPx, beats: beats,
		weights: weightsOf(hl.Gang*lanes, l.Conv.WeightBits, depth, hl.Engine != hw.Dense, mem),
	}, hl.Engines())
}

// joinShape is hass_join.
type joinShape struct {
	gangs, gang, px int
	banks           int // of each gang
	w, folds        int
	requant         requantShape
}

func (s joinShape) area(family string) area {
	s.px = min(s.px, s.w) // the others are always 0
	c := s.gangs * s.gang
	lanes := c * s.px
	acc := s.requant.in
	words, entry, last := c, acc, min(acc, 32)
	if acc > 32 {
		words, last = 2*c, acc-32
	}
	if s.requant.steps > 1 {
		words, entry, last = words+c, entry+3, 3
	}
	weights := weightsShape{depth: s.folds, row: c * entry, words: words, last: last, mem: MemLUTRAM}.area(family)
	t := s.requant.terms()
	a := area{kind: areaJoin, rule: weights.rule}
	tail := 0
	if s.w%s.px != 0 {
		tail = 1
	}
	a.rule[2] += lanes*(acc-t.dropped+t.ff) + counterBits(s.folds, ceilDiv(s.w, s.px)) + 3
	a.rule[1] += tail + lanes*t.ties // a shift register; ties
	a.rule[5] += tail
	// The formula has the sum of one bank and the bias: what more banks take is known.
	registers, shifts := tree(s.banks + 1)
	more := lanes * acc * shifts
	adders := log2(s.banks + 1)
	a.rule[2] += lanes*acc*(registers-1) + adders - 1
	if s.requant.steps > 1 {
		if adders < minShift {
			a.rule[2] += 3 * c * adders
		} else {
			more += 3 * c
		}
	}
	a.rule[1] += lanes*acc*(s.banks-1) + more
	a.rule[5] += more
	ins := s.gangs * s.banks
	if ins > 1 {
		a.rule[2] += ins - 1
	}
	a.lut = terms(1, lanes*acc, lanes*t.round, lanes*t.clamp, lanes*t.beyond, lanes*t.compare, lanes*t.steps, int(weights.lut[1])+int(weights.lut[2]),
		words, ins, tail*lanes*s.requant.out, counterBits(s.folds, ceilDiv(s.w, s.px)))
	a.ff = terms(1, lanes)
	return a
}

// join adds the bias and requantises.
func (m costModel) join(l intnet.Layer, hl hw.Layer, out intnet.Tensor) vec {
	c := l.Conv
	least, most := c.Shift[0], c.Shift[0]
	for _, s := range c.Shift {
		least, most = min(least, s), max(most, s)
	}
	a := joinShape{
		gangs: hl.Gangs(), banks: hl.Banks(), gang: hl.Gang, px: hl.OutPx, w: out.W, folds: c.OutC / hl.OutCh,
		requant: requantShape{in: c.AccBits + c.BiasFrac, out: out.Format.Bits, shift: least + c.BiasFrac, steps: most - least + 1, lo: l.Lo, hi: l.Hi, even: l.Rounding == fixed.HalfEven},
	}.area(m.family)
	return m.scaled(moduleJoin, m.price(&a, 1))
}
