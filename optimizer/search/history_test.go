package search

import (
	"math/rand/v2"
	"testing"

	"hass/internal/design"
)

// TestHistory compares the best so far with the best of a study of as many trials, over random trials with ties.
func TestHistory(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	const images = 8
	base := &Outcome{Images: images, Right: rightBits([]bool{true, true, true, true, true, true, true, false})}
	const loss = 0.25
	changes := 0
	for range 20 {
		var trials []Trial
		for n := range 40 {
			right := make([]bool, images)
			for i := range right {
				right[i] = r.IntN(6) > 0
			}
			o := &Outcome{Images: images, Right: rightBits(right), Fits: r.IntN(9) > 0, Divergence: float64(r.IntN(6)), ImagesPerSecond: float64(r.IntN(5)), CyclesPerImage: 1,
				Resources: design.Resources{DSP: r.IntN(5)}}
			if r.IntN(9) == 0 {
				o.Stopped = stoppedDominated
			}
			trials = append(trials, Trial{Number: 2 * n, Outcome: o}) // numbers are no indices
		}
		history := History(trials, base, loss)
		for k, at := range history {
			so := &Result{Config: &Config{Objective: Objective{Loss: loss}}, Unpruned: base, Trials: trials[:k+1], Front: Front(trials[:k+1])}
			got := -1
			if at >= 0 {
				got = trials[at].Number
			}
			if want := so.best(); got != want {
				t.Fatalf("after %d trials the best is %d, want %d", k+1, got, want)
			}
			if k > 0 && at != history[k-1] {
				changes++
			}
		}
	}
	if changes < 20 {
		t.Errorf("the best changes %d times", changes)
	}
}
