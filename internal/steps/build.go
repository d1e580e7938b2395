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
	"hass/internal/dataset"
	"hass/internal/design"
	"hass/internal/graph"
	"hass/internal/judge"
	"hass/internal/quant"
	"hass/internal/repair"
	"hass/internal/settings"
	"hass/internal/steps/projects"
	"hass/internal/steps/rundir"
	"hass/internal/steps/stages"
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
	// Projects are the targets to make a project for, each in a folder of its own (projects.Folders); nil is one of the design's default
	// target. Hardware.Target has to include them.
	Projects []codegen.Target
	Images   int    // for the simulator, at least 4; 0 is 8, or all of a smaller set
	Golden   int    // golden images for the project; 0 takes all
	Output   string // run folder: every intermediate file, the project, summary.json and report.html
	// From is the first stage (Stages) to run in any case, with unchanged ones before it; "" runs every stage that is not unchanged. To is
	// the last stage to run; "" is the last of all.
	From, To string
}

// BuildResult is what Build did.
type BuildResult struct {
	Summary *rundir.Summary // nil if the build ended before its last stage, as asked or by an error
	Log     stages.Log
}

// prunedFile is the model in a run folder that the design is made of, if a search has repaired it.
const prunedFile = "pruned.onnx"

// steady are the images that a steady-state figure needs at least.
const steady = 4

// Build performs the steps; each leaves its file before the next begins, and
// summary.json, which comes last with report.html, marks a finished run. A stage that is unchanged since an earlier build in the same folder is
// not run again. Images that the simulator and the integer network disagree about are an error along with the result.
func Build(ctx context.Context, o BuildOptions, rep Reporter) (*BuildResult, error) {
	if err := stages.Check(o.From, o.To, projects.Stages(o.Search, o.Projects)); err != nil {
		return nil, badOption("%v", err)
	}
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
	if o.Search {
		tuning = tuning.of(g, rep)
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
	for _, folder := range projects.Folders(o.Projects) {
		if err := artifact.CheckDir(in(folder)); err != nil {
			return nil, err
		}
	}
	if err := os.MkdirAll(o.Output, 0o777); err != nil {
		return nil, fmt.Errorf("output folder: %w", err)
	}
	for _, name := range []string{rundir.SearchFile, "thresholds.toml", prunedFile, "profile.json", "design.json", "simulation.json", "summary.json", rundir.ReportFile, stages.File} {
		if err := writable(in(name), o.Widths, o.Thresholds, o.Platform, o.Calibration, o.Folding, tuning.Goal); err != nil {
			return nil, err
		}
	}
	outputs := append(sparsity.Files(in("profile.json")), design.Files(in("design.json"))...)
	outputs = append(outputs, in(rundir.SearchFile), in("thresholds.toml"), in(prunedFile), in("simulation.json"), in("summary.json"), in(rundir.ReportFile), in(stages.File))
	if err := apart(outputs, modelFiles(g), setFiles(calib, test), []string{o.Widths, o.Thresholds, o.Platform, o.Calibration, o.Folding, tuning.Goal}); err != nil {
		return nil, err
	}
	run, err := stages.Open(stages.Options{
		Path: in(stages.File), From: o.From, To: o.To, Say: func(name, text string) { rep.stage(name, "%s", text) },
		Before: func() error { // a summary from an earlier run must not stand beside newer files
			for _, name := range []string{"summary.json", rundir.ReportFile} {
				if err := os.Remove(in(name)); err != nil && !os.IsNotExist(err) {
					return err
				}
			}
			return nil
		},
	})
	if err != nil {
		return nil, err
	}
	given, err := newGiven(o, g, platform, calib, test, tuning)
	if err != nil {
		return nil, err
	}

	var found *search.Result
	var searched map[string]string     // hashes of the thresholds that the search found; those of an earlier build with --search play no part
	model, shapes := o.Model, o.Shapes // what is built
	if o.Search {
		var best int
		files := []string{in("thresholds.toml")}
		if tuning.Repair != repair.None {
			model, shapes, files = in(prunedFile), nil, append(files, in(prunedFile))
		}
		last, err := run.Do(ctx, stages.Stage{Name: stages.Search, Inputs: given, Files: stages.Files(files...), Result: &best, Work: func() error {
			rep.stage(stages.Search, "%d evaluations, %s", tuning.Evals, tuning.Sampler)
			r, err := runSearch(ctx, searchJob{
				model: o.Model, graph: g, calib: calib, test: test, numerics: o.Numerics, hardware: o.Hardware, tuning: tuning,
				objective: objective, study: Study{in(rundir.SearchFile), DefaultStudyName}, resume: true, lease: study.DefaultLease,
			}, rep)
			if err != nil {
				return err
			}
			if r.Best < 0 {
				return fmt.Errorf("no trial loses at most %.2f points; see \"hass search show %s\"", 100*objective.Loss, in(rundir.SearchFile))
			}
			if best = r.Best; tuning.Repair == repair.None {
				return writeThresholds(ctx, r, best, in("thresholds.toml"))
			}
			_, left, err := repairedFile(ctx, g, calib, r, best, model, rep)
			if err != nil {
				return err
			}
			return encodeThresholds(ctx, left, fmt.Sprintf("trial %d of study %q, whose weights are in %s", best, r.Study, prunedFile), in("thresholds.toml"))
		}})
		if last || err != nil {
			return &BuildResult{Log: run.Log}, err
		}
		searched = run.Hashes(stages.Search)
		rep.stage("", "trial %d", best)
		if found, err = rundir.ReadSearch(ctx, in(rundir.SearchFile)); err != nil {
			return nil, err
		}
		if opt.Thresholds, err = settings.LoadThresholds(in("thresholds.toml")); err != nil {
			return nil, err
		}
		if model != o.Model {
			if g, err = Load(model, rep); err != nil {
				return nil, err
			}
		}
		if a, _ := o.asked(); o.Least == "" && a == (design.Asked{}) {
			o.Least = target.DSP
		}
	}
	last, err := run.Do(ctx, stages.Stage{Name: stages.Profile, Inputs: []any{given.Model, given.ModelFiles, given.Shapes, given.Calib, given.Numerics, searched},
		Files: stages.Files(sparsity.Files(in("profile.json"))...), Work: func() error {
			rep.stage(stages.Profile, "%s, %d images", o.Calib, calib.Len())
			m, err := profile(ctx, calibration{g, model, shapes, calib, opt, o.Auto}, in("profile.json"), rep)
			if err != nil || m.Profile.Auto == nil {
				return err
			}
			for line := range strings.Lines(m.Profile.Auto.Summary()) {
				rep.stage("", "%s", strings.TrimSpace(line))
			}
			return nil
		}})
	if last || err != nil {
		return &BuildResult{Log: run.Log}, err
	}
	cal, err := LoadCalibrated(CalibratedFiles{Model: model, Profile: in("profile.json")}, rep)
	if err != nil {
		return nil, err
	}
	last, err = run.Do(ctx, stages.Stage{Name: stages.Optimize, Inputs: []any{given.Model, given.ModelFiles, run.Hashes(stages.Profile), given.Platform, given.Hardware, o.Least},
		Files: stages.Files(design.Files(in("design.json"))...), Work: func() error {
			rep.stage(stages.Optimize, "for %s", platform.Name)
			_, err := optimize(ctx, cal, platform, o.Hardware, in("design.json"), rep)
			return err
		}})
	if last || err != nil {
		return &BuildResult{Log: run.Log}, err
	}
	// From here on only the design file counts, as for any other user of it.
	d, err := derive.ReadDesign(in("design.json"))
	if err != nil {
		return nil, err
	}
	made, err := projects.Of(d, o.Projects)
	if err != nil {
		return nil, err
	}
	verified := rundir.AllChecks()
	for _, p := range made {
		dir, tally := in(p.Folder), verify.Tally{}
		last, err := run.Do(ctx, stages.Stage{Name: p.Generate, Inputs: []any{run.Hashes(stages.Optimize), o.Golden, o.Edits}, Files: stages.Project(dir), Work: func() error {
			rep.stage(p.Generate, "%s", dir)
			kept, err := codegen.Generate(ctx, d, o.Output, dir, codegen.Options{Target: p.Name, Images: o.Golden, Edits: o.Edits})
			if err != nil {
				return err
			}
			for _, line := range KeptLines(kept) {
				rep.stage("", "%s", line)
			}
			return nil
		}})
		if last || err != nil {
			return &BuildResult{Log: run.Log}, err
		}
		last, err = run.Do(ctx, stages.Stage{Name: p.Verify, Inputs: []any{run.Hashes(stages.Optimize), run.Hashes(p.Generate)}, Files: stages.Files(), Result: &tally, Work: func() error {
			rep.stage(p.Verify, "%s", p.Method(cmp.Or(o.Golden, cal.Golden.Shape[0])))
			r, err := projects.Verify(ctx, p.Entry, dir, in("design.json"), p.Strongest())
			if err != nil {
				return err
			}
			tally = r.Tally()
			return nil
		}})
		if last || err != nil {
			return &BuildResult{Log: run.Log}, err
		}
		verified.Set(p.Key, tally)
	}
	var alone int64 // cycles of an image that comes alone
	last, err = run.Do(ctx, stages.Stage{Name: stages.Simulate, Inputs: []any{run.Hashes(stages.Optimize), given.Test, few.Len()}, Files: stages.Files(in("simulation.json")), Result: &alone, Work: func() error {
		rep.stage(stages.Simulate, "%d images", few.Len())
		sim, mismatches, err := simulate(ctx, d, few, hwsim.Options{Progress: rep.track(TaskSimulate)})
		if err != nil {
			return err
		}
		compared, err := reportOf(d, sim)
		if err != nil {
			return err
		}
		result, err := (&SimulateResult{compared, mismatches, in("design.json"), test}).Artifact()
		if err != nil {
			return err
		}
		if result.Frame, result.Critical, err = waves.Shown(ctx, d, few.Len(), images(d.Net, test)); err != nil {
			return err
		}
		if alone, err = waves.Latency(ctx, d, images(d.Net, test)); err != nil {
			return err
		}
		return artifact.WriteJSON(ctx, in("simulation.json"), result)
	}})
	if last || err != nil {
		return &BuildResult{Log: run.Log}, err
	}
	var result rundir.Simulation
	if err := artifact.ReadJSON(in("simulation.json"), rundir.SimulationSchema, rundir.SimulationVersion, &result); err != nil {
		return nil, err
	}
	var accuracy rundir.Accuracy
	_, err = run.Do(ctx, stages.Stage{Name: stages.Eval, Inputs: []any{given.Model, given.ModelFiles, given.Shapes, o.Quantisers, given.Test, judged, run.Hashes(stages.Profile)}, Files: stages.Files(), Result: &accuracy, Work: func() error {
		rep.stage(stages.Eval, "%s, %d images", o.Test, test.Len())
		j, err := judgeBoth(ctx, trial{float, test, plan}, cal.Net, rep.track(TaskEval))
		if err != nil {
			return err
		}
		accuracy = newAccuracy(plan, j, judged, test.Len())
		return nil
	}})
	if err != nil {
		return nil, err
	}
	s, err := newSummary(d, platform, verified, result.Report, result.Mismatches)
	if err != nil {
		return nil, err
	}
	s.Inputs, s.LatencyCycles, s.Fidelity, s.Accuracy = result.Inputs, alone, cal.Profile.Fidelity, accuracy
	if err := rundir.Write(ctx, o.Output, &rundir.Run{Design: d, Profile: cal.Profile, Simulation: &result, Summary: s, Search: found}); err != nil {
		return nil, err
	}
	if result.Mismatches > 0 {
		err = fmt.Errorf("simulator: %d of %d images differ from the integer network", result.Mismatches, result.Images)
	}
	return &BuildResult{s, run.Log}, err
}

// given is what a user gave for a build, with the content of files in place of their names.
type given struct {
	Model, Calib, Test string
	ModelFiles         []string
	Shapes             frontend.Shapes
	Numerics           Numerics
	Hardware           Hardware
	Platform           design.Platform
	Search             bool
	Tuning             Tuning
}

// newGiven gathers what the user gave.
func newGiven(o BuildOptions, g *graph.Graph, platform design.Platform, calib, test *dataset.Set, tuning Tuning) (*given, error) {
	x := &given{Model: filepath.Base(o.Model), Shapes: o.Shapes, Numerics: o.Numerics, Hardware: o.Hardware, Platform: platform, Search: o.Search, Tuning: tuning}
	x.Hardware.Platform = ""
	var err error
	if x.Calib, err = calib.Hash(); err != nil {
		return nil, err
	}
	if x.Test, err = test.Hash(); err != nil {
		return nil, err
	}
	if x.ModelFiles, err = stages.Contents(modelFiles(g)...); err != nil {
		return nil, err
	}
	return x, stages.Replace(&x.Numerics.Widths, &x.Numerics.Thresholds, &x.Hardware.Calibration, &x.Hardware.Folding, &x.Tuning.Goal)
}
