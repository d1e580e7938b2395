package cost

import (
	"hass/internal/design"
	"hass/internal/fixed"
	"hass/internal/hw"
)

// Every module of the RTL library has one formula. It follows the module's structure: what synthesis does
// by a rule (DSPs, memories, registers that are written down) is counted, and the rest of LUTs and flip-flops
// is a sum of terms such as "bits of an adder" or "bits of a multiplexer", whose coefficients
// are fitted to synthesis (calibration/xc7.toml, made by package optimizer/cost/fit from calibration/xc7.csv).
//
// What is priced is the RTL with STATS=0, without stall counters and high-water marks. The HLS
// project has the same structure, but its loader reads weights by an AXI master of its own and its
// FIFOs are shift registers: its counts differ.

// areaKind is a formula.
type areaKind int

const (
	areaFIFO areaKind = iota
	areaWeights
	areaDense    // hass_lane by its kind
	areaCrossbar //
	areaBanked   //
	areaPacked   // hass_packed
	areaAhead    // what hass_ahead has beside its queues
	areaEngine   // what an engine has beside lanes, weights and what is known ahead
	areaChain
	areaScheduled // what a scheduled engine has beside chains, rows and places
	areaCollect
	areaWindow
	areaRowWindow // hass_window of whole rows
	areaJoin
	areaPool
	areaGlobalPool
	areaAdd
	areaMul
	areaRequant
	areaActivation
	areaConcat
	areaSlice
	areaResize
	areaZeroInsert
	areaConvert
	areaFork
	areaSource
	areaSink
	areaControl
	areaKinds
)

// areaRow is what is known of a formula beside its terms.
type areaRow struct {
	name   string   // in the file of coefficients
	module areaKind // that a user's calibration scales it with: itself, or the module that it is a part of
	of     formula  // of its module; nil of those that have several (moduleParts)
}

// formula gives the terms of an instance of its module; false of any other module.
type formula func(module hw.Module, family string) (area, bool)

// formulaOf is a formula of the parameters of one module.
func formulaOf[M hw.Module](terms func(s *M, family string) area) formula {
	return func(module hw.Module, family string) (area, bool) {
		s, ok := module.(M)
		if !ok {
			return area{}, false
		}
		return terms(&s, family), true
	}
}

// areaRows is the table of formulas.
var areaRows = [areaKinds]areaRow{
	areaFIFO:       {"fifo", areaFIFO, formulaOf(fifoArea)},
	areaWeights:    {"weights", areaEngine, formulaOf(weightsArea)},
	areaDense:      {"lane_dense", areaEngine, formulaOf(laneArea)},
	areaCrossbar:   {"lane_crossbar", areaEngine, formulaOf(laneArea)},
	areaBanked:     {"lane_banked", areaEngine, formulaOf(laneArea)},
	areaPacked:     {"packed", areaEngine, formulaOf(cascadeArea)},
	areaAhead:      {"ahead", areaEngine, formulaOf(aheadArea)},
	areaEngine:     {"engine", areaEngine, nil},
	areaChain:      {"chain", areaScheduled, formulaOf(chainArea)},
	areaScheduled:  {"scheduled", areaScheduled, nil},
	areaCollect:    {"collect", areaCollect, nil},
	areaWindow:     {"window", areaWindow, formulaOf(windowArea)},
	areaRowWindow:  {"window_rows", areaWindow, nil},
	areaJoin:       {"join", areaJoin, formulaOf(joinArea)},
	areaPool:       {"pool", areaPool, formulaOf(poolArea)},
	areaGlobalPool: {"globalpool", areaGlobalPool, formulaOf(globalPoolArea)},
	areaAdd:        {"add", areaAdd, formulaOf(addArea)},
	areaMul:        {"mul", areaMul, formulaOf(mulArea)},
	areaRequant:    {"requant", areaRequant, formulaOf(requantArea)},
	areaActivation: {"activation", areaActivation, formulaOf(activationArea)},
	areaConcat:     {"concat", areaConcat, formulaOf(concatArea)},
	areaSlice:      {"slice", areaSlice, formulaOf(sliceArea)},
	areaResize:     {"resize", areaResize, formulaOf(resizeArea)},
	areaZeroInsert: {"zeroinsert", areaZeroInsert, formulaOf(zeroInsertArea)},
	areaConvert:    {"convert", areaConvert, formulaOf(convertArea)},
	areaFork:       {"fork", areaFork, formulaOf(forkArea)},
	areaSource:     {"source", areaSource, formulaOf(sourceArea)},
	areaSink:       {"sink", areaSink, formulaOf(sinkArea)},
	areaControl:    {"control", areaControl, formulaOf(controlArea)},
}

// maxTerms bounds the terms of a formula.
const maxTerms = 15

// area is an instance of a module in the terms of its formula.
type area struct {
	kind    areaKind
	lut, ff [maxTerms]float64 // what coefficients multiply
	rule    design.Vec        // what is counted
}

// fitted are a formula's coefficients and the errors of its fit: the relative error of a single instance that was left out.
type fitted struct {
	lut, ff       [maxTerms]float64
	errLUT, errFF float64
}

// price is the cost of so many instances.
func (m Model) price(a *area, times int) design.Vec {
	v := a.rule
	c := &builtin.fits[a.kind]
	lut, ff := float64(v[1]), float64(v[2])
	for i := range maxTerms {
		lut += c.lut[i] * a.lut[i]
		ff += c.ff[i] * a.ff[i]
	}
	v[1], v[2] = max(v[5], int(lut+0.5)), max(0, int(ff+0.5))
	for i := range v {
		v[i] *= times
	}
	if m.tally != nil {
		m.tally[a.kind][0] += float64(v[1])
		m.tally[a.kind][1] += float64(v[2])
	}
	return v
}

// index is the bits of an index of n values, at least one bit, as counters are declared.
func index(n int) int { return max(1, fixed.CeilLog2(n)) }

// minShift is the number of registers in a row from which on they become a shift register in LUTs.
const minShift = 3

// tree is the registers of an adder tree over n values that keeps odd ones (hass_sum), in words, without those that
// become shift registers, which are counted on their own. Each value has `before` registers before the tree.
func tree(n, before int) (registers, shifts int) {
	registers = n * before
	chain := before // registers in a row that the last value of a level has behind it
	for n > 1 {
		odd := n%2 == 1
		n = (n + 1) / 2
		registers += n
		if odd {
			chain++
			continue
		}
		if chain >= minShift {
			registers -= chain
			shifts++
		}
		chain = 1
	}
	return registers, shifts
}

// requantShape is hass_requant.
type requantShape struct {
	in, out, shift, steps int
	lo, hi                int64
	positive              bool // the value is never negative
	even                  bool // rounds half to even
}

// requantTerms are the parts of a requantisation.
type requantTerms struct {
	round   int // bits of the sum that rounds
	clamp   int // bits of the result that are chosen
	beyond  int // bits that tell that the value is beyond the format
	compare int // bits compared where the clamp is inside the format
	steps   int // bits of the shifter
	ff      int
	dropped int // low bits of the value that only a carry comes from
	ties    int // LUTs that tell ties from the rest of what is dropped
	split   int // registers between shift and rounding, where there are any
}

func (r requantShape) terms() requantTerms {
	left, right := 0, 0
	if r.shift < 1 {
		left = 1 - r.shift
	}
	if r.shift > 1 {
		right = min(r.shift-1, r.in-1)
	}
	wide := r.in + left - right
	mag := r.out
	if r.lo < 0 {
		mag--
	}
	t := requantTerms{ff: r.in + r.out, dropped: right, beyond: max(0, wide-1-mag), split: wide}
	if r.shift > 0 || r.steps > 1 {
		t.round, t.ff = wide, wide+r.out
		if r.even {
			// One OR over the bits below the half, of which a shifter masks some, and the quotient's lowest
			// bit: six inputs a LUT.
			t.dropped, t.ties = 0, fixed.CeilDiv(right+2*(r.steps-1)+1, 5)
			t.split++
		}
	}
	if r.hi != 1<<mag-1 {
		t.compare += mag
	}
	if r.lo != 0 && r.lo != -1<<mag {
		t.compare += mag
	}
	if r.positive {
		t.ff--
		t.compare = min(t.compare, mag)
		if r.hi == 1<<mag-1 {
			t.compare = 0
		}
	}
	// What can neither be too large nor too small is not chosen.
	if t.beyond > 0 || t.compare > 0 || r.lo == 0 && !r.positive {
		t.clamp = r.out
	}
	if r.steps > 1 {
		t.steps = wide * min(3, fixed.CeilLog2(r.steps))
	}
	return t
}

// odd is 1 where a word's width is no power of two: yosys makes a shifter of a choice of such words, by an index times the width,
// where it makes a multiplexer of others.
func odd(width int) int {
	if width&(width-1) == 0 {
		return 0
	}
	return 1
}

// counterBits are the bits of counters of the given numbers of values; those of one value have none.
func counterBits(values ...int) int {
	n := 0
	for _, v := range values {
		n += fixed.CeilLog2(v)
	}
	return n
}

// terms fills a list of terms.
func terms(v ...int) (t [maxTerms]float64) {
	for i, x := range v {
		t[i] = float64(x)
	}
	return t
}
