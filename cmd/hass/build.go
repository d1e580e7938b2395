package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"hass/codegen"
	"hass/internal/artifact"
	"hass/internal/design"
	"hass/internal/hw/limits"
	"hass/internal/judge"
	"hass/internal/steps"
	"hass/internal/steps/rundir"
)

// buildCmd does all steps.
type buildCmd struct {
	Model string `arg:"" help:"ONNX file, plain or gzip." type:"path"`
	shapeFlags
	Calib string `required:"" help:"Calibration data set (TOML)." type:"path"`
	Test  string `help:"Labelled test set (TOML): accuracy is measured on all of it, the simulator runs its first images. Default: the calibration set." type:"path"`
	profileFlags
	hardwareFlags
	Search bool        `help:"Search thresholds first and build the best trial; the test set decides which that is."`
	Tuning searchFlags `embed:"" prefix:"search-"`
	editFlags
	Images int    `help:"Images for the simulator, at least 4; 0 is 8, or all if the set has fewer." placeholder:"N"`
	Golden int    `help:"Golden images for the C++; 0 takes all 8. One is enough for a first look at a large network." placeholder:"N"`
	From   string `help:"First stage to run in any case; those before it must be unchanged: ${stages}." enum:",${stages}" default:""`
	To     string `help:"Last stage to run; there is no summary then, and --json prints the log of the stages." enum:",${stages}" default:""`
	Output string `short:"o" required:"" help:"Run folder: every intermediate file, the project, summary.json and report.html." type:"path"`
	JSON   bool   `help:"Print the summary as JSON."`
}

// Help is the example shown by --help.
func (buildCmd) Help() string {
	return "Example:\n  hass build model.onnx --platform zcu104 --calib calib.toml --test test.toml --bits 16 -o run\n" +
		"  hass build model.onnx --platform zcu104 --calib calib.toml --target both -o run\n\n" +
		"Leaves run/profile.json, run/design.json, run/project, run/simulation.json, run/summary.json and run/report.html; with --search also\n" +
		"run/search.db, which an interrupted build goes on with, run/thresholds.toml, and the repaired model run/pruned.onnx. With --target both there is a project for each target,\n" +
		"run/project-hls and run/project-rtl, each with its own stages: generate-hls, verify-hls, generate-rtl, verify-rtl.\n\n" +
		"A second build in the folder, also one after an interrupt, runs the stages whose inputs, options or files have changed since, and\n" +
		"those behind them; run/build.json remembers them."
}

// Run builds and prints the summary; stdout holds it alone.
func (c buildCmd) Run(e *env) error {
	tuning := c.Tuning.tuning()
	var projects []codegen.Target
	if limits.Target(c.Target) == limits.Both {
		for _, t := range codegen.Targets() {
			projects = append(projects, t.Name)
		}
	}
	r, err := steps.Build(e.ctx, steps.BuildOptions{
		Model: c.Model, Shapes: c.shapes(), Calib: c.Calib, Test: c.Test, Numerics: c.numerics(), Hardware: c.hardware(), Search: c.Search, Tuning: &tuning,
		Edits: c.mode(), Images: c.Images, Golden: c.Golden, Projects: projects, From: c.From, To: c.To, Output: c.Output,
	}, e.reporter())
	if r == nil || err != nil && r.Summary == nil {
		return err
	}
	if perr := c.print(e, r); perr != nil {
		return perr
	}
	return err
}

func (c buildCmd) print(e *env, r *steps.BuildResult) error {
	switch {
	case r.Summary == nil && c.JSON:
		return artifact.Encode(e.stdout, &r.Log)
	case r.Summary == nil:
		return nil // stderr names the stages
	case c.JSON:
		return artifact.Encode(e.stdout, r.Summary)
	}
	return printSummary(e.stdout, r.Summary)
}

// printAccuracy writes what the set says. The set of calibration images flatters: it is said where it was judged.
func printAccuracy(w io.Writer, a *rundir.Accuracy) {
	on := fmt.Sprintf("%d images", a.Images)
	if a.Set == "calibration" {
		on += " of the calibration set (no --test was given)"
	}
	switch a.Measure {
	case "":
		fmt.Fprintf(w, "accuracy\t%s\n", a.Why)
	case judge.Error:
		fmt.Fprintf(w, "error (root mean square)\tfloat %.4g, integer %.4g on %s\n", *a.Float, *a.Integer, on)
	default:
		fmt.Fprintf(w, "accuracy (%s)\tfloat %.2f %%, integer %.2f %% on %s\n", a.Measure, 100**a.Float, 100**a.Integer, on)
	}
	if a.Measure != "" && len(a.Outputs) > 1 {
		fmt.Fprintf(w, "  judged\t%s\n", a.Why)
	}
	fmt.Fprintf(w, "against float\t%s on %d images\n", judge.Summary(a.Outputs), a.Images)
}

// printSummary writes the one-screen summary.
func printSummary(out io.Writer, s *rundir.Summary) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "\n%q on %s, %s bit\n", s.Model, s.Platform, s.Bits)
	if !s.Fits {
		fmt.Fprintf(w, "DOES NOT FIT (built for verification only)\t\n")
		for _, l := range s.Shortfall {
			fmt.Fprintf(w, "\t%s\n", l)
		}
	}
	printAccuracy(w, &s.Accuracy)
	if l := s.Fidelity.Noisiest(); l != nil {
		fmt.Fprintf(w, "  noisiest layer\t%q %.2f dB on %d calibration images (all layers are in summary.json)\n", l.Name, *l.SNR, s.Fidelity.Images)
	}
	if n := len(s.Fidelity.Losses); n > 0 {
		fmt.Fprintf(w, "  loss of range\t%d warnings, see above and summary.json\n", n)
	}
	fmt.Fprintf(w, "rate\t%.1f images/s at %v\n", s.ImagesPerSecond, &s.Clock)
	if s.Rates != nil {
		fmt.Fprintf(w, "  of the system\t%v\n", s.Rates)
	}
	if s.Asked != nil {
		fmt.Fprintf(w, "  asked for\t%v, in the least hardware (%s)\n", s.Asked, s.Asked.Least)
	}
	switch o := s.Dense; {
	case o == nil:
	case o.Engines == "itself":
		fmt.Fprintf(w, "  against dense\t%s\n", o.Against(s.Resources))
	case !o.Fits:
		fmt.Fprintf(w, "  against dense\t%s engines alone do not fit the same budget\n", o.Engines)
	default:
		fmt.Fprintf(w, "  against dense\t%s, of %.1f images/s predicted at %g MHz (%s engines, same budget)\n", o.Ratios(s.Resources), o.ImagesPerSecond, o.MHz, o.Engines)
	}
	fmt.Fprintf(w, "cycles per image\t%.0f simulated, %.0f predicted (%+.2f %%)\n", s.CyclesPerImage, s.PredictedCyclesPerImage,
		100*(s.CyclesPerImage/s.PredictedCyclesPerImage-1))
	if a := s.Difference; a != nil {
		fmt.Fprintf(w, "  difference %.0f at %s\testimate %+.0f, busy %+.0f, starved %+.0f, blocked %+.0f, drift %+.0f\n",
			a.Difference, a.Process, a.Model, a.BusyError, a.Starved, a.Blocked, a.Drift)
	}
	fmt.Fprintf(w, "latency\t%d cycles\n", s.LatencyCycles)
	fmt.Fprintf(w, "bottleneck\t%s\n", s.Bottleneck)
	fmt.Fprintln(w, "resources\tDSP\tLUT\tFF\tBRAM18\tURAM")
	type row struct {
		what string
		r    design.Resources
	}
	rows := []row{{"  estimated", s.Resources}, {"  budget", s.Budget}}
	if s.Dense != nil && s.Dense.Engines != "itself" {
		rows = append(rows, row{"  dense, same budget", s.Dense.Resources})
	}
	for _, row := range rows {
		fmt.Fprintf(w, "%s\t%d\t%d\t%d\t%d\t%d\n", row.what, row.r.DSP, row.r.LUT, row.r.FF, row.r.BRAM18, row.r.URAM)
	}
	if s.Calibrated {
		fmt.Fprintf(w, "  LUT +- %.0f %%, FF +- %.0f %%: formulas fitted to %s, %s; of the RTL\n", 100*s.CostModel.LUTError, 100*s.CostModel.FFError, s.CostModel.Tool, s.CostModel.Date)
	} else {
		fmt.Fprintln(w, "  LUT and FF are formulas that no synthesis has calibrated")
	}
	var verified []string
	for _, c := range s.Verified {
		if c.Images > 0 {
			verified = append(verified, fmt.Sprintf("%s: %d images, %d mismatches", c.What, c.Images, c.Mismatches))
		}
	}
	fmt.Fprintf(w, "verified\t%s\n", strings.Join(verified, "; "))
	return w.Flush()
}
