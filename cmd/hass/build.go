package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"text/tabwriter"

	"hass/codegen"
	"hass/hwsim"
	"hass/internal/artifact"
	"hass/internal/fidelity"
	"hass/internal/judge"
	"hass/internal/quant"
	"hass/internal/search"
	"hass/internal/study"
	"hass/optimizer"
	"hass/sparsity"
)

// buildCmd does all steps.
type buildCmd struct {
	Model string `arg:"" help:"ONNX file, plain or gzip." type:"path"`
	Calib string `required:"" help:"Calibration data set (TOML)." type:"path"`
	Test  string `help:"Labelled test set (TOML): accuracy is measured on all of it, the simulator runs its first images. Default: the calibration set." type:"path"`
	profileFlags
	hardwareFlags
	Search bool        `help:"Search thresholds first and build the best trial; the test set decides which that is."`
	Tuning searchFlags `embed:"" prefix:"search-"`
	editFlags
	Images int    `default:"8" help:"Images for the simulator, at least 4."`
	Golden int    `help:"Golden images for the C++; 0 takes all 8. One is enough for a first look at a large network." placeholder:"N"`
	Output string `short:"o" required:"" help:"Run folder: every intermediate file, the project and summary.json." type:"path"`
	JSON   bool   `help:"Print the summary as JSON."`
}

// Help is the example shown by --help.
func (buildCmd) Help() string {
	return "Example:\n  hass build model.onnx --platform zcu104 --calib calib.toml --test test.toml --bits 16 -o run\n\n" +
		"Leaves run/profile.json, run/design.json, run/project, run/simulation.json and run/summary.json; with --search also\n" +
		"run/search.db, which an interrupted build goes on with, and run/thresholds.toml."
}

// projectCheck is what the verification of a project compared: of C++ by g++ or of RTL in Verilator.
type projectCheck struct {
	CsimImages     int `json:"csim_images"`
	CsimMismatches int `json:"csim_mismatches"`
	RTLImages      int `json:"rtl_images"`
	RTLMismatches  int `json:"rtl_mismatches"`
}

// summary is RUN/summary.json.
type summary struct {
	artifact.Header
	Model    string `json:"model"`
	Platform string `json:"platform"`
	Bits     string `json:"bits"`
	Fits     bool   `json:"fits"`

	// Shortfall is why it does not fit, one line per resource.
	Shortfall []string `json:"shortfall,omitempty"`

	Accuracy accuracy `json:"accuracy"`
	// Fidelity is the profile's: signal to noise of layers and outputs on calibration images, and what loses its range.
	Fidelity fidelity.Report `json:"fidelity"`

	CyclesPerImage          float64 `json:"cycles_per_image"` // simulated, steady state
	PredictedCyclesPerImage float64 `json:"predicted_cycles_per_image"`
	LatencyCycles           int64   `json:"latency_cycles"` // one image alone: first input word accepted to last output word
	ImagesPerSecond         float64 `json:"images_per_second"`
	ClockMHz                float64 `json:"clock_mhz"` // assumed

	Resources  optimizer.Resources `json:"resources"`
	Calibrated bool                `json:"resources_calibrated"`
	CostModel  optimizer.CostModel `json:"cost_model"`
	Budget     optimizer.Resources `json:"budget"`
	Bottleneck string              `json:"bottleneck"`
	// Difference accounts for simulated against predicted cycles at the bottleneck.
	Difference *hwsim.Accounting `json:"difference,omitempty"`

	Verified struct {
		projectCheck
		HwsimImages     int `json:"hwsim_images"`
		HwsimMismatches int `json:"hwsim_mismatches"`
	} `json:"verified"`
}

// accuracy is what the judged set says about the networks.
type accuracy struct {
	Set     string        `json:"set"` // "test", or "calibration" where no test set was given
	Images  int           `json:"images"`
	Measure judge.Measure `json:"measure"`          // by labels: top-1, agreement, error, or "" if none applies
	Output  string        `json:"output,omitempty"` // that is judged by labels
	Why     string        `json:"why"`              // that output, or no measure
	// Float and Integer are the measure of the model as it is, without thresholds, and of the integer network: share of right answers or
	// of agreeing elements, or the root of the mean squared error.
	Float   *float64 `json:"float,omitempty"`
	Integer *float64 `json:"integer,omitempty"`
	// Outputs compares the integer network with the float network, without thresholds.
	Outputs []judge.Fidelity `json:"outputs"`

	floatFigures, integerFigures measured
}

func newAccuracy(plan *judge.Plan, j *judgement, set string, images int) accuracy {
	a := accuracy{Set: set, Images: images, Measure: plan.Measure, Why: plan.Why, Outputs: j.outputs}
	if plan.Measure == "" {
		return a
	}
	a.Output = plan.Outputs[plan.Judged].Name
	a.floatFigures, a.integerFigures = measure(plan, j.float), measure(plan, j.integer)
	a.Float, a.Integer = a.floatFigures.main(), a.integerFigures.main()
	return a
}

// print writes what the set says. The set of calibration images flatters: it is said where it was judged.
func (a *accuracy) print(w io.Writer) {
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

// Run performs the steps; each leaves its file before the next begins, and
// summary.json, the last, marks a finished run.
func (c buildCmd) Run(e *env) error {
	if c.Images < 4 {
		return usage("--images %d: a steady-state figure needs at least 4", c.Images)
	}
	if c.Golden < 0 {
		return usage("--golden %d: want 0 or more images", c.Golden)
	}
	judged := "test"
	if c.Test == "" {
		c.Test, judged = c.Calib, "calibration"
	}
	// Everything that can be wrong with the input is found before the first file is written.
	if _, err := c.shares(); err != nil {
		return err
	}
	if _, err := c.scales(); err != nil {
		return err
	}
	platform, err := optimizer.LoadPlatform(c.Platform)
	if err != nil {
		return err
	}
	g, err := e.loadModel(c.Model)
	if err != nil {
		return err
	}
	opt, err := c.options(g)
	if err != nil {
		return err
	}
	calib, err := openSet(c.Calib, g, c.Model)
	if err != nil {
		return err
	}
	test, err := openSet(c.Test, g, c.Model)
	if err != nil {
		return err
	}
	plan, err := judge.NewPlan(g, test)
	if err != nil {
		return err
	}
	if test.Len() < c.Images {
		return fmt.Errorf("%s: %d images, but --images asks for %d", c.Test, test.Len(), c.Images)
	}
	objective, err := c.Tuning.check()
	if err != nil {
		return err
	}
	if c.Search && (c.Thresholds != "" || c.hardwareFlags.Objective != optimizer.Throughput) {
		return usage("--search finds the thresholds itself, for throughput: it goes with neither --thresholds nor --objective latency")
	}
	if c.Search {
		if err := search.Judgeable(g); err != nil {
			return fmt.Errorf("%s: %w", c.Model, err)
		}
		if _, err := classLabels(g, test); err != nil {
			return fmt.Errorf("--search: %w", err)
		}
	}
	in := func(name string) string { return filepath.Join(c.Output, name) }
	if err := artifact.CheckDir(in("project")); err != nil {
		return err
	}
	if err := os.MkdirAll(c.Output, 0o777); err != nil {
		return fmt.Errorf("output folder: %w", err)
	}
	for _, name := range []string{"search.db", "thresholds.toml", "profile.json", "design.json", "simulation.json", "summary.json"} {
		if err := writable(in(name), c.Widths, c.Thresholds, c.Platform, c.Calibration, c.Tuning.Goal); err != nil {
			return err
		}
	}
	outputs := append(sparsity.Files(in("profile.json")), optimizer.Files(in("design.json"))...)
	outputs = append(outputs, in("search.db"), in("thresholds.toml"), in("simulation.json"), in("summary.json"))
	if err := apart(outputs, modelFiles(g), setFiles(calib, test), []string{c.Widths, c.Thresholds, c.Platform, c.Calibration, c.Tuning.Goal}); err != nil {
		return err
	}
	// A summary from an earlier run must not stand beside newer files.
	if err := os.Remove(in("summary.json")); err != nil && !os.IsNotExist(err) {
		return err
	}

	// Progress: stdout holds the summary alone.
	say := func(format string, args ...any) { fmt.Fprintf(e.stderr, format+"\n", args...) }
	if c.Search {
		say("search    %d evaluations, %s", c.Tuning.Evals, c.Tuning.Sampler)
		r, err := e.search(searchJob{
			model: c.Model, graph: g, calib: calib, test: test, bits: c.Bits, widths: c.Widths, seed: c.Seed, hardware: c.hardwareFlags,
			flags: c.Tuning, objective: objective, location: in("search.db"), name: "search", resume: true, lease: study.DefaultLease,
		})
		if err != nil {
			return err
		}
		if r.Best < 0 {
			return fmt.Errorf("no trial loses at most %.2f points; see \"hass search show %s\"", 100*objective.Loss, in("search.db"))
		}
		say("          trial %d", r.Best)
		if err := e.writeThresholds(r, r.Best, in("thresholds.toml")); err != nil {
			return err
		}
		if opt.Thresholds, err = quant.LoadThresholds(in("thresholds.toml")); err != nil {
			return err
		}
		if c.Least == "" {
			c.Least = optimizer.LeastDSP
		}
	}
	say("profile   %s, %d images", c.Calib, calib.Len())
	if _, err := e.profile(g, c.Model, calib, opt, in("profile.json")); err != nil {
		return err
	}
	cal, err := e.loadCalibrated(c.Model, in("profile.json"), "")
	if err != nil {
		return err
	}
	say("optimize  for %s", platform.Name)
	if _, err := e.optimize(cal, platform, c.hardwareFlags, in("design.json")); err != nil {
		return err
	}
	// From here on only the design file counts, as for any other user of it.
	d, err := optimizer.ReadDesign(in("design.json"))
	if err != nil {
		return err
	}
	say("generate  %s", in("project"))
	kept, err := codegen.Generate(e.ctx, d, c.Output, in("project"), codegen.Options{Images: c.Golden, Edits: c.mode()})
	if err != nil {
		return err
	}
	for _, line := range keptLines(kept) {
		say("          %s", line)
	}
	golden := cal.golden.Shape[0]
	if c.Golden > 0 {
		golden = min(golden, c.Golden)
	}
	var verified projectCheck
	if codegen.DefaultTarget(d) == codegen.RTL {
		say("verify    Verilator, %d golden images", golden)
		r, err := e.verifyRTL(in("project"), in("design.json"), codegen.RTLOptions{})
		if err != nil {
			return err
		}
		verified.RTLImages, verified.RTLMismatches = r.Images, r.Mismatches
	} else {
		say("verify    g++, %d golden images", golden)
		r, err := e.verify(in("project"), in("design.json"))
		if err != nil {
			return err
		}
		verified.CsimImages, verified.CsimMismatches = r.Images, r.Mismatches
	}
	say("simulate  %d images", c.Images)
	sim, mismatches, err := e.simulate(d, test, c.Images, hwsim.Options{})
	if err != nil {
		return err
	}
	rep, err := report(d, sim)
	if err != nil {
		return err
	}
	result, err := newSimulation(rep, mismatches, in("design.json"), test)
	if err != nil {
		return err
	}
	if err := artifact.WriteJSON(e.ctx, in("simulation.json"), result); err != nil {
		return err
	}
	s := newSummary(d, platform, verified, rep, mismatches)
	s.Inputs = result.Inputs
	if s.LatencyCycles, err = e.latency(d, test); err != nil {
		return err
	}
	say("eval      %s, %d images", c.Test, test.Len())
	j, err := e.judgeBoth(g, cal.net, test, plan, "eval")
	if err != nil {
		return err
	}
	s.Fidelity = cal.profile.Fidelity
	s.Accuracy = newAccuracy(plan, j, judged, test.Len())
	if err := artifact.WriteJSON(e.ctx, in("summary.json"), s); err != nil {
		return err
	}
	if c.JSON {
		err = artifact.Encode(e.stdout, s)
	} else {
		err = s.print(e.stdout)
	}
	if err != nil {
		return err
	}
	if mismatches > 0 {
		return fmt.Errorf("simulator: %d of %d images differ from the integer network", mismatches, sim.Images)
	}
	return nil
}

func newSummary(d *optimizer.Design, p optimizer.Platform, verified projectCheck, rep *hwsim.Report, mismatches int) *summary {
	s := &summary{
		Header: artifact.NewHeader("hass.summary", 1, nil),
		Model:  d.Model, Platform: p.Name, Bits: d.Bits, Fits: d.Fits, Shortfall: d.Shortfall,
		CyclesPerImage: rep.CyclesPerImage, PredictedCyclesPerImage: d.Predicted.CyclesPerImage,
		ImagesPerSecond: d.ClockMHz * 1e6 / rep.CyclesPerImage, ClockMHz: d.ClockMHz,
		Resources: d.Total, Calibrated: d.Calibrated, CostModel: d.CostModel, Budget: d.Budget, Bottleneck: d.Predicted.Bottleneck, Difference: rep.Bottleneck,
	}
	s.Verified.projectCheck = verified
	s.Verified.HwsimImages, s.Verified.HwsimMismatches = rep.Images, mismatches
	return s
}

// print writes the one-screen summary.
func (s *summary) print(out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "\n%q on %s, %s bit\n", s.Model, s.Platform, s.Bits)
	if !s.Fits {
		fmt.Fprintf(w, "DOES NOT FIT (built for verification only)\t\n")
		for _, l := range s.Shortfall {
			fmt.Fprintf(w, "\t%s\n", l)
		}
	}
	s.Accuracy.print(w)
	if l := s.Fidelity.Noisiest(); l != nil {
		fmt.Fprintf(w, "  noisiest layer\t%q %.2f dB on %d calibration images (all layers are in summary.json)\n", l.Name, *l.SNR, s.Fidelity.Images)
	}
	if n := len(s.Fidelity.Losses); n > 0 {
		fmt.Fprintf(w, "  loss of range\t%d warnings, see above and summary.json\n", n)
	}
	fmt.Fprintf(w, "rate\t%.1f images/s at %g MHz (clock assumed)\n", s.ImagesPerSecond, s.ClockMHz)
	fmt.Fprintf(w, "cycles per image\t%.0f simulated, %.0f predicted (%+.2f %%)\n", s.CyclesPerImage, s.PredictedCyclesPerImage,
		100*(s.CyclesPerImage/s.PredictedCyclesPerImage-1))
	if a := s.Difference; a != nil {
		fmt.Fprintf(w, "  difference %.0f at %s\testimate %+.0f, busy %+.0f, starved %+.0f, blocked %+.0f, drift %+.0f\n",
			a.Difference, a.Process, a.Model, a.BusyError, a.Starved, a.Blocked, a.Drift)
	}
	fmt.Fprintf(w, "latency\t%d cycles\n", s.LatencyCycles)
	fmt.Fprintf(w, "bottleneck\t%s\n", s.Bottleneck)
	fmt.Fprintln(w, "resources\tDSP\tLUT\tFF\tBRAM18\tURAM")
	for _, row := range []struct {
		what string
		r    optimizer.Resources
	}{{"  estimated", s.Resources}, {"  budget", s.Budget}} {
		fmt.Fprintf(w, "%s\t%d\t%d\t%d\t%d\t%d\n", row.what, row.r.DSP, row.r.LUT, row.r.FF, row.r.BRAM18, row.r.URAM)
	}
	if s.Calibrated {
		fmt.Fprintf(w, "  LUT +- %.0f %%, FF +- %.0f %%: formulas fitted to %s, %s; of the RTL\n", 100*s.CostModel.LUTError, 100*s.CostModel.FFError, s.CostModel.Tool, s.CostModel.Date)
	} else {
		fmt.Fprintln(w, "  LUT and FF are formulas that no synthesis has calibrated")
	}
	what, images, wrong := "C++ (g++)", s.Verified.CsimImages, s.Verified.CsimMismatches
	if s.Verified.RTLImages > 0 {
		what, images, wrong = "RTL (Verilator)", s.Verified.RTLImages, s.Verified.RTLMismatches
	}
	fmt.Fprintf(w, "verified\t%s: %d images, %d mismatches; simulator: %d images, %d mismatches\n",
		what, images, wrong, s.Verified.HwsimImages, s.Verified.HwsimMismatches)
	return w.Flush()
}
