package mixed

import (
	"cmp"
	"math"
	"slices"
)

// menu has the steps by which a layer's weights can be lowered.
type menu struct {
	work  float64 // bit operations per image and per bit of a weight: multiplications times the width of the values
	steps []step  // by rising price
}

// step lowers a layer's weights to a candidate, from the step before or from the widest.
type step struct {
	candidate int
	saves     float64 // bit operations per image
	price     float64 // divergence per bit operation saved
}

// newMenu gives the steps along the lower hull of divergence over saved bit operations, which are the steps that are best at some price.
// divergences belong to the candidates from the second on. A narrower width is taken to cost at least as much as a wider one.
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

// order sorts the steps of all layers by their prices; of equal prices, the step that saves more is first.
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
