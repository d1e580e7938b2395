package optimizer

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"hass/internal/design"
	"hass/internal/fixed"
	"hass/internal/hw"
	"hass/internal/intnet"
	"hass/optimizer/target"
)

// tenth and twice are the additional shares of a resource that explain tries.
const (
	tenth = 0.1
	twice = 1.0
)

// stepGain is the least gain in rate that counts as a step.
const stepGain = 0.01

// overBudget is the multiple of the design's budget that choices for the explanation may cost.
const overBudget = 1 + twice

// explainBudget is the largest cost of a choice that only serves the explanation.
func explainBudget(budget design.Vec) design.Vec {
	for r := range budget {
		budget[r] *= overBudget
	}
	return budget
}

// price is the gain from more of one resource, with the others unchanged.
type price struct {
	resource int
	// known is false if the search was cut short before it had an answer.
	known bool
	// need is the additional amount of the resource for the next step in rate, 0 if not even twice the budget is enough.
	// For LUTs it implies the same share of additional LUTRAM.
	need int
	step float64 // gain in rate of exactly that additional amount
	ten  float64 // gain in rate of a tenth more
}

// share is need over the budget.
func (q price) share(budget design.Vec) float64 { return float64(q.need) / float64(budget[q.resource]) }

// raised is the budget with more of a resource: a part with more LUTs also has more LUTs for LUTRAM.
func raised(budget design.Vec, r, more int) design.Vec {
	if r == lutResource {
		budget[lutramResource] += budget[lutramResource] * more / budget[r]
	}
	budget[r] += more
	return budget
}

// Indices of resources with a special explanation.
const (
	lutResource    = 1
	lutramResource = 5
)

// nextStep is the next step in rate from the given cycles, 0 if the space has none.
func (p *problem) nextStep(cycles float64) float64 {
	ts := p.rates()
	at, found := slices.BinarySearch(ts, cycles/(1+stepGain))
	if !found {
		at--
	}
	if at < 0 {
		return 0
	}
	return ts[at]
}

// prices computes the gain from more of each resource.
func (p *problem) prices(ctx context.Context, start rate) ([]price, error) {
	budget := p.budget
	defer p.setBudget(budget)
	next := p.nextStep(start.cycles)
	var list []price
	for r := range design.NumResources - 1 {
		if budget[r] == 0 {
			continue
		}
		q := price{resource: r, known: true}
		if next > 0 {
			if err := p.price(ctx, &q, budget, start, next); err != nil {
				return nil, err
			}
		}
		list = append(list, q)
	}
	return list, nil
}

// price computes the gain from more of q's resource.
func (p *problem) price(ctx context.Context, q *price, budget design.Vec, start rate, next float64) error {
	r := q.resource
	p.setBudget(raised(budget, r, budget[r]))
	verdict, x, err := p.fits(ctx, next, whatIfEffort)
	if err != nil || verdict != possible {
		q.known = verdict != unknown
		return err
	}
	// A part with more LUTs has more LUTRAM, and the limit may be either: try both and take the smaller need.
	kinds := []int{r}
	if r == lutResource && budget[lutramResource] > 0 {
		kinds = append(kinds, lutramResource)
	}
	first := x
	for _, kind := range kinds {
		var least [design.NumResources]float64
		for _, other := range kinds {
			least[other] = 1e-3
		}
		least[kind] = 1
		y, _, _, err := p.minimum(ctx, next, first, least, nil, whatIfEffort)
		if err != nil {
			return err
		}
		total, _ := p.total(y)
		need := max(1, total[r]-budget[r])
		if r == lutResource && budget[lutramResource] > 0 {
			need = max(need, fixed.CeilDiv((total[lutramResource]-budget[lutramResource])*budget[r], budget[lutramResource]))
		}
		if q.need == 0 || need < q.need {
			q.need, x = need, y
		}
	}
	gain := func(more int) (float64, error) {
		p.setBudget(raised(budget, r, more))
		f, err := p.fastest(ctx, whatIfEffort, p.cycles(x), x)
		return start.cycles/f.cycles - 1, err
	}
	if q.step, err = gain(q.need); err != nil {
		return err
	}
	if ten := int(float64(budget[r])*tenth + 0.5); q.need <= ten {
		q.ten, err = gain(ten)
	}
	return err
}

// explain adds the sentences about the design's limits: the bottleneck, the gain from more of each resource, and
// the binding resource. f is the solution under p's budget; p's space has choices beyond it.
func (in *Input) explain(ctx context.Context, d *design.Design, p *problem, f *found) error {
	pr := &d.Predicted
	say := func(format string, args ...any) { d.Explain = append(d.Explain, fmt.Sprintf(format, args...)) }
	if in.Asks() {
		share, r := target.Largest(d.Total.Vec(), d.Budget.Vec())
		pr.BindingResource = design.ResourceNames[r]
		say("asked for: %v, in the least hardware (%s)", d.Asked, d.Asked.Least)
		say("bottleneck: %s with %.1f cycles per image", strings.Join(p.slowest(f.x, pr.CyclesPerImage), ", "), pr.CyclesPerImage)
		say("fullest resource: %s at %.1f %% of its budget", pr.BindingResource, 100*share)
		return nil
	}
	in.Log("asking what more resources would buy")
	if !d.Fits {
		for _, s := range d.Shortfall {
			say("does not fit: %s", s)
		}
		pr.BindingResource, _, _ = strings.Cut(d.Shortfall[0], ":")
		return nil
	}
	say("bottleneck: %s with %.1f cycles per image", strings.Join(p.slowest(f.x, pr.CyclesPerImage), ", "), pr.CyclesPerImage)
	prices, err := p.prices(ctx, f.rate)
	if err != nil {
		return err
	}
	if err := explainBinding(ctx, d, p, f.rate, prices, say); err != nil {
		return err
	}
	for _, q := range prices {
		name := design.ResourceNames[q.resource]
		switch {
		case !q.known:
			say("%s: what more of it buys is open, the search was cut short", name)
		case q.need == 0:
			say("%s: not even twice as much makes a faster design", name)
		default:
			line := fmt.Sprintf("%s: %d more (%.1f %%): %+.1f %% images per second", name, q.need, 100*q.share(p.budget), 100*q.step)
			if q.ten > q.step {
				line += fmt.Sprintf("; %.0f %% more: %+.1f %%", 100*tenth, 100*q.ten)
			}
			say("%s", line)
		}
	}
	if pr.Gap > 0 {
		say("the search was cut short: no design of this space is more than %.2f %% faster", 100*pr.Gap)
	}
	if d.Objective == design.Latency {
		say("estimated latency %.0f cycles; no design of this space has less than %.0f", pr.LatencyCycles, min(f.bound, pr.LatencyCycles))
	}
	return nil
}

// explainBinding names the binding resource or, if there is none, the other limit of the rate.
func explainBinding(ctx context.Context, d *design.Design, p *problem, start rate, prices []price, say func(string, ...any)) error {
	pr := &d.Predicted
	budget := p.budget
	var best *price
	for i := range prices {
		q := &prices[i]
		if q.need == 0 {
			continue
		}
		if best == nil || q.ten > best.ten || q.ten == best.ten && q.share(budget) < best.share(budget) {
			best = q
		}
	}
	if best != nil {
		pr.BindingResource = design.ResourceNames[best.resource]
		defer p.setBudget(budget)
		p.setBudget(raised(budget, best.resource, budget[best.resource]))
		f, err := p.fastest(ctx, whatIfEffort, start.cycles, start.x)
		if err != nil {
			return err
		}
		say("binding resource: %s: twice as much of it gives %+.0f %% images per second", pr.BindingResource, 100*(start.cycles/f.cycles-1))
		return nil
	}
	shares, top := p.share(d.Total.Vec()), 0
	for r := range design.NumResources {
		if shares[r] > shares[top] {
			top = r
		}
	}
	// A layer that no hardware makes faster is a limit whatever the budget.
	for _, i := range p.slowestLayers(start.x, start.cycles) {
		if least := p.leastCycles(i); least >= start.cycles {
			pr.BindingResource = "none"
			say("no resource binds: %s", p.wall(i))
			return nil
		}
	}
	pr.BindingResource = design.ResourceNames[top]
	if next := p.nextStep(start.cycles); next > 0 {
		defer p.setBudget(budget)
		p.setBudget(explainBudget(budget))
		verdict, x, err := p.fits(ctx, next, whatIfEffort)
		if err != nil {
			return err
		}
		if verdict == possible {
			// As little as possible of what the budget lacks.
			if x, _, _, err = p.minimum(ctx, next, x, target.EvenPrice, nil, whatIfEffort); err != nil {
				return err
			}
			total, _ := p.total(x)
			var needs []string
			most := 0.0
			for r := range design.NumResources {
				if over := total[r] - budget[r]; over > 0 {
					needs = append(needs, fmt.Sprintf("%d %s", over, design.ResourceNames[r]))
					if share := float64(over) / float64(max(1, budget[r])); share > most {
						most, pr.BindingResource = share, design.ResourceNames[r]
					}
				}
			}
			say("several resources bind together: %+.1f %% images per second takes %s more", 100*(start.cycles/p.cycles(x)-1), strings.Join(needs, ", "))
			return nil
		}
	}
	say("the budget binds: faster designs need more than twice of it; the fullest resource is %s at %.1f %% of its budget", pr.BindingResource, 100*shares[top])
	return nil
}

// slowestLayers are the layers with the given number of cycles.
func (p *problem) slowestLayers(x []pick, cycles float64) []int {
	var list []int
	for i, k := range x {
		if p.layers[i].classes[k.class].opts[k.opt].cycles == cycles {
			list = append(list, i)
		}
	}
	return list
}

// slowest are the names of slowestLayers.
func (p *problem) slowest(x []pick, cycles float64) []string {
	var names []string
	for _, i := range p.slowestLayers(x, cycles) {
		names = append(names, p.net.Layers[i].ID)
	}
	return names
}

// leastCycles is a lower bound on a layer's cycles whatever the budget, in the units of option.cycles.
func (p *problem) leastCycles(i int) float64 {
	least := math.Inf(1)
	if l := p.net.Layers[i]; l.Kind == intnet.KindConv {
		// No engine is faster than a dense one with the same beats.
		s := p.space
		in, out := p.model.LayerPx(i)
		q := s.widths[l.In[0]]
		for _, sh := range s.shapes(&l) {
			hl := hw.Layer{InPx: in, InCh: q[len(q)-1], OutPx: out, OutCh: sh.out[len(sh.out)-1], MTap: sh.tap, MCh: sh.ch}
			hl.LinePixels = hw.WindowOf(p.net, l, hl).FullLinePixels()
			win := hw.WindowOf(p.net, l, hl)
			least = min(least, float64(max(win.InBeats(), win.OutBeats())))
		}
		return least * p.extra.Hurry[i]
	}
	for _, c := range p.layers[i].classes {
		for k := range c.opts {
			least = min(least, c.opts[k].cycles)
		}
	}
	return least
}

// wall gives the reason why layer i cannot take fewer cycles.
func (p *problem) wall(i int) string {
	l := &p.net.Layers[i]
	cycles := p.leastCycles(i) / p.extra.Hurry[i]
	for _, t := range append(slices.Clone(l.In), l.Out) {
		tn := &p.net.Tensors[t]
		if px := p.model.Px(t); float64(tn.H*fixed.CeilDiv(tn.W, px)) == cycles {
			return fmt.Sprintf("%s reads or writes a map of %d x %d pixels, %d a beat and a beat a cycle, in no fewer than %.0f cycles", l.ID, tn.H, tn.W, px, cycles)
		}
	}
	if l.Kind == intnet.KindConv {
		return fmt.Sprintf("no hardware choice of %s, with up to %d lanes of an engine, takes fewer than %.0f cycles", l.ID, hw.MaxLanes, cycles)
	}
	return fmt.Sprintf("no width of the streams of %s makes it faster than %.0f cycles", l.ID, cycles)
}
