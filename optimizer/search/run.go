package search

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"hass/internal/design"
	"hass/internal/hw/limits"
	"hass/internal/metrics"
	"hass/internal/repair"
	"hass/optimizer/search/sampler"
	"hass/optimizer/search/study"
)

// Reasons for stopping a trial.
const (
	stoppedHopeless  = "hopeless"  // too far from the unpruned network for any use
	stoppedDominated = "dominated" // another trial is at least as good in hardware and better in divergence
)

// Allocate is the name of the sampler that uses the structure of the problem; package sampler has the others.
const Allocate = "allocate"

// Samplers are the names of all samplers.
func Samplers() []string { return append([]string{Allocate}, sampler.Names()...) }

// Config identifies a study: all workers of a study, and a resumed search, must agree in all of it.
type Config struct {
	Model    string            `json:"model"` // base name
	Platform string            `json:"platform"`
	Inputs   map[string]string `json:"inputs"` // SHA-256 of model, data set, platform, widths
	Bits     int               `json:"bits"`
	Engine   design.EngineRule `json:"engine"`
	Target   limits.Target     `json:"target"`
	Pixels   int               `json:"pixels"`
	Budget   float64           `json:"budget_share"`
	Shares   string            `json:"budget_shares,omitempty"` // of single resources, as design.BudgetShare prints them
	Clock    float64           `json:"clock_mhz,omitempty"`     // the requested one
	Images   int               `json:"images"`
	Seed     uint64            `json:"seed"` // of the problem: the order of the images
	Sampler  string            `json:"sampler"`
	// SamplerSeed is independent of Seed, so that samplers can be compared on one problem.
	SamplerSeed uint64    `json:"sampler_seed"`
	Batch       int       `json:"batch"`
	Objective   Objective `json:"objective"`
	Halving     bool      `json:"halving"`
	// Repair is the way in which the layers of a trial compensate for their zeros, fitted to the first FitImages of the images in
	// their order; the others judge.
	Repair    repair.Method `json:"repair,omitempty"`
	FitImages int           `json:"fit_images,omitempty"`
	// Truth is the meaning of right answers: "" for the calibration set's labels, TruthUnpruned without labels.
	Truth string `json:"truth,omitempty"`
	Evals int    `json:"-"`
}

// TruthUnpruned means that the unpruned network's answers count as right.
const TruthUnpruned = "unpruned"

// Variable describes the thresholds of one convolution in a study, so that a point can be read without the model.
type Variable struct {
	Layer string  `json:"layer"`
	MaxW  float64 `json:"max_tau_w"` // weight threshold at 1
	MaxA  float64 `json:"max_tau_a"` // activation threshold at 1
}

// Point is the stored form of a proposal.
type Point struct {
	X    []float64 `json:"x"` // Problem.Dims variables in [0,1]
	Memo *Memo     `json:"memo,omitempty"`
}

// Notes of a study.
const (
	noteVariables = "variables"
	noteCurves    = "curves"
	noteBase      = "unpruned"
	noteTest      = "test"
)

// Runner evaluates trials of a study until none are left.
type Runner struct {
	Problem *Problem
	DB      *study.DB
	Name    string // of the study
	Config  Config
	Resume  bool          // resume an existing study
	Worker  string        // name of this worker
	Lease   time.Duration // time after which a silent worker loses its trial; 0 is the default
	Log     func(string)  // called for each phase, or nil
	// Report, if not nil, is called after every trial of this worker.
	Report func(Progress)
	// Probing, if not nil, receives the progress of the probes.
	Probing func(done, total int)

	study *study.Study
	alloc *Allocator
	plain sampler.Sampler
}

// Progress is the progress of a study.
type Progress struct {
	Done, Total int
	Trials      []Trial // finished, by number
	Took        time.Duration
}

// Trial is a finished trial of a study.
type Trial struct {
	Number  int       `json:"number"`
	X       []float64 `json:"x"`
	Memo    *Memo     `json:"-"`
	Outcome *Outcome  `json:"outcome"`
	Worker  string    `json:"-"`
	Attempt int       `json:"-"` // 1, one more at each takeover
	Started time.Time `json:"-"` // of the last attempt, by the database's clock
	Ended   time.Time `json:"-"`
}

// Took is the time from the start of the last attempt to the result.
func (t *Trial) Took() time.Duration { return t.Ended.Sub(t.Started) }

// Run opens or creates the study and works on it until all its trials are done or ctx ends; in the latter case it
// gives the current trial back.
func (r *Runner) Run(ctx context.Context) error {
	if r.Log == nil {
		r.Log = func(string) {}
	}
	if err := r.open(ctx); err != nil {
		return err
	}
	for {
		lease, err := r.study.Claim(ctx, r.Worker, r.Config.Batch)
		switch {
		case errors.Is(err, study.ErrFinished):
			return nil
		case errors.Is(err, study.ErrWait):
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(200 * time.Millisecond):
			}
			continue
		case err != nil:
			return err
		}
		if err := r.trial(ctx, lease); err != nil {
			// Give the trial back at once, even if ctx has ended.
			release, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
			_ = lease.Release(release)
			cancel()
			if errors.Is(err, study.ErrLost) && ctx.Err() == nil {
				continue // another worker has it
			}
			return err
		}
	}
}

// open loads or creates the study and prepares the sampler.
func (r *Runner) open(ctx context.Context) error {
	config, err := json.Marshal(r.Config)
	if err != nil {
		return err
	}
	s, err := r.DB.Load(ctx, r.Name)
	switch {
	case err == nil && !r.Resume:
		return fmt.Errorf("study %q exists already; --resume goes on with it", r.Name)
	case err != nil && !errors.Is(err, study.ErrNotFound):
		return err
	}
	if err == nil {
		if err := sameConfig(s.Config(), config); err != nil {
			return fmt.Errorf("study %q: %w", r.Name, err)
		}
	}
	p := r.Problem
	evals := r.Config.Evals
	var curves *Curves
	if r.Config.Sampler == Allocate {
		if s != nil {
			if curves, err = readNote[Curves](ctx, s, noteCurves); err != nil && !errors.Is(err, study.ErrNotFound) {
				return err
			}
		}
		const asking = "asking what hardware the layers could have"
		if curves == nil {
			r.Log(asking)
			menu, err := p.newMenu(ctx, p.extremes())
			if err != nil {
				return err
			}
			r.Log("probing single thresholds")
			wanted := p.worth(menu)
			if curves, err = p.Probe(ctx, p.probeImages(wanted, evals), wanted, r.Probing); err != nil {
				return err
			}
		}
		// Probes are work and count as evaluations.
		evals = max(1, evals-int(math.Ceil(curves.Cost)))
		r.Log(asking)
		menu, err := p.newMenu(ctx, p.choicesBy(curves))
		if err != nil {
			return err
		}
		r.alloc = NewAllocator(p, menu, curves, r.Config.Objective.Loss, r.Config.SamplerSeed)
	} else if r.plain, err = sampler.New(r.Config.Sampler, p.Dims(), r.Config.SamplerSeed, p.Groups()); err != nil {
		return err
	}
	if s == nil {
		if s, err = r.DB.Create(ctx, r.Name, config, evals); errors.Is(err, study.ErrExists) && r.Resume {
			s, err = r.DB.Load(ctx, r.Name) // another worker was first
			if err == nil {
				err = sameConfig(s.Config(), config)
			}
		}
		if err != nil {
			return err
		}
	}
	if err := s.Extend(ctx, evals); err != nil {
		return err
	}
	if r.Lease > 0 {
		s.Lease = r.Lease
	}
	r.study = s
	var vars []Variable
	for k, i := range p.Convs {
		vars = append(vars, Variable{p.Net.Layers[i].Name, p.MaxW[k], p.MaxA[k]})
	}
	for key, v := range map[string]any{noteVariables: vars, noteBase: p.Base, noteCurves: curves} {
		if key == noteCurves && curves == nil {
			continue
		}
		b, err := json.Marshal(v)
		if err != nil {
			return err
		}
		if _, err := s.SetNote(ctx, key, b); err != nil {
			return err
		}
	}
	return nil
}

// probeShare is the share of the evaluations that probes may cost.
const probeShare = 0.15

// probeImages is the number of images for the probes.
func (p *Problem) probeImages(wanted []bool, evals int) int {
	n := 0
	for _, w := range wanted {
		if w {
			n++
		}
	}
	// On average a probe runs half of the layers.
	passes := max(1, float64(n*len(probeLevels))/2+1)
	return max(4, min(64, int(probeShare*float64(evals)*float64(len(p.images))/passes)))
}

// what describes the input of each hash in a configuration.
var what = map[string]string{
	"model": "another model file", "dataset": "another calibration set", "platform": "a platform file of other numbers",
	"calibration": "another calibration of the cost model", "widths": "another widths file",
}

// SameConfig describes all differences between the configuration of a stored study and another; nil if
// there are none. Pixels of 0 are not known yet and are not compared.
func SameConfig(have []byte, want Config) error {
	b, err := json.Marshal(want)
	if err != nil {
		return err
	}
	return sameConfig(have, b)
}

func sameConfig(have, want []byte) error {
	var a, b map[string]any
	if err := json.Unmarshal(have, &a); err != nil {
		return fmt.Errorf("its configuration cannot be read: %w", err)
	}
	if err := json.Unmarshal(want, &b); err != nil {
		return err
	}
	if b["pixels"] == 0.0 {
		b["pixels"] = a["pixels"]
	}
	var differ []string
	for _, k := range sortedKeys(a, b) {
		x, _ := json.Marshal(a[k])
		y, _ := json.Marshal(b[k])
		if k != "inputs" && string(x) != string(y) {
			differ = append(differ, fmt.Sprintf("%s = %s, not %s", k, x, y))
		}
	}
	x, _ := a["inputs"].(map[string]any)
	y, _ := b["inputs"].(map[string]any)
	for _, k := range sortedKeys(x, y) {
		if x[k] == y[k] || k == "platform" && a[k] != b[k] {
			continue // another platform also has another name, which is reported
		}
		words := what[k]
		if words == "" {
			words = "another " + k
		}
		differ = append(differ, words)
	}
	if len(differ) > 0 {
		return fmt.Errorf("it was started with %s; a study cannot change what it is about", strings.Join(differ, "; with "))
	}
	return nil
}

// sortedKeys are the keys of either map.
func sortedKeys(a, b map[string]any) []string {
	all := maps.Clone(a)
	if all == nil {
		all = map[string]any{}
	}
	maps.Copy(all, b)
	return slices.Sorted(maps.Keys(all))
}

// trial evaluates the trial of a lease.
func (r *Runner) trial(ctx context.Context, lease *study.Lease) error {
	stop := lease.KeepAlive(ctx)
	defer stop()
	start := time.Now()
	trials, err := Finished(ctx, r.study)
	if err != nil {
		return err
	}
	// With batches, all trials of one batch see the same past; otherwise all finished trials.
	past := trials[:0:0]
	for _, t := range trials {
		if r.Config.Batch > 0 && t.Number >= lease.Number/r.Config.Batch*r.Config.Batch || t.Number >= lease.Number {
			continue
		}
		past = append(past, t)
	}
	var point Point
	if lease.Point != nil {
		if err := json.Unmarshal(lease.Point, &point); err != nil {
			return fmt.Errorf("trial %d: its point cannot be read: %w", lease.Number, err)
		}
	} else {
		point = r.propose(lease.Number, past)
		b, err := json.Marshal(point)
		if err != nil {
			return err
		}
		if err := lease.SetPoint(ctx, b); err != nil {
			return err
		}
	}
	if len(point.X) != r.Problem.Dims() {
		return fmt.Errorf("trial %d: a point of %d variables; the network has %d", lease.Number, len(point.X), r.Problem.Dims())
	}
	o, err := r.Problem.Evaluate(lease.Context(), point.X, r.judge(past))
	if err != nil {
		if cause := context.Cause(lease.Context()); errors.Is(cause, study.ErrLost) {
			return cause
		}
		return fmt.Errorf("trial %d: %w", lease.Number, err)
	}
	b, err := json.Marshal(o)
	if err != nil {
		return err
	}
	if err := lease.Finish(ctx, b); err != nil {
		return err
	}
	if r.Report != nil {
		all, err := Finished(ctx, r.study)
		if err != nil {
			return err
		}
		total, err := r.study.Total(ctx)
		if err != nil {
			return err
		}
		r.Report(Progress{Done: len(all), Total: total, Trials: all, Took: time.Since(start)})
	}
	return nil
}

// propose asks the sampler for a point. The first trial is the unpruned network.
func (r *Runner) propose(number int, past []Trial) Point {
	if r.plain != nil {
		// The sampler's unit cube is the part of ours up to Far.
		far := r.Problem.Far
		var history []sampler.Trial
		for _, t := range past {
			x := make([]float64, len(t.X))
			for i, u := range t.X {
				x[i] = min(1, u/far)
			}
			history = append(history, r.Config.Objective.trial(t.Number, x, t.Outcome, r.Problem.Base))
		}
		x := r.plain.Propose(number, history)
		for i := range x {
			x[i] *= far
		}
		return Point{X: x}
	}
	if number == 0 {
		return Point{X: make([]float64, r.Problem.Dims())}
	}
	var history []Past
	for _, t := range past {
		if t.Memo != nil {
			history = append(history, Past{t.Number, t.X, *t.Memo, t.Outcome})
		}
	}
	x, memo := r.alloc.Propose(number, history)
	return Point{X: x, Memo: &memo}
}

// sure is the number of standard errors by which a trial must be worse to be stopped.
const sure = 3

// judge stops useless trials: hopeless ones by a wide margin, and, if a front is searched, trials that a finished
// trial dominates, which is at least as good in hardware and better in divergence on the same images.
func (r *Runner) judge(past []Trial) Judge {
	front := r.Config.Sampler == Allocate || r.Config.Sampler == "nsga2"
	return func(o *Outcome, rated bool) string {
		d := make([]float64, len(o.Divergences))
		for i, v := range o.Divergences {
			d[i] = float64(v)
		}
		if v := metrics.MeanOf(d); v.Mean-sure*v.Half/1.96 > r.Config.Objective.Hopeless {
			return stoppedHopeless
		}
		if !rated || !front || r.Config.Objective.Blind {
			return ""
		}
		for _, t := range past {
			f := t.Outcome
			if f.Stopped != "" || !f.Fits || f.ImagesPerSecond < o.ImagesPerSecond || f.Resources.DSP > o.Resources.DSP || f.Images < o.Images {
				continue
			}
			for i := range d {
				d[i] = float64(o.Divergences[i]) - float64(f.Divergences[i])
			}
			if v := metrics.MeanOf(d); v.Mean-sure*v.Half/1.96 > 0 {
				return stoppedDominated
			}
		}
		return ""
	}
}

// Finished reads the finished trials of a study, by number.
func Finished(ctx context.Context, s *study.Study) ([]Trial, error) { return finished(ctx, s) }

func finished(ctx context.Context, s rows) ([]Trial, error) {
	done, err := s.Done(ctx)
	if err != nil {
		return nil, err
	}
	var list []Trial
	for _, d := range done {
		var p Point
		o := new(Outcome)
		if err := json.Unmarshal(d.Point, &p); err != nil {
			return nil, fmt.Errorf("study %q: the point of trial %d cannot be read: %w", s.Name(), d.Number, err)
		}
		if err := json.Unmarshal(d.Result, o); err != nil {
			return nil, fmt.Errorf("study %q: the result of trial %d cannot be read: %w", s.Name(), d.Number, err)
		}
		if err := o.check(); err != nil {
			return nil, fmt.Errorf("study %q: the result of trial %d is impossible: %w", s.Name(), d.Number, err)
		}
		for _, x := range p.X {
			if x < 0 || x > 1 {
				return nil, fmt.Errorf("study %q: the point of trial %d lies outside the unit cube: %g", s.Name(), d.Number, x)
			}
		}
		list = append(list, Trial{Number: d.Number, X: p.X, Memo: p.Memo, Outcome: o, Worker: d.Worker, Attempt: d.Attempt, Started: d.Started, Ended: d.Ended})
	}
	return list, nil
}

// readNote reads a note of a study.
func readNote[T any](ctx context.Context, s rows, key string) (*T, error) {
	b, err := s.Note(ctx, key)
	if err != nil {
		return nil, err
	}
	v := new(T)
	if err := json.Unmarshal(b, v); err != nil {
		return nil, fmt.Errorf("study %q: its note %q cannot be read: %w", s.Name(), key, err)
	}
	return v, nil
}
