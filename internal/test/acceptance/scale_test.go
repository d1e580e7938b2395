package acceptance

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"hass/internal/test/figures"
	"hass/internal/test/testenv"
	"hass/optimizer/search/study"
)

// TestScale measures what more workers gain on one study in PostgreSQL: sixteen whose trials only wait, against one; and two processes of
// real trials, started by the batch script of "hass search template slurm", against one. HASS_POSTGRES is the server's URL.
func TestScale(t *testing.T) {
	if os.Getenv("HASS_ACCEPTANCE_SCALE") != "1" {
		t.Skip("skipped: measures workers on a PostgreSQL server (run \"make acceptance-scale\")")
	}
	location := os.Getenv("HASS_POSTGRES")
	if location == "" {
		t.Fatal("HASS_POSTGRES is not set; make acceptance-scale starts a server")
	}
	var rows [][]string
	t.Run("Waiting", func(t *testing.T) { rows = append(rows, waitingWorkers(t, location)) })
	t.Run("Real", func(t *testing.T) { rows = append(rows, realWorkers(t, location)) })
	if len(rows) == 2 { // the table has what was measured, also where that is less than what was wanted
		figures.Write(t, "scale", figures.Table{
			Command: "make acceptance-scale",
			Note: fmt.Sprintf("Workers of one study on a PostgreSQL server of the same machine, which has %d processors; every worker of real trials has one. No trial was lost or done twice.", runtime.NumCPU()) +
				" Trials that wait measure the database alone. Other programs ran at the same time where the load at the start is above 1.",
			Columns: []string{"trials", "workers", "trials a second of one worker", "of all", "times", "wanted", "load at the start"},
			Rows:    rows,
		})
	}
}

// load is the machine's load average over the last minute.
func load(t *testing.T) string {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		t.Fatal(err)
	}
	one, _, _ := strings.Cut(string(text), " ")
	return one
}

// waitingWorkers: no trial is lost or done twice, and sixteen workers are at least fourteen times as fast as one.
func waitingWorkers(t *testing.T, location string) (row []string) {
	const (
		workers = 16
		each    = 6 // trials of a worker
		wait    = 3 * time.Second
		gain    = 14
	)
	// rate is the number of trials per second of n workers, each with a connection of its own.
	rate := func(n int) float64 {
		admin, err := study.Open(t.Context(), location)
		if err != nil {
			t.Fatal(err)
		}
		defer admin.Close()
		name := fmt.Sprintf("waiting %d %d", n, time.Now().UnixNano())
		made, err := admin.Create(t.Context(), name, []byte(`{}`), n*each)
		if err != nil {
			t.Fatal(err)
		}
		work := func(worker string, s *study.Study) error {
			for {
				l, err := s.Claim(t.Context(), worker, 0)
				if errors.Is(err, study.ErrFinished) {
					return nil
				}
				if errors.Is(err, study.ErrWait) { // the last trials are running
					time.Sleep(10 * time.Millisecond)
					continue
				}
				if err != nil {
					return err
				}
				stop := l.KeepAlive(t.Context())
				err = l.SetPoint(t.Context(), []byte(`{"x": []}`))
				time.Sleep(wait)
				if err == nil {
					err = l.Finish(t.Context(), fmt.Appendf(nil, "%d", l.Number))
				}
				if stop(); err != nil {
					return err
				}
			}
		}
		var ready, group sync.WaitGroup
		begin := make(chan struct{})
		for i := range n {
			ready.Add(1)
			group.Go(func() {
				db, err := study.Open(t.Context(), location)
				if err == nil {
					defer db.Close()
				}
				var s *study.Study
				if err == nil {
					s, err = db.Load(t.Context(), name)
				}
				ready.Done()
				<-begin
				if err == nil {
					err = work(fmt.Sprintf("worker %d", i), s)
				}
				if err != nil {
					t.Error(err)
				}
			})
		}
		ready.Wait()
		start := time.Now()
		close(begin)
		group.Wait()
		took := time.Since(start)
		all, err := made.Trials(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		by := map[string]int{}
		for i, x := range all {
			if x.Number != i || x.State != study.Done || x.Attempt != 1 || string(x.Result) != fmt.Sprint(i) {
				t.Errorf("trial %d: %+v", i, x)
			}
			by[x.Worker]++
		}
		if len(all) != n*each || len(by) != n {
			t.Errorf("%d trials of %d, by %d workers of %d", len(all), n*each, len(by), n)
		}
		return float64(n*each) / took.Seconds()
	}
	busy := load(t)
	one, many := rate(1), rate(workers)
	t.Logf("trials that wait %v: one worker %.3f trials/s, %d workers %.3f trials/s: %.2f times", wait, one, workers, many, many/one)
	if many < gain*one {
		t.Errorf("%d workers are %.2f times as fast as one, want at least %d times", workers, many/one, gain)
	}
	return []string{fmt.Sprintf("%d that wait %v", workers*each, wait), fmt.Sprint(workers), fmt.Sprintf("%.3f", one), fmt.Sprintf("%.3f", many), fmt.Sprintf("%.2f", many/one), fmt.Sprint(gain), busy}
}

// realWorkers: two processes of one core each finish the same study at least 1.8 times as fast as one, and the study is the same.
func realWorkers(t *testing.T, location string) (row []string) {
	const gain = 1.8
	dir := t.TempDir()
	bin := buildHass(t, dir)
	script, err := exec.Command(bin, "search", "template", "slurm").Output()
	if err != nil {
		t.Fatal(err)
	}
	batch := filepath.Join(dir, "search.sh")
	if err := os.WriteFile(batch, script, 0o666); err != nil {
		t.Fatal(err)
	}
	demo := filepath.Join(testenv.Root(t), "examples", "demo")
	// seconds is the time from the start of the first trial to the end of the last, by the database's clock.
	seconds := func(n int) (float64, string) {
		name := fmt.Sprintf("real %d %d", n, time.Now().UnixNano())
		var tasks []*exec.Cmd
		var errs []*bytes.Buffer
		for i := range n {
			// Samplers that learn would give other trials to other numbers of workers; trials that are stopped early differ in length.
			c := exec.Command("bash", batch, "--sampler", "random", "--no-halving")
			c.Env = append(os.Environ(), "STUDY="+location, "NAME="+name, "HASS="+bin, "MODEL="+filepath.Join(demo, "model.onnx"), "CALIB="+filepath.Join(demo, "calib.toml"), "EVALS=40", "BATCH=40",
				"SLURM_ARRAY_JOB_ID=1", fmt.Sprintf("SLURM_ARRAY_TASK_ID=%d", i), "SLURM_ARRAY_TASK_MIN=0", "SLURM_CPUS_PER_TASK=1", "SLURMD_NODENAME=here")
			out := new(bytes.Buffer)
			c.Stdout, c.Stderr = out, out
			if err := c.Start(); err != nil {
				t.Fatal(err)
			}
			tasks, errs = append(tasks, c), append(errs, out)
		}
		for i, c := range tasks {
			if err := c.Wait(); err != nil {
				t.Fatalf("worker %d of %d: %v\n%s", i, n, err, errs[i])
			}
		}
		db, err := study.Open(t.Context(), location)
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		s, err := db.Load(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		done, err := s.Done(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if len(done) != 40 {
			t.Fatalf("%d of 40 trials", len(done))
		}
		start, end, by := done[0].Started, done[0].Ended, map[string]int{}
		var text strings.Builder
		for _, x := range done {
			if x.Started.Before(start) {
				start = x.Started
			}
			if x.Ended.After(end) {
				end = x.Ended
			}
			by[x.Worker]++
			fmt.Fprintf(&text, "%s %s\n", x.Point, x.Result)
		}
		if len(by) != n {
			t.Errorf("workers: %v", by)
		}
		return end.Sub(start).Seconds(), text.String()
	}
	busy := load(t)
	one, alone := seconds(1)
	two, both := seconds(2)
	t.Logf("40 trials of the demo: one worker %.1f s, two workers %.1f s: %.2f times", one, two, one/two)
	if alone != both {
		t.Error("the study of two workers is not that of one")
	}
	if one < gain*two {
		t.Errorf("two workers are %.2f times as fast as one, want at least %.1f times", one/two, gain)
	}
	return []string{"40 of the demo", "2", fmt.Sprintf("%.3f", 40/one), fmt.Sprintf("%.3f", 40/two), fmt.Sprintf("%.2f", one/two), fmt.Sprint(gain), busy}
}
