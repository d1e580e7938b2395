package sampler

import (
	"math"
	"math/rand/v2"
)

// Equal points on any machine need more than equal formulas: a compiler may fuse
// x*y+z into one rounding (on arm64 it does), and math.Exp, Log and Pow differ in
// the last bit between processors. Two rules hold in this package for whatever
// becomes part of a point:
//
//   - a product that is added to something is written float64(x*y), which the
//     language forbids to fuse;
//   - what a transcendental function gives is rounded to float32, which hides a
//     last bit.
//
// Scores of candidates are exempt: only which one is largest counts, and two that
// differ in the last bits alone are a coincidence of one in billions. So are the
// arguments of what is rounded next, and products with a power of two.
//
// TestGolden pins the points; it holds under GOARCH=386, GOAMD64=v3 and
// GODEBUG=cpu.fma=off. Whether a product is fused where it must not be is seen in
// the FMADD and FMSUB that GOARCH=arm64 go build -gcflags=-S lists.

// newRand is the stream of one trial. The halves are mixed first, so that streams
// of neighbouring seeds and numbers have nothing in common, nor has a stream with
// a caller's own rand.NewPCG(seed, number).
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

// round hides the last bits of what a transcendental function gave.
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
