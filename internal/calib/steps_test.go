package calib

import (
	"math"
	"math/rand/v2"
	"testing"
)

// TestBestStep: of a thousand steps the best is hardly better, and one weight that counts alone is met.
func TestBestStep(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	const limit = 7
	loss := func(w []float32, step float64, share func(int) float64) float64 {
		sum := 0.0
		for i, v := range w {
			d := min(max(math.Round(float64(v)/step), -limit), limit)*step - float64(v)
			sum += share(i) * d * d
		}
		return sum
	}
	for range 50 {
		w := make([]float32, 3+r.IntN(40))
		for i := range w {
			w[i] = float32(r.NormFloat64())
		}
		share := func(i int) float64 { return float64(1 + i%5) }
		best := BestStep(w, limit, share)
		peak := 0.0
		for _, v := range w {
			peak = max(peak, math.Abs(float64(v)))
		}
		least := math.Inf(1)
		for k := range 1000 {
			least = min(least, loss(w, peak/limit*(0.3+0.7*float64(k+1)/1000), share))
		}
		if e := loss(w, best, share); e > 1.15*least {
			t.Errorf("step %g of %d weights loses %g, the best of a thousand %g", best, len(w), e, least)
		}
	}
	// Only the first weight counts: the step that holds it exactly, whatever becomes of the others.
	w := []float32{0.7, 0.9, -1}
	best := BestStep(w, 1, func(i int) float64 { return float64(1 - min(i, 1)) })
	if math.Abs(best-0.7) > 0.03 {
		t.Errorf("step %g for a single weight 0.7", best)
	}
	if got := BestStep([]float32{0, 0}, limit, func(int) float64 { return 1 }); got != 0 {
		t.Errorf("step %g of zeros", got)
	}
}

// TestSteady: a channel that one image alone excites is not steady.
func TestSteady(t *testing.T) {
	for _, tt := range []struct {
		name   string
		images [][]float32
		want   bool
	}{
		{"alike", [][]float32{{1, 0}, {0, 2}, {1, 1}}, true},
		{"one of eight", [][]float32{{8, 0}, {0.1, 0}, {0.1, 0}, {0.1, 0}, {0.1, 0}, {0, 0}, {0, 0}, {0, 0}}, false},
		{"silent", [][]float32{{0, 0}}, true},
	} {
		var c Channel
		for _, img := range tt.images {
			c.add(&sumUp(img, 1)[0])
		}
		if got := c.Steady(); got != tt.want {
			t.Errorf("%s: %v (%+v)", tt.name, got, c)
		}
		if c.Images != int64(len(tt.images)) || c.Count != int64(2*len(tt.images)) {
			t.Errorf("%s: %d images, %d elements", tt.name, c.Images, c.Count)
		}
	}
}
