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

// The optimizer maximises images per second, so it trades the clock against cycles. Every choice of hardware carries the slowest
// paths of its own modules. The clock in MHz for a path depends on how full the part is, which is only known from a solution. So
// problems are solved first without a limit on paths, and then with limits that are computed from MHz with the previous solution.

// ClockError says that no design reaches the requested clock.
type ClockError struct {
	Layer  string  // its fastest choice misses the clock; "" if every layer has a choice that reaches it
	Choice string  // the layer's fastest choice, or the slowest process
	Asked  float64 // MHz
	MHz    float64 // the clock that Choice, or the design, reaches
	Kind   design.ClockKind
}

// Error names the layer, its fastest choice and the clock of that choice.
func (e *ClockError) Error() string {
	if e.Layer == "" {
		return fmt.Sprintf("no design within the budget reaches %g MHz; the nearest reaches %.0f MHz (%s), where %s is slowest", e.Asked, e.MHz, e.Kind.Words(), e.Choice)
	}
	return fmt.Sprintf("layer %s: no choice of hardware reaches %g MHz; its fastest, %s, reaches %.0f MHz (%s)", e.Layer, e.Asked, e.Choice, e.MHz, e.Kind.Words())
}

// near reports whether a design that has not been tried may still reach the clock.
func (e *ClockError) near() bool { return e.Layer == "" || e.MHz*clockHope >= e.Asked }

// reachable is the fastest clock for which every layer has a choice, in a design as full as e's, and the layer that limits it.
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

// pathOf is the slowest Path of a choice: of its layers and of the streams between them.
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

// setLimit removes choices whose paths are longer than the limit.
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

// clockSteps is the number of clocks tried between the clock of the design with the fewest cycles and the fastest clock,
// and leastClockStep the least ratio of two of them.
const (
	clockSteps     = 8
	leastClockStep = 1.03
)

// trader holds the functions with which chooseClock solves a problem.
type trader struct {
	// least gives the least cycles per image under the problem's limit. If below is positive, only cycles below it are of interest. An
	// empty choice means that there is no such design.
	least func(ctx context.Context, below float64) (rate, error)
	// clock is that of a choice, in MHz.
	clock func(x []pick) (float64, error)
	// hope is the factor by which a clock may turn out faster than the limit that was set for it. worth is the least gain in rate for
	// which a faster clock is taken.
	hope, worth float64
}

// chooseClock trades the clock against cycles: it sets the limit on paths that gives the most images per second, and returns the rate
// there. first is the problem's rate without a limit, e an estimate of its design. If a clock was requested, the limit is the loosest
// one found to reach it.
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
	limit := e.At(p.pathOf(first.x)) // the clock of the best choice's paths in e's design
	start := limit
	top = min(top, ceiling*t.hope)
	step := max(leastClockStep, math.Pow(top/start, 1.0/clockSteps))
	for f := start * step; f <= top*(1+derive.FloatError) && mhz < ceiling; f *= step {
		if f <= limit {
			continue // already reached
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

// askedSteps bounds the limits tried for a requested clock; looseStep is the ratio below which two limits are not distinguished. The cost of
// FIFOs is not known yet, so a design may be a little faster than estimated (askedSlack); solve tightens the limit if it is not.
const (
	askedSteps = 4
	looseStep  = 1.01
	askedSlack = 1.01
)

// reachClock is chooseClock for a requested clock. e may be fuller than the design that reaches the clock, and a fuller part is slower,
// so e's limit is tighter than necessary. reachClock tries limits between those of first and e, and keeps the loosest with which the
// design reaches the clock.
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
