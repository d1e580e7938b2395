package mixed

import (
	"context"
	"fmt"
	"strings"

	"hass/internal/hosttail"
	"hass/internal/intnet"
	"hass/internal/judge"
	"hass/internal/metrics"
	"hass/internal/workers"
)

// Measure is the unit of a loss.
type Measure string

// The measures, by kind of output and of labels.
const (
	ByTop1      Measure = "top-1"     // lost points of right answers, averaged with ByRegret and weighted by certainty
	ByRegret    Measure = "regret"    // points of right answers that would be lost if the float network's class probabilities were true
	ByAgreement Measure = "agreement" // lost points of elements with the label's class
	ByClasses   Measure = "classes"   // percent of class numbers that differ from the float network's
	ByNoise     Measure = "noise"     // energy of the difference from the float network's values, in percent of the energy of these values
)

// meanings are the measures in words.
var meanings = map[Measure]string{
	ByTop1:      "points of top-1 lost, counted and by the float network's class probabilities (regret), averaged by their certainty",
	ByRegret:    "points of top-1 that would be lost if the float network's class probabilities were true (regret)",
	ByAgreement: "points of elements with the label's class lost",
	ByClasses:   "percent of class numbers that differ from the float network's",
	ByNoise:     "energy of the difference from the float network in percent of its values' (1 is 20 dB)",
}

// Judgement is the loss of a network against the float network on the judged images.
type Judgement struct {
	Lost    float64 `json:"lost"`    // loss, in points or percent; rounded to four digits
	Output  string  `json:"output"`  // the output with the largest loss
	Measure Measure `json:"measure"` // measure of this output
	// If this output is a class vector: the share of right answers lost, paired by image (nil without labels), the mean regret as a share, and
	// the mean Kullback-Leibler divergence of class probabilities in nats.
	Top1       *metrics.Interval `json:"top1,omitempty"`
	Regret     *float64          `json:"regret,omitempty"`
	Divergence *float64          `json:"divergence,omitempty"`
}

// measureOf is the measure of output k.
func measureOf(p *judge.Plan, k int) (Measure, error) {
	labelled := p.Measure != "" && p.Judged == k
	switch kind := p.Outputs[k].Kind; {
	case kind == judge.ClassVector && labelled && p.Measure == judge.Top1:
		return ByTop1, nil
	case kind == judge.ClassVector:
		return ByRegret, nil
	case labelled && p.Measure == judge.Agreement:
		return ByAgreement, nil
	case kind == judge.ClassNumbers:
		return ByClasses, nil
	case kind == judge.Plain:
		return ByNoise, nil
	default:
		return "", fmt.Errorf("output %.60q has the unknown kind %q", p.Outputs[k].Name, kind)
	}
}

// Judges names the units of a plan's losses in one sentence.
func Judges(p *judge.Plan) (string, error) {
	var parts []string
	seen := map[Measure]bool{}
	for k := range p.Outputs {
		m, err := measureOf(p, k)
		if err != nil {
			return "", err
		}
		if !seen[m] {
			parts = append(parts, meanings[m])
		}
		seen[m] = true
	}
	if len(parts) > 1 {
		return "the most of all outputs: " + strings.Join(parts, "; "), nil
	}
	return parts[0], nil
}

// tally sums up one output over images.
type tally struct {
	regret, divergence float64
	differ, of         int64 // class numbers
	noise              metrics.Noise
}

// add adds one image.
func (t *tally) add(o *judge.Output, k int, float, integer *judge.Outcome) {
	switch o.Kind {
	case judge.ClassVector:
		p, q := metrics.LogSoftmax(float.Scores[k]), metrics.LogSoftmax(integer.Scores[k])
		t.regret += metrics.Regret(p, q)
		t.divergence += metrics.Divergence(p, q)
	case judge.ClassNumbers:
		for i, v := range float.Outputs[k] {
			if t.of++; v != integer.Outputs[k][i] {
				t.differ++
			}
		}
	case judge.Plain:
		t.noise.Add(float.Outputs[k], integer.Outputs[k])
	}
}

// judge compares net with the float network on the images of the half to judge.
func (s *searcher) judge(ctx context.Context, net *intnet.Net) (*Judgement, error) {
	reference, err := s.opt.Quant.Thresholds.Apply(s.g)
	if err != nil {
		return nil, err
	}
	f, err := judge.NewFloat(reference, s.plan.Outputs)
	if err != nil {
		return nil, err
	}
	x, err := intnet.New(net)
	if err != nil {
		return nil, err
	}
	host, err := hosttail.New(net)
	if err != nil {
		return nil, err
	}
	execs := make([]*intnet.Exec, workers.Count(len(s.judged), s.opt.Workers))
	for w := range execs {
		execs[w] = x.Clone()
	}
	outs := s.plan.Outputs
	tallies := make([]tally, len(outs))
	before, after := new(judge.Score), new(judge.Score)
	type pair struct{ float, integer *judge.Outcome }
	err = workers.Ordered(ctx, len(s.judged), s.opt.Workers, func(w, i int) (p pair, err error) {
		v, q, err := s.quantised(net, s.judged[i])
		if err != nil {
			return p, err
		}
		if p.float, err = f.Run(v, nil); err != nil {
			return p, err
		}
		values, err := execs[w].Run(q)
		if err != nil {
			return p, fmt.Errorf("%s: %s: %w", s.set.Path, s.set.Name(s.judged[i]), err)
		}
		p.integer, err = judge.Integer(host, net, outs, values)
		return p, err
	}, func(i int, p pair) error {
		for k := range outs {
			tallies[k].add(&outs[k], k, p.float, p.integer)
		}
		s.step()
		if s.plan.Measure == "" {
			return nil
		}
		if err := s.plan.Add(before, s.set, s.judged[i], p.float); err != nil {
			return err
		}
		return s.plan.Add(after, s.set, s.judged[i], p.integer)
	})
	if err != nil {
		return nil, err
	}
	var worst *Judgement
	for k := range outs {
		j, err := s.judgement(k, &tallies[k], before, after)
		if err != nil {
			return nil, err
		}
		if worst == nil || j.Lost > worst.Lost {
			worst = j
		}
	}
	return worst, nil
}

// judgement is the loss of output k.
func (s *searcher) judgement(k int, t *tally, before, after *judge.Score) (*Judgement, error) {
	m, err := measureOf(s.plan, k)
	if err != nil {
		return nil, err
	}
	n := float64(len(s.judged))
	j := &Judgement{Output: s.plan.Outputs[k].Name, Measure: m}
	if s.plan.Outputs[k].Kind == judge.ClassVector {
		regret, divergence := metrics.Rounded(t.regret/n), metrics.Rounded(t.divergence/n)
		j.Regret, j.Divergence = &regret, &divergence
	}
	lost := 0.0
	switch m {
	case ByTop1:
		drop := metrics.Drop(after.Right, before.Right)
		lost = metrics.Expected(drop.Mean, max(drop.Half/1.96, 1/n), t.regret/n)
		j.Top1 = &metrics.Interval{Mean: metrics.Rounded(drop.Mean), Half: metrics.Rounded(drop.Half)}
	case ByRegret:
		lost = t.regret / n
	case ByAgreement:
		lost = before.Agreement() - after.Agreement()
	case ByClasses:
		lost = float64(t.differ) / float64(max(1, t.of))
	case ByNoise:
		lost = relative(t.noise)
	}
	j.Lost = metrics.Rounded(100 * lost)
	return j, nil
}
