package kernel

import "math"

// FMA is a*b + c rounded once to float32, like the processors' fused multiply-add,
// for any inputs.
//
// The product is exact in float64. The sum, rounded to float64, rounds to the right
// float32 unless it lies on the midpoint of two float32 numbers or among their
// subnormals. In these cases it is first rounded to odd (Boldo and Melquiond,
// "Emulation of FMA and correctly rounded sums: proved algorithms using rounding to
// odd", IEEE Transactions on Computers 57, 2008). Since float64 has 29 more bits, the
// second rounding is then correct.
func FMA(a, b, c float32) float32 {
	p := float64(a) * float64(b)
	s := p + float64(c)
	bits := math.Float64bits(s)
	const half = 1 << 28 // of a unit in float32's last place, in float64's
	if bits&(2*half-1) != half && math.Abs(s) >= 0x1p-126 {
		return float32(s)
	}
	// The error of the sum (Knuth) is exact, because neither operand can overflow.
	c2 := s - p
	e := (p - (s - c2)) + (float64(c) - c2)
	if e != 0 && e == e && bits&1 == 0 {
		if (e > 0) == (s > 0) {
			bits++
		} else {
			bits--
		}
		s = math.Float64frombits(bits)
	}
	return float32(s)
}
