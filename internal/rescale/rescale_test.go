package rescale

import (
	"fmt"
	"math/big"
	"math/rand"
	"testing"

	"hass/internal/fixed"
)

// exactly is the line's function by its definition, in rationals.
func (l *Line) exactly(v int64) int64 {
	y := new(big.Rat).Add(big.NewRat(v, 1), l.Bias)
	y.Mul(y, l.Ratio)
	two := new(big.Rat).Mul(y, big.NewRat(2, 1))
	n, _ := nearest(y) // ties up
	if two.IsInt() && two.Num().Bit(0) == 1 && n&1 == 1 {
		n-- // a tie at an odd number: the even one is below
	}
	return min(max(n, l.Lo), l.Hi)
}

func (m *Multiplier) at(c int, v int64, l *Line) int64 {
	return fixed.Requant((v<<m.BiasFrac+m.Bias[c])*m.Mul[c], m.Shift+m.BiasFrac, m.Rounding, l.Lo, l.Hi)
}

// check compares thresholds and, if there is one, the multiplier with the definition for every value.
func check(t *testing.T, lines []Line, m *Multiplier) {
	t.Helper()
	for c := range lines {
		l := &lines[c]
		list := l.Thresholds()
		for v := l.Least; v <= l.Most; v++ {
			want := l.exactly(v)
			got := l.Lo
			for _, at := range list {
				if v >= at {
					got++
				}
			}
			if got != want {
				t.Fatalf("line %d (ratio %v, bias %v): thresholds give %d at %d; want %d", c, l.Ratio, l.Bias, got, v, want)
			}
			if m != nil {
				if got := m.at(c, v, l); got != want {
					t.Fatalf("line %d (ratio %v, bias %v): multiplier %d, shift %d, bias %d/2^%d, %v give %d at %d; want %d",
						c, l.Ratio, l.Bias, m.Mul[c], m.Shift, m.Bias[c], m.BiasFrac, m.Rounding, got, v, want)
				}
			}
		}
	}
}

func TestRandomLines(t *testing.T) {
	r := rand.New(rand.NewSource(1))
	found, widest := 0, 0
	for range 100 {
		bitsOut := 2 + r.Intn(7)
		f := fixed.Format{Bits: bitsOut, Signed: r.Intn(2) == 0}
		lines := make([]Line, 1+r.Intn(3))
		for i := range lines {
			span := int64(10 + r.Intn(3000))
			ratio := Rat(float64(float32(float64(int(2)<<bitsOut) / float64(span) * (0.3 + r.Float64()))))
			bias := new(big.Rat)
			switch r.Intn(3) {
			case 0:
				bias.SetInt64(int64(r.Intn(200) - 100))
			case 1:
				bias.SetFrac64(int64(r.Intn(20000)-10000), 77)
			}
			lines[i] = Line{ratio, bias, f.Min(), f.Max(), -span, span}
		}
		m := FindMultiplier(lines, Limits{MulBits: 30, BiasFrac: 10})
		if m != nil {
			found++
			widest = max(widest, maxLen(m.Mul))
		}
		check(t, lines, m)
	}
	if found < 90 || widest < 10 {
		t.Errorf("%d of 100 have a multiplier, the widest of %d bits", found, widest)
	}
}

// TestCalm: lines of hardly any slope have another of the same values whose bias is small.
func TestCalm(t *testing.T) {
	for _, tt := range []struct {
		ratio, bias *big.Rat
		want        bool
	}{
		{big.NewRat(1, 1<<40), big.NewRat(5<<40, 1), true},               // 5
		{big.NewRat(1, 1<<40), big.NewRat(11<<39+77, 1), true},           // 5 below -77, then 6
		{big.NewRat(1, 1<<40), big.NewRat(-3<<40, 1), true},              // clamped
		{big.NewRat(1, 1<<40), big.NewRat(300<<40, 1), true},             // clamped
		{big.NewRat(1, 150), new(big.Rat), false},                        // -1, 0 and 1
		{big.NewRat(1, 1<<40), big.NewRat(1<<39, 1), true},               // 0, a tie, then 1
		{big.NewRat(1, 1<<40), new(big.Rat).SetFrac64(1<<40-1, 2), true}, // just below it
	} {
		l := Line{tt.ratio, tt.bias, -3, 100, -100, 120}
		calm, ok := l.Calm(nil)
		if ok != tt.want {
			t.Errorf("%v, %v: %v", tt.ratio, tt.bias, ok)
			continue
		}
		for v := l.Least; ok && v <= l.Most; v++ {
			if calm.exactly(v) != l.exactly(v) {
				t.Fatalf("%v, %v: %d at %d; want %d", tt.ratio, tt.bias, calm.exactly(v), v, l.exactly(v))
			}
		}
		if !ok {
			continue
		}
		if f, _ := calm.Bias.Float64(); f > 1e5 || f < -1e5 {
			t.Errorf("bias %v", calm.Bias)
		}
	}
}

func maxLen(list []int64) (n int) {
	for _, v := range list {
		n = max(n, big.NewInt(v).BitLen())
	}
	return n
}

func TestTies(t *testing.T) {
	for _, tt := range []struct {
		ratio string
		form  string
	}{
		{"1/4", "1 >> 2 half_even"}, {"3/8", "3 >> 3 half_even"}, {"1", "1 >> 0 half_up"}, {"3", "3 >> 0 half_up"},
		// With a scale over an odd number, ties alternate between both sides, so no multiplier is correct.
		{"1/6", ""}, {"1/36", ""}, {"3/10", ""},
		// As float32 these scales are slightly more or less, so no value is a tie.
		{"11184811/67108864", "43 >> 8 half_up"},
	} {
		ratio, _ := new(big.Rat).SetString(tt.ratio)
		lines := []Line{{ratio, new(big.Rat), -8, 7, -300, 300}}
		m := FindMultiplier(lines, Limits{MulBits: 24, BiasFrac: 8})
		form := ""
		if m != nil {
			form = fmt.Sprintf("%d >> %d %v", m.Mul[0], m.Shift, m.Rounding)
		}
		if form != tt.form {
			t.Errorf("%s: %q; want %q", tt.ratio, form, tt.form)
		}
		check(t, lines, m)
	}
}

// TestWide has accumulators that nobody can try one by one: thresholds and multiplier are compared on both sides of every threshold.
func TestWide(t *testing.T) {
	lines := []Line{{Rat(float64(float32(0.00037))), big.NewRat(123457, 10), -128, 127, -(1 << 22), 1 << 22}, {Rat(float64(float32(0.00041))), new(big.Rat), -128, 127, -(1 << 22), 1 << 22}}
	m := FindMultiplier(lines, Limits{MulBits: 30, BiasFrac: 8})
	if m == nil {
		t.Fatal("no multiplier")
	}
	for c := range lines {
		for _, at := range lines[c].Thresholds() {
			for _, v := range []int64{at - 1, at} {
				if got, want := m.at(c, v, &lines[c]), lines[c].exactly(v); got != want && v <= lines[c].Most {
					t.Errorf("line %d: %d at %d; want %d", c, got, v, want)
				}
			}
		}
	}
	t.Logf("multipliers %v, shift %d, biases %v / 2^%d", m.Mul, m.Shift, m.Bias, m.BiasFrac)
}

func BenchmarkFindMultiplier(b *testing.B) {
	r := rand.New(rand.NewSource(2))
	lines := make([]Line, 256)
	for i := range lines {
		lines[i] = Line{Rat(float64(float32(0.002 * (0.1 + r.Float64())))), big.NewRat(int64(r.Intn(10000)), 1), -128, 127, -1 << 20, 1 << 20}
	}
	for b.Loop() {
		if FindMultiplier(lines, Limits{MulBits: 30, BiasFrac: 8}) == nil {
			b.Fatal("none")
		}
	}
}

func TestSums(t *testing.T) {
	r := rand.New(rand.NewSource(3))
	step := func() *big.Rat { return Rat(float64(float32(0.01 + 0.1*r.Float64()))) }
	for range 5 {
		out := step()
		s := Sum{Range: [2][2]int64{{-100, 155}, {-128, 127}}, Lo: -128, Hi: 127}
		for i := range s.Ratio {
			s.Ratio[i] = new(big.Rat).Quo(step(), out)
		}
		f, tried := s.FindFactors(30)
		if f == nil || !tried {
			t.Fatalf("no factors for the ratios %v", s.Ratio)
		}
		for range 3000 {
			a, b := s.Range[0][0]+r.Int63n(256), s.Range[1][0]+r.Int63n(256)
			l := Line{s.Ratio[0], new(big.Rat).Quo(new(big.Rat).Mul(s.Ratio[1], big.NewRat(b, 1)), s.Ratio[0]), s.Lo, s.Hi, a, a}
			if got, want := fixed.Requant(a*f.Mul[0]+b*f.Mul[1], f.Shift, f.Rounding, s.Lo, s.Hi), l.exactly(a); got != want {
				t.Fatalf("%d and %d give %d; want %d", a, b, got, want)
			}
		}
	}
	// Equal scales in, half of them out: exact ties, to even.
	s := Sum{Ratio: [2]*big.Rat{big.NewRat(1, 2), big.NewRat(1, 2)}, Range: [2][2]int64{{-8, 7}, {-8, 7}}, Lo: -8, Hi: 7}
	if f, _ := s.FindFactors(8); f == nil || *f != (Factors{[2]int64{1, 1}, 1, fixed.HalfEven}) {
		t.Errorf("halves: %+v", f)
	}
	s.Ratio = [2]*big.Rat{big.NewRat(1, 6), big.NewRat(1, 6)}
	if f, tried := s.FindFactors(30); f != nil || !tried {
		t.Errorf("sixths have ties that no factors get right, and got %+v", f)
	}
	s.Range[0][1] = 1 << 20
	if _, tried := s.FindFactors(30); tried {
		t.Error("too many pairs were tried")
	}
}
