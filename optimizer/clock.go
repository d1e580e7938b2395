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
// is that clock.
func (p *problem) chooseClock(ctx context.Context, c *derive.Clocking, first rate, e *derive.Estimate, t trader) (rate, error) {
	top, layer, option := p.reachable(e)
	if c.Asked > 0 {
		limit := c.Asked
		if top*(1+derive.FloatError) < limit {
			limit = top // the fastest choices may make a design that is less full than e's, and so faster
		}
		p.setLimit(e.PathsAt(limit))
		r, err := t.least(ctx, 0)
		if err != nil {
			return rate{}, err
		}
		if limit < c.Asked {
			mhz := 0.0
			if r.x != nil {
				if mhz, err = t.clock(r.x); err != nil {
					return rate{}, err
				}
			}
			if mhz*(1+derive.FloatError) < c.Asked {
				return rate{}, &ClockError{Layer: p.net.Layers[layer].ID, Choice: choiceWords(p.net, layer, &option.hl), Asked: c.Asked, MHz: max(top, mhz), Kind: e.Kind}
			}
		}
		if r.x == nil {
			err = &ClockError{Choice: e.Limits(), Asked: c.Asked, MHz: e.Modules, Kind: e.Kind}
		}
		return r, err
	}
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

// choiceWords describes a hardware choice.
func choiceWords(net *intnet.Net, i int, hl *hw.Layer) string {
	l := &net.Layers[i]
	if l.Kind != intnet.KindConv {
		return fmt.Sprintf("a %s of %d channels a beat", l.Kind, hl.OutCh)
	}
	return fmt.Sprintf("a %s engine %d->%d in gangs of %d", hl.Engine, hw.EngineLanes(net, *l, *hl), hl.N, hl.Gang)
}
