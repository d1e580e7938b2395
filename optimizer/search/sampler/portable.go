package sampler

import (
	"math"
	"math/rand/v2"
)

// Equal points on any machine need more than equal formulas: a compiler may fuse
// x*y+z into one rounding (on arm64 it does), and math.Exp, Log and Pow differ in
// the last bit between processors. This package follows two rules for every
// number that becomes part of a point:
//
//   - a product that is added to something is written float64(x*y), which the
//     language forbids to fuse;
//   - what a transcendental function gives is rounded to float32, which hides a
//     last bit.
//
// Scores of candidates are exempt: only the largest matters, and two that differ
// only in the last bits are very unlikely. Arguments of a number that is rounded
// next are exempt, too, and products with a power of two.
//
// TestGolden pins the points; it passes under GOARCH=386, GOAMD64=v3 and
// GODEBUG=cpu.fma=off. To check that products are not fused where they must not
// be, look for FMADD and FMSUB in the output of GOARCH=arm64 go build
// -gcflags=-S.

// newRand is the stream of one trial. The halves are mixed first, so that streams
// of neighbouring seeds and numbers are independent of each other, and of a
// caller's own rand.NewPCG(seed, number).
func newRand(seed, number uint64) *rand.Rand {
	return rand.New(rand.NewPCG(mix(seed), mix(number^0x6a09e667f3bcc908)))
}

// mix is the finaliser of SplitMix64 (Steele, Lea, Flood 2014): a bijection.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// round hides the last bits of a transcendental function's result.
func round(x float64) float64 { return float64(float32(x)) }

// normal draws from the standard normal distribution.
func normal(r *rand.Rand) float64 { return round(r.NormFloat64()) }

// truncated draws from the normal distribution within [0,1]. mu must lie there,
// and sigma be at most 1: then a third of the draws is accepted or more.
func truncated(r *rand.Rand, mu, sigma float64) float64 {
	for {
		if x := mu + float64(sigma*normal(r)); x >= 0 && x <= 1 {
			return x
		}
	}
}

// uniform draws a point of the unit cube.
func uniform(r *rand.Rand, dims int) []float64 {
	x := make([]float64, dims)
	for i := range x {
		x[i] = r.Float64()
	}
	return x
}

// dot is the inner product.
func dot(a, b []float64) float64 {
	sum := 0.0
	for i := range a {
		sum += float64(a[i] * b[i])
	}
	return sum
}

// mirror folds a coordinate into [0,1] at the walls.
func mirror(x float64) float64 {
	x = math.Mod(math.Abs(x), 2)
	if x > 1 {
		x = 2 - x
	}
	return x
}
