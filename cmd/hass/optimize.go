package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"strconv"
	"text/tabwriter"

	"hass/internal/artifact"
	"hass/internal/design"
	"hass/internal/hw/limits"
	"hass/internal/steps"
	"hass/optimizer/pixels"
	"hass/optimizer/target"
)

// hardwareFlags are the choices that both optimize and build offer.
type hardwareFlags struct {
	Platform        string             `required:"" help:"Platform name (see \"hass platforms\") or TOML file."`
	Objective       string             `help:"What to optimise: throughput or latency." enum:"throughput,latency" default:"throughput"`
	Engine          design.EngineRule  `help:"Engine kinds allowed: ${engine_words}." enum:"${engines}" default:"auto"`
	BudgetShare     design.BudgetShare `help:"Usable shares of single resources (LUT=0.6,DSP=0.8; a resource that is not named keeps its default), or one share (0.5) of the whole device; 1 is all of its DSPs and memories and 0.8 of its LUTs and flip-flops. Default: ${default}." default:"${budget_share}" placeholder:"SHARE"`
	Target          string             `help:"What shall be generated from the design: ${target_languages}; or both, for which the stricter limits hold (docs/hardware.md lists them). Default: the limits of both; \"hass build\" then makes the C++ alone, and with both the two projects." enum:",both,${targets}" default:""`
	Pixels          string             `help:"Pixels per beat of the widest streams: 1, 2, 4, 8, 16, rows (whole rows, which scheduled engines want), or auto for what gives the best rate. With 1 no image takes fewer cycles than it has pixels." enum:"auto,1,2,4,8,16,rows" default:"auto"`
	ImagesPerSecond float64            `help:"Rate that the design shall have at its clock, in the least hardware (--least). Default: the best rate that the budget gives." placeholder:"N"`
	Latency         float64            `help:"Latency that the design shall have at most, in microseconds at its clock, estimated; in the least hardware." placeholder:"US"`
	Least           string             `help:"What is least of the designs of the best rate, or of those that have what was asked for: the fullest resource (even), or dsp, lut or bram. Default: even; dsp for a trial of a search, as the search rates it." enum:",${least}" default:""`
	Calibration     string             `help:"Scale the cost model by a file that \"hass calibrate\" wrote." type:"path"`
	Folding         string             `help:"Fix what this folding file (TOML) names of the layers' hardware, and choose the rest; \"hass show DESIGN --folding\" writes one." type:"path"`
	Clock           float64            `help:"Clock that the design shall have: hardware that misses it is no candidate. Default: the clock with the most images per second, at most the platform's own." placeholder:"MHZ"`
	SLR             bool               `name:"slr" help:"Assign the layers to the regions (SLRs) of the device, in order, within every region's budget and wires; a design that has no such assignment is asked for again with less of the budget."`
	IgnoreBudget    bool               `help:"Go on with a design that does not fit, for verification only; it says fits: false."`
}

func (f hardwareFlags) hardware() steps.Hardware {
	return steps.Hardware{
		Platform: f.Platform, Objective: f.Objective, Engine: f.Engine, BudgetShare: f.BudgetShare, Target: cmp.Or(limits.Target(f.Target), limits.Both),
		Pixels: pixelsOf(f.Pixels), Least: target.Rule(f.Least), ImagesPerSecond: f.ImagesPerSecond, Latency: f.Latency, Calibration: f.Calibration, Folding: f.Folding, Clock: f.Clock, Regions: f.SLR, IgnoreBudget: f.IgnoreBudget,
	}
}

// pixelsOf is the number of pixels per beat; 0 is auto.
func pixelsOf(flag string) int {
	if flag == "rows" {
		return pixels.Rows
	}
	n, err := strconv.Atoi(flag)
	if err != nil {
		return 0
	}
	return n
}

// optimizeCmd chooses the hardware.
type optimizeCmd struct {
	Model string `arg:"" help:"ONNX file, plain or gzip." type:"path"`
	shapeFlags
	Profile string `help:"Profile of the model; or --study." type:"path"`
	studyFlags
	Trial  int    `default:"-1" help:"With --study: the trial to build; default: the best." placeholder:"N"`
	Data   string `help:"With --study: the study's calibration data set (TOML), to profile the trial." type:"path"`
	Widths string `help:"With --study: the study's per-layer widths (TOML), if it had any." type:"path"`
	hardwareFlags
	Sweep  bool   `help:"Print the rate against shares of the budget, from 5 % to all of it, and write no design."`
	Output string `short:"o" default:"design.json" help:"Design to write; side files stand beside it." type:"path"`
	JSON   bool   `help:"Print the design as JSON instead of a table."`
}

// Help is the example shown by --help.
func (optimizeCmd) Help() string {
	return "Example:\n  hass optimize model.onnx --profile profile.json --platform zcu104 -o design.json\n" +
		"  hass optimize model.onnx --profile profile.json --platform zcu104 --images-per-second 30 --least dsp\n" +
		"  hass optimize model.onnx --profile profile.json --platform zcu104 --sweep\n" +
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
	case c.Study != "" && c.Sweep:
		return errors.New("--sweep is of a profile, not of a trial: give the design.profile.json that the trial's design has beside it by --profile")
	}
	return nil
}

// Run optimises and prints the design.
func (c optimizeCmd) Run(e *env) error {
	if c.Sweep {
		r, err := steps.Sweep(e.ctx, steps.SweepOptions{Model: c.Model, Shapes: c.shapes(), Profile: c.Profile, Hardware: c.hardware()}, e.reporter())
		if err != nil {
			return err
		}
		if c.JSON {
			return artifact.Encode(e.stdout, r)
		}
		return printSweep(e.stdout, r)
	}
	o := steps.OptimizeOptions{Model: c.Model, Shapes: c.shapes(), Profile: c.Profile, Study: c.at(), Trial: c.Trial, Data: c.Data, Widths: c.Widths, Hardware: c.hardware(), Output: c.Output}
	d, err := steps.Optimize(e.ctx, o, e.reporter())
	if err != nil {
		return err
	}
	if c.JSON {
		return artifact.Encode(e.stdout, d)
	}
	return d.Report(e.stdout)
}

// printSweep writes rate against budget, a line a share.
func printSweep(out io.Writer, r *steps.SweepResult) error {
	fmt.Fprintf(out, "%q on %s, %s bit\n", r.Model, r.Platform, r.Bits)
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "budget\tcycles\tMHz\timages/s\tDSP\tLUT\tFF\tBRAM18\tURAM\t")
	for _, p := range r.Points {
		note := ""
		if !p.Fits {
			note = "  does not fit: " + p.Shortfall[0]
		}
		u := p.Resources
		fmt.Fprintf(w, "%.3g %%\t%.0f\t%.4g\t%.1f\t%d\t%d\t%d\t%d\t%d\t%s\n", 100*p.Share, p.CyclesPerImage, p.Clock.MHz, p.ImagesPerSecond, u.DSP, u.LUT, u.FF, u.BRAM18, u.URAM, note)
	}
	return w.Flush()
}
