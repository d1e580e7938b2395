// Package export writes studies for other programs: a table of all trials as CSV, and a storage of Optuna.
//
// It takes a study (Read) and gives a text (CSV) or the bytes of a SQLite database (Optuna). Equal studies give equal bytes. A figure
// that a trial does not have, such as the rate of a trial that was stopped before its hardware was rated, is left empty. It never
// writes to the study and never writes a file.
package export

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"time"

	"hass/optimizer/search"
	"hass/optimizer/search/study"
)

// Study is a study with all its trials.
type Study struct {
	*search.Result
	Rows []Row // by number
}

// Row is a trial, finished or not.
type Row struct {
	Number  int
	State   State
	X       []float64     // its point, or nil if none is proposed yet
	Worker  string        // who has it or finished it; "" if it was given back
	Attempt int           // 1, one more at each takeover
	Started time.Time     // of the last attempt
	Ended   time.Time     // zero of a trial that is not finished
	Trial   *search.Trial // nil of a trial that is not finished
}

// State of a trial.
type State string

// The states of trials.
const (
	Done      State = "done"       // evaluated on all images
	Stopped   State = "stopped"    // evaluated on some images
	Unfitting State = "unfitting"  // evaluated, but no hardware fits the budget
	Running   State = "running"    // a worker has it, who may be dead
	GivenBack State = "given back" // free for the next worker
)

// Read reads a study. Its errors name the study and the trial.
func Read(ctx context.Context, s *study.Study) (*Study, error) {
	all, err := s.Trials(ctx) // before the finished ones, so that a trial that ends in between is finished
	if err != nil {
		return nil, err
	}
	r, err := search.Read(ctx, s)
	if err != nil {
		return nil, err
	}
	e := &Study{Result: r}
	for i := range r.Trials {
		t := &r.Trials[i]
		row := Row{t.Number, Done, t.X, t.Worker, t.Attempt, t.Started, t.Ended, t}
		if t.Outcome.Stopped != "" {
			row.State = Stopped
		} else if !t.Outcome.Fits {
			row.State = Unfitting
		}
		e.Rows = append(e.Rows, row)
	}
	for _, t := range all {
		if _, err := r.Trial(t.Number); t.State == study.Done || err == nil {
			continue
		}
		row := Row{Number: t.Number, State: Running, Worker: t.Worker, Attempt: t.Attempt, Started: t.Started}
		if t.Worker == "" {
			row.State = GivenBack
		}
		if t.Point != nil {
			var p search.Point
			if err := json.Unmarshal(t.Point, &p); err != nil {
				return nil, fmt.Errorf("study %q: the point of trial %d cannot be read: %w", r.Study, t.Number, err)
			}
			if len(p.X) != 2*len(r.Vars) || slices.ContainsFunc(p.X, func(u float64) bool { return u < 0 || u > 1 }) {
				return nil, fmt.Errorf("study %q: the point of trial %d is not in the unit cube of %d variables", r.Study, t.Number, 2*len(r.Vars))
			}
			row.X = p.X
		}
		e.Rows = append(e.Rows, row)
	}
	slices.SortFunc(e.Rows, func(a, b Row) int { return a.Number - b.Number })
	return e, nil
}

// figure is a column of a table with its value of a finished trial; nil is none.
type figure struct {
	name  string
	value func(e *Study, t *search.Trial) any
}

// rated gives a figure of hardware of the trials that were rated.
func rated(f func(o *search.Outcome) any) func(*Study, *search.Trial) any {
	return func(_ *Study, t *search.Trial) any {
		if t.Outcome.CyclesPerImage == 0 {
			return nil
		}
		return f(t.Outcome)
	}
}

// tested gives a figure of the trials that were run on the test images.
func tested(f func(t *search.Tested) any) func(*Study, *search.Trial) any {
	return func(e *Study, t *search.Trial) any {
		if x := e.Tested(t.Number); x != nil {
			return f(x)
		}
		return nil
	}
}

// of gives a figure that every finished trial has.
func of(f func(o *search.Outcome) any) func(*Study, *search.Trial) any {
	return func(_ *Study, t *search.Trial) any { return f(t.Outcome) }
}

// figures of a table. The first are the objectives: what a study's front compares. Shares are 0..1, points are percentage points of right answers.
var figures = []figure{
	{"divergence", of(func(o *search.Outcome) any { return o.Divergence })},
	{"images_per_second", rated(func(o *search.Outcome) any { return o.ImagesPerSecond })},
	{"dsp", rated(func(o *search.Outcome) any { return o.Resources.DSP })},
	{"weighted_sum", func(e *Study, t *search.Trial) any {
		if t.Outcome.CyclesPerImage == 0 {
			return nil
		}
		return 0 - e.Config.Objective.Value(t.Outcome, e.Unpruned)
	}},
	{"cycles_per_image", rated(func(o *search.Outcome) any { return o.CyclesPerImage })},
	{"lut", rated(func(o *search.Outcome) any { return o.Resources.LUT })},
	{"ff", rated(func(o *search.Outcome) any { return o.Resources.FF })},
	{"bram18", rated(func(o *search.Outcome) any { return o.Resources.BRAM18 })},
	{"uram", rated(func(o *search.Outcome) any { return o.Resources.URAM })},
	{"lutram", rated(func(o *search.Outcome) any { return o.Resources.LUTRAM })},
	{"sparsity", rated(func(o *search.Outcome) any { return o.Sparsity })},
	{"top1", of(func(o *search.Outcome) any { return o.Top1 })},
	{"top1_half_width", of(func(o *search.Outcome) any { return o.Accuracy().Half })},
	{"points_lost", func(e *Study, t *search.Trial) any { return 100 * t.Outcome.Drop(e.Unpruned).Mean }},
	{"points_lost_half_width", func(e *Study, t *search.Trial) any { return 100 * t.Outcome.Drop(e.Unpruned).Half }},
	{"regret", of(func(o *search.Outcome) any { return o.Regret })},
	{"cross_entropy", of(func(o *search.Outcome) any { return o.Loss })},
	{"test_top1", tested(func(t *search.Tested) any { return t.Top1 })},
	{"test_points_lost", tested(func(t *search.Tested) any { return 100 * t.Drop.Mean })},
	{"test_points_lost_half_width", tested(func(t *search.Tested) any { return 100 * t.Drop.Half })},
	{"images", of(func(o *search.Outcome) any { return o.Images })},
	{"stopped", func(_ *Study, t *search.Trial) any {
		if t.Outcome.Stopped == "" {
			return nil
		}
		return t.Outcome.Stopped
	}},
	{"front", func(e *Study, t *search.Trial) any { return slices.Contains(e.Front, t.Number) }},
	{"best", func(e *Study, t *search.Trial) any { return t.Number == e.Best }},
}

// value is a figure of a trial; nil if it has none.
func (e *Study) value(f figure, r *Row) any {
	if r.Trial == nil {
		return nil
	}
	v := f.value(e, r.Trial)
	if x, ok := v.(float64); ok && (math.IsInf(x, 0) || math.IsNaN(x)) {
		return nil
	}
	return v
}

// stamp is how a table says a time: UTC, in milliseconds as studies store it.
const stamp = "2006-01-02T15:04:05.000Z"

// CSV writes a line for every trial, pending ones included, with a head. Times are UTC. Columns: the number, the state, the
// objectives, figures of accuracy and hardware, worker, attempt, start, end and seconds, then all thresholds.
func (e *Study) CSV(out io.Writer) error {
	w := csv.NewWriter(out)
	head := []string{"trial", "state"}
	for _, f := range figures {
		head = append(head, f.name)
	}
	head = append(head, "worker", "attempt", "started", "ended", "seconds")
	parameters := e.Parameters()
	for _, p := range parameters {
		head = append(head, p.Name)
	}
	if err := w.Write(head); err != nil {
		return err
	}
	for _, r := range e.Rows {
		line := []string{strconv.Itoa(r.Number), string(r.State)}
		for _, f := range figures {
			line = append(line, cell(e.value(f, &r)))
		}
		line = append(line, r.Worker, strconv.Itoa(r.Attempt), r.Started.UTC().Format(stamp))
		if r.Ended.IsZero() {
			line = append(line, "", "")
		} else {
			line = append(line, r.Ended.UTC().Format(stamp), cell(r.Ended.Sub(r.Started).Seconds()))
		}
		for i, p := range parameters {
			if r.X == nil {
				line = append(line, "")
			} else {
				line = append(line, cell(r.X[i]*p.Most))
			}
		}
		if err := w.Write(line); err != nil {
			return err
		}
	}
	w.Flush()
	return w.Error()
}

// cell prints a figure; "" of none.
func cell(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case float64:
		return strconv.FormatFloat(v, 'g', -1, 64)
	case int:
		return strconv.Itoa(v)
	case bool:
		return strconv.FormatBool(v)
	case string:
		return v
	default:
		panic(fmt.Sprintf("export: a figure of type %T", v))
	}
}
