package curve

import (
	"math"
	"testing"

	"hass/internal/fixed"
	"hass/internal/intnet"
)

func TestFit(t *testing.T) {
	swish := func(x float64) float64 { return x / (1 + math.Exp(-x)) }
	sine := func(x float64) float64 { return math.Sin(40 * x) } // no segments follow it
	for _, c := range []struct {
		name  string
		f     func(float64) float64
		in    fixed.Format
		to    fixed.Format
		steps int // log2 of the inputs of a segment
		error float64
	}{
		{"a table of 8 bits", swish, fixed.Format{Bits: 8, Frac: 4, Signed: true}, fixed.Format{Bits: 8, Frac: 4, Signed: true}, 0, 0.5},
		{"a table of 10 bits", swish, fixed.Format{Bits: 10, Frac: 6, Signed: true}, fixed.Format{Bits: 8, Frac: 4, Signed: true}, 0, 0.5},
		{"a table without a sign", math.Sqrt, fixed.Format{Bits: 9, Frac: 6}, fixed.Format{Bits: 8, Frac: 6}, 0, 0.5},
		{"segments", swish, fixed.Format{Bits: 16, Frac: 12, Signed: true}, fixed.Format{Bits: 16, Frac: 12, Signed: true}, 7, 1},
		{"the most segments", sine, fixed.Format{Bits: 16, Frac: 12, Signed: true}, fixed.Format{Bits: 16, Frac: 14, Signed: true}, 6, math.Inf(1)},
	} {
		to := Target{Format: c.to, Rounding: fixed.HalfUp, Lo: c.to.Min(), Hi: c.to.Max()}
		a := Fit(c.f, c.in, to)
		if a.Step != c.steps || a.MaxError > c.error+1e-9 {
			t.Errorf("%s: segments of 2^%d inputs with an error of %g, want 2^%d and at most %g", c.name, a.Step, a.MaxError, c.steps, c.error)
		}
		function := func(x float64, _ int) float64 { return c.f(x) }
		if got := Exact(a, function, c.in, to); got != (c.steps == 0) {
			t.Errorf("%s: exact is %v", c.name, got)
		}
		if d := Draft(c.f, c.in, to); d.Fn != intnet.ActCurve || d.MaxError != 0 || d.Step < a.Step {
			t.Errorf("%s: a draft of segments of 2^%d inputs, the fit has 2^%d", c.name, d.Step, a.Step)
		}
	}
}

// TestError: a wrong entry of a table is found, also in one channel of several.
func TestError(t *testing.T) {
	in := fixed.Format{Bits: 8, Frac: 4, Signed: true}
	to := Target{Format: in, Rounding: fixed.HalfUp, Lo: in.Min(), Hi: in.Max()}
	a := Fit(math.Abs, in, to)
	a.Table[77] += 3
	if e := Error(a, func(x float64, _ int) float64 { return math.Abs(x) }, in, to); e != 3 {
		t.Errorf("an entry 3 too large gives an error of %g", e)
	}
	leaky := &intnet.Act{Fn: intnet.ActLeaky, Top: 1 << 4, Mul: []int64{4, 4, 8}, Shift: 4}
	slope := func(x float64, c int) float64 {
		if x < 0 {
			return x * []float64{0.25, 0.25, 0.25}[c]
		}
		return x
	}
	if e := Error(leaky, slope, in, to); e != 32 {
		t.Errorf("twice the slope at -128 is 32 units off, not %g", e)
	}
	if Exact(leaky, slope, in, to) {
		t.Error("it is called exact")
	}
}
