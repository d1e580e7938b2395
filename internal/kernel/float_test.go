package kernel

import (
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
)

// exactFMA is a*b + c in exact arithmetic, rounded once.
func exactFMA(a, b, c float32) float32 {
	f := func(v float32) *big.Float { return new(big.Float).SetPrec(1200).SetFloat64(float64(v)) }
	s := f(a)
	s.Mul(s, f(b)).Add(s, f(c))
	r, _ := s.Float32()
	return r
}

// hard is a float32 from where rounding goes wrong: random bits, few significant
// bits, subnormals, neighbours of powers of two.
func hard(r *rand.Rand) float32 {
	var v float32
	switch r.IntN(5) {
	case 0:
		v = math.Float32frombits(r.Uint32())
	case 1:
		v = float32(math.Ldexp(float64(r.IntN(16)), r.IntN(60)-30))
	case 2:
		v = math.Float32frombits(r.Uint32() & 0x807fffff)
	case 3:
		v = math.Float32frombits(math.Float32bits(float32(math.Ldexp(1, r.IntN(80)-40))) + uint32(r.IntN(5)) - 2)
	default:
		v = float32(r.NormFloat64())
	}
	if v != v || math.IsInf(float64(v), 0) {
		return 1
	}
	return v
}

func same(a, b float32) bool {
	return math.Float32bits(a) == math.Float32bits(b) || (a != a && b != b)
}

func TestFMA(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	slow := 0
	for range 300_000 {
		a, b, c := hard(r), hard(r), hard(r)
		switch r.IntN(3) {
		case 0: // near cancellation
			c = -float32(a*b) * (1 + float32(r.IntN(5)-2)*0x1p-24)
		case 1: // a product near half a unit of c's last place: the double rounding
			a, b = float32(math.Ldexp(1+math.Ldexp(float64(r.IntN(7)-3), -23), r.IntN(4)-26)), 1+float32(r.IntN(7)-3)*0x1p-23
			c = 1 + float32(r.IntN(9)-4)*0x1p-22
		}
		if c != c || math.IsInf(float64(c), 0) {
			continue
		}
		want := exactFMA(a, b, c)
		got := FMA(a, b, c)
		if got != want || (want != 0 && !same(got, want)) {
			t.Fatalf("FMA(%x, %x, %x) = %x, want %x", a, b, c, got, want)
		}
		if float32(float64(a)*float64(b)+float64(c)) != want {
			slow++
		}
	}
	if slow == 0 {
		t.Error("no case met a double rounding")
	}
	inf, nan := float32(math.Inf(1)), float32(math.NaN())
	for _, c := range [][4]float32{{inf, 1, 1, inf}, {inf, 0, 1, nan}, {inf, 1, -inf, nan}, {1, 1, nan, nan}, {math.MaxFloat32, 2, 0, inf}, {math.MaxFloat32, 2, -math.MaxFloat32, math.MaxFloat32}} {
		if got := FMA(c[0], c[1], c[2]); !same(got, c[3]) {
			t.Errorf("FMA(%g, %g, %g) = %g, want %g", c[0], c[1], c[2], got, c[3])
		}
	}
}

// both runs f with and without assembly and compares the bits of y.
func both(t *testing.T, what string, y []float32, f func(y []float32)) {
	t.Helper()
	var got [2][]float32
	for i, on := range []bool{true, false} {
		before := Enable(on)
		got[i] = append([]float32(nil), y...)
		f(got[i])
		Enable(before)
	}
	for i := range y {
		if !same(got[0][i], got[1][i]) {
			t.Fatalf("%s: element %d is %x in assembly, %x in Go", what, i, got[0][i], got[1][i])
		}
	}
}

func hards(r *rand.Rand, n int) []float32 {
	v := make([]float32, n)
	for i := range v {
		v[i] = hard(r)
	}
	return v
}

func TestTile(t *testing.T) {
	needSimd(t)
	r := rand.New(rand.NewPCG(2, 1))
	for _, nr := range []int{Cols, Cols / 2} {
		for _, k := range []int{0, 1, 2, 3, 4, 5, 7, 8, 31, 64, 321} {
			for _, first := range []bool{true, false} {
				ldc := nr + r.IntN(9)
				a, b, c := hards(r, k*Rows), hards(r, k*nr), hards(r, (Rows-1)*ldc+nr)
				both(t, fmt.Sprintf("%d columns, %d terms", nr, k), c, func(c []float32) { Tile(k, nr, a, b, c, ldc, first) })
			}
		}
	}
	// In pieces as in one.
	a, b := hards(r, 40*Rows), hards(r, 40*Cols)
	one, cut := make([]float32, Rows*Cols), make([]float32, Rows*Cols)
	Tile(40, Cols, a, b, one, Cols, true)
	Tile(17, Cols, a, b, cut, Cols, true)
	Tile(23, Cols, a[17*Rows:], b[17*Cols:], cut, Cols, false)
	for i := range one {
		if !same(one[i], cut[i]) {
			t.Fatalf("element %d depends on how the terms are cut", i)
		}
	}
}

func TestPlane(t *testing.T) {
	needSimd(t)
	r := rand.New(rand.NewPCG(3, 1))
	for _, ow := range []int{1, 7, 8, 9, 14, 16, 28, 31, 32, 33, 56, 112} {
		for _, k := range []int{1, 3, 5} {
			oh, xstride := 1+r.IntN(5), ow+k-1
			var off []int
			for i := range k * k {
				off = append(off, 4*(i/k*xstride+i%k))
			}
			x := hards(r, (oh+k)*xstride+Slack)
			w := hards(r, k*k)
			var got [2][]float32
			for i, on := range []bool{true, false} {
				before := Enable(on)
				y := make([]float32, oh*ow+Slack)
				Plane(y, oh, ow, ow, x, xstride, w, off)
				got[i] = y[:oh*ow]
				Enable(before)
			}
			for i := range got[0] {
				if !same(got[0][i], got[1][i]) {
					t.Fatalf("ow %d, kernel %d: element %d is %x in assembly, %x in Go", ow, k, i, got[0][i], got[1][i])
				}
			}
		}
	}
}

func TestElementwise(t *testing.T) {
	needSimd(t)
	r := rand.New(rand.NewPCG(4, 1))
	inf, nan := float32(math.Inf(1)), float32(math.NaN())
	negZero := float32(math.Copysign(0, -1))
	special := []float32{0, negZero, inf, -inf, nan, 6, -3, 3, 1e-45}
	for n := range 70 {
		a, b := hards(r, n), hards(r, n)
		for i := range n / 3 {
			a[i*3], b[i*3] = special[r.IntN(len(special))], special[r.IntN(len(special))]
		}
		for _, bias := range []float32{negZero, 0, 1.25} {
			both(t, "HardSwish", a, func(y []float32) { HardSwish(y, a, bias) })
			both(t, "Threshold", a, func(y []float32) { Threshold(y, a, bias, 0.75) })
			both(t, "Threshold 0", a, func(y []float32) { Threshold(y, a, bias, 0) })
			both(t, "Scale", a, func(y []float32) { Scale(y, y, bias) })
			for _, lim := range [][3]float32{{0, inf, 0}, {-inf, inf, negZero}, {0, 6, 0}, {-1, 2, negZero}} {
				both(t, "Clamp", a, func(y []float32) { Clamp(y, a, bias, lim[0], lim[1], lim[2]) })
				both(t, "AddClamp", a, func(y []float32) { AddClamp(y, y, b, lim[0], lim[1], lim[2]) })
			}
		}
		both(t, "Evens", a, func(y []float32) { Evens(y[:(n+1)/2], b) })
		both(t, "Mul", a, func(y []float32) { Mul(y, a, b) })
	}
}

func needSimd(t *testing.T) {
	t.Helper()
	if !Simd() {
		t.Skip("skipped: this processor or build has no AVX2 and FMA to compare with")
	}
}

func BenchmarkTile(b *testing.B) {
	const k = 320
	x, y, c := make([]float32, k*Rows), make([]float32, k*Cols), make([]float32, Rows*Cols)
	for b.Loop() {
		Tile(k, Cols, x, y, c, Cols, true)
	}
	b.ReportMetric(2*k*Rows*Cols*float64(b.N)/b.Elapsed().Seconds()/1e9, "GFLOP/s")
}
