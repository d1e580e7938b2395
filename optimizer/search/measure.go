package search

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"hass/internal/dataset"
	"hass/internal/intnet"
	"hass/internal/metrics"
	"hass/optimizer/search/study"
)

// Test holds what trials do on images that the search has not seen.
type Test struct {
	DataSet string   `json:"data_set"` // base name
	Images  int      `json:"images"`
	Top1    float64  `json:"top1"` // of the unpruned integer network
	Trials  []Tested `json:"trials"`
}

// Tested is one trial on the test images.
type Tested struct {
	Number int              `json:"number"`
	Top1   float64          `json:"top1"`
	Drop   metrics.Interval `json:"drop"` // right answers lost against the unpruned network, as a share, on the same images
}

// testNote is the key of the front's measurement after so many trials: a study that is extended has another front.
func testNote(total int) string { return fmt.Sprintf("%s after %d", noteTest, total) }

// candidates are the trials of the front that may be within a few times the loss that is allowed, those with the best
// hardware first.
func (r *Result) candidates() []*Trial {
	var list []*Trial
	for _, n := range r.Front {
		t, err := r.Trial(n)
		if err != nil {
			continue
		}
		if d := t.Outcome.Drop(r.Unpruned); d.Mean-d.Half <= r.Config.Objective.Loss && d.Mean <= 4*r.Config.Objective.Loss {
			list = append(list, t)
		}
	}
	slices.SortStableFunc(list, func(a, b *Trial) int { return better(a.Outcome, b.Outcome) })
	return list
}

// MeasureFront runs the trials of a study's front on a labelled set that the search has not seen, and adds what they do to
// the result and to the study. At most most of those that may be within the loss are run: a scout says which.
func (p *Problem) MeasureFront(ctx context.Context, s *study.Study, r *Result, set *dataset.Set, name string, most int, progress func(done, total int)) error {
	list := r.candidates()
	total := set.Len() * (min(most, len(list)) + 1)
	t := &Test{DataSet: name, Images: set.Len()}
	done := 0
	measure := func(x []float64) ([]bool, float64, error) {
		net, err := p.Prune(x)
		if err != nil {
			return nil, 0, err
		}
		e, err := p.exec.Replace(net)
		if err != nil {
			return nil, 0, err
		}
		var right []bool
		n := 0
		err = intnet.RunMany(ctx, e, set.Len(), p.opt.Workers, func(i int) ([]int32, error) {
			f := make([]float32, set.C*set.H*set.W)
			if err := set.Float(i, f); err != nil {
				return nil, err
			}
			return net.QuantizeInput(f)
		}, func(_ *intnet.Exec, out [][]int32) ([]int32, error) { return slices.Clone(out[0]), nil },
			func(i int, scores []int32) error {
				ok := metrics.Rank(scores, set.Label(i)) == 0
				if right = append(right, ok); ok {
					n++
				}
				if done++; progress != nil {
					progress(done, total)
				}
				return nil
			})
		return right, float64(n) / float64(set.Len()), err
	}
	base, top1, err := measure(make([]float64, p.Dims()))
	if err != nil {
		return err
	}
	t.Top1 = top1
	scout := newScout(list, r)
	for range min(most, len(list)) {
		k := scout.next()
		right, top1, err := measure(list[k].X)
		if err != nil {
			return err
		}
		lost := metrics.Drop(right, base)
		t.Trials = append(t.Trials, Tested{list[k].Number, top1, lost})
		scout.saw(k, lost.Mean)
	}
	slices.SortFunc(t.Trials, func(a, b Tested) int { return a.Number - b.Number })
	b, err := json.Marshal(t)
	if err != nil {
		return err
	}
	if b, err = s.SetNote(ctx, testNote(r.Total), b); err != nil {
		return err
	}
	if err := json.Unmarshal(b, t); err != nil { // another worker may have been first
		return err
	}
	r.Test = t
	r.Best = r.best()
	return nil
}

// scout looks for the trial of the best hardware within the loss among more of them than can be run on the test images. A
// few hundred images cannot tell one trial's loss from the next one's, so that halving by what single trials lose goes astray; what all
// of them lose for each nat of divergence is known far better, and each trial's divergence is known. It takes the
// loss to be proportional to it.
type scout struct {
	loss  float64   // allowed
	nats  []float64 // divergence of the trials, the best hardware first
	seen  []bool
	found int // the best trial within the loss, len(nats) if there is none
	// lost and spent are the loss of the trials that have been run, and their divergence. They begin as one trial of median
	// divergence that loses what the calibration images say.
	lost, spent float64
}

// newScout is the scout of trials in the order of their hardware, the best first.
func newScout(list []*Trial, r *Result) *scout {
	s := &scout{loss: r.Config.Objective.Loss + 1e-9, seen: make([]bool, len(list)), found: len(list)}
	lost, all := 0.0, 0.0
	for _, t := range list {
		s.nats = append(s.nats, t.Outcome.Divergence)
		lost, all = lost+t.Outcome.Drop(r.Unpruned).Mean, all+t.Outcome.Divergence
	}
	if all > 0 {
		sorted := slices.Sorted(slices.Values(s.nats))
		s.spent = sorted[len(sorted)/2]
		s.lost = max(0, lost/all*s.spent)
	}
	return s
}

// next is the trial to run, by index: of those better than what was found the best that should be within the loss, else
// the one of least divergence; once none is better, the next best. There must be one that was not seen.
func (s *scout) next() int {
	least := -1
	for k := range s.found {
		switch {
		case s.seen[k]:
		case s.lost*s.nats[k] <= s.loss*s.spent:
			return k
		case least < 0 || s.nats[k] < s.nats[least]:
			least = k
		}
	}
	if least < 0 {
		return slices.Index(s.seen, false)
	}
	return least
}

// saw takes what trial k loses on the test images, as a share.
func (s *scout) saw(k int, drop float64) {
	s.seen[k] = true
	s.lost, s.spent = s.lost+drop, s.spent+s.nats[k]
	if drop <= s.loss {
		s.found = min(s.found, k)
	}
}
