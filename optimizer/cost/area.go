package cost

import (
	"hass/internal/design"
	"hass/internal/fixed"
	"hass/internal/hw"
)

// Every module of the RTL library has one formula, which follows the module's structure. Resources that
// synthesis determines by a rule (DSPs, memories, registers in the source) are counted. The remaining LUTs
// and flip-flops are a sum of terms such as "bits of an adder" or "bits of a multiplexer", whose coefficients
// are fitted to synthesis (calibration/xc7.toml, made by package optimizer/cost/fit from
// calibration/xc7.csv).
//
// The formulas price the RTL with STATS=0, without stall counters and high-water marks. The HLS
// project has the same structure, but its loader reads weights through its own AXI master and its
// FIFOs are shift registers, so its counts differ.

// areaKind identifies a formula.
type areaKind int

const (
	areaFIFO areaKind = iota
	areaWeights
	areaDense    // hass_lane by its kind
	areaCrossbar //
	areaBanked   //
	areaPacked   // hass_packed
	areaAhead    // hass_ahead without its queues
	areaEngine   // an engine without lanes, weights and look-ahead
	areaChain
	areaScheduled // a scheduled engine without chains, rows and places
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

// areaRow describes a formula, apart from its terms.
type areaRow struct {
	name   string   // in the file of coefficients
	module areaKind // the module whose calibration scale applies: itself, or the module that contains it
	of     formula  // of its module; nil if the module has several formulas (moduleParts)
}

// formula gives the terms of an instance of its module; false for any other module.
type formula func(module hw.Module, family string) (area, bool)

// formulaOf makes a formula from a function of one module's parameters.
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

// area is an instance of a module, expressed in the terms of its formula.
type area struct {
	kind    areaKind
	lut, ff [maxTerms]float64 // terms, to be multiplied by the coefficients
	rule    design.Vec        // counts by rule
}

// fitted are a formula's coefficients and the leave-one-out errors of its fit, relative, for a single instance.
type fitted struct {
	lut, ff       [maxTerms]float64
	errLUT, errFF float64
}

// price is the cost of the given number of instances.
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

// index is the width of an index of n values, at least one bit, as counters are declared.
func index(n int) int { return max(1, fixed.CeilLog2(n)) }

// minShift is the number of registers in a row from which on they become a shift register in LUTs.
const minShift = 3

// tree is the number of registers, in words, of an adder tree over n values that passes on odd ones (hass_sum).
// Registers that become shift registers are counted separately, as shifts. Each value has `before` registers before
// the tree.
func tree(n, before int) (registers, shifts int) {
	registers = n * before
	chain := before // registers in a row behind the last value of a level
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

// requantShape holds the parameters of hass_requant.
type requantShape struct {
	in, out, shift, steps int
	lo, hi                int64
	positive              bool // the value is never negative
	even                  bool // rounds half to even
}

// requantTerms are the terms of a requantisation.
type requantTerms struct {
	round   int // bits of the rounding adder
	clamp   int // bits of the multiplexer for the result
	beyond  int // bits that are tested for a value beyond the format
	compare int // bits compared where the clamp is inside the format
	steps   int // bits of the shifter
	ff      int
	dropped int // low bits of the value that only contribute a carry
	ties    int // LUTs that detect ties among the dropped bits
	split   int // registers between shift and rounding, if there are any
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
			// One OR over the bits below the half, of which a shifter masks some, and over the quotient's
			// lowest bit: six inputs per LUT.
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
	// If the value can be neither too large nor too small, there is no multiplexer.
	if t.beyond > 0 || t.compare > 0 || r.lo == 0 && !r.positive {
		t.clamp = r.out
	}
	if r.steps > 1 {
		t.steps = wide * min(3, fixed.CeilLog2(r.steps))
	}
	return t
}

// odd is 1 if a word's width is not a power of two. For a choice among such words, by an index times the width, yosys makes a
// shifter instead of a multiplexer.
func odd(width int) int {
	if width&(width-1) == 0 {
		return 0
	}
	return 1
}

// counterBits are the bits of counters over the given numbers of values; a counter over one value has none.
func counterBits(values ...int) int {
	n := 0
	for _, v := range values {
		n += fixed.CeilLog2(v)
	}
	return n
}

// terms makes a list of terms.
func terms(v ...int) (t [maxTerms]float64) {
	for i, x := range v {
		t[i] = float64(x)
	}
	return t
}
