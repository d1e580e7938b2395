package fixed

import "math"

// Quantize is the integer of format f nearest to v, saturated to
// [f.Min(), f.Max()]. Infinities saturate. NaN has no nearest integer and gives
// 0: callers refuse NaN where data enters (models, images).
func Quantize(v float64, f Format, r Rounding) int64 {
	return QuantizeTo(v, f, r, f.Min(), f.Max())
}

// QuantizeTo is Quantize saturated to [lo, hi].
func QuantizeTo(v float64, f Format, r Rounding, lo, hi int64) int64 {
	return QuantizeRange(v/f.Factor(), f.Frac, r, lo, hi)
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

// Dequantize is the value q * 2^-f.Frac * f.Scale. It is exact for every q of a format
// whose Frac keeps the result inside float64's normal range and whose Scale is a float32.
func Dequantize(q int64, f Format) float64 {
	return math.Ldexp(float64(q)*f.Factor(), -f.Frac)
}
