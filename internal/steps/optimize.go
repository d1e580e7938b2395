package steps

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"

	"hass/frontend"
	"hass/internal/artifact"
	"hass/internal/design"
	"hass/internal/hw/limits"
	"hass/internal/steps/advice"
	"hass/internal/steps/offer"
	"hass/optimizer"
	"hass/optimizer/ask"
	"hass/optimizer/cost"
	"hass/optimizer/folding"
	"hass/optimizer/margin"
	"hass/optimizer/scheduled"
	"hass/optimizer/target"
	"hass/sparsity"
)

// Hardware are the choices of a design. The zero value is none: begin with DefaultHardware.
type Hardware struct {
	Platform    string            // name of an embedded platform, or a TOML file
	Objective   string            // design.Throughput or design.Latency
	Engine      design.EngineRule // engine kinds allowed: design.EngineAuto or one kind
	BudgetShare design.BudgetShare
	Target      limits.Target // what shall be generated from the design
	Pixels      int           // per beat of the widest streams, or pixels.Rows; 0 is what gives the best rate
	// ImagesPerSecond and Latency (estimated, in microseconds), if not 0, are what the design shall have, at least and at most, with the
	// least hardware.
	ImagesPerSecond, Latency float64
	// Least chooses between designs of the best rate, or of what was asked for, as optimizer.Input.Least does; "" is even, and for a trial
	// of a search as the search rates it.
	Least       target.Rule
	Calibration string // file of factors on the cost model, or ""
	Folding     string // file that pins choices of hardware, or ""
	// Clock is the clock in MHz that the design shall have; 0 is the one with which there are most images per second.
	Clock float64
	// Regions assigns the layers to the regions (SLRs) of the platform, in order, within every region's budget.
	Regions      bool
	IgnoreBudget bool // go on with a design that does not fit, for verification only
}

// DefaultHardware are the command line's defaults for a platform.
func DefaultHardware(platform string) Hardware {
	return Hardware{Platform: platform, Objective: design.Throughput, Engine: design.EngineAuto, BudgetShare: design.DefaultBudget, Target: limits.Both}
}

// shares are the usable shares of the resources.
func (h Hardware) shares() (design.Shares, error) {
	shares, err := margin.Shares(h.BudgetShare, h.Target)
	if err != nil {
		return shares, badOption("--budget-share %v", err)
	}
	return shares, nil
}

// asked is the rate or the latency that was asked for.
func (h Hardware) asked() (design.Asked, error) {
	a := design.Asked{ImagesPerSecond: h.ImagesPerSecond, LatencyUS: h.Latency}
	for _, v := range []struct {
		option, unit string
		value        float64
	}{{"--images-per-second", "images a second", a.ImagesPerSecond}, {"--latency", "microseconds", a.LatencyUS}} {
		if !(v.value >= 0) || math.IsInf(v.value, 0) {
			return a, badOption("%s %g: want a number of %s above 0", v.option, v.value, v.unit)
		}
	}
	if a != (design.Asked{}) && h.Objective == design.Latency {
		return a, badOption("--objective latency with --images-per-second or --latency: a rate or latency asked for gets the least hardware; leave --objective out")
	}
	return a, nil
}

// check refuses choices that can be judged without a model: shares, calibration, the rate and latency asked for.
func (h Hardware) check() error {
	if _, err := h.shares(); err != nil {
		return err
	}
	if _, err := h.scales(); err != nil {
		return err
	}
	if _, err := h.folding(); err != nil {
		return err
	}
	_, err := h.asked()
	return err
}

// checkClock refuses a clock, or regions, that a platform cannot have.
func (h Hardware) checkClock(p design.Platform) error {
	switch {
	case h.Regions && p.SLRs == nil:
		return badOption("--slr: platform %s has one region only", p.Name)
	case h.Clock == 0:
		return nil
	case !(h.Clock >= 1):
		return badOption("--clock %g: want MHz, at least 1", h.Clock)
	case h.Clock > p.ClockMHz:
		return fmt.Errorf("--clock %g: the clock of platform %s is %g MHz (clock_mhz), and no design on it is faster", h.Clock, p.Name, p.ClockMHz)
	}
	return nil
}

// scales is the calibration of the cost model, or nil.
func (h Hardware) scales() (*design.Calibration, error) {
	if h.Calibration == "" {
		return nil, nil
	}
	return cost.LoadCalibration(h.Calibration)
}

// choices are those that advice is about.
func (h Hardware) choices() advice.Choices {
	return advice.Choices{Engine: h.Engine, BudgetShare: h.BudgetShare, Pixels: h.Pixels, Target: h.Target, Clock: h.Clock, Folding: h.Folding}
}

// folding is the folding file, or nil.
func (h Hardware) folding() (*folding.File, error) {
	if h.Folding == "" {
		return nil, nil
	}
	return folding.Read(h.Folding)
}

// OptimizeOptions direct Optimize. The design is made of a profile or of a trial of a search.
type OptimizeOptions struct {
	Model   string          // ONNX
	Shapes  frontend.Shapes // of inputs whose dimensions the model leaves open
	Profile string          // of the model; or Study

	Study  Study  // with the trial, which is profiled first
	Trial  int    // its number; the best if < 0
	Data   string // the study's calibration data set (TOML)
	Widths string // the study's file of per-layer widths, if it had any

	Hardware
	Output string // the design to write; its side files stand beside it, and so does a trial's profile
}

// Optimize chooses the hardware of every layer for a platform. A design that does not fit is an error that names the
// resources and what they lack.
func Optimize(ctx context.Context, o OptimizeOptions, rep Reporter) (*design.Design, error) {
	switch {
	case o.Profile == "" && o.Study.Location == "":
		return nil, badOption("a design is made of a profile or of a trial of a study; neither is named")
	case o.Profile != "" && o.Study.Location != "":
		return nil, badOption("a design is made of a profile or of a trial of a study, not both")
	}
	if err := writable(o.Output, o.Model, o.Profile, o.Platform, o.Study.Location, o.Data, o.Widths, o.Calibration, o.Folding); err != nil {
		return nil, err
	}
	if err := o.check(); err != nil {
		return nil, err
	}
	file := o.Profile
	if o.Study.Location != "" {
		file = strings.TrimSuffix(o.Output, ".json") + ".profile.json"
		if err := writable(file, o.Model, o.Platform, o.Study.Location, o.Data, o.Widths); err != nil {
			return nil, err
		}
		if err := errors.Join(artifact.OwnSides(file, sparsity.Files(file)), artifact.OwnSides(o.Output, design.Files(o.Output))); err != nil {
			return nil, err
		}
		if err := profileTrial(ctx, &o, file, rep); err != nil {
			return nil, err
		}
		if a, _ := o.asked(); o.Least == "" && a == (design.Asked{}) {
			o.Least = target.DSP
		}
	}
	cal, err := LoadCalibrated(CalibratedFiles{Model: o.Model, Profile: file, Shapes: o.Shapes}, rep)
	if err != nil {
		return nil, err
	}
	platform, err := design.LoadPlatform(o.Platform)
	if err != nil {
		return nil, err
	}
	if err := o.checkClock(platform); err != nil {
		return nil, err
	}
	if err := apart(design.Files(o.Output), modelFiles(cal.Graph), profileFiles(file, cal.Profile), []string{o.Platform, o.Study.Location, o.Data, o.Widths, o.Calibration, o.Folding}); err != nil {
		return nil, err
	}
	if err := artifact.OwnSides(o.Output, design.Files(o.Output)); err != nil {
		return nil, err
	}
	return optimize(ctx, cal, platform, o.Hardware, o.Output, rep)
}

// profileTrial profiles a trial of a study. If the study repairs its trials, o names the file of the repaired model afterwards.
func profileTrial(ctx context.Context, o *OptimizeOptions, output string, rep Reporter) error {
	r, err := OpenStudy(ctx, o.Study)
	if err != nil {
		return err
	}
	if err := sameModel(r, o.Model); err != nil {
		return err
	}
	n, err := chosen(r, o.Trial)
	if err != nil {
		return err
	}
	thresholds, err := r.Thresholds(n)
	if err != nil {
		return err
	}
	widths := ""
	if o.Widths != "" {
		if widths, err = artifact.HashFile(o.Widths); err != nil {
			return err
		}
	}
	if want := r.Config.Inputs["widths"]; widths != want {
		return fmt.Errorf("study %q was made with other widths: give the same file by --widths (SHA-256 %.12q)", r.Study, want)
	}
	g, err := Load(o.Model, rep, o.Shapes)
	if err != nil {
		return err
	}
	set, err := openSet(o.Data, g, o.Model)
	if err != nil {
		return err
	}
	if err := sameSet(r, set); err != nil {
		return err
	}
	opt, err := Numerics{Bits: r.Config.Bits, Scales: DefaultNumerics().Scales, Widths: o.Widths, Seed: int64(r.Config.Seed)}.options(g)
	if err != nil {
		return err
	}
	opt.Thresholds = thresholds
	if err := apart(append(sparsity.Files(output), append(design.Files(o.Output), strings.TrimSuffix(o.Output, ".json")+".trial.onnx")...), modelFiles(g), set.Files(), []string{o.Platform, o.Study.Location, o.Widths, o.Calibration, o.Folding}); err != nil {
		return err
	}
	if r.Config.Repairs() {
		o.Model, o.Shapes = strings.TrimSuffix(o.Output, ".json")+".trial.onnx", nil
		if g, opt.Thresholds, err = repairedFile(ctx, g, set, r, n, o.Model, rep); err != nil {
			return err
		}
	}
	_, err = profile(ctx, calibration{g, o.Model, o.Shapes, set.Limit(r.Config.Images), opt, nil}, output, rep)
	return err
}

// quickPairs is about how many pairs of each convolution are looked at to choose the pixels per beat.
const quickPairs = 1 << 16

// question is what the optimizer is asked about a calibrated model; quick is the same with an estimator of fewer samples, which does for a
// comparison of pixels per beat.
func question(cal *Calibrated, platform design.Platform, h Hardware) (in, quick optimizer.Input, err error) {
	shares, err := h.shares()
	if err != nil {
		return in, quick, err
	}
	est, err := sparsity.NewEstimator(cal.Net, cal.Bitmaps, sparsity.EstimatorOptions{Seed: cal.Profile.Seed})
	if err != nil {
		return in, quick, err
	}
	scales, err := h.scales()
	if err != nil {
		return in, quick, err
	}
	asked, err := h.asked()
	if err != nil {
		return in, quick, err
	}
	p := cal.Profile
	in = optimizer.Input{
		Net: cal.Net, Est: est, Platform: platform, Objective: h.Objective, Asked: asked, Engine: h.Engine, Least: h.Least, Pixels: h.Pixels, Target: h.Target, Shares: shares, Calibration: scales, Clock: h.Clock, Menu: scheduled.NewMenu(cal.Net, platform.Family),
		Model: p.Model, Bits: p.Bits,
		Preproc: design.Preproc{Divisor: p.Divisor, Mean: p.Mean, Std: p.Std},
		Inputs:  map[string]string{"model": p.Inputs["model"], "profile": cal.Hash},
	}
	file, err := h.folding()
	if err != nil {
		return in, quick, err
	}
	if file != nil {
		if in.Pins, err = file.For(cal.Net); err != nil {
			return in, quick, err
		}
		in.Inputs["folding"] = file.Hash
	}
	quick = in
	quick.Est, err = sparsity.NewEstimator(cal.Net, cal.Bitmaps, sparsity.EstimatorOptions{Seed: p.Seed, Pairs: quickPairs})
	return in, quick, err
}

// optimize chooses the hardware of a calibrated model and writes the design.
func optimize(ctx context.Context, cal *Calibrated, platform design.Platform, h Hardware, output string, rep Reporter) (*design.Design, error) {
	in, quick, err := question(cal, platform, h)
	if err != nil {
		return nil, err
	}
	answer := ask.Optimize
	if h.Regions {
		answer = ask.Regions
	}
	d, err := answer(ctx, in, quick)
	if err != nil {
		return nil, advice.WayOut(err, h.choices())
	}
	if !d.Fits && !h.IgnoreBudget {
		ways := "a larger platform, fewer bits"
		if in.Pins != nil {
			ways = "fewer pins in " + h.Folding + ", " + ways
		}
		return nil, fmt.Errorf("%q does not fit %s:\n  %s\nhint: %s, or --ignore-budget to go on for verification only",
			d.Model, platform.Name, strings.Join(d.Shortfall, "\n  "), ways)
	}
	if in.Pins != nil {
		d.Explain = append(d.Explain, in.Pins.Explain())
	}
	in.Shares, quick.Shares = d.UsableShare, d.UsableShare // regions may have left less
	if d.Dense, err = ask.Dense(ctx, in, quick, d); err != nil {
		return nil, err
	}
	if err := design.Write(ctx, d, output, cal.Golden); err != nil {
		return nil, err
	}
	if text := d.Crowding(); text != "" {
		rep.warn(text)
	}
	if text := offer.Text(cal.Graph, cal.Profile.Spec.Quantisers, d, in.Calibration); text != "" {
		rep.note(text)
	}
	return d, nil
}
