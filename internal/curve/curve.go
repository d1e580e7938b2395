// Package curve fits the integer activations of the integer network to functions of real numbers: by a table of all inputs or by
// straight segments, and it measures the error of any activation.
package curve

import (
	"math"

	"hass/internal/fixed"
	"hass/internal/intnet"
)

const (
	// TableBits is the widest input whose function is a table of every value: 1,024 words, of which two lanes share a block RAM where
	// they take more LUTs than one is worth.
	TableBits = 10
	// places are binary places of a segment's ends beyond the output's.
	places = 8
	// mostSegments bounds the segments, as a power of two; the fewest that keep the function within largestError units of the true one are
	// taken.
	mostSegments = 10
	largestError = 1.0
)

// Target is a result's format, its rounding and the integers that it is clamped to.
type Target struct {
	fixed.Format
	Rounding fixed.Rounding
	Lo, Hi   int64
}

// Draft is the activation of fewest segments, or a table of up to TableBits; without its error.
func Draft(f func(float64) float64, in fixed.Format, to Target) *intnet.Act {
	if in.Bits <= TableBits {
		return segments(f, in, to, in.Bits, 0)
	}
	return segments(f, in, to, min(4, in.Bits), places)
}

// Fit is f by segments of equal length: exact up to TableBits, else as few as keep the error small.
func Fit(f func(float64) float64, in fixed.Format, to Target) *intnet.Act {
	a := Draft(f, in, to)
	for n := in.Bits - a.Step; ; {
		a.MaxError = Error(a, func(x float64, _ int) float64 { return f(x) }, in, to)
		if a.MaxError <= largestError || n >= min(mostSegments, in.Bits) {
			return a
		}
		n++
		a = segments(f, in, to, n, places)
	}
}

// segments is f by 2^n segments whose ends have guard binary places beyond the output's.
func segments(f func(float64) float64, in fixed.Format, to Target, n, guard int) *intnet.Act {
	step := in.Bits - n
	a := &intnet.Act{Fn: intnet.ActCurve, Step: step, Shift: step + guard}
	for i := range 1<<n + 1 {
		x := fixed.Dequantize(in.Min()+int64(i)<<step, in)
		a.Table = append(a.Table, fixed.QuantizeRange(f(x)/to.Factor(), to.Frac+guard, to.Rounding, -intnet.MaxMul, intnet.MaxMul))
	}
	return a
}

// Exact tells whether an activation is the true function of each channel, rounded once, for every input.
func Exact(a *intnet.Act, f func(x float64, c int) float64, in fixed.Format, to Target) bool {
	for c := range max(1, len(a.Mul)) {
		for x := in.Min(); x <= in.Max(); x++ {
			want := fixed.QuantizeTo(f(fixed.Dequantize(x, in), c), to.Format, to.Rounding, to.Lo, to.Hi)
			if a.Apply(x, c, in.Min(), to.Rounding, to.Lo, to.Hi) != want {
				return false
			}
		}
	}
	return true
}

// Error is the largest distance, in units of the output, between an activation and the true function of each channel over every input,
// both clamped to Lo and Hi.
func Error(a *intnet.Act, f func(x float64, c int) float64, in fixed.Format, to Target) float64 {
	worst := 0.0
	type function struct {
		mul int64
		at  float64
	}
	seen := make(map[function]bool)
	for c := range max(1, len(a.Mul)) {
		if len(a.Mul) > 1 { // channels of equal multipliers differ by their slopes or powers, if at all
			k := function{a.Mul[c], f(-1, c)}
			if seen[k] {
				continue
			}
			seen[k] = true
		}
		for x := in.Min(); x <= in.Max(); x++ {
			want := min(max(f(fixed.Dequantize(x, in), c)/to.Step(), float64(to.Lo)), float64(to.Hi))
			worst = max(worst, math.Abs(float64(a.Apply(x, c, in.Min(), to.Rounding, to.Lo, to.Hi))-want))
		}
	}
	return worst
}
