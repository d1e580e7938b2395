package acceptance

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"hass/internal/hw/limits"
	"hass/internal/test/figures"
	"hass/internal/test/testenv"
	"hass/optimizer/derive"
)

// TestHostileTargets measures the loss of rate from the narrower limits of Vitis HLS, on networks with trained weights.
func TestHostileTargets(t *testing.T) {
	if os.Getenv("HASS_ACCEPTANCE_HOSTILE") != "1" {
		t.Skip("skipped: designs of four trained networks for each target take minutes (run \"make acceptance-hostile HOSTILE_ONLY=Targets\")")
	}
	a := newAcceptance(t)
	demo := filepath.Join(testenv.Root(t), "examples", "demo")
	table := figures.Table{
		Command: "make acceptance-hostile HOSTILE_ONLY=Targets",
		Note:    "Cycles per image as predicted, 16 bit, pixels per beat chosen by the optimizer, by `--target`. Wide streams are those that C++ carries in several.",
		Columns: []string{"network", "platform", "rtl", "hls", "both", "loss of both", "widest stream of both, bits", "wide streams of both"},
	}
	for _, n := range []struct{ name, model, calib, platform string }{
		{"demo", filepath.Join(demo, "model.onnx"), filepath.Join(demo, "calib.toml"), "zcu104"},
		{"LeNet", a.path(lenet), a.set(lenet, "calib.toml"), "zcu104"},
		{"ResNet-8", a.path(resnet), a.set(resnet, "calib.toml"), "zcu104"},
		{"MobileNetV2", a.path("mobilenet_v2/model.onnx.gz"), a.path("mobilenet_v2/calib.toml"), "u250"},
	} {
		profile := filepath.Join(a.dir, n.name+".json")
		a.hass(t, "profile", n.model, "--data", n.calib, "-o", profile)
		cycles := map[limits.Target]float64{}
		widest, wide := 0, 0
		for _, target := range []limits.Target{limits.RTL, limits.HLS, limits.Both} {
			path := filepath.Join(a.dir, n.name+"."+string(target)+".json")
			a.hass(t, "optimize", n.model, "--profile", profile, "--platform", n.platform, "--budget-share", "1", "--target", string(target), "-o", path)
			d, err := derive.ReadDesign(path)
			if err != nil {
				t.Fatal(err)
			}
			cycles[target] = d.Predicted.CyclesPerImage
			if target != limits.Both {
				continue
			}
			net, err := d.Network()
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range net.Streams {
				widest = max(widest, s.Width())
				if s.Parts() > 1 {
					wide++
				}
			}
		}
		loss := cycles[limits.Both]/cycles[limits.RTL] - 1
		// The solver stops within its own gap.
		if loss > 0.02 {
			t.Errorf("%s: %.0f cycles for both targets, %.0f for RTL alone", n.name, cycles[limits.Both], cycles[limits.RTL])
		}
		table.Rows = append(table.Rows, []string{n.name, n.platform, fmt.Sprintf("%.0f", cycles[limits.RTL]), fmt.Sprintf("%.0f", cycles[limits.HLS]), fmt.Sprintf("%.0f", cycles[limits.Both]),
			fmt.Sprintf("%+.1f %%", 100*loss), fmt.Sprint(widest), fmt.Sprint(wide)})
	}
	if t.Failed() {
		return
	}
	figures.Write(t, "limits-rate", table)
}
