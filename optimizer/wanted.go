package optimizer

import (
	"context"
	"fmt"
	"math"
	"slices"

	"hass/internal/design"
	"hass/optimizer/derive"
	"hass/optimizer/fifo"
	"hass/optimizer/target"
)

// AskedError says that no design within the budget has what was asked for.
type AskedError struct{ Asked design.Asked }

// Error says what was asked for.
func (e *AskedError) Error() string {
	return fmt.Sprintf("no design within the budget has %v", &e.Asked)
}

// Asks tells whether a rate or a latency was asked for.
func (in *Input) Asks() bool { return in.Asked.ImagesPerSecond > 0 || in.Asked.LatencyUS > 0 }

// askedEffort is the part of the effort that one of the many questions of a search for the least hardware may take.
const askedEffort = 16

// demand is what was asked for in cycles.
type demand struct {
	cycles  float64 // per image, at most
	latency float64 // at most; +Inf: any
}

// demandAt is the demand at a clock, faster by a factor. It allows for rounding.
func (p *problem) demandAt(in *Input, mhz, hurry float64) demand {
	d := demand{p.ends, math.Inf(1)}
	if a := in.Asked.ImagesPerSecond; a > 0 {
		d.cycles = mhz * 1e6 / (a * hurry) * (1 + derive.FloatError)
	}
	if a := in.Asked.LatencyUS; a > 0 {
		d.latency = mhz * a / hurry * (1 + derive.FloatError)
	}
	return d
}

// has tells whether a choice has what was asked for.
func (p *problem) has(x []pick, d demand) bool {
	return p.cycles(x) <= d.cycles && (math.IsInf(d.latency, 1) || p.latencyOf(x) <= d.latency)
}

// Choices of little latency are sought under latencyLimits limits on the cycles per image, each half of the one before, and the price
// of latency in latencyPrices steps.
const (
	latencyLimits = 6
	latencyPrices = 10
)

// quick looks for a choice within the budget that has what was asked for, x being one that may have too much latency.
func (p *problem) quick(ctx context.Context, d demand, x []pick, effort int) ([]pick, error) {
	tail, _ := fifo.Tails(p.model.Net, p.model.Pixels)
	for limit := range latencyLimits {
		if p.has(x, d) {
			return x, nil
		}
		cycles := math.Ldexp(min(d.cycles, p.ends), -limit)
		v, start, err := p.fits(ctx, cycles, effort)
		if err != nil || v != possible {
			return nil, err
		}
		if x, _, _, err = p.minimum(ctx, cycles, start, [design.NumResources]float64{}, tail, effort); err != nil {
			return nil, err
		}
	}
	return nil, nil
}

// cheap is the choice of the least sum of prices among all that meet the demand, as start does; bound is below the sum of each.
// Latency is given a price, the least with which the choice has what was asked for.
func (p *problem) cheap(ctx context.Context, d demand, price target.Weights, start []pick, effort int) (best []pick, bound float64, err error) {
	x, value, bound, err := p.minimum(ctx, d.cycles, start, price, nil, effort)
	if err != nil || p.has(x, d) {
		return x, bound, err
	}
	best = start
	tail, _ := fifo.Tails(p.model.Net, p.model.Pixels)
	weights := make([]float64, len(tail))
	low, high := 0.0, math.Inf(1)
	at := max(value, derive.FloatError) / d.latency
	for range latencyPrices {
		for i := range tail {
			weights[i] = at * tail[i]
		}
		if x, _, _, err = p.minimum(ctx, min(d.cycles, d.latency), start, price, weights, effort); err != nil {
			return nil, 0, err
		}
		if p.has(x, d) {
			best, high = x, at
		} else {
			low = at
		}
		if at = (low + high) / 2; math.IsInf(high, 1) {
			at = 8 * low
		}
	}
	return best, bound, nil
}

// polished exchanges options of single layers for cheaper ones of the same stream widths, as long as there are any: a search that was cut
// short may have left some.
func (p *problem) polished(start []pick, d demand, price target.Weights) (x []pick, total design.Vec) {
	x = slices.Clone(start)
	total, _ = p.total(x)
	for better := true; better; {
		better = false
		for i := range x {
			opts, was := p.layers[i].classes[x[i].class].opts, x[i]
			for k := range opts {
				o, now := &opts[k], &opts[x[i].opt]
				sum := total.Sub(now.cost).Add(o.cost)
				saved := 0.0
				for r := range price {
					saved += price[r] * (now.share[r] - o.share[r])
				}
				if saved <= slack || o.cycles > d.cycles || !o.path.Within(p.limit) || !sum.Within(p.budget) {
					continue
				}
				if x[i].opt = k; !p.has(x, d) {
					x[i] = was
					continue
				}
				was, total, better = x[i], sum, true
			}
		}
	}
	return x, total
}

// atMost are the choices that have what was asked for, as a problem of the least hardware under a budget.
func (p *problem) atMost(d demand, budget design.Vec, effort int) *target.Problem[[]pick] {
	return &target.Problem[[]pick]{
		Budget: budget,
		Fits: func(ctx context.Context, b design.Vec) (x []pick, total design.Vec, found bool, err error) {
			p.setBudget(b)
			if _, x, err = p.fits(ctx, d.cycles, effort); x != nil {
				x, err = p.quick(ctx, d, x, effort)
			}
			if x == nil || err != nil {
				return nil, total, false, err
			}
			total, _ = p.total(x)
			return x, total, true, nil
		},
		Minimum: func(ctx context.Context, b design.Vec, price target.Weights, start []pick) ([]pick, design.Vec, float64, error) {
			p.setBudget(b)
			for r := range price {
				price[r] *= float64(b[r]) / float64(max(1, budget[r])) // shares are of b
			}
			x, bound, err := p.cheap(ctx, d, price, start, effort)
			if err != nil {
				return nil, design.Vec{}, 0, err
			}
			x, total := p.polished(x, d, price)
			return x, total, bound, nil
		},
	}
}

const ownLimit = false // held of wanted: the limit is found

// wanted is the choice that takes least, by in's rule, of those that have what was asked for at their own clock, faster by a
// factor hurry; none if there is none. The limit of the paths that it was found with stays set; held says that the one set is it.
func (p *problem) wanted(ctx context.Context, in *Input, hurry float64, held bool) (rate, error) {
	budget, c := p.budget, in.clocking()
	defer p.setBudget(budget)
	var e *derive.Estimate // of a design about as full
	q := target.Clocks[[]pick]{
		Top: c.Top(), Asked: c.Asked > 0,
		At: func(mhz float64) *target.Problem[[]pick] {
			return p.atMost(p.demandAt(in, mhz, hurry), budget, in.Effort/askedEffort)
		},
		Clock: func(x []pick) (mhz float64, ok bool, err error) {
			own, err := p.estimate(c, x)
			if err != nil {
				return 0, false, err
			}
			if p.limit == derive.AnyPath || e == nil {
				e = own
			}
			return own.MHz, c.Reached(own) && p.has(x, p.demandAt(in, own.MHz, hurry)), nil
		},
	}
	if !held {
		p.setLimit(derive.AnyPath)
		q.Fastest = func() float64 {
			top, _, _ := p.reachable(e)
			return min(top, c.Top()*clockHope)
		}
		q.Keep = func(mhz float64) { p.setLimit(e.PathsAt(mhz).Whole()) }
	}
	best, kept, found, err := q.Least(ctx, in.Least)
	if err != nil || !found {
		return rate{}, err
	}
	switch {
	case kept > 0:
		q.Keep(kept)
	case !held:
		p.setLimit(derive.AnyPath)
	}
	return rate{cycles: p.cycles(best.X), x: best.X, bound: p.cycles(best.X)}, nil
}

// missed is the factor by which a design of a choice, at a clock, is slower than what was asked for; at most 1 if it has it.
func (p *problem) missed(in *Input, x []pick, c *design.Clock) float64 {
	m := in.Asked.ImagesPerSecond / c.ImagesPerSecond(p.cycles(x))
	if in.Asked.LatencyUS > 0 {
		m = max(m, p.latencyOf(x)/c.MHz/in.Asked.LatencyUS)
	}
	return m
}

// The clocks, as shares of the fastest, at whose cycles engines are kept where a rough model leaves few.
var askedClocks = []float64{0.75, 0.85, 0.93, 1}

// focusAsked is focus where a rate or a latency was asked for: the cycles per image are known, and what is least of the budget is looked
// for.
func (s *space) focusAsked(ctx context.Context, in *Input) (*near, error) {
	model, err := newRough(s)
	if err != nil {
		return nil, err
	}
	c := in.clocking()
	n, at := &near{model: model}, math.Inf(1)
	if a := in.Asked.ImagesPerSecond; a > 0 {
		at = c.Top() * 1e6 / a
	}
	spare := 1.0
	if a := in.Asked.LatencyUS; a > 0 {
		// About the cycles of each layer if all take as many.
		tail, pipeline := fifo.Tails(s.model.Net, s.model.Pixels)
		sum := 1.0
		for _, t := range tail {
			sum += t
		}
		at, spare = min(at, max(1, (c.Top()*a-float64(pipeline))/sum)), 4
	}
	n.low, n.high = at*0.4/spare, at*spare
	quick := *s
	quick.near, quick.est = n, model
	var p *problem
	var r rate
	for range roughRounds / 2 {
		if p, err = quick.problem(ctx); err != nil {
			return nil, err
		}
		if err := p.tighten(ctx, at); err != nil {
			return nil, err
		}
		if r, err = p.relaxed(ctx, at); err != nil {
			return nil, err
		}
		if r.x == nil {
			n.nothing = true
			return n, quick.cheap(ctx, model.LeastCycles(s.budget))
		}
		for i, hl := range p.hardware(r.x) {
			if hl.Engine.Skips() {
				if err := model.Correct(s.est, i, hl); err != nil {
					return nil, err
				}
			}
		}
	}
	e, err := p.estimate(c, r.x)
	if err != nil {
		return nil, err
	}
	n.keep = make([]map[engine]bool, len(p.layers))
	for i := range n.keep {
		n.keep[i] = map[engine]bool{}
	}
	for _, share := range askedClocks {
		for _, limit := range []derive.Path{derive.AnyPath, e.PathsAt(share * c.Top())} {
			p.setLimit(limit)
			v := p.restrict(at*share, byCost)
			even, err := v.pricesOf(ctx)
			if err != nil {
				return nil, err
			}
			v.best(even, n.keep)
			if in.Least != target.Even {
				v.best(in.Least.Price(), n.keep)
			}
		}
	}
	return n, nil
}

// tighten makes the budget about the least share of itself with which the relaxation does not show that nothing fits.
func (p *problem) tighten(ctx context.Context, cycles float64) error {
	budget := p.budget
	low, high := 0.0, 1.0
	at := func(share float64) (b design.Vec) {
		for r := range b {
			b[r] = int(float64(budget[r]) * share)
		}
		return b
	}
	for high-low > 0.02*high && high > 1e-3 {
		mid := (low + high) / 2
		p.setBudget(at(mid))
		r, err := p.restrict(cycles, byCost).balance(ctx)
		if err != nil {
			return err
		}
		if r.feasible != nil || r.bound <= 1+slack {
			high = mid
		} else {
			low = mid
		}
	}
	p.setBudget(at(high))
	return nil
}
