package acceptance

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"hass/internal/test/figures"
)

// quantisedModel is a published quantised model, or a float one as a framework writes it.
type quantisedModel struct {
	name     string
	labelled string  // data set with labels, relative to the shared data; "" if there is none
	top1     float64 // of the integer network, percent; 0 where nobody states one
	agrees   bool    // every class of the labelled set is the float executor's
	kept     bool    // it brings quantisers: results differ from the recorded ones at ties only
	rtl      bool    // small enough for Verilator here
}

var quantisedModels = []quantisedModel{
	{name: "kws_int8", labelled: "quantised/kws_int8/test.toml", top1: 90.2, kept: true},
	{name: "ic_int8", labelled: "cifar10_resnet8/test.toml", top1: 74.75, kept: true},
	{name: "vww_int8", kept: true},
	{name: "tfc_w2a2", labelled: "mnist_lenet/test.toml", top1: 95.45, agrees: true, kept: true, rtl: true},
	{name: "jet_w6a6", kept: true, rtl: true},
	{name: "kwsmlp_w3a3", kept: true, rtl: true},
	{name: "conv2d_small_keras", rtl: true},
	{name: "three_layer_mlp_keras", rtl: true},
	{name: "kws_nhwc_tf2onnx"},
	{name: "embedding_nhwc_tf2onnx"},
}

// floatLimit is the largest difference between 16 bits and the recorded float outputs, relative to their largest magnitude.
const floatLimit = 1e-2

// floatNoise is the largest difference between two correct results in float32, relative to the largest magnitude.
const floatNoise = 1e-4

// TestQuantised takes models as users of the field publish them to hardware: the integer network against the recorded outputs, then both projects
// of the design compiled or simulated, bit for bit.
func TestQuantised(t *testing.T) {
	if os.Getenv("HASS_ACCEPTANCE_QUANTISED") != "1" {
		t.Skip("skipped: needs the published models beside the repository (run \"make acceptance-quantised\")")
	}
	a := newAcceptance(t)
	var rows [][]string
	for i := range quantisedModels {
		m := &quantisedModels[i]
		t.Run(m.name, func(t *testing.T) {
			in := a.path("quantised/" + m.name)
			if _, err := os.Stat(filepath.Join(in, "model.onnx")); err != nil {
				t.Fatal(err)
			}
			rows = append(rows, m.judge(t, &caseRun{acceptance: a, in: in, dir: t.TempDir()}))
		})
	}
	if !t.Failed() && len(rows) == len(quantisedModels) {
		figures.Write(t, "quantised", figures.Table{
			Command: "make acceptance-quantised",
			Note: "Published models, on ZCU104. Differences are from the recorded outputs: of models with quantisers elements that differ by more than 1e-4 of the largest output, as one step of a quantiser beside a tie makes them; " +
				"of float models at 16 bits the largest difference as a part of the largest output. Cycles are of an image in steady state, simulated. Both projects equal the integer network bit for bit; \"csim\" compiles the C++, \"RTL\" runs Verilator with and without stalls.",
			Columns: []string{"model", "differences", "top-1 of the integers", "requantisations", "cycles", "LUT", "DSP", "BRAM18", "verified"},
			Rows:    rows,
		})
	}
}

// judge takes one model through all steps.
func (m *quantisedModel) judge(t *testing.T, k *caseRun) []string {
	data := filepath.Join(k.dir, "x.toml")
	if m.labelled != "" {
		data = k.path(m.labelled)
	} else if err := os.WriteFile(data, []byte(fmt.Sprintf("images = %q\n", filepath.Join(k.in, "x.npy"))), 0o666); err != nil {
		t.Fatal(err)
	}
	k.must(t, "profile", k.model(), "--data", data, "-o", "profile.json")
	differ := m.compare(t, k)
	top1 := "not labelled"
	if m.top1 > 0 {
		var r struct {
			Top1    float64
			Outputs []struct{ Agreement float64 }
		}
		k.decode(t, &r, "eval", k.model(), "--data", data, "--profile", "profile.json", "--json")
		if got := 100 * r.Top1; got < m.top1-0.1 || got > m.top1+0.1 {
			t.Errorf("top-1 %.2f %%; want %.2f +- 0.1", got, m.top1)
		}
		top1 = fmt.Sprintf("%.2f %%", 100*r.Top1)
		if m.agrees {
			if len(r.Outputs) != 1 || r.Outputs[0].Agreement != 1 {
				t.Errorf("outputs %+v; every class is the float executor's", r.Outputs)
			}
			top1 += ", every class as in float"
		}
	}
	k.must(t, "optimize", k.model(), "--profile", "profile.json", "--platform", "zcu104", "--budget-share", "1", "-o", "design.json")
	var d struct {
		Net struct {
			Layers []struct {
				Kind string
				Conv *struct {
					Mul        []int64
					Thresholds [][]int64
				}
			}
		}
		Total map[string]float64
	}
	text, err := os.ReadFile(filepath.Join(k.dir, "design.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &d); err != nil {
		t.Fatal(err)
	}
	var shifts, multipliers, thresholds int
	for _, l := range d.Net.Layers {
		switch c := l.Conv; {
		case c == nil:
		case c.Thresholds != nil:
			thresholds++
		case c.Mul != nil:
			multipliers++
		default:
			shifts++
		}
	}
	verified := "csim"
	k.must(t, "generate", "design.json", "--target", "hls", "-o", "hls")
	k.must(t, "verify", "hls", "--design", "design.json")
	if m.rtl {
		k.must(t, "generate", "design.json", "--target", "rtl", "-o", "rtl")
		k.must(t, "verify", "rtl", "--design", "design.json")
		k.must(t, "verify", "rtl", "--design", "design.json", "--stall", "30")
		verified = "csim, RTL"
	}
	var sim struct {
		Steady float64 `json:"cycles_per_image"`
	}
	k.decode(t, &sim, "simulate", "design.json", "--data", data, "--images", "4", "--json")
	amount := func(name string) string { return strconv.FormatFloat(d.Total[name], 'f', -1, 64) }
	return []string{m.name, differ, top1, fmt.Sprintf("%d shifts, %d multipliers, %d thresholds", shifts, multipliers, thresholds),
		fmt.Sprintf("%.0f", sim.Steady), amount("LUT"), amount("DSP"), amount("BRAM18"), verified}
}

// compare compares the integer network's outputs with the recorded ones.
func (m *quantisedModel) compare(t *testing.T, k *caseRun) string {
	got, want := k.run(t, "y.npy", "--profile", "profile.json"), k.expected()
	if len(got) != 1 || len(want) != 1 {
		t.Fatalf("%d outputs, %d recorded", len(got), len(want))
	}
	g, w := k.read(t, got[0]), k.read(t, want[0])
	if strings.TrimSpace(fmt.Sprint(g.Shape)) != fmt.Sprint(w.Shape) {
		t.Fatalf("shape %v, recorded %v", g.Shape, w.Shape)
	}
	gv, wv := values(g), values(w)
	differ, worst, most := 0, 0.0, 0.0
	for _, v := range wv {
		most = max(most, math.Abs(v))
	}
	for i := range wv {
		d := math.Abs(gv[i] - wv[i])
		if worst = max(worst, d); d > floatNoise*most {
			differ++
		}
	}
	if !m.kept {
		if worst > floatLimit*most {
			t.Errorf("outputs differ by %g of %g", worst, most)
		}
		return fmt.Sprintf("%.1e", worst/most)
	}
	return fmt.Sprintf("%d of %d, at most %.1e", differ, len(wv), worst/most)
}
