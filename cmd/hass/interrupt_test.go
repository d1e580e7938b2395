package main

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hass/internal/artifact"
	"hass/internal/test/testenv"
)

// TestInterrupt cancels every command at several moments, with HASS_ACCEPTANCE=1 at many. The command must stop soon with
// exit code 130, every file must be whole or absent, and no temporary file may remain.
func TestInterrupt(t *testing.T) {
	testenv.Long(t)
	demo, runs := prepare(t)
	moments := []float64{0, 0.02, 0.3}
	if os.Getenv("HASS_ACCEPTANCE") == "1" {
		moments = []float64{0, 0.003, 0.01, 0.03, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9}
	}
	run1 := filepath.Join(runs, "demo")
	model, calib, test := filepath.Join(demo, "model.onnx"), filepath.Join(demo, "calib.toml"), filepath.Join(demo, "test.toml")
	for _, c := range []struct {
		name  string
		whole time.Duration // its approximate duration
		args  func(dir string) []string
		done  string // the file that is there exactly when the command succeeded
	}{
		{"profile", 2 * time.Second, func(dir string) []string {
			return []string{"profile", model, "--data", calib, "-o", filepath.Join(dir, "p.json")}
		}, "p.json"},
		{"profile of chosen widths", 4 * time.Second, func(dir string) []string {
			return []string{"profile", model, "--data", calib, "--bits", "auto", "-o", filepath.Join(dir, "p.json")}
		}, "p.json"},
		{"eval", time.Second, func(dir string) []string { return []string{"eval", model, "--data", test} }, ""},
		{"prune", time.Second, func(dir string) []string {
			return []string{"prune", model, "--data", calib, "--share", "0.3", "-o", filepath.Join(dir, "p.onnx")}
		}, "p.onnx"},
		{"optimize", 4 * time.Second, func(dir string) []string {
			return []string{"optimize", model, "--profile", filepath.Join(run1, "profile.json"), "--platform", "zcu104", "-o", filepath.Join(dir, "d.json")}
		}, "d.json"},
		{"generate", 300 * time.Millisecond, func(dir string) []string {
			return []string{"generate", filepath.Join(run1, "design.json"), "-o", filepath.Join(dir, "project")}
		}, "project/Makefile"},
		{"simulate", 2 * time.Second, func(dir string) []string {
			return []string{"simulate", filepath.Join(run1, "design.json"), "--data", test, "--images", "400", "--trace", filepath.Join(dir, "t.json")}
		}, "t.json"},
		{"verify", 8 * time.Second, func(dir string) []string {
			if code, _, stderr := hass("generate", filepath.Join(run1, "design.json"), "-o", filepath.Join(dir, "project")); code != 0 {
				t.Fatal(stderr)
			}
			return []string{"verify", filepath.Join(dir, "project")}
		}, "project/csim_report.json"},
		{"build", 10 * time.Second, func(dir string) []string {
			return []string{"build", model, "--calib", calib, "--test", test, "--platform", "zedboard", "-o", dir}
		}, "summary.json"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := exec.LookPath("g++"); err != nil && (c.name == "verify" || c.name == "build") {
				t.Skip("g++ is not installed: compiling cannot be interrupted")
			}
			stopped := 0
			for _, part := range moments {
				dir := t.TempDir()
				args := c.args(dir)
				ctx, cancel := context.WithTimeout(context.Background(), time.Duration(part*float64(c.whole)))
				var out, err bytes.Buffer
				start := time.Now()
				code := run(ctx, args, &out, &err)
				late := time.Since(start) - time.Duration(part*float64(c.whole))
				cancel()
				switch {
				case code == 130:
					stopped++
					if !strings.HasSuffix(err.String(), "hass: interrupted\n") || c.name != "build" && err.String() != "hass: interrupted\n" { // build names its steps
						t.Errorf("at %.3f: it says %q", part, err.String())
					}
					if late > 5*time.Second { // make acceptance-hostile checks the rule of one second; other tests run at the same time here
						t.Errorf("at %.3f: stopped %v after the interrupt", part, late)
					}
				case code != 0:
					t.Errorf("at %.3f: exit code %d: %s", part, code, err.String())
				}
				if c.done != "" {
					if _, err := os.Stat(filepath.Join(dir, c.done)); (err == nil) != (code == 0) {
						t.Errorf("at %.3f: exit code %d, %s: %v", part, code, c.done, err)
					}
				}
				wholeFiles(t, dir)
			}
			if stopped == 0 {
				t.Error("nothing was interrupted")
			}
		})
	}
}

// TestInterruptSearch interrupts a search again and again: no finished trial is lost, and in the end the study equals one that was
// never interrupted.
func TestInterruptSearch(t *testing.T) {
	testenv.Long(t)
	demo, _ := prepare(t)
	dir := t.TempDir()
	args := func(study string, more ...string) []string {
		return append([]string{"search", filepath.Join(demo, "model.onnx"), "--platform", "zybo", "--calib", filepath.Join(demo, "calib.toml"),
			"--calib-images", "40", "--evals", "9", "--sampler", "tpe", "-o", filepath.Join(dir, study), "--json"}, more...)
	}
	code, want, stderr := hass(args("whole.db")...)
	if code != 0 {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	stopped := 0
	for wait := 100 * time.Millisecond; ; wait += 300 * time.Millisecond {
		ctx, cancel := context.WithTimeout(context.Background(), wait)
		var out, errs bytes.Buffer
		start := time.Now()
		code := run(ctx, args("cut.db", "--resume"), &out, &errs)
		late := time.Since(start) - wait
		cancel()
		if code == 0 {
			if out.String() != want {
				t.Errorf("the study differs from one that was not interrupted:\n%s\n%s", out.String(), want)
			}
			break
		}
		stopped++
		if code != 130 || errs.String() != "hass: interrupted\n" {
			t.Fatalf("exit code %d: %s", code, errs.String())
		}
		if late > 3*time.Second {
			t.Errorf("stopped %v after the interrupt", late)
		}
	}
	if stopped < 2 {
		t.Errorf("interrupted %d times only", stopped)
	}
}

// wholeFiles checks that no temporary file remains and that the side files of every artefact match
// its hashes.
func wholeFiles(t *testing.T, dir string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".") {
			t.Errorf("%s was left behind", e.Name())
		}
		if e.IsDir() {
			if _, err := os.Stat(filepath.Join(dir, e.Name(), artifact.Marker)); err != nil {
				t.Errorf("%s is not whole: %v", e.Name(), err)
			}
		}
	}
}
