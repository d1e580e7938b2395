package main

import (
	"bytes"
	"context"
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"hass/internal/test/studytest"
	"hass/optimizer/search/export"
	"hass/optimizer/search/study"
)

// lineWriter passes on what is written to it.
type lineWriter struct {
	mu   sync.Mutex
	text strings.Builder
	more chan struct{} // a value after every write
}

func (w *lineWriter) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	n, err := w.text.Write(p)
	select {
	case w.more <- struct{}{}:
	default:
	}
	return n, err
}

// until waits for a text.
func (w *lineWriter) until(t *testing.T, want string) string {
	t.Helper()
	deadline := time.After(20 * time.Second)
	for {
		w.mu.Lock()
		s := w.text.String()
		w.mu.Unlock()
		if strings.Contains(s, want) {
			return s
		}
		select {
		case <-w.more:
		case <-deadline:
			t.Fatalf("no %q in %q", want, s)
		}
	}
}

// TestWatch follows a study in a pipe: a line for every trial that ends while it watches, and the end when all are done; an
// interrupt ends it with exit code 130.
func TestWatch(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s.db")
	db, err := study.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	s := studytest.Create(t, db, "search", 5, nil)
	studytest.Trial(t, s, "first")
	watch := func(ctx context.Context) (*lineWriter, chan int, *bytes.Buffer) {
		out, code, errs := &lineWriter{more: make(chan struct{}, 1)}, make(chan int, 1), new(bytes.Buffer)
		go func() { code <- run(ctx, []string{"search", "watch", path, "--every", "100ms"}, out, errs) }()
		return out, code, errs
	}
	ctx, cancel := context.WithCancel(t.Context())
	out, code, errs := watch(ctx)
	out.until(t, "1 of 5 trials done, 0 running\n")
	studytest.Trial(t, s, "second")
	out.until(t, "trial 1: ")
	cancel()
	if c := <-code; c != exitInterrupted || errs.String() != "hass: interrupted\n" {
		t.Errorf("interrupted: exit code %d, %q", c, errs)
	}

	out, code, errs = watch(t.Context())
	out.until(t, "2 of 5 trials done, 0 running\n")
	for range 3 {
		studytest.Trial(t, s, "a worker")
	}
	if c := <-code; c != 0 {
		t.Fatalf("exit code %d: %s", c, errs)
	}
	got := regexp.MustCompile(`\d+\.\d s`).ReplaceAllString(out.until(t, "all"), "T")
	var want strings.Builder
	fmt.Fprintf(&want, "study \"search\": made-up.onnx on ZCU104, sampler allocate: 2 of 5 trials done, 0 running\n")
	o := studytest.Outcome(2)
	d := o.Drop(studytest.Unpruned())
	fmt.Fprintf(&want, "trial 2: %.0f images/s, %d DSPs, %+.2f +- %.2f points lost, divergence %.4f, T, a worker\n", o.ImagesPerSecond, o.Resources.DSP, 100*d.Mean, 100*d.Half, o.Divergence)
	fmt.Fprintf(&want, "trial 3: stopped as hopeless after 4 images, divergence %.4f, T, a worker\n", studytest.Outcome(3).Divergence)
	fmt.Fprintf(&want, "trial 4: stopped as dominated after 8 images, divergence %.4f, T, a worker\n", studytest.Outcome(4).Divergence)
	if !strings.HasPrefix(got, want.String()) || !regexp.MustCompile(`\nall 5 trials are done; best is trial \d of \d+ images/s and \d+ DSPs\n$`).MatchString(got) {
		t.Errorf("got\n%s\nwant\n%s", got, want.String())
	}
}

// TestScreen: a terminal's lines are drawn over one another, fit 80 columns, and say who is at work.
func TestScreen(t *testing.T) {
	db, err := study.Open(t.Context(), filepath.Join(t.TempDir(), "s.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	s := studytest.Create(t, db, "search", 30, nil)
	var out bytes.Buffer
	v := &screen{out: &out}
	look := func() string {
		t.Helper()
		e, err := export.Read(t.Context(), s)
		if err != nil {
			t.Fatal(err)
		}
		out.Reset()
		if err := v.show(e); err != nil {
			t.Fatal(err)
		}
		return out.String()
	}
	if got := look(); !strings.HasPrefix(got, "\r\x1b[Jstudy ") || strings.Count(got, "\n") != 2 {
		t.Errorf("%q", got)
	}
	studytest.Trial(t, s, "w")
	for range 10 {
		studytest.Claim(t, s, strings.Repeat("worker \u00e4", 24))
	}
	got := look()
	if !strings.HasPrefix(got, "\x1b[2A\r\x1b[J") || !strings.Contains(got, "\nlast trial 0: ") || strings.Count(got, "running trial") != maxRunning || !strings.HasSuffix(got, "\nand 2 more\n") {
		t.Errorf("%q", got)
	}
	for line := range strings.Lines(strings.TrimPrefix(got, "\x1b[2A\r\x1b[J")) {
		if n := len([]rune(strings.TrimSuffix(line, "\n"))); n >= columns {
			t.Errorf("%d columns: %q", n, line)
		}
	}
	if got := look(); !strings.HasPrefix(got, "\x1b[12A\r\x1b[J") {
		t.Errorf("%q", got)
	}
}
