package acceptance

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hass/internal/metrics"
	"hass/internal/mixed"
	"hass/internal/test/figures"
)

// autoBits is a float model whose widths of weights are chosen from 8, 6 and 4.
type autoBits struct {
	name, model string
	values      int // bits of all values
	loss        string
}

var autoBitsModels = []autoBits{
	{"ResNet-8 fine-tuned", resnet, 8, "0.5"},
	{"ResNet-8 fine-tuned", resnet, 8, "2"},
	{"MobileNetV3-Small", "mobilenet_v3_small/model.onnx.gz", 12, "0.5"},
}

// TestFewBitsAuto measures the savings and losses of chosen widths on images that were not used for fits.
func TestFewBitsAuto(t *testing.T) {
	if os.Getenv("HASS_ACCEPTANCE_FEWBITS") != "1" {
		t.Skip("skipped: runs for minutes (run \"make acceptance-fewbits FEWBITS_ONLY=auto\")")
	}
	a := newAcceptance(t)
	var rows [][]string
	for _, m := range autoBitsModels {
		t.Run(fmt.Sprintf("auto/%s/%s", m.name, m.loss), func(t *testing.T) {
			rows = append(rows, m.measure(t, a))
		})
	}
	if !t.Failed() && len(rows) == len(autoBitsModels) {
		figures.Write(t, "fewbits-auto", figures.Table{
			Command: "make acceptance-fewbits",
			Note: "Widths of weights chosen from 8, 6 and 4: `hass profile --bits auto` on calib.toml, half of which judged, then `hass eval` on test.toml, which no fit saw. Bit operations and memory of the weights are against 8 bits. " +
				"Points lost are top-1, paired on the same images, with a 95 % interval; the divergence is in nats.",
			Columns: []string{"model", "values", "points allowed", "layers at 8, 6, 4 bits", "bit operations", "weights' memory", "judged: points", "judged: divergence", "test: images", "test: divergence", "test: top-1", "test: points lost", "seconds"},
			Rows:    rows,
		})
	}
}

// measure chooses, evaluates and gives the row of the table.
func (m *autoBits) measure(t *testing.T, a *acceptance) []string {
	dir := t.TempDir()
	profile, widths := filepath.Join(dir, "profile.json"), filepath.Join(dir, "widths.toml")
	if err := os.WriteFile(widths, fmt.Appendf(nil, "[default]\nbits = %d\n", m.values), 0o666); err != nil {
		t.Fatal(err)
	}
	begun := time.Now()
	var p struct{ Auto *mixed.Report }
	decode(t, a.hass(t, "profile", a.path(m.model), "--data", a.set(m.model, "calib.toml"), "--bits", "auto", "--candidates", "8,6,4", "--loss", m.loss, "--widths", widths, "-o", profile, "--json"), &p)
	took := time.Since(begun)
	var r struct {
		Top1    float64
		Images  int
		Lost    *metrics.Interval
		Outputs []struct{ Divergence *float64 }
	}
	decode(t, a.hass(t, "eval", a.path(m.model), "--data", a.set(m.model, "test.toml"), "--profile", profile, "--json"), &r)
	if r.Lost == nil || len(r.Outputs) != 1 || r.Outputs[0].Divergence == nil {
		t.Fatalf("eval gives no paired figures: %+v", r)
	}
	if p.Auto == nil || p.Auto.Chosen.Divergence == nil || fmt.Sprint(p.Auto.Loss) != m.loss || p.Auto.Chosen.Lost > p.Auto.Loss {
		t.Fatalf("the profile says of its widths %+v, want a loss of at most %s", p.Auto, m.loss)
	}
	if r.Lost.Mean-r.Lost.Half > p.Auto.Loss/100 {
		t.Errorf("%.2f +- %.2f points are lost on the test images, %s were allowed", 100*r.Lost.Mean, 100*r.Lost.Half, m.loss)
	}
	var layers []string
	for _, bits := range p.Auto.Candidates {
		n := 0
		for _, l := range p.Auto.Layers {
			if l.Bits == bits {
				n++
			}
		}
		layers = append(layers, fmt.Sprint(n))
	}
	return []string{m.name, fmt.Sprintf("%d bits", m.values), m.loss, strings.Join(layers, ", "), fmt.Sprintf("%.1f %%", 100*p.Auto.BitOperations), fmt.Sprintf("%.1f %%", 100*p.Auto.WeightBits),
		fmt.Sprintf("%.2f", p.Auto.Chosen.Lost), fmt.Sprintf("%.2g", *p.Auto.Chosen.Divergence), fmt.Sprint(r.Images), fmt.Sprintf("%.2g", *r.Outputs[0].Divergence),
		fmt.Sprintf("%.2f %%", 100*r.Top1), fmt.Sprintf("%.2f +- %.2f", 100*r.Lost.Mean, 100*r.Lost.Half), fmt.Sprintf("%.0f", took.Seconds())}
}
