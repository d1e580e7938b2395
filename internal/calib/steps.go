package calib

import (
	"math"

	"hass/internal/fixed"
)

// clipSteps and clipLeast define the steps of weights that are tried, below the step whose range holds the largest weight.
const (
	clipSteps = 28
	clipLeast = 0.3
)

// Holds reports whether f represents lo and hi without saturating, after
// rounding.
func Holds(f fixed.Format, lo, hi float64) bool {
	return fixed.HalfUp.Float(math.Ldexp(hi, f.Frac)) <= float64(f.Max()) &&
		fixed.HalfUp.Float(math.Ldexp(lo, f.Frac)) >= float64(f.Min())
}

// Finest is the largest binary point at which f holds lo and hi; if both
// are 0, as in a layer that calibration never excited, that for a maximum
// of 1.
func Finest(f fixed.Format, lo, hi float64) int {
	if lo == 0 && hi == 0 {
		hi = 1
	}
	_, exp := math.Frexp(max(-lo, hi))
	// At exp+bits no magnitude fits, so the search starts above the answer.
	for f.Frac = f.Bits - exp + 1; !Holds(f, lo, hi); f.Frac-- {
	}
	return f.Frac
}

// LeastError is the binary point of least squared error over the observed
// values. Of equal ones it takes the coarser, which saturates later.
func (s *Stats) LeastError(f fixed.Format) int {
	start := Finest(f, float64(s.Min), float64(s.Max))
	if !f.Signed {
		start = Finest(f, 0, float64(s.Max))
	}
	best, bestErr := start, math.Inf(1)
	for frac := start; frac <= start+f.Bits; frac++ {
		if e := s.SquaredError(math.Ldexp(1, -frac), f.Min(), f.Max()); e < bestErr {
			best, bestErr = frac, e
		}
	}
	return best
}

// FinestAt is the finest format whose factor is scale and that holds all observed values, and its squared error.
func (s *Stats) FinestAt(f fixed.Format, scale float64) (fixed.Format, float64) {
	if scale != 1 {
		f.Scale = scale
	}
	f.Frac = Finest(f, float64(s.Min)/scale, float64(s.Max)/scale)
	return f, s.SquaredError(f.Step(), f.Min(), f.Max())
}

// LeastErrorAt is the format of least squared error whose factor is scale, and the error. Of equal ones it takes the coarser.
func (s *Stats) LeastErrorAt(f fixed.Format, scale float64) (best fixed.Format, err float64) {
	f, err = s.FinestAt(f, scale)
	best = f
	for range 4 {
		f.Frac++
		if e := s.SquaredError(f.Step(), f.Min(), f.Max()); e < err {
			best, err = f, e
		}
	}
	return best, err
}

// BestStep is the step of least weighted squared error of weights quantised to integers within +-limit; weight(i) is the factor
// of weight i in the sum. It is 0 if all are 0.
func BestStep(w []float32, limit float64, weight func(i int) float64) float64 {
	peak := 0.0
	for _, v := range w {
		peak = max(peak, math.Abs(float64(v)))
	}
	best, least := peak/limit, math.Inf(1)
	if peak == 0 {
		return 0
	}
	share := make([]float64, len(w))
	for i := range share {
		share[i] = weight(i)
	}
	for k := range clipSteps {
		s := peak / limit * (1 - (1-clipLeast)*float64(k)/clipSteps)
		e := 0.0
		for i, v := range w {
			v := float64(v)
			d := min(max(math.Round(v/s), -limit), limit)*s - v
			if e += float64(share[i] * float64(d*d)); e >= least {
				break
			}
		}
		if e < least {
			best, least = s, e
		}
	}
	return best
}

// WeightPoint is the binary point for weights quantised to integers within
// +-limit: the finest that holds the largest weight or, if least, that of least
// squared error.
func WeightPoint(w []float32, limit int64, least bool) int {
	m := 0.0
	for _, v := range w {
		m = max(m, math.Abs(float64(v)))
	}
	_, exp := math.Frexp(m)
	frac := 17 - exp
	for math.Floor(math.Ldexp(m, frac)+0.5) > float64(limit) {
		frac--
	}
	if !least {
		return frac
	}
	best, bestErr := frac, math.Inf(1)
	for f := frac; f <= frac+4; f++ {
		e := 0.0
		for _, v := range w {
			d := math.Ldexp(float64(fixed.QuantizeRange(float64(v), f, fixed.HalfUp, -limit, limit)), -f) - float64(v)
			e += d * d
		}
		if e < bestErr {
			best, bestErr = f, e
		}
	}
	return best
}
