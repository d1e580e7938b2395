package acceptance

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"hass/internal/metrics"
	"hass/internal/test/figures"
	"hass/internal/test/testenv"
)

// repaired is a pruning of a float model.
type repaired struct {
	name, model, repair string
	share               string  // with "allocated" if it is spread
	images              string  // of the test, for the integer network
	limit               float64 // most divergence from the unpruned network, in nats; 0 where none is claimed
}

var repairedModels = []repaired{
	{name: "ResNet-8", model: resnet, images: "500", repair: "none", share: "0.3"},
	{name: "ResNet-8", model: resnet, images: "500", repair: "match", share: "0.3", limit: 0.05},
	{name: "ResNet-8", model: resnet, images: "500", repair: "refit", share: "0.3", limit: 0.01},
	{name: "ResNet-8", model: resnet, images: "500", repair: "refit", share: "0.3 allocated", limit: 0.008},
	{name: "ResNet-8", model: resnet, images: "500", repair: "match", share: "0.5"},
	{name: "ResNet-8", model: resnet, images: "500", repair: "refit", share: "0.5", limit: 0.05},
	{name: "ResNet-8", model: resnet, images: "500", repair: "refit", share: "0.5 allocated", limit: 0.05},
	{name: "MobileNetV2", model: "mobilenet_v2/model.onnx.gz", images: "100", repair: "none", share: "0.3"},
	{name: "MobileNetV2", model: "mobilenet_v2/model.onnx.gz", images: "100", repair: "match", share: "0.3", limit: 0.23},
	{name: "MobileNetV2", model: "mobilenet_v2/model.onnx.gz", images: "100", repair: "refit", share: "0.3", limit: 0.16},
	{name: "MobileNetV2", model: "mobilenet_v2/model.onnx.gz", images: "100", repair: "refit", share: "0.3 allocated", limit: 0.14},
	{name: "MobileNetV3-Small", model: "mobilenet_v3_small/model.onnx.gz", images: "100", repair: "none", share: "0.3"},
	{name: "MobileNetV3-Small", model: "mobilenet_v3_small/model.onnx.gz", images: "100", repair: "match", share: "0.3", limit: 0.22},
	{name: "MobileNetV3-Small", model: "mobilenet_v3_small/model.onnx.gz", images: "100", repair: "refit", share: "0.3", limit: 0.12},
	{name: "MobileNetV3-Small", model: "mobilenet_v3_small/model.onnx.gz", images: "100", repair: "refit", share: "0.3 allocated", limit: 0.1},
}

// TestRepair measures the difference between pruned and unpruned networks on images that were not used for fits, and the share of
// multiplications that remains.
func TestRepair(t *testing.T) {
	if os.Getenv("HASS_ACCEPTANCE_REPAIR") != "1" {
		t.Skip("skipped: runs for minutes (run \"make acceptance-repair\")")
	}
	a := newAcceptance(t)
	var rows [][]string
	for _, m := range repairedModels {
		t.Run(fmt.Sprintf("%s/%s/%s", m.name, m.repair, m.share), func(t *testing.T) {
			rows = append(rows, m.measure(t, a))
			t.Log(rows[len(rows)-1])
		})
	}
	if !t.Failed() && len(rows) == len(repairedModels) {
		figures.Write(t, "repair", figures.Table{
			Command: "make acceptance-repair",
			Note: "`hass prune --share` on calib.toml; allocated is with `--allocate`, the share then of all multiplications. The divergence is the mean Kullback-Leibler divergence of the pruned float network's class probabilities from the unpruned one's on test.toml, which no fit saw; points lost are top-1, " +
				"paired on the same images, with a 95 % interval. Of the 16-bit integer network: its own divergence from the pruned float network (500 images of ResNet-8, 100 of the others), and the pair density (share of multiplications with both factors non-zero, on calib.toml).",
			Columns: []string{"model", "share", "repair", "weights that are 0", "divergence, nats", "points lost", "integers' divergence", "pair density"},
			Rows:    rows,
		})
	}
}

// measure prunes, profiles, evaluates and gives the row of the table.
func (m *repaired) measure(t *testing.T, a *acceptance) []string {
	dir := t.TempDir()
	pruned, profile := filepath.Join(dir, "pruned.onnx"), filepath.Join(dir, "profile.json")
	calib, test := a.set(m.model, "calib.toml"), a.set(m.model, "test.toml")
	var r struct {
		Layers []struct{ Weights, Zeros int }
		Test   struct {
			Lost    *metrics.Interval
			Outputs []struct{ Divergence *float64 }
		}
	}
	args := []string{"prune", a.path(m.model), "--data", calib, "--share", m.share, "--repair", m.repair, "--test", test, "-o", pruned, "--json"}
	if share, spread := strings.CutSuffix(m.share, " allocated"); spread {
		args[5] = share
		args = append(args, "--allocate")
	}
	decode(t, a.hass(t, args...), &r)
	if r.Test.Lost == nil || len(r.Test.Outputs) != 1 || r.Test.Outputs[0].Divergence == nil {
		t.Fatalf("prune gives no paired figures: %+v", r.Test)
	}
	divergence := *r.Test.Outputs[0].Divergence
	if m.limit > 0 && divergence > m.limit {
		t.Errorf("divergence %g from the unpruned network, want at most %g", divergence, m.limit)
	}
	zeros, weights := 0, 0
	for _, l := range r.Layers {
		zeros, weights = zeros+l.Zeros, weights+l.Weights
	}
	var p struct {
		Layers []struct {
			MACs        int64   `json:"macs"`
			PairDensity float64 `json:"pair_density"`
		}
	}
	decode(t, a.hass(t, "profile", pruned, "--data", calib, "-o", profile, "--json"), &p)
	pairs, macs := 0.0, 0.0
	for _, l := range p.Layers {
		pairs, macs = pairs+float64(l.MACs)*l.PairDensity, macs+float64(l.MACs)
	}
	var e struct {
		Outputs []struct{ Divergence *float64 }
	}
	decode(t, a.hass(t, "eval", pruned, "--data", test, "--images", m.images, "--profile", profile, "--json"), &e)
	if len(e.Outputs) != 1 || e.Outputs[0].Divergence == nil || macs == 0 {
		t.Fatalf("eval gives no divergence: %+v", e)
	}
	return []string{m.name, m.share, m.repair, fmt.Sprintf("%.1f %%", 100*float64(zeros)/float64(weights)), fmt.Sprintf("%.3g", divergence),
		fmt.Sprintf("%.2f +- %.2f", 100*r.Test.Lost.Mean, 100*r.Test.Lost.Half), fmt.Sprintf("%.2g", *e.Outputs[0].Divergence), fmt.Sprintf("%.3f", pairs/macs)}
}

// TestRepairImages measures how many images a repair needs.
func TestRepairImages(t *testing.T) {
	if os.Getenv("HASS_ACCEPTANCE_REPAIR") != "1" {
		t.Skip("skipped: runs for minutes (run \"make acceptance-repair\")")
	}
	a := newAcceptance(t)
	var rows [][]string
	for _, c := range []struct {
		name, model, set, repair string
		images                   []string
	}{
		{"ResNet-8", resnet, "calib.toml", "match", []string{"25", "100", "500"}},
		{"ResNet-8", resnet, "calib.toml", "refit", []string{"25", "100", "500"}},
		{"MobileNetV3-Small", "mobilenet_v3_small/model.onnx.gz", "calib2.toml", "match", []string{"25", "300"}},
		{"MobileNetV3-Small", "mobilenet_v3_small/model.onnx.gz", "calib2.toml", "refit", []string{"25", "100", "300"}},
	} {
		for _, n := range c.images {
			var r struct {
				Layers []struct{ Repair string }
				Test   struct {
					Lost    *metrics.Interval
					Outputs []struct{ Divergence *float64 }
				}
			}
			decode(t, a.hass(t, "prune", a.path(c.model), "--data", a.set(c.model, c.set), "--images", n, "--share", "0.3", "--repair", c.repair,
				"--test", a.set(c.model, "test.toml"), "-o", filepath.Join(t.TempDir(), "pruned.onnx"), "--json"), &r)
			if r.Test.Lost == nil || len(r.Test.Outputs) != 1 || r.Test.Outputs[0].Divergence == nil {
				t.Fatalf("prune gives no paired figures: %+v", r.Test)
			}
			refit := 0
			for _, l := range r.Layers {
				if l.Repair == "refit" {
					refit++
				}
			}
			rows = append(rows, []string{c.name, c.repair, n, fmt.Sprintf("%d of %d", refit, len(r.Layers)), fmt.Sprintf("%.3g", *r.Test.Outputs[0].Divergence),
				fmt.Sprintf("%.2f +- %.2f", 100*r.Test.Lost.Mean, 100*r.Test.Lost.Half)})
			t.Log(rows[len(rows)-1])
		}
	}
	figures.Write(t, "repair-images", figures.Table{
		Command: "make acceptance-repair REPAIR_ONLY=Images",
		Note:    "`hass prune --share 0.3 --images N`, of calib.toml (ResNet-8) and calib2.toml (MobileNetV3-Small). Divergence and points lost as above, on test.toml.",
		Columns: []string{"model", "repair", "images", "layers refit", "divergence, nats", "points lost"},
		Rows:    rows,
	})
}

// TestRepairTuned prunes, trains on under the masks in PyTorch, and checks what comes back.
func TestRepairTuned(t *testing.T) {
	if os.Getenv("HASS_ACCEPTANCE_REPAIR") != "1" {
		t.Skip("skipped: trains for a minute (run \"make acceptance-repair\")")
	}
	const python = "/usr/bin/python3" // Debian's, which has Debian's packages
	if out, err := exec.Command(python, "-c", "import numpy, onnx, torch").CombinedOutput(); err != nil {
		t.Skipf("skipped: apt-get install python3-torch python3-onnx python3-numpy: %v\n%s", err, out)
	}
	a := newAcceptance(t)
	dir := t.TempDir()
	in := func(name string) string { return filepath.Join(dir, name) }
	var rows [][]string
	for _, m := range []string{"match", "refit"} {
		pruned, masks, tuned := in(m+".onnx"), in(m+".npz"), in(m+"-tuned.onnx")
		a.hass(t, "prune", a.path(resnet), "--data", a.set(resnet, "calib.toml"), "--share", "0.6", "--repair", m, "--masks", masks, "-o", pruned)
		cmd := exec.Command(python, filepath.Join(testenv.Root(t), "examples", "finetune", "finetune.py"), pruned, masks, "--teacher", a.path(resnet),
			"--images", a.set(resnet, "train_lossless_images.npy"), a.set(resnet, "calib_images.npy"), "-o", tuned)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		var c struct {
			Builds bool
			Masks  struct {
				Zeros, Thresholds int
				Broken            []string
			}
		}
		decode(t, a.hass(t, "check", tuned, "--masks", masks, "--json"), &c)
		if !c.Builds || c.Masks.Zeros == 0 || c.Masks.Broken != nil {
			t.Errorf("%s: the model that came back: %+v", m, c)
		}
		row := []string{m, fmt.Sprint(c.Masks.Zeros)}
		for _, model := range []string{a.path(resnet), pruned, tuned} {
			var e struct{ Top1 float64 }
			decode(t, a.hass(t, "eval", model, "--data", a.set(resnet, "test.toml"), "--json"), &e)
			row = append(row, fmt.Sprintf("%.2f %%", 100*e.Top1))
		}
		rows = append(rows, row)
		t.Log(row)
	}
	figures.Write(t, "repair-tuned", figures.Table{
		Command: "make acceptance-repair REPAIR_ONLY=Tuned",
		Note:    "ResNet-8, `hass prune --share 0.6 --masks`, then examples/finetune/finetune.py with its defaults on 1,500 images of the training and the calibration set, on a processor. Top-1 of the float networks on the 2,000 images of test.toml. `hass check --masks` finds every zero again.",
		Columns: []string{"repair", "weights that are 0", "unpruned", "pruned", "trained on"},
		Rows:    rows,
	})
}
