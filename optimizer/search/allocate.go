package search

import (
	"math"
	"math/rand/v2"
	"slices"

	"hass/internal/design"
	"hass/internal/intnet"
	"hass/optimizer"
)

// Allocator is the sampler that uses the structure of the problem. It takes the divergences of single thresholds as
// additive (to second order in the changes by pruning, while the changes are independent). The optimizer's menu
// gives the hardware that a layer needs at a rate and a density of pairs. For a budget of divergence the allocator
// finds the thresholds of the least cycles per image. At given cycles the layers are independent once each resource
// has a price: a layer adds zeros as long as the hardware that they save, at these prices, outweighs the divergence
// that they cost. Layers that limit nothing get no zeros.
//
// The first trials go up and down a ladder of budgets. Their results correct the scale of the predictions, reveal curves with a
// hidden step, and give the divergence that corresponds to the allowed loss. Later trials start from the best trial so far and
// perturb the weights of single curves, which are the least certain part.
type Allocator struct {
	p      *Problem
	menu   *optimizer.Menu
	curves *Curves
	loss   float64 // share of right answers that may be lost
	seed   uint64

	rest [design.NumResources]float64 // part of the budgets that no choice changes
	full [design.NumResources]float64 // the budgets, widened to the menu's estimate for the unpruned design
	// plainHardware is the menu's design of the unpruned network.
	plainHardware allocation
	density       [][]float64 // by variable and grid value: density as a share of the unpruned
}

// Past is a finished trial as the allocator sees it.
type Past struct {
	Number  int
	X       []float64
	Memo    Memo
	Outcome *Outcome
}

// Memo holds the allocator's notes about its own proposals.
type Memo struct {
	Budget    float64   `json:"budget"`    // target divergence
	Predicted float64   `json:"predicted"` // by the unperturbed curves and the lessons of the trials, before scaling
	Cycles    float64   `json:"cycles"`    // predicted per image
	Weights   []float64 `json:"weights"`   // of the curves, by variable
}

// NewAllocator prepares the sampler. loss is the share of right answers that may be lost.
func NewAllocator(p *Problem, m *optimizer.Menu, c *Curves, loss float64, seed uint64) *Allocator {
	a := &Allocator{p: p, menu: m, curves: c, loss: loss, seed: seed, density: p.densities()}
	budget := p.opt.Shares.Budget(p.opt.Platform.Free())
	parts := func(r design.Resources) [design.NumResources]float64 {
		var s [design.NumResources]float64
		used := [...]int{r.DSP, r.LUT, r.FF, r.BRAM18, r.URAM, r.LUTRAM}
		have := [...]int{budget.DSP, budget.LUT, budget.FF, budget.BRAM18, budget.URAM, budget.LUTRAM}
		for i := range s {
			if have[i] > 0 {
				s[i] = float64(used[i]) / float64(have[i])
			}
		}
		return s
	}
	a.rest = parts(p.Rating.Resources)
	for i, l := range p.Rating.Layers {
		if p.Net.Layers[i].Kind != intnet.KindConv {
			continue
		}
		for r, v := range parts(l.Resources) {
			a.rest[r] = max(0, a.rest[r]-v)
		}
	}
	// The menu is rough: its estimate for the unpruned design must count as fitting.
	free := make([][]choice, len(p.Convs))
	for k := range free {
		free[k] = make([]choice, len(menuLevels))
		for l := 1; l < len(menuLevels); l++ {
			free[k][l].divergence = math.Inf(1)
		}
	}
	for wide := 1.0; wide < 2; wide *= 1.02 {
		for r := range a.full {
			a.full[r] = wide
		}
		if a.plainHardware = a.allocate(free, p.Rating.CyclesPerImage*optimizer.MenuStep, a.full); a.plainHardware.fits {
			break
		}
	}
	return a
}

// choices are the choices under the lessons, with perturbed curves.
func (a *Allocator) choices(l lessons, weights []float64) [][]choice {
	return choose(a.density, func(v int, u float64) float64 { return a.at(l, v, u, weights[v]) })
}

// allocation is a choice for every layer.
type allocation struct {
	levels     []int
	items      []*optimizer.MenuItem
	total      [design.NumResources]float64 // used shares of the budgets
	divergence float64
	fits       bool
}

// Rounds of prices, and the range of the weight of hardware against divergence.
const (
	priceRounds = 16
	priceRate   = 2.0
	tradeSteps  = 12 // of bisection
	leastTrade  = 1e-6
	mostTrade   = 1e4
)

// allocate finds the least divergence at which all layers reach limit cycles within budgets (as shares of the real
// ones). The price of a resource rises while its use exceeds the budget.
func (a *Allocator) allocate(choices [][]choice, limit float64, budgets [design.NumResources]float64) allocation {
	best := allocation{divergence: math.Inf(1)}
	n := len(a.p.Convs)
	price := [design.NumResources]float64{1, 1, 1, 1, 1, 1}
	cost := make([][]float64, n)
	item := make([][]*optimizer.MenuItem, n)
	for k := range cost {
		cost[k], item[k] = make([]float64, len(menuLevels)), make([]*optimizer.MenuItem, len(menuLevels))
	}
	for round := range priceRounds {
		for k, i := range a.p.Convs {
			for l := range menuLevels {
				cost[k][l], item[k][l] = cheapestItem(a.menu.Layers[i][l], limit, &price)
			}
		}
		// pick is the best choice at a weight of hardware; over is the use of each budget relative to it.
		pick := func(weight float64) (al allocation, over [design.NumResources]float64, ok bool) {
			al = allocation{levels: make([]int, n), items: make([]*optimizer.MenuItem, n), total: a.rest}
			for k := range n {
				least, at := math.Inf(1), -1
				for l := range menuLevels {
					if item[k][l] == nil {
						continue
					}
					if c := choices[k][l].divergence + weight*cost[k][l]; c < least {
						least, at = c, l
					}
				}
				if at < 0 || math.IsInf(least, 1) {
					return al, over, false // no hardware is that fast
				}
				al.levels[k], al.items[k] = at, item[k][at]
				al.divergence += choices[k][at].divergence
				for r, v := range item[k][at].Shares {
					al.total[r] += v
				}
			}
			al.fits = true
			for r, v := range al.total {
				if over[r] = v; budgets[r] > 0 {
					over[r] = v / budgets[r]
				}
				al.fits = al.fits && over[r] <= 1
			}
			return al, over, true
		}
		// The least weight at which everything fits.
		lo, hi := leastTrade, mostTrade
		al, over, ok := pick(lo)
		if !ok {
			return best
		}
		if !al.fits {
			for range tradeSteps {
				mid := math.Sqrt(lo * hi)
				if t, _, _ := pick(mid); t.fits {
					hi = mid
				} else {
					lo = mid
				}
			}
			al, _, _ = pick(hi)
			_, over, _ = pick(lo)
		}
		if al.fits {
			if al = a.ease(choices, al, limit, budgets); al.divergence < best.divergence {
				best = al
			}
		}
		sum := 0.0
		rate := priceRate / math.Sqrt(float64(round+1))
		for r := range price {
			price[r] *= math.Exp(rate * (min(over[r], 3) - 1))
			sum += price[r]
		}
		for r := range price {
			price[r] = max(price[r]/sum, 1e-4)
		}
	}
	return best
}

// ease lowers the divergence of an allocation that fits, layer by layer, as far as the budgets allow, because the prices leave
// part of the budgets unused.
func (a *Allocator) ease(choices [][]choice, al allocation, limit float64, budgets [design.NumResources]float64) allocation {
	for {
		bestK, bestL, best, gain := -1, -1, (*optimizer.MenuItem)(nil), 1e-9
		for k, i := range a.p.Convs {
			was := al.items[k]
			for l := range menuLevels {
				g := choices[k][al.levels[k]].divergence - choices[k][l].divergence
				if g <= gain {
					continue
				}
				for m := range a.menu.Layers[i][l] {
					it := &a.menu.Layers[i][l][m]
					if it.Cycles > limit {
						break
					}
					if al.takes(was, it, &budgets) {
						bestK, bestL, best, gain = k, l, it, g
						break
					}
				}
			}
		}
		if best == nil {
			return al
		}
		al = al.with(choices, bestK, bestL, best)
	}
}

// takes reports whether an allocation still fits if a layer gets another item.
func (al *allocation) takes(was, it *optimizer.MenuItem, budgets *[design.NumResources]float64) bool {
	for r, v := range al.total {
		if v-was.Shares[r]+it.Shares[r] > budgets[r] && it.Shares[r] > was.Shares[r] {
			return false
		}
	}
	return true
}

// with is the allocation with another level and item for a layer.
func (al allocation) with(choices [][]choice, k, level int, it *optimizer.MenuItem) allocation {
	al.divergence += choices[k][level].divergence - choices[k][al.levels[k]].divergence
	for r, v := range it.Shares {
		al.total[r] += v - al.items[k].Shares[r]
	}
	al.levels, al.items = slices.Clone(al.levels), slices.Clone(al.items)
	al.levels[k], al.items[k] = level, it
	return al
}

// polish removes DSPs from an allocation that fits, layer by layer, while its divergence stays within a budget,
// because prices leave gaps where a layer changes by a large step.
func (a *Allocator) polish(choices [][]choice, al allocation, limit, budget float64) allocation {
	for range 4 * len(a.p.Convs) {
		bestK, bestL, best, gain := -1, -1, (*optimizer.MenuItem)(nil), 1e-9
		for k, i := range a.p.Convs {
			was := al.items[k]
			for l := range menuLevels {
				d := al.divergence - choices[k][al.levels[k]].divergence + choices[k][l].divergence
				if d > budget {
					continue
				}
				for m := range a.menu.Layers[i][l] {
					it := &a.menu.Layers[i][l][m]
					if it.Cycles > limit {
						break
					}
					g := was.Shares[0] - it.Shares[0] - polishDivergence*(d-al.divergence)/budget
					if g <= gain {
						continue
					}
					if al.takes(was, it, &a.full) {
						bestK, bestL, best, gain = k, l, it, g
					}
				}
			}
		}
		if best == nil {
			break
		}
		al = al.with(choices, bestK, bestL, best)
	}
	return al
}

// polishDivergence is the share of the DSPs that must be saved for the whole budget of divergence.
const polishDivergence = 0.02

// point gives the thresholds of an allocation.
func (a *Allocator) point(choices [][]choice, al allocation) []float64 {
	n := len(a.p.Convs)
	x := make([]float64, 2*n)
	for k, l := range al.levels {
		c := choices[k][l]
		x[k], x[n+k] = float64(c.w)/gridSteps, float64(c.a)/gridSteps
	}
	return x
}

const rateSteps = 10 // of bisection on the cycles, or on the DSPs

// within finds the allocation of the least cycles whose divergence stays within a budget; if the cycles cannot
// fall further, the one with the fewest DSPs.
func (a *Allocator) within(choices [][]choice, budget float64) (al allocation, cycles float64) {
	full := a.full
	try := func(limit float64, budgets [design.NumResources]float64) bool {
		t := a.allocate(choices, limit, budgets)
		if !t.fits || t.divergence > budget {
			return false
		}
		al = t
		return true
	}
	// The menu does not distinguish cycles within a step.
	lo, hi := a.menu.Floor*optimizer.MenuStep, a.p.Rating.CyclesPerImage*optimizer.MenuStep
	if !try(lo, full) {
		al = a.plainHardware
		try(hi, full)
		for range rateSteps {
			if mid := math.Sqrt(lo * hi); try(mid, full) {
				hi = mid
			} else {
				lo = mid
			}
		}
	} else {
		hi = lo
	}
	// Spend the rest of the budget on fewer DSPs.
	low, high := 0.02, 1.0
	for range rateSteps {
		mid := math.Sqrt(low * high)
		tight := full
		tight[0] *= mid
		if try(hi, tight) {
			high = mid
		} else {
			low = mid
		}
	}
	if al.fits {
		al = a.polish(choices, al, hi, budget)
	}
	if hi >= a.p.Rating.CyclesPerImage && a.plainHardware.fits {
		// No faster than unpruned: then the unpruned design is another starting point.
		if other := a.polish(choices, a.plainHardware, hi, budget); !al.fits || other.total[0] < al.total[0] {
			al = other
		}
	}
	return al, hi
}

// Schedule of the budgets, as shares of the divergence that corresponds to the allowed loss: the ladder first, then round
// after round. With few images that divergence is uncertain, so the budgets are spread.
var (
	ladder  = []float64{1, 0.5, 2, 4, 0.25, 1.4, 2.8, 0.7, 0.12, 5.6, 0.35}
	refined = []float64{1, 0.5, 0.7, 0.25, 1.2, 0.35, 0.85}
)

const (
	firstDivergence = 0.02 // assumed for a loss of 1 point before anything is measured
	disturb         = 0.5  // of the logarithm of a weight
	disturbed       = 0.3  // share of the weights changed at a time
)

// Propose gives the point of a trial and a memo to be passed back with its result.
func (a *Allocator) Propose(number int, past []Past) ([]float64, Memo) {
	rng := rand.New(rand.NewPCG(a.seed, uint64(number)))
	target, l := a.target(past), a.learn(past)
	weights := make([]float64, a.p.Dims())
	for i := range weights {
		weights[i] = 1
	}
	budget := target
	if k := number - 1; k < len(ladder) {
		budget *= ladder[max(0, k)]
	} else {
		budget *= refined[(k-len(ladder))%len(refined)]
		if best := a.best(past, target); best != nil && best.Memo.Weights != nil {
			copy(weights, best.Memo.Weights)
		}
		a.disturb(weights, rng)
	}
	for range attempts {
		x, m := a.aim(l, weights, budget, budget/l.scale)
		known := !slices.ContainsFunc(x, func(u float64) bool { return u > 0 }) // trial 0
		if !known && !slices.ContainsFunc(past, func(t Past) bool { return slices.Equal(t.X, x) }) {
			return x, m
		}
		// The choices are discrete, so neighbouring budgets may give the same point.
		a.disturb(weights, rng)
		budget *= math.Exp(disturb / 2 * rng.NormFloat64())
	}
	return a.aim(l, weights, budget, budget/l.scale)
}

// attempts bounds the search for a point that has not been evaluated yet.
const attempts = 6

// disturb perturbs some weights.
func (a *Allocator) disturb(weights []float64, rng *rand.Rand) {
	for i := range weights {
		if rng.Float64() < disturbed {
			weights[i] *= math.Exp(disturb * rng.NormFloat64())
		}
	}
}

// aim finds the point whose divergence is about aim by the unperturbed curves; perturbed curves have another scale.
func (a *Allocator) aim(l lessons, weights []float64, budget, aim float64) (x []float64, m Memo) {
	m = Memo{Budget: budget, Weights: slices.Clone(weights)}
	choices := a.choices(l, weights)
	limit := aim
	for range 3 {
		var al allocation
		al, m.Cycles = a.within(choices, limit)
		x = a.point(choices, al)
		if m.Predicted = a.expected(l, x); m.Predicted <= 0 || math.Abs(math.Log(m.Predicted/aim)) < 0.1 {
			break
		}
		limit *= min(max(aim/m.Predicted, 0.25), 4)
	}
	return x, m
}

// dspWorth is the weight of a factor in DSPs relative to the same factor in images per second.
const dspWorth = 0.25

// merit is the quality of a trial's hardware, as a logarithm.
func merit(o *Outcome) float64 {
	return math.Log(o.ImagesPerSecond) - dspWorth*math.Log(float64(max(1, o.Resources.DSP)))
}

// best is the trial to start from: the one with the best hardware among those near the target divergence, with
// differences in divergence valued at the trials' own rate of exchange.
func (a *Allocator) best(past []Past, target float64) *Past {
	var near []*Past
	for i := range past {
		o := past[i].Outcome
		if o.Stopped == "" && o.Fits && o.Divergence > target/5 && o.Divergence < 2*target {
			near = append(near, &past[i])
		}
	}
	if len(near) == 0 {
		return nil
	}
	sx, sy, sxx, sxy, n := 0.0, 0.0, 0.0, 0.0, float64(len(near))
	for _, t := range near {
		x, y := math.Log(t.Outcome.Divergence/target), merit(t.Outcome)
		sx, sy, sxx, sxy = sx+x, sy+y, sxx+x*x, sxy+x*y
	}
	slope := 0.05
	if d := sxx - sx*sx/n; n > 3 && d > 0 {
		slope = min(max((sxy-sx*sy/n)/d, 0.01), 0.5)
	}
	return slices.MaxFunc(near, func(s, t *Past) int {
		x := merit(s.Outcome) - slope*math.Log(s.Outcome.Divergence/target)
		y := merit(t.Outcome) - slope*math.Log(t.Outcome.Divergence/target)
		switch {
		case x < y:
			return -1
		case x > y:
			return 1
		}
		return t.Number - s.Number
	})
}
