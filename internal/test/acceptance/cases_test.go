package acceptance

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"hass/frontend"
	"hass/internal/npy"
	"hass/internal/test/cases"
	"hass/internal/test/exact"
	"hass/internal/test/figures"
)

// accuracyClaims are judged by the output of eval.
var accuracyClaims = []struct{ name, want, never string }{
	{"a15_segmentation", `(?i)signal to noise|agree`, `(?i)top-1\s+[0-9]`},
	{"a12_two_outputs", `(?i)output`, ``},
}

// TestAcceptanceCases runs the small inputs of ../shared/cases with the command like a user. Each must give its correct
// value or be refused with a reason.
func TestAcceptanceCases(t *testing.T) {
	if os.Getenv("HASS_ACCEPTANCE") != "1" {
		t.Skip("skipped: needs the small inputs beside the repository (run \"make acceptance-short\")")
	}
	a := newAcceptance(t)
	folder := filepath.Join(a.data, "..", "cases")
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatalf("no small inputs: %v", err)
	}
	var rows [][]string
	missing, total := cases.Named(), 0
	for _, e := range entries {
		if !e.IsDir() {
			continue
		}
		delete(missing, e.Name())
		for _, c := range cases.Of(e.Name()) {
			total++
			t.Run(e.Name(), func(t *testing.T) {
				k := &caseRun{acceptance: a, in: filepath.Join(folder, e.Name()), dir: t.TempDir()}
				rows = append(rows, []string{e.Name(), k.check(t, c)})
			})
		}
	}
	if len(missing) > 0 {
		t.Errorf("%s has no %q", folder, slices.Sorted(maps.Keys(missing)))
	}
	for _, c := range accuracyClaims {
		t.Run(c.name+"/eval", func(t *testing.T) {
			k := &caseRun{acceptance: a, in: filepath.Join(folder, c.name), dir: t.TempDir()}
			out, code := k.hass(t, "eval", k.model(), "--data", filepath.Join(k.in, "labelled.toml"))
			if code != 0 || !regexp.MustCompile(c.want).MatchString(out) || c.never != "" && regexp.MustCompile(c.never).MatchString(out) {
				t.Errorf("eval: exit code %d\n%s", code, out)
			}
		})
	}
	// A run of single cases writes no table.
	if !t.Failed() && len(rows) == total {
		slices.SortFunc(rows, func(a, b []string) int { return strings.Compare(a[0], b[0]) })
		figures.Write(t, "cases", figures.Table{
			Command: "make acceptance-short",
			Note:    "Small inputs that went wrong once, compared with the recorded outputs, or with the float network where none are recorded. A refusal is the reason that `hass check` gives.",
			Columns: []string{"case", "now"},
			Rows:    rows,
		})
	}
}

// caseRun runs commands on one case.
type caseRun struct {
	*acceptance
	in, dir string
}

func (k *caseRun) model() string { return filepath.Join(k.in, "model.onnx") }

// shapes are the flags for inputs whose size the model leaves open.
func (k *caseRun) shapes() (flags []string) {
	shapes := cases.Shapes(filepath.Base(k.in))
	for _, input := range slices.Sorted(maps.Keys(shapes)) {
		size := strings.Trim(strings.ReplaceAll(fmt.Sprint(shapes[input]), " ", ","), "[]")
		flags = append(flags, "--input-shape", input+"="+size)
	}
	return flags
}

// profile profiles the model.
func (k *caseRun) profile(t *testing.T) string {
	t.Helper()
	return k.must(t, append([]string{"profile", k.model(), "--data", k.calib(t), "-o", "profile.json"}, k.shapes()...)...)
}

// hass runs the command and gives both its outputs and its exit code.
func (k *caseRun) hass(t *testing.T, args ...string) (string, int) {
	t.Helper()
	cmd := exec.Command(k.bin, args...)
	cmd.Dir = k.dir
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	if bytes.Contains(out, []byte("panic:")) || bytes.Contains(out, []byte("goroutine ")) {
		t.Fatalf("hass %s panics:\n%s", strings.Join(args, " "), out)
	}
	return string(out), cmd.ProcessState.ExitCode()
}

// must is hass for a command that has to succeed.
func (k *caseRun) must(t *testing.T, args ...string) string {
	t.Helper()
	out, code := k.hass(t, args...)
	if code != 0 {
		t.Fatalf("hass %s: exit code %d\n%s", strings.Join(args, " "), code, out)
	}
	return out
}

// decode runs a command that must succeed and reads its JSON output; warnings are returned separately.
func (k *caseRun) decode(t *testing.T, v any, args ...string) {
	t.Helper()
	cmd := exec.Command(k.bin, args...)
	cmd.Dir = k.dir
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("hass %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	decode(t, string(out), v)
}

// check judges a claim and describes the result in a few words.
func (k *caseRun) check(t *testing.T, c cases.Claim) string {
	switch c.Kind {
	case cases.Recorded, cases.Evaluated, cases.Steps, cases.Close:
		k.profile(t)
		got := k.run(t, "y.npy", "--profile", "profile.json")
		want := k.expected()
		if want == nil {
			// Shapes and classes come from the float executor, which is correct here.
			want = k.run(t, "float.npy")
		}
		said := k.compare(t, c, got, want)
		if c.Kind == cases.Evaluated {
			said = fmt.Sprintf("equal to the exact evaluation, %d of whose values are ties; of the recorded values ", k.evaluated(t, got)) + said
		}
		return said
	case cases.Refused:
		out, code := k.hass(t, "check", k.model())
		if code != 1 || !regexp.MustCompile(c.Text).MatchString(out) {
			t.Errorf("check: exit code %d, want 1 and a message that matches %q\n%s", code, c.Text, out)
		}
		return "refused: " + regexp.MustCompile(c.Text).FindString(out)
	case cases.Project:
		return k.projects(t)
	default:
		t.Fatalf("unknown claim %d", c.Kind)
	}
	return ""
}

// evaluated compares the output with that of the model evaluated exactly, and counts the ties of its last quantiser.
func (k *caseRun) evaluated(t *testing.T, got []string) (ties int) {
	t.Helper()
	g, err := frontend.Load(k.model())
	if err != nil {
		t.Fatal(err)
	}
	x := k.read(t, filepath.Join(k.in, "x.npy"))
	y := values(k.read(t, got[0]))
	last := g.Nodes[len(g.Nodes)-1]
	differ, at := 0, 0
	for image := range slices.Chunk(x.F32, len(x.F32)/x.Shape[0]) {
		all, err := exact.Values(g, image)
		if err != nil {
			t.Fatal(err)
		}
		for i, want := range all[last.Outputs[0]].Data {
			if at+i >= len(y) || y[at+i] != want {
				differ++
			}
			if q := all[last.Inputs[0]].Data[i] / all[last.Inputs[1]].Data[0]; q-math.Floor(q) == 0.5 {
				ties++
			}
		}
		at += len(all[last.Outputs[0]].Data)
	}
	if differ > 0 || at != len(y) {
		t.Errorf("%d of %d values differ from the exact evaluation, which has %d", differ, len(y), at)
	}
	return ties
}

// projects builds both targets.
func (k *caseRun) projects(t *testing.T) string {
	k.profile(t)
	out, code := k.hass(t, "optimize", k.model(), "--profile", "profile.json", "--platform", "u250", "--budget-share", "1", "-o", "design.json")
	if code != 0 {
		if !strings.Contains(out, "--target") {
			t.Errorf("optimize refuses without a way out:\n%s", out)
		}
		return "refused by optimize"
	}
	for _, target := range []string{"hls", "rtl"} {
		k.must(t, "generate", "design.json", "--target", target, "-o", "project-"+target)
	}
	return "projects of both targets"
}

// calib is the case's calibration data, its input where it has none.
func (k *caseRun) calib(t *testing.T) string {
	t.Helper()
	own := filepath.Join(k.in, "data.toml")
	if _, err := os.Stat(own); err == nil {
		return own
	}
	path := filepath.Join(k.dir, "data.toml")
	if err := os.WriteFile(path, fmt.Appendf(nil, "images = %q\n", filepath.Join(k.in, "x.npy")), 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}

func (k *caseRun) read(t *testing.T, path string) *npy.Array {
	t.Helper()
	a, err := npy.Read(path)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// run runs the model on the case's input and gives the files of its outputs, in the model's order.
func (k *caseRun) run(t *testing.T, output string, flags ...string) []string {
	t.Helper()
	out := k.must(t, append([]string{"run", k.model(), "--input", filepath.Join(k.in, "x.npy"), "--output", output}, slices.Concat(flags, k.shapes())...)...)
	var files []string
	for line := range strings.Lines(out) {
		if name, _, ok := strings.Cut(line, ".npy: ["); ok {
			files = append(files, filepath.Join(k.dir, filepath.Base(name+".npy")))
		}
	}
	return files
}

// expected gives the recorded outputs, none if there are none.
func (k *caseRun) expected() []string {
	var files []string
	for i := 0; ; i++ {
		name := "expect.npy"
		if i > 0 {
			name = fmt.Sprintf("expect_%d.npy", i)
		}
		path := filepath.Join(k.in, name)
		if _, err := os.Stat(path); err != nil {
			return files
		}
		files = append(files, path)
	}
}

// compare compares the outputs of run with the correct ones.
func (k *caseRun) compare(t *testing.T, c cases.Claim, gotFiles, wantFiles []string) string {
	if len(gotFiles) != len(wantFiles) || len(gotFiles) == 0 {
		t.Fatalf("%d outputs, want %d", len(gotFiles), len(wantFiles))
	}
	var w, g []float64
	for i := range wantFiles {
		got := k.read(t, gotFiles[i])
		g = append(g, values(got)...)
		want, err := npy.Read(wantFiles[i])
		if err != nil {
			// Some recorded outputs have the shape of one image and the values of all of them.
			w = append(w, rawFloats(t, wantFiles[i])...)
			continue
		}
		if !slices.Equal(want.Shape, got.Shape) {
			t.Fatalf("output %d: shape %v, want %v", i, got.Shape, want.Shape)
		}
		w = append(w, values(want)...)
	}
	if len(w) != len(g) {
		t.Fatalf("%d elements, want %d", len(g), len(w))
	}
	step, differ, worst, most := math.Inf(1), 0, 0.0, 0.0
	for i := range w {
		most = max(most, math.Abs(w[i]))
		if d := math.Abs(w[i] - g[i]); d > 0 {
			differ++
			worst, step = max(worst, d), min(step, d)
		}
	}
	said := fmt.Sprintf("%d of %d elements differ", differ, len(w))
	switch c.Kind {
	case cases.Recorded:
		if differ > 0 {
			t.Errorf("%s, the worst by %g", said, worst)
		}
		return "equal bit for bit"
	case cases.Evaluated, cases.Steps:
		if worst > step*1.001 || differ*10 > len(w) {
			t.Errorf("%s, the worst by %g, the least by %g", said, worst, step)
		}
		return said + " by one step at ties"
	default:
		if worst > c.Limit*most {
			t.Errorf("%s, the worst by %g of %g", said, worst, most)
		}
		return fmt.Sprintf("within %.1e of the largest value", worst/max(most, 1e-30))
	}
}

// values widens an array to float64.
func values(a *npy.Array) []float64 {
	v := make([]float64, 0, a.Len())
	for _, x := range a.F32 {
		v = append(v, float64(x))
	}
	for _, x := range a.I32 {
		v = append(v, float64(x))
	}
	v = append(v, a.F64...)
	for _, x := range a.I64 {
		v = append(v, float64(x))
	}
	return v
}

// rawFloats gives the float32 values of a file of format 1.0, whatever shape its header states.
func rawFloats(t *testing.T, path string) []float64 {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	header := 10 + int(binary.LittleEndian.Uint16(data[8:]))
	if !bytes.Contains(data[:header], []byte("'<f4'")) {
		t.Fatalf("%s: not float32", path)
	}
	var v []float64
	for data = data[header:]; len(data) >= 4; data = data[4:] {
		v = append(v, float64(math.Float32frombits(binary.LittleEndian.Uint32(data))))
	}
	return v
}
