package rescale

import "math"

// region is the set of all functions (v + b) / u that round to a line's y for each of its values. The ties between numbers of y lie at
// n - 1/2, so a threshold t at n means b >= (n-1/2)u - t and b < (n-1/2)u - (t-1). Both bounds are linear in (u, b), so the set is a
// convex polygon. It guides a search in float64; every candidate is compared exactly afterwards.
type region struct {
	ties        []float64 // n - 1/2
	at          []float64 // thresholds
	least, most float64   // values of the line
	bias        float64   // of the line
	low, high   float64   // range of b in the polygon, for slopes from u/spread to u*spread
}

const (
	// mostBiases bounds the candidate biases for a number of places: half of them are next to the line's bias, half are spread over the
	// polygon.
	mostBiases = 64
	spread     = 4 // bounds the slopes, because lines of few steps have unbounded polygons
)

// newRegion is the region of a line. It is nil if the region has no bounds because all values have the same y.
func newRegion(l *Line, thresholds []int64) *region {
	r := &region{least: float64(l.Least), most: float64(l.Most)}
	inside := false
	for k, t := range thresholds {
		r.ties = append(r.ties, float64(l.Lo+1+int64(k))-0.5)
		r.at = append(r.at, float64(t))
		inside = inside || t > l.Least && t <= l.Most
	}
	ratio, _ := l.Ratio.Float64()
	u := 1 / ratio
	if !inside || math.IsInf(u, 0) {
		return nil
	}
	r.bias, _ = l.Bias.Float64()
	from, to := r.edge(u, u/spread), r.edge(u, u*spread)
	r.low = r.floor(least(from, to, r.floor))
	r.high = r.ceiling(least(from, to, func(u float64) float64 { return -r.ceiling(u) }))
	return r
}

// floor is the least b at u.
func (r *region) floor(u float64) float64 {
	b := math.Inf(-1)
	for k, t := range r.at {
		if t <= r.most {
			b = max(b, r.ties[k]*u-t)
		}
	}
	return b
}

// ceiling is the least b at u that is too large.
func (r *region) ceiling(u float64) float64 {
	b := math.Inf(1)
	for k, t := range r.at {
		if t > r.least {
			b = min(b, r.ties[k]*u-(t-1))
		}
	}
	return b
}

// edge is the u at which the polygon ends between u, which lies inside, and far.
func (r *region) edge(u, far float64) float64 {
	for range 80 {
		if middle := (u + far) / 2; r.floor(middle) <= r.ceiling(middle) {
			u = middle
		} else {
			far = middle
		}
	}
	return u
}

// least is the argument between from and to at which a convex function is least.
func least(from, to float64, f func(float64) float64) float64 {
	for range 120 {
		a, b := from+(to-from)/3, to-(to-from)/3
		if f(a) <= f(b) {
			to = b
		} else {
			from = a
		}
	}
	return (from + to) / 2
}

// biases are integers b for which the region has functions with bias b * 2^-frac and a multiple of 2^-shift as ratio, by float64.
func (r *region) biases(shift, frac int) []int64 {
	low, high := math.Floor(math.Ldexp(r.low, frac)), math.Ceil(math.Ldexp(r.high, frac))
	if !(high-low < largestBias) || math.Abs(low) >= largestBias || math.Abs(high) >= largestBias {
		return nil
	}
	var list []int64
	offer := func(b float64) {
		if r.multiplies(math.Ldexp(b, -frac), shift) {
			list = append(list, int64(b))
		}
	}
	near := math.Round(math.Ldexp(r.bias, frac))
	from, to := max(low, near-mostBiases/4), min(high, near+mostBiases/4)
	for b := from; b <= to; b++ {
		offer(b)
	}
	step := max(1, math.Ceil((high-low)/(mostBiases/2)))
	for b := low; b <= high; b += step {
		if b < from || b > to {
			offer(b)
		}
	}
	return list
}

// multiplies tells whether the region has a multiple of 2^-shift as ratio with bias b, up to errors of float64.
func (r *region) multiplies(b float64, shift int) bool {
	// (t + b) * ratio >= tie and (t-1 + b) * ratio < tie.
	from, to := 0.0, math.Inf(1)
	for k, t := range r.at {
		if x := t + b; t <= r.most {
			switch {
			case x > 0:
				from = max(from, r.ties[k]/x)
			case x < 0:
				to = min(to, r.ties[k]/x)
			case r.ties[k] > 0:
				return false
			}
		}
		if x := t - 1 + b; t > r.least {
			switch {
			case x > 0:
				to = min(to, r.ties[k]/x)
			case x < 0:
				from = max(from, r.ties[k]/x)
			case r.ties[k] <= 0:
				return false
			}
		}
		if from > to*(1+slack) {
			return false
		}
	}
	return math.Floor(math.Ldexp(to*(1+slack), shift)) >= math.Ceil(math.Ldexp(from*(1-slack), shift))
}

// slack is the relative error that float64 may have in a region.
const slack = 1e-13
