package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode"

	"hass/internal/artifact"
	"hass/internal/steps"
	"hass/optimizer/search"
	"hass/optimizer/search/export"
)

// searchWatchCmd follows a study.
type searchWatchCmd struct {
	Study string        `arg:"" help:"Database of the study: a file (SQLite) or a postgres:// URL."`
	Name  string        `default:"search" help:"Name of the study in its database."`
	Every time.Duration `default:"2s" help:"Time between two looks at the database."`
	JSON  bool          `help:"Print nothing until the study is done, then the study as JSON."`
}

// Help is the example shown by --help.
func (searchWatchCmd) Help() string {
	return "Example:\n  hass search watch study.db\n  hass search watch postgres://host/db | tee log\n\n" +
		"A terminal shows a few lines that are redrawn, a pipe gets a line for every trial that ends. The command ends when all trials are done; Ctrl-C ends it earlier. The study is only read."
}

// Run shows the study until it is done.
func (c searchWatchCmd) Run(e *env) error {
	v := viewOf(e.live)
	if c.JSON {
		v = func(*export.Study) error { return nil }
	}
	var last *export.Study
	err := steps.WatchStudy(e.ctx, steps.Study{Location: c.Study, Name: c.Name}, c.Every, func(s *export.Study) error {
		last = s
		return v(s)
	})
	if err == nil && c.JSON {
		err = artifact.Encode(e.stdout, last.Result)
	}
	return err
}

// viewOf shows a study on a terminal or in a pipe.
func viewOf(out io.Writer) func(*export.Study) error {
	if terminal(out) == nil {
		return (&logView{out: out}).show
	}
	return (&screen{out: out}).show
}

// logView writes a line for every trial that ends.
type logView struct {
	out  io.Writer
	seen map[int]bool // nil before the first look
}

func (v *logView) show(s *export.Study) error {
	var b strings.Builder
	if v.seen == nil {
		fmt.Fprintf(&b, "%s: %d of %d trials done, %d running\n", studyLine(s), len(s.Trials), s.Total, len(running(s)))
	}
	for _, r := range s.Rows {
		if r.Trial == nil || v.seen[r.Number] {
			continue
		}
		if v.seen != nil {
			fmt.Fprintln(&b, trialLine(s, &r))
		}
	}
	v.seen = map[int]bool{}
	for _, t := range s.Trials {
		v.seen[t.Number] = true
	}
	b.WriteString(lastLine(s))
	_, err := io.WriteString(v.out, b.String())
	return err
}

// screen keeps a few lines of a terminal up to date.
type screen struct {
	out   io.Writer
	lines int // on the terminal
}

// maxRunning is how many running trials a screen shows.
const maxRunning = 8

func (v *screen) show(s *export.Study) error {
	lines := []string{studyLine(s), progressLine(search.Progress{Done: len(s.Trials), Total: s.Total, Trials: s.Trials}, s.Unpruned, s.Config.Objective, left(s))}
	var last *export.Row
	for i := range s.Rows {
		if r := &s.Rows[i]; r.Trial != nil && (last == nil || r.Ended.After(last.Ended)) {
			last = r
		}
	}
	if last != nil {
		lines = append(lines, "last "+trialLine(s, last))
	}
	busy := running(s)
	for _, r := range busy[:min(len(busy), maxRunning)] {
		lines = append(lines, fmt.Sprintf("running trial %d since %s: %s", r.Number, r.Started.Format(time.TimeOnly), plainName(r.Worker)))
	}
	if more := len(busy) - maxRunning; more > 0 {
		lines = append(lines, fmt.Sprintf("and %d more", more))
	}
	var b strings.Builder
	if v.lines > 0 {
		fmt.Fprintf(&b, "\x1b[%dA", v.lines)
	}
	b.WriteString("\r\x1b[J")
	for _, l := range lines {
		if r := []rune(l); len(r) >= columns {
			l = string(r[:columns-1])
		}
		b.WriteString(l + "\n")
	}
	v.lines = len(lines)
	b.WriteString(lastLine(s))
	_, err := io.WriteString(v.out, b.String())
	return err
}

// running are the trials that workers have.
func running(s *export.Study) (list []export.Row) {
	for _, r := range s.Rows {
		if r.State == export.Running {
			list = append(list, r)
		}
	}
	return list
}

// studyLine names a study.
func studyLine(s *export.Study) string {
	return fmt.Sprintf("study %q: %s on %s, sampler %s", s.Result.Study, plainName(s.Config.Model), plainName(s.Config.Platform), plainName(s.Config.Sampler))
}

// trialLine is a finished trial in a line.
func trialLine(s *export.Study, r *export.Row) string {
	o := r.Trial.Outcome
	line := fmt.Sprintf("trial %d: ", r.Number)
	switch r.State {
	case export.Stopped:
		line += fmt.Sprintf("stopped as %s after %d images, divergence %.4f", plainName(o.Stopped), o.Images, o.Divergence)
	case export.Unfitting:
		line += "no hardware fits the budget"
	default:
		d := o.Drop(s.Unpruned)
		line += fmt.Sprintf("%.0f images/s, %d DSPs, %+.2f +- %.2f points lost, divergence %.4f", o.ImagesPerSecond, o.Resources.DSP, 100*d.Mean, 100*d.Half, o.Divergence)
	}
	return fmt.Sprintf("%s, %.1f s, %s", line, r.Ended.Sub(r.Started).Seconds(), plainName(r.Worker))
}

// lastLine closes the view of a study that is done; "" of any other.
func lastLine(s *export.Study) string {
	if len(s.Trials) < s.Total {
		return ""
	}
	best := fmt.Sprintf("no trial loses at most %.2f points", 100*s.Config.Objective.Loss)
	if t, err := s.Trial(s.Best); err == nil {
		best = fmt.Sprintf("best is trial %d of %.0f images/s and %d DSPs", t.Number, t.Outcome.ImagesPerSecond, t.Outcome.Resources.DSP)
	}
	return fmt.Sprintf("all %d trials are done; %s\n", s.Total, best)
}

// recent is the number of trials whose ends say how fast a study goes.
const recent = 20

// left is the time that a study still takes, if it goes on as its latest trials.
func left(s *export.Study) time.Duration {
	var ends []time.Time
	for _, t := range s.Trials {
		ends = append(ends, t.Ended)
	}
	if len(ends) < 2 {
		return 0
	}
	slices.SortFunc(ends, time.Time.Compare)
	ends = ends[max(0, len(ends)-recent):]
	return time.Duration(float64(ends[len(ends)-1].Sub(ends[0])) / float64(len(ends)-1) * float64(max(0, s.Total-len(s.Trials))))
}

// plainName makes a name from a database fit for a terminal.
func plainName(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return '?'
	}, s)
}
