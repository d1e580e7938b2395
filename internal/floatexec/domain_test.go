package floatexec

import (
	"math"
	"testing"

	"hass/internal/graph"
)

// TestDomain: beyond its domain a function has the value at its end, and within it another one.
func TestDomain(t *testing.T) {
	for _, c := range []struct {
		op     graph.Activation
		within float64
	}{
		{graph.Activation{Fn: graph.ActHardSwish}, 0},
		{graph.Activation{Fn: graph.ActHardSigmoid, Alpha: 1. / 6, Beta: 0.5}, 1e-12},
		{graph.Activation{Fn: graph.ActHardSigmoid, Alpha: 0.2, Beta: 0.3}, 1e-12},
		{graph.Activation{Fn: graph.ActSigmoid}, 1. / 512},
		{graph.Activation{Fn: graph.ActTanh}, 2. / 512},
		{graph.Activation{Fn: graph.ActSiLU}, 0},
		{graph.Activation{Fn: graph.ActRelu}, 0},
		{graph.Activation{Fn: graph.ActHardSigmoid, Alpha: -0.2, Beta: 0.3}, 0},
	} {
		f := Func(c.op)
		lo, hi := Domain(c.op)
		if !(lo <= 0 && hi >= 0) {
			t.Errorf("%v: the domain %g to %g does not contain 0", c.op, lo, hi)
		}
		for _, end := range []float64{lo, hi} {
			if math.IsInf(end, 0) {
				continue
			}
			for _, far := range []float64{1.01, 2, 100} {
				if d := math.Abs(f(far*end) - f(end)); d > c.within {
					t.Errorf("%v: at %g it differs from its value at %g by %g", c.op, far*end, end, d)
				}
			}
			if f(0.9*end) == f(end) {
				t.Errorf("%v: it is constant from %g on, within its domain", c.op, 0.9*end)
			}
		}
	}
}
