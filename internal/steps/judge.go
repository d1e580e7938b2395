package steps

import (
	"cmp"
	"context"
	"fmt"

	"hass/internal/dataset"
	"hass/internal/graph"
	"hass/internal/hosttail"
	"hass/internal/intnet"
	"hass/internal/judge"
	"hass/internal/workers"
)

// trial is a model and the data set by which it is judged.
type trial struct {
	graph *graph.Graph
	set   *dataset.Set
	plan  *judge.Plan
}

// judgeFloat judges the float network by a set's labels.
func judgeFloat(ctx context.Context, t trial, track func(done, total int)) (*judge.Score, error) {
	set, plan := t.set, t.plan
	f, err := judge.NewFloat(t.graph, plan.Outputs)
	if err != nil {
		return nil, err
	}
	score := new(judge.Score)
	err = workers.Ordered(ctx, set.Len(), 0, func(_, i int) (*judge.Outcome, error) {
		x := make([]float32, set.C*set.H*set.W)
		if err := set.Float(i, x); err != nil {
			return nil, err
		}
		return f.Run(x, nil)
	}, func(i int, o *judge.Outcome) error {
		track(i+1, set.Len())
		return plan.Add(score, set, i, o)
	})
	return score, err
}

// judgement is the result of judging a float network and its integer network on a set.
type judgement struct {
	float, integer *judge.Score     // by labels; empty if no measure applies
	outputs        []judge.Fidelity // integer against float
}

// judgeBoth judges both networks, by labels if a measure applies, and compares them.
func judgeBoth(ctx context.Context, t trial, net *intnet.Net, track func(done, total int)) (*judgement, error) {
	set, plan := t.set, t.plan
	f, err := judge.NewFloat(t.graph, plan.Outputs)
	if err != nil {
		return nil, err
	}
	x, err := intnet.New(net)
	if err != nil {
		return nil, err
	}
	execs := make([]*intnet.Exec, workers.Count(set.Len(), 0))
	for w := range execs {
		execs[w] = x.Clone()
	}
	host, err := hosttail.New(net)
	if err != nil {
		return nil, err
	}
	j := &judgement{float: new(judge.Score), integer: new(judge.Score)}
	compare := judge.NewComparison(plan.Outputs)
	type pair struct{ float, integer *judge.Outcome }
	err = workers.Ordered(ctx, set.Len(), 0, func(w, i int) (p pair, err error) {
		x := make([]float32, set.C*set.H*set.W)
		if err = set.Float(i, x); err != nil {
			return p, err
		}
		if p.float, err = f.Run(x, nil); err != nil {
			return p, err
		}
		q, err := net.QuantizeInput(x)
		if err != nil {
			return p, fmt.Errorf("%s: %s: %w", set.Path, set.Name(i), err)
		}
		out, err := execs[w].Run(q)
		if err != nil {
			return p, fmt.Errorf("%s: %s: %w", set.Path, set.Name(i), err)
		}
		p.integer, err = judge.Integer(host, net, plan.Outputs, out)
		return p, err
	}, func(i int, p pair) error {
		track(i+1, set.Len())
		if plan.Measure != "" {
			if err := plan.Add(j.float, set, i, p.float); err != nil {
				return err
			}
			if err := plan.Add(j.integer, set, i, p.integer); err != nil {
				return err
			}
		}
		return compare.Add(p.float, p.integer)
	})
	j.outputs = compare.Result()
	return j, err
}

// Figures are the figures of the measure that applies to a model on a data set; the others are nil.
type Figures struct {
	Top1      *float64 `json:"top1,omitempty"`       // share of images
	Top5      *float64 `json:"top5,omitempty"`       // share of images, from six classes on
	Agreement *float64 `json:"agreement,omitempty"`  // share of elements
	MeanError *float64 `json:"mean_error,omitempty"` // mean of |output - label|
	RMSError  *float64 `json:"rms_error,omitempty"`  // root of the mean of (output - label)^2
}

func measure(plan *judge.Plan, s *judge.Score) (m Figures) {
	keep := func(v float64) *float64 { return &v }
	switch plan.Measure {
	case judge.Top1:
		m.Top1 = keep(s.Accuracy.Top1())
		if plan.TopFive() {
			m.Top5 = keep(s.Accuracy.Top5())
		}
	case judge.Agreement:
		m.Agreement = keep(s.Agreement())
	case judge.Error:
		m.MeanError, m.RMSError = keep(s.MeanError()), keep(s.RMSError())
	}
	return m
}

// main is the principal figure of the measure: a share, or the root mean squared error; nil if
// there is none.
func (m Figures) main() *float64 {
	return cmp.Or(m.Top1, m.Agreement, m.RMSError)
}

// String formats the figures for people; it is "" if there are none.
func (m Figures) String() string {
	switch {
	case m.Top5 != nil:
		return fmt.Sprintf("top-1 %.2f %%  top-5 %.2f %%", 100**m.Top1, 100**m.Top5)
	case m.Top1 != nil:
		return fmt.Sprintf("top-1 %.2f %%", 100**m.Top1)
	case m.Agreement != nil:
		return fmt.Sprintf("agreement of classes %.2f %%", 100**m.Agreement)
	case m.MeanError != nil:
		return fmt.Sprintf("error: mean %.4g, root mean square %.4g", *m.MeanError, *m.RMSError)
	}
	return ""
}
