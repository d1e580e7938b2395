package calib

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hass/internal/fixed"
)

func TestStats(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	tiny := math.Float32frombits(1)
	for _, tt := range []struct {
		name string
		data []float32
		want Stats
	}{
		{"empty", nil, Stats{LSB: NoLSB}},
		{"zeros", []float32{0, float32(math.Copysign(0, -1))}, Stats{Count: 2, Zeros: 2, LSB: NoLSB}},
		{"positive", []float32{3, 0.75, 12}, Stats{Count: 3, Max: 12, LSB: -2}},
		{"negative", []float32{-3, -8}, Stats{Count: 2, Min: -8, LSB: 0}},
		{"even", []float32{64, -96}, Stats{Count: 2, Min: -96, Max: 64, LSB: 5}},
		{"bad", []float32{nan, inf, -inf, 1}, Stats{Count: 4, Bad: 3, Max: 1, LSB: 0}},
		{"subnormal", []float32{tiny}, Stats{Count: 1, Max: tiny, LSB: -149}},
		{"largest", []float32{math.MaxFloat32}, Stats{Count: 1, Max: math.MaxFloat32, LSB: 104}},
	} {
		s := newStats()
		s.observe(tt.data)
		got := *s
		got.hist = nil
		if d := cmp.Diff(tt.want, got, cmp.AllowUnexported(Stats{})); d != "" {
			t.Errorf("%s: %s", tt.name, d)
		}
	}
}

// TestMerge: any split of the data, merged in any order, gives the same.
func TestMerge(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	data := make([]float32, 3000)
	for i := range data {
		data[i] = float32(math.Ldexp(r.NormFloat64(), r.IntN(20)-10))
	}
	whole := NewRanges()
	whole.Observe("v", data)
	for range 5 {
		cut := r.IntN(len(data))
		a, b := NewRanges(), NewRanges()
		a.Observe("v", data[cut:])
		b.Observe("v", data[:cut])
		b.Observe("w", data[:1])
		a.Merge(b)
		if d := cmp.Diff(whole.Of("v"), a.Of("v"), cmp.AllowUnexported(Stats{})); d != "" {
			t.Fatal(d)
		}
		if a.Of("w") == nil || a.Of("u") != nil {
			t.Fatal("values got lost or invented")
		}
	}
}

// TestSquaredError compares the integral over bins with the true squared error of
// smoothly distributed data: within 5 percent, clipped or not.
func TestSquaredError(t *testing.T) {
	for name, draw := range map[string]func(r *rand.Rand) float64{
		"normal":   (*rand.Rand).NormFloat64,
		"positive": func(r *rand.Rand) float64 { return math.Abs(r.NormFloat64()) },
		"heavy":    func(r *rand.Rand) float64 { return r.NormFloat64() * r.ExpFloat64() },
		"shifted":  func(r *rand.Rand) float64 { return 3 + r.NormFloat64() },
		"negative": func(r *rand.Rand) float64 { return -r.ExpFloat64() },
	} {
		// Each value has a separate random stream, so that the order of maps does not change the numbers.
		r := rand.New(rand.NewPCG(5, 6))
		data := make([]float32, 100000)
		for i := range data {
			data[i] = float32(draw(r))
		}
		s := newStats()
		s.observe(data)
		for _, f := range []fixed.Format{{Bits: 8, Signed: true}, {Bits: 8}, {Bits: 4, Signed: true}, {Bits: 2}} {
			for f.Frac = -1; f.Frac <= 8; f.Frac++ {
				want := 0.0
				for _, v := range data {
					d := fixed.Dequantize(fixed.Quantize(float64(v), f, fixed.HalfUp), f) - float64(v)
					want += d * d
				}
				if got := s.SquaredError(f.Step(), f.Min(), f.Max()); math.Abs(got-want) > 0.05*want {
					t.Errorf("%s %v: %g, want %g", name, f, got, want)
				}
			}
		}
	}
}

// TestClamped: the statistics of clamped values choose formats as those of the values that were clamped before.
func TestClamped(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for _, c := range []struct{ lo, hi float32 }{{-3, float32(math.Inf(1))}, {-3, 3}, {0, 1}, {float32(math.Inf(-1)), 0.5}} {
		all, clamped := newStats(), newStats()
		var a, b []float32
		for range 20000 {
			v := float32(rng.NormFloat64() * 4)
			a, b = append(a, v), append(b, min(max(v, c.lo), c.hi))
		}
		all.observe(a)
		clamped.observe(b)
		got := all.Clamped(c.lo, c.hi)
		if got.Min != clamped.Min || got.Max != clamped.Max {
			t.Errorf("clamped to %v: from %g to %g, want %g to %g", c, got.Min, got.Max, clamped.Min, clamped.Max)
		}
		for _, f := range []fixed.Format{{Bits: 8, Frac: 3, Signed: true}, {Bits: 6, Frac: 1, Signed: true}, {Bits: 10, Frac: 7, Signed: true}} {
			g, w := got.SquaredError(f.Step(), f.Min(), f.Max()), clamped.SquaredError(f.Step(), f.Min(), f.Max())
			if math.Abs(g-w) > 0.05*w+1e-9 {
				t.Errorf("clamped to %v, %v: error %g, want %g", c, f, g, w)
			}
		}
		if all.Min >= -4 {
			t.Error("Clamped changed its receiver")
		}
	}
}
