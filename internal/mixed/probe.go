package mixed

import (
	"context"
	"fmt"
	"slices"

	"hass/internal/hosttail"
	"hass/internal/intnet"
	"hass/internal/judge"
	"hass/internal/metrics"
	"hass/internal/workers"
)

// probe measures the divergence of the outputs from the outputs of net if one of the convolutions convs is taken from one of the networks
// lower. An image runs through net once. Convolutions are then probed from the last to the first, so that each probe runs only the
// convolution and the layers behind it.
func (s *searcher) probe(ctx context.Context, net *intnet.Net, lower []*intnet.Net, convs []int, r *Report) error {
	x, err := intnet.New(net)
	if err != nil {
		return err
	}
	parts := make([]*intnet.Exec, len(lower))
	for k := range lower {
		if parts[k], err = x.Part(lower[k]); err != nil {
			return err
		}
	}
	host, err := hosttail.New(net)
	if err != nil {
		return err
	}
	execs := make([]*intnet.Exec, workers.Count(r.Probed, s.opt.Workers))
	for w := range execs {
		execs[w] = x.Clone()
	}
	for i := range r.Layers {
		r.Layers[i].Divergences = make([]float64, len(lower))
	}
	return workers.Ordered(ctx, r.Probed, s.opt.Workers, func(w, i int) ([][]float64, error) {
		_, q, err := s.quantised(net, s.fitted[i])
		if err != nil {
			return nil, err
		}
		fail := func(err error) ([][]float64, error) {
			return nil, fmt.Errorf("%s: %s: %w", s.set.Path, s.set.Name(s.fitted[i]), err)
		}
		values, err := execs[w].Run(q)
		if err != nil {
			return fail(err)
		}
		was, err := judge.Integer(host, net, s.plan.Outputs, values)
		if err != nil {
			return fail(err)
		}
		list := make([][]float64, len(convs))
		for c, at := range slices.Backward(convs) {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			for k := range parts {
				if values, err = execs[w].Probe(at, parts[k], q); err != nil {
					return fail(err)
				}
				now, err := judge.Integer(host, net, s.plan.Outputs, values)
				if err != nil {
					return fail(err)
				}
				d, err := divergence(s.plan.Outputs, was, now)
				if err != nil {
					return nil, err
				}
				list[c] = append(list[c], d)
			}
		}
		return list, nil
	}, func(_ int, list [][]float64) error {
		for c := range list {
			for k, d := range list[c] {
				r.Layers[c].Divergences[k] += d / float64(r.Probed)
			}
		}
		s.step()
		return nil
	})
}

// divergence is the distance between two outcomes of one image, summed over the outputs: nats of class probabilities, the share of class
// numbers that differ, noise over signal of other values.
func divergence(outs []judge.Output, was, now *judge.Outcome) (float64, error) {
	sum := 0.0
	for k := range outs {
		switch a, b := was.Outputs[k], now.Outputs[k]; outs[k].Kind {
		case judge.ClassVector:
			sum += metrics.Divergence(metrics.LogSoftmax(was.Scores[k]), metrics.LogSoftmax(now.Scores[k]))
		case judge.ClassNumbers:
			for i := range a {
				if a[i] != b[i] {
					sum += 1 / float64(len(a))
				}
			}
		case judge.Plain:
			var n metrics.Noise
			n.Add(a, b)
			sum += relative(n)
		default:
			return 0, fmt.Errorf("output %.60q has the unknown kind %q", outs[k].Name, outs[k].Kind)
		}
	}
	return sum, nil
}

// relative is noise over signal: 0 if nothing differs, 1 if there is noise but no signal.
func relative(n metrics.Noise) float64 {
	switch {
	case n.Noise == 0:
		return 0
	case n.Signal == 0:
		return 1
	}
	return n.Noise / n.Signal
}
