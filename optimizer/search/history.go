package search

import (
	"slices"

	"hass/optimizer/search/sampler"
)

// History is the best trial after each trial of a list, as its index in the list; -1 as long as there is none. It is chosen as
// Result.Best is before the front is measured on other images: among the trials of the front so far that lose at most loss of the
// right answers of base on the calibration images, the one with the most images per second, then the fewest DSPs.
func History(trials []Trial, base *Outcome, loss float64) []int {
	var front [][]float64 // of the front so far: divergence, time per image, DSPs
	var within []int      // for each of them the index of its trial, or -1 if it loses more
	history := make([]int, len(trials))
	for i, t := range trials {
		p := t.Outcome.objectives()
		beaten := func(q []float64) bool { return sampler.Dominates(q, p) || slices.Equal(q, p) }
		if complete(t.Outcome) && !slices.ContainsFunc(front, beaten) {
			at := -1
			if t.Outcome.Drop(base).Mean <= loss+1e-9 {
				at = i
			}
			keep := 0
			for k, q := range front {
				if !sampler.Dominates(p, q) {
					front[keep], within[keep] = q, within[k]
					keep++
				}
			}
			front, within = append(front[:keep], p), append(within[:keep], at)
		}
		history[i] = -1
		for _, at := range within {
			if at >= 0 && (history[i] < 0 || better(trials[at].Outcome, trials[history[i]].Outcome) < 0) {
				history[i] = at
			}
		}
	}
	return history
}
