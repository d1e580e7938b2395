package acceptance

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"hass/internal/metrics"
	"hass/internal/test/figures"
)

// fewBits is a float model at few bits.
type fewBits struct {
	name, model string
	test        string  // data set that was not used for fits, in the model's folder
	bits        string  // of --bits
	weights     int     // of all weights, 0 for bits
	images      int     // of the calibration and of the test, 0 for all
	scales      string  // of --scales
	limit       float64 // most divergence from float, in nats; 0 where none is claimed
}

var fewBitsModels = []fewBits{
	{name: "LeNet", model: lenet, test: "test.toml", bits: "8", scales: "free", limit: 2.4e-5},
	{name: "ResNet-8", model: "cifar10_resnet8/model.onnx", test: "test.toml", bits: "8", scales: "free", limit: 0.01},
	{name: "ResNet-8 fine-tuned", model: resnet, test: "test.toml", bits: "8", scales: "free", limit: 0.0031},
	{name: "ResNet-8 fine-tuned", model: resnet, test: "test.toml", bits: "8", scales: "power-of-two", limit: 0.01},
	{name: "ResNet-8 fine-tuned", model: resnet, test: "test.toml", bits: "6", scales: "free"},
	{name: "ResNet-8 fine-tuned, 4-bit weights", model: resnet, test: "test.toml", bits: "8", weights: 4, scales: "free"},
	{name: "MobileNetV2", model: "mobilenet_v2/model.onnx.gz", test: "test.toml", bits: "8", scales: "free", limit: 0.01},
	{name: "MobileNetV2", model: "mobilenet_v2/model.onnx.gz", test: "calib2.toml", bits: "8", scales: "free", limit: 0.01},
	{name: "MobileNetV2, 4-bit weights", model: "mobilenet_v2/model.onnx.gz", test: "test.toml", bits: "8", weights: 4, scales: "free"},
	{name: "MobileNetV3-Small", model: "mobilenet_v3_small/model.onnx.gz", test: "test.toml", bits: "8", scales: "free"},
	{name: "MobileNetV3-Small", model: "mobilenet_v3_small/model.onnx.gz", test: "calib2.toml", bits: "8", scales: "free"},
	{name: "ResNet-50 pruned", model: "resnet50_pruned/model.onnx.gz", test: "test.toml", bits: "8", scales: "free", images: 100, limit: 0.01},
}

// TestFewBits measures the difference between few bits and float on images that were not used for fits.
func TestFewBits(t *testing.T) {
	if os.Getenv("HASS_ACCEPTANCE_FEWBITS") != "1" {
		t.Skip("skipped: runs for an hour (run \"make acceptance-fewbits\")")
	}
	a := newAcceptance(t)
	var rows [][]string
	for _, m := range fewBitsModels {
		t.Run(fmt.Sprintf("%s/%s/%s/%s", m.name, m.test, m.bits, m.scales), func(t *testing.T) {
			rows = append(rows, m.measure(t, a))
		})
	}
	if !t.Failed() && len(rows) == len(fewBitsModels) {
		figures.Write(t, "fewbits", figures.Table{
			Command: "make acceptance-fewbits",
			Note: "Float models at few bits: `hass profile` on calib.toml, then `hass eval` on images that no fit saw. The divergence is the mean Kullback-Leibler divergence of the integer network's " +
				"class probabilities from the float network's. Points lost are top-1, paired on the same images, with a 95 % interval.",
			Columns: []string{"model", "images", "bits", "steps", "divergence, nats", "top-1 agrees with float", "top-1", "points lost"},
			Rows:    rows,
		})
	}
}

// measure fits, evaluates and gives the row of the table.
func (m *fewBits) measure(t *testing.T, a *acceptance) []string {
	dir := t.TempDir()
	profile := filepath.Join(dir, "profile.json")
	args := []string{"profile", a.path(m.model), "--data", a.set(m.model, "calib.toml"), "--bits", m.bits, "--scales", m.scales, "-o", profile}
	bits := m.bits
	if m.weights > 0 {
		widths := filepath.Join(dir, "widths.toml")
		if err := os.WriteFile(widths, fmt.Appendf(nil, "[default]\nbits = %s\nweights = %d\n", m.bits, m.weights), 0o666); err != nil {
			t.Fatal(err)
		}
		args = append(args, "--widths", widths)
		bits = fmt.Sprintf("%s, weights %d", m.bits, m.weights)
	}
	a.hass(t, args...)
	var r struct {
		Top1    float64
		Images  int
		Lost    *metrics.Interval
		Outputs []struct{ Agreement, Divergence *float64 }
	}
	decode(t, a.hass(t, "eval", args[1], "--data", a.set(m.model, m.test), "--images", fmt.Sprint(m.images), "--profile", profile, "--json"), &r)
	if r.Lost == nil || len(r.Outputs) != 1 || r.Outputs[0].Divergence == nil || r.Outputs[0].Agreement == nil {
		t.Fatalf("eval gives no paired figures: %+v", r)
	}
	o := r.Outputs[0]
	if m.limit > 0 && *o.Divergence > m.limit {
		t.Errorf("divergence %g from float, want at most %g", *o.Divergence, m.limit)
	}
	return []string{m.name, fmt.Sprintf("%d of %s", r.Images, m.test), bits, m.scales, fmt.Sprintf("%.2g", *o.Divergence), fmt.Sprintf("%.2f %%", 100**o.Agreement),
		fmt.Sprintf("%.2f %%", 100*r.Top1), fmt.Sprintf("%.2f +- %.2f", 100*r.Lost.Mean, 100*r.Lost.Half)}
}
