package acceptance

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"hass/internal/design"
	"hass/internal/test/figures"
	"hass/optimizer/derive"
)

// sparse is a network at a width of values on a platform, all of which a design may take.
type sparse struct {
	name, model, bits, platform string
	scales                      string  // of --scales
	engine, pixels              string  // of --engine, --pixels
	most                        float64 // cycles an image that are claimed; 0 where none are
	full                        float64 // of the product slots of scheduled layers, the share with a weight that is claimed
	csim                        bool    // the C++ is run
}

const (
	prunedResNet50 = "resnet50_pruned/model.onnx.gz"
	mobileNetV2    = "mobilenet_v2/model.onnx.gz"
	mobileNetV3    = "mobilenet_v3_small/model.onnx.gz"
)

var sparseNetworks = []sparse{
	{name: "ResNet-50 pruned", model: prunedResNet50, bits: "8", platform: "u250", scales: "free", engine: "auto", pixels: "rows", most: 42_000, full: 0.8, csim: true},
	{name: "ResNet-50 pruned", model: prunedResNet50, bits: "16", platform: "u250", scales: "free", engine: "auto", pixels: "rows", most: 80_000, full: 0.8},
	{name: "ResNet-8", model: resnet, bits: "8", platform: "kv260", scales: "power-of-two", engine: "auto", pixels: "auto", most: 5_500, csim: true},
	{name: "ResNet-8", model: resnet, bits: "8", platform: "kv260", scales: "free", engine: "auto", pixels: "auto", csim: true},
	{name: "ResNet-8", model: resnet, bits: "8", platform: "kv260", scales: "free", engine: "dense", pixels: "auto"},
	{name: "MobileNetV2", model: mobileNetV2, bits: "8", platform: "u250", scales: "free", engine: "auto", pixels: "auto"},
	{name: "MobileNetV2", model: mobileNetV2, bits: "8", platform: "u250", scales: "power-of-two", engine: "auto", pixels: "auto", most: 13_800},
	{name: "MobileNetV2", model: mobileNetV2, bits: "8", platform: "u250", scales: "free", engine: "packed", pixels: "auto"},
	{name: "MobileNetV2", model: mobileNetV2, bits: "8", platform: "u250", scales: "free", engine: "dense", pixels: "auto"},
	{name: "MobileNetV3-Small", model: mobileNetV3, bits: "8", platform: "u250", scales: "free", engine: "auto", pixels: "auto"},
	{name: "MobileNetV3-Small", model: mobileNetV3, bits: "8", platform: "u250", scales: "power-of-two", engine: "auto", pixels: "auto", most: 3_500},
	{name: "MobileNetV3-Small", model: mobileNetV3, bits: "8", platform: "u250", scales: "free", engine: "packed", pixels: "auto"},
	{name: "MobileNetV3-Small", model: mobileNetV3, bits: "8", platform: "u250", scales: "free", engine: "dense", pixels: "auto"},
	{name: "LeNet", model: lenet, bits: "8", platform: "zcu104", scales: "free", engine: "auto", pixels: "auto", csim: true},
}

// title names a case.
func (s *sparse) title() string {
	return fmt.Sprintf("%s, %s bits, %s scales, %s, %s", s.name, s.bits, s.scales, s.platform, s.engine)
}

// sparseImages are simulated of each.
const sparseImages = 4

// TestSparse takes networks to designs that mix scheduled engines with others and simulates real images: bit-exact, and at the rate that
// was predicted. What was measured of this commit is kept in HASS_SPARSE, so that a run that was stopped goes on.
func TestSparse(t *testing.T) {
	dir := os.Getenv("HASS_SPARSE")
	if dir == "" {
		t.Skip("skipped: runs for half an hour (run \"make acceptance-sparse\")")
	}
	a := newAcceptance(t)
	var rows [][]string
	for _, s := range sparseNetworks {
		t.Run(s.title(), func(t *testing.T) {
			rows = append(rows, kept(t, filepath.Join(dir, s.title()), func(folder string) []string { return s.measure(t, a, folder) }))
		})
	}
	if !t.Failed() && len(rows) == len(sparseNetworks) {
		figures.Write(t, "sparse", figures.Table{
			Command: "make acceptance-sparse",
			Note: fmt.Sprintf("The whole usable share of the device (`--budget-share 1`), both targets. Cycles an image of a stream of %d real images in the simulator, all values those of the integer network, and as predicted. "+
				"Full: of the product slots of scheduled layers (multipliers, times two where two pixels share one) in the cycles of an image, those with a weight that is not 0. The clock is the model's. Times of one run on two cores: "+
				"optimizing, generating and running the C++ over its golden images.", sparseImages),
			Columns: []string{"network", "bits", "steps", "platform", "engines", "pixels", "cycles", "predicted", "scheduled layers", "full", "DSP", "LUT", "BRAM18", "URAM", "MHz", "images/s", "latency of one image, cycles", "optimize", "C++"},
			Rows:    rows,
		})
	}
}

// kept gives the stored result of measure for this commit from the folder, or calls measure and stores its result.
func kept[T any](t *testing.T, folder string, measure func(folder string) T) T {
	t.Helper()
	if err := os.MkdirAll(folder, 0o777); err != nil {
		t.Fatal(err)
	}
	type memo struct {
		Commit string
		Row    T
	}
	name, now := filepath.Join(folder, "row.json"), figures.Commit(t)
	var old memo
	if data, err := os.ReadFile(name); err == nil && json.Unmarshal(data, &old) == nil && old.Commit == now {
		return old.Row
	}
	row := measure(folder)
	data, err := json.Marshal(memo{now, row})
	if err == nil && !t.Failed() {
		err = os.WriteFile(name, data, 0o666)
	}
	if err != nil {
		t.Fatal(err)
	}
	return row
}

// measure makes the design, simulates it and gives the row of the table.
func (s *sparse) measure(t *testing.T, a *acceptance, dir string) []string {
	in := func(name string) string { return filepath.Join(dir, name) }
	timed := func(args ...string) (string, time.Duration) {
		start := time.Now()
		out := a.hass(t, args...)
		return out, time.Since(start).Round(time.Second)
	}
	a.hass(t, "profile", a.path(s.model), "--data", a.set(s.model, "calib.toml"), "--bits", s.bits, "--scales", s.scales, "-o", in("profile.json"))
	_, optimized := timed("optimize", a.path(s.model), "--profile", in("profile.json"), "--platform", s.platform, "--budget-share", "1", "--engine", s.engine, "--pixels", s.pixels, "-o", in("design.json"))
	d, err := derive.ReadDesign(in("design.json"))
	if err != nil {
		t.Fatal(err)
	}
	cpp := "not run"
	if s.csim {
		if err := os.RemoveAll(in("hls")); err != nil { // of another commit
			t.Fatal(err)
		}
		_, generated := timed("generate", in("design.json"), "--target", "hls", "-o", in("hls"))
		_, verified := timed("verify", in("hls"), "--design", in("design.json"))
		cpp = (generated + verified).String()
	}
	var r struct {
		Cycles     float64 `json:"cycles_per_image"`
		Latency    int64   `json:"latency_cycles"`
		Mismatches int
	}
	decode(t, a.hass(t, "simulate", in("design.json"), "--data", a.set(s.model, "test.toml"), "--images", strconv.Itoa(sparseImages), "--json"), &r)
	switch {
	case r.Mismatches > 0:
		t.Errorf("%d values of the simulator are not the integer network's", r.Mismatches)
	case r.Cycles > d.Predicted.CyclesPerImage*1.05:
		t.Errorf("%.0f cycles an image, predicted %.0f", r.Cycles, d.Predicted.CyclesPerImage)
	case s.most > 0 && r.Cycles > s.most:
		t.Errorf("%.0f cycles an image, want at most %.0f", r.Cycles, s.most)
	}
	layers, full := fullSlots(t, d)
	if full < s.full {
		t.Errorf("%.1f %% of the product slots of scheduled layers have a weight, want %.0f", 100*full, 100*s.full)
	}
	share := "-"
	if layers > 0 {
		share = fmt.Sprintf("%.1f %%", 100*full)
	}
	pixels := 0
	for _, hl := range d.Layers {
		pixels = max(pixels, hl.InPx, hl.OutPx)
	}
	return []string{s.name, s.bits, s.scales, s.platform, s.engine, fmt.Sprint(pixels), fmt.Sprintf("%.0f", r.Cycles), fmt.Sprintf("%.0f", d.Predicted.CyclesPerImage), fmt.Sprint(layers), share,
		fmt.Sprint(d.Total.DSP), fmt.Sprint(d.Total.LUT), fmt.Sprint(d.Total.BRAM18), fmt.Sprint(d.Total.URAM), fmt.Sprintf("%.0f", d.Clock.MHz),
		fmt.Sprintf("%.0f", d.Clock.ImagesPerSecond(r.Cycles)), fmt.Sprint(r.Latency), optimized.String(), cpp}
}

// fullSlots counts the scheduled layers of a design. It also gives the share of the multiplications possible in the cycles of an image that
// are products with a weight.
func fullSlots(t *testing.T, d *design.Design) (layers int, full float64) {
	t.Helper()
	n, err := d.Network()
	if err != nil {
		t.Fatal(err)
	}
	weights, slots := 0.0, 0.0
	for i, plan := range n.Plans {
		if plan == nil {
			continue
		}
		layers++
		m := n.ScheduledModule(i)
		weights += float64(plan.Weights * m.Windows * m.Px)
		slots += d.Predicted.CyclesPerImage * float64(m.Chains*m.Banks*m.Px)
	}
	return layers, weights / max(1, slots)
}
