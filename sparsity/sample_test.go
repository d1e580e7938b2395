package sparsity

import (
	"math"
	"testing"
)

// TestInterval: the regression extrapolates to the population's pairs if the sample shows a linear relation, but not if the relation is noise
// and the population is far outside the sample.
func TestInterval(t *testing.T) {
	pairs := []float64{1000, 1001, 999, 1000.5}
	for _, c := range []struct {
		name       string
		y          []float64
		population float64 // pairs
		want       float64
		within     float64
	}{
		{"a line, inside", []float64{100, 100.1, 99.9, 100.05}, 1000.2, 100.02, 1e-9},
		{"a line, far outside", []float64{100, 100.1, 99.9, 100.05}, 1100, 110, 1e-9},
		{"noise, inside", []float64{110, 90, 95, 105}, 1000.2, 100, 5},
		{"noise, far outside", []float64{110, 90, 95, 105}, 1100, 100, 0},
	} {
		s := &survey{pairs: pairs, mean: c.population, population: 100}
		mean, half := s.interval(c.y)
		if math.Abs(mean-c.want) > c.within || !(half >= 0) || half > 25 {
			t.Errorf("%s: %v +- %v, want %v", c.name, mean, half, c.want)
		}
	}
}
