package acceptance

import (
	"bytes"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"hass/internal/testenv"
)

// hostileRun is a command that is killed or interrupted; dir is where it writes.
type hostileRun struct {
	name  string
	whole time.Duration // about what it takes
	args  func(dir string) []string
}

// hostileRuns builds the tool, prepares the demo and gives commands on it.
func hostileRuns(t *testing.T) (bin string, runs []hostileRun) {
	if os.Getenv("HASS_ACCEPTANCE_HOSTILE") != "1" {
		t.Skip("skipped: HASS_ACCEPTANCE_HOSTILE=1 kills and interrupts commands")
	}
	root := testenv.Root(t)
	work := t.TempDir()
	bin = filepath.Join(work, "hass")
	build := exec.Command("go", "build", "-o", bin, "./cmd/hass")
	build.Dir = root
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	demo := filepath.Join(root, "examples", "demo")
	model, calib := filepath.Join(demo, "model.onnx"), filepath.Join(demo, "calib.toml")
	profile, design := filepath.Join(work, "p.json"), filepath.Join(work, "d.json")
	for _, args := range [][]string{
		{"profile", model, "--data", calib, "-o", profile},
		{"optimize", model, "--profile", profile, "--platform", "zedboard", "-o", design},
	} {
		if out, err := exec.Command(bin, args...).CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	return bin, []hostileRun{
		{"generate", 300 * time.Millisecond, func(dir string) []string { return []string{"generate", design, "-o", filepath.Join(dir, "project")} }},
		{"profile", 3 * time.Second, func(dir string) []string {
			return []string{"profile", model, "--data", calib, "-o", filepath.Join(dir, "p.json")}
		}},
		{"optimize", 4 * time.Second, func(dir string) []string {
			return []string{"optimize", model, "--profile", profile, "--platform", "zedboard", "-o", filepath.Join(dir, "d.json")}
		}},
		{"search", 4 * time.Second, func(dir string) []string {
			return []string{"search", model, "--calib", calib, "--calib-images", "20", "--evals", "4", "--platform", "zedboard", "--resume", "-o", filepath.Join(dir, "s.db")}
		}},
	}
}

// TestHostileKills kills commands at random moments: the next run succeeds and leaves no
// temporaries, and a user's file in the folder is still there.
func TestHostileKills(t *testing.T) {
	bin, runs := hostileRuns(t)
	rng := rand.New(rand.NewPCG(1, 40))
	for _, r := range runs {
		dir := t.TempDir()
		if r.name == "generate" { // into a project with a user's notes
			if out, err := exec.Command(bin, r.args(dir)...).CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			if err := os.WriteFile(filepath.Join(dir, "project", "notes"), []byte("mine"), 0o666); err != nil {
				t.Fatal(err)
			}
		}
		for range 10 {
			cmd := exec.Command(bin, r.args(dir)...)
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Duration(rng.Float64() * float64(r.whole)))
			cmd.Process.Kill()
			cmd.Wait()
		}
		if out, err := exec.Command(bin, r.args(dir)...).CombinedOutput(); err != nil {
			t.Errorf("%s after kills: %v\n%s", r.name, err, out)
		}
		for _, pattern := range []string{".*hass-tmp*", "project/.*hass-tmp*", "project/.hass-update"} {
			if left, _ := filepath.Glob(filepath.Join(dir, pattern)); len(left) > 0 {
				t.Errorf("%s left behind %q", r.name, left)
			}
		}
		if r.name == "generate" {
			if text, err := os.ReadFile(filepath.Join(dir, "project", "notes")); err != nil || string(text) != "mine" {
				t.Errorf("the user's file: %q, %v", text, err)
			}
		}
	}
}

// TestHostileSignals interrupts commands: exit code 130 within a second, no partial output.
func TestHostileSignals(t *testing.T) {
	bin, runs := hostileRuns(t)
	for _, r := range runs {
		for k, sig := range []os.Signal{os.Interrupt, syscall.SIGTERM} {
			dir := t.TempDir()
			cmd := exec.Command(bin, r.args(dir)...)
			var stderr bytes.Buffer
			cmd.Stderr = &stderr
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			time.Sleep(r.whole / time.Duration(3+2*k))
			start := time.Now()
			cmd.Process.Signal(sig)
			cmd.Wait()
			late := time.Since(start)
			if code := cmd.ProcessState.ExitCode(); code == 0 {
				continue // it had ended
			} else if code != 130 || !strings.Contains(stderr.String(), "interrupted") {
				t.Errorf("%s: exit code %d, %q", r.name, code, stderr.String())
			}
			if late > time.Second {
				t.Errorf("%s: stopped %v after the signal", r.name, late)
			}
			if left, _ := filepath.Glob(filepath.Join(dir, ".*")); len(left) > 0 {
				t.Errorf("%s left behind %q", r.name, left)
			}
		}
	}
}
