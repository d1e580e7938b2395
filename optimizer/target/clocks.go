package target

import (
	"context"
	"math"
)

// Clocks is a set of choices of hardware, each with a clock of its own: the cycles allowed depend on the clock, and the clock on the choice.
type Clocks[X any] struct {
	Top   float64 // the fastest clock that counts, in MHz
	Asked bool    // Top was asked for: a choice has that clock or is none

	// At are the choices that would be fast enough at a clock.
	At func(mhz float64) *Problem[X]
	// Clock is that of a choice in MHz, and whether the choice is fast enough at it.
	Clock func(x X) (mhz float64, ok bool, err error)

	// Fastest is a clock beyond which no choice's modules are; nil: the choices are limited already. It is asked after Clock.
	Fastest func() float64
	// Keep leaves only choices whose modules keep a clock, in MHz.
	Keep func(mhz float64)
}

// agreeSteps bounds how often a clock is assumed, and then taken from the choice found, until both agree; clockSteps is the number of
// faster clocks tried, and leastStep the least factor between two.
const (
	agreeSteps = 6
	clockSteps = 8
	leastStep  = 1.03
)

// Least finds, among the choices that are fast enough at their own clock, the one that takes least by the rule. kept is the clock that Keep was
// asked for with it; 0: none.
func (q *Clocks[X]) Least(ctx context.Context, rule Rule) (best Choice[X], kept float64, ok bool, err error) {
	// The first is the least hardware whatever its clock, for the cycles that a clock allows: from the fastest down.
	mhz, own, any := q.Top, 0.0, false
	for range agreeSteps {
		p := q.At(mhz)
		c, found, err := p.Least(ctx, rule, p.Budget)
		if err != nil {
			return best, 0, false, err
		}
		if !found {
			break
		}
		best, any = c, true
		if own, ok, err = q.Clock(c.X); err != nil {
			return best, 0, false, err
		}
		if ok || q.Asked {
			break
		}
		mhz = min(own, mhz/leastStep)
	}
	if !any || q.Fastest == nil || ok && own >= q.Top {
		return best, 0, ok, nil
	}
	// Others keep a faster clock, and may take more cycles.
	top := q.Fastest()
	step := max(leastStep, math.Pow(top/mhz, 1.0/clockSteps))
	for f := top; f > mhz*(1-rounding); f /= step {
		q.Keep(f)
		p := q.At(min(f, q.Top))
		within := p.Budget
		if ok {
			within = rule.Within(best.Total, p.Budget)
		}
		c, found, err := p.Least(ctx, rule, within)
		if err != nil {
			return best, 0, false, err
		}
		if !found {
			continue
		}
		_, enough, err := q.Clock(c.X)
		if err != nil {
			return best, 0, false, err
		}
		if enough && (!ok || rule.Less(c.Total, best.Total, p.Budget)) {
			best, kept, ok = c, f, true
		}
	}
	return best, kept, ok, nil
}
