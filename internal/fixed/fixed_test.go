package fixed

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
)

func TestRequant(t *testing.T) {
	tests := []struct {
		acc    int64
		s      int
		lo, hi int64
		want   int64 // half up
	}{
		{5, 0, -128, 127, 5},
		{6, 2, -128, 127, 2},   // 1.5 is a tie: up
		{-6, 2, -128, 127, -1}, // -1.5 is a tie: up, towards plus infinity
		{-7, 2, -128, 127, -2},
		{5, 2, -128, 127, 1},
		{7, 2, -128, 127, 2},
		{-2, 2, -128, 127, 0},
		{-3, 2, -128, 127, -1},
		{1000, 2, -128, 127, 127},
		{-1000, 2, -128, 127, -128},
		{-1000, 2, 0, 255, 0},
		{3, -4, -128, 127, 48},
		{3, -6, -128, 127, 127},
		{-3, -6, -128, 127, -128},
		{1, -70, -128, 127, 127},
		{-1, -70, -128, 127, -128},
		{0, -70, -128, 127, 0},
		{1 << 61, -5, -128, 127, 127},
		{-(1 << 61), -5, -128, 127, -128},
		{1 << 60, 61, -128, 127, 1}, // one half: up
		{1<<60 - 1, 61, -128, 127, 0},
		{-(1 << 60), 61, -128, 127, 0},
		{-(1<<60 + 1), 61, -128, 127, -1},
		{1 << 60, 62, -128, 127, 0},
		{1<<61 - 1, 63, -128, 127, 0},
		{-(1 << 61), 100, -128, 127, 0},
		{-(1 << 61), 100, 1, 127, 1}, // a clamp that excludes 0
	}
	for _, tt := range tests {
		if got := Requant(tt.acc, tt.s, HalfUp, tt.lo, tt.hi); got != tt.want {
			t.Errorf("Requant(%d, %d, %d, %d) = %d, want %d", tt.acc, tt.s, tt.lo, tt.hi, got, tt.want)
		}
	}
	for _, tt := range []struct {
		acc    int64
		s      int
		lo, hi int64
		want   int64
	}{
		{5, 0, -128, 127, 5},
		{1, 1, -128, 127, 0}, {3, 1, -128, 127, 2}, {-1, 1, -128, 127, 0}, {-3, 1, -128, 127, -2}, {5, 1, -128, 127, 2},
		{6, 2, -128, 127, 2}, {10, 2, -128, 127, 2}, {11, 2, -128, 127, 3}, {9, 2, -128, 127, 2}, {-6, 2, -128, 127, -2}, {-10, 2, -128, 127, -2}, {-11, 2, -128, 127, -3},
		{510, 2, -128, 127, 127}, {-514, 2, -128, 127, -128}, {14, 2, -3, 3, 3},
		{1 << 60, 61, -128, 127, 0}, {3 << 59, 60, -128, 127, 2}, {1<<60 + 1, 61, -128, 127, 1}, {-(1 << 61), 62, -128, 127, 0}, {-(1 << 61), 63, -128, 127, 0},
		{3, -4, -128, 127, 48}, {3, -6, -128, 127, 127}, {-1, -70, -128, 127, -128},
	} {
		if got := Requant(tt.acc, tt.s, HalfEven, tt.lo, tt.hi); got != tt.want {
			t.Errorf("Requant(%d, %d, half to even, %d, %d) = %d, want %d", tt.acc, tt.s, tt.lo, tt.hi, got, tt.want)
		}
	}
}

func TestRounding(t *testing.T) {
	for _, r := range Roundings {
		text, err := r.MarshalText()
		var back Rounding
		if err != nil || back.UnmarshalText(text) != nil || back != r {
			t.Errorf("%v: text %q reads as %v, %v", r, text, back, err)
		}
	}
	var r Rounding
	if err := r.UnmarshalText([]byte("none")); err == nil {
		t.Error("\"none\" was read as a rounding")
	}
	if _, err := r.MarshalText(); err == nil || r.Valid() {
		t.Error("no rounding has a text")
	}
	defer func() {
		if recover() == nil {
			t.Error("Requant without a rounding")
		}
	}()
	Requant(6, 2, r, -8, 7)
}

// TestRequantAgainstBig checks Requant against rational arithmetic on random
// and near-tie accumulators.
func TestRequantAgainstBig(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	ties := 0
	for range 20000 {
		acc := r.Int64N(1<<61) >> r.IntN(61)
		if r.IntN(2) == 0 {
			acc = -acc
		}
		s := r.IntN(80) - 10
		if s > 1 && s < 60 && r.IntN(3) == 0 {
			acc = acc>>s<<s + int64(1)<<(s-1) + int64(r.IntN(3)-1) // at a tie and next to it
		}
		lo, hi := int64(-32768), int64(32767)
		r := Roundings[r.IntN(len(Roundings))]
		// floor(acc/2^s + 1/2) = floor((2*acc + 2^s) / 2^(s+1))
		num, den := big.NewInt(acc), big.NewInt(1)
		if s > 0 {
			num.Lsh(num, 1)
			num.Add(num, new(big.Int).Lsh(big.NewInt(1), uint(s)))
			den.Lsh(den, uint(s+1))
		} else {
			num.Lsh(num, uint(-s))
		}
		q, rest := new(big.Int).DivMod(num, den, new(big.Int)) // Euclidean: floor for a positive divisor
		if tie := s > 0 && rest.Sign() == 0; tie && r == HalfEven {
			if q.Bit(0) == 1 {
				q.Sub(q, big.NewInt(1))
			}
			ties++
		}
		if q.Cmp(big.NewInt(lo)) < 0 {
			q.SetInt64(lo)
		} else if q.Cmp(big.NewInt(hi)) > 0 {
			q.SetInt64(hi)
		}
		if got := Requant(acc, s, r, lo, hi); got != q.Int64() {
			t.Fatalf("Requant(%d, %d, %v) = %d, want %s", acc, s, r, got, q)
		}
	}
	if ties < 100 {
		t.Errorf("only %d ties were rounded to even", ties)
	}
}

func TestQuantize(t *testing.T) {
	s8 := Format{Bits: 8, Frac: 0, Signed: true}
	u8 := Format{Bits: 8, Frac: 0}
	tests := []struct {
		v    float64
		f    Format
		want int64
	}{
		{0.5, s8, 1}, {1.5, s8, 2}, {2.5, s8, 3}, {-0.5, s8, 0}, {-1.5, s8, -1}, {-1.5000001, s8, -2},
		{math.Nextafter(0.5, 0), s8, 0},
		{127.4, s8, 127}, {127.5, s8, 127}, {1e300, s8, 127}, {-1e300, s8, -128}, {-128.5, s8, -128},
		{math.Inf(1), s8, 127}, {math.Inf(-1), s8, -128}, {math.NaN(), s8, 0},
		{-3, u8, 0}, {255.4, u8, 255}, {256, u8, 255},
		{1, Format{Bits: 8, Frac: 8}, 255}, {0.5, Format{Bits: 8, Frac: 8}, 128},
		{1e-9, Format{Bits: 16, Frac: 40, Signed: true}, 1100},
		{3 << 20, Format{Bits: 8, Frac: -20, Signed: true}, 3},
		{math.MaxFloat64, Format{Bits: 16, Frac: 1000, Signed: true}, 32767}, // Ldexp overflows
	}
	for _, tt := range tests {
		if got := Quantize(tt.v, tt.f, HalfUp); got != tt.want {
			t.Errorf("Quantize(%g, %v) = %d, want %d", tt.v, tt.f, got, tt.want)
		}
	}
	for v, want := range map[float64]int64{0.5: 0, 1.5: 2, 2.5: 2, -0.5: 0, -1.5: -2, -2.5: -2, 126.5: 126, 127.5: 127, -128.5: -128} {
		if got := Quantize(v, s8, HalfEven); got != want {
			t.Errorf("Quantize(%g, half to even) = %d, want %d", v, got, want)
		}
	}
	for _, f := range []Format{s8, u8, {Bits: 16, Frac: 9, Signed: true}, {Bits: 2, Frac: -3, Signed: true}, {Bits: 16, Frac: 20}} {
		for q := f.Min(); q <= f.Max(); q++ {
			for _, r := range Roundings {
				if got := Quantize(Dequantize(q, f), f, r); got != q {
					t.Fatalf("%v: Quantize(Dequantize(%d)) = %d", f, q, got)
				}
			}
		}
	}
}

// TestQuantizeMatchesRequant ties the float and the integer rounding together.
func TestQuantizeMatchesRequant(t *testing.T) {
	f := Format{Bits: 16, Frac: 3, Signed: true}
	for acc := int64(-5000); acc <= 5000; acc++ {
		for _, r := range Roundings {
			want := Requant(acc, 4, r, f.Min(), f.Max())
			if got := Quantize(float64(acc)/128, f, r); got != want {
				t.Fatalf("acc %d: Quantize gives %d, Requant %d", acc, got, want)
			}
		}
	}
}

func TestBound(t *testing.T) {
	tests := []struct {
		name       string
		bias       int64
		w          []int64
		xmin, xmax int64
		s          int
		want       Bound
		bits       int
	}{
		{"empty", 0, nil, 0, 255, 0, Bound{0, 0}, 1},
		{"bias only", 7, nil, 0, 255, 0, Bound{0, 7}, 4},
		{"negative bias", -8, nil, 0, 255, 0, Bound{-8, 0}, 4},
		{"unsigned", 10, []int64{3, -2}, 0, 255, 0, Bound{-510, 775}, 11},
		{"signed", -1, []int64{3, -2}, -128, 127, 0, Bound{-1 - 384 - 254, 381 + 256}, 11},
		{"rounding half", 0, []int64{1}, 0, 255, 9, Bound{0, 511}, 10},
		{"rounding half tips over", 0, []int64{1}, 0, 256, 9, Bound{0, 512}, 11},
		{"shift left has no half", 0, []int64{1}, 0, 255, -9, Bound{0, 255}, 9},
		{"power of two below", 0, []int64{-1}, 0, 256, 0, Bound{-256, 0}, 9},
	}
	for _, tt := range tests {
		b := BoundOf(tt.bias)
		for _, w := range tt.w {
			b.Add(w, tt.xmin, tt.xmax)
		}
		b.AddRounding(tt.s)
		if b != tt.want || b.Bits() != tt.bits {
			t.Errorf("%s: %v, %d bits; want %v, %d", tt.name, b, b.Bits(), tt.want, tt.bits)
		}
	}
}

func TestAverage(t *testing.T) {
	for _, tt := range []struct{ n, k int }{{1, 18}, {2, 19}, {3, 20}, {4, 20}, {5, 21}, {49, 24}, {64, 24}, {65, 25}} {
		if got := AvgScale(tt.n); got != tt.k {
			t.Errorf("AvgScale(%d) = %d, want %d", tt.n, got, tt.k)
		}
	}
	for _, tt := range []struct {
		n, k int
		want int64
	}{{1, 18, 1 << 18}, {3, 20, 349525}, {49, 24, 342392}, {64, 24, 1 << 18}, {7, 21, 299593}} {
		if got := AvgMul(tt.n, tt.k); got != tt.want {
			t.Errorf("AvgMul(%d, %d) = %d, want %d", tt.n, tt.k, got, tt.want)
		}
	}
	// The stated bound: within 1/2 + 1/8 of the true average at 16 bits.
	r := rand.New(rand.NewPCG(3, 4))
	for range 5000 {
		n := 1 + r.IntN(300)
		k := AvgScale(n)
		sum := r.Int64N(int64(n)*65535 + 1)
		got := Requant(sum*AvgMul(n, k), k, HalfUp, 0, 65535)
		if d := math.Abs(float64(got) - float64(sum)/float64(n)); d > 0.625 {
			t.Fatalf("average of %d over %d: %d is off by %g", sum, n, got, d)
		}
	}
}

func TestFormat(t *testing.T) {
	for _, tt := range []struct {
		f        Format
		min, max int64
		s        string
	}{
		{Format{Bits: 2, Signed: true}, -2, 1, "s2.0"},
		{Format{Bits: 2, Frac: -1}, 0, 3, "u2.-1"},
		{Format{Bits: 16, Frac: 12, Signed: true}, -32768, 32767, "s16.12"},
		{Format{Bits: 16}, 0, 65535, "u16.0"},
	} {
		if tt.f.Min() != tt.min || tt.f.Max() != tt.max || tt.f.String() != tt.s {
			t.Errorf("%v: [%d, %d]", tt.f, tt.f.Min(), tt.f.Max())
		}
	}
}
