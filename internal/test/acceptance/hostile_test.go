package acceptance

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"hass/internal/artifact"
	"hass/internal/npy"
	"hass/internal/test/figures"
	"hass/internal/test/onnxtest"
	"hass/internal/test/testenv"
	"hass/optimizer/derive"
	"hass/sparsity"
)

// hostileRun is a command that is killed, interrupted or finds its disk full; dir is where it writes.
type hostileRun struct {
	name  string
	kills int // how often TestHostileKills kills it; 0 if it writes nothing
	args  func(dir string) []string
}

// hostileRuns builds the tool, prepares the demo and gives commands on it.
func hostileRuns(t *testing.T) (bin string, runs []hostileRun) {
	if os.Getenv("HASS_ACCEPTANCE_HOSTILE") != "1" {
		t.Skip("skipped: kills and interrupts commands (run \"make acceptance-hostile\")")
	}
	work := t.TempDir()
	bin = buildHass(t, work)
	demo := filepath.Join(testenv.Root(t), "examples", "demo")
	model, calib, test := filepath.Join(demo, "model.onnx"), filepath.Join(demo, "calib.toml"), filepath.Join(demo, "test.toml")
	profile, design, project := filepath.Join(work, "p.json"), filepath.Join(work, "d.json"), filepath.Join(work, "project")
	for _, args := range [][]string{
		{"profile", model, "--data", calib, "-o", profile},
		{"optimize", model, "--profile", profile, "--platform", "zedboard", "-o", design},
		{"generate", design, "-o", project},
	} {
		if out, err := exec.Command(bin, args...).CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	faulty := filepath.Join(work, "faulty")
	if err := os.CopyFS(faulty, os.DirFS(project)); err != nil {
		t.Fatal(err)
	}
	if err := plantedFault(t, "hls", "requantisation rounds down").plant(faulty); err != nil {
		t.Fatal(err)
	}
	reductions := 0
	images := filepath.Join(work, "x.npy")
	writeImages(t, images, 20000)
	chain := filepath.Join(work, "chain.onnx")
	writeChain(t, chain)
	in := func(dir, name string) string { return filepath.Join(dir, name) }
	return bin, []hostileRun{
		{"check", 0, func(string) []string { return []string{"check", chain} }},
		{"eval", 0, func(string) []string {
			return []string{"eval", model, "--data", test, "--profile", profile}
		}},
		{"run", 6, func(dir string) []string {
			return []string{"run", model, "--input", images, "--output", in(dir, "y.npy")}
		}},
		{"profile", 8, func(dir string) []string {
			return []string{"profile", model, "--data", calib, "-o", in(dir, "p.json")}
		}},
		{"optimize", 8, func(dir string) []string {
			return []string{"optimize", model, "--profile", profile, "--platform", "zedboard", "-o", in(dir, "d.json")}
		}},
		{"generate", 8, func(dir string) []string {
			return []string{"generate", design, "-o", in(dir, "project")}
		}},
		{"simulate", 4, func(dir string) []string {
			return []string{"simulate", design, "--data", test, "--images", "400", "--trace", in(dir, "t.json")}
		}},
		{"verify", 0, func(string) []string { return []string{"verify", project, "--design", design} }},
		{"search", 8, func(dir string) []string {
			return []string{"search", model, "--calib", calib, "--calib-images", "20", "--evals", "4", "--platform", "zedboard", "--resume", "-o", in(dir, "s.db")}
		}},
		// A folder that a run has made is not replaced by the next.
		{"reduce", 4, func(dir string) []string {
			reductions++
			return []string{"reduce", design, "--target", "hls", "--edits", faulty, "--golden", "1", "--trials", "2", "-o", in(dir, fmt.Sprint(reducedName, reductions))}
		}},
		{"show", 0, func(string) []string { return []string{"show", design} }},
		{"build", 6, func(dir string) []string {
			return []string{"build", model, "--calib", calib, "--platform", "zedboard", "--images", "4", "--golden", "2", "-o", in(dir, "run")}
		}},
	}
}

// command is the command, with dir also for the temporary files that nobody keeps.
func (r *hostileRun) command(bin, dir string) *exec.Cmd {
	cmd := exec.Command(bin, r.args(dir)...)
	cmd.Env = append(os.Environ(), "TMPDIR="+dir)
	return cmd
}

// takes is how long the command takes undisturbed.
func (r *hostileRun) takes(t *testing.T, bin string) time.Duration {
	t.Helper()
	start := time.Now()
	r.command(bin, t.TempDir()).Run() // check ends with the verdict that its model has no hardware
	return time.Since(start)
}

// checkWhole finds artefacts below dir that are not whole: JSON that its reader refuses, side files that differ from what is
// recorded, generated files that differ from their manifest, temporaries.
func checkWhole(t *testing.T, what, dir string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err == nil && e.IsDir() && strings.Contains(e.Name(), temporaryMark) {
			return fs.SkipDir // the next run removes it
		}
		if err == nil && e.IsDir() && strings.HasPrefix(e.Name(), reducedName) {
			// Its project has the planted fault, so that it is not as its manifest lists it.
			if _, err := os.Stat(filepath.Join(path, "run.sh")); err != nil {
				t.Errorf("%s: %v", what, err)
			}
			return fs.SkipDir
		}
		if err != nil || e.IsDir() {
			return err
		}
		switch name := e.Name(); {
		case name == "p.json" || name == "profile.json":
			if _, err := sparsity.Read(path); err != nil {
				t.Errorf("%s: %v", what, err)
			}
		case name == "d.json" || name == "design.json" && filepath.Base(filepath.Dir(path)) == "run":
			if _, err := derive.ReadDesign(path); err != nil {
				t.Errorf("%s: %v", what, err)
			}
		case name == artifact.ManifestName:
			project := filepath.Dir(path)
			if artifact.CheckWhole(project) != nil {
				return nil // the next run finishes the update, and until then CheckWhole reports it
			}
			m, err := artifact.ReadManifest(project)
			if err != nil {
				t.Errorf("%s: %v", what, err)
				return nil
			}
			for _, f := range m.Files {
				if hash, err := artifact.HashFile(filepath.Join(project, filepath.FromSlash(f.Path))); err != nil || hash != f.SHA256 {
					t.Errorf("%s: %s is not as the manifest lists it (%v)", what, f.Path, err)
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// reducedName begins the names of the folders of reductions.
const reducedName = "reduced"

// temporaryMark is in the names of all temporary files and folders.
const temporaryMark = ".hass-tmp-"

// temporaries lists temporary files and folders that a command left below dir.
func temporaries(dir string) (left []string) {
	filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err == nil && (strings.Contains(e.Name(), temporaryMark) || e.Name() == ".hass-update") {
			left = append(left, path)
		}
		return nil
	})
	return left
}

// TestHostileKills kills commands at random moments: all files are whole, the next run succeeds and leaves no temporary
// files, a user's file in the project stays, and no compiler runs longer than its hass.
func TestHostileKills(t *testing.T) {
	bin, runs := hostileRuns(t)
	rng := rand.New(rand.NewPCG(1, 40))
	var rows [][]string
	for _, r := range runs {
		if r.kills == 0 {
			continue
		}
		dir, ended, whole := t.TempDir(), 0, r.takes(t, bin)
		if r.name == "generate" { // into a project with a user's notes
			if out, err := r.command(bin, dir).CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			if err := os.WriteFile(filepath.Join(dir, "project", "notes"), []byte("mine"), 0o666); err != nil {
				t.Fatal(err)
			}
		}
		for range r.kills {
			cmd := r.command(bin, dir)
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Duration(rng.Float64() * float64(whole)))
			cmd.Process.Kill()
			if cmd.Wait(); cmd.ProcessState.Exited() {
				ended++
			}
			checkWhole(t, r.name+" killed", dir)
			if left := children(t, dir, 2*time.Second); left != "" {
				t.Errorf("%s was killed, and this lives on: %s", r.name, left)
			}
		}
		if out, err := r.command(bin, dir).CombinedOutput(); err != nil {
			t.Errorf("%s after kills: %v\n%s", r.name, err, out)
		}
		checkWhole(t, r.name, dir)
		if left := temporaries(dir); len(left) > 0 {
			t.Errorf("%s left behind %q", r.name, left)
		}
		if r.name == "generate" {
			if text, err := os.ReadFile(filepath.Join(dir, "project", "notes")); err != nil || string(text) != "mine" {
				t.Errorf("the user's file: %q, %v", text, err)
			}
		}
		rows = append(rows, []string{r.name, fmt.Sprint(r.kills), fmt.Sprint(ended)})
	}
	if !t.Failed() {
		figures.Write(t, "kills", figures.Table{
			Command: "make acceptance-hostile HOSTILE_ONLY=Kills",
			Note:    "SIGKILL at random moments (seeded). After each, every artefact is whole or absent and nothing that the command started lives on; the next run succeeds and leaves no temporaries.",
			Columns: []string{"command", "kills", "of these, it had ended"}, Rows: rows,
		})
	}
}

// children waits until no process names a folder in its arguments or works in it, and gives one that still does.
func children(t *testing.T, dir string, most time.Duration) string {
	t.Helper()
	for end := time.Now().Add(most); ; time.Sleep(50 * time.Millisecond) {
		left := ""
		procs, _ := filepath.Glob("/proc/[0-9]*")
		for _, p := range procs {
			line, _ := os.ReadFile(filepath.Join(p, "cmdline"))
			cwd, _ := os.Readlink(filepath.Join(p, "cwd"))
			if (strings.HasPrefix(cwd, dir) || bytes.Contains(line, []byte(dir))) && filepath.Base(p) != fmt.Sprint(os.Getpid()) {
				left = string(bytes.ReplaceAll(line, []byte{0}, []byte(" ")))
			}
		}
		if left == "" || time.Now().After(end) {
			return left
		}
	}
}

// TestHostileSignals interrupts every command at several moments: exit code 130 within a second, no partial output; at
// the second signal at once.
func TestHostileSignals(t *testing.T) {
	bin, runs := hostileRuns(t)
	rng := rand.New(rand.NewPCG(1, 41))
	var rows [][]string
	for _, r := range runs {
		stopped, ended, early, whole := 0, 0, 0, r.takes(t, bin)
		worst := time.Duration(0)
		for k := range 6 {
			sig := []os.Signal{os.Interrupt, syscall.SIGTERM}[k%2]
			dir := t.TempDir()
			cmd := r.command(bin, dir)
			var stderr bytes.Buffer
			cmd.Stderr = &stderr
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			// A process needs some milliseconds before it hears signals at all.
			time.Sleep(max(15*time.Millisecond, time.Duration((0.05+0.7*rng.Float64())*float64(whole))))
			start := time.Now()
			cmd.Process.Signal(sig)
			const limit = time.Second
			if k >= 4 { // impatient
				time.Sleep(20 * time.Millisecond)
				cmd.Process.Signal(sig)
			}
			cmd.Wait()
			late := time.Since(start)
			code := cmd.ProcessState.ExitCode()
			if code == 0 || r.name == "check" && code == 1 && !strings.Contains(stderr.String(), "interrupted") {
				ended++ // check with its verdict on a model that has no hardware
				continue
			}
			if status := cmd.ProcessState.Sys().(syscall.WaitStatus); status.Signaled() && status.Signal() == sig && stderr.Len() == 0 {
				early++ // a loaded machine had not yet let it come to where it hears signals: the signal itself ended it
				checkWhole(t, r.name+" at its start", dir)
				continue
			}
			stopped++
			worst = max(worst, late)
			if code != 130 || !strings.Contains(stderr.String(), "interrupted") {
				t.Errorf("%s: exit code %d, %q", r.name, code, stderr.String())
			}
			if late > limit {
				t.Errorf("%s: stopped %v after the signal", r.name, late)
			}
			checkWhole(t, r.name+" interrupted", dir)
			if left := temporaries(dir); len(left) > 0 {
				t.Errorf("%s left behind %q", r.name, left)
			}
		}
		if early > 3 {
			t.Errorf("%s: %d of six times a signal ended it before it heard any", r.name, early)
		}
		rows = append(rows, []string{r.name, fmt.Sprint(stopped), fmt.Sprint(ended), fmt.Sprint(early), fmt.Sprintf("%.2f s", worst.Seconds())})
	}
	if !t.Failed() {
		figures.Write(t, "signals", figures.Table{
			Command: "make acceptance-hostile HOSTILE_ONLY=Signals",
			Note:    "SIGINT and SIGTERM at random moments (seeded), two of six times with a second signal.",
			Columns: []string{"command", "stopped with exit code 130", "it had ended", "it had hardly begun", "the longest from signal to end"}, Rows: rows,
		})
	}
}

// TestHostileDisk gives commands a disk of 8 MB that is nearly full: one error that names a file, and nothing half written.
func TestHostileDisk(t *testing.T) {
	bin, runs := hostileRuns(t)
	disk := t.TempDir()
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", disk).CombinedOutput(); err != nil {
		t.Skipf("skipped: an 8 MB disk cannot be mounted (%v: %s)", err, bytes.TrimSpace(out))
	}
	t.Cleanup(func() { exec.Command("umount", "-l", disk).Run() })
	var rows [][]string
	for _, r := range runs {
		if r.kills == 0 {
			continue
		}
		for _, free := range []int{0, 16 << 10, 200 << 10} {
			filler := filepath.Join(disk, "filler")
			fill(t, filler, free)
			out := filepath.Join(disk, "out")
			if err := os.Mkdir(out, 0o777); err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
			cmd := exec.CommandContext(ctx, bin, r.args(out)...)
			var stderr bytes.Buffer
			cmd.Stderr = &stderr
			err := cmd.Run()
			cancel()
			lines := strings.Split(strings.TrimSpace(stderr.String()), "\n")
			last := lines[len(lines)-1]
			end := "had room"
			if err != nil {
				end = "refused"
				if code := cmd.ProcessState.ExitCode(); code != 1 || !strings.HasPrefix(last, "hass: ") || !strings.Contains(last, disk) {
					t.Errorf("%s with %d bytes free: exit code %d, %q", r.name, free, code, last)
				}
				for _, line := range lines[:len(lines)-1] {
					if strings.HasPrefix(line, "hass: ") && !strings.HasPrefix(line, "hass: warning") {
						t.Errorf("%s with %d bytes free says more than one error: %q", r.name, free, stderr.String())
					}
				}
			}
			checkWhole(t, fmt.Sprintf("%s with %d bytes free", r.name, free), out)
			if left := temporaries(out); len(left) > 0 {
				t.Errorf("%s with %d bytes free left behind %q", r.name, free, left)
			}
			rows = append(rows, []string{r.name, fmt.Sprint(free), end})
			if err := errors.Join(os.RemoveAll(out), os.Remove(filler)); err != nil {
				t.Fatal(err)
			}
		}
	}
	if !t.Failed() {
		figures.Write(t, "disk", figures.Table{
			Command: "make acceptance-hostile HOSTILE_ONLY=Disk",
			Note:    "An 8 MB disk with so many bytes free. A refusal is exit code 1 and one error that names the file; nothing half written stays.",
			Columns: []string{"command", "bytes free", "end"}, Rows: rows,
		})
	}
}

// fill writes a file until only the given number of bytes is free on a disk.
func fill(t *testing.T, path string, free int) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	block := make([]byte, 4096)
	for err == nil {
		_, err = f.Write(block)
	}
	st, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Truncate(max(0, st.Size()-int64(free))); err != nil {
		t.Fatal(err)
	}
}

// writeImages writes random images of the demo's shape.
func writeImages(t *testing.T, path string, n int) {
	t.Helper()
	rng := rand.New(rand.NewPCG(1, 42))
	a := &npy.Array{DType: "float32", Shape: []int{n, 3, 20, 20}, F32: make([]float32, n*3*20*20)}
	for i := range a.F32 {
		a.F32[i] = float32(rng.NormFloat64())
	}
	var b bytes.Buffer
	if err := npy.Write(&b, a); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, b.Bytes(), 0o666); err != nil {
		t.Fatal(err)
	}
}

// writeChain writes the model of many nodes that check takes longest for.
func writeChain(t *testing.T, path string) {
	t.Helper()
	for _, l := range onnxtest.LargeModels() {
		if l.Name != "chain of Sigmoid" {
			continue
		}
		if err := os.WriteFile(path, l.Make(l.N).Encode(), 0o666); err != nil {
			t.Fatal(err)
		}
		return
	}
	t.Fatal("onnxtest has no chain of Sigmoid")
}
