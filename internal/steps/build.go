package steps

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"hass/codegen"
	"hass/codegen/verify"
	"hass/frontend"
	"hass/hwsim"
	"hass/internal/artifact"
	"hass/internal/design"
	"hass/internal/judge"
	"hass/internal/quant"
	"hass/internal/settings"
	"hass/internal/steps/rundir"
	"hass/internal/steps/waves"
	"hass/optimizer/derive"
	"hass/optimizer/search"
	"hass/optimizer/search/study"
	"hass/optimizer/target"
	"hass/sparsity"
)

// BuildOptions direct Build.
type BuildOptions struct {
	Model  string          // ONNX
	Shapes frontend.Shapes // of inputs whose dimensions the model leaves open
	Calib  string          // calibration data set (TOML)
	// Test is a labelled test set (TOML), or "" for the calibration set: accuracy is measured on all of it, the simulator
	// runs its first images.
	Test string
	Numerics
	Hardware
	Search bool          // search thresholds first and build the best trial; the test set decides which that is
	Tuning *Tuning       // of the search; nil is DefaultTuning. Without Search it is only checked
	Edits  artifact.Mode // of generated files in an older project
	Images int           // for the simulator, at least 4; 0 is 8, or all of a smaller set
	Golden int           // golden images for the project; 0 takes all
	Output string        // run folder: every intermediate file, the project, summary.json and report.html
}

// steady are the images that a steady-state figure needs at least.
const steady = 4

// Build performs the steps; each leaves its file before the next begins, and
// summary.json, which comes last with report.html, marks a finished run. Images that the simulator and the integer network
// disagree about are an error along with the summary.
func Build(ctx context.Context, o BuildOptions, rep Reporter) (*rundir.Summary, error) {
	if o.Images < 0 || o.Images > 0 && o.Images < steady {
		return nil, badOption("--images %d: a steady-state figure needs at least %d", o.Images, steady)
	}
	if o.Golden < 0 {
		return nil, badOption("--golden %d: want 0 or more images", o.Golden)
	}
	judged := "test"
	if o.Test == "" {
		o.Test, judged = o.Calib, "calibration"
	}
	// Everything that can be wrong with the input is found before the first file is written.
	if err := o.check(); err != nil {
		return nil, err
	}
	platform, err := design.LoadPlatform(o.Platform)
	if err != nil {
		return nil, err
	}
	if err := platform.Whole(); err != nil {
		return nil, err
	}
	if err := o.checkClock(platform); err != nil {
		return nil, err
	}
	float, g, err := loadAs(o.Model, o.Quantisers, rep, o.Shapes)
	if err != nil {
		return nil, err
	}
	opt, err := o.options(g)
	if err != nil {
		return nil, err
	}
	calib, err := openSet(o.Calib, g, o.Model)
	if err != nil {
		return nil, err
	}
	test, err := openSet(o.Test, g, o.Model)
	if err != nil {
		return nil, err
	}
	plan, err := judge.NewPlan(g, test)
	if err != nil {
		return nil, err
	}
	if test.Len() < steady && o.Images <= test.Len() {
		return nil, fmt.Errorf("%s: %d images; a steady-state figure needs at least %d: give a larger set by --test or --calib", o.Test, test.Len(), steady)
	}
	few, err := firstSimulated(test, o.Images, rep)
	if err != nil {
		return nil, err
	}
	if n := min(calib.Len(), sparsity.DefaultGoldenImages); o.Golden > n {
		return nil, fmt.Errorf("%s: %d golden images are kept, but --golden asks for %d", o.Calib, n, o.Golden)
	}
	tuning := DefaultTuning()
	if o.Tuning != nil {
		tuning = *o.Tuning
	}
	objective, err := tuning.check()
	if err != nil {
		return nil, err
	}
	if o.Search && o.Quantisers != quant.Kept {
		return nil, badOption("--requantise with --search: a study is of the model as it is; search first and give its thresholds with --thresholds")
	}
	if o.Search && o.Folding != "" {
		return nil, badOption("--search with --folding: a search chooses hardware of its own for every trial; search first, and give its thresholds with --thresholds")
	}
	if o.Search && o.Auto != nil {
		return nil, badOption("--search with --bits auto: a study has fixed widths; search with the widths of a number, then profile with --bits auto and --thresholds")
	}
	if o.Search && (o.Thresholds != "" || o.Hardware.Objective != design.Throughput) {
		return nil, badOption("--search finds the thresholds itself, for throughput: it goes with neither --thresholds nor --objective latency")
	}
	if o.Search {
		if err := search.Judgeable(g); err != nil {
			return nil, fmt.Errorf("%s: %w", o.Model, err)
		}
		if _, err := classLabels(g, test); err != nil {
			return nil, fmt.Errorf("--search: %w", err)
		}
	}
	in := func(name string) string { return filepath.Join(o.Output, name) }
	if err := artifact.CheckDir(in("project")); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(o.Output, 0o777); err != nil {
		return nil, fmt.Errorf("output folder: %w", err)
	}
	for _, name := range []string{rundir.SearchFile, "thresholds.toml", "profile.json", "design.json", "simulation.json", "summary.json", rundir.ReportFile} {
		if err := writable(in(name), o.Widths, o.Thresholds, o.Platform, o.Calibration, o.Folding, tuning.Goal); err != nil {
			return nil, err
		}
	}
	outputs := append(sparsity.Files(in("profile.json")), design.Files(in("design.json"))...)
	outputs = append(outputs, in(rundir.SearchFile), in("thresholds.toml"), in("simulation.json"), in("summary.json"), in(rundir.ReportFile))
	if err := apart(outputs, modelFiles(g), setFiles(calib, test), []string{o.Widths, o.Thresholds, o.Platform, o.Calibration, o.Folding, tuning.Goal}); err != nil {
		return nil, err
	}
	// A summary from an earlier run must not stand beside newer files.
	for _, name := range []string{"summary.json", rundir.ReportFile} {
		if err := os.Remove(in(name)); err != nil && !os.IsNotExist(err) {
			return nil, err
		}
	}

	var found *search.Result
	if o.Search {
		rep.stage("search", "%d evaluations, %s", tuning.Evals, tuning.Sampler)
		r, err := runSearch(ctx, searchJob{
			model: o.Model, graph: g, calib: calib, test: test, numerics: o.Numerics, hardware: o.Hardware, tuning: tuning,
			objective: objective, study: Study{in(rundir.SearchFile), DefaultStudyName}, resume: true, lease: study.DefaultLease,
		}, rep)
		if err != nil {
			return nil, err
		}
		if r.Best < 0 {
			return nil, fmt.Errorf("no trial loses at most %.2f points; see \"hass search show %s\"", 100*objective.Loss, in(rundir.SearchFile))
		}
		rep.stage("", "trial %d", r.Best)
		if err := writeThresholds(ctx, r, r.Best, in("thresholds.toml")); err != nil {
			return nil, err
		}
		found = r
		if opt.Thresholds, err = settings.LoadThresholds(in("thresholds.toml")); err != nil {
			return nil, err
		}
		if a, _ := o.asked(); o.Least == "" && a == (design.Asked{}) {
			o.Least = target.DSP
		}
	}
	rep.stage("profile", "%s, %d images", o.Calib, calib.Len())
	m, err := profile(ctx, calibration{g, o.Model, o.Shapes, calib, opt, o.Auto}, in("profile.json"), rep)
	if err != nil {
		return nil, err
	}
	if m.Profile.Auto != nil {
		for line := range strings.Lines(m.Profile.Auto.Summary()) {
			rep.stage("", "%s", strings.TrimSpace(line))
		}
	}
	cal, err := LoadCalibrated(CalibratedFiles{Model: o.Model, Profile: in("profile.json")}, rep)
	if err != nil {
		return nil, err
	}
	rep.stage("optimize", "for %s", platform.Name)
	if _, err := optimize(ctx, cal, platform, o.Hardware, in("design.json"), rep); err != nil {
		return nil, err
	}
	// From here on only the design file counts, as for any other user of it.
	d, err := derive.ReadDesign(in("design.json"))
	if err != nil {
		return nil, err
	}
	rep.stage("generate", "%s", in("project"))
	kept, err := codegen.Generate(ctx, d, o.Output, in("project"), codegen.Options{Images: o.Golden, Edits: o.Edits})
	if err != nil {
		return nil, err
	}
	for _, line := range KeptLines(kept) {
		rep.stage("", "%s", line)
	}
	golden := cmp.Or(o.Golden, cal.Golden.Shape[0])
	target := codegen.DefaultTarget(d)
	verified := rundir.AllChecks()
	for i, t := range codegen.Targets() {
		if t.Name == target {
			rep.stage("verify", "%s, %d golden images", t.Tool, golden)
			r, err := verifyProject(ctx, &t, in("project"), in("design.json"), verify.Options{})
			if err != nil {
				return nil, err
			}
			verified[i].Tally = r.Tally()
		}
	}
	rep.stage("simulate", "%d images", few.Len())
	sim, mismatches, err := simulate(ctx, d, few, hwsim.Options{Progress: rep.track(TaskSimulate)})
	if err != nil {
		return nil, err
	}
	compared, err := reportOf(d, sim)
	if err != nil {
		return nil, err
	}
	result, err := (&SimulateResult{compared, mismatches, in("design.json"), test}).Artifact()
	if err != nil {
		return nil, err
	}
	if result.Frame, err = waves.Frame(ctx, d, images(d.Net, test)); err != nil {
		return nil, err
	}
	if err := artifact.WriteJSON(ctx, in("simulation.json"), result); err != nil {
		return nil, err
	}
	s, err := newSummary(d, platform, verified, compared, mismatches)
	if err != nil {
		return nil, err
	}
	s.Inputs = result.Inputs
	if s.LatencyCycles, err = waves.Latency(ctx, d, images(d.Net, test)); err != nil {
		return nil, err
	}
	rep.stage("eval", "%s, %d images", o.Test, test.Len())
	j, err := judgeBoth(ctx, trial{float, test, plan}, cal.Net, rep.track(TaskEval))
	if err != nil {
		return nil, err
	}
	s.Fidelity = cal.Profile.Fidelity
	s.Accuracy = newAccuracy(plan, j, judged, test.Len())
	if err := rundir.Write(ctx, o.Output, &rundir.Run{Design: d, Profile: cal.Profile, Simulation: result, Summary: s, Search: found}); err != nil {
		return nil, err
	}
	if mismatches > 0 {
		return s, fmt.Errorf("simulator: %d of %d images differ from the integer network", mismatches, sim.Images)
	}
	return s, nil
}
