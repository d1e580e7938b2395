// Package rescale finds integer arithmetic that equals a quantiser of a model for every possible value.
// A model's scales are float32 numbers, which are treated as exact rationals. The quantiser's result is
// one rounding, half to even, of an exact quotient. The hardware has a multiplier and a shift, or a list of
// thresholds. Both are found here by comparing thresholds, never by sampling.
package rescale

import (
	"math"
	"math/big"
	"math/bits"

	"hass/internal/fixed"
)

// Line is the function of one channel that a requantisation must equal:
//
//	y = min(max(rne((v + Bias) * Ratio), Lo), Hi)    for the integers v from Least to Most
//
// rne rounds half to even. Ratio is above 0.
type Line struct {
	Ratio, Bias *big.Rat
	Lo, Hi      int64 // of y
	Least, Most int64 // of v
}

// Thresholds are Hi-Lo integers in ascending order: entry k is the least v in [Least, Most] whose y is above Lo+k, or
// Most+1 if there is none. A v below all thresholds has y = Lo.
func (l *Line) Thresholds() []int64 {
	if l.Hi <= l.Lo {
		return []int64{}
	}
	// y reaches n if (v + Bias) * Ratio > n - 1/2, and at equality if n is even. So the threshold is at v = ((2n-1) / Ratio) / 2 - Bias.
	// Over the common denominator den, it grows by `step` from n to n + 1.
	half := new(big.Rat).Inv(l.Ratio)
	half.Mul(half, big.NewRat(1, 2))
	den := new(big.Int).Mul(half.Denom(), l.Bias.Denom())
	step := new(big.Int).Mul(half.Num(), l.Bias.Denom())
	step.Lsh(step, 1)
	at := new(big.Int).Mul(big.NewInt(2*(l.Lo+1)-1), new(big.Int).Mul(half.Num(), l.Bias.Denom()))
	at.Sub(at, new(big.Int).Mul(l.Bias.Num(), half.Denom()))
	// q and r are quotient and remainder of at / den, updated from threshold to threshold.
	q, r := new(big.Int).DivMod(at, den, new(big.Int))
	dq, dr := new(big.Int).DivMod(step, den, new(big.Int))
	list := make([]int64, l.Hi-l.Lo)
	one := big.NewInt(1)
	for k := range list {
		v := l.Most + 1
		if q.IsInt64() && q.Int64() <= l.Most {
			v = q.Int64()
			if n := l.Lo + 1 + int64(k); r.Sign() != 0 || n&1 != 0 {
				v++ // the threshold is not an integer, or a tie that is rounded down to the even number
			}
		} else if q.Sign() < 0 {
			v = l.Least
		}
		list[k] = min(max(v, l.Least), l.Most+1)
		q.Add(q, dq)
		if r.Add(r, dr); r.Cmp(den) >= 0 {
			r.Sub(r, den)
			q.Add(q, one)
		}
	}
	return list
}

// Reach is the least v in [Least, Most] with (v + Bias) * Ratio >= y, or Most+1 if there is none.
func (l *Line) Reach(y *big.Rat) int64 {
	at := new(big.Rat).Quo(y, l.Ratio)
	at.Sub(at, l.Bias)
	q, r := new(big.Int).DivMod(at.Num(), at.Denom(), new(big.Int))
	if r.Sign() > 0 {
		q.Add(q, big.NewInt(1))
	}
	switch {
	case q.Cmp(big.NewInt(l.Most)) > 0:
		return l.Most + 1
	case q.Cmp(big.NewInt(l.Least)) < 0:
		return l.Least
	}
	return q.Int64()
}

// Calm gives another line with the same y for all values of l and a small bias, if y takes at most two neighbouring numbers. A scale of
// nearly 0 gives such lines, and their bias is a large number of steps. The ratio of the result is the largest, up to top, with which
// the whole range of values changes the unrounded y by half a step. ok is false if y takes more numbers.
func (l *Line) Calm(top *big.Rat) (calm Line, ok bool) {
	y, at := l.Lo, l.Most+1 // the least value of y+1
	for _, t := range l.Thresholds() {
		switch {
		case t <= l.Least:
			y++
		case t > l.Most:
		case at <= l.Most:
			return Line{}, false
		default:
			at = t
		}
	}
	calm = *l
	calm.Ratio = big.NewRat(1, 2*(l.Most-l.Least+1))
	if top != nil && calm.Ratio.Cmp(top) > 0 {
		calm.Ratio = top
	}
	// The tie is put half way between two values; without a tie, the number itself is put in the middle of the range.
	place, middle := big.NewRat(2*y+1, 2), big.NewRat(2*at-1, 2)
	if at > l.Most {
		place, middle = big.NewRat(y, 1), big.NewRat(l.Least+l.Most, 2)
	}
	calm.Bias = new(big.Rat).Sub(new(big.Rat).Quo(place, calm.Ratio), middle)
	return calm, true
}

// Multiplier is the requantisation of one or more channels by a product and a shift:
//
//	y = fixed.Requant((v << BiasFrac + Bias[c]) * Mul[c], Shift + BiasFrac, Rounding, Lo, Hi)
type Multiplier struct {
	Mul      []int64
	Bias     []int64 // in units of 2^-BiasFrac
	BiasFrac int
	Shift    int
	Rounding fixed.Rounding
}

// Limits bound a search for multipliers.
type Limits struct {
	MulBits  int // widest multiplier
	BiasFrac int // most fractional bits of a bias
	Both     int // most of both together; 0: only the separate limits apply
	// Unbiased demands that every bias is 0.
	Unbiased bool
}

// maxShift bounds shifts, including the fractional bits of a bias.
const maxShift = 61

// FindMultiplier finds the multiplier that equals all lines for all their values; nil if there is none. It prefers the fewest bits
// of multiplier and fraction of the bias together, then the fewest fractional bits. Rounding half up is tried before half to even,
// which does not work with fractional bits in the bias.
func FindMultiplier(lines []Line, lim Limits) *Multiplier {
	targets := make([]target, len(lines))
	top := 0.0
	for i := range lines {
		targets[i] = target{Line: &lines[i], thresholds: lines[i].Thresholds(), unbiased: lim.Unbiased}
		r, _ := lines[i].Ratio.Float64()
		top = max(top, r)
	}
	if !(top > 0) || math.IsInf(top, 0) {
		return nil
	}
	_, exp := math.Frexp(top)
	m := &Multiplier{Mul: make([]int64, len(lines)), Bias: make([]int64, len(lines))}
	both := lim.MulBits + lim.BiasFrac
	if lim.Both != 0 {
		both = min(both, lim.Both)
	}
	for _, rounding := range []fixed.Rounding{fixed.HalfUp, fixed.HalfEven} {
		hard := 0                                // the line that failed last is tried first
		for total := 1; total <= both; total++ { // bits of the multiplier plus fractional bits of the bias
			for frac := 0; frac <= min(lim.BiasFrac, total-1); frac++ {
				width := total - frac
				shift := width - exp
				if width > lim.MulBits || shift < 0 || shift+frac > maxShift || frac > 0 && rounding == fixed.HalfEven {
					continue
				}
				ok := true
				for i := range lines {
					c := (hard + i) % len(lines)
					if m.Mul[c], m.Bias[c], ok = targets[c].multiplier(shift, frac, rounding); !ok {
						hard = c
						break
					}
				}
				if ok && fits(m.Mul, lim.MulBits) {
					m.Shift, m.BiasFrac, m.Rounding = shift, frac, rounding
					return m
				}
			}
		}
	}
	return nil
}

func fits(mul []int64, width int) bool {
	for _, v := range mul {
		if bits.Len64(uint64(v)) > width {
			return false
		}
	}
	return true
}

// target is a line for which a multiplier is searched.
type target struct {
	*Line
	thresholds []int64
	region     *region // all functions that equal the line; nil until asked is set, or if it has no bounds
	asked      bool
	unbiased   bool
}

// multiplier finds a multiplier and a bias that equal the line, for a given shift and number of fractional bits of the bias. It first
// tries the nearest biases, then the nearest multiplier, then any biases that the region allows.
func (l *target) multiplier(shift, frac int, rounding fixed.Rounding) (mul, bias int64, ok bool) {
	if l.unbiased {
		mul, ok = l.with(0, l.thresholds, shift, frac, rounding)
		return mul, 0, ok
	}
	bias, exact := nearest(new(big.Rat).Mul(l.Bias, new(big.Rat).SetInt64(int64(1)<<frac)))
	if rounding == fixed.HalfEven {
		if !exact {
			return 0, 0, false // a rounded bias would move ties
		}
		mul, ok = l.with(bias, l.thresholds, shift, frac, rounding)
		return mul, bias, ok
	}
	for _, b := range []int64{bias, bias - 1, bias + 1} { // the nearest bias may lie on the wrong side of a threshold
		if mul, ok := l.with(b, l.thresholds, shift, frac, rounding); ok {
			return mul, b, true
		}
	}
	if mul, bias, ok := l.nearestMul(bias, shift, frac); ok {
		return mul, bias, true
	}
	if !l.asked {
		l.asked, l.region = true, newRegion(l.Line, l.thresholds)
	}
	if l.region == nil {
		return 0, 0, false
	}
	for _, b := range l.region.biases(shift, frac) {
		if mul, ok := l.with(b, l.thresholds, shift, frac, rounding); ok {
			return mul, b, true
		}
	}
	return 0, 0, false
}

// nearestMul gives the multiplier nearest to the line's ratio, and the bias nearest to `bias` with which it equals the line half up.
func (l *target) nearestMul(bias int64, shift, frac int) (mul, b int64, ok bool) {
	if mul, _ = nearest(new(big.Rat).Mul(l.Ratio, new(big.Rat).SetInt(new(big.Int).Lsh(big.NewInt(1), uint(shift))))); mul < 1 || mul > largest {
		return 0, 0, false
	}
	least, most := int64(-largestBias), int64(largestBias)
	for k, t := range l.thresholds {
		// (v<<frac + bias) * mul reaches the tie below n if the bias has at least this value.
		reach := ceilDiv(2*(l.Lo+1+int64(k))-1, shift+frac-1, mul)
		if t <= l.Most {
			least = max(least, reach-t<<frac)
		}
		if t > l.Least {
			most = min(most, reach-1-(t-1)<<frac)
		}
		if least > most {
			return 0, 0, false
		}
	}
	return mul, min(max(bias, least), most), true
}

// largestBias bounds biases during the search.
const largestBias = 1 << 60

// ceilDiv is n * 2^s / x, rounded up, for x > 0, limited to +-2 * largestBias.
func ceilDiv(n int64, s int, x int64) int64 {
	a, b := big.NewInt(n), big.NewInt(x)
	if s < 0 {
		b.Lsh(b, uint(-s))
	} else {
		a.Lsh(a, uint(s))
	}
	q, r := a.DivMod(a, b, new(big.Int))
	if r.Sign() > 0 {
		q.Add(q, big.NewInt(1))
	}
	if !q.IsInt64() || q.BitLen() > 60 {
		return 2 * largestBias * int64(q.Sign())
	}
	return q.Int64()
}

// with gives, among all multipliers that equal the line with the given bias, the one nearest to the line's ratio.
func (l *Line) with(bias int64, thresholds []int64, shift, frac int, rounding fixed.Rounding) (mul int64, ok bool) {
	// v reaches n if (v<<frac + bias) * mul >= (2n-1) << (shift+frac-1). This bounds mul from below if v<<frac + bias is positive, else from above.
	least, most := int64(1), largest
	for k, t := range thresholds {
		n := l.Lo + 1 + int64(k)
		inclusive := rounding == fixed.HalfUp || n&1 == 0
		for _, side := range []struct {
			v       int64
			reaches bool
		}{{t, true}, {t - 1, false}} {
			if side.v < l.Least || side.v > l.Most {
				continue
			}
			lo, hi, possible := bound(side.v<<frac+bias, 2*n-1, shift+frac-1, side.reaches, inclusive)
			if !possible {
				return 0, false
			}
			least, most = max(least, lo), min(most, hi)
		}
		if least > most {
			return 0, false
		}
	}
	want, _ := new(big.Rat).Mul(l.Ratio, new(big.Rat).SetInt(new(big.Int).Lsh(big.NewInt(1), uint(shift)))).Float64()
	return min(max(int64(math.RoundToEven(min(want, float64(largest)))), least), most), true
}

// largest bounds multipliers during the search.
const largest = int64(1) << 40

// bound is the interval of multipliers m >= 1 for which x*m reaches n * 2^s or, if reaches is false, does not reach it. An equal product
// reaches it only if inclusive. s is at least -1, n is odd.
func bound(x, n int64, s int, reaches, inclusive bool) (lo, hi int64, possible bool) {
	if s < 0 { // double both sides of x*m >= n/2
		x, s = 2*x, 0
	}
	if x == 0 {
		return 1, largest, (n < 0) == reaches
	}
	f, tie := floorDiv(n, s, x)
	if x > 0 {
		from := f + 1 // the least multiplier that reaches it
		if tie && inclusive {
			from = f
		}
		if reaches {
			return max(from, 1), largest, from <= largest
		}
		return 1, min(from-1, largest), from > 1
	}
	to := f // the largest multiplier that reaches it
	if tie && !inclusive {
		to = f - 1
	}
	if reaches {
		return 1, min(to, largest), to >= 1
	}
	return max(to+1, 1), largest, to < largest
}

// floorDiv is n * 2^s / x, rounded down and limited to +-2 * largest; exact tells whether nothing was rounded.
func floorDiv(n int64, s int, x int64) (f int64, exact bool) {
	if bits.Len64(uint64(max(n, -n)))+s <= 62 {
		a := n << s
		f = a / x
		exact = f*x == a
		if !exact && (a < 0) != (x < 0) {
			f--
		}
	} else {
		a, b := new(big.Int).Lsh(big.NewInt(n), uint(s)), big.NewInt(x)
		if x < 0 { // Div rounds down for a positive divisor
			a.Neg(a)
			b.Neg(b)
		}
		q, r := a.DivMod(a, b, new(big.Int))
		if exact = r.Sign() == 0; !q.IsInt64() {
			return 2 * largest * int64(q.Sign()), exact
		}
		f = q.Int64()
	}
	return min(max(f, -2*largest), 2*largest), exact
}

// nearest is the integer nearest to v, with ties rounded up, and whether it equals v.
func nearest(v *big.Rat) (int64, bool) {
	two := new(big.Int).Lsh(v.Num(), 1)
	two.Add(two, v.Denom())
	q := two.Div(two, new(big.Int).Lsh(v.Denom(), 1)) // Euclidean: floor for a positive divisor
	if !q.IsInt64() {
		return 0, false
	}
	return q.Int64(), v.IsInt()
}

// Rat is a finite float64 as an exact rational.
func Rat(v float64) *big.Rat { return new(big.Rat).SetFloat64(v) }

// Equals tells whether fixed.Requant(v*mul, shift, rounding, Lo, Hi) equals the line for all its values. The line's Bias must be 0 and
// mul at least 1. Then both functions never fall, so it is enough to compare them on both sides of each threshold.
func (l *Line) Equals(mul int64, shift int, rounding fixed.Rounding) bool {
	for k, t := range l.Thresholds() {
		n := l.Lo + 1 + int64(k)
		if t <= l.Most && fixed.Requant(t*mul, shift, rounding, l.Lo, l.Hi) < n ||
			t > l.Least && fixed.Requant((t-1)*mul, shift, rounding, l.Lo, l.Hi) >= n {
			return false
		}
	}
	return true
}
