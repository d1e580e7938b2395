package main

import (
	"testing"

	"github.com/alecthomas/kong"
	"github.com/google/go-cmp/cmp"

	"hass/internal/steps"
)

// TestDefaults: a command line without choices means the same as the defaults of package steps.
func TestDefaults(t *testing.T) {
	for _, args := range [][]string{
		{"profile", "m.onnx", "--data", "c.toml"},
		{"optimize", "m.onnx", "--profile", "p.json", "--platform", "zybo"},
		{"search", "m.onnx", "--calib", "c.toml", "--platform", "zybo", "-o", "s.db"},
		{"build", "m.onnx", "--calib", "c.toml", "--platform", "zybo", "-o", "run"},
	} {
		t.Run(args[0], func(t *testing.T) {
			var c cli
			k, err := kong.New(&c, vars())
			if err != nil {
				t.Fatal(err)
			}
			if _, err := k.Parse(args); err != nil {
				t.Fatal(err)
			}
			same := func(what string, got, want any) {
				if d := cmp.Diff(want, got); d != "" {
					t.Errorf("%s (-steps +command line):\n%s", what, d)
				}
			}
			switch args[0] {
			case "profile":
				same("numerics", c.Profile.numerics(), steps.DefaultNumerics())
			case "optimize":
				same("hardware", c.Optimize.hardware(), steps.DefaultHardware("zybo"))
				same("study", c.Optimize.at(), steps.Study{Name: steps.DefaultStudyName})
			case "search":
				same("tuning", c.Search.Run.tuning(), steps.DefaultTuning())
				same("study", c.Search.Run.at(), steps.Study{Name: steps.DefaultStudyName})
			case "build":
				same("numerics", c.Build.numerics(), steps.DefaultNumerics())
				same("hardware", c.Build.hardware(), steps.DefaultHardware("zybo"))
				same("tuning", c.Build.Tuning.tuning(), steps.DefaultTuning())
			}
		})
	}
}
