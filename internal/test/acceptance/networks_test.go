package acceptance

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"hass/internal/design"
)

// network is one of the paper's networks at 224x224 on U250.
type network struct {
	name, model  string // the model's path is relative to the data, or to the models made by torchvision
	made         bool
	float        float64 // top-1 on the 400 images; 0: random weights
	weights8     bool    // 8-bit weights, 16-bit activations
	verifyWithin time.Duration
}

var networks = []network{
	{name: "MobileNetV3-Small", model: "mobilenet_v3_small/model.onnx.gz", float: 58.50, verifyWithin: 5 * time.Minute},
	{name: "MobileNetV2", model: "mobilenet_v2/model.onnx.gz", float: 64.75, verifyWithin: 5 * time.Minute},
	{name: "ResNet-50 pruned", model: "resnet50_pruned/model.onnx.gz", float: 67.50, weights8: true, verifyWithin: 15 * time.Minute},
	{name: "MobileNetV3-Large", model: "mobilenet_v3_large.onnx", made: true, verifyWithin: 5 * time.Minute},
	{name: "ResNet-18", model: "resnet18.onnx", made: true, verifyWithin: 15 * time.Minute},
	{name: "ResNet-50", model: "resnet50.onnx", made: true, weights8: true, verifyWithin: 15 * time.Minute},
}

// TestNetworks runs the whole path on the networks of the paper. HASS_NETWORKS is the folder of
// the models that torchvision makes; HASS_NETWORKS_RUNS, if set, keeps the runs.
func TestNetworks(t *testing.T) {
	made := os.Getenv("HASS_NETWORKS")
	if made == "" {
		t.Skip("skipped: the networks at 224x224 take half an hour and need models made by torchvision (run \"make acceptance-networks\")")
	}
	a := newAcceptance(t)
	runs := os.Getenv("HASS_NETWORKS_RUNS")
	if runs == "" {
		runs = filepath.Join(a.dir, "networks")
	}
	for _, n := range networks {
		model := filepath.Join(a.data, filepath.FromSlash(n.model))
		calib := filepath.Join(filepath.Dir(model), "calib.toml")
		if n.made {
			model, calib = filepath.Join(made, n.model), a.path("resnet50_pruned/calib.toml")
		}
		t.Run(n.name, func(t *testing.T) {
			a.network(t, n, model, calib, filepath.Join(runs, strings.ReplaceAll(n.name, " ", "_")))
		})
	}
}

// step runs hass and logs its time and peak memory, that of g++ and csim included.
func (a *acceptance) step(t *testing.T, args ...string) (out string, took time.Duration) {
	t.Helper()
	start := time.Now()
	cmd := exec.Command(a.bin, args...)
	var errs strings.Builder
	cmd.Stderr = &errs
	text, err := cmd.Output()
	took = time.Since(start)
	if err != nil {
		t.Fatalf("hass %s: %v\n%s%s", strings.Join(args, " "), err, text, errs.String())
	}
	peak := cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss
	t.Logf("%-10s %6.1f s, peak %d MiB", args[0], took.Seconds(), peak>>10)
	if peak > 8<<20 {
		t.Errorf("%s: peak of %d MiB, above 8 GiB", args[0], peak>>10)
	}
	return string(text), took
}

func (a *acceptance) network(t *testing.T, n network, model, calib, run string) {
	if err := os.MkdirAll(run, 0o777); err != nil {
		t.Fatal(err)
	}
	in := func(name string) string { return filepath.Join(run, name) }
	test := filepath.Join(filepath.Dir(calib), "test.toml")

	args := []string{"profile", model, "--data", calib, "-o", in("profile.json")}
	if n.weights8 {
		if err := os.WriteFile(in("widths.toml"), []byte("[default]\nbits = 16\nweights = 8\n"), 0o666); err != nil {
			t.Fatal(err)
		}
		args = append(args, "--widths", in("widths.toml"))
	}
	out, _ := a.step(t, args...)
	t.Log(out)
	if n.float > 0 {
		var acc [2]struct{ Top1, Top5 float64 }
		for i, more := range [][]string{{}, {"--profile", in("profile.json")}} {
			out, _ := a.step(t, append([]string{"eval", model, "--data", test, "--json"}, more...)...)
			decode(t, out, &acc[i])
		}
		t.Logf("top-1 float %.2f %%, integer %.2f %%; top-5 %.2f, %.2f", 100*acc[0].Top1, 100*acc[1].Top1, 100*acc[0].Top5, 100*acc[1].Top5)
		if math.Abs(100*acc[0].Top1-n.float) > 0.25 || math.Abs(acc[1].Top1-acc[0].Top1) > 0.01+1e-9 {
			t.Errorf("want %.2f within 0.25 in float, and integers within 1.0 of it", n.float)
		}
	}
	out, _ = a.step(t, "optimize", model, "--profile", in("profile.json"), "--platform", "u250", "--budget-share", "1", "--ignore-budget", "-o", in("design.json"))
	t.Log(out)
	a.step(t, "generate", in("design.json"), "--golden", "1", "-o", in("project"))
	a.everyLayer(t, model, in("design.json"), in("project"))
	out, took := a.step(t, "verify", in("project"), "--design", in("design.json"))
	t.Log(strings.TrimSpace(out))
	if took > n.verifyWithin {
		t.Errorf("compilation and one image took %v, more than %v", took, n.verifyWithin)
	}
	var r struct {
		Cycles     float64 `json:"cycles_per_image"`
		Predicted  float64 `json:"predicted_cycles_per_image"`
		Latency    int64   `json:"latency_cycles"`
		Mismatches int
	}
	for _, images := range []string{"1", "4"} {
		out, _ = a.step(t, "simulate", in("design.json"), "--data", test, "--images", images, "--json")
		decode(t, out, &r)
		if r.Mismatches != 0 {
			t.Errorf("simulator: %d mismatches", r.Mismatches)
		}
	}
	text, err := os.ReadFile(in("design.json"))
	if err != nil {
		t.Fatal(err)
	}
	var d design.Design
	if err := json.Unmarshal(text, &d); err != nil {
		t.Fatal(err)
	}
	x := d.Total
	t.Logf("%s: %.1f images/s simulated, %.0f cycles per image (%.0f predicted, %+.2f %%), latency %d; DSP %d LUT %d FF %d BRAM18 %d URAM %d; fits %v %v; bottleneck %s, binding %s",
		n.name, d.Clock.ImagesPerSecond(r.Cycles), r.Cycles, r.Predicted, 100*(r.Cycles/r.Predicted-1), r.Latency, x.DSP, x.LUT, x.FF, x.BRAM18, x.URAM, d.Fits, d.Shortfall, d.Predicted.Bottleneck, d.Predicted.BindingResource)
}

// everyLayer checks that every operator of the model that has hardware is a layer of the design or
// a clamp fused into one, and that the top runs the module of every layer.
func (a *acceptance) everyLayer(t *testing.T, model, file, project string) {
	var report struct {
		Nodes []struct{ Node, Op, Verdict string }
	}
	out, _, _ := a.try(t, "check", model, "--json")
	decode(t, out, &report)
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var d design.Design
	if err := json.Unmarshal(text, &d); err != nil {
		t.Fatal(err)
	}
	top, err := os.ReadFile(filepath.Join(project, "src", "hass_top.cpp"))
	if err != nil {
		t.Fatal(err)
	}
	layers := map[string]bool{}
	for _, l := range d.Net.Layers {
		layers[l.Name] = true
		last := string(l.Kind)
		if l.Conv != nil {
			last = "join"
		}
		if !strings.Contains(string(top), fmt.Sprintf("HASS_PROCESS(%s_%s,", l.ID, last)) {
			t.Errorf("the top has no module for layer %s", l.ID)
		}
	}
	operators, fused := 0, 0
	for _, n := range report.Nodes {
		if n.Verdict != "hardware" {
			continue
		}
		operators++
		if !layers[n.Node] {
			if fused++; n.Op != "Relu" && n.Op != "Clip" {
				t.Errorf("node %q (%s) is no layer of the design", n.Node, n.Op)
			}
		}
		delete(layers, n.Node)
	}
	t.Logf("%d operators in hardware = %d layers + %d fused clamps", operators, len(d.Net.Layers), fused)
	if operators != len(d.Net.Layers)+fused || len(layers) != 0 {
		t.Errorf("%d operators, %d layers, %d fused; layers that are no operator: %v", operators, len(d.Net.Layers), fused, layers)
	}
}
