package main

import (
	"errors"
	"fmt"
	"time"

	"hass/internal/artifact"
	"hass/internal/design"
	"hass/internal/hw/limits"
	"hass/internal/repair"
	"hass/internal/steps"
)

// searchCmd finds thresholds and hardware together.
type searchCmd struct {
	Run      searchRunCmd      `cmd:"" default:"withargs" help:"Search, or resume a search."`
	Show     searchShowCmd     `cmd:"" help:"Print a study: best, front, table; or write the files of one of its trials."`
	Watch    searchWatchCmd    `cmd:"" help:"Follow a study in the terminal until it is done."`
	Template searchTemplateCmd `cmd:"" help:"Print what starts the workers of a search on a cluster: a SLURM script or a Kubernetes manifest."`
	Export   searchExportCmd   `cmd:"" help:"Write all trials of a study as CSV, or as a storage of Optuna."`
}

// searchFlags are the options that both search and build offer.
type searchFlags struct {
	Evals     int    `default:"96" help:"Evaluations, probes included; with --resume the new total."`
	Sampler   string `default:"allocate" help:"Sampler that proposes trials: ${samplers}."`
	Goal      string `help:"Weights of the objective and limits (TOML, see docs/formats.md)." type:"path" placeholder:"FILE"`
	Seeds     uint64 `name:"sampler-seed" default:"1" help:"Seed of the sampler; --seed is that of the problem."`
	Batch     int    `help:"Propose trials in batches of N, each from the earlier batches only: the study is then the same for any number of workers. 0: propose each trial from all finished trials." placeholder:"N"`
	MaxImages int    `name:"calib-images" help:"Use the first N calibration images only; 0 is all." placeholder:"N"`
	Repair    string `help:"How the layers of a trial compensate for their zeros: ${methods}. Part of the calibration images is for that and does not judge. Default: match, or none for a model that quantises." placeholder:"METHOD"`
	NoHalving bool   `help:"Evaluate every trial on all images."`
	NoSharing bool   `help:"Evaluate every layer of every trial."`
}

func (f searchFlags) tuning() steps.Tuning {
	return steps.Tuning{
		Evals: f.Evals, Sampler: f.Sampler, Goal: f.Goal, SamplerSeed: f.Seeds, Batch: f.Batch, MaxImages: f.MaxImages, Repair: repair.Method(f.Repair),
		NoHalving: f.NoHalving, NoSharing: f.NoSharing,
	}
}

// studyFlags locate a study.
type studyFlags struct {
	Study string `help:"Database of the study: a file (SQLite) or a postgres:// URL."`
	Name  string `default:"search" help:"Name of the study in its database."`
}

func (f studyFlags) at() steps.Study { return steps.Study{Location: f.Study, Name: f.Name} }

// searchRunCmd is one worker of a search.
type searchRunCmd struct {
	Model string `arg:"" help:"ONNX file, plain or gzip." type:"path"`
	shapeFlags
	Calib string `required:"" help:"Calibration data set (TOML): the only images that the search uses." type:"path"`
	Test  string `help:"Labelled test set (TOML) on which the front is measured at the end." type:"path"`

	Bits   int    `help:"Default width of weights and activations, 2..16." default:"16"`
	Widths string `help:"Per-layer widths (TOML, see docs/formats.md)." type:"path"`
	Seed   int64  `help:"Seed of the problem: the order of the images, the sample of zeros." default:"1"`

	Platform    string             `required:"" help:"Platform name (see \"hass platforms\") or TOML file."`
	Engine      design.EngineRule  `help:"Engine kinds allowed: ${lane_engine_words}." enum:"${lane_engines}" default:"auto"`
	BudgetShare design.BudgetShare `help:"Usable shares of single resources (LUT=0.6,DSP=0.8; a resource that is not named keeps its default), or one share (0.5) of the whole device; 1 is all of its DSPs and memories and 0.8 of its LUTs and flip-flops. Default: ${default}." default:"${budget_share}" placeholder:"SHARE"`
	Pixels      string             `help:"Pixels per beat of the widest streams: 1, 2, 4, 8, 16, or auto for the best rate of the unpruned network." enum:"auto,1,2,4,8,16" default:"auto"`

	Target      string `help:"Target whose limits the designs keep: ${target_words}, or both." enum:"both,${targets}" default:"both"`
	Calibration string `help:"Scale the cost model by a file that \"hass calibrate\" wrote." type:"path"`

	Clock float64 `help:"Clock of the designs, as in \"hass optimize\". Default: for each trial the clock with the most images per second." placeholder:"MHZ"`

	searchFlags
	studyFlags
	Output     string        `short:"o" help:"Study file (SQLite), in place of --study." type:"path"`
	Resume     bool          `help:"Resume the study if it exists; every worker of a shared study needs this flag."`
	Worker     string        `help:"Name of this worker in the study. Default: host and process." placeholder:"NAME"`
	Lease      time.Duration `default:"60s" help:"Time after which the trial of a silent worker is taken over."`
	ExportONNX string        `help:"Write the best trial's pruned model as ONNX." type:"path" placeholder:"FILE"`
	JSON       bool          `help:"Print the study as JSON instead of a table."`
}

// Help is the example shown by --help.
func (searchRunCmd) Help() string {
	return "Example:\n  hass search model.onnx --platform zcu104 --calib calib.toml --test test.toml -o study.db\n" +
		"  hass search model.onnx --platform u250 --calib calib.toml --study postgres://host/db --resume   (on every machine)\n\n" +
		"Every trial is stored when it ends; Ctrl-C or a crash loses at most the running trial, and --resume continues."
}

// Validate refuses options from which no study can be made.
func (c searchRunCmd) Validate() error {
	switch {
	case c.Output != "" && c.Study != "":
		return errors.New("give -o or --study, not both")
	case c.Output == "" && c.Study == "":
		return errors.New("name the study: --output FILE (SQLite), or --study with a file or a postgres:// URL")
	case c.Lease < time.Second:
		return fmt.Errorf("--lease %v: want at least a second", c.Lease)
	}
	return nil
}

// Run searches, measures the front and prints it.
func (c searchRunCmd) Run(e *env) error {
	r, err := steps.Search(e.ctx, steps.SearchOptions{
		Model: c.Model, Shapes: c.shapes(), Calib: c.Calib, Test: c.Test,
		Numerics: steps.Numerics{Bits: c.Bits, Scales: steps.DefaultNumerics().Scales, Widths: c.Widths, Seed: c.Seed},
		Hardware: steps.Hardware{Platform: c.Platform, Engine: c.Engine, BudgetShare: c.BudgetShare, Target: limits.Target(c.Target), Pixels: pixelsOf(c.Pixels), Calibration: c.Calibration, Clock: c.Clock},
		Tuning:   c.tuning(),
		Study:    c.at(), Output: c.Output, Resume: c.Resume, Worker: c.Worker, Lease: c.Lease, ExportONNX: c.ExportONNX,
	}, e.reporter())
	if err != nil {
		return err
	}
	if c.JSON {
		return artifact.Encode(e.stdout, r)
	}
	return r.Print(e.stdout)
}

// searchShowCmd prints a study.
type searchShowCmd struct {
	Study      string `arg:"" help:"Database of the study: a file (SQLite) or a postgres:// URL."`
	Name       string `default:"search" help:"Name of the study in its database."`
	All        bool   `help:"All finished trials, not only the front."`
	Trial      int    `default:"-1" help:"With --thresholds or --export-onnx: the trial; default: the best." placeholder:"N"`
	Thresholds string `help:"Write the trial's thresholds (TOML) for profile and build." type:"path" placeholder:"FILE"`
	ExportONNX string `help:"Write the trial's pruned model as ONNX; needs --model, and --data if the study repairs its trials." type:"path" placeholder:"FILE"`
	Model      string `help:"The study's model, for --export-onnx." type:"path" placeholder:"FILE"`
	Data       string `help:"The study's calibration data set (TOML), for --export-onnx." type:"path" placeholder:"FILE"`
	shapeFlags
	JSON bool `help:"Print JSON."`
	CSV  bool `name:"csv" help:"Print all finished trials as CSV."`
}

// Help is the example shown by --help.
func (searchShowCmd) Help() string {
	return "Example:\n  hass search show study.db\n  hass search show study.db --trial 17 --thresholds trial17.toml"
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

// Run prints the study, or writes the requested files of a trial.
func (c searchShowCmd) Run(e *env) error {
	at := steps.Study{Location: c.Study, Name: c.Name}
	if c.Thresholds != "" || c.ExportONNX != "" {
		_, err := steps.ExtractTrial(e.ctx, steps.TrialOptions{Study: at, Trial: c.Trial, Thresholds: c.Thresholds, ExportONNX: c.ExportONNX, Model: c.Model, Data: c.Data, Shapes: c.shapes()}, e.reporter())
		return err
	}
	r, err := steps.OpenStudy(e.ctx, at)
	if err != nil {
		return err
	}
	switch {
	case c.JSON:
		return artifact.Encode(e.stdout, r)
	case c.CSV:
		return r.CSV(e.stdout)
	case c.All:
		return r.PrintAll(e.stdout)
	}
	return r.Print(e.stdout)
}

// searchExportCmd writes a study for other programs.
type searchExportCmd struct {
	Study  string `arg:"" help:"Database of the study: a file (SQLite) or a postgres:// URL."`
	Name   string `default:"search" help:"Name of the study in its database."`
	CSV    string `name:"csv" help:"Write a table of all trials." type:"path" placeholder:"FILE"`
	Optuna string `help:"Write a SQLite database that Optuna opens as a storage." type:"path" placeholder:"FILE"`
	JSON   bool   `help:"Print the names of the files as JSON."`
}

// Help is the example shown by --help.
func (searchExportCmd) Help() string {
	return "Example:\n  hass search export study.db --csv trials.csv --optuna optuna.db\n\n" +
		"A study can be exported while workers are at it. A file that exists is not overwritten. Newer versions of Optuna first upgrade the database: optuna storage upgrade --storage sqlite:///optuna.db"
}

// Run writes the files and names them.
func (c searchExportCmd) Run(e *env) error {
	r, err := steps.ExportStudy(e.ctx, steps.ExportOptions{Study: steps.Study{Location: c.Study, Name: c.Name}, CSV: c.CSV, Optuna: c.Optuna})
	if err != nil {
		return err
	}
	if c.JSON {
		return artifact.Encode(e.stdout, r)
	}
	for _, path := range []string{r.CSV, r.Optuna} {
		if path != "" {
			fmt.Fprintf(e.stdout, "wrote %s: %d trials\n", path, r.Trials)
		}
	}
	return nil
}
