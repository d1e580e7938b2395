package quant

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
		{"empty", nil, Stats{LSB: noLSB}},
		{"zeros", []float32{0, float32(math.Copysign(0, -1))}, Stats{Count: 2, Zeros: 2, LSB: noLSB}},
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
		// A stream of its own for each: map order must not change what is drawn.
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
				if got := s.squaredError(f.Frac, f.Min(), f.Max()); math.Abs(got-want) > 0.05*want {
					t.Errorf("%s %v: %g, want %g", name, f, got, want)
				}
			}
		}
	}
}

func TestFormats(t *testing.T) {
	pixels := make([]float32, 256)
	unit := make([]float32, 256)
	even := []float32{0, 2, 128, 254}
	for i := range pixels {
		pixels[i], unit[i] = float32(i), float32(i)/255
	}
	inf := math.Inf(1)
	stats := func(v ...float32) *Stats {
		s := newStats()
		s.observe(v)
		return s
	}
	for _, tt := range []struct {
		name string
		got  fixed.Format
		want string
	}{
		{"raw pixels, 8 bits", inputFormat(stats(pixels...), 8, Options{}), "u8.0"},
		{"raw pixels, 16 bits", inputFormat(stats(pixels...), 16, Options{}), "u16.0"},
		{"even pixels", inputFormat(stats(even...), 8, Options{}), "u8.0"},
		{"dark pixels of a known range", inputFormat(stats(1, 2), 16, Options{InputMax: 1 << 17}), "u16.-2"},
		{"raw pixels, 6 bits", inputFormat(stats(pixels...), 6, Options{}), "u6.-2"},
		{"pixels of 255ths, 8 bits", inputFormat(stats(unit...), 8, Options{}), "u8.8"},
		{"pixels of 255ths, 16 bits", inputFormat(stats(unit...), 16, Options{}), "u16.15"},
		{"never negative in calibration", inputFormat(stats(unit...), 16, Options{InputMin: -1, InputMax: 1}), "s16.14"},
		{"halves", inputFormat(stats(-1.5, 3), 8, Options{}), "s8.1"},
		{"headroom", valueFormat(stats(-1, 0.9), 16, false, -inf, inf), "s16.14"},
		{"headroom tips over", valueFormat(stats(-1, 1.7), 16, false, -inf, inf), "s16.13"},
		{"a clip limits headroom", valueFormat(stats(0, 1.9), 16, true, 0, 1.99), "u16.15"},
		{"unsigned", valueFormat(stats(0, 1.5), 16, true, 0, inf), "u16.15"},
		{"large", valueFormat(stats(-1e6, 1), 16, false, -inf, inf), "s16.-6"},
		{"never excited", valueFormat(stats(0), 16, true, 0, inf), "u16.15"},
		{"never excited, 8 bits", valueFormat(stats(0), 8, false, -inf, inf), "s8.6"},
	} {
		if tt.got.String() != tt.want {
			t.Errorf("%s: %v, want %s", tt.name, tt.got, tt.want)
		}
	}
	// One outlier among many is clipped at 4 bits.
	s := stats(20)
	for range 100000 {
		s.observe([]float32{0.43, 0.97, 1.41, 1.87})
	}
	if f := valueFormat(s, 4, true, 0, inf); f.Frac != 3 {
		t.Errorf("outlier: %v, want u4.3", f)
	}
}
