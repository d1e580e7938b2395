package acceptance

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"hass/frontend"
	"hass/internal/dataset"
	"hass/internal/design"
	"hass/internal/graph"
	"hass/internal/hw"
	"hass/internal/settings"
	"hass/internal/test/testenv"
	"hass/optimizer/derive"
	"hass/optimizer/search"
	"hass/optimizer/search/sampler"
	"hass/optimizer/search/study"
)

// searchCase is a network of the comparison of samplers.
type searchCase struct {
	name, folder, model, platform string
	pixels                        int
	weights8                      bool
	seeds                         int
	pace                          bool // measure evaluations per minute
	methods                       []searchMethod
}

// searchMethod is a sampler and the information that it gets.
type searchMethod struct {
	name, sampler string
	blind         bool // does not see the hardware
}

var mainMethods = []searchMethod{
	{"hardware-unaware TPE", "tpe", true},
	{"TPE, HASS's objective", "tpe", false},
	{"ours", search.Allocate, false},
}

var searchCases = []searchCase{
	{"ResNet-8", "cifar10_resnet8", "model_jpeg_ft.onnx", "zcu104", 1, false, 5, true, append(slices.Clone(mainMethods),
		searchMethod{"multivariate TPE", "mvtpe", false}, searchMethod{"hill climb", "hillclimb", false}, searchMethod{"CMA-ES", "cmaes", false},
		searchMethod{"NSGA-II", "nsga2", false}, searchMethod{"random", "random", false})},
	{"MobileNetV3-Small", "mobilenet_v3_small", "model.onnx.gz", "u250", 16, false, 3, true, mainMethods},
	{"MobileNetV2", "mobilenet_v2", "model.onnx.gz", "u250", 4, false, 3, false, mainMethods},
	{"ResNet-50 pruned", "resnet50_pruned", "model.onnx.gz", "u250", 1, true, 1, false, mainMethods},
}

// The comparison gives every study searchEvals evaluations (probes included) and measures searchTested trials of its front on the
// test images.
const (
	searchEvals  = 96
	searchTested = 8
)

// TestSearch compares the samplers on the trained networks. HASS_SEARCH names the folder of the studies, which it
// resumes; HASS_SEARCH_ONLY, if set, the networks (a part of their names, separated by commas). It leaves report.md there.
func TestSearch(t *testing.T) {
	folder := os.Getenv("HASS_SEARCH")
	if folder == "" {
		t.Skip("skipped: takes hours; set HASS_SEARCH to the folder of its studies (make search-comparison)")
	}
	dir := testenv.Data(t)
	if err := os.MkdirAll(folder, 0o777); err != nil {
		t.Fatal(err)
	}
	var report strings.Builder
	only := strings.Split(os.Getenv("HASS_SEARCH_ONLY"), ",")
	for _, c := range searchCases {
		if !slices.ContainsFunc(only, func(s string) bool { return strings.Contains(c.name, s) }) {
			continue
		}
		t.Run(c.name, func(t *testing.T) { c.compare(t, dir, folder, &report) })
	}
	if err := os.WriteFile(filepath.Join(folder, "report.md"), []byte(report.String()), 0o666); err != nil {
		t.Fatal(err)
	}
}

// problem sets the search of a network up.
func (c *searchCase) problem(ctx context.Context, dir string, change func(*search.Options)) (*search.Problem, *graph.Graph, *dataset.Set, error) {
	g, err := frontend.Load(filepath.Join(dir, c.folder, c.model))
	if err != nil {
		return nil, nil, nil, err
	}
	calib, err := dataset.Open(filepath.Join(dir, c.folder, "calib.toml"))
	if err != nil {
		return nil, nil, nil, err
	}
	test, err := dataset.Open(filepath.Join(dir, c.folder, "test.toml"))
	if err != nil {
		return nil, nil, nil, err
	}
	platform, err := design.LoadPlatform(c.platform)
	if err != nil {
		return nil, nil, nil, err
	}
	opt := search.Options{Platform: platform, Shares: design.WholeShares(), Pixels: c.pixels, Seed: 1}
	if change != nil {
		change(&opt)
	}
	if c.weights8 {
		opt.Widths = &settings.Widths{Default: 16, Weights: 8}
	}
	p, err := search.New(ctx, g, calib, opt)
	return p, g, test, err
}

// searchStudy is one finished study.
type searchStudy struct {
	method searchMethod
	seed   int
	result *search.Result
	// quarter is the result after a quarter of the evaluations; only for our sampler.
	quarter *search.Result
}

func (c *searchCase) compare(t *testing.T, dir, folder string, report *strings.Builder) {
	ctx := t.Context()
	type job struct {
		m    searchMethod
		seed int
	}
	var jobs []job
	for seed := 1; seed <= c.seeds; seed++ {
		for _, m := range c.methods {
			jobs = append(jobs, job{m, seed})
		}
	}
	// Two studies at a time, each with a separate problem.
	queue := make(chan job, len(jobs))
	for _, j := range jobs {
		queue <- j
	}
	close(queue)
	type done struct {
		s   *searchStudy
		err error
	}
	results := make(chan done)
	var base *search.Problem
	const workers = 2
	for w := range workers {
		p, _, test, err := c.problem(ctx, dir, nil)
		if err != nil {
			t.Fatal(err)
		}
		if w == 0 {
			base = p
		}
		go func() {
			for j := range queue {
				s, err := c.study(ctx, p, test, filepath.Join(folder, c.file(j.m, j.seed)), j.m, j.seed, searchEvals)
				results <- done{s, err}
			}
		}()
	}
	var studies []*searchStudy
	for range jobs {
		d := <-results
		if d.err != nil {
			t.Fatal(d.err)
		}
		t.Logf("%s, %s, seed %d: %d trials in %v", c.name, d.s.method.name, d.s.seed, len(d.s.result.Trials), took(d.s.result).Round(time.Second))
		studies = append(studies, d.s)
	}
	dense, _, _, err := c.problem(ctx, dir, func(o *search.Options) { o.Engine = design.OnlyEngine(hw.Dense) })
	var unfit error
	if err != nil {
		unfit = err
	}
	slices.SortFunc(studies, func(a, b *searchStudy) int { return a.seed - b.seed })
	c.write(t, report, base, dense, unfit, studies)
	for _, s := range studies {
		if s.method.sampler == search.Allocate && s.result.Best >= 0 {
			c.confirm(t, report, dir, folder, s)
		}
	}
	if c.pace {
		c.measurePace(t, report, dir)
	}
}

// confirm makes the design of a study's best trial with all of the optimizer, and simulates it.
func (c *searchCase) confirm(t *testing.T, w *strings.Builder, dir, folder string, s *searchStudy) {
	t.Helper()
	a := newAcceptance(t)
	in := func(name string) string { return filepath.Join(a.dir, name) }
	model, data := filepath.Join(dir, c.folder, c.model), func(name string) string { return filepath.Join(dir, c.folder, name) }
	a.hass(t, "search", "show", filepath.Join(folder, c.file(s.method, s.seed)), "--thresholds", in("t.toml"))
	profile := []string{"profile", model, "--data", data("calib.toml"), "--thresholds", in("t.toml"), "-o", in("p.json")}
	if c.weights8 {
		if err := os.WriteFile(in("w.toml"), []byte("[default]\nbits = 16\nweights = 8\n"), 0o666); err != nil {
			t.Fatal(err)
		}
		profile = append(profile, "--widths", in("w.toml"))
	}
	a.hass(t, profile...)
	a.hass(t, "optimize", model, "--profile", in("p.json"), "--platform", c.platform, "--budget-share", "1", "--pixels", strconv.Itoa(c.pixels), "--least", "dsp", "-o", in("d.json"))
	d, err := derive.ReadDesign(in("d.json"))
	if err != nil {
		t.Fatal(err)
	}
	var sim struct {
		Mismatches     int     `json:"mismatches"`
		CyclesPerImage float64 `json:"cycles_per_image"`
	}
	if err := json.Unmarshal([]byte(a.hass(t, "simulate", in("d.json"), "--data", data("test.toml"), "--images", "6", "--json")), &sim); err != nil {
		t.Fatal(err)
	}
	if sim.Mismatches != 0 {
		t.Errorf("%s: %d mismatches", c.name, sim.Mismatches)
	}
	best, err := s.result.Trial(s.result.Best)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(w, "Best of ours, seed %d, trial %d: rated %.0f cycles and %d DSPs in the search; designed %.0f cycles, %d DSPs, %d LUTs; simulated on 6 test images %.1f cycles, %.0f images/s, 0 mismatches.\n\n",
		s.seed, s.result.Best, best.Outcome.CyclesPerImage, best.Outcome.Resources.DSP, d.Predicted.CyclesPerImage, d.Total.DSP, d.Total.LUT, sim.CyclesPerImage, d.Clock.ImagesPerSecond(sim.CyclesPerImage))
}

// measurePace runs a study of our sampler with and without shared work and rounds of images.
func (c *searchCase) measurePace(t *testing.T, w *strings.Builder, dir string) {
	t.Helper()
	const evals = 24
	fmt.Fprintf(w, "Evaluations per minute, ours, %d evaluations, nothing else running:\n\n| shared work | rounds of images | evaluations a minute |\n|---|---|---|\n", evals)
	yes := map[bool]string{true: "yes", false: "no"}
	for _, sharing := range []bool{true, false} {
		for _, halving := range []bool{true, false} {
			p, _, test, err := c.problem(t.Context(), dir, func(o *search.Options) { o.NoSharing, o.NoHalving = !sharing, !halving })
			if err != nil {
				t.Fatal(err)
			}
			s, err := c.study(t.Context(), p, test, filepath.Join(t.TempDir(), "pace.db"), searchMethod{"ours", search.Allocate, false}, 99, evals)
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(w, "| %s | %s | %.1f |\n", yes[sharing], yes[halving], float64(len(s.result.Trials))/took(s.result).Minutes())
		}
	}
	fmt.Fprintln(w)
}

// file is the name of a study's database.
func (c *searchCase) file(m searchMethod, seed int) string {
	id := m.sampler
	if m.blind {
		id += "-blind"
	}
	return fmt.Sprintf("%s-%s-%d.db", c.folder, id, seed)
}

// study runs one study to its end and measures its front.
func (c *searchCase) study(ctx context.Context, p *search.Problem, test *dataset.Set, path string, m searchMethod, seed, evals int) (*searchStudy, error) {
	db, err := study.Open(ctx, path)
	if err != nil {
		return nil, err
	}
	defer db.Close()
	objective := search.DefaultObjective()
	objective.Blind = m.blind
	r := &search.Runner{Problem: p, DB: db, Name: "search", Worker: "comparison", Resume: true, Config: search.Config{
		Model: c.name, Platform: c.platform, Bits: 16, Pixels: c.pixels, Budget: 1, Seed: 1, Sampler: m.sampler, SamplerSeed: uint64(seed),
		Objective: objective, Halving: true, Evals: evals,
	}}
	if err := r.Run(ctx); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	s, err := db.Load(ctx, "search")
	if err != nil {
		return nil, err
	}
	result, err := search.Read(ctx, s)
	if err != nil {
		return nil, err
	}
	out := &searchStudy{method: m, seed: seed, result: result}
	measured := []*search.Result{result}
	if m.sampler == search.Allocate {
		if out.quarter, err = search.ReadFirst(ctx, s, paid(result, evals/4)); err != nil {
			return nil, err
		}
		measured = append(measured, out.quarter)
	}
	for _, r := range measured {
		if r.Test == nil {
			if err := p.MeasureFront(ctx, s, r, test, "test.toml", searchTested, nil); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}

// spread is a median with its range.
func spread(v []float64, format string) string {
	v = slices.Clone(v)
	slices.Sort(v)
	if len(v) == 0 {
		return "-"
	}
	s := fmt.Sprintf(format, median(v))
	if len(v) > 1 {
		s += fmt.Sprintf(" ("+format+" to "+format+")", v[0], v[len(v)-1])
	}
	return s
}

func median(v []float64) float64 {
	v = slices.Clone(v)
	slices.Sort(v)
	return (v[(len(v)-1)/2] + v[len(v)/2]) / 2
}

// volume is the volume that the trials up to evaluation n dominate beyond the unpruned network, as a share of a box: divergence up to
// volumeDivergence, cycles and DSPs up to volumeHardware times the unpruned network's.
func (s *searchStudy) volume(base *search.Outcome, n int) float64 {
	ref := []float64{1, volumeHardware, volumeHardware}
	unpruned := []float64{0, 1, 1}
	points := [][]float64{unpruned}
	for _, t := range s.upTo(n) {
		if o := t.Outcome; o.Stopped == "" && o.Fits {
			points = append(points, []float64{o.Divergence / volumeDivergence, o.CyclesPerImage / base.CyclesPerImage,
				float64(o.Resources.DSP) / float64(base.Resources.DSP)})
		}
	}
	box := volumeHardware * volumeHardware
	return (sampler.Hypervolume(points, ref) - sampler.Hypervolume([][]float64{unpruned}, ref)) / box
}

const (
	volumeDivergence = 0.1
	volumeHardware   = 1.25
)

// took is the time of all trials of a result.
func took(r *search.Result) time.Duration {
	sum := time.Duration(0)
	for _, t := range r.Trials {
		sum += t.Took()
	}
	return sum
}

// paid is the number of trials that n evaluations pay for.
func paid(r *search.Result, n int) int {
	return max(0, min(n-int(math.Ceil(r.Probes)), len(r.Trials)))
}

// upTo are these trials.
func (s *searchStudy) upTo(n int) []search.Trial { return s.result.Trials[:paid(s.result, n)] }

// within is the best figure after n evaluations, among trials whose loss of right answers on the calibration images is within the
// limit.
func (s *searchStudy) within(n int, figure func(*search.Outcome) float64) float64 {
	best := 0.0
	for _, t := range s.upTo(n) {
		if o := t.Outcome; o.Stopped == "" && o.Fits && o.Drop(s.result.Unpruned).Mean <= s.result.Config.Objective.Loss+1e-9 {
			best = max(best, figure(o))
		}
	}
	return best
}

func (s *searchStudy) rate(n int) float64 {
	return s.within(n, func(o *search.Outcome) float64 { return o.ImagesPerSecond })
}

func (s *searchStudy) efficiency(n int) float64 { return s.within(n, (*search.Outcome).Efficiency) }

func (c *searchCase) write(t *testing.T, w *strings.Builder, base, dense *search.Problem, unfit error, studies []*searchStudy) {
	fmt.Fprintf(w, "### %s, %s, %d pixels a beat at most\n\n", c.name, c.platform, c.pixels)
	fmt.Fprintf(w, "%d evaluations, %d seeds: median (range). Points lost on the test images against the unpruned integer network.\n\n", searchEvals, c.seeds)
	fmt.Fprintln(w, "| method | images/s | DSP | images/cycle/DSP, 1e-6 | zero products | points lost on test | volume | seconds a study |")
	fmt.Fprintln(w, "|---|---|---|---|---|---|---|---|")
	plain := func(name string, o *search.Outcome) {
		fmt.Fprintf(w, "| %s | %.0f | %d | %.4f | %.1f %% | 0 | | |\n", name, o.ImagesPerSecond, o.Resources.DSP, o.Efficiency(), 100*o.Sparsity)
	}
	if unfit != nil {
		fmt.Fprintf(w, "| dense | %v | | | | | | |\n", unfit)
	} else {
		plain("dense", dense.Base)
	}
	plain("zeros of activations only", base.Base)
	row := func(name string, list []*searchStudy, evals int) {
		var ips, dsp, eff, zeros, lost, vol, secs []float64
		none := 0
		for _, s := range list {
			r := s.result
			if evals < searchEvals {
				r = s.quarter
			}
			vol, secs = append(vol, s.volume(base.Base, evals)), append(secs, took(r).Seconds())
			if r.Best < 0 {
				none++
				continue
			}
			b, err := r.Trial(r.Best)
			if err != nil {
				t.Fatal(err)
			}
			o := b.Outcome
			ips, dsp, eff, zeros = append(ips, o.ImagesPerSecond), append(dsp, float64(o.Resources.DSP)), append(eff, o.Efficiency()), append(zeros, 100*o.Sparsity)
			for _, x := range r.Test.Trials {
				if x.Number == b.Number {
					lost = append(lost, 100*x.Drop.Mean)
				}
			}
		}
		note := ""
		if none > 0 {
			note = fmt.Sprintf("; %d without any within a point", none)
		}
		fmt.Fprintf(w, "| %s | %s | %s | %s | %s | %s | %s | %s |\n", name, spread(ips, "%.0f"), spread(dsp, "%.0f"), spread(eff, "%.4f"),
			spread(zeros, "%.1f"), spread(lost, "%.2f")+note, spread(vol, "%.4f"), spread(secs, "%.0f"))
	}
	for _, m := range c.methods {
		var list []*searchStudy
		for _, s := range studies {
			if s.method == m {
				list = append(list, s)
			}
		}
		row(m.name, list, searchEvals)
		if m.sampler == search.Allocate {
			row(fmt.Sprintf("%s, after %d", m.name, searchEvals/4), list, searchEvals/4)
		}
	}
	// After how many evaluations does each reach the final result of TPE?
	fmt.Fprintf(w, "\nEvaluations until the median of TPE's rate (efficiency, volume) after %d evaluations is reached, on the calibration images:\n\n", searchEvals)
	figures := []func(*searchStudy, int) float64{
		(*searchStudy).rate, (*searchStudy).efficiency,
		func(s *searchStudy, n int) float64 { return s.volume(base.Base, n) },
	}
	var goals []float64 // by figure
	for _, f := range figures {
		var v []float64
		for _, s := range studies {
			if s.method == mainMethods[1] {
				v = append(v, f(s, searchEvals))
			}
		}
		goals = append(goals, median(v))
	}
	fmt.Fprintln(w, "| method | rate | efficiency | volume |")
	fmt.Fprintln(w, "|---|---|---|---|")
	for _, m := range c.methods {
		fmt.Fprintf(w, "| %s |", m.name)
		for k, f := range figures {
			var reached []int
			for _, s := range studies {
				if s.method != m {
					continue
				}
				n := 1
				for n <= searchEvals && f(s, n) < goals[k] {
					n++
				}
				reached = append(reached, n)
			}
			slices.Sort(reached)
			var all []string
			for _, n := range reached {
				if n > searchEvals {
					all = append(all, "never")
				} else {
					all = append(all, strconv.Itoa(n))
				}
			}
			fmt.Fprintf(w, " %s |", strings.Join(all, ", "))
		}
		fmt.Fprintln(w)
	}
	fmt.Fprintln(w)
	if len(studies) == 0 {
		t.Fatal(errors.New("no study"))
	}
}
