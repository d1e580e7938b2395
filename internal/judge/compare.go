package judge

import (
	"context"

	"hass/internal/dataset"
	"hass/internal/graph"
	"hass/internal/metrics"
	"hass/internal/workers"
)

// Changed compares a float network with the network that it was made of, on the images of a set.
type Changed struct {
	Plan    *Plan
	Score   *Score            // of the changed network, by the plan's labels
	Outputs []Fidelity        // of the changed network, against the original
	Lost    *metrics.Interval // the share of right answers lost, paired on the same images; nil without class labels
}

// Compare runs both networks, which have the same outputs, on all images of a set. step is called after every image.
func Compare(ctx context.Context, original, changed *graph.Graph, set *dataset.Set, step func(done, total int)) (*Changed, error) {
	plan, err := NewPlan(original, set)
	if err != nil {
		return nil, err
	}
	was, err := NewFloat(original, plan.Outputs)
	if err != nil {
		return nil, err
	}
	now, err := NewFloat(changed, plan.Outputs)
	if err != nil {
		return nil, err
	}
	r := &Changed{Plan: plan, Score: new(Score)}
	before, compare := new(Score), NewComparison(plan.Outputs)
	type pair struct{ was, now *Outcome }
	err = workers.Ordered(ctx, set.Len(), 0, func(_, i int) (p pair, err error) {
		x, err := set.Floats(i)
		if err != nil {
			return p, err
		}
		if p.was, err = was.Run(x, nil); err != nil {
			return p, err
		}
		p.now, err = now.Run(x, nil)
		return p, err
	}, func(i int, p pair) error {
		step(i+1, set.Len())
		if plan.Measure != "" {
			if err := plan.Add(before, set, i, p.was); err != nil {
				return err
			}
			if err := plan.Add(r.Score, set, i, p.now); err != nil {
				return err
			}
		}
		return compare.Add(p.was, p.now)
	})
	if err != nil {
		return nil, err
	}
	r.Outputs = compare.Result()
	if plan.Measure == Top1 {
		lost := metrics.Drop(r.Score.Right, before.Right)
		r.Lost = &lost
	}
	return r, nil
}
