package acceptance

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hass/internal/test/testenv"
	"hass/optimizer/search"
	"hass/optimizer/search/study"
)

// TestSharedStudy: four processes share one study on PostgreSQL; one is killed in the middle of a trial, the server crashes and
// comes back. No trial is lost or done twice, and the study equals that of a single worker. HASS_POSTGRES is
// the server's URL, HASS_POSTGRES_RESTART a command that restarts it (make acceptance sets both).
func TestSharedStudy(t *testing.T) {
	url, restart := os.Getenv("HASS_POSTGRES"), os.Getenv("HASS_POSTGRES_RESTART")
	if url == "" || restart == "" {
		t.Skip("skipped: needs a PostgreSQL server that it may crash (HASS_POSTGRES, HASS_POSTGRES_RESTART; make acceptance)")
	}
	dir := t.TempDir()
	bin := filepath.Join(dir, "hass")
	build := exec.Command("go", "build", "-o", bin, "./cmd/hass")
	build.Dir = testenv.Root(t)
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	demo := filepath.Join(testenv.Root(t), "examples", "demo")
	name := fmt.Sprintf("acceptance %d", time.Now().UnixNano())
	args := func(more ...string) []string {
		return append([]string{"search", filepath.Join(demo, "model.onnx"), "--platform", "zcu104", "--calib", filepath.Join(demo, "calib.toml"),
			"--evals", "40", "--batch", "4", "--name", name}, more...)
	}
	one := exec.Command(bin, args("-o", filepath.Join(dir, "one.db"))...)
	if out, err := one.CombinedOutput(); err != nil {
		t.Fatalf("one worker: %v\n%s", err, out)
	}
	var errs [5]bytes.Buffer
	start := func(i int) *exec.Cmd {
		w := exec.Command(bin, args("--study", url, "--resume", "--lease", "4s")...)
		w.Stderr = &errs[i]
		if err := w.Start(); err != nil {
			t.Fatal(err)
		}
		return w
	}
	var workers []*exec.Cmd
	for i := range 4 {
		workers = append(workers, start(i))
	}
	db, err := study.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	// trials waits until the given number of trials is done.
	trials := func(done int) []study.Trial {
		for end := time.Now().Add(5 * time.Minute); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
			s, err := db.Load(t.Context(), name)
			if err != nil {
				continue // not made yet
			}
			all, err := s.Trials(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			n := 0
			for _, x := range all {
				if x.State == study.Done {
					n++
				}
			}
			if n >= done {
				return all
			}
		}
		t.Fatalf("%d trials were not done in time", done)
		return nil
	}
	// The victim dies while a trial is its.
	victim := workers[0]
	of := func(all []study.Trial) int {
		for _, x := range all {
			if x.State == study.Running && strings.HasSuffix(x.Worker, fmt.Sprintf(" %d", victim.Process.Pid)) {
				return x.Number
			}
		}
		return -1
	}
	lost := -1
	for lost < 0 {
		if of(trials(3)) < 0 {
			continue
		}
		if err := victim.Process.Signal(syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		_ = victim.Wait()
		if lost = of(trials(3)); lost < 0 { // it had just finished: another takes its place
			victim = start(4)
		}
	}
	trials(9)
	if out, err := exec.Command("sh", "-c", restart).CombinedOutput(); err != nil {
		t.Fatalf("restart: %v\n%s", err, out)
	}
	for i, w := range workers[1:] {
		if err := w.Wait(); err != nil {
			t.Fatalf("worker %d: %v\n%s", i+1, err, errs[i+1].String())
		}
	}
	show := func(location string) *search.Result {
		out, err := exec.Command(bin, "search", "show", location, "--name", name, "--json").Output()
		if err != nil {
			t.Fatal(err)
		}
		r := new(search.Result)
		if err := json.Unmarshal(out, r); err != nil {
			t.Fatal(err)
		}
		return r
	}
	want, got := show(filepath.Join(dir, "one.db")), show(url)
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("the study of four workers is not that of one: %s", d)
	}
	if len(got.Trials) != got.Total || len(got.Front) < 3 {
		t.Errorf("%d of %d trials, front %v", len(got.Trials), got.Total, got.Front)
	}
	again, byWorker := 0, map[string]int{}
	for i, x := range trials(got.Total) {
		if x.Number != i {
			t.Errorf("trial %d at place %d", x.Number, i)
		}
		if x.Attempt > 1 {
			again++
		}
		if x.Number == lost && (x.Attempt < 2 || strings.HasSuffix(x.Worker, fmt.Sprintf(" %d", victim.Process.Pid))) {
			t.Errorf("the killed worker's trial %d: attempt %d by %s", lost, x.Attempt, x.Worker)
		}
		byWorker[x.Worker]++
	}
	t.Logf("%d trials by %d workers %v; trial %d taken over, %d begun more than once; front %v", got.Total, len(byWorker), byWorker, lost, again, got.Front)
}
