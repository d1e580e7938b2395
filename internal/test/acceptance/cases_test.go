package acceptance

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
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
	"hass/internal/test/exact"
	"hass/internal/test/figures"
)

// A claim says what is right for a case of ../shared/cases.
type claim int

const (
	recorded  claim = iota // the integer network's outputs equal the recorded ones, bit for bit
	evaluated              // they equal the model evaluated exactly, and the recorded ones but for single steps at ties
	steps                  // they differ from the recorded ones by single steps of the output's format, at ties
	close16                // at 16 bits they are within limit of the recorded ones, relative to the largest
	warned                 // profile warns; the words are in text
	refused                // check refuses; the words are in text
	project                // optimize and generate give projects for both targets, or optimize refuses by a limit
)

// caseClaim is the claim on one case. A case may have several.
type caseClaim struct {
	name  string
	claim claim
	limit float64 // of close16
	text  string  // pattern that the messages must match
}

// caseClaims are the cases whose right value this version must have. All others in the folder are refused
// with a reason and a hint (see refusals).
var caseClaims = []caseClaim{
	{name: "b05_quant_int4_signed", claim: recorded},
	{name: "b10_qdq_ties", claim: recorded},
	{name: "b11_quant_rounding_round", claim: recorded},
	{name: "b13_qdq_concat_scales", claim: recorded},
	{name: "b16_qdq_gap", claim: recorded},
	{name: "b20_qdq_residual", claim: recorded},
	{name: "r32_round_half_even", claim: recorded},
	// ONNX Runtime's interpolation in float32 misses ties.
	{name: "b09_qdq_resize_linear", claim: evaluated},
	// Its weights have steps of 0.05, no power of two: where ten steps times an odd number meet a tie, the recorded
	// float32 sums lie within 2^-20 below it.
	{name: "b18_qcdq4", claim: steps},
	{name: "g01_prelu_1x4", claim: refused, text: `slopes \[1,4\] differ within a channel`},
	{name: "c13_pad_crop", claim: close16, limit: 1e-3},
	{name: "g08_prelu_fc_C", claim: close16, limit: 1e-3},
	{name: "f05_argmax_map", claim: close16},
	{name: "f07_argmax_vector", claim: close16},
	{name: "g04_softmax11_map", claim: close16, limit: 1e-3},
	{name: "g05_flatten_axis2", claim: close16, limit: 1e-3},
	{name: "g09_rows_output", claim: close16, limit: 1e-3},
	{name: "r6_output_without_batch", claim: close16, limit: 1e-3},
	{name: "a11_concat_scales", claim: warned, text: `(?i)concat.*%`},
	{name: "c16_ranges_mixed", claim: warned, text: `(?i)zero`},
	{name: "a15_segmentation", claim: project},
	{name: "d03_wide_stream", claim: project},
	{name: "d04_wide_output", claim: project},
	{name: "d05_wide_input", claim: project},
	{name: "d07_101_classes", claim: project},
	{name: "r42_concat_gcd", claim: project},
	{name: "r42_concat_gcd", claim: close16, limit: 1e-3},
	{name: "a12_two_outputs", claim: close16, limit: 1e-2},
	{name: "a16_shuffle", claim: refused, text: `(?i)shuffle|rank 5|5 dimensions|\[1, ?\d+, ?\d+, ?\d+, ?\d+\]|rearrang|interleav`},
	{name: "b07_ternary_intquant", claim: refused, text: `(?i)tern|scale|width|bit`},
	{name: "b07_bipolar", claim: refused, text: `(?i)bipolar`},
	{name: "b08_qdq_negative_scale", claim: refused, text: `(?i)negative|positive|above 0|greater than 0`},
	{name: "c08_uint8_input", claim: refused, text: `(?i)uint8`},
	{name: "e03_bn_flatten", claim: refused, text: `BatchNormalization`},
	{name: "c20_jets", claim: refused, text: `(?i)vector|\[1, ?16\]|features`},
	{name: "r3_mlp_vector", claim: refused, text: `(?i)vector|features`},
}

// accuracyClaims are judged by what eval prints.
var accuracyClaims = []struct{ name, want, never string }{
	{"a15_segmentation", `(?i)signal to noise|agree`, `(?i)top-1\s+[0-9]`},
	{"a12_two_outputs", `(?i)output`, ``},
}

// TestAcceptanceCases runs the small inputs of ../shared/cases through the command as a user would: those that went
// wrong once have their right value now, all others are refused with a reason.
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
	total := len(caseClaims)
	claimed := make(map[string]bool)
	for _, c := range caseClaims {
		claimed[c.name] = true
		t.Run(c.name, func(t *testing.T) {
			k := &caseRun{acceptance: a, in: filepath.Join(folder, c.name), dir: t.TempDir()}
			rows = append(rows, []string{c.name, k.check(t, c)})
		})
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
	for _, e := range entries {
		if !e.IsDir() || claimed[e.Name()] {
			continue
		}
		total++
		t.Run(e.Name(), func(t *testing.T) {
			k := &caseRun{acceptance: a, in: filepath.Join(folder, e.Name()), dir: t.TempDir()}
			rows = append(rows, []string{e.Name(), k.check(t, caseClaim{name: e.Name(), claim: refused})})
		})
	}
	// A run of single cases writes no table.
	if !t.Failed() && len(rows) == total {
		slices.SortFunc(rows, func(a, b []string) int { return strings.Compare(a[0], b[0]) })
		figures.Write(t, "cases", figures.Table{
			Command: "make acceptance-short",
			Note:    "Small inputs that went wrong once. A refusal is the message of `hass check`.",
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

// check judges a claim and says in a few words what was seen.
func (k *caseRun) check(t *testing.T, c caseClaim) string {
	switch c.claim {
	case recorded, evaluated, steps, close16:
		k.must(t, "profile", k.model(), "--data", k.calib(t), "-o", "profile.json")
		got := k.run(t, "y.npy", "--profile", "profile.json")
		want := k.expected()
		if want == nil {
			// Shapes and classes are those of the float executor, which is right here.
			want = k.run(t, "float.npy")
		}
		said := k.compare(t, c, got, want)
		if c.claim == evaluated {
			said = fmt.Sprintf("equal to the exact evaluation, %d of whose values are ties; of the recorded values ", k.evaluated(t, got)) + said
		}
		return said
	case warned:
		out := k.must(t, "profile", k.model(), "--data", k.calib(t), "-o", "profile.json")
		for line := range strings.Lines(out) {
			if strings.Contains(line, "warning") && regexp.MustCompile(c.text).MatchString(line) {
				return strings.TrimSpace(line)
			}
		}
		t.Errorf("no warning matches %q:\n%s", c.text, out)
	case refused:
		out, code := k.hass(t, "check", k.model())
		if code != 1 || !regexp.MustCompile(c.text).MatchString(out) {
			t.Errorf("check: exit code %d, want 1 and a message that matches %q\n%s", code, c.text, out)
		}
		lines := strings.Split(strings.TrimSpace(out), "\n")
		return "refused: " + strings.TrimPrefix(lines[len(lines)-1], "hass: "+k.model()+": ")
	case project:
		return k.projects(t)
	default:
		t.Fatalf("unknown claim %d", c.claim)
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
	k.must(t, "profile", k.model(), "--data", k.calib(t), "-o", "profile.json")
	out, code := k.hass(t, "optimize", k.model(), "--profile", "profile.json", "--platform", "u250", "-o", "design.json")
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

// calib is the case's calibration data, made from its input's range where it has none.
func (k *caseRun) calib(t *testing.T) string {
	t.Helper()
	own := filepath.Join(k.in, "data.toml")
	if _, err := os.Stat(own); err == nil {
		return own
	}
	x := k.read(t, filepath.Join(k.in, "x.npy"))
	if len(x.Shape) != 4 {
		return own // a vector: the command says what is wrong
	}
	n, c, h, w := x.Shape[0], x.Shape[1], x.Shape[2], x.Shape[3]
	lo, hi := slices.Min(x.F32), slices.Max(x.F32)
	images := &npy.Array{DType: "uint8", Shape: []int{n, h, w, c}, U8: make([]uint8, len(x.F32))}
	for i := range n {
		for ch := range c {
			for p := range h * w {
				v := (x.F32[(i*c+ch)*h*w+p] - lo) / max(hi-lo, 1e-6) * 255
				images.U8[(i*h*w+p)*c+ch] = uint8(math.Round(float64(v)))
			}
		}
	}
	var b bytes.Buffer
	if err := npy.Write(&b, images); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(k.dir, "images.npy"), b.Bytes(), 0o666); err != nil {
		t.Fatal(err)
	}
	// x = (u8/255 - mean)/std with std = 1/(hi-lo) and mean = -lo*std.
	std := 1 / max(float64(hi-lo), 1e-6)
	list := func(v float64) string {
		return "[" + strings.TrimSuffix(strings.Repeat(fmt.Sprintf("%g, ", v), c), ", ") + "]"
	}
	toml := fmt.Sprintf("images = \"images.npy\"\n\n[input]\ndivisor = 255.0\nmean = %s\nstd = %s\n", list(-float64(lo)*std), list(std))
	path := filepath.Join(k.dir, "data.toml")
	if err := os.WriteFile(path, []byte(toml), 0o666); err != nil {
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
	out := k.must(t, append([]string{"run", k.model(), "--input", filepath.Join(k.in, "x.npy"), "--output", output}, flags...)...)
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

// compare compares the outputs of run with the right ones.
func (k *caseRun) compare(t *testing.T, c caseClaim, gotFiles, wantFiles []string) string {
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
	switch c.claim {
	case recorded:
		if differ > 0 {
			t.Errorf("%s, the worst by %g", said, worst)
		}
		return "equal bit for bit"
	case evaluated, steps:
		if worst > step*1.001 || differ*10 > len(w) {
			t.Errorf("%s, the worst by %g, the least by %g", said, worst, step)
		}
		return said + " by one step at ties"
	default:
		if worst > c.limit*most {
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
