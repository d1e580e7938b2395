package steps_test

import (
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"hass/internal/quant"
	"hass/internal/repair"
	"hass/internal/steps"
)

// TestOptions: an option that makes no sense is an OptionError before any file is read or written.
func TestOptions(t *testing.T) {
	ctx, rep := t.Context(), steps.Reporter{}
	demo := filepath.Join("..", "..", "examples", "demo")
	model, calib := filepath.Join(demo, "model.onnx"), filepath.Join(demo, "calib.toml")
	out := filepath.Join(t.TempDir(), "out.json")
	tests := []struct {
		name, want string
		do         func() error
	}{
		{"bits", "--bits 0", func() error {
			_, err := steps.Profile(ctx, steps.ProfileOptions{Model: model, Data: calib, Output: out}, rep)
			return err
		}},
		{"candidates of widths", "--candidates", func() error {
			_, err := steps.Profile(ctx, steps.ProfileOptions{Model: model, Data: calib, Numerics: steps.Numerics{Auto: &steps.Auto{Loss: 1}, Scales: quant.FreeScales}, Output: out}, rep)
			return err
		}},
		{"loss of widths", "--loss NaN", func() error {
			n := steps.DefaultNumerics()
			n.Auto = &steps.Auto{Loss: math.NaN(), Candidates: []int{8, 4}}
			_, err := steps.Profile(ctx, steps.ProfileOptions{Model: model, Data: calib, Numerics: n, Output: out}, rep)
			return err
		}},
		{"chosen widths of a search", "--bits auto", func() error {
			a := steps.DefaultAuto()
			_, err := steps.Search(ctx, steps.SearchOptions{Model: model, Calib: calib, Numerics: steps.Numerics{Auto: &a}, Tuning: steps.DefaultTuning()}, rep)
			return err
		}},
		{"neither profile nor study", "neither is named", func() error {
			_, err := steps.Optimize(ctx, steps.OptimizeOptions{Model: model, Hardware: steps.DefaultHardware("zybo"), Output: out}, rep)
			return err
		}},
		{"profile and study", "not both", func() error {
			_, err := steps.Optimize(ctx, steps.OptimizeOptions{Model: model, Profile: "p.json", Study: steps.Study{Location: "s.db"},
				Hardware: steps.DefaultHardware("zybo"), Output: out}, rep)
			return err
		}},
		{"hardware of no choice", "--budget-share 0", func() error {
			_, err := steps.Optimize(ctx, steps.OptimizeOptions{Model: model, Profile: "p.json", Output: out}, rep)
			return err
		}},
		{"sampler", "--sampler \"\"", func() error {
			_, err := steps.Search(ctx, steps.SearchOptions{Model: model, Calib: calib, Tuning: steps.Tuning{Evals: 1}}, rep)
			return err
		}},
		{"thresholds of a search", "thresholds", func() error {
			n := steps.DefaultNumerics()
			n.Thresholds = "t.toml"
			_, err := steps.Search(ctx, steps.SearchOptions{Model: model, Calib: calib, Numerics: n, Tuning: steps.DefaultTuning()}, rep)
			return err
		}},
		{"study without a place", "place", func() error {
			_, err := steps.Search(ctx, steps.SearchOptions{Model: model, Calib: calib, Tuning: steps.DefaultTuning()}, rep)
			return err
		}},
		{"share of a pruning", "--share 0", func() error {
			_, err := steps.Prune(ctx, steps.PruneOptions{Model: model, Data: calib, Repair: repair.Match, Output: out}, rep)
			return err
		}},
		{"repair of a pruning", "--repair", func() error {
			_, err := steps.Prune(ctx, steps.PruneOptions{Model: model, Data: calib, Share: 0.5, Output: out}, rep)
			return err
		}},
		{"role of a pruning", "--also", func() error {
			_, err := steps.Prune(ctx, steps.PruneOptions{Model: model, Data: calib, Share: 0.5, Repair: repair.Match, Also: []repair.Role{repair.Inner}, Output: out}, rep)
			return err
		}},
		{"allocation without a repair", "--allocate", func() error {
			_, err := steps.Prune(ctx, steps.PruneOptions{Model: model, Data: calib, Share: 0.5, Repair: repair.None, Allocate: true, Output: out}, rep)
			return err
		}},
		{"golden images", "--golden -1", func() error {
			_, err := steps.Generate(ctx, steps.GenerateOptions{Design: "d.json", Images: -1, Output: out})
			return err
		}},
		{"stall", "--stall 91", func() error {
			_, err := steps.Simulate(ctx, steps.SimulateOptions{Design: "d.json", Stall: 91, Images: 4}, rep)
			return err
		}},
		{"images of a build", "--images 3", func() error {
			_, err := steps.Build(ctx, steps.BuildOptions{Model: model, Calib: calib, Images: 3, Output: out}, rep)
			return err
		}},
	}
	for _, c := range tests {
		t.Run(c.name, func(t *testing.T) {
			var bad *steps.OptionError
			if err := c.do(); !errors.As(err, &bad) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("it says %v, want an OptionError with %q", err, c.want)
			}
			if _, err := os.Stat(out); !os.IsNotExist(err) {
				t.Errorf("%s was written", out)
			}
		})
	}
}

// TestCancel: a cancelled context ends a step, which leaves no file.
func TestCancel(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	demo, dir := filepath.Join("..", "..", "examples", "demo"), t.TempDir()
	rep := steps.Reporter{Track: func(task steps.Task) func(done, total int) {
		if task != steps.TaskProfile {
			t.Errorf("task %q", task)
		}
		return func(int, int) { cancel() }
	}}
	_, err := steps.Profile(ctx, steps.ProfileOptions{Model: filepath.Join(demo, "model.onnx"), Data: filepath.Join(demo, "calib.toml"),
		Numerics: steps.DefaultNumerics(), Output: filepath.Join(dir, "profile.json")}, rep)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) > 0 {
		t.Errorf("%v are left: %v", entries, err)
	}
}
