package ortbench

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"hass/frontend"
	"hass/internal/calib"
	"hass/internal/dataset"
	"hass/internal/floatexec"
	"hass/internal/graph"
	"hass/internal/intnet"
	"hass/internal/kernel"
	"hass/internal/quant"
	"hass/internal/settings"
	"hass/internal/test/testenv"
)

// Each figure is the best of `rounds` measurements of a second each. The measurements
// alternate, so that other work on the machine affects all of them alike.
const (
	rounds  = 4
	seconds = 1
)

// TestAgainstONNXRuntime prints milliseconds per 224x224 image and the ratios of
// the rates. HASS_ONNXRUNTIME names the node_modules folder that holds
// onnxruntime-node.
func TestAgainstONNXRuntime(t *testing.T) {
	modules := os.Getenv("HASS_ONNXRUNTIME")
	if modules == "" {
		t.Skip("skipped: set HASS_ONNXRUNTIME to a node_modules folder with onnxruntime-node, or run make bench-onnxruntime")
	}
	data := testenv.Data(t)
	models := []string{"resnet50_pruned", "mobilenet_v2", "mobilenet_v3_small"}
	if s := os.Getenv("HASS_BENCH_MODELS"); s != "" {
		models = strings.Split(s, ",")
	}
	fmt.Printf("milliseconds per image, best of %d x %d s; ORT is ONNX Runtime; assembly %v\n", rounds, seconds, kernel.Simd())
	fmt.Printf("%-20s %9s %9s %9s %9s %9s %9s | %9s %9s %9s %9s %9s %9s\n", "", "ORT 1", "ORT 2", "float 1", "float 2", "int16 1", "int8 1",
		"float/ORT", "2 threads", "two cores", "int16/fl", "int8/fl", "pruned/fl")
	for _, name := range models {
		file := filepath.Join(data, name, "model.onnx.gz")
		g, err := frontend.Load(file)
		if err != nil {
			t.Fatal(err)
		}
		x, err := floatexec.New(g)
		if err != nil {
			t.Fatal(err)
		}
		calib, err := dataset.Open(filepath.Join(data, name, "calib.toml"))
		if err != nil {
			t.Fatal(err)
		}
		img := make([]float32, calib.C*calib.H*calib.W)
		if err := calib.Float(0, img); err != nil {
			t.Fatal(err)
		}
		ints := map[int]*intnet.Exec{}
		for _, bits := range []int{16, 8} {
			ex, err := integer(t, g, calib, img, bits)
			if err != nil {
				line, _, _ := strings.Cut(err.Error(), "\n")
				fmt.Printf("# %s has no %d-bit integer form: %s\n", name, bits, line)
				continue
			}
			ints[bits] = ex
		}
		pruned := prunedExec(t, g)
		best := map[string]float64{}
		take := func(key string, ms float64) {
			if have, ok := best[key]; !ok || ms < have {
				best[key] = ms
			}
		}
		for range rounds {
			for _, threads := range []int{1, 2} {
				take(fmt.Sprint("ort", threads), onnxRuntime(t, modules, threads, file))
				take(fmt.Sprint("float", threads), floats(t, x, img, threads))
			}
			take("pruned", floats(t, pruned, img, 1))
			for bits, ex := range ints {
				take(fmt.Sprint("int", bits), integers(t, ex, img))
			}
		}
		cell := func(v float64, ok bool, format string) string {
			if !ok {
				return "-"
			}
			return fmt.Sprintf(format, v)
		}
		row := fmt.Sprintf("%-20s", name)
		for _, k := range []string{"ort1", "ort2", "float1", "float2", "int16", "int8"} {
			v, ok := best[k]
			row += fmt.Sprintf(" %9s", cell(v, ok, "%.2f"))
		}
		row += " |"
		for _, k := range [][2]string{{"ort1", "float1"}, {"ort2", "float2"}, {"float1", "float2"}, {"float1", "int16"}, {"float1", "int8"}, {"float1", "pruned"}} {
			_, ok := best[k[1]]
			row += fmt.Sprintf(" %9s", cell(best[k[0]]/best[k[1]], ok, "%.2f"))
		}
		fmt.Println(row)
	}
}

// prunedExec has a threshold before every convolution, as a search for sparsity has.
func prunedExec(t *testing.T, g *graph.Graph) *floatexec.Exec {
	p, err := (&settings.Thresholds{Default: settings.Tau{A: 0.01}}).Apply(g)
	if err != nil {
		t.Fatal(err)
	}
	x, err := floatexec.New(p)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func integer(t *testing.T, g *graph.Graph, set *dataset.Set, img []float32, bits int) (*intnet.Exec, error) {
	opt := quant.Options{Bits: bits}
	for c := range set.C {
		for _, u := range []uint8{0, 255} {
			v := float64(set.Preproc.Value(u, c))
			opt.InputMin, opt.InputMax = min(opt.InputMin, v), max(opt.InputMax, v)
		}
	}
	r, err := calib.Collect(t.Context(), g, calib.Images{N: 1, Workers: 1, Load: func(int) ([]float32, error) { return img, nil }}, nil)
	if err != nil {
		return nil, err
	}
	spec, err := quant.Calibrate(g, r, opt)
	if err != nil {
		return nil, err
	}
	net, err := quant.Lower(g, spec)
	if err != nil {
		return nil, err
	}
	return intnet.New(net)
}

// onnxRuntime is the fastest run of one measurement.
func onnxRuntime(t *testing.T, modules string, threads int, file string) float64 {
	out, err := exec.CommandContext(t.Context(), "node", "testdata/onnxruntime.js", modules, strconv.Itoa(threads), strconv.Itoa(seconds), file).Output()
	if err != nil {
		if e, ok := err.(*exec.ExitError); ok {
			err = fmt.Errorf("%w: %s", err, e.Stderr)
		}
		t.Fatalf("node: %v", err)
	}
	best := 0.0
	for _, f := range strings.Fields(string(out)) {
		ms, err := strconv.ParseFloat(f, 64)
		if err != nil {
			t.Fatalf("node printed %q", f)
		}
		if best == 0 || ms < best {
			best = ms
		}
	}
	return best
}

// floats is the fastest image on one thread, or with more the fastest batch of two
// images per thread.
func floats(t *testing.T, x *floatexec.Exec, img []float32, threads int) float64 {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(threads))
	batch := 1
	if threads > 1 {
		batch = 4 * threads
	}
	return fastest(t, batch, func() error {
		if batch == 1 {
			_, err := x.Run([][]float32{img}, nil)
			return err
		}
		return x.RunMany(context.Background(), batch, threads, func(_ int, to []float32) error { copy(to, img); return nil }, nil)
	})
}

func integers(t *testing.T, x *intnet.Exec, img []float32) float64 {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	q, err := x.Net().QuantizeInput(img)
	if err != nil {
		t.Fatal(err)
	}
	return fastest(t, 1, func() error { _, err := x.Run(q); return err })
}

// fastest is the least time of f per image in milliseconds, after one run to warm up.
func fastest(t *testing.T, images int, f func() error) float64 {
	best := 0.0
	for start, n := time.Now(), 0; n < 3 || time.Since(start) < seconds*time.Second; n++ {
		begin := time.Now()
		if err := f(); err != nil {
			t.Fatal(err)
		}
		ms := time.Since(begin).Seconds() * 1000 / float64(images)
		if n > 0 && (best == 0 || ms < best) {
			best = ms
		}
	}
	return best
}
