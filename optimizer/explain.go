package optimizer

import (
	"context"
	"fmt"
	"strings"
)

// whatIfShare is how much more of a resource explain asks about.
const whatIfShare = 0.1

// explain says what limits the design: bottleneck, binding resource, and what a tenth more of
// each resource would buy. f is the solution under p's budget.
func (d *Design) explain(ctx context.Context, p *problem, f *found) error {
	pr := &d.Predicted
	say := func(format string, args ...any) { d.Explain = append(d.Explain, fmt.Sprintf(format, args...)) }
	if !d.Fits {
		for _, s := range d.Shortfall {
			say("does not fit: %s", s)
		}
		pr.BindingResource, _, _ = strings.Cut(d.Shortfall[0], ":")
		return nil
	}
	var tied []string
	for i, k := range f.x {
		if p.layers[i].classes[k.class].opts[k.opt].cycles == pr.CyclesPerImage {
			tied = append(tied, d.Net.Layers[i].ID)
		}
	}
	say("bottleneck: %s with %.1f cycles per image", strings.Join(tied, ", "), pr.CyclesPerImage)

	budget := p.budget
	defer p.setBudget(budget)
	start := rate{cycles: f.rate.cycles, x: f.rate.x}
	gains := [nres]float64{}
	best, binding := 0.0, -1
	for r := range nres - 1 {
		if budget[r] == 0 {
			continue
		}
		more := budget
		more[r] += int(float64(budget[r])*whatIfShare + 0.5)
		if r == 1 {
			more[5] += int(float64(budget[5])*whatIfShare + 0.5)
		}
		p.setBudget(more)
		q, err := p.fastest(ctx, whatIfEffort, start.cycles, start.x)
		if err != nil {
			return err
		}
		gains[r] = start.cycles/q.cycles - 1
		if gains[r] > best {
			best, binding = gains[r], r
		}
	}
	p.setBudget(budget)
	switch least := p.rates()[0]; {
	case binding >= 0:
		pr.BindingResource = resourceNames[binding]
		say("binding resource: %s", resourceNames[binding])
	case start.cycles == least:
		pr.BindingResource = "none"
		say("no resource binds: no hardware choice of the slowest layer is faster")
	default:
		// No single resource helps: the fullest one is named.
		shares, top := p.share(d.Total.vec()), 0
		for r := range nres {
			if shares[r] > shares[top] {
				top = r
			}
		}
		pr.BindingResource = resourceNames[top]
		say("no single resource binds; the fullest is %s at %.1f %% of its budget", resourceNames[top], 100*shares[top])
	}
	for r := range nres - 1 {
		if budget[r] > 0 {
			say("%.0f %% more %s: %+.1f %% images per second", 100*whatIfShare, resourceNames[r], 100*gains[r])
		}
	}
	if pr.Gap > 0 {
		say("the search was cut short: no design of this space is more than %.2f %% faster", 100*pr.Gap)
	}
	if d.Objective == Latency {
		say("estimated latency %.0f cycles; no design of this space has less than %.0f", pr.LatencyCycles, min(f.bound, pr.LatencyCycles))
	}
	return nil
}
