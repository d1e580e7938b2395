package fixed

import "math"

// Quantize is the integer of format f nearest to v, saturated to
// [f.Min(), f.Max()]. Infinities saturate. NaN has no nearest integer and gives
// 0: callers refuse NaN where data enters (models, images).
func Quantize(v float64, f Format, r Rounding) int64 {
	return QuantizeRange(v, f.Frac, r, f.Min(), f.Max())
}

// QuantizeRange is the integer nearest to v * 2^frac, saturated to [lo, hi]. NaN
// gives 0 clamped to the range.
func QuantizeRange(v float64, frac int, r Rounding, lo, hi int64) int64 {
	q := r.Float(math.Ldexp(v, frac))
	switch {
	case math.IsNaN(q):
		return min(max(0, lo), hi)
	case q <= float64(lo):
		return lo
	case q >= float64(hi):
		return hi
	}
	return int64(q)
}

// Dequantize is the value q * 2^-f.Frac. It is exact for every q of a format
// whose Frac keeps the result inside float64's normal range.
func Dequantize(q int64, f Format) float64 {
	return math.Ldexp(float64(q), -f.Frac)
}
