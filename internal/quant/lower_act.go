package quant

import (
	"fmt"
	"math"
	"slices"

	"hass/internal/fixed"
	"hass/internal/floatexec"
	"hass/internal/graph"
	"hass/internal/intnet"
)

// Precision of the constants of activations, in binary places.
const (
	sixthPlaces = 20 // of hardswish's 1/6
	slopePlaces = 15 // of a leakyrelu's slope
	linearBits  = 17 // bits of hardsigmoid's slope: with a sign it fits the 18-bit port of a multiplier
	exactPlaces = 30 // most places of both constants in quantised models
	tableBits   = 9  // widest input whose function is a table of all values: 8 bits minus a zero point
	curvePlaces = 8  // of a curve's values, in addition to the places of its output
	// curveSegments bounds the number of a curve's segments, as a power of two. The curve has the fewest
	// segments that keep it within curveError units of the true function.
	curveSegments = 10
	curveError    = 1.0
	// actFrac bounds the binary point of an activation's input, so that its products
	// fit 62 bits.
	actFrac = 20
)

// effort tells how thoroughly the form of an activation is computed. The best form is found by trying every input
// for every slope, which takes too long just to check a model of thousands of layers.
type effort int

const (
	draft  effort = iota // some form, which the integer network accepts if and only if it accepts the best one
	sought               // the best form, and its error
)

// lowerAct gives the integer form of an activation from format in to format to. If a quantiser of the model rounds the result, the
// constants get as many places as make every result exact, if that many fit. If no number of places does, as for the constant 1/6,
// a function of up to 8 bits becomes a table.
func lowerAct(l *layer, in fixed.Format, to ValueSpec, care effort) (*intnet.Act, error) {
	op := l.act
	lo, hi := l.clampOf(to)
	f := func(x float64, c int) float64 {
		if l.powers != nil && op.Fn == graph.ActHardSwish {
			return math.Ldexp(floatexec.Func(op)(x), l.powers[c])
		}
		one := op
		if op.Fn == graph.ActPRelu || op.Fn == graph.ActLeakyRelu {
			one = graph.Activation{Fn: graph.ActLeakyRelu, Alpha: float64(l.slopes[c%len(l.slopes)])}
		}
		return floatexec.Func(one)(x)
	}
	scaled := in.Scale != 0 || to.Scale != 0 && op.Fn != graph.ActHardSwish
	if scaled && len(l.slopes) < 2 {
		return curve(func(x float64) float64 { return f(x, 0) }, in, to, lo, hi, care), nil
	}
	var places int                   // of the constants
	var form func(k int) *intnet.Act // with constants of k places
	switch op.Fn {
	case graph.ActHardSwish:
		if in.Frac < 0 && in.Bits <= tableBits {
			return curve(floatexec.Func(op), in, to, lo, hi, care), nil
		} else if in.Frac < 0 {
			return nil, fmt.Errorf("hardswish of %v inputs: values this large have no binary place for its bounds of 3; give the layer before it more bits", in)
		}
		places = sixthPlaces
		form = func(k int) *intnet.Act {
			a := &intnet.Act{Fn: intnet.ActHardSwish, Add: 3 << in.Frac, Top: 6 << in.Frac, Shift: 2*in.Frac + k - to.Frac}
			top := 0
			if l.powers != nil {
				top = slices.Max(l.powers)
			}
			a.Shift -= top
			for _, power := range append([]int{}, l.powers...) {
				a.Mul = append(a.Mul, max(1, round(1/(6*to.Factor()), k+power-top)))
			}
			if a.Mul == nil {
				a.Mul = []int64{max(1, round(1/(6*to.Factor()), k))}
			}
			return a
		}
	case graph.ActHardSigmoid:
		_, exp := math.Frexp(op.Alpha)
		places = min(linearBits-exp, intnet.MaxAlign)
		form = func(k int) *intnet.Act {
			return &intnet.Act{Fn: intnet.ActAffine, Mul: []int64{round(op.Alpha, k)}, Add: round(op.Beta, k+in.Frac), Shift: k + in.Frac - to.Frac}
		}
	case graph.ActLeakyRelu, graph.ActPRelu:
		places = slopePlaces
		form = func(k int) *intnet.Act {
			a := &intnet.Act{Fn: intnet.ActLeaky, Top: 1 << k, Shift: k + in.Frac - to.Frac}
			unit := 1.0
			if in.Scale != to.Scale {
				unit = in.Step() / to.Step()
				a.Top, a.Shift = round(unit, k), k
			}
			for _, s := range l.slopes {
				a.Mul = append(a.Mul, round(unit*float64(s), k))
			}
			return a
		}
	default:
		if floatexec.Func(op) == nil {
			return nil, fmt.Errorf("no integer form of %s", op.Fn)
		}
		return curve(floatexec.Func(op), in, to, lo, hi, care), nil
	}
	a := form(places)
	if care == draft {
		return a, nil
	}
	if to.kept() {
		exact := exactAct(a, f, in, to, lo, hi)
		for k := places + 1; !exact && op.Fn != graph.ActHardSwish && k <= exactPlaces && fitsAct(form(k)); k++ {
			if next := form(k); exactAct(next, f, in, to, lo, hi) {
				a, exact = next, true
			}
		}
		if !exact && in.Bits <= tableBits && len(a.Mul) == 1 {
			return curve(func(x float64) float64 { return f(x, 0) }, in, to, lo, hi, care), nil
		}
	}
	a.MaxError = actError(a, f, in, to, lo, hi)
	return a, nil
}

// fitsAct tells whether the constants of an activation keep the integer network's limits.
func fitsAct(a *intnet.Act) bool {
	for _, m := range append([]int64{a.Top, a.Add >> 16}, a.Mul...) {
		if m > intnet.MaxMul || m < -intnet.MaxMul {
			return false
		}
	}
	return a.Shift <= intnet.MaxShift
}

// exactAct tells whether an activation equals the true function, rounded once, for every input.
func exactAct(a *intnet.Act, f func(x float64, c int) float64, in fixed.Format, to ValueSpec, lo, hi int64) bool {
	for c := range max(1, len(a.Mul)) {
		for x := in.Min(); x <= in.Max(); x++ {
			if a.Apply(x, c, in.Min(), to.Rounding, lo, hi) != fixed.QuantizeTo(f(fixed.Dequantize(x, in), c), to.Format, to.Rounding, lo, hi) {
				return false
			}
		}
	}
	return true
}

// round is v rounded to frac binary places, ties up.
func round(v float64, frac int) int64 {
	return fixed.QuantizeRange(v, frac, fixed.HalfUp, -intnet.MaxBias, intnet.MaxBias)
}

// curve approximates f by linear segments of equal length. It is exact for inputs of at most tableBits; otherwise
// it has as few segments as keep the error within curveError.
func curve(f func(float64) float64, in fixed.Format, to ValueSpec, lo, hi int64, care effort) *intnet.Act {
	segments, guard := min(4, in.Bits), curvePlaces
	if in.Bits <= tableBits {
		segments, guard = in.Bits, 0
	}
	for ; ; segments++ {
		step := in.Bits - segments
		a := &intnet.Act{Fn: intnet.ActCurve, Step: step, Shift: step + guard}
		for i := range 1<<segments + 1 {
			x := fixed.Dequantize(in.Min()+int64(i)<<step, in)
			a.Table = append(a.Table, fixed.QuantizeRange(f(x)/to.Factor(), to.Frac+guard, to.Rounding, -intnet.MaxMul, intnet.MaxMul))
		}
		if care == draft {
			return a
		}
		a.MaxError = actError(a, func(x float64, _ int) float64 { return f(x) }, in, to, lo, hi)
		if a.MaxError <= curveError || segments >= min(curveSegments, in.Bits) {
			return a
		}
	}
}

// actError is the largest distance, in units of the output, between an activation and the
// true function over every input, both clamped to [lo, hi].
func actError(a *intnet.Act, f func(x float64, c int) float64, in fixed.Format, to ValueSpec, lo, hi int64) float64 {
	worst := 0.0
	type function struct {
		mul int64
		at  float64
	}
	seen := make(map[function]bool)
	for c := range max(1, len(a.Mul)) {
		if len(a.Mul) > 1 { // channels with equal multipliers can differ only in their slopes or powers
			k := function{a.Mul[c], f(-1, c)}
			if seen[k] {
				continue
			}
			seen[k] = true
		}
		for x := in.Min(); x <= in.Max(); x++ {
			want := min(max(f(fixed.Dequantize(x, in), c)/to.Step(), float64(lo)), float64(hi))
			worst = max(worst, math.Abs(float64(a.Apply(x, c, in.Min(), to.Rounding, lo, hi))-want))
		}
	}
	return worst
}
