package floatexec

import (
	"math"

	"hass/internal/graph"
)

// activate applies an activation of one input. The function is evaluated in
// float64 and rounded once.
func activate[T Real](op graph.Activation, y, x []T) {
	switch op.Fn {
	case graph.ActRelu:
		for i, v := range x {
			y[i] = max(v, 0)
		}
	default:
		f := Func(op)
		for i, v := range x {
			y[i] = T(f(float64(v)))
		}
	}
}

// Domain is the interval, which contains 0, outside of which a function has the value at its end: exactly, or of functions that approach
// a limit to half a unit of 8 bits of their range.
func Domain(op graph.Activation) (lo, hi float64) {
	switch op.Fn {
	case graph.ActHardSwish:
		return -3, math.Inf(1)
	case graph.ActHardSigmoid:
		if op.Alpha > 0 && op.Beta > 0 && op.Beta < 1 {
			return -op.Beta / op.Alpha, (1 - op.Beta) / op.Alpha
		}
	case graph.ActSigmoid:
		return -6.25, 6.25
	case graph.ActTanh:
		return -3.125, 3.125
	}
	return math.Inf(-1), math.Inf(1)
}

// Func is an activation as a function of one float64; nil for prelu, which takes
// a second input, and for an unknown name. The formulas are ONNX's; hardswish is
// x * clamp(x+3, 0, 6) / 6.
func Func(op graph.Activation) func(x float64) float64 {
	a, b := op.Alpha, op.Beta
	switch op.Fn {
	case graph.ActRelu:
		return func(x float64) float64 { return max(x, 0) }
	case graph.ActClip:
		return func(x float64) float64 { return min(max(x, a), b) }
	case graph.ActLeakyRelu:
		return func(x float64) float64 {
			if x < 0 {
				return a * x
			}
			return x
		}
	case graph.ActHardSigmoid:
		return func(x float64) float64 { return min(max(float64(a*x)+b, 0), 1) }
	case graph.ActHardSwish:
		return func(x float64) float64 { return float64(x*min(max(x+3, 0), 6)) / 6 }
	case graph.ActSigmoid:
		return sigmoid
	case graph.ActSiLU:
		return func(x float64) float64 {
			if math.IsInf(x, -1) {
				return 0
			}
			return x * sigmoid(x)
		}
	case graph.ActTanh:
		return tanh
	case graph.ActElu:
		return func(x float64) float64 { return elu(x, a) }
	case graph.ActCelu:
		return func(x float64) float64 { return max(x, 0) + min(0, float64(a*expm1(x/a))) }
	case graph.ActSelu:
		return func(x float64) float64 { return b * elu(x, a) }
	case graph.ActSoftplus:
		return softplus
	case graph.ActSoftsign:
		return func(x float64) float64 { return x / (1 + math.Abs(x)) }
	case graph.ActMish:
		return func(x float64) float64 {
			if math.IsInf(x, -1) {
				return 0
			}
			return x * tanh(softplus(x))
		}
	case graph.ActGelu:
		return func(x float64) float64 {
			if math.IsInf(x, -1) {
				return 0
			}
			return float64(0.5*x) * (1 + Erf(x/math.Sqrt2))
		}
	case graph.ActGeluTanh:
		return func(x float64) float64 {
			if math.IsInf(x, -1) {
				return 0
			}
			return float64(0.5*x) * (1 + tanh(math.Sqrt(2/math.Pi)*float64(x+float64(0.044715*float64(x*float64(x*x))))))
		}
	case graph.ActThresholdedRelu:
		return func(x float64) float64 {
			if x > a {
				return x
			}
			return 0
		}
	case graph.ActPow:
		return func(x float64) float64 { return power(x, a) }
	case graph.ActExp:
		return func(x float64) float64 { return Exp(min(x, 800)) }
	case graph.ActLog:
		return logarithm
	case graph.ActSqrt:
		return math.Sqrt
	case graph.ActReciprocal:
		return func(x float64) float64 { return 1 / x }
	case graph.ActAbs:
		return math.Abs
	case graph.ActErf:
		return Erf
	case graph.ActFloor:
		return math.Floor
	case graph.ActCeil:
		return math.Ceil
	case graph.ActRound:
		return math.RoundToEven
	case graph.ActSign:
		return func(x float64) float64 {
			switch {
			case x > 0:
				return 1
			case x < 0:
				return -1
			}
			return x
		}
	case graph.ActThreshold:
		return func(x float64) float64 {
			if math.Abs(x) < a {
				return 0
			}
			return x
		}
	}
	return nil
}

func elu(x, a float64) float64 {
	if x < 0 {
		return a * expm1(x)
	}
	return x
}

// expm1 is e^x - 1, near 0 by its series to x^9.
func expm1(x float64) float64 {
	if math.Abs(x) > 1.0/16 {
		return Exp(min(x, 800)) - 1
	}
	p := 0.0
	for d := 9.0; d >= 1; d-- {
		p = float64((1 + p) * x / d)
	}
	return p
}

// softplus is log(1 + e^x).
func softplus(x float64) float64 {
	e := Exp(-math.Abs(x))
	if math.IsInf(x, 0) || e < 1e-9 { // log(1+e) is e
		return max(x, 0) + e
	}
	return max(x, 0) + Log(1+e)
}

func logarithm(x float64) float64 {
	switch {
	case x < 0 || x != x:
		return math.NaN()
	case x == 0:
		return math.Inf(-1)
	case math.IsInf(x, 1):
		return x
	}
	return Log(x)
}

// power is x to the power p: for whole p by multiplication, for others by the exponential of the logarithm, which is undefined
// for negative x.
func power(x, p float64) float64 {
	const whole = 64 // largest power by multiplication
	switch {
	case p == math.Trunc(p) && math.Abs(p) <= whole:
		y := 1.0
		for range int(math.Abs(p)) {
			y *= x
		}
		if p < 0 {
			return 1 / y
		}
		return y
	case p == 0.5:
		return math.Sqrt(x)
	case x == 0 && p > 0:
		return 0
	}
	return Exp(min(float64(p*logarithm(x)), 800))
}

// Erf is the error function, within a few units in the last place: 2/sqrt(pi) e^(-x^2) times the sum of 2^n x^(2n+1) / (2n+1)!!,
// whose terms have one sign; written without fused operations for the same reason as Exp.
func Erf(x float64) float64 {
	if ax := math.Abs(x); ax > 6 {
		return math.Copysign(1, x)
	} else if x != x {
		return x
	}
	x2 := float64(x * x)
	term, sum := x, x
	for n := 1.0; math.Abs(term) > 1e-18*math.Abs(sum); n++ {
		term = float64(term * float64(2*x2) / (2*n + 1))
		sum += term
	}
	return float64(2/math.Sqrt(math.Pi)*Exp(-x2)) * sum
}

func sigmoid(x float64) float64 {
	if x < 0 {
		e := Exp(x)
		return e / (1 + e)
	}
	return 1 / (1 + Exp(-x))
}

// tanh near 0 is Lambert's continued fraction x/(1+x^2/(3+x^2/(5+...))), whose
// tenth convergent is exact to float64 there; elsewhere it comes from Exp.
func tanh(x float64) float64 {
	ax := math.Abs(x)
	if ax < 0.625 {
		x2 := float64(x * x)
		d := 19.0
		for k := 17.0; k >= 1; k -= 2 {
			d = k + x2/d
		}
		return x / d
	}
	e := Exp(float64(-2 * ax))
	return math.Copysign((1-e)/(1+e), x)
}

// Exp is e**x within 2 units in the last place. math.Exp uses fused
// multiply-adds where the processor has them and so differs in the last bit from
// one amd64 machine to another; this one does not.
//
// x = k ln 2 + r with |r| <= ln 2 / 2, and e**r is its Taylor series to r**13,
// whose remainder is below 5e-18.
func Exp(x float64) float64 {
	switch {
	case x != x:
		return x
	case x > 709.782712893384:
		return math.Inf(1)
	case x < -745.1332191019412:
		return 0
	}
	// ln 2 in two parts: the high one has 20 zero bits at its end, so k*ln2Hi is exact.
	const (
		ln2Hi = 6.93147180369123816490e-01
		ln2Lo = 1.90821492927058770002e-10
	)
	k := math.Floor(float64(x*math.Log2E) + 0.5)
	r := x - float64(k*ln2Hi) - float64(k*ln2Lo)
	p := 1.0 / 6227020800
	for _, c := range [...]float64{
		1.0 / 479001600, 1.0 / 39916800, 1.0 / 3628800, 1.0 / 362880, 1.0 / 40320,
		1.0 / 5040, 1.0 / 720, 1.0 / 120, 1.0 / 24, 1.0 / 6, 1.0 / 2, 1, 1,
	} {
		p = c + float64(p*r)
	}
	return math.Ldexp(p, int(k))
}

// Log is the natural logarithm of a positive finite number, within 2 units in
// the last place; written without fused operations for the same reason as
// Exp.
//
// x = 2**k m with m in [sqrt 1/2, sqrt 2); log m = 2 artanh f for f = (m-1)/(m+1),
// |f| <= 0.1716, by its series to f**23, whose remainder is below 1e-19.
func Log(x float64) float64 {
	const (
		ln2Hi = 6.93147180369123816490e-01
		ln2Lo = 1.90821492927058770002e-10
	)
	m, k := math.Frexp(x)
	if m < math.Sqrt2/2 {
		m *= 2
		k--
	}
	f := (m - 1) / (m + 1)
	f2 := float64(f * f)
	p := 0.0
	for d := 23.0; d >= 3; d -= 2 {
		p = float64((1/d + p) * f2)
	}
	return float64(float64(k)*ln2Hi) + (float64(2*f) + (float64(2*float64(f*p)) + float64(float64(k)*ln2Lo)))
}
