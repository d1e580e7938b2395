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

// Test holds the results of trials on images that the search has not used.
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
	Drop   metrics.Interval `json:"drop"` // right answers lost against the unpruned network on the same images, as a share
}

// testNote is the key of the front's measurement after total trials: an extended study has another front.
func testNote(total int) string { return fmt.Sprintf("%s after %d", noteTest, total) }

// candidates are the trials of the front that may be within a few times the allowed loss, those with the best
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

// MeasureFront runs trials of a study's front on a labelled set that the search has not used, and adds the results to r
// and to the study. It runs at most most of the trials that may be within the loss; a scout selects them.
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

// scout finds the trial of the best hardware within the loss, among more trials than can be run on the test images. A few hundred
// images cannot distinguish the losses of neighbouring trials, so a bisection by the losses of single trials goes wrong. The loss per
// nat of divergence over all trials is known far better, and so is each trial's divergence. The scout assumes that the loss is
// proportional to the divergence.
type scout struct {
	loss  float64   // the allowed loss
	nats  []float64 // divergence of the trials, the best hardware first
	seen  []bool
	found int // the best trial within the loss, len(nats) if there is none
	// lost and spent are the total loss of the trials that have been run, and their total divergence. They start with one
	// trial of median divergence and its loss on the calibration images.
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

// next is the index of the trial to run: of those better than the best one found, the best whose predicted loss is
// within the limit, else the one of least divergence. If none is better, it is the next best. At least one trial must
// not have been run.
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

// saw records the loss of trial k on the test images, as a share.
func (s *scout) saw(k int, drop float64) {
	s.seen[k] = true
	s.lost, s.spent = s.lost+drop, s.spent+s.nats[k]
	if drop <= s.loss {
		s.found = min(s.found, k)
	}
}
