package study

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"hass/internal/test/testenv"
)

const processLease = 400 * time.Millisecond

// The test binary is also the worker that the tests kill.
func TestMain(m *testing.M) {
	if location := os.Getenv("HASS_STUDY_WORKER"); location != "" {
		if err := work(location, os.Getenv("HASS_STUDY_HANG") != ""); err != nil {
			fmt.Println("error", err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// work evaluates trials until all are done and prints a line for each step; with
// hang it stops in the middle of its third trial.
func work(location string, hang bool) error {
	ctx := context.Background()
	d, err := Open(ctx, location)
	if err != nil {
		return err
	}
	defer d.Close()
	s, err := d.Load(ctx, "s")
	if err != nil {
		return err
	}
	s.Lease = processLease
	for n := 1; ; n++ {
		l, err := s.Claim(ctx, fmt.Sprint("process ", os.Getpid()), 0)
		if errors.Is(err, ErrFinished) {
			fmt.Println("finished")
			return nil
		}
		if errors.Is(err, ErrWait) {
			time.Sleep(20 * time.Millisecond)
			continue
		}
		if err != nil {
			return err
		}
		fmt.Println("claimed", l.Number)
		stop := l.KeepAlive(ctx)
		if l.Point == nil {
			if err := l.SetPoint(ctx, raw(`{"by": %d}`, os.Getpid())); err != nil {
				return err
			}
		}
		if hang && n == 3 {
			fmt.Println("hangs", l.Number)
			select {}
		}
		time.Sleep(3 * time.Millisecond)
		if err := l.Finish(ctx, raw("%d", l.Number)); err != nil && !errors.Is(err, ErrLost) {
			return err
		} else if err == nil {
			fmt.Println("done", l.Number)
		}
		stop()
	}
}

type process struct {
	cmd   *exec.Cmd
	lines chan string // closed at the end
	done  []int       // trials that it said are done
}

func start(t *testing.T, location string, env ...string) *process {
	t.Helper()
	p := &process{cmd: exec.Command(os.Args[0]), lines: make(chan string, 1000)}
	p.cmd.Env = append(append(os.Environ(), "HASS_STUDY_WORKER="+location), env...)
	p.cmd.Stderr = os.Stderr
	out, err := p.cmd.StdoutPipe()
	check(t, err)
	check(t, p.cmd.Start())
	t.Cleanup(func() { p.cmd.Process.Kill() })
	go func() {
		for s := bufio.NewScanner(out); s.Scan(); {
			p.lines <- s.Text()
		}
		close(p.lines)
	}()
	return p
}

// until reads lines up to the first with this prefix, "" for all.
func (p *process) until(t *testing.T, prefix string) string {
	t.Helper()
	for {
		select {
		case line, ok := <-p.lines:
			if !ok {
				if prefix == "" {
					return ""
				}
				t.Fatalf("the worker ended without %q", prefix)
			}
			var n int
			if _, err := fmt.Sscanf(line, "done %d", &n); err == nil {
				p.done = append(p.done, n)
			}
			if strings.HasPrefix(line, "error") {
				t.Error("worker:", line)
			}
			if prefix != "" && strings.HasPrefix(line, prefix) {
				return line
			}
		case <-time.After(20 * time.Second):
			t.Fatalf("the worker says nothing, waiting for %q", prefix)
		}
	}
}

// kill -9: trials that a process has reported as done are done, whenever it is killed;
// the other processes continue where it stopped.
func TestKilled(t *testing.T) {
	testenv.Long(t)
	both(t, func(t *testing.T, location string) {
		const trials = 90
		s := create(t, location, trials)
		isDone := func(ps ...*process) {
			t.Helper()
			done, err := s.Done(t.Context())
			check(t, err)
			there := map[int]bool{}
			for _, d := range done {
				there[d.Number] = true
				if string(d.Result) != fmt.Sprint(d.Number) {
					t.Errorf("trial %d has result %s", d.Number, d.Result)
				}
			}
			for _, p := range ps {
				for _, n := range p.done {
					if !there[n] {
						t.Errorf("trial %d was done and is lost", n)
					}
				}
			}
			if s.db.dialect == &sqliteDialect {
				var ok string
				check(t, s.db.sql.QueryRow(`PRAGMA integrity_check`).Scan(&ok))
				if ok != "ok" {
					t.Error("integrity:", ok)
				}
			}
		}
		kill := func(p *process) {
			check(t, p.cmd.Process.Kill()) // SIGKILL
			p.until(t, "")
			p.cmd.Wait()
		}

		// In the middle of a trial.
		hung := start(t, location, "HASS_STUDY_HANG=1")
		var number int
		fmt.Sscanf(hung.until(t, "hangs"), "hangs %d", &number)
		pid := hung.cmd.Process.Pid
		kill(hung)
		if len(hung.done) != 2 {
			t.Fatalf("done before: %v", hung.done)
		}
		isDone(hung)
		// At any moment, with another one at work.
		var killed []*process
		for i := range 3 {
			a, b := start(t, location), start(t, location)
			a.until(t, "done")
			b.until(t, "claimed")
			time.Sleep(time.Duration(3+7*i) * time.Millisecond)
			kill(a)
			kill(b)
			killed = append(killed, a, b)
			isDone(killed...)
		}
		last := start(t, location)
		last.until(t, "finished")
		check(t, last.cmd.Wait())
		isDone(append(killed, hung, last)...)
		done, err := s.Done(t.Context())
		check(t, err)
		if len(done) != trials {
			t.Fatalf("%d of %d trials", len(done), trials)
		}
		said := map[int]int{}
		for _, p := range append(killed, hung, last) {
			for _, n := range p.done {
				if said[n]++; said[n] > 1 {
					t.Errorf("trial %d was finished twice", n)
				}
			}
		}
		if d := done[number]; d.Attempt < 2 || string(d.Point) != fmt.Sprintf(`{"by": %d}`, pid) {
			t.Errorf("the killed worker's trial: attempt %d, point %s", d.Attempt, d.Point)
		}
	})
}
