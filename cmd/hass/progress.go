package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"hass/internal/steps"
	"hass/optimizer/search"
)

// reporter returns a reporter that writes to stderr, so that stdout holds the result alone.
func (e *env) reporter() steps.Reporter {
	return steps.Reporter{
		Warn:   func(text string) { fmt.Fprintln(e.stderr, "hass: warning:", text) },
		Note:   func(text string) { fmt.Fprintln(e.stderr, "hass: note:", text) },
		Stage:  func(name, text string) { fmt.Fprintf(e.stderr, "%-9s %s\n", name, text) },
		Track:  e.track,
		Trials: e.trials,
	}
}

// track shows the progress of a task. A search takes hours, so its tasks also write progress lines to a pipe.
func (e *env) track(t steps.Task) func(done, total int) {
	switch t {
	case steps.TaskRun, steps.TaskProfile, steps.TaskWidths, steps.TaskFloat, steps.TaskInteger, steps.TaskEval, steps.TaskSimulate, steps.TaskPrune:
		return e.progress(string(t))
	case steps.TaskCalibrate, steps.TaskProbe, steps.TaskTest:
		return e.slowly(string(t))
	default:
		panic(fmt.Sprintf("no progress for task %q", t))
	}
}

// terminal returns stderr if it is a terminal, else nil.
func (e *env) terminal() *os.File { return terminal(e.stderr) }

// terminal returns the terminal that a command writes to, or nil.
func terminal(w io.Writer) *os.File {
	f, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return nil
	}
	return f
}

// progress returns a callback (done, total) that draws a bar on a terminal and
// does nothing in a pipe.
func (e *env) progress(what string) func(done, total int) {
	f := e.terminal()
	if f == nil {
		return func(int, int) {}
	}
	var bar *progressbar.ProgressBar
	return func(done, total int) {
		if bar == nil {
			bar = progressbar.NewOptions(total,
				progressbar.OptionSetWriter(f),
				progressbar.OptionSetDescription(what),
				progressbar.OptionThrottle(100*time.Millisecond),
				progressbar.OptionSetWidth(20),
				progressbar.OptionShowCount(),
				progressbar.OptionSetPredictTime(true),
				progressbar.OptionClearOnFinish(),
			)
		}
		// A failing terminal must not fail the work.
		_ = bar.Set(done)
	}
}

// logEvery is the interval of a search's progress lines in a pipe: after hours of silence a user would take it for
// a hang.
const logEvery = 30 * time.Second

// lines writes a line to a log at intervals.
type lines struct {
	w     io.Writer
	every time.Duration
	last  time.Time
}

func (e *env) lines() *lines { return &lines{e.stderr, logEvery, time.Now()} }

func (l *lines) say(text func() string) {
	if now := time.Now(); now.Sub(l.last) >= l.every {
		l.last = now
		fmt.Fprintln(l.w, text())
	}
}

// slowly is progress for the tasks of a search, which also writes to a pipe.
func (e *env) slowly(what string) func(done, total int) {
	if e.terminal() != nil {
		return e.progress(what)
	}
	l := e.lines()
	return func(done, total int) {
		l.say(func() string { return fmt.Sprintf("search: %s %d/%d", what, done, total) })
	}
}

// columns is a line width that fits every terminal.
const columns = 80

// trials keeps a line on a terminal: trials done, the best so far, the size of the front, the time left. In a pipe
// it writes the line at intervals.
func (e *env) trials() func(steps.Trials) {
	l, terminal := e.lines(), e.terminal()
	return func(t steps.Trials) {
		text := func() string { return progressLine(t.Progress, t.Base, t.Objective, t.Left) }
		switch {
		case terminal == nil:
			l.say(text)
		case t.Done >= t.Total:
			fmt.Fprint(terminal, "\r\x1b[K")
		default:
			fmt.Fprintf(terminal, "\r\x1b[K%s", text())
		}
	}
}

// progressLine describes the state of a search in less than 80 columns: parts that do not fit are left out, the
// last first.
func progressLine(s search.Progress, base *search.Outcome, o search.Objective, left time.Duration) string {
	best := "no trial within the loss yet"
	if history := search.History(s.Trials, base, o.Loss); len(history) > 0 && history[len(history)-1] >= 0 {
		at := s.Trials[history[len(history)-1]].Outcome
		best = fmt.Sprintf("best %.0f images/s, %d DSPs, %+.1f points", at.ImagesPerSecond, at.Resources.DSP, 0-100*at.Drop(base).Mean)
	}
	line := fmt.Sprintf("search %d/%d", s.Done, s.Total)
	wait := left.Round(time.Second).String()
	if left >= time.Hour {
		wait = strings.TrimSuffix(left.Round(time.Minute).String(), "0s")
	}
	for _, part := range []string{wait + " left", best, fmt.Sprintf("front of %d", len(search.Front(s.Trials)))} {
		if len(line)+2+len(part) < columns {
			line = strings.Join([]string{line, part}, "; ")
		}
	}
	return line
}
