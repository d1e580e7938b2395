package quant

import (
	"fmt"
	"math"
	"slices"

	"hass/internal/curve"
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

// lowerAct gives the integer form of an activation from format in to format to. A function from few bits to few bits is a table, which
// needs no multiplier. If a quantiser of the model rounds the result, the constants get as many places as make every result exact, if
// that many fit. If no number of places does, as for the constant 1/6, a function of few bits becomes a table too.
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
	end := curve.Target{Format: to.Format, Rounding: to.Rounding, Lo: lo, Hi: hi}
	scaled := in.Scale != 0 || to.Scale != 0 && op.Fn != graph.ActHardSwish
	tabled := in.Bits <= curve.TableBits && to.Bits <= curve.TableBits && l.powers == nil
	if (scaled || tabled) && len(l.slopes) < 2 {
		return fitCurve(func(x float64) float64 { return f(x, 0) }, in, end, care), nil
	}
	var places int                   // of the constants
	var form func(k int) *intnet.Act // with constants of k places
	switch op.Fn {
	case graph.ActHardSwish:
		if in.Frac < 0 && in.Bits <= curve.TableBits {
			return fitCurve(floatexec.Func(op), in, end, care), nil
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
		return fitCurve(floatexec.Func(op), in, end, care), nil
	}
	a := form(places)
	if care == draft {
		return a, nil
	}
	if to.kept() {
		exact := curve.Exact(a, f, in, end)
		for k := places + 1; !exact && op.Fn != graph.ActHardSwish && k <= exactPlaces && fitsAct(form(k)); k++ {
			if next := form(k); curve.Exact(next, f, in, end) {
				a, exact = next, true
			}
		}
		if !exact && in.Bits <= curve.TableBits && len(a.Mul) == 1 {
			return fitCurve(func(x float64) float64 { return f(x, 0) }, in, end, care), nil
		}
	}
	a.MaxError = curve.Error(a, f, in, end)
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

// round is v rounded to frac binary places, ties up.
func round(v float64, frac int) int64 {
	return fixed.QuantizeRange(v, frac, fixed.HalfUp, -intnet.MaxBias, intnet.MaxBias)
}

// fitCurve approximates f by a table of all inputs or by segments.
func fitCurve(f func(float64) float64, in fixed.Format, to curve.Target, care effort) *intnet.Act {
	if care == draft {
		return curve.Draft(f, in, to)
	}
	return curve.Fit(f, in, to)
}
