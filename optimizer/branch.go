package optimizer

import (
	"context"
	"math"
	"slices"

	"hass/internal/design"
)

// search is a depth-first branch and bound over the layers in order. A branch is cut when a bound shows that no completion fits
// or improves on the best choice. There is one bound per price vector: the exact cheapest completion at these prices.
type search struct {
	v      *view
	fit    []*tables // completions at prices on shares: nothing fits if the sum exceeds 1
	cost   []*tables // completions of the objective, one plain, one with multipliers
	offset []float64 // subtracted for the multipliers
	any    bool      // stop at the first choice that fits
	limit  int       // largest number of choices to visit

	looked int
	cut    bool // the limit was reached
	best   []pick
	value  float64
	x      []pick
	bufs   [][]child
}

type child struct {
	arc, opt int
	key      float64
}

const anyFit, bestFit = false, true // objective of newSearch

// newSearch prepares tables: each resource alone, the relaxation's multipliers, and the objective.
func newSearch(v *view, r relaxation, objective bool, limit int) *search {
	s := &search{v: v, limit: limit, value: math.Inf(1), any: !objective,
		x: make([]pick, len(v.layers)), bufs: make([][]child, len(v.layers))}
	for i := range design.NumResources {
		var price [design.NumResources]float64
		price[i] = 1
		s.fit = append(s.fit, v.table(price, nil))
	}
	if !objective {
		s.fit = append(s.fit, v.table(r.price, nil))
		return s
	}
	s.cost = append(s.cost, v.table(v.price, v.cycleWeight))
	s.offset = append(s.offset, 0)
	price, off := v.price, 0.0
	for i := range price {
		price[i] += r.price[i]
		off += r.price[i]
	}
	s.cost = append(s.cost, v.table(price, v.cycleWeight))
	s.offset = append(s.offset, off)
	return s
}

// run searches; best is nil if no choice was found, and cut tells whether the search is incomplete.
func (s *search) run(ctx context.Context) error {
	return s.visit(ctx, 0, 0, s.v.fixed, 0)
}

// visit extends the choice of the layers before i, which leads to state, uses used, and has
// the objective latency so far (only the part of the cycles; the shares follow from used).
func (s *search) visit(ctx context.Context, i, state int, used design.Vec, latency float64) error {
	v := s.v
	if i == len(v.layers) {
		share := v.share(used)
		f := dot(&v.price, &share) + latency
		if s.best == nil || f < s.value {
			s.best, s.value = slices.Clone(s.x), f
		}
		return nil
	}
	if s.looked > s.limit {
		s.cut = true
		return nil
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	kids := s.bufs[i][:0]
	for k := range v.arcs[i][state] {
		a := &v.arcs[i][state][k]
		base := used.Add(a.cost)
		for _, o := range v.opts[i][a.class] {
			opt := &v.layers[i].classes[a.class].opts[o]
			u := base.Add(opt.cost)
			s.looked++
			if !u.Within(v.budget) {
				continue
			}
			if key, ok := s.bound(i, a.next, u, latency+s.cycles(i, opt)); ok {
				kids = append(kids, child{k, o, key})
			}
		}
	}
	s.bufs[i] = kids
	slices.SortStableFunc(kids, func(a, b child) int {
		switch {
		case a.key < b.key:
			return -1
		case a.key > b.key:
			return 1
		}
		return 0
	})
	for _, c := range kids {
		a := &v.arcs[i][state][c.arc]
		opt := &v.layers[i].classes[a.class].opts[c.opt]
		u, lat := used.Add(a.cost).Add(opt.cost), latency+s.cycles(i, opt)
		if _, ok := s.bound(i, a.next, u, lat); !ok {
			continue // the best choice has improved since
		}
		s.x[i] = pick{a.class, c.opt}
		if err := s.visit(ctx, i+1, a.next, u, lat); err != nil {
			return err
		}
		if s.cut || s.any && s.best != nil {
			return nil
		}
	}
	return nil
}

// cycles is an option's part of the objective.
func (s *search) cycles(layer int, o *option) float64 {
	if s.v.cycleWeight == nil {
		return 0
	}
	return s.v.cycleWeight[layer] * o.cycles
}

// bound reports whether a completion from the state after layer i may fit and improve
// on the best choice, and a key for the order of branches (smaller is more promising).
func (s *search) bound(i, state int, used design.Vec, latency float64) (key float64, ok bool) {
	share := s.v.share(used)
	for _, t := range s.fit {
		key = dot(&t.price, &share) + t.togo[i+1][state]
		if key > 1+slack {
			return 0, false
		}
	}
	for k, t := range s.cost {
		key = dot(&t.price, &share) + latency + t.togo[i+1][state] - s.offset[k]
		if s.best != nil && key >= s.value-slack*math.Abs(s.value) || math.IsInf(key, 1) {
			return 0, false
		}
	}
	return key, true
}
