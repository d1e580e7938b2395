package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hass/internal/design"
	"hass/internal/steps/rundir"
	"hass/internal/test/testenv"
	"hass/optimizer/derive"
)

// TestFolding: the demo's folding file gives its hardware again; with one layer changed by hand the design has the change, computes the
// same, and takes the cycles that it predicts.
func TestFolding(t *testing.T) {
	testenv.Long(t)
	demo, runs := prepare(t)
	model, profile, dir := filepath.Join(demo, "model.onnx"), filepath.Join(runs, "demo", "profile.json"), t.TempDir()
	in := func(name string) string { return filepath.Join(dir, name) }
	do := func(args ...string) string {
		t.Helper()
		code, out, stderr := hass(args...)
		if code != 0 {
			t.Fatalf("hass %v: exit %d: %s", args, code, stderr)
		}
		return out
	}
	optimize := func(output string, args ...string) *design.Design {
		t.Helper()
		do(append([]string{"optimize", model, "--profile", profile, "--platform", "zedboard", "-o", in(output)}, args...)...)
		d, err := derive.ReadDesign(in(output))
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	first, err := derive.ReadDesign(filepath.Join(runs, "demo", "design.json"))
	if err != nil {
		t.Fatal(err)
	}
	do("show", filepath.Join(runs, "demo", "design.json"), "--folding", "-o", in("f.toml"))
	second := optimize("again.json", "--folding", in("f.toml"))
	same := func(what string, a, b any) {
		if d := cmp.Diff(a, b); d != "" {
			t.Errorf("%s: %s", what, d)
		}
	}
	same("layers", first.Layers, second.Layers)
	same("FIFOs", first.FIFOs, second.FIFOs)
	same("costs", first.Costs, second.Costs)
	same("clock", first.Clock, second.Clock)
	same("cycles", first.Predicted.CyclesPerImage, second.Predicted.CyclesPerImage)

	// Dense engines have cycles that are known exactly. The slowest layer gets half of its multipliers.
	dense := optimize("dense.json", "--engine", "dense", "--pixels", "1", "--budget-share", "1")
	text := do("show", in("dense.json"), "--folding")
	head, table, _ := strings.Cut(text, "[layer."+dense.Predicted.Bottleneck+"]\n")
	table, tail, _ := strings.Cut(table, "\n\n")
	var kept []string
	for line := range strings.SplitSeq(table, "\n") {
		if key, _, _ := strings.Cut(line, " "); key != "gang" && key != "out_ch" {
			kept = append(kept, line)
		}
	}
	kept = append(kept, "out_ch = 1")
	text = head + "[layer." + dense.Predicted.Bottleneck + "]\n" + strings.Join(kept, "\n") + "\n\n" + tail
	if err := os.WriteFile(in("edited.toml"), []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	edited := optimize("edited.json", "--engine", "dense", "--folding", in("edited.toml"), "--budget-share", "1")
	for i := range edited.Layers {
		want := dense.Layers[i]
		if edited.Net.Layers[i].ID == dense.Predicted.Bottleneck {
			if want.OutCh, want.Gang = 1, 1; dense.Layers[i].OutCh == 1 {
				t.Fatalf("%s has one lane already", dense.Predicted.Bottleneck)
			}
		}
		same(edited.Net.Layers[i].ID, want, edited.Layers[i])
	}
	if edited.Predicted.CyclesPerImage <= dense.Predicted.CyclesPerImage {
		t.Errorf("%v cycles with fewer lanes, %v before", edited.Predicted.CyclesPerImage, dense.Predicted.CyclesPerImage)
	}
	var sim rundir.Simulation
	if err := json.Unmarshal([]byte(do("simulate", in("edited.json"), "--data", filepath.Join(demo, "test.toml"), "--images", "4", "--json")), &sim); err != nil {
		t.Fatal(err)
	}
	if sim.Images != 4 || sim.Mismatches != 0 || sim.CyclesPerImage != edited.Predicted.CyclesPerImage {
		t.Errorf("%d of %d images differ; %v cycles per image simulated, %v predicted", sim.Mismatches, sim.Images, sim.CyclesPerImage, edited.Predicted.CyclesPerImage)
	}
}
