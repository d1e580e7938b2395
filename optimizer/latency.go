package optimizer

import (
	"context"
	"math"

	"hass/internal/design"
	"hass/optimizer/fifo"
)

// latencyOf is the estimate for a choice.
func (p *problem) latencyOf(x []pick) float64 {
	cycles := make([]float64, len(x))
	for i, k := range x {
		cycles[i] = p.layers[i].classes[k.class].opts[k.opt].cycles
	}
	return p.model.Latency(cycles)
}

// latencySteps bounds the number of rates that quickest tries; if there are more,
// some are skipped and the bound covers the gaps.
const latencySteps = 48

// quickest finds the choice of least estimated latency within the budget, starting from a
// choice of best rate. For a bottleneck T it minimises the sum over the path; T runs over
// the rates from the fastest up to where T alone exceeds the best latency. bound holds for
// every design of the space.
func (p *problem) quickest(ctx context.Context, fastest rate, effort int) (x []pick, bound float64, err error) {
	tail, pipeline := fifo.Tails(p.model.Net, p.model.Pixels)
	var ts []float64
	for _, t := range p.rates() {
		if t >= fastest.bound {
			ts = append(ts, t)
		}
	}
	best, value := fastest.x, p.latencyOf(fastest.x)
	bound = math.Inf(1)
	start := fastest.x
	step := func(i, next int) error {
		// Designs whose bottleneck lies in [ts[i], ts[next]) take at least ts[i], and on the path at
		// least the least sum with every layer up to the largest of these rates.
		last := max(i, next-1)
		if ts[last] < fastest.cycles {
			// Not shown to be reachable: only the bound is used.
			v := p.restrict(ts[last], byCostAndCycles)
			v.cycleWeight = tail
			t := v.table(v.price, tail)
			bound = min(bound, ts[i]+t.togo[0][0]+float64(pipeline))
			return nil
		}
		y, _, low, err := p.minimum(ctx, ts[last], start, [design.NumResources]float64{}, tail, effort)
		if err != nil {
			return err
		}
		bound = min(bound, ts[i]+low+float64(pipeline))
		if l := p.latencyOf(y); l < value {
			best, value = y, l
		}
		return nil
	}
	for i := 0; i < len(ts); {
		if ts[i]+float64(pipeline) >= min(value, bound) && ts[i] > fastest.cycles {
			break // T alone is no better than the best latency
		}
		next := i + 1
		if len(ts) > latencySteps {
			// A geometric ladder of about latencySteps steps over a factor of 4.
			for next < len(ts) && ts[next] < ts[i]*math.Pow(4, 1.0/latencySteps) {
				next++
			}
			if ts[i] < fastest.cycles {
				for next > i+1 && ts[next-1] >= fastest.cycles {
					next--
				}
			}
		}
		if err := step(i, next); err != nil {
			return nil, 0, err
		}
		i = next
	}
	return best, min(bound, value), nil
}
