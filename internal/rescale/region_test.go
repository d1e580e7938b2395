package rescale

import (
	"math/big"
	"math/rand"
	"testing"

	"hass/internal/fixed"
)

// TestEveryMultiplier compares FindMultiplier with a trial of all multipliers and biases: it finds one wherever there is one, and none of
// fewer bits exists.
func TestEveryMultiplier(t *testing.T) {
	r := rand.New(rand.NewSource(4))
	const most = 9 // bits and places together
	found, beside := 0, 0
	for range 60 {
		span := int64(6 + r.Intn(60))
		l := Line{big.NewRat(int64(150+r.Intn(400)), span*97), big.NewRat(int64(r.Intn(30000)-15000), 1009), -8, 7, -span, span}
		lines := []Line{l}
		m := FindMultiplier(lines, Limits{MulBits: most, BiasFrac: 5, Both: most})
		check(t, lines, m)
		total, near := leastMultiplier(&l, most, 5)
		if got := totalOf(m); got != total {
			t.Errorf("%v: %d bits and places; a trial of all finds %d", l, got, total)
		}
		if m != nil {
			found++
			if !near {
				beside++
			}
		}
	}
	t.Logf("%d multipliers of 60, %d with a bias beside the nearest", found, beside)
	if found < 30 || found == 60 || beside == 0 {
		t.Error("these lines decide nothing")
	}
}

// TestUnbiased: where hardware has no bias, none is found, though many lines have a shorter multiplier with one.
func TestUnbiased(t *testing.T) {
	r := rand.New(rand.NewSource(5))
	shorter := 0
	for range 60 {
		span := int64(40 + r.Intn(400))
		lines := []Line{{big.NewRat(int64(600+r.Intn(1400)), span*997), new(big.Rat), 0, 15, -span, span}}
		m, free := FindMultiplier(lines, Limits{MulBits: 30, Unbiased: true}), FindMultiplier(lines, Limits{MulBits: 30})
		if m == nil || m.Bias[0] != 0 || m.BiasFrac != 0 {
			t.Fatalf("%v: %+v", lines[0], m)
		}
		check(t, lines, m)
		if free.Shift < m.Shift {
			shorter++
		}
	}
	if shorter == 0 {
		t.Error("these lines need no bias")
	}
}

// totalOf counts the bits of a multiplier before its shift and the places of its bias; 0 of none.
func totalOf(m *Multiplier) int {
	if m == nil || m.Rounding != fixed.HalfUp {
		return 0
	}
	return m.Shift + m.BiasFrac
}

// leastMultiplier tries all multipliers and biases half up. total is the sum of shift and places of the first one that works, 0 if there is
// none; near tells that a bias next to the line's works.
func leastMultiplier(l *Line, most, places int) (total int, near bool) {
	want := make([]int64, 0, l.Most-l.Least+1)
	for v := l.Least; v <= l.Most; v++ {
		want = append(want, l.exactly(v))
	}
	ratio, _ := l.Ratio.Float64()
	exp := 0
	for f := ratio; f < 0.5; f *= 2 {
		exp--
	}
	for f := ratio; f >= 1; f /= 2 {
		exp++
	}
	exact, _ := l.Bias.Float64()
	for all := 1; all <= most; all++ {
		for frac := 0; frac <= min(places, all-1); frac++ {
			shift := all - frac - exp
			for mul := int64(1); shift >= 0 && mul < 1<<most; mul++ {
				centre := int64(exact * float64(int64(1)<<frac))
				for d := int64(0); d <= 8<<frac; d++ {
					for _, bias := range []int64{centre - d, centre + d} {
						if m := (Multiplier{[]int64{mul}, []int64{bias}, frac, shift, fixed.HalfUp}); same(&m, l, want) {
							total, near = shift+frac, near || d <= 1
						}
					}
				}
			}
			if total > 0 {
				return total, near
			}
		}
	}
	return 0, false
}

func same(m *Multiplier, l *Line, want []int64) bool {
	for k, y := range want {
		if m.at(0, l.Least+int64(k), l) != y {
			return false
		}
	}
	return true
}
