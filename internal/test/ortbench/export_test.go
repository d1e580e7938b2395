package ortbench

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"hass/frontend"
	"hass/frontend/exporttest"
	"hass/frontend/onnx"
	"hass/internal/calib"
	"hass/internal/dataset"
	"hass/internal/floatexec"
	"hass/internal/graph"
	"hass/internal/repair"
	"hass/internal/settings"
	"hass/internal/test/testenv"
)

// job is one model for testdata/run.js.
type job struct {
	Model  string  `json:"model"`
	Inputs []input `json:"inputs"`
	Runs   int     `json:"runs"`
	Output string  `json:"output"`
}

type input struct {
	File string  `json:"file"`
	Dims []int64 `json:"dims"`
}

// result is the result of run.js for a job.
type result struct {
	Error string    `json:"error"`
	Dims  [][]int64 `json:"dims"`
}

func onnxRuntimeModules(t *testing.T) string {
	modules := os.Getenv("HASS_ONNXRUNTIME")
	if modules == "" {
		t.Skip("skipped: set HASS_ONNXRUNTIME to a node_modules folder with onnxruntime-node, or run make export-onnxruntime")
	}
	return modules
}

// runJobs runs models in ONNX Runtime, all in one process.
func runJobs(t *testing.T, modules string, jobs []job) []result {
	t.Helper()
	text, err := json.Marshal(jobs)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "jobs.json")
	if err := os.WriteFile(file, text, 0o644); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), "node", "testdata/run.js", modules, file).Output()
	if err != nil {
		if e, ok := err.(*exec.ExitError); ok {
			err = fmt.Errorf("%w: %s", err, e.Stderr)
		}
		t.Fatalf("node: %v", err)
	}
	results := make([]result, len(jobs))
	dec := json.NewDecoder(bytes.NewReader(out))
	for i := range results {
		if err := dec.Decode(&results[i]); err != nil {
			t.Fatalf("node printed %q: %v", out, err)
		}
	}
	return results
}

func writeFloats(t *testing.T, path string, parts ...[]float32) {
	t.Helper()
	var b []byte
	for _, p := range parts {
		for _, v := range p {
			b = binary.LittleEndian.AppendUint32(b, math.Float32bits(v))
		}
	}
	if err := os.WriteFile(path, b, 0o644); err != nil {
		t.Fatal(err)
	}
}

func readFloats(t *testing.T, path string) []float32 {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	v := make([]float32, len(b)/4)
	for i := range v {
		v[i] = math.Float32frombits(binary.LittleEndian.Uint32(b[4*i:]))
	}
	return v
}

// writeModel exports a graph into a file.
func writeModel(t *testing.T, path string, g *graph.Graph) *onnx.Model {
	t.Helper()
	m, err := frontend.Export(g, nil)
	if err != nil {
		t.Fatal(err)
	}
	data, err := onnx.Encode(m)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
	return m
}

// TestExportOperators runs every operator of package graph, exported, in ONNX
// Runtime: three images one by one, or in one batch if the model has a symbolic
// batch dimension. Results may differ by 1e-5 of the largest.
func TestExportOperators(t *testing.T) {
	modules := onnxRuntimeModules(t)
	const images = 3
	dir := t.TempDir()
	cases := exporttest.Cases()
	var jobs []job
	want := make([][][]float32, len(cases)) // by case and output, all images
	var shapes [][]graph.Shape
	for i, c := range cases {
		file := func(kind string, k int) string { return filepath.Join(dir, fmt.Sprintf("%d.%s%d", i, kind, k)) }
		m := writeModel(t, file("onnx", 0), c.Graph)
		x, err := floatexec.New(c.Graph)
		if err != nil {
			t.Fatal(err)
		}
		data := make([][][]float32, len(c.Graph.Inputs)) // by input and image
		want[i] = make([][]float32, len(c.Graph.Outputs))
		for seed := range uint64(images) {
			var in [][]float32
			for k, v := range c.Graph.Inputs {
				in = append(in, make([]float32, v.Shape.Elems()))
				exporttest.Input(seed+10*uint64(k), in[k])
				data[k] = append(data[k], in[k])
			}
			out, err := x.Run(in, nil)
			if err != nil {
				t.Fatal(err)
			}
			for k := range out {
				want[i][k] = append(want[i][k], out[k]...)
			}
		}
		j := job{Model: file("onnx", 0), Runs: images, Output: file("out", 0)}
		batch := 1
		if d := m.Graph.Inputs[0].Dims; len(d) > 0 && d[0].Param != "" {
			j.Runs, batch = 1, images
		}
		resized := func(s graph.Shape) graph.Shape {
			if s = slices.Clone(s); batch > 1 {
				s[0] = batch
			}
			return s
		}
		for k, v := range c.Graph.Inputs {
			writeFloats(t, file("in", k), data[k]...)
			var dims []int64
			for _, d := range resized(v.Shape) {
				dims = append(dims, int64(d))
			}
			j.Inputs = append(j.Inputs, input{file("in", k), dims})
		}
		jobs = append(jobs, j)
		var out []graph.Shape
		for k := range c.Graph.Outputs {
			out = append(out, resized(x.OutputShape(k)))
		}
		shapes = append(shapes, out)
	}
	exactly, worst := 0, 0.0
	for i, r := range runJobs(t, modules, jobs) {
		t.Run(cases[i].Name, func(t *testing.T) {
			if r.Error != "" {
				t.Fatal(r.Error)
			}
			if why := cases[i].NoRuntime; why != "" {
				t.Skipf("not compared: ONNX Runtime computes something else: %s", why)
			}
			same := true
			for k, want := range want[i] {
				if got, want := fmt.Sprint(r.Dims[k]), fmt.Sprint([]int(shapes[i][k])); got != want {
					t.Errorf("output %d has shape %s, want %s", k, got, want)
				}
				got := readFloats(t, fmt.Sprintf("%s%d", jobs[i].Output, k))
				diff := difference(got, want)
				if worst = max(worst, diff); !(diff <= 1e-5) {
					t.Errorf("output %d differs by %.2g of the largest: %v, want %v", k, diff, got, want)
				}
				same = same && diff == 0
			}
			if same {
				exactly++
			}
		})
	}
	t.Logf("%d models, %d with equal outputs, the others within %.2g of the largest", len(jobs), exactly, worst)
}

// difference is max|a-b| / max|b|, 0 for equal slices.
func difference(a, b []float32) float64 {
	if len(a) != len(b) {
		return math.Inf(1)
	}
	diff, top := 0.0, 0.0
	for i, v := range b {
		d := math.Abs(float64(a[i]) - float64(v))
		if a[i] == v {
			d = 0 // infinities
		}
		if d != d {
			return math.Inf(1)
		}
		diff, top = max(diff, d), max(top, math.Abs(float64(v)))
	}
	if diff == 0 {
		return 0
	}
	return diff / top
}

// TestExportAgainstONNXRuntime prunes trained networks, exports them and runs test
// images in ONNX Runtime and in the float executor: the same class on every image.
//
// Weights are cut at a quantile of each layer's that are not 0 already, activations
// at one threshold. Where an activation falls on either side of its threshold by the
// last bit of a sum that the executors add in different orders, outputs differ by
// more than rounding, so networks are also run with thresholds on weights alone,
// where nothing but rounding may differ. Cutting 30 % of the weights without
// training after it leaves the large networks without a clear winner; with thresholds
// on activations another class is accepted there if it is within nearTie of the
// best.
func TestExportAgainstONNXRuntime(t *testing.T) {
	modules := onnxRuntimeModules(t)
	data := testenv.Data(t)
	const nearTie = 0.01
	fmt.Printf("top-1 of ONNX Runtime and of the float executor on exported networks; difference is max|y-ref| / max|ref| of an image,\n" +
		"margin that of the reference's best class over ONNX Runtime's where they differ, by max|ref|\n")
	fmt.Printf("%-20s %6s %6s %6s %8s | %7s %7s %6s %10s %8s\n", "", "images", "part", "tau_a", "zeros", "ORT", "float", "differ", "difference", "margin")
	for _, n := range []struct {
		name, model   string
		images, batch int
	}{
		{"cifar10_resnet8", "model_jpeg_ft.onnx", 500, 100}, {"mobilenet_v2", "model.onnx.gz", 100, 10},
		{"mobilenet_v3_small", "model.onnx.gz", 100, 10}, {"resnet50_pruned", "model.onnx.gz", 100, 5},
	} {
		g, err := frontend.Load(filepath.Join(data, n.name, n.model))
		if err != nil {
			t.Fatal(err)
		}
		set, err := dataset.Open(filepath.Join(data, n.name, "test.toml"))
		if err != nil {
			t.Fatal(err)
		}
		im := readImages(t, set, g.Inputs[0].Shape, n.images, n.batch)
		for _, c := range []struct{ part, tauA, difference, margin float64 }{
			{0.3, 0, 1e-4, 0}, {0.1, 0.02, 0.02, 0}, {0.3, 0.02, 0.02, nearTie},
		} {
			th := quantiles(g, c.part)
			th.Default.A = c.tauA
			p, err := th.Apply(g)
			if err != nil {
				t.Fatal(err)
			}
			r := compareNetwork(t, modules, p, im)
			percent := func(n, of int) string { return fmt.Sprintf("%.1f%%", 100*float64(n)/float64(of)) }
			fmt.Printf("%-20s %6d %6g %6g %8s | %7s %7s %6d %10.2g %8.2g\n", n.name, n.images, c.part, c.tauA, percent(r.zeros, r.weights),
				percent(r.rightORT, n.images), percent(r.rightFloat, n.images), r.differ, r.worst, r.margin)
			if r.margin > c.margin || c.margin == 0 && r.differ > 0 {
				t.Errorf("%s, %g, %g: %d images of another class, by a margin of up to %.2g", n.name, c.part, c.tauA, r.differ, r.margin)
			}
			if !(r.worst <= c.difference) {
				t.Errorf("%s, %g, %g: outputs differ by %.2g, limit %g", n.name, c.part, c.tauA, r.worst, c.difference)
			}
		}
	}
}

// TestExportRepaired prunes trained networks with a repair, exports them and runs test images in ONNX Runtime and in the float
// executor: the same class on every image.
func TestExportRepaired(t *testing.T) {
	modules := onnxRuntimeModules(t)
	data := testenv.Data(t)
	for _, n := range []struct {
		name, model                string
		repair                     repair.Method
		calibration, images, batch int
	}{
		{"cifar10_resnet8", "model_jpeg_ft.onnx", repair.Refit, 500, 500, 100}, {"mobilenet_v2", "model.onnx.gz", repair.Match, 40, 100, 10},
		{"mobilenet_v3_small", "model.onnx.gz", repair.Refit, 100, 100, 10}, {"resnet50_pruned", "model.onnx.gz", repair.Match, 10, 50, 5},
	} {
		g, err := frontend.Load(filepath.Join(data, n.name, n.model))
		if err != nil {
			t.Fatal(err)
		}
		open := func(name string) *dataset.Set {
			set, err := dataset.Open(filepath.Join(data, n.name, name))
			if err != nil {
				t.Fatal(err)
			}
			return set
		}
		calibration := open("calib.toml")
		p, _, err := repair.Prune(t.Context(), g, repair.Options{Share: 0.3, Repair: n.repair, Images: calib.Images{N: n.calibration, Load: func(i int) ([]float32, error) {
			x := make([]float32, g.Inputs[0].Shape.Elems())
			return x, calibration.Float(i, x)
		}}})
		if err != nil {
			t.Fatal(err)
		}
		r := compareNetwork(t, modules, p, readImages(t, open("test.toml"), g.Inputs[0].Shape, n.images, n.batch))
		fmt.Printf("%-20s %s: %d of %d weights are 0; %d of %d images right in ONNX Runtime, %d in float; outputs differ by %.2g\n", n.name, n.repair, r.zeros, r.weights, r.rightORT, n.images, r.rightFloat, r.worst)
		if r.differ > 0 || !(r.worst <= 1e-4) {
			t.Errorf("%s: %d images of another class, outputs differ by %.2g", n.name, r.differ, r.worst)
		}
	}
}

// images are pixels for both executors, decoded once.
type images struct {
	n, batch int
	shape    graph.Shape // of one
	pixels   []float32
	file     string // the same
	labels   []int
}

func readImages(t *testing.T, set *dataset.Set, s graph.Shape, n, batch int) *images {
	t.Helper()
	if err := set.Check(s); err != nil {
		t.Fatal(err)
	}
	im := &images{n: n, batch: batch, shape: s, pixels: make([]float32, n*s.Elems()), file: filepath.Join(t.TempDir(), "images")}
	for i := range n {
		if err := set.Float(i, im.at(i)); err != nil {
			t.Fatal(err)
		}
		im.labels = append(im.labels, set.Label(i))
	}
	writeFloats(t, im.file, im.pixels)
	return im
}

func (im *images) at(i int) []float32 {
	n := im.shape.Elems()
	return im.pixels[i*n:][:n]
}

// quantiles are thresholds that make a part q of each layer's weights that are not
// 0 already fall below.
func quantiles(g *graph.Graph, q float64) *settings.Thresholds {
	t := &settings.Thresholds{Layers: map[string]settings.LayerTau{}}
	for _, n := range g.Nodes {
		if _, ok := n.Op.(graph.Conv); !ok {
			continue
		}
		var abs []float64
		for _, w := range g.Consts[n.Inputs[1]].F {
			if w != 0 {
				abs = append(abs, math.Abs(float64(w)))
			}
		}
		if len(abs) == 0 {
			continue
		}
		slices.Sort(abs)
		tau := abs[int(q*float64(len(abs)))]
		t.Layers[n.Name] = settings.LayerTau{W: &tau}
	}
	return t
}

// comparison is one network in both executors.
type comparison struct {
	weights, zeros       int
	rightORT, rightFloat int
	differ               int     // images of another class
	margin               float64 // largest margin of these images
	worst                float64 // of difference over the images
}

func compareNetwork(t *testing.T, modules string, p *graph.Graph, im *images) comparison {
	t.Helper()
	var c comparison
	for _, n := range p.Nodes {
		if _, ok := n.Op.(graph.Conv); ok {
			for _, w := range p.Consts[n.Inputs[1]].F {
				if c.weights++; w == 0 {
					c.zeros++
				}
			}
		}
	}
	dir := t.TempDir()
	model, out := filepath.Join(dir, "model.onnx"), filepath.Join(dir, "out")
	m := writeModel(t, model, p)
	if d := m.Graph.Inputs[0].Dims; len(d) != 4 || d[0].Param == "" {
		t.Fatalf("input %v has no symbolic batch", d)
	}
	s := im.shape
	r := runJobs(t, modules, []job{{Model: model, Runs: im.n / im.batch, Output: out,
		Inputs: []input{{im.file, []int64{int64(im.batch), int64(s[1]), int64(s[2]), int64(s[3])}}}}})
	if r[0].Error != "" {
		t.Fatal(r[0].Error)
	}
	got := readFloats(t, out+"0")
	x, err := floatexec.New(p)
	if err != nil {
		t.Fatal(err)
	}
	classes := x.OutputShape(0).Elems()
	if len(got) != im.n*classes {
		t.Fatalf("ONNX Runtime gives %d numbers for %d images", len(got), im.n)
	}
	err = x.RunMany(t.Context(), im.n, 0, func(i int, to []float32) error { copy(to, im.at(i)); return nil }, func(i int, outs [][]float32) error {
		y, ref := got[i*classes:][:classes], outs[0]
		top, topRef := argmax(y), argmax(ref)
		if top == im.labels[i] {
			c.rightORT++
		}
		if topRef == im.labels[i] {
			c.rightFloat++
		}
		if top != topRef {
			c.differ++
			largest := 0.0
			for _, v := range ref {
				largest = max(largest, math.Abs(float64(v)))
			}
			c.margin = max(c.margin, float64(ref[topRef]-ref[top])/largest)
		}
		c.worst = max(c.worst, difference(y, ref))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func argmax(v []float32) int {
	best := 0
	for i := range v {
		if v[i] > v[best] {
			best = i
		}
	}
	return best
}
