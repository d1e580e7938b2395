package acceptance

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"hass/hwsim/report"
	"hass/internal/design"
	"hass/internal/npy"
	"hass/internal/test/figures"
	"hass/internal/test/testenv"
	"hass/optimizer/derive"
)

// TestAcceptance runs all claims in an order in which later ones use the runs of
// earlier ones.
func TestAcceptance(t *testing.T) {
	if os.Getenv("HASS_ACCEPTANCE") != "1" {
		t.Skip("skipped: the acceptance claims take minutes and need trained models (run \"make acceptance-short\")")
	}
	a := newAcceptance(t)
	t.Run("Accuracy", a.accuracy)
	t.Run("ReferenceOutputs", a.referenceOutputs)
	t.Run("Build", a.build)
	t.Run("DoesNotFit", a.doesNotFit)
	t.Run("SparseAgainstDense", a.sparseAgainstDense)
	t.Run("SkipFIFOs", a.skipFIFOs)
	t.Run("Mutants", a.mutants)
	t.Run("CleanCompilation", a.cleanCompilation)
	t.Run("Reproducible", a.reproducible)
}

type acceptance struct {
	bin, data, dir string
}

// newAcceptance builds hass.
func newAcceptance(t *testing.T) *acceptance {
	t.Helper()
	a := &acceptance{data: testenv.Data(t), dir: t.TempDir()}
	a.bin = buildHass(t, a.dir)
	return a
}

// buildHass builds the command in a folder and gives its path.
func buildHass(t *testing.T, dir string) string {
	t.Helper()
	bin := filepath.Join(dir, "hass")
	build := exec.Command("go", "build", "-o", bin, "./cmd/hass")
	build.Dir = testenv.Root(t)
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return bin
}

const (
	resnet = "cifar10_resnet8/model_jpeg_ft.onnx"
	lenet  = "mnist_lenet/model.onnx"
)

func (a *acceptance) path(rel string) string { return filepath.Join(a.data, filepath.FromSlash(rel)) }

// set is a data set for a model.
func (a *acceptance) set(model, name string) string {
	return filepath.Join(filepath.Dir(a.path(model)), name)
}

// try runs hass and gives its output and exit code.
func (a *acceptance) try(t *testing.T, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	cmd := exec.Command(a.bin, args...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}

// hass runs hass, which must succeed.
func (a *acceptance) hass(t *testing.T, args ...string) string {
	t.Helper()
	out, errs, code := a.try(t, args...)
	if code != 0 {
		t.Fatalf("hass %s: exit code %d\n%s%s", strings.Join(args, " "), code, out, errs)
	}
	return out
}

func decode(t *testing.T, text string, v any) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), v); err != nil {
		t.Fatalf("%v in %.200s", err, text)
	}
}

// top1 evaluates a model on its test set, in percent.
func (a *acceptance) top1(t *testing.T, model string, args ...string) float64 {
	t.Helper()
	var r struct {
		Top1   float64
		Images int
	}
	decode(t, a.hass(t, append([]string{"eval", a.path(model), "--data", a.set(model, "test.toml"), "--json"}, args...)...), &r)
	if r.Images != 2000 {
		t.Fatalf("%s: evaluated on %d images, want 2000", model, r.Images)
	}
	return 100 * r.Top1
}

func (a *acceptance) accuracy(t *testing.T) {
	for _, c := range []struct {
		model    string
		float    float64
		within16 float64
		within8  float64 // 0: not claimed
	}{
		{lenet, 98.55, 0.1, 0},
		{"mnist_lenet/model_upstream.onnx", 98.55, 0.1, 0},
		{resnet, 84.20, 0.2, 1.5},
	} {
		float := a.top1(t, c.model)
		if math.Abs(float-c.float) > 0.005 {
			t.Errorf("%s: float %.2f %%, want %.2f %%", c.model, float, c.float)
		}
		line := fmt.Sprintf("%s: float %.2f %%", c.model, float)
		for _, w := range []struct {
			bits   string
			within float64
		}{{"16", c.within16}, {"8", c.within8}} {
			profile := filepath.Join(a.dir, "accuracy.json")
			a.hass(t, "profile", a.path(c.model), "--data", a.set(c.model, "calib.toml"), "--bits", w.bits, "-o", profile)
			got := a.top1(t, c.model, "--profile", profile)
			line += fmt.Sprintf(", integer-%s %.2f %%", w.bits, got)
			if w.within > 0 && math.Abs(got-float) > w.within+1e-9 {
				t.Errorf("%s: %s bits %.2f %%, not within %.1f of %.2f %%", c.model, w.bits, got, w.within, float)
			}
		}
		t.Log(line)
	}
}

// referenceOutputs compares the float executor with recorded ONNX Runtime outputs:
// max|y - ref| / max|ref| per image, at most 1e-4.
func (a *acceptance) referenceOutputs(t *testing.T) {
	for _, c := range []struct {
		model, ref string
		divisor    float32
	}{
		{lenet, "mnist_lenet/model_reference_output.npy", 255},
		{"mnist_lenet/model_upstream.onnx", "mnist_lenet/model_reference_output.npy", 255},
		{"cifar10_resnet8/model.onnx", "cifar10_resnet8/model_reference_output.npy", 1},
		{resnet, "cifar10_resnet8/model_jpeg_ft_reference_output.npy", 1},
	} {
		images, err := npy.Read(a.set(c.model, "test_images.npy"))
		if err != nil {
			t.Fatal(err)
		}
		ref, err := npy.Read(a.path(c.ref))
		if err != nil {
			t.Fatal(err)
		}
		n, h, w, ch := ref.Shape[0], images.Shape[1], images.Shape[2], 1
		if len(images.Shape) == 4 {
			ch = images.Shape[3]
		}
		x := &npy.Array{DType: "float32", Shape: []int{n, ch, h, w}, F32: make([]float32, n*ch*h*w)}
		for i := range n {
			for p := range h * w {
				for k := range ch {
					x.F32[(i*ch+k)*h*w+p] = float32(images.U8[(i*h*w+p)*ch+k]) / c.divisor
				}
			}
		}
		in, out := filepath.Join(a.dir, "x.npy"), filepath.Join(a.dir, "y.npy")
		f, err := os.Create(in)
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(npy.Write(f, x), f.Close()); err != nil {
			t.Fatal(err)
		}
		a.hass(t, "run", a.path(c.model), "--input", in, "--output", out)
		y, err := npy.Read(out)
		if err != nil {
			t.Fatal(err)
		}
		if len(y.F32) != len(ref.F32) {
			t.Fatalf("%s: %d outputs, want %d", c.model, len(y.F32), len(ref.F32))
		}
		worst, classes := 0.0, len(ref.F32)/n
		for i := range n {
			diff, most := 0.0, 0.0
			for k := i * classes; k < (i+1)*classes; k++ {
				diff = max(diff, math.Abs(float64(y.F32[k])-float64(ref.F32[k])))
				most = max(most, math.Abs(float64(ref.F32[k])))
			}
			worst = max(worst, diff/most)
		}
		if worst > 1e-4 {
			t.Errorf("%s: error %.2g against ONNX Runtime, want at most 1e-4", c.model, worst)
		}
		t.Logf("%s: error %.1e against ONNX Runtime over %d images", c.model, worst, n)
	}
}

// summary has the fields of RUN/summary.json that claims read.
type summary struct {
	Fits                    bool
	CyclesPerImage          float64 `json:"cycles_per_image"`
	PredictedCyclesPerImage float64 `json:"predicted_cycles_per_image"`
	LatencyCycles           int64   `json:"latency_cycles"`
	ImagesPerSecond         float64 `json:"images_per_second"`
	Resources, Budget       design.Resources
	Bottleneck              string
	Difference              report.Accounting
	Verified                struct {
		CsimImages      int `json:"csim_images"`
		CsimMismatches  int `json:"csim_mismatches"`
		HwsimImages     int `json:"hwsim_images"`
		HwsimMismatches int `json:"hwsim_mismatches"`
	}
}

func (a *acceptance) runDir(name string) string { return filepath.Join(a.dir, "runs", name) }

// build runs the whole path on the claimed networks and platforms.
func (a *acceptance) build(t *testing.T) {
	var rows [][]string
	for _, c := range []struct{ name, model, platform, bits string }{
		{"resnet8_zedboard", resnet, "zedboard", "16"},
		{"resnet8_zcu104", resnet, "zcu104", "16"},
		{"resnet8_u250", resnet, "u250", "16"},
		{"lenet_zc706", lenet, "zc706", "16"},
		{"lenet_u250", lenet, "u250", "16"},
		{"lenet8_zedboard", lenet, "zedboard", "8"},
	} {
		run := a.runDir(c.name)
		a.hass(t, "build", a.path(c.model), "--platform", c.platform, "--budget-share", "1", "--bits", c.bits, "--images", "200",
			"--calib", a.set(c.model, "calib.toml"), "--test", a.set(c.model, "test.toml"), "-o", run)
		text, err := os.ReadFile(filepath.Join(run, "summary.json"))
		if err != nil {
			t.Fatal(err)
		}
		var s summary
		decode(t, string(text), &s)
		r, b, v := s.Resources, s.Budget, s.Verified
		if !s.Fits || r.DSP > b.DSP || r.LUT > b.LUT || r.FF > b.FF || r.BRAM18 > b.BRAM18 || r.URAM > b.URAM {
			t.Errorf("%s: %+v is not within %+v (fits: %v)", c.name, r, b, s.Fits)
		}
		if v.CsimImages < 8 || v.CsimMismatches != 0 || v.HwsimImages != 200 || v.HwsimMismatches != 0 {
			t.Errorf("%s: verified %+v; want at least 8 and 200 images without a mismatch", c.name, v)
		}
		d := s.Difference
		row := []string{c.name, fmt.Sprintf("%.1f", s.ImagesPerSecond), fmt.Sprintf("%.0f", s.ImagesPerSecond*s.CyclesPerImage/1e6),
			fmt.Sprintf("%.1f", s.CyclesPerImage), fmt.Sprintf("%.1f", s.PredictedCyclesPerImage), fmt.Sprintf("%+.2f %%", 100*(s.CyclesPerImage/s.PredictedCyclesPerImage-1)),
			fmt.Sprintf("%+.1f, %+.1f, %+.1f, %+.1f, %+.1f", d.Model, d.BusyError, d.Starved, d.Blocked, d.Drift),
			fmt.Sprint(s.LatencyCycles), fmt.Sprint(r.DSP), fmt.Sprint(r.LUT), fmt.Sprint(r.FF), fmt.Sprint(r.BRAM18), s.Bottleneck}
		rows = append(rows, row)
		t.Log(strings.Join(row, " | "))
		if sum := d.Model + d.BusyError + d.Starved + d.Blocked + d.Drift; math.Abs(sum-(s.CyclesPerImage-s.PredictedCyclesPerImage)) > 1e-3 {
			t.Errorf("%s: the counters account for %+.2f cycles of a difference of %+.2f", c.name, sum, s.CyclesPerImage-s.PredictedCyclesPerImage)
		}
	}
	if !t.Failed() {
		figures.Write(t, "whole-path", figures.Table{
			Command: "make acceptance-short",
			Note: "`hass build`: 8 golden images through the C++ in two orders, 200 test images through the simulator, no mismatch, every design within budget. " +
				"The simulated cycles less the predicted ones are the sum of five terms of the busiest process: estimate, busy, starved, blocked, drift.",
			Columns: []string{"network, platform", "images/s", "MHz", "cycles per image", "predicted", "difference", "its terms, cycles", "latency, cycles", "DSP", "LUT", "FF", "BRAM18", "bottleneck"},
			Rows:    rows,
		})
	}
}

func (a *acceptance) doesNotFit(t *testing.T) {
	run := a.runDir("lenet_zedboard")
	_, errs, code := a.try(t, "build", a.path(lenet), "--platform", "zedboard", "--budget-share", "1", "--calib", a.set(lenet, "calib.toml"), "-o", run)
	if code != 1 || !regexp.MustCompile(`BRAM18: needs \d+, budget \d+, short by \d+`).MatchString(errs) {
		t.Errorf("LeNet at 16 bits on ZedBoard: exit code %d, want 1 naming BRAM18 and the shortfall:\n%s", code, errs)
	}
	if _, err := os.Stat(filepath.Join(run, "design.json")); err == nil {
		t.Error("a design that does not fit was written")
	}
	t.Logf("LeNet at 16 bits on ZedBoard: %s", strings.TrimSpace(errs))
}

// simulate gives the simulated cycles per image of a design on the first images of
// ResNet-8's test set.
func (a *acceptance) simulate(t *testing.T, design string, images string) float64 {
	t.Helper()
	var r struct {
		Cycles     float64 `json:"cycles_per_image"`
		Mismatches int
	}
	decode(t, a.hass(t, "simulate", design, "--data", a.set(resnet, "test.toml"), "--images", images, "--json"), &r)
	if r.Mismatches != 0 {
		t.Errorf("%s: %d mismatches", design, r.Mismatches)
	}
	return r.Cycles
}

// sparseAgainstDense compares sparse engines with dense ones on ResNet-8, with the
// ZCU104's budget and a tenth of it. If sparse is not 1.2 times faster, it logs the
// table of layers, which shows the cause.
func (a *acceptance) sparseAgainstDense(t *testing.T) {
	profile := filepath.Join(a.runDir("resnet8_zcu104"), "profile.json")
	for _, share := range []string{"1", "0.1"} {
		cycles := map[string]float64{}
		tables := map[string]string{}
		for _, engine := range []string{"dense", "auto"} {
			design := filepath.Join(a.dir, "engine_"+engine+".json")
			tables[engine] = a.hass(t, "optimize", a.path(resnet), "--profile", profile, "--platform", "zcu104", "--budget-share", share, "--engine", engine, "-o", design)
			cycles[engine] = a.simulate(t, design, "16")
		}
		ratio := cycles["dense"] / cycles["auto"]
		t.Logf("share %s of the ZCU104's budget: dense %.0f cycles per image, with sparse engines %.0f: %.2fx", share, cycles["dense"], cycles["auto"], ratio)
		if ratio < 1.2 {
			t.Logf("what stops it, layer by layer:\n%s\nwith sparse engines allowed:\n%s", tables["dense"], tables["auto"])
		}
		if ratio < 0.98 {
			t.Errorf("share %s: allowing sparse engines made the design slower (%.2fx)", share, ratio)
		}
	}
}

// skipFIFOs sets every skip FIFO of ResNet-8 one below its token minimum: csim and
// hwsim must both deadlock and name it; at the minimum csim must pass. That both
// pass at the design's depth is shown by build.
func (a *acceptance) skipFIFOs(t *testing.T) {
	run := a.runDir("resnet8_zcu104")
	var d map[string]any
	text, err := os.ReadFile(filepath.Join(run, "design.json"))
	if err != nil {
		t.Fatal(err)
	}
	decode(t, string(text), &d)
	skips := 0
	for _, f := range d["fifos"].([]any) {
		fifo := f.(map[string]any)
		least, ok := fifo["minimum"].(float64)
		if !ok || least == 0 {
			continue
		}
		skips++
		name, depth := fifo["name"].(string), fifo["depth"]
		what := fmt.Sprintf("FIFO %s (minimum %.0f, design %v)", name, least, depth)
		// A reader of the design refuses a depth that is smaller by one.
		short := filepath.Join(run, "short.json")
		fifo["depth"] = least - 1
		changed, err := json.Marshal(d)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(short, changed, 0o644); err != nil {
			t.Fatal(err)
		}
		fifo["depth"] = depth
		for _, args := range [][]string{
			{"generate", short, "-o", filepath.Join(a.dir, "short")},
			{"simulate", short, "--data", a.set(resnet, "test.toml"), "--images", "4"},
		} {
			if _, errs, code := a.try(t, args...); code != 1 || !strings.Contains(errs, "enlarge FIFO "+name) {
				t.Errorf("%s, one less: %s exits %d without naming it: %s", what, args[0], code, errs)
			}
		}
		// The minimum runs, and in the C++ itself one less deadlocks.
		design := filepath.Join(run, "skip.json")
		a.atDepth(t, filepath.Join(run, "design.json"), design, name, int(least))
		project := filepath.Join(a.dir, "skip")
		a.hass(t, "generate", design, "-o", project, "--force")
		if _, errs, code := a.try(t, "verify", project); code != 0 {
			t.Errorf("%s at its minimum: csim fails: %s", what, errs)
		}
		top := filepath.Join(project, "src", "hass_top.cpp")
		text, err := os.ReadFile(top)
		if err != nil {
			t.Fatal(err)
		}
		old, cut := fmt.Sprintf(" %s, %.0f,", name, least), fmt.Sprintf(" %s, %.0f,", name, least-1)
		if strings.Count(string(text), old) != 1 {
			t.Fatalf("%q stands %d times in %s, want once", old, strings.Count(string(text), old), top)
		}
		if err := os.WriteFile(top, []byte(strings.Replace(string(text), old, cut, 1)), 0o644); err != nil {
			t.Fatal(err)
		}
		_, errs, code := a.try(t, "verify", project)
		if code != 1 || !strings.Contains(errs, "enlarge FIFO "+name) {
			t.Errorf("%s, one less: csim exits %d without naming it: %s", what, code, errs)
		}
		t.Logf("%s, one less: %s", what, strings.TrimSpace(errs))
	}
	if skips != 3 {
		t.Errorf("%d skip FIFOs were tried; ResNet-8 has 3 residual blocks", skips)
	}
}

// atDepth writes a design whose FIFO has another depth, with all that follows from it.
func (a *acceptance) atDepth(t *testing.T, from, to, fifo string, depth int) {
	t.Helper()
	d, err := derive.ReadDesign(from)
	if err != nil {
		t.Fatal(err)
	}
	golden, err := d.ReadGolden(filepath.Dir(from))
	if err != nil {
		t.Fatal(err)
	}
	for i := range d.FIFOs {
		if d.FIFOs[i].Name == fifo {
			d.FIFOs[i].Depth = depth
		}
	}
	if err := derive.Refresh(d); err != nil {
		t.Fatal(err)
	}
	if err := design.Write(t.Context(), d, to, golden); err != nil {
		t.Fatal(err)
	}
}

// mutants breaks the emitted library on purpose: verification must fail.
func (a *acceptance) mutants(t *testing.T) {
	run := a.runDir("resnet8_zcu104")
	for _, m := range mutants {
		project := filepath.Join(a.dir, "mutant")
		a.hass(t, "generate", filepath.Join(run, "design.json"), "-o", project, "--force")
		if err := m.plant(project); err != nil {
			t.Fatal(err)
		}
		_, errs, code := a.try(t, "verify", project)
		if code != 1 || !strings.Contains(errs, "mismatches") {
			t.Errorf("%s: verify exits %d: %s", m.name, code, errs)
		}
		t.Logf("%s: %s", m.name, strings.TrimSpace(errs))
	}
}

// cleanCompilation compiles with all warnings as errors, then with the sanitizers,
// and runs both.
func (a *acceptance) cleanCompilation(t *testing.T) {
	run := a.runDir("lenet8_zedboard")
	for _, args := range [][]string{
		{"CXXFLAGS=-std=c++17 -O1 -Wall -Wextra -Werror"},
		{"CXXFLAGS=-std=c++17 -O1 -Wall -Wextra -Werror", "SANITIZE=1"},
	} {
		for _, name := range []string{run, a.runDir("resnet8_zcu104")} {
			project := filepath.Join(a.dir, "clean")
			a.hass(t, "generate", filepath.Join(name, "design.json"), "-o", project)
			cmd := exec.Command("make", append([]string{"-s", "-j2", "csim"}, args...)...)
			cmd.Dir = project
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%s, %v: %v\n%s", filepath.Base(name), args, err, out)
			}
		}
	}
}

// reproducible builds the demo twice from the same inputs, in two places, and moves one.
func (a *acceptance) reproducible(t *testing.T) {
	demo := filepath.Join(testenv.Root(t), "examples", "demo")
	var runs []string
	for _, name := range []string{"one", "two"} {
		run := a.runDir(name)
		a.hass(t, "build", filepath.Join(demo, "model.onnx"), "--platform", "zcu104",
			"--calib", filepath.Join(demo, "calib.toml"), "--test", filepath.Join(demo, "test.toml"), "-o", run)
		runs = append(runs, run)
	}
	count := 0
	err := filepath.WalkDir(runs[0], func(path string, e fs.DirEntry, err error) error {
		rel, _ := filepath.Rel(runs[0], path)
		if err != nil || e.IsDir() {
			if e != nil && e.IsDir() && e.Name() == "build" {
				return filepath.SkipDir // objects and the csim program
			}
			return err
		}
		one, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		two, err := os.ReadFile(filepath.Join(runs[1], rel))
		if err != nil {
			return err
		}
		if !bytes.Equal(one, two) {
			t.Errorf("%s differs between two builds from the same inputs", rel)
		}
		count++
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	moved := filepath.Join(a.dir, "moved")
	if err := os.Rename(runs[0], moved); err != nil {
		t.Fatal(err)
	}
	a.hass(t, "simulate", filepath.Join(moved, "design.json"), "--data", filepath.Join(demo, "test.toml"), "--images", "4")
	a.hass(t, "verify", filepath.Join(moved, "project"), "--design", filepath.Join(moved, "design.json"))
	t.Logf("two builds: %d files byte-identical; simulate and verify pass in the moved folder", count)
}
