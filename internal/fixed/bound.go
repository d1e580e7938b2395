package fixed

import "math/bits"

// MaxAccBits is the widest signed accumulator, including the rounding half,
// that Requant accepts and that every back end must support.
const MaxAccBits = 62

// Bound is an interval that contains an accumulator and all its partial sums,
// in any order of summation, for every possible input. The zero Bound is that
// of an accumulator that stays at 0.
type Bound struct {
	Lo, Hi int64 // Lo <= 0 <= Hi
}

// BoundOf is the bound of an accumulator that starts at bias, or to which
// bias is added at any time.
func BoundOf(bias int64) Bound {
	return Bound{Lo: min(0, bias), Hi: max(0, bias)}
}

// Add widens b by the product of weight w and an input in [xmin, xmax], a range
// that must contain 0 (a product may also be skipped, or its input be padding).
func (b *Bound) Add(w, xmin, xmax int64) {
	p, q := w*xmin, w*xmax
	b.Lo += min(p, q)
	b.Hi += max(p, q)
}

// AddRounding widens b by the half that Requant adds before shifting right by s.
func (b *Bound) AddRounding(s int) {
	if s > 0 {
		b.Hi += int64(1) << min(s-1, 61)
	}
}

// Bits is the smallest signed width, at least 1, that holds the interval.
func (b Bound) Bits() int {
	return 1 + max(bits.Len64(uint64(b.Hi)), bits.Len64(uint64(^min(b.Lo, -1))))
}
