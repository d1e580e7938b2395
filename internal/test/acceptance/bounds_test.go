package acceptance

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"hass/internal/test/figures"
	"hass/internal/test/onnxtest"
	"hass/internal/test/testenv"
)

// What hass check may take for any model of onnxtest.LargeModels.
const (
	maxSeconds = 10
	maxMiB     = 1024
)

// writeModels names, in a child of the test, the folder that it writes the models to.
const writeModels = "HASS_BOUNDS_WRITE"

// TestHostileBounds runs hass check on the largest models of every kind and measures its CPU time and
// memory: both stay within the bounds, and every model gets a verdict or a refusal of one line.
func TestHostileBounds(t *testing.T) {
	if os.Getenv("HASS_ACCEPTANCE_HOSTILE") != "1" {
		t.Skip("skipped: models of 200,000 nodes take minutes (run \"make acceptance-hostile\")")
	}
	models := onnxtest.LargeModels()
	file := func(dir string, i int) string { return filepath.Join(dir, fmt.Sprintf("%d.onnx", i)) }
	if dir := os.Getenv(writeModels); dir != "" {
		for i, l := range models {
			if err := os.WriteFile(file(dir, i), l.Make(l.N).Encode(), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		return
	}
	dir := t.TempDir()
	// Another process makes the models: a child's largest memory begins with that of its parent.
	maker := exec.Command(os.Args[0], "-test.run=^TestHostileBounds$")
	maker.Env = append(os.Environ(), writeModels+"="+dir)
	if out, err := maker.CombinedOutput(); err != nil {
		t.Fatalf("making the models: %v\n%s", err, out)
	}
	bin := filepath.Join(dir, "hass")
	build := exec.Command("go", "build", "-o", bin, "./cmd/hass")
	build.Dir = testenv.Root(t)
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	table := figures.Table{
		Command: "make acceptance-hostile HOSTILE_ONLY=Bounds",
		Note: fmt.Sprintf("`hass check` on models that grow without limit in one way, made by the project's own encoder: CPU seconds and largest memory of the process. "+
			"The bounds are %d s and %d MiB.", maxSeconds, maxMiB),
		Columns: []string{"model", "size", "CPU s", "MiB"},
	}
	for i, l := range models {
		t.Run(l.Name, func(t *testing.T) {
			cmd := exec.Command(bin, "check", file(dir, i))
			var stderr strings.Builder
			cmd.Stderr = &stderr // stdout goes nowhere
			err := cmd.Run()
			var exit *exec.ExitError
			if err != nil && (!errors.As(err, &exit) || exit.ExitCode() != 1) {
				t.Fatalf("%v\n%.1000s", err, stderr.String())
			}
			if n := strings.Count(stderr.String(), "\n"); n > 1 || len(stderr.String()) > 1000 {
				t.Errorf("it says %d lines, %d bytes: %.200s", n, stderr.Len(), stderr.String())
			}
			s := cmd.ProcessState
			cpu := s.UserTime() + s.SystemTime()
			mib := s.SysUsage().(*syscall.Rusage).Maxrss >> 10
			if cpu > maxSeconds*time.Second {
				t.Errorf("%v of CPU", cpu)
			}
			if mib > maxMiB {
				t.Errorf("%d MiB of memory", mib)
			}
			table.Rows = append(table.Rows, []string{l.Name, fmt.Sprint(l.N), fmt.Sprintf("%.1f", cpu.Seconds()), fmt.Sprint(mib)})
		})
	}
	if !t.Failed() {
		figures.Write(t, "bounds", table)
	}
}
