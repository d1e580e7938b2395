package optimizer

import (
	"context"
	"fmt"
	"math"

	"hass/internal/design"
	"hass/internal/hw"
	"hass/internal/intnet"
	"hass/optimizer/derive"
)

// The optimizer weighs the clock against cycles: what counts is images per second. Every choice of hardware carries the paths of its
// modules alone. What they mean in MHz depends on how full the part is, which a solution tells: problems are solved without a limit
// first, then with limits on the paths that the solution before translates from MHz.

// ClockError says that no design reaches the clock that was asked for.
type ClockError struct {
	Layer  string  // whose fastest choice misses it; "" where every layer has one that does not
	Choice string  // the layer's fastest, or the process that is slowest
	Asked  float64 // MHz
	MHz    float64 // that Choice is good for, or the design
	Kind   design.ClockKind
}

// Error names the layer, its fastest choice and the clock of that.
func (e *ClockError) Error() string {
	if e.Layer == "" {
		return fmt.Sprintf("no design within the budget reaches %g MHz; the nearest reaches %.0f MHz (%s), where %s is slowest", e.Asked, e.MHz, e.Kind.Words(), e.Choice)
	}
	return fmt.Sprintf("layer %s: no choice of hardware reaches %g MHz; its fastest, %s, reaches %.0f MHz (%s)", e.Layer, e.Asked, e.Choice, e.MHz, e.Kind.Words())
}

// near tells that another design than those that were looked at may reach the clock.
func (e *ClockError) near() bool { return e.Layer == "" || e.MHz*clockHope >= e.Asked }

// reachable is the fastest clock at which every layer has a choice, in a design as full as e's, and the layer that has none beyond it.
func (p *problem) reachable(e *derive.Estimate) (mhz float64, layer int, best *option) {
	mhz = math.Inf(1)
	for i := range p.layers {
		fastest, at := 0.0, (*option)(nil)
		for c := range p.layers[i].classes {
			for k := range p.layers[i].classes[c].opts {
				o := &p.layers[i].classes[c].opts[k]
				if f := e.At(o.path); f > fastest {
					fastest, at = f, o
				}
			}
		}
		if fastest < mhz {
			mhz, layer, best = fastest, i, at
		}
	}
	return mhz, layer, best
}

// pathOf is the slowest Path of a choice, of layers and of what lies between them.
func (p *problem) pathOf(x []pick) derive.Path {
	var all derive.Path
	state := 0
	for i, k := range x {
		a := p.arc(i, state, k.class)
		all = all.With(a.path).With(p.layers[i].classes[k.class].opts[k.opt].path)
		state = a.next
	}
	return all
}

// setLimit leaves out choices whose paths are longer.
func (p *problem) setLimit(limit derive.Path) {
	p.limit = limit
	for i := range p.arcs {
		for s := range p.arcs[i] {
			arcs := p.every[i][s]
			short := arcs[:0:0]
			for k := range arcs {
				if arcs[k].path.Within(limit) {
					short = append(short, arcs[k])
				}
			}
			p.arcs[i][s] = short
		}
	}
	p.setBudget(p.budget)
}

// clockSteps is the number of clocks tried between that of the fastest design in cycles and the fastest that there is, and
// leastClockStep the least factor between two.
const (
	clockSteps     = 8
	leastClockStep = 1.03
)

// trader is a way to weigh the clock of a problem against its cycles.
type trader struct {
	// least gives the least cycles per image under the problem's limit: below, if positive, is the most that is of interest. No choice
	// means that there is no such design.
	least func(ctx context.Context, below float64) (rate, error)
	// clock is that of a choice, in MHz.
	clock func(x []pick) (float64, error)
	// hope is the factor by which a clock may come out faster than the limit that was set for it, worth the gain in rate that a faster
	// clock must bring.
	hope, worth float64
}

// chooseClock weighs the clock against cycles: it sets the limit of the paths with which there are most images per second, and gives
// the rate there. first is the problem's rate without that limit, e an estimate of its design. Where a clock was asked for, the limit
// is the loosest that was found to reach it.
func (p *problem) chooseClock(ctx context.Context, c *derive.Clocking, first rate, e *derive.Estimate, t trader) (rate, error) {
	if c.Asked > 0 {
		return p.reachClock(ctx, c.Asked, first, e, t)
	}
	top, _, _ := p.reachable(e)
	ceiling := c.Top()
	mhz, err := t.clock(first.x)
	if err != nil {
		return rate{}, err
	}
	best := first
	mhz = min(ceiling, mhz)
	limit := e.At(p.pathOf(first.x)) // what the paths of the best are good for in e's design
	start := limit
	top = min(top, ceiling*t.hope)
	step := max(leastClockStep, math.Pow(top/start, 1.0/clockSteps))
	for f := start * step; f <= top*(1+derive.FloatError) && mhz < ceiling; f *= step {
		if f <= limit {
			continue // reached already
		}
		p.setLimit(e.PathsAt(f).Whole())
		r, err := t.least(ctx, best.cycles*f/limit*t.hope/t.worth)
		if err != nil {
			return rate{}, err
		}
		if r.x == nil {
			continue
		}
		g, err := t.clock(r.x)
		if err != nil {
			return rate{}, err
		}
		if g = min(ceiling, g); g/r.cycles > t.worth*mhz/best.cycles {
			best, mhz, limit = r, g, e.At(p.pathOf(r.x))
		}
	}
	p.setLimit(e.PathsAt(limit))
	return best, nil
}

// askedSteps bounds the limits tried for a clock that was asked for, looseStep is the factor between two that are not told apart. What FIFOs
// take is not known yet, so that a design may be a little faster than it seems (askedSlack); solve tightens the limit where it is not.
const (
	askedSteps = 4
	looseStep  = 1.01
	askedSlack = 1.01
)

// reachClock is chooseClock for a clock that was asked for. e may be fuller than the design that reaches the clock, and a fuller part is
// slower: the limit that e would need is tighter than that design's. Limits between that of first and that of e
// are tried, and the loosest stays with which the design reaches the clock.
func (p *problem) reachClock(ctx context.Context, asked float64, first rate, e *derive.Estimate, t trader) (rate, error) {
	top, layer, option := p.reachable(e)
	reaches := func(r rate) (mhz float64, ok bool, err error) {
		if r.x == nil {
			return 0, false, nil
		}
		mhz, err = t.clock(r.x)
		return mhz, mhz*askedSlack >= asked, err
	}
	if _, ok, err := reaches(first); ok || err != nil {
		p.setLimit(e.PathsAt(min(asked, e.At(p.pathOf(first.x)))))
		return first, err
	}
	loose, tight := e.At(p.pathOf(first.x)), min(asked, top)
	p.setLimit(e.PathsAt(tight))
	best, err := t.least(ctx, 0)
	if err != nil {
		return rate{}, err
	}
	mhz, ok, err := reaches(best)
	switch {
	case err != nil:
		return rate{}, err
	case !ok && top*(1+derive.FloatError) < asked:
		return rate{}, &ClockError{Layer: p.net.Layers[layer].ID, Choice: choiceWords(p.net, layer, &option.hl), Asked: asked, MHz: max(top, mhz), Kind: e.Kind}
	case best.x == nil:
		return rate{}, &ClockError{Choice: e.Limits(), Asked: asked, MHz: e.Modules, Kind: e.Kind}
	}
	for range askedSteps {
		if tight/loose < looseStep {
			break
		}
		at := math.Sqrt(loose * tight)
		p.setLimit(e.PathsAt(at))
		r, err := t.least(ctx, best.cycles)
		if err != nil {
			return rate{}, err
		}
		_, ok, err := reaches(r)
		switch {
		case err != nil:
			return rate{}, err
		case ok:
			best, tight = r, at
		default:
			loose = at
		}
	}
	p.setLimit(e.PathsAt(tight))
	return best, nil
}

// choiceWords describes a hardware choice.
func choiceWords(net *intnet.Net, i int, hl *hw.Layer) string {
	l := &net.Layers[i]
	if l.Kind != intnet.KindConv {
		return fmt.Sprintf("a %s of %d channels a beat", l.Kind, hl.OutCh)
	}
	return fmt.Sprintf("a %s engine %d->%d in gangs of %d", hl.Engine, hw.EngineLanes(net, *l, *hl), hl.N, hl.Gang)
}
