package mixed

import (
	"cmp"
	"math"
	"slices"
)

// menu is what a layer's weights can be lowered to.
type menu struct {
	work  float64 // bit operations per image and bit of a weight: multiplications times the width of the values
	steps []step  // by rising price
}

// step lowers a layer's weights from the step before, or from the widest, to a candidate.
type step struct {
	candidate int
	saves     float64 // bit operations per image
	price     float64 // divergence per bit operation saved
}

// newMenu are the steps along the lower hull of divergence over bit operations saved, the steps that are best at some price.
// divergences are those of the candidates from the second on; a narrower width never costs less than a wider one.
func newMenu(candidates []int, work float64, divergences []float64) menu {
	m := menu{work: work}
	costs := []float64{0}
	for k, d := range divergences {
		costs = append(costs, max(d, costs[k]))
	}
	last := math.Inf(-1)
	for at := 0; at < len(candidates)-1; {
		var best step
		for to := at + 1; to < len(candidates); to++ {
			saves := work * float64(candidates[at]-candidates[to])
			if price := (costs[to] - costs[at]) / saves; best.candidate == 0 || price <= best.price {
				best = step{to, saves, price}
			}
		}
		if best.price <= last { // by rounding
			best.price = math.Nextafter(last, math.Inf(1))
		}
		last, at = best.price, best.candidate
		m.steps = append(m.steps, best)
	}
	return m
}

// move is a step of a layer.
type move struct {
	layer int
	step
}

// order puts the steps of all layers in the order of their prices; of equal prices the one that saves more is first.
func order(menus []menu) []move {
	var list []move
	for i, m := range menus {
		for _, s := range m.steps {
			list = append(list, move{i, s})
		}
	}
	slices.SortStableFunc(list, func(a, b move) int { return cmp.Or(cmp.Compare(a.price, b.price), cmp.Compare(b.saves, a.saves)) })
	return list
}
