package optimizer

import (
	"cmp"
	"context"
	"errors"
	"math"
	"slices"

	"hass/internal/design"
	"hass/internal/hw"
	"hass/internal/intnet"
	"hass/internal/memory"
	"hass/optimizer/derive"
	"hass/optimizer/rough"
	"hass/optimizer/target"
	"hass/optimizer/widths"
)

// Large networks have more hardware choices than an estimator can rate. A rough model of the
// engines then finds the reachable rate. The estimator rates the choices near that rate which
// the model does not rule out, and only its results are used.

// exactEffort is the number of engine choices up to which all of them are estimated. A choice of a
// layer with more than manyWeights weights counts as many times as the layer has that number.
const (
	exactEffort = 40_000
	manyWeights = 100_000
)

const (
	roughSpan   = 4.0 // the first rates tried lie within this factor of a lower bound
	roughStep   = 1.02
	expectLow   = 0.4 // if a rate is expected, they lie within these shares of it
	expectHigh  = 1.2
	roughRounds = 4 // largest number of corrections of the model; it stops early when the rate settles
	cheapLow    = 4
	cheapHigh   = 16
	roughSame   = 0.05 // change of the rate that ends the corrections
	roughWider  = 2.0  // if nothing fits, add slower choices by this factor,
	roughWiden  = 3    // at most this many times
	roughWorth  = 1.02 // least gain for which a faster clock is taken

	// The estimator rates, for each layer, the best engines at the prices of the relaxation, for some
	// rates around that of the model.
	roughKept = 12
)

var roughRates = []float64{0.9, 0.95, 1, 1.06, 1.14, 1.25}

// newRough is the rough model of a space's engines, as far as the estimator's answers about a few of each layer make it.
func newRough(s *space) (*rough.Model, error) {
	net := s.model.Net
	r := rough.New(s.model)
	for i := range net.Layers {
		l := &net.Layers[i]
		if l.Kind != intnet.KindConv {
			continue
		}
		wide := slices.MaxFunc(s.shapes(l), func(a, b shape) int { return a.lanes - b.lanes })
		if wide.lanes == 1 {
			continue // nothing to skip
		}
		width := wide.out[len(wide.out)/2]
		inPx, outPx := s.model.LayerPx(i)
		hl := hw.Layer{InPx: inPx, InCh: wide.ch, OutPx: outPx, OutCh: width, MTap: wide.tap, MCh: wide.ch,
			Engine: hw.Banked, N: 1, Gang: width, GangDepth: engineDepth(hw.Banked), WeightMem: memory.BRAM}
		win := hw.WindowOf(net, *l, hl)
		hl.LinePixels = win.FullLinePixels()
		if err := r.Measure(s.est, i, hl); err != nil {
			return nil, err
		}
		if s.menu != nil {
			continue // no engine skips zeros
		}
		// Compare the model with the estimator at engines of about the right size.
		for _, d := range widths.Divisors(wide.lanes) {
			if float64(d) <= 1.2*r.Density(i)*float64(wide.lanes) {
				hl.N = d
			}
		}
		if hl.N == wide.lanes {
			continue
		}
		if err := r.Correct(s.est, i, hl); err != nil {
			return nil, err
		}
		if hl.Engine = hw.Elastic; hl.N > 1 && s.engine.Allows(hw.Elastic) {
			if err := r.Correct(s.est, i, hl); err != nil {
				return nil, err
			}
		}
	}
	return r, nil
}

// near says which choices matter: those around the cycles of a design that the model found.
type near struct {
	model     *rough.Model
	low, high float64           // fewer cycles than low are as good as low
	keep      []map[engine]bool // by layer; nil while only the model is used
	nothing   bool              // nothing fits
}

// engine holds the parameters on which the estimated cycles of a sparse engine depend.
type engine struct {
	kind                     hw.EngineKind
	tap, ch, n, out, gang, d int
}

func engineOf(l *hw.Layer) engine {
	return engine{l.Engine, l.MTap, l.MCh, l.N, l.OutCh, l.Gang, l.GangDepth}
}

// effort is the weighted number of questions to an estimator for all layers.
func (s *space) effort() int {
	n := 0
	for i := range s.model.Net.Layers {
		l := &s.model.Net.Layers[i]
		if l.Kind != intnet.KindConv {
			continue
		}
		for _, sh := range s.shapes(l) {
			for _, e := range derive.Engines(s.lanes(), sh.lanes) {
				for _, p := range sh.out {
					if e.Kind == hw.Packed {
						continue // its cycles are those of a dense one
					}
					if _, px := s.model.LayerPx(i); e.N*p*px <= max(px, s.budget[0]) && s.pins.May(i, sh.tap, sh.ch, e.Kind, e.N, p) {
						n += len(s.parts(l, e.Kind, p)) * (1 + s.model.Net.WeightCount(l)/manyWeights)
					}
				}
			}
		}
	}
	return n
}

// focus finds what near is for a network on a budget. expect, if not 0, is about the cycles per image of its design.
// The clock is chosen there as well: s keeps its limit.
func (s *space) focus(ctx context.Context, c *derive.Clocking, throughput bool, expect float64) (*near, error) {
	model, err := newRough(s)
	if err != nil {
		return nil, err
	}
	n := &near{model: model}
	least := n.model.LeastCycles(s.budget)
	quick := *s
	quick.near, quick.est = n, n.model
	var p *problem
	at := 0.0
	if expect > 0 {
		n.low, n.high = expect*expectLow, expect*expectHigh
		if p, err = quick.problem(ctx); err != nil {
			return nil, err
		}
		if at, _, err = p.relaxedRate(ctx, n.low, n.high); err != nil {
			return nil, err
		}
		if at < n.low*roughStep*roughStep {
			at = 0 // it may be far below the expected rate: start from the beginning
		}
	}
	for span := roughSpan; at == 0; span *= 4 * roughSpan {
		if span > 1024*roughSpan {
			return n, quick.cheap(ctx, least)
		}
		n.low, n.high = least, least*span
		if p, err = quick.problem(ctx); err != nil {
			return nil, err
		}
		if at, _, err = p.relaxedRate(ctx, least, n.high); err != nil {
			return nil, err
		}
	}
	for range roughRounds {
		// The estimator's results for the engines of the relaxation correct the model.
		r, err := p.relaxed(ctx, at)
		if err != nil {
			return nil, err
		}
		for i, hl := range p.hardware(r.x) {
			if !hl.Engine.Skips() {
				continue
			}
			if err := n.model.Correct(s.est, i, hl); err != nil {
				return nil, err
			}
		}
		n.low, n.high = at*0.5, at*1.6
		if p, err = quick.problem(ctx); err != nil {
			return nil, err
		}
		next, _, err := p.relaxedRate(ctx, n.low, n.high)
		if err != nil {
			return nil, err
		}
		if next == 0 {
			continue
		}
		change := math.Abs(next/at - 1)
		if at = next; change < roughSame {
			break
		}
	}
	free := at // without a limit
	if p, at, err = quick.focusClock(ctx, c, p, at); err != nil {
		return nil, err
	}
	n.keep = make([]map[engine]bool, len(p.layers))
	for i := range n.keep {
		n.keep[i] = map[engine]bool{}
	}
	keep := func(at float64, shares ...float64) error {
		for _, share := range shares {
			v := p.restrict(at*share, byCost)
			price, err := v.pricesOf(ctx)
			if err != nil {
				return err
			}
			v.best(price, n.keep)
		}
		return nil
	}
	if err := keep(at, roughRates...); err != nil {
		return nil, err
	}
	if c.Asked > 0 {
		// The model's clock is rough as well: choose the limit again with a few more candidates.
		s.limit, free = p.limit, at
		s.limit.RTL *= clockHope
	} else {
		// The model's clock is rough as well: choose again, including the choices without a limit.
		p.setLimit(derive.AnyPath)
		if err := keep(free, 1, roughRates[len(roughRates)-2]); err != nil {
			return nil, err
		}
	}
	if n.low, n.high = min(at, free)*0.7, max(at, free)*1.3; !throughput {
		n.low, n.high = 0, at*4 // few cycles count as well
	}
	return n, nil
}

// focusClock chooses the clock of the model's problem, whose rate without a limit is at. It returns the problem with the limit, and
// the rate.
func (s *space) focusClock(ctx context.Context, c *derive.Clocking, p *problem, at float64) (*problem, float64, error) {
	first, err := p.relaxed(ctx, at)
	if err != nil {
		return nil, 0, err
	}
	e, err := p.estimate(c, first.x)
	if err != nil {
		return nil, 0, err
	}
	t := trader{
		least: func(ctx context.Context, below float64) (rate, error) {
			if below <= 0 {
				below = s.near.high
			}
			at, _, err := p.relaxedRate(ctx, s.near.low, min(below, s.near.high))
			if at == 0 || err != nil {
				return rate{}, err
			}
			return p.relaxed(ctx, at)
		},
		clock: func(x []pick) (float64, error) { return e.At(p.pathOf(x)), nil },
		hope:  1, worth: roughWorth,
	}
	r, err := p.chooseClock(ctx, c, first, e, t)
	if none := (*ClockError)(nil); errors.As(err, &none) && none.Layer == "" {
		// Choices slower than those around the rate may keep the limit.
		s.near.low, s.near.high = at*0.5, at*4*roughSpan
		if p, err = s.problem(ctx); err != nil {
			return nil, 0, err
		}
		r, err = p.chooseClock(ctx, c, first, e, t)
	}
	return p, r.cycles, err
}

// relaxed approximates the relaxation's choice at a rate; it need not fit.
func (p *problem) relaxed(ctx context.Context, at float64) (rate, error) {
	v := p.restrict(at, byCost)
	r, err := v.balance(ctx)
	if err != nil {
		return rate{}, err
	}
	x := r.feasible
	if x == nil {
		x = v.solution(v.table(r.price, nil))
	}
	return rate{cycles: at, x: x, bound: at}, nil
}

// cheap sets near to the choices of least cost, because nothing fits. A design of the very smallest
// hardware is of no use, and the proof that it is live would take too long.
func (s *space) cheap(ctx context.Context, least float64) error {
	n := s.near
	n.nothing = true
	n.low, n.high = least*cheapLow, least*cheapHigh
	p, err := s.problem(ctx)
	if err != nil {
		return err
	}
	v := p.restrict(n.high, byCost)
	n.keep = make([]map[engine]bool, len(p.layers))
	for i := range n.keep {
		n.keep[i] = map[engine]bool{}
	}
	v.best(target.EvenPrice, n.keep)
	return nil
}

// widen adds slower choices to near: if the model is too optimistic about some engines, nothing may fit with the choices that it
// left.
func (s *space) widen(ctx context.Context) error {
	n := *s.near
	n.high *= roughWider
	n.keep = nil
	quick := *s
	quick.near, quick.est = &n, n.model
	p, err := quick.problem(ctx)
	if err != nil {
		return err
	}
	v := p.restrict(n.high, byCost)
	price, err := v.pricesOf(ctx)
	if err != nil {
		return err
	}
	v.best(price, s.near.keep)
	s.near.high = n.high
	return nil
}

// problem is the problem of the space's choices.
func (s *space) problem(ctx context.Context) (*problem, error) {
	sets, err := s.all(ctx)
	if err != nil {
		return nil, err
	}
	p, err := newProblem(s.model.Net, s.model, s.clocks, sets, s.widths, s.budget)
	if err != nil {
		return nil, err
	}
	p.space = s
	if s.limit != derive.AnyPath {
		p.setLimit(s.limit)
	}
	return p, nil
}

// relaxedRate is the least cycles between lo and hi, to a step, at which the relaxation does not prove
// that nothing fits; 0 if there are none.
func (p *problem) relaxedRate(ctx context.Context, lo, hi float64) (at float64, r relaxation, err error) {
	possible := func(limit float64) (bool, error) {
		r, err = p.restrict(limit, byCost).balance(ctx)
		return r.feasible != nil || r.bound <= 1+slack, err
	}
	if ok, err := possible(hi); !ok || err != nil {
		return 0, r, err
	}
	for hi/lo > roughStep { // a step is smaller than the error of the model
		mid := math.Sqrt(lo * hi)
		switch ok, err := possible(mid); {
		case err != nil:
			return 0, r, err
		case ok:
			hi = mid
		default:
			lo = mid
		}
	}
	return hi, r, nil
}

// pricesOf are the relaxation's multipliers at the view's rate.
func (v *view) pricesOf(ctx context.Context) ([design.NumResources]float64, error) {
	r, err := v.balance(ctx)
	if r.feasible != nil || r.price == [design.NumResources]float64{} {
		r.price = target.EvenPrice
	}
	return r.price, err
}

// best adds to keep, for every layer, the engines in the cheapest choices at the prices.
func (v *view) best(price [design.NumResources]float64, keep []map[engine]bool) {
	t := v.table(price, nil)
	n := len(v.layers)
	front := []float64{0} // the least price of reaching every state
	type ranked struct {
		e     engine
		value float64
	}
	for i := range n {
		next := make([]float64, v.states[i+1])
		for s := range next {
			next[s] = math.Inf(1)
		}
		around := make([]float64, len(v.layers[i].classes)) // the price of everything but the layer's own option
		for c := range around {
			around[c] = math.Inf(1)
		}
		for s, f := range front {
			if math.IsInf(f, 1) {
				continue
			}
			for k := range v.arcs[i][s] {
				a := &v.arcs[i][s][k]
				step := f + dot(&price, &a.share)
				around[a.class] = min(around[a.class], step+t.togo[i+1][a.next])
				next[a.next] = min(next[a.next], step+t.value[i][a.class])
			}
		}
		front = next
		least := map[engine]float64{}
		for c := range around {
			if math.IsInf(around[c], 1) {
				continue
			}
			for _, k := range v.opts[i][c] {
				o := &v.layers[i].classes[c].opts[k]
				if !o.hl.Engine.Skips() {
					continue
				}
				e := engineOf(&o.hl)
				x := around[c] + t.option(i, o)
				if old, ok := least[e]; !ok || x < old {
					least[e] = x
				}
			}
		}
		var list []ranked
		for e, x := range least {
			list = append(list, ranked{e, x})
		}
		slices.SortFunc(list, func(a, b ranked) int {
			return cmp.Or(cmp.Compare(a.value, b.value), a.e.compare(b.e))
		})
		for _, r := range list[:min(len(list), roughKept)] {
			keep[i][r.e] = true
		}
	}
}

func (e engine) compare(f engine) int {
	return cmp.Or(cmp.Compare(e.kind, f.kind), e.tap-f.tap, e.ch-f.ch, e.n-f.n, e.out-f.out, e.gang-f.gang, e.d-f.d)
}

// narrow drops widths that are far wider than any rate of interest needs, for a layer that takes the
// given cycles at a width of 1.
func (s *space) narrow(widths []int, cycles float64) []int {
	if s.near == nil {
		return widths
	}
	keep := slices.DeleteFunc(slices.Clone(widths), func(w int) bool { return cycles/float64(w) < s.near.low/16 })
	if len(keep) == 0 {
		return widths[:1]
	}
	return keep
}

// usable drops the choices that are slower than any of interest, unless all are.
func (n *near) usable(all []option, in []int) []int {
	keep := slices.DeleteFunc(slices.Clone(in), func(i int) bool { return all[i].cycles > n.high })
	if len(keep) > 0 {
		return keep
	}
	least := math.Inf(1)
	for _, i := range in {
		least = min(least, all[i].cycles)
	}
	return slices.DeleteFunc(in, func(i int) bool { return all[i].cycles > least })
}

// weight is a rough sum of all resources: if a choice dominates another, its weight is smaller.
func weight(v design.Vec) int {
	return 100*v[design.DSP] + v[design.LUT] + v[design.FF] + 100*v[design.BRAM18] + 2000*v[design.URAM] + v[design.LUTRAM]
}
