package optimizer

import (
	"context"
	"errors"
	"math"
	"slices"
	"sort"

	"hass/internal/design"
	"hass/optimizer/target"
)

// Limits of a branch and bound search in visited options: for the main result, and for questions of the explanation.
const (
	defaultEffort = 2_000_000
	whatIfEffort  = 100_000
)

var errNoChoice = errors.New("no hardware choice can be found even without budgets")

// verdict is the result of a feasibility test.
type verdict int

const (
	impossible verdict = iota // proved
	unknown                   // the effort ran out
	possible
)

// fits tests whether a choice within the budget exists with no layer above limit cycles.
func (p *problem) fits(ctx context.Context, limit float64, effort int) (verdict, []pick, error) {
	v := p.restrict(limit, byCost)
	r, err := v.balance(ctx)
	switch {
	case err != nil:
		return unknown, nil, err
	case r.feasible != nil:
		return possible, r.feasible, nil
	case r.bound > 1+slack:
		return impossible, nil, nil
	}
	s := newSearch(v, r, anyFit, effort)
	if x, err := s.beam(ctx, r.path, p.beamWidth); x != nil || err != nil {
		return possible, x, err
	}
	if err := s.run(ctx); err != nil {
		return unknown, nil, err
	}
	switch {
	case s.best != nil:
		return possible, s.best, nil
	case s.cut:
		return unknown, nil, nil
	}
	return impossible, nil, nil
}

// rates are the distinct cycles per image at which the set of usable options changes, ascending, from
// the least that every layer can reach.
func (p *problem) rates() []float64 {
	least := 0.0
	var all []float64
	for _, ls := range p.layers {
		fastest := math.Inf(1)
		for _, c := range ls.classes {
			for k := range c.opts {
				all = append(all, c.opts[k].cycles)
				fastest = min(fastest, c.opts[k].cycles)
			}
		}
		least = max(least, fastest)
	}
	sort.Float64s(all)
	all = slices.Compact(all)
	at, _ := slices.BinarySearch(all, least)
	return all[at:]
}

// rate is the result of the search for the best rate.
type rate struct {
	cycles float64 // cycles reached; 0 if nothing fits
	x      []pick
	bound  float64 // no design of the space needs fewer cycles
}

// fastest finds the least cycles per image within the budget. Feasibility is monotone in the cycles, so it bisects; if a test
// stays unknown, the bound is the last proved one. ceiling, if positive, is known to be reachable by known.
func (p *problem) fastest(ctx context.Context, effort int, ceiling float64, known []pick) (rate, error) {
	ts := p.rates()
	lo, hi := -1, len(ts)-1 // ts[lo] was not reached, ts[hi] was
	proved := -1            // ts[proved] is proved impossible
	var best []pick
	if known != nil {
		best = known
		hi, _ = slices.BinarySearch(ts, ceiling)
	} else {
		verdict, x, err := p.fits(ctx, ts[hi], effort)
		if err != nil {
			return rate{}, err
		}
		if verdict != possible {
			return rate{}, nil
		}
		best = x
		hi, _ = slices.BinarySearch(ts, p.cycles(x))
	}
	for hi-lo > 1 {
		mid := (lo + hi) / 2
		verdict, x, err := p.fits(ctx, ts[mid], effort)
		if err != nil {
			return rate{}, err
		}
		switch verdict {
		case possible:
			best = x
			hi, _ = slices.BinarySearch(ts, p.cycles(x))
		case impossible:
			lo, proved = mid, mid
		default:
			lo = mid
		}
	}
	// Between the last impossible and the first unknown test, only the relaxation is tried.
	for a, b := proved, lo; b > a; {
		mid := (a + b + 1) / 2
		r, err := p.restrict(ts[mid], byCost).balance(ctx)
		if err != nil {
			return rate{}, err
		}
		if r.feasible == nil && r.bound > 1+slack {
			a, proved = mid, mid
		} else {
			b = mid - 1
		}
	}
	return rate{cycles: ts[hi], x: best, bound: ts[min(proved+1, hi)]}, nil
}

// minimum finds the choice of least objective with no layer above limit cycles, starting from a
// choice that fits; proved reports whether none is better.
func (p *problem) minimum(ctx context.Context, limit float64, start []pick, price [design.NumResources]float64, cycleWeight []float64, effort int) (x []pick, value, bound float64, err error) {
	v := p.restrict(limit, cycleWeight != nil)
	v.price, v.cycleWeight = price, cycleWeight
	r, err := v.cheapest(ctx, start)
	if err != nil {
		return nil, 0, 0, err
	}
	if r.value-r.bound <= 1e-7*math.Abs(r.value) {
		return r.feasible, r.value, r.bound, nil
	}
	s := newSearch(v, r, bestFit, effort)
	s.best, s.value = r.feasible, r.value
	if err := s.run(ctx); err != nil {
		return nil, 0, 0, err
	}
	bound = r.bound
	if !s.cut {
		bound = s.value
	}
	return s.best, s.value, bound, nil
}

// least is the choice that takes least, by the rule of Input.Least, among those of at most limit cycles; start is one of them. For
// the rule dsp, the choice by the sum of all shares is another start, because with a single priced resource the search has little
// guidance.
func (p *problem) least(ctx context.Context, limit float64, start []pick, rule target.Rule, effort int) (x []pick, err error) {
	if rule != target.Even {
		effort /= 2
		if start, _, _, err = p.minimum(ctx, limit, start, target.EvenPrice, nil, effort); err != nil {
			return nil, err
		}
	}
	x, _, _, err = p.minimum(ctx, limit, start, rule.Price(), nil, effort)
	return x, err
}

// smallest is the choice that comes nearest to fitting: that which exceeds a single
// resource least, or, where several must be exceeded, with the least largest share.
func (p *problem) smallest(ctx context.Context) ([]pick, error) {
	budget := p.budget
	defer p.setBudget(budget)
	var best []pick
	over := math.Inf(1)
	for r := range design.NumResources {
		if budget[r] == 0 {
			continue // without a budget there is no measure of the excess
		}
		// Keep all budgets except that of r.
		relaxed := budget
		relaxed[r] = 1 << 40
		p.setBudget(relaxed)
		verdict, x, err := p.fits(ctx, p.ends, whatIfEffort)
		if err != nil {
			return nil, err
		}
		if verdict != possible {
			continue
		}
		var price [design.NumResources]float64
		price[r] = float64(relaxed[r]) / float64(budget[r])
		x, _, _, err = p.minimum(ctx, p.ends, x, price, nil, whatIfEffort)
		if err != nil {
			return nil, err
		}
		total, _ := p.total(x)
		if share := float64(total[r]) / float64(budget[r]); share < over {
			best, over = x, share
		}
	}
	if best != nil {
		return best, nil
	}
	// Nearest by largest share: scale all budgets until something fits.
	lo, hi := 1.0, 1.0
	for {
		hi *= 2
		scaled := budget
		for i := range scaled {
			scaled[i] = int(float64(max(budget[i], 1)) * hi)
		}
		p.setBudget(scaled)
		verdict, x, err := p.fits(ctx, p.ends, whatIfEffort)
		if err != nil {
			return nil, err
		}
		if verdict == possible {
			best = x
			break
		}
		if hi > 1<<40 {
			return nil, errNoChoice
		}
	}
	for range 12 {
		mid := (lo + hi) / 2
		scaled := budget
		for i := range scaled {
			scaled[i] = int(float64(max(budget[i], 1)) * mid)
		}
		p.setBudget(scaled)
		verdict, x, err := p.fits(ctx, p.ends, whatIfEffort)
		if err != nil {
			return nil, err
		}
		if verdict == possible {
			best, hi = x, mid
		} else {
			lo = mid
		}
	}
	return best, nil
}
