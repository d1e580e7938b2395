package optimizer

import (
	"context"

	"hass/internal/design"
	"hass/internal/hw"
	"hass/optimizer/derive"
)

// Rating is the rate of a network on a platform and the resources for it: the result of Optimize
// before FIFOs are sized by a token run and before the explanation. FIFOs are priced by the rule
// from which sizing starts, so a design of the same layers differs little. A search that rates
// many networks cannot afford more.
type Rating struct {
	Fits            bool
	CyclesPerImage  float64 // of the slowest layer
	ImagesPerSecond float64 // at Clock
	Clock           design.Clock
	Bound           float64 // images per second that no design of the search space exceeds
	Resources       design.Resources
	Layers          []LayerRating // one per layer of the network

	Limit derive.Path // on the paths of its choices, set by its clock
}

// LayerRating is the part of one layer in a Rating.
type LayerRating struct {
	Hardware hw.Layer
	Cycles   float64 // per image
	// Resources are those of the layer's modules and inner FIFOs.
	Resources design.Resources
}

// Rate finds the best rate of a network within the budget, as Optimize with the objective Throughput does.
// If a rate or a latency was asked for, it finds the least hardware that has it.
// For a network that does not fit, or does not have what was asked for, Fits is false and nothing else is set. Equal inputs give equal ratings.
func Rate(ctx context.Context, in Input) (*Rating, error) { return rateWith(ctx, in, exactEffort) }

// rateWith is Rate with the rough model used from effort choices on.
func rateWith(ctx context.Context, in Input, effort int) (*Rating, error) {
	in.Objective = design.Throughput
	if err := in.check(); err != nil {
		return nil, err
	}
	budget := in.Shares.Budget(in.Platform.Free()).Vec()
	var p *problem
	var r rate
	var x []pick
	err := in.search(ctx, budget, design.Vec{}, effort, func(q *problem, _ bool) (err error) {
		p = q
		if in.Asks() {
			r, err = p.wanted(ctx, &in, 1, ownLimit)
			x = r.x
		} else {
			r, err = p.swiftest(ctx, &in)
		}
		if err != nil || r.x == nil {
			return err
		}
		if in.Asks() {
			return checkDesign(p.net, p.hardware(x), in.Target)
		}
		if x, err = p.least(ctx, r.cycles, r.x, in.Least, in.Effort/4); err != nil {
			return err
		}
		return checkDesign(p.net, p.hardware(x), in.Target)
	})
	if err != nil {
		return nil, err
	}
	if r.x == nil {
		return &Rating{}, nil
	}
	e, err := p.estimate(in.clocking(), x)
	if err != nil {
		return nil, err
	}
	total, _ := p.total(x)
	out := &Rating{Fits: true, CyclesPerImage: p.cycles(x), Resources: total.Resources(), Clock: e.Clock, Limit: p.limit}
	out.ImagesPerSecond, out.Bound = e.ImagesPerSecond(out.CyclesPerImage), e.ImagesPerSecond(min(r.bound, out.CyclesPerImage))
	for i, k := range x {
		o := &p.layers[i].classes[k.class].opts[k.opt]
		out.Layers = append(out.Layers, LayerRating{Hardware: o.hl, Cycles: o.cycles / p.extra.Hurry[i], Resources: o.cost.Resources()})
	}
	return out, nil
}
