package fixed

import (
	"math/big"
	"math/rand/v2"
	"testing"

	"hass/internal/test/testenv"
)

// TestAvgExact: averages half to even are the exact quotients rounded once, for every reachable sum of
// narrow inputs, and for sums of wide ones at ties, next to ties and between them.
func TestAvgExact(t *testing.T) {
	testenv.Long(t)
	ties := 0
	average := func(sum int64, n, shift, k, drop int) {
		t.Helper()
		got := Requant(RoundOff(sum*AvgMul(n, k), drop), k-drop+shift, HalfEven, -1<<40, 1<<40)
		want, tie := quotient(sum, n, shift)
		if got != want {
			t.Fatalf("%d / (%d * 2^%d) with k = %d and %d places dropped is %d, exactly %d", sum, n, shift, k, drop, got, want)
		}
		if tie {
			ties++
		}
	}
	counts := []int{2, 3, 5, 6, 7, 9, 10, 12, 15, 24, 25, 36, 48, 49, 50, 63, 65, 100, 196}
	for _, most := range counts {
		for _, in := range []Format{{Bits: 2, Signed: true}, {Bits: 3}, {Bits: 4, Signed: true}, {Bits: 8}, {Bits: 8, Signed: true}} {
			for shift := -3; shift <= 4; shift++ {
				k, drop := AvgExact(most, in, shift)
				for _, n := range counts { // of windows at borders
					if n > most || most*in.Bits > 150 && n != most {
						continue
					}
					for sum := int64(n) * in.Min(); sum <= int64(n)*in.Max(); sum++ {
						average(sum, n, shift, k, drop)
					}
				}
			}
		}
	}
	if ties < 10000 {
		t.Errorf("only %d ties", ties)
	}
	r := rand.New(rand.NewPCG(5, 6))
	for range 20000 {
		in := Format{Bits: 9 + r.IntN(8), Signed: r.IntN(2) == 0}
		n, shift := 1+r.IntN(1<<r.IntN(12)), r.IntN(9)-4
		k, drop := AvgExact(n, in, shift)
		if in.Bits+k+2 > MaxAccBits {
			continue
		}
		lo, hi := int64(n)*in.Min(), int64(n)*in.Max()
		sum := lo + r.Int64N(hi-lo+1)
		if half := int64(n) << max(0, shift); half%2 == 0 { // near an odd multiple of half a divisor
			sum = (sum/half*half + half/2) >> max(0, -shift)
			sum = min(max(sum+int64(r.IntN(3)-1), lo), hi)
		}
		average(sum, n, shift, k, drop)
	}
}

// quotient is sum / (n * 2^shift), rounded half to even, and whether it was a tie.
func quotient(sum int64, n, shift int) (int64, bool) {
	num, den := big.NewInt(2*sum), big.NewInt(int64(2*n))
	num.Lsh(num, uint(max(0, -shift)))
	den.Lsh(den, uint(max(0, shift)))
	num.Add(num, new(big.Int).Rsh(den, 1))
	q, rest := new(big.Int).DivMod(num, den, new(big.Int))
	tie := rest.Sign() == 0
	if tie && q.Bit(0) == 1 {
		q.Sub(q, big.NewInt(1))
	}
	return q.Int64(), tie
}
