// Package target finds the least hardware for a rate and a latency.
//
// It takes a rule (which resource counts first), a budget, and two questions that somebody else answers: whether any choice of
// hardware that is fast enough fits a budget, and which of those takes the least weighed sum. It gives the choice that takes least by
// the rule. It knows nothing of layers, engines or clocks.
package target

import (
	"context"
	"math"
	"slices"

	"hass/internal/design"
)

// Rule says what of two choices of hardware is less.
type Rule string

// The rules.
const (
	Even Rule = "even" // the smallest largest share of a budget; of equals the smallest sum of shares
	DSP  Rule = "dsp"  // the fewest DSPs; of equals the smallest sum of the shares of the others
	LUT  Rule = "lut"  // the fewest LUTs, likewise
	BRAM Rule = "bram" // the fewest halves of block RAM, likewise
)

// Rules lists all rules.
func Rules() []Rule { return []Rule{Even, DSP, LUT, BRAM} }

// first is the resource that a rule counts before the others; none for Even.
func (r Rule) first() (resource int, one bool) {
	at := map[Rule]int{DSP: design.DSP, LUT: design.LUT, BRAM: design.BRAM18}
	resource, one = at[r]
	return resource, one
}

// Weights are prices of shares of budgets, by resource.
type Weights [design.NumResources]float64

// EvenPrice weighs the shares of all budgets alike; LUTRAM is a part of LUT and has no price of its own.
var EvenPrice = Weights{1, 1, 1, 1, 1, 0}

// little is what the other resources count beside the one that a rule names, where one search weighs both.
const little = 0.05

// Price weighs the shares of all budgets for one search: alike, or almost the rule's own resource alone, the others to break ties.
func (r Rule) Price() Weights {
	at, one := r.first()
	if !one {
		return EvenPrice
	}
	price := EvenPrice
	for i := range price {
		price[i] *= little
	}
	price[at] = 1
	return price
}

// only is the price of one resource alone.
func only(resource int) (w Weights) {
	w[resource] = 1
	return w
}

// none is a share beyond any budget: where the budget is 0, any need is worth a thousand budgets.
const none = 1000

// shares are the shares of a budget.
func shares(v, budget design.Vec) (s Weights) {
	for r := range v {
		switch {
		case budget[r] > 0:
			s[r] = float64(v[r]) / float64(budget[r])
		case v[r] > 0:
			s[r] = none
		}
	}
	return s
}

// Largest is the largest share of a budget that a total takes, and its resource.
func Largest(total, budget design.Vec) (share float64, resource int) {
	for r, s := range shares(total, budget) {
		if s > share {
			share, resource = s, r
		}
	}
	return share, resource
}

// Less tells whether a takes less than b by the rule: its own quantity first, then the sum of shares.
func (r Rule) Less(a, b, budget design.Vec) bool {
	x, y := r.measure(a, budget), r.measure(b, budget)
	return slices.Compare(x[:], y[:]) < 0
}

// measure is what the rule compares, in order.
func (r Rule) measure(v, budget design.Vec) [2]float64 {
	s := shares(v, budget)
	sum := 0.0
	for i := range s {
		sum += EvenPrice[i] * s[i]
	}
	at, one := r.first()
	if !one {
		largest, _ := Largest(v, budget)
		return [2]float64{largest, sum}
	}
	return [2]float64{s[at], sum - EvenPrice[at]*s[at]}
}

// Within is a budget cut to what the rule's own quantity of a total takes: a choice that takes less by the rule, or as much, lies
// within it.
func (r Rule) Within(total, budget design.Vec) design.Vec {
	at, one := r.first()
	if one {
		budget[at] = min(budget[at], total[at])
		return budget
	}
	share, _ := Largest(total, budget)
	return scaled(budget, share)
}

// rounding keeps a share that is a quotient of two integers from losing one of them.
const rounding = 1e-9

// scaled is a share of a budget, at most all of it.
func scaled(budget design.Vec, share float64) design.Vec {
	for r := range budget {
		budget[r] = min(budget[r], int(math.Floor(float64(budget[r])*share*(1+rounding))))
	}
	return budget
}

// below is the largest budget all of whose shares are below one.
func below(budget design.Vec, share float64) design.Vec {
	for r := range budget {
		if budget[r] > 0 {
			budget[r] = min(budget[r], int(math.Ceil(float64(budget[r])*share*(1-rounding)))-1)
		}
		budget[r] = max(budget[r], 0)
	}
	return budget
}

// Choice is a choice of hardware with what it takes.
type Choice[X any] struct {
	X     X
	Total design.Vec
}

// Problem is the choices of hardware that are fast enough.
type Problem[X any] struct {
	// Budget is what shares are of, and what every choice keeps to.
	Budget design.Vec
	// Fits looks for a choice within a budget.
	Fits func(ctx context.Context, budget design.Vec) (x X, total design.Vec, found bool, err error)
	// Minimum gives the choice within a budget with the least sum of prices times shares of Budget, beginning with one that is within.
	// bound is below the sum of every choice.
	Minimum func(ctx context.Context, budget design.Vec, price Weights, start X) (x X, total design.Vec, bound float64, err error)
}

// Bounds of the search for the smallest largest share: shares that are this near are not told apart by bisection, and steps from one
// design to the next below are at most this many.
const (
	near     = 0.01
	descents = 24
)

// Least finds the choice within a budget that takes least by the rule; found is false if there is none.
func (p *Problem[X]) Least(ctx context.Context, rule Rule, budget design.Vec) (c Choice[X], found bool, err error) {
	c.X, c.Total, found, err = p.Fits(ctx, budget)
	if err != nil || !found {
		return c, false, err
	}
	if at, one := rule.first(); one {
		err = p.named(ctx, &c, rule, at, budget)
	} else {
		err = p.even(ctx, &c, budget)
	}
	return c, true, err
}

// even improves a choice to that of the smallest largest share.
func (p *Problem[X]) even(ctx context.Context, c *Choice[X], budget design.Vec) error {
	low := 0.0 // nothing was found there
	high, _ := Largest(c.Total, p.Budget)
	try := func(b design.Vec) (found bool, err error) {
		for r := range b {
			b[r] = min(b[r], budget[r])
		}
		x, total, found, err := p.Fits(ctx, b)
		if found {
			c.X, c.Total = x, total
			high, _ = Largest(total, p.Budget)
		}
		return found, err
	}
	for high-low > near*high {
		mid := (low + high) / 2
		found, err := try(scaled(p.Budget, mid))
		if err != nil {
			return err
		}
		if !found {
			low = mid
		}
	}
	for range descents {
		found, err := try(below(p.Budget, high))
		if err != nil {
			return err
		}
		if !found {
			break
		}
	}
	within := Even.Within(c.Total, p.Budget)
	for r := range within {
		within[r] = min(within[r], budget[r])
	}
	x, total, _, err := p.Minimum(ctx, within, EvenPrice, c.X)
	c.X, c.Total = x, total
	return err
}

// named improves a choice to that which takes least of one resource.
func (p *Problem[X]) named(ctx context.Context, c *Choice[X], rule Rule, at int, budget design.Vec) error {
	// With one resource priced alone the search has little to go by: it begins with choices of prices for all.
	for _, price := range []Weights{EvenPrice, rule.Price()} {
		x, total, _, err := p.Minimum(ctx, budget, price, c.X)
		if err != nil {
			return err
		}
		if budget[at] = min(budget[at], total[at]); total[at] <= c.Total[at] {
			c.X, c.Total = x, total
		}
	}
	x, total, bound, err := p.Minimum(ctx, budget, only(at), c.X)
	if err != nil {
		return err
	}
	c.X, c.Total = x, total
	// Where the search was cut short, what lies between the bound and the choice is asked about.
	for low := int(math.Ceil(bound*float64(p.Budget[at])*(1-rounding))) - 1; c.Total[at]-low > 1; {
		b := budget
		b[at] = (low + c.Total[at]) / 2
		x, total, found, err := p.Fits(ctx, b)
		switch {
		case err != nil:
			return err
		case found:
			c.X, c.Total = x, total
		default:
			low = b[at]
		}
	}
	budget[at] = c.Total[at]
	rest := EvenPrice
	rest[at] = 0
	c.X, c.Total, _, err = p.Minimum(ctx, budget, rest, c.X)
	return err
}
