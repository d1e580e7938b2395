package metrics

import "math"

// Interval is a mean and the half width of its 95 % confidence interval.
type Interval struct {
	Mean float64 `json:"mean"`
	Half float64 `json:"half"`
}

// Drop is the share of right answers that a network loses against another, over the images that both have evaluated. The
// differences are paired: the same images in the same order, so that the difficulty of an image cancels.
func Drop(right, base []bool) Interval {
	d := make([]float64, min(len(right), len(base)))
	for i := range d {
		if base[i] {
			d[i]++
		}
		if right[i] {
			d[i]--
		}
	}
	return MeanOf(d)
}

// MeanOf is the mean of independent values and its interval, by the normal approximation; the zero value of none.
func MeanOf(v []float64) Interval {
	n := float64(len(v))
	if n == 0 {
		return Interval{}
	}
	mean, sq := 0.0, 0.0
	for _, x := range v {
		mean += x / n
	}
	for _, x := range v {
		sq += (x - mean) * (x - mean)
	}
	if n < 2 {
		return Interval{Mean: mean}
	}
	return Interval{mean, 1.96 * math.Sqrt(sq/(n-1)/n)}
}
