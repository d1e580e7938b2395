package floatexec

import (
	"math"
	"testing"

	"hass/internal/graph"
)

// TestFormulas compares the functions with the formulas of ONNX, computed by the mathematical library.
func TestFormulas(t *testing.T) {
	gelu := func(x float64) float64 { return 0.5 * x * (1 + math.Erf(x/math.Sqrt2)) }
	gelutanh := func(x float64) float64 {
		return 0.5 * x * (1 + math.Tanh(math.Sqrt(2/math.Pi)*(x+0.044715*x*x*x)))
	}
	elu := func(a float64) func(float64) float64 {
		return func(x float64) float64 { return max(x, 0) + min(0, a*math.Expm1(min(x, 0))) }
	}
	for _, c := range []struct {
		op   graph.Activation
		want func(x float64) float64
	}{
		{graph.Activation{Fn: "elu", Alpha: 0.5}, elu(0.5)},
		{graph.Activation{Fn: "selu", Alpha: 1.6, Beta: 1.05}, func(x float64) float64 { return 1.05 * elu(1.6)(x) }},
		{graph.Activation{Fn: "celu", Alpha: 2}, func(x float64) float64 { return max(x, 0) + min(0, 2*math.Expm1(x/2)) }},
		{graph.Activation{Fn: "softplus"}, func(x float64) float64 { return max(x, 0) + math.Log1p(math.Exp(-math.Abs(x))) }},
		{graph.Activation{Fn: "softsign"}, func(x float64) float64 { return x / (1 + math.Abs(x)) }},
		{graph.Activation{Fn: "mish"}, func(x float64) float64 { return x * math.Tanh(math.Log1p(math.Exp(x))) }},
		{graph.Activation{Fn: "gelu"}, gelu},
		{graph.Activation{Fn: "gelutanh"}, gelutanh},
		{graph.Activation{Fn: "erf"}, math.Erf},
		{graph.Activation{Fn: "exp"}, math.Exp},
		{graph.Activation{Fn: "log"}, math.Log},
		{graph.Activation{Fn: "sqrt"}, math.Sqrt},
		{graph.Activation{Fn: "reciprocal"}, func(x float64) float64 { return 1 / x }},
		{graph.Activation{Fn: "pow", Alpha: 3}, func(x float64) float64 { return math.Pow(x, 3) }},
		{graph.Activation{Fn: "pow", Alpha: -2}, func(x float64) float64 { return math.Pow(x, -2) }},
		{graph.Activation{Fn: "pow", Alpha: 0.5}, math.Sqrt},
		{graph.Activation{Fn: "pow", Alpha: 1.7}, func(x float64) float64 { return math.Pow(x, 1.7) }},
		{graph.Activation{Fn: "abs"}, math.Abs},
		{graph.Activation{Fn: "round"}, math.RoundToEven},
		{graph.Activation{Fn: "thresholdedrelu", Alpha: 1}, func(x float64) float64 {
			if x > 1 {
				return x
			}
			return 0
		}},
	} {
		f := Func(c.op)
		for _, x := range []float64{-30, -7.5, -3, -1, -0.5, -1e-3, -1e-9, 0, 1e-9, 1e-3, 0.3, 1, 1.5, 3, 7.5, 30} {
			got, want := f(x), c.want(x)
			if math.IsNaN(want) && math.IsNaN(got) || got == want {
				continue
			}
			if !(math.Abs(got-want) <= 1e-13*math.Abs(want)+1e-15*max(1, math.Abs(x))) {
				t.Errorf("%s %v: f(%g) = %.17g, want %.17g", c.op.Fn, c.op.Alpha, x, got, want)
			}
		}
	}
}
