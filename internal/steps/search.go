package steps

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"hass/frontend"
	"hass/internal/artifact"
	"hass/internal/dataset"
	"hass/internal/design"
	"hass/internal/graph"
	"hass/internal/judge"
	"hass/internal/repair"
	"hass/internal/steps/advice"
	"hass/optimizer/search"
	"hass/optimizer/search/study"
)

// Tuning are the options of a search.
type Tuning struct {
	Evals       int           // number of evaluations, probes included; for a resumed search the new total
	Sampler     string        // one of search.Samplers
	Goal        string        // file of the objective's weights and limits, or ""
	SamplerSeed uint64        // seed of the sampler; the problem has its own
	Batch       int           // size of a batch of trials; 0: trials are proposed from all finished trials
	MaxImages   int           // use the first MaxImages calibration images only; 0 is all
	Repair      repair.Method // compensation for the zeros of a trial; "" is match, and none for a model that quantises
	NoHalving   bool          // evaluate every trial on all images
	NoSharing   bool          // evaluate every layer of every trial
}

// DefaultTuning are the command line's defaults.
func DefaultTuning() Tuning { return Tuning{Evals: 96, Sampler: search.Allocate, SamplerSeed: 1} }

func (t Tuning) check() (o search.Objective, err error) {
	o = search.DefaultObjective()
	if t.Goal != "" {
		if o, err = search.LoadObjective(t.Goal); err != nil {
			return o, err
		}
	}
	switch {
	case t.Repair != "" && !slices.Contains(repair.Methods(), t.Repair):
		return o, badOption("--repair %q: want one of %v", t.Repair, repair.Methods())
	case !slices.Contains(search.Samplers(), t.Sampler):
		return o, badOption("--sampler %q: want one of %s", t.Sampler, strings.Join(search.Samplers(), ", "))
	case t.Evals < 1:
		return o, badOption("--evals %d: want at least 1", t.Evals)
	case t.Batch < 0:
		return o, badOption("--batch %d: want 0 or more trials", t.Batch)
	case t.MaxImages < 0 || t.MaxImages == 1:
		return o, badOption("--calib-images %d: want 0 (all) or at least 2", t.MaxImages)
	}
	return o, nil
}

// of is the tuning with a method of repair for a model.
func (t Tuning) of(g *graph.Graph, rep Reporter) Tuning {
	if q := repair.Quantiser(g); t.Repair == "" && q != "" {
		rep.note(fmt.Sprintf("node %q quantises, and repaired weights would leave the model's steps: trials are not repaired", q))
		t.Repair = repair.None
	} else if t.Repair == "" {
		t.Repair = repair.Match
	}
	return t
}

// SearchOptions are the options of Search.
type SearchOptions struct {
	Model    string          // ONNX
	Shapes   frontend.Shapes // of inputs whose dimensions the model leaves open
	Calib    string          // calibration data set (TOML): the only images that the search uses
	Test     string          // labelled test set (TOML) on which the front is measured at the end, or ""
	Numerics                 // without thresholds, which the search finds; the seed is the problem's
	Hardware                 // for throughput: Objective, Least and IgnoreBudget are ignored
	Tuning

	Study      Study
	Output     string        // study file (SQLite) in place of Study.Location, or ""
	Resume     bool          // resume the study if it exists; every worker of a shared study must set it
	Worker     string        // name of this worker in the study; "" is host and process
	Lease      time.Duration // time after which a silent worker's trial is taken over; 0 is study.DefaultLease
	ExportONNX string        // file to write the best trial's pruned model to, or ""
}

// Search finds pruning thresholds and hardware together, as one worker of a study. Every trial is stored as it ends.
func Search(ctx context.Context, o SearchOptions, rep Reporter) (*search.Result, error) {
	objective, err := o.Tuning.check()
	if err != nil {
		return nil, err
	}
	if o.Thresholds != "" {
		return nil, badOption("a search finds the thresholds itself: it does not take a file of them")
	}
	if o.Auto != nil {
		return nil, badOption("a search has fixed widths: it does not take --bits auto")
	}
	if o.Worker != "" {
		if err := study.CheckWorker(o.Worker); err != nil {
			return nil, badOption("--worker: %v", err)
		}
	}
	if o.Output == "" && o.Study.Location == "" {
		return nil, badOption("a search needs the place of its study")
	}
	if o.Output != "" {
		o.Study.Location = o.Output
		if err := writable(o.Output, o.Model, o.Calib, o.Test, o.Widths, o.Goal, o.Platform); err != nil {
			return nil, err
		}
	}
	if o.ExportONNX != "" {
		if err := writable(o.ExportONNX, o.Model, o.Calib, o.Test, o.Widths, o.Goal, o.Platform, o.Output); err != nil {
			return nil, err
		}
	}
	g, err := Load(o.Model, rep, o.Shapes)
	if err != nil {
		return nil, err
	}
	if err := search.Judgeable(g); err != nil {
		return nil, fmt.Errorf("%s: %w", o.Model, err)
	}
	calib, err := openSet(o.Calib, g, o.Model)
	if err != nil {
		return nil, err
	}
	var test *dataset.Set
	if o.Test != "" {
		if test, err = openSet(o.Test, g, o.Model); err != nil {
			return nil, err
		}
		if _, err := classLabels(g, test); err != nil {
			return nil, err
		}
	}
	outputs := []string{o.Output, o.ExportONNX}
	if err := apart(outputs, modelFiles(g), setFiles(calib, test), []string{o.Widths, o.Goal, o.Platform, o.Calibration}); err != nil {
		return nil, err
	}
	r, err := runSearch(ctx, searchJob{
		model: o.Model, graph: g, calib: calib, test: test, numerics: o.Numerics, hardware: o.Hardware, tuning: o.Tuning.of(g, rep),
		objective: objective, study: o.Study, resume: o.Resume, worker: o.Worker, lease: o.Lease,
	}, rep)
	if err != nil {
		return nil, err
	}
	if o.ExportONNX != "" {
		if r.Best < 0 {
			return nil, fmt.Errorf("no trial loses at most %.2f points: nothing to export to %s", 100*objective.Loss, o.ExportONNX)
		}
		if err := exportTrial(ctx, g, calib, r, r.Best, o.ExportONNX); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// classLabels plans top-1 on a set, which must have a class for every image.
func classLabels(g *graph.Graph, set *dataset.Set) (*judge.Plan, error) {
	if set.Labels() != dataset.ClassLabels {
		return nil, fmt.Errorf("%s: no class labels; a trial is judged by them (key \"labels\", one class number per image)", set.Path)
	}
	plan, err := judge.NewPlan(g, set)
	if err == nil && plan.Measure != judge.Top1 {
		err = fmt.Errorf("%s: %s", set.Path, plan.Why)
	}
	return plan, err
}

// searchJob is the part of a search that Search and Build share, with the files already read.
type searchJob struct {
	model       string
	graph       *graph.Graph
	calib, test *dataset.Set // test may be nil
	numerics    Numerics     // without thresholds
	hardware    Hardware
	tuning      Tuning
	objective   search.Objective
	study       Study
	resume      bool
	worker      string // "" is host and process
	lease       time.Duration
}

// runSearch works on a study until it is done, measures its front, and reads it.
func runSearch(ctx context.Context, j searchJob, rep Reporter) (*search.Result, error) {
	shares, err := j.hardware.shares()
	if err != nil {
		return nil, err
	}
	platform, err := design.LoadPlatform(j.hardware.Platform)
	if err != nil {
		return nil, err
	}
	if err := platform.Whole(); err != nil {
		return nil, err
	}
	if err := j.hardware.checkClock(platform); err != nil {
		return nil, err
	}
	opt, err := j.numerics.options(j.graph)
	if err != nil {
		return nil, err
	}
	if j.numerics.Seed < 0 {
		return nil, badOption("--seed %d: want 0 or more", j.numerics.Seed)
	}
	config := search.Config{
		Model: filepath.Base(j.model), Platform: platform.Name, Inputs: map[string]string{}, Bits: j.numerics.Bits, Engine: j.hardware.Engine, Target: j.hardware.Target,
		Budget: j.hardware.BudgetShare.All, Clock: j.hardware.Clock, Images: j.calib.Len(), Seed: uint64(j.numerics.Seed), Sampler: j.tuning.Sampler, SamplerSeed: j.tuning.SamplerSeed,
		Batch: j.tuning.Batch, Objective: j.objective, Halving: !j.tuning.NoHalving, Evals: j.tuning.Evals,
	}
	if j.hardware.BudgetShare.Listed() {
		config.Shares = j.hardware.BudgetShare.String()
	}
	few, err := first(j.calib, "--calib-images", j.tuning.MaxImages)
	if err != nil {
		return nil, err
	}
	if config.Images = few.Len(); j.tuning.Repair != repair.None {
		config.Repair, config.FitImages = j.tuning.Repair, search.FitImages(few.Len(), j.tuning.Repair)
	}
	if config.Inputs["model"], err = artifact.HashFile(j.model); err != nil {
		return nil, err
	}
	if config.Inputs["dataset"], err = j.calib.Hash(); err != nil {
		return nil, err
	}
	// A user's platform file may use the name of another platform, so the text counts.
	text, err := json.Marshal(platform.Fabric())
	if err != nil {
		return nil, err
	}
	config.Inputs["platform"] = artifact.HashBytes(text)
	scales, err := j.hardware.scales()
	if err != nil {
		return nil, err
	}
	if scales != nil {
		if config.Inputs["calibration"], err = artifact.HashFile(j.hardware.Calibration); err != nil {
			return nil, err
		}
	}
	if j.numerics.Widths != "" {
		if config.Inputs["widths"], err = artifact.HashFile(j.numerics.Widths); err != nil {
			return nil, err
		}
	}
	// Before any work, check that the location is usable and whether the study exists. A file is only created when
	// there is something to put into it.
	var db *study.DB
	defer func() {
		if db != nil {
			db.Close()
		}
	}()
	if _, err := os.Stat(j.study.Location); err == nil || strings.Contains(j.study.Location, "://") {
		if db, err = study.Open(ctx, j.study.Location); err != nil {
			return nil, err
		}
		if s, err := db.Load(ctx, j.study.Name); err == nil && j.resume {
			config.Pixels = j.hardware.Pixels
			if err := search.SameConfig(s.Config(), config); err != nil {
				return nil, fmt.Errorf("study %q: %w", j.study.Name, err)
			}
		} else if err == nil {
			return nil, fmt.Errorf("study %q exists already in %s; --resume goes on with it", j.study.Name, place(j.study.Location))
		} else if err != nil && !errors.Is(err, study.ErrNotFound) {
			return nil, err
		}
	}
	p, err := search.New(ctx, j.graph, j.calib, search.Options{
		Bits: j.numerics.Bits, Widths: opt.Widths, Scales: opt.Scales, Platform: platform, Shares: shares, Calibration: scales, Engine: j.hardware.Engine, Target: j.hardware.Target, Pixels: j.hardware.Pixels, Clock: j.hardware.Clock, Images: j.tuning.MaxImages,
		Seed: uint64(j.numerics.Seed), NoSharing: j.tuning.NoSharing, NoHalving: j.tuning.NoHalving, Repair: j.tuning.Repair, Progress: rep.track(TaskCalibrate),
	})
	if err != nil {
		return nil, advice.WayOut(err, j.hardware.choices())
	}
	if db == nil {
		if db, err = study.Open(ctx, j.study.Location); err != nil {
			return nil, err
		}
	}
	config.Pixels, config.Truth = p.Pixels(), p.Truth()
	if j.worker == "" {
		host, err := os.Hostname()
		if err != nil {
			host = "worker"
		}
		j.worker = fmt.Sprintf("%.100q %d", host, os.Getpid())
	}
	r := &search.Runner{Problem: p, DB: db, Name: j.study.Name, Config: config, Resume: j.resume, Lease: j.lease,
		Worker: j.worker, Probing: rep.track(TaskProbe), Report: rep.trials(p.Base, j.objective)}
	if err := r.Run(ctx); err != nil {
		return nil, err
	}
	s, err := db.Load(ctx, j.study.Name)
	if err != nil {
		return nil, err
	}
	result, err := search.Read(ctx, s)
	if err != nil {
		return nil, err
	}
	if j.test != nil && result.Test == nil {
		if err := p.MeasureFront(ctx, s, result, j.test, filepath.Base(j.test.Path), testedTrials, rep.track(TaskTest)); err != nil {
			return nil, err
		}
	}
	return result, nil
}

// testedTrials is the number of trials of a front that are measured on the test set.
const testedTrials = 24
