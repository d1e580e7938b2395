package main

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"hass/internal/artifact"
	"hass/internal/hw"
	"hass/internal/steps"
	"hass/optimizer"
	"hass/sparsity"
)

// hardwareFlags are the choices that both optimize and build offer.
type hardwareFlags struct {
	Platform     string  `required:"" help:"Platform name (see \"hass platforms\") or TOML file."`
	Objective    string  `help:"What to optimise: throughput or latency." enum:"throughput,latency" default:"throughput"`
	Engine       string  `help:"Engine kinds allowed: auto, dense, crossbar, banked or elastic." enum:"auto,dense,crossbar,banked,elastic" default:"auto"`
	BudgetShare  float64 `help:"Use only this share of every resource's usable budget." default:"1"`
	Target       string  `help:"What shall be generated from the design: hls (C++ for Vitis HLS), rtl (SystemVerilog), or both, for which the stricter limits hold (docs/hardware.md lists them)." enum:"both,hls,rtl" default:"both"`
	Pixels       string  `help:"Pixels per beat of the widest streams: 1, 2, 4, 8, 16, or auto for what gives the best rate. With 1 no image takes fewer cycles than it has pixels." enum:"auto,1,2,4,8,16" default:"auto"`
	Least        string  `help:"Of the designs of the best rate: the one that takes least of all (even) or the fewest DSPs (dsp). Default: even; dsp for a trial of a search, as the search rates it." enum:",even,dsp" default:""`
	Calibration  string  `help:"Scale the cost model by a file that \"hass calibrate\" wrote." type:"path"`
	IgnoreBudget bool    `help:"Go on with a design that does not fit, for verification only; it says fits: false."`
}

func (f hardwareFlags) hardware() steps.Hardware {
	return steps.Hardware{
		Platform: f.Platform, Objective: f.Objective, Engine: f.Engine, BudgetShare: f.BudgetShare, Target: hw.Target(f.Target),
		Pixels: pixels(f.Pixels), Least: f.Least, Calibration: f.Calibration, IgnoreBudget: f.IgnoreBudget,
	}
}

// pixels is the number of pixels per beat; 0 is auto, the only value that is no number.
func pixels(flag string) int {
	n, err := strconv.Atoi(flag)
	if err != nil {
		return 0
	}
	return n
}

// shares are the usable shares of the resources, scaled by the flag.
func (f hardwareFlags) shares() (optimizer.Shares, error) {
	shares := optimizer.DefaultShares()
	if !(f.BudgetShare > 0 && f.BudgetShare <= 1) {
		return shares, usage("--budget-share %g: want a share above 0 and up to 1", f.BudgetShare)
	}
	for _, s := range []*float64{&shares.DSP, &shares.LUT, &shares.FF, &shares.BRAM18, &shares.URAM} {
		*s *= f.BudgetShare
	}
	return shares, nil
}

// pixels is the number of pixels per beat; 0 is auto, the only value that is no number.
func (f hardwareFlags) pixels() int {
	n, err := strconv.Atoi(f.Pixels)
	if err != nil {
		return 0
	}
	return n
}

// scales is the calibration of the cost model, or nil.
func (f hardwareFlags) scales() (*optimizer.Calibration, error) {
	if f.Calibration == "" {
		return nil, nil
	}
	return optimizer.LoadCalibration(f.Calibration)
}

// optimizeCmd chooses the hardware.
type optimizeCmd struct {
	Model   string `arg:"" help:"ONNX file, plain or gzip." type:"path"`
	Profile string `help:"Profile of the model; or --study." type:"path"`
	studyFlags
	Trial  int    `default:"-1" help:"With --study: the trial to build; default: the best." placeholder:"N"`
	Data   string `help:"With --study: the study's calibration data set (TOML), to profile the trial." type:"path"`
	Widths string `help:"With --study: the study's per-layer widths (TOML), if it had any." type:"path"`
	hardwareFlags
	Output string `short:"o" default:"design.json" help:"Design to write; side files stand beside it." type:"path"`
	JSON   bool   `help:"Print the design as JSON instead of a table."`
}

// Help is the example shown by --help.
func (optimizeCmd) Help() string {
	return "Example:\n  hass optimize model.onnx --profile profile.json --platform zcu104 -o design.json\n" +
		"  hass optimize model.onnx --study study.db --trial 17 --data calib.toml --platform zcu104 -o design.json\n\n" +
		"A trial's profile is written beside the design (design.profile.json). Exit code 1 if the model does not fit, naming the resource and the shortfall."
}

// Validate wants a profile or a trial.
func (c optimizeCmd) Validate() error {
	switch {
	case c.Profile != "" && c.Study != "":
		return errors.New("give --profile or --study, not both")
	case c.Profile == "" && c.Study == "":
		return errors.New("--profile is missing (or --study with --data, for a trial of a search)")
	case c.Study != "" && c.Data == "":
		return errors.New("--study needs --data, the study's calibration data set")
	}
	return nil
}

// Run optimises and writes the design.
func (c optimizeCmd) Run(e *env) error {
	if err := writable(c.Output, c.Model, c.Profile, c.Platform, c.Study, c.Data, c.Widths, c.Calibration); err != nil {
		return err
	}
	if _, err := c.shares(); err != nil {
		return err
	}
	if _, err := c.scales(); err != nil {
		return err
	}
	profile := c.Profile
	if c.Study != "" {
		profile = strings.TrimSuffix(c.Output, ".json") + ".profile.json"
		if err := writable(profile, c.Model, c.Platform, c.Study, c.Data, c.Widths); err != nil {
			return err
		}
		if err := c.profileTrial(e, profile); err != nil {
			return err
		}
		if c.Least == "" {
			c.Least = optimizer.LeastDSP
		}
	}
	cal, err := e.loadCalibrated(c.Model, profile, "")
	if err != nil {
		return err
	}
	platform, err := optimizer.LoadPlatform(c.Platform)
	if err != nil {
		return err
	}
	if err := apart(optimizer.Files(c.Output), modelFiles(cal.graph), profileFiles(profile, cal.profile), []string{c.Platform, c.Study, c.Data, c.Widths, c.Calibration}); err != nil {
		return err
	}
	d, err := e.optimize(cal, platform, c.hardwareFlags, c.Output)
	if err != nil {
		return err
	}
	if c.JSON {
		return artifact.Encode(e.stdout, d)
	}
	return d.Report(e.stdout)
}

// profileTrial profiles a trial of a study.
func (c *optimizeCmd) profileTrial(e *env, output string) error {
	r, err := openStudy(e.ctx, c.Study, c.Name)
	if err != nil {
		return err
	}
	if err := sameModel(r, c.Model); err != nil {
		return err
	}
	n := c.Trial
	if n < 0 {
		if n = r.Best; n < 0 {
			return fmt.Errorf("study %q has no trial within its loss; choose one by --trial", r.Study)
		}
	}
	thresholds, err := r.Thresholds(n)
	if err != nil {
		return err
	}
	widths := ""
	if c.Widths != "" {
		if widths, err = artifact.HashFile(c.Widths); err != nil {
			return err
		}
	}
	if want := r.Config.Inputs["widths"]; widths != want {
		return fmt.Errorf("study %q was made with other widths: give the same file by --widths (SHA-256 %.12q)", r.Study, want)
	}
	g, err := e.loadModel(c.Model)
	if err != nil {
		return err
	}
	set, err := openSet(c.Data, g, c.Model)
	if err != nil {
		return err
	}
	hash, err := set.Hash()
	if err != nil {
		return err
	}
	if want := r.Config.Inputs["dataset"]; hash != want {
		return fmt.Errorf("study %q was made with another calibration set than %s (SHA-256 %.12s, not %.12s)", r.Study, c.Data, want, hash)
	}
	opt, err := profileFlags{Bits: r.Config.Bits, Widths: c.Widths, Seed: int64(r.Config.Seed)}.options(g)
	if err != nil {
		return err
	}
	opt.Thresholds = thresholds
	if err := apart(append(sparsity.Files(output), optimizer.Files(c.Output)...), modelFiles(g), set.Files(), []string{c.Platform, c.Study, c.Widths, c.Calibration}); err != nil {
		return err
	}
	_, err = e.profile(g, c.Model, set.Limit(r.Config.Images), opt, output)
	return err
}

// quickPairs is about how many pairs of each convolution are looked at to choose the pixels per beat.
const quickPairs = 1 << 16

// wayOut adds to the error of a network that no hardware within the target's limits is there for what may help.
func wayOut(err error, f hardwareFlags) error {
	var over *optimizer.LimitError
	if !errors.As(err, &over) {
		return err
	}
	b := over.Breach
	var ways []string
	if other := hw.RTL; b.Target == hw.HLS && f.Target != string(other) && b.AllowedBy(other) {
		ways = append(ways, "--target rtl, which takes more")
	}
	if f.Engine != optimizer.EngineAuto {
		ways = append(ways, "--engine auto")
	}
	switch b.Limit {
	case hw.ProcessCount, hw.FIFOCount:
		ways = append(ways, "a model of fewer layers, or one cut in two")
	case hw.ProcessFIFOs:
		ways = append(ways, "a model in which fewer layers read one tensor")
	case hw.StreamTokens:
		ways = append(ways, "smaller images")
	default: // something is too wide
		if over.Pixels > 1 {
			ways = append(ways, fmt.Sprintf("fewer pixels per beat (--pixels %d)", over.Pixels/2))
		}
		ways = append(ways, "fewer bits (--bits or --widths of \"hass profile\")")
	}
	return fmt.Errorf("%w\nhint: %s", err, strings.Join(ways, "; "))
}

// optimize is the step that optimize and build share.
func (e *env) optimize(cal *calibrated, platform optimizer.Platform, f hardwareFlags, output string) (*optimizer.Design, error) {
	shares, err := f.shares()
	if err != nil {
		return nil, err
	}
	est, err := sparsity.NewEstimator(cal.net, cal.bitmaps, sparsity.EstimatorOptions{Seed: cal.profile.Seed})
	if err != nil {
		return nil, err
	}
	scales, err := f.scales()
	if err != nil {
		return nil, err
	}
	p := cal.profile
	in := optimizer.Input{
		Net: cal.net, Est: est, Platform: platform, Objective: f.Objective, Engine: f.Engine, Least: f.Least, Pixels: f.pixels(), Target: hw.Target(f.Target), Shares: shares, Calibration: scales,
		Model: p.Model, Bits: p.Bits,
		Preproc: optimizer.Preproc{Divisor: p.Divisor, Mean: p.Mean, Std: p.Std},
		Inputs:  map[string]string{"model": p.Inputs["model"], "profile": cal.hash},
	}
	if in.Pixels == 0 {
		// For a comparison a small sample of the zeros does.
		quick := in
		if quick.Est, err = sparsity.NewEstimator(cal.net, cal.bitmaps, sparsity.EstimatorOptions{Seed: cal.profile.Seed, Pairs: quickPairs}); err != nil {
			return nil, err
		}
		if in.Pixels, err = optimizer.BestPixels(e.ctx, quick); err != nil {
			return nil, wayOut(err, f)
		}
	}
	d, err := optimizer.Optimize(e.ctx, in)
	if err != nil {
		return nil, wayOut(err, f)
	}
	if !d.Fits && !f.IgnoreBudget {
		return nil, fmt.Errorf("%q does not fit %s:\n  %s\nhint: a larger platform, fewer bits, or --ignore-budget to go on for verification only",
			p.Model, platform.Name, strings.Join(d.Shortfall, "\n  "))
	}
	return d, optimizer.WriteDesign(e.ctx, d, output, cal.golden)
}
