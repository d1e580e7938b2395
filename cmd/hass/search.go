package main

import (
	"cmp"
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
	"hass/frontend/onnx"
	"hass/internal/artifact"
	"hass/internal/dataset"
	"hass/internal/graph"
	"hass/internal/hw"
	"hass/internal/judge"
	"hass/internal/quant"
	"hass/internal/search"
	"hass/internal/steps"
	"hass/internal/study"
	"hass/optimizer"
)

// searchCmd finds thresholds and hardware together.
type searchCmd struct {
	Run  searchRunCmd  `cmd:"" default:"withargs" help:"Search, or go on with a search."`
	Show searchShowCmd `cmd:"" help:"Print a study: best, front, table; or take a trial out of it."`
}

// searchFlags are the choices that search and build offer.
type searchFlags struct {
	Evals     int    `default:"96" help:"Evaluations, probes included; with --resume the new total."`
	Sampler   string `default:"allocate" help:"What proposes trials: ${samplers}."`
	Goal      string `help:"Weights of the objective and limits (TOML, see docs/formats.md)." type:"path" placeholder:"FILE"`
	Seeds     uint64 `name:"sampler-seed" default:"1" help:"Seed of the sampler; --seed is the problem's."`
	Batch     int    `help:"Give out trials in batches of this many, each proposed from the batches before: the study is then the same for any number of workers. 0: whatever is finished counts." placeholder:"N"`
	MaxImages int    `name:"calib-images" help:"Use the first so many calibration images; 0 is all." placeholder:"N"`
	NoHalving bool   `help:"Evaluate every trial on all images."`
	NoSharing bool   `help:"Evaluate every layer of every trial."`
}

func (f searchFlags) tuning() steps.Tuning {
	return steps.Tuning{
		Evals: f.Evals, Sampler: f.Sampler, Goal: f.Goal, SamplerSeed: f.Seeds, Batch: f.Batch, MaxImages: f.MaxImages,
		NoHalving: f.NoHalving, NoSharing: f.NoSharing,
	}
}

func (f searchFlags) check() (o search.Objective, err error) {
	o = search.DefaultObjective()
	if f.Goal != "" {
		if o, err = search.LoadObjective(f.Goal); err != nil {
			return o, err
		}
	}
	switch {
	case !slices.Contains(search.Samplers(), f.Sampler):
		return o, usage("--sampler %q: want one of %s", f.Sampler, strings.Join(search.Samplers(), ", "))
	case f.Evals < 1:
		return o, usage("--evals %d: want at least 1", f.Evals)
	case f.Batch < 0:
		return o, usage("--batch %d: want 0 or more trials", f.Batch)
	case f.MaxImages < 0 || f.MaxImages == 1:
		return o, usage("--calib-images %d: want 0 (all) or at least 2", f.MaxImages)
	}
	return o, nil
}

// studyFlags say where a study is.
type studyFlags struct {
	Study string `help:"Database of the study: a file (SQLite) or a postgres:// URL."`
	Name  string `default:"search" help:"Name of the study in its database."`
}

// searchRunCmd is one worker of a search.
type searchRunCmd struct {
	Model string `arg:"" help:"ONNX file, plain or gzip." type:"path"`
	Calib string `required:"" help:"Calibration data set (TOML): all that the search looks at." type:"path"`
	Test  string `help:"Labelled test set (TOML) that the front is measured on at the end." type:"path"`

	Bits   int    `help:"Default width of weights and activations, 2..16." default:"16"`
	Widths string `help:"Per-layer widths (TOML, see docs/formats.md)." type:"path"`
	Seed   int64  `help:"Seed of the problem: the order of the images, the sample of zeros." default:"1"`

	Platform    string  `required:"" help:"Platform name (see \"hass platforms\") or TOML file."`
	Engine      string  `help:"Engine kinds allowed: auto, dense, crossbar, banked or elastic." enum:"auto,dense,crossbar,banked,elastic" default:"auto"`
	BudgetShare float64 `help:"Use only this share of every resource's usable budget." default:"1"`
	Pixels      string  `help:"Pixels per beat of the widest streams: 1, 2, 4, 8, 16, or auto for what gives the unpruned network the best rate." enum:"auto,1,2,4,8,16" default:"auto"`

	Target      string `help:"Whose limits the designs keep: hls, rtl, or both." enum:"both,hls,rtl" default:"both"`
	Calibration string `help:"Scale the cost model by a file that \"hass calibrate\" wrote." type:"path"`

	searchFlags
	studyFlags
	Output     string        `short:"o" help:"Study file (SQLite), in place of --study." type:"path"`
	Resume     bool          `help:"Go on with the study if it is there; every worker of a shared study says so."`
	Lease      time.Duration `default:"60s" help:"After how long a silent worker's trial is taken over."`
	ExportONNX string        `help:"Write the best trial's pruned model as ONNX." type:"path" placeholder:"FILE"`
	JSON       bool          `help:"Print the study as JSON instead of a table."`
}

// Help is the example shown by --help.
func (searchRunCmd) Help() string {
	return "Example:\n  hass search model.onnx --platform zcu104 --calib calib.toml --test test.toml -o study.db\n" +
		"  hass search model.onnx --platform u250 --calib calib.toml --study postgres://host/db --resume   (on every machine)\n\n" +
		"Every trial is stored as it ends; Ctrl-C or a crash lose at most the one running, and --resume goes on."
}

// Validate refuses what no study can be made of.
func (c searchRunCmd) Validate() error {
	switch {
	case c.Output != "" && c.Study != "":
		return errors.New("give -o or --study, not both")
	case c.Output == "" && c.Study == "":
		return errors.New("name the study: --output FILE (SQLite), or --study with a file or a postgres:// URL")
	case c.Lease < time.Second:
		return usage("--lease %v: want at least a second", c.Lease)
	}
	return nil
}

// Run searches, measures the front and prints it.
func (c searchRunCmd) Run(e *env) error {
	objective, err := c.check()
	if err != nil {
		return err
	}
	location := cmp.Or(c.Output, c.Study)
	if c.Output != "" {
		if err := writable(c.Output, c.Model, c.Calib, c.Test, c.Widths, c.Goal, c.Platform); err != nil {
			return err
		}
	}
	if c.ExportONNX != "" {
		if err := writable(c.ExportONNX, c.Model, c.Calib, c.Test, c.Widths, c.Goal, c.Platform, c.Output); err != nil {
			return err
		}
	}
	g, err := e.loadModel(c.Model)
	if err != nil {
		return err
	}
	if err := search.Judgeable(g); err != nil {
		return fmt.Errorf("%s: %w", c.Model, err)
	}
	calib, err := openSet(c.Calib, g, c.Model)
	if err != nil {
		return err
	}
	var test *dataset.Set
	if c.Test != "" {
		if test, err = openSet(c.Test, g, c.Model); err != nil {
			return err
		}
		if _, err := classLabels(g, test); err != nil {
			return err
		}
	}
	outputs := []string{c.Output, c.ExportONNX}
	if err := apart(outputs, modelFiles(g), setFiles(calib, test), []string{c.Widths, c.Goal, c.Platform, c.Calibration}); err != nil {
		return err
	}
	job := searchJob{
		model: c.Model, graph: g, calib: calib, test: test, bits: c.Bits, widths: c.Widths, seed: c.Seed,
		hardware: hardwareFlags{Platform: c.Platform, Engine: c.Engine, BudgetShare: c.BudgetShare, Target: c.Target, Pixels: c.Pixels, Calibration: c.Calibration}, flags: c.searchFlags, objective: objective,
		location: location, name: c.Name, resume: c.Resume, lease: c.Lease,
	}
	r, err := e.search(job)
	if err != nil {
		return err
	}
	if c.ExportONNX != "" {
		if r.Best < 0 {
			return fmt.Errorf("no trial loses at most %.2f points: nothing to export to %s", 100*objective.Loss, c.ExportONNX)
		}
		if err := e.exportTrial(g, r, r.Best, c.ExportONNX); err != nil {
			return err
		}
	}
	if c.JSON {
		return artifact.Encode(e.stdout, r)
	}
	return r.Print(e.stdout, false)
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

// searchJob is what search and build ask for.
type searchJob struct {
	model       string
	graph       *graph.Graph
	calib, test *dataset.Set // test may be nil
	bits        int
	widths      string
	seed        int64
	hardware    hardwareFlags
	flags       searchFlags
	objective   search.Objective
	location    string
	name        string
	resume      bool
	lease       time.Duration
}

// search works on a study until it is done, measures its front, and reads it.
func (e *env) search(j searchJob) (*search.Result, error) {
	shares, err := j.hardware.shares()
	if err != nil {
		return nil, err
	}
	platform, err := optimizer.LoadPlatform(j.hardware.Platform)
	if err != nil {
		return nil, err
	}
	opt, err := profileFlags{Bits: j.bits, Widths: j.widths, Seed: j.seed}.options(j.graph)
	if err != nil {
		return nil, err
	}
	if j.seed < 0 {
		return nil, usage("--seed %d: want 0 or more", j.seed)
	}
	config := search.Config{
		Model: filepath.Base(j.model), Platform: platform.Name, Inputs: map[string]string{}, Bits: j.bits, Engine: j.hardware.Engine, Target: hw.Target(j.hardware.Target),
		Budget: j.hardware.BudgetShare, Images: j.calib.Len(), Seed: uint64(j.seed), Sampler: j.flags.Sampler, SamplerSeed: j.flags.Seeds,
		Batch: j.flags.Batch, Objective: j.objective, Halving: !j.flags.NoHalving, Evals: j.flags.Evals,
	}
	if n := j.flags.MaxImages; n > 0 {
		config.Images = min(n, config.Images)
	}
	if config.Inputs["model"], err = artifact.HashFile(j.model); err != nil {
		return nil, err
	}
	if config.Inputs["dataset"], err = j.calib.Hash(); err != nil {
		return nil, err
	}
	// A user's platform file may have the name of another platform.
	text, err := json.Marshal(platform)
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
	if j.widths != "" {
		if config.Inputs["widths"], err = artifact.HashFile(j.widths); err != nil {
			return nil, err
		}
	}
	// Before any work: is the place usable, and is the study there or not? A file is not made before there is something
	// to put into it.
	var db *study.DB
	defer func() {
		if db != nil {
			db.Close()
		}
	}()
	if _, err := os.Stat(j.location); err == nil || strings.Contains(j.location, "://") {
		if db, err = study.Open(e.ctx, j.location); err != nil {
			return nil, err
		}
		if s, err := db.Load(e.ctx, j.name); err == nil && j.resume {
			config.Pixels = j.hardware.pixels()
			if err := search.SameConfig(s.Config(), config); err != nil {
				return nil, fmt.Errorf("study %q: %w", j.name, err)
			}
		} else if err == nil {
			return nil, fmt.Errorf("study %q exists already in %s; --resume goes on with it", j.name, place(j.location))
		} else if err != nil && !errors.Is(err, study.ErrNotFound) {
			return nil, err
		}
	}
	p, err := search.New(e.ctx, j.graph, j.calib, search.Options{
		Bits: j.bits, Widths: opt.Widths, Platform: platform, Shares: shares, Calibration: scales, Engine: j.hardware.Engine, Target: hw.Target(j.hardware.Target), Pixels: j.hardware.pixels(), Images: j.flags.MaxImages,
		Seed: uint64(j.seed), NoSharing: j.flags.NoSharing, NoHalving: j.flags.NoHalving, Progress: e.slowly("calibrate"),
	})
	if err != nil {
		return nil, wayOut(err, j.hardware)
	}
	if db == nil {
		if db, err = study.Open(e.ctx, j.location); err != nil {
			return nil, err
		}
	}
	config.Pixels, config.Truth = p.Pixels(), p.Truth()
	host, err := os.Hostname()
	if err != nil {
		host = "worker"
	}
	r := &search.Runner{Problem: p, DB: db, Name: j.name, Config: config, Resume: j.resume, Lease: j.lease,
		Worker: fmt.Sprintf("%.100q %d", host, os.Getpid()), Probing: e.slowly("probe"), Report: e.searchProgress(p, j.objective)}
	if err := r.Run(e.ctx); err != nil {
		return nil, err
	}
	s, err := db.Load(e.ctx, j.name)
	if err != nil {
		return nil, err
	}
	result, err := search.Read(e.ctx, s)
	if err != nil {
		return nil, err
	}
	if j.test != nil && result.Test == nil {
		if err := p.MeasureFront(e.ctx, s, result, j.test, filepath.Base(j.test.Path), testedTrials, e.slowly("test")); err != nil {
			return nil, err
		}
	}
	return result, nil
}

// testedTrials is the number of trials of a front that are measured on the test set.
const testedTrials = 24

// place names a study's database without what a URL might hold of a password.
func place(location string) string {
	if i := strings.Index(location, "://"); i >= 0 {
		return location[:i+3] + "..."
	}
	return location
}

// searchShowCmd prints a study.
type searchShowCmd struct {
	Study      string `arg:"" help:"Database of the study: a file (SQLite) or a postgres:// URL."`
	Name       string `default:"search" help:"Name of the study in its database."`
	All        bool   `help:"All finished trials, not only the front."`
	Trial      int    `default:"-1" help:"With --thresholds or --export-onnx: the trial; default: the best." placeholder:"N"`
	Thresholds string `help:"Write the trial's thresholds (TOML) for profile and build." type:"path" placeholder:"FILE"`
	ExportONNX string `help:"Write the trial's pruned model as ONNX; needs --model." type:"path" placeholder:"FILE"`
	Model      string `help:"The study's model, for --export-onnx." type:"path" placeholder:"FILE"`
	JSON       bool   `help:"Print JSON."`
	CSV        bool   `name:"csv" help:"Print all finished trials as CSV."`
}

// Help is the example shown by --help.
func (searchShowCmd) Help() string {
	return "Example:\n  hass search show study.db\n  hass search show study.db --trial 17 --thresholds trial17.toml"
}

// openStudy reads a study that must be there; a file that is not is not made.
func openStudy(ctx context.Context, location, name string) (*search.Result, error) {
	if !strings.Contains(location, "://") {
		if _, err := os.Stat(location); err != nil {
			return nil, fmt.Errorf("study: %w", err)
		}
	}
	db, err := study.Open(ctx, location)
	if err != nil {
		return nil, err
	}
	defer db.Close()
	s, err := db.Load(ctx, name)
	if errors.Is(err, study.ErrNotFound) {
		infos, lerr := db.List(ctx)
		if lerr != nil {
			return nil, lerr
		}
		var names []string
		for _, i := range infos {
			names = append(names, fmt.Sprintf("%q", i.Name))
		}
		return nil, fmt.Errorf("%s has no study %q; it has %s", place(location), name, strings.Join(names, ", "))
	}
	if err != nil {
		return nil, err
	}
	return search.Read(ctx, s)
}

// Validate refuses flags that contradict each other.
func (c searchShowCmd) Validate() error {
	switch {
	case c.JSON && c.CSV:
		return errors.New("give --json or --csv, not both")
	case c.ExportONNX != "" && c.Model == "":
		return errors.New("--export-onnx needs the study's model: --model FILE")
	}
	return nil
}

// Run prints, or writes the files asked for.
func (c searchShowCmd) Run(e *env) error {
	r, err := openStudy(e.ctx, c.Study, c.Name)
	if err != nil {
		return err
	}
	if c.Thresholds != "" || c.ExportONNX != "" {
		n := c.Trial
		if n < 0 {
			if n = r.Best; n < 0 {
				return fmt.Errorf("study %q has no trial within its loss; choose one by --trial", r.Study)
			}
		}
		if c.Thresholds != "" {
			if err := writable(c.Thresholds, c.Study, c.Model); err != nil {
				return err
			}
			if err := e.writeThresholds(r, n, c.Thresholds); err != nil {
				return err
			}
		}
		if c.ExportONNX != "" {
			if err := writable(c.ExportONNX, c.Study, c.Model, c.Thresholds); err != nil {
				return err
			}
			if err := sameModel(r, c.Model); err != nil {
				return err
			}
			g, err := e.loadModel(c.Model)
			if err != nil {
				return err
			}
			if err := apart([]string{c.ExportONNX}, modelFiles(g)); err != nil {
				return err
			}
			if err := e.exportTrial(g, r, n, c.ExportONNX); err != nil {
				return err
			}
		}
		return nil
	}
	switch {
	case c.JSON:
		return artifact.Encode(e.stdout, r)
	case c.CSV:
		return r.CSV(e.stdout)
	}
	return r.Print(e.stdout, c.All)
}

// sameModel checks that a model is the study's.
func sameModel(r *search.Result, model string) error {
	hash, err := artifact.HashFile(model)
	if err != nil {
		return err
	}
	if want := r.Config.Inputs["model"]; hash != want {
		return fmt.Errorf("study %q is about another model than %s (SHA-256 %.12s, not %.12s)", r.Study, model, want, hash)
	}
	return nil
}

// writeThresholds writes a trial's thresholds file.
func (e *env) writeThresholds(r *search.Result, number int, path string) error {
	t, err := r.Thresholds(number)
	if err != nil {
		return err
	}
	text, err := t.Encode(fmt.Sprintf("trial %d of study %q", number, r.Study))
	if err != nil {
		return err
	}
	return artifact.WriteBytes(e.ctx, path, text)
}

// exportTrial writes the model with a trial's thresholds as ONNX.
func (e *env) exportTrial(g *graph.Graph, r *search.Result, number int, path string) error {
	t, err := r.Thresholds(number)
	if err != nil {
		return err
	}
	return e.exportModel(g, t, path, map[string]string{"hass.study": r.Study, "hass.trial": fmt.Sprint(number)})
}

// exportModel writes a model with thresholds as ONNX.
func (e *env) exportModel(g *graph.Graph, t *quant.Thresholds, path string, meta map[string]string) error {
	pruned, err := t.Apply(g)
	if err != nil {
		return err
	}
	m, err := frontend.Export(pruned, meta)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	data, err := onnx.Encode(m)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return artifact.WriteBytes(e.ctx, path, data)
}
