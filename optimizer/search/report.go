package search

import (
	"cmp"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"

	"hass/internal/artifact"
	"hass/internal/settings"
	"hass/optimizer/search/sampler"
	"hass/optimizer/search/study"
)

// Result is the content of a study, for people and for tools.
type Result struct {
	artifact.Header
	Study  string  `json:"study"`
	Config *Config `json:"config"`
	Total  int     `json:"total"`
	// Probes is the work of sensitivity curves in evaluations, which count towards the total.
	Probes   float64    `json:"probes,omitempty"`
	Unpruned *Outcome   `json:"unpruned"`
	Trials   []Trial    `json:"trials"`         // finished
	Front    []int      `json:"front"`          // numbers of the trials that no other beats in divergence, cycles and DSPs at once
	Test     *Test      `json:"test,omitempty"` // the front on other images
	Best     int        `json:"best"`           // number of the trial to build; -1 if there is none
	Vars     []Variable `json:"variables"`
	// Curves are the sensitivity curves, if the sampler measured any.
	Curves *Curves `json:"curves,omitempty"`
}

// Read reads the result of a study.
func Read(ctx context.Context, s *study.Study) (*Result, error) {
	total, err := s.Total(ctx)
	if err != nil {
		return nil, err
	}
	return ReadFirst(ctx, s, total)
}

// ReadFirst reads the result of the study as it was when it had total trials.
func ReadFirst(ctx context.Context, s *study.Study, total int) (*Result, error) {
	return readFirst(ctx, s, total)
}

// rows is the database's content of a study.
type rows interface {
	Name() string
	Config() []byte
	Done(context.Context) ([]study.Trial, error)
	Note(ctx context.Context, key string) ([]byte, error)
}

func readFirst(ctx context.Context, s rows, total int) (*Result, error) {
	r := &Result{Header: artifact.NewHeader("hass.search", 1, nil), Study: s.Name(), Total: total, Best: -1, Config: new(Config)}
	if err := json.Unmarshal(s.Config(), r.Config); err != nil {
		return nil, fmt.Errorf("study %q: its configuration cannot be read: %w", s.Name(), err)
	}
	r.Inputs = r.Config.Inputs
	var err error
	if r.Trials, err = finished(ctx, s); err != nil {
		return nil, err
	}
	r.Trials = slices.DeleteFunc(r.Trials, func(t Trial) bool { return t.Number >= total })
	if r.Unpruned, err = optional[Outcome](ctx, s, noteBase); err != nil {
		return nil, err
	}
	if r.Unpruned != nil {
		if err := r.Unpruned.check(); err != nil {
			return nil, fmt.Errorf("study %q: its note on the unpruned network is impossible: %w", s.Name(), err)
		}
	}
	if r.Test, err = optional[Test](ctx, s, testNote(r.Total)); err != nil {
		return nil, err
	}
	curves, err := optional[Curves](ctx, s, noteCurves)
	if err != nil {
		return nil, err
	}
	vars, err := optional[[]Variable](ctx, s, noteVariables)
	if err != nil {
		return nil, err
	}
	if vars != nil {
		r.Vars = *vars
	}
	for _, v := range r.Vars {
		if v.MaxW < 0 || v.MaxA < 0 {
			return nil, fmt.Errorf("study %q: layer %q has a negative threshold", s.Name(), v.Layer)
		}
	}
	if curves != nil && vars != nil { // a study that is just being made may have the one note only
		if err := curves.check(2 * len(r.Vars)); err != nil {
			return nil, fmt.Errorf("study %q: its sensitivity curves are impossible: %w", s.Name(), err)
		}
		r.Curves, r.Probes = curves, curves.Cost
	}
	for i := range r.Trials {
		if n := len(r.Trials[i].X); n != 2*len(r.Vars) {
			return nil, fmt.Errorf("study %q: trial %d has %d variables, not %d", s.Name(), r.Trials[i].Number, n, 2*len(r.Vars))
		}
	}
	if r.Unpruned == nil && len(r.Trials) > 0 {
		return nil, fmt.Errorf("study %q: it has trials, but no note on the unpruned network", s.Name())
	}
	r.Front = Front(r.Trials)
	r.Best = r.best()
	return r, nil
}

// optional is readNote for a note that may be absent.
func optional[T any](ctx context.Context, s rows, key string) (*T, error) {
	v, err := readNote[T](ctx, s, key)
	if errors.Is(err, study.ErrNotFound) {
		return nil, nil
	}
	return v, err
}

// complete tells whether a trial was evaluated to the end and fits.
func complete(o *Outcome) bool { return o.Stopped == "" && o.Fits }

// objectives are what the front compares; less is better in each.
func (o *Outcome) objectives() []float64 {
	return []float64{o.Divergence, 1 / o.ImagesPerSecond, float64(o.Resources.DSP)}
}

// Front gives the numbers of the complete trials that no other beats in divergence, images per second and DSPs at
// once, ordered by divergence.
func Front(trials []Trial) []int {
	var points [][]float64
	var at []int
	for i, t := range trials {
		if o := t.Outcome; complete(o) {
			points = append(points, o.objectives())
			at = append(at, i)
		}
	}
	var front []int
	for _, i := range sampler.Front(points) {
		front = append(front, at[i])
	}
	slices.SortFunc(front, func(a, b int) int {
		return cmp.Or(cmp.Compare(trials[a].Outcome.Divergence, trials[b].Outcome.Divergence), a-b)
	})
	for i, k := range front {
		front[i] = trials[k].Number
	}
	return front
}

// Trial finds a finished trial by number.
func (r *Result) Trial(number int) (*Trial, error) {
	for i := range r.Trials {
		if r.Trials[i].Number == number {
			return &r.Trials[i], nil
		}
	}
	return nil, fmt.Errorf("study %q has no finished trial %d", r.Study, number)
}

// Tested is a trial's result on the test images, or nil.
func (r *Result) Tested(number int) *Tested {
	if r.Test == nil {
		return nil
	}
	for i := range r.Test.Trials {
		if r.Test.Trials[i].Number == number {
			return &r.Test.Trials[i]
		}
	}
	return nil
}

// best is the trial of the front with the most images per second, then the fewest DSPs, among the trials that lose no more
// right answers than allowed: on the test images if the front was measured there, otherwise on the calibration
// images.
func (r *Result) best() int {
	best := -1
	var o *Outcome
	for _, n := range r.Front {
		t, err := r.Trial(n)
		if err != nil {
			continue
		}
		drop := t.Outcome.Drop(r.Unpruned).Mean
		if r.Test != nil {
			m := r.Tested(n)
			if m == nil {
				continue
			}
			drop = m.Drop.Mean
		}
		if drop > r.Config.Objective.Loss+1e-9 {
			continue
		}
		if best < 0 || better(t.Outcome, o) < 0 {
			best, o = n, t.Outcome
		}
	}
	return best
}

// better compares the hardware of two trials: more images per second first, then fewer DSPs.
func better(a, b *Outcome) int {
	return cmp.Or(cmp.Compare(b.ImagesPerSecond, a.ImagesPerSecond), cmp.Compare(a.Resources.DSP, b.Resources.DSP))
}

// Parameter is one threshold of the study.
type Parameter struct {
	Name string  // "tau_w " or "tau_a " and the layer
	Most float64 // the threshold of the variable at 1
}

// Parameters are the thresholds of a study in the order of a point's variables; a threshold is the variable times its most.
func (r *Result) Parameters() []Parameter {
	var list []Parameter
	for _, v := range r.Vars {
		list = append(list, Parameter{"tau_w " + v.Layer, v.MaxW})
	}
	for _, v := range r.Vars {
		list = append(list, Parameter{"tau_a " + v.Layer, v.MaxA})
	}
	return list
}

// Thresholds are those of a trial, as a thresholds file holds them.
func (r *Result) Thresholds(number int) (*settings.Thresholds, error) {
	t, err := r.Trial(number)
	if err != nil {
		return nil, err
	}
	th := &settings.Thresholds{Layers: map[string]settings.LayerTau{}}
	for k, v := range r.Vars {
		w, a := t.X[k]*v.MaxW, t.X[len(r.Vars)+k]*v.MaxA
		th.Layers[v.Layer] = settings.LayerTau{W: &w, A: &a}
	}
	return th, nil
}

// Print writes the study for people, with the trials of the front.
func (r *Result) Print(out io.Writer) error {
	var front []*Trial
	for _, n := range r.Front {
		if t, err := r.Trial(n); err == nil {
			front = append(front, t)
		}
	}
	return r.print(out, front)
}

// PrintAll is Print with all trials.
func (r *Result) PrintAll(out io.Writer) error {
	var all []*Trial
	for i := range r.Trials {
		all = append(all, &r.Trials[i])
	}
	return r.print(out, all)
}

func (r *Result) print(out io.Writer, trials []*Trial) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	c := r.Config
	fmt.Fprintf(out, "study %q: %s on %s, %d bits, sampler %s, %d of %d trials", r.Study, plainText(c.Model), plainText(c.Platform), c.Bits, c.Sampler, len(r.Trials), r.Total)
	if r.Probes > 0 {
		fmt.Fprintf(out, ", probes worth %.1f evaluations", r.Probes)
	}
	stopped := map[string]int{}
	for _, t := range r.Trials {
		if t.Outcome.Stopped != "" {
			stopped[t.Outcome.Stopped]++
		}
	}
	fmt.Fprintln(out)
	if len(stopped) > 0 {
		fmt.Fprintf(out, "stopped early: %d hopeless, %d dominated\n", stopped[stoppedHopeless], stopped[stoppedDominated])
	}
	if c.Repairs() {
		fmt.Fprintf(out, "layers repaired by %s on %d calibration images, judged on the other %d\n", c.Repair, c.FitImages, c.Images-c.FitImages)
	}
	fmt.Fprintf(out, "points are percentage points of right answers lost against the unpruned network, paired, with a 95 %% interval;\nregret is the points that would be lost if the unpruned network's probabilities were true\n\n")
	if c.Truth == TruthUnpruned {
		fmt.Fprintf(out, "the calibration images have no labels: a right answer is the unpruned network's, and top-1 the share of agreeing images\n\n")
	}
	head := "trial\timages/s\tcycles\tDSP\timages/cycle/DSP\tzero products\tdivergence\tregret\ttop-1\tpoints lost\t"
	if r.Test != nil {
		head += "test top-1\ttest points lost\t"
	}
	fmt.Fprintln(w, head)
	row := func(t *Trial) {
		o := t.Outcome
		d := o.Drop(r.Unpruned)
		mark := ""
		if t.Number == r.Best {
			mark = "* "
		}
		if o.Stopped != "" {
			mark = o.Stopped + " "
		}
		fmt.Fprintf(w, "%s%d\t%.0f\t%.0f\t%d\t%.4fe-6\t%.1f %%\t%.4f\t%.2f\t%.2f %%\t%+.2f +- %.2f\t", mark, t.Number, o.ImagesPerSecond, o.CyclesPerImage,
			o.Resources.DSP, o.Efficiency(), 100*o.Sparsity, o.Divergence, 100*o.Regret, 100*o.Top1, 100*d.Mean, 100*d.Half)
		if m := r.Tested(t.Number); m != nil {
			fmt.Fprintf(w, "%.2f %%\t%+.2f +- %.2f\t", 100*m.Top1, 100*m.Drop.Mean, 100*m.Drop.Half)
		} else if r.Test != nil {
			fmt.Fprint(w, "\t\t")
		}
		fmt.Fprintln(w)
	}
	for _, t := range trials {
		row(t)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	switch {
	case r.Best >= 0:
		fmt.Fprintf(out, "\n* best within %.2f points", 100*r.Config.Objective.Loss)
		if r.Test != nil {
			fmt.Fprintf(out, " on %d test images (unpruned: %.2f %%)", r.Test.Images, 100*r.Test.Top1)
		}
		fmt.Fprintln(out)
	default:
		fmt.Fprintf(out, "\nno trial of the front loses at most %.2f points\n", 100*r.Config.Objective.Loss)
	}
	fmt.Fprintln(out, "images/s and DSPs are the optimizer's estimates, each at the clock of its hardware; \"hass optimize --trial\" and \"hass simulate\" confirm a trial")
	return nil
}

// CSV writes all finished trials.
func (r *Result) CSV(out io.Writer) error {
	w := csv.NewWriter(out)
	head := []string{"trial", "stopped", "images", "front", "images_per_second", "cycles_per_image", "dsp", "lut", "ff", "bram18", "uram", "sparsity", "divergence", "regret", "loss", "top1", "points_lost", "points_lost_half_width"}
	parameters := r.Parameters()
	for _, p := range parameters {
		head = append(head, p.Name)
	}
	if err := w.Write(head); err != nil {
		return err
	}
	num := func(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }
	for _, t := range r.Trials {
		o := t.Outcome
		d := o.Drop(r.Unpruned)
		line := []string{strconv.Itoa(t.Number), o.Stopped, strconv.Itoa(o.Images), strconv.FormatBool(slices.Contains(r.Front, t.Number)),
			num(o.ImagesPerSecond), num(o.CyclesPerImage), strconv.Itoa(o.Resources.DSP), strconv.Itoa(o.Resources.LUT), strconv.Itoa(o.Resources.FF),
			strconv.Itoa(o.Resources.BRAM18), strconv.Itoa(o.Resources.URAM), num(o.Sparsity), num(o.Divergence), num(o.Regret), num(o.Loss), num(o.Top1), num(100 * d.Mean), num(100 * d.Half)}
		for k, p := range parameters {
			line = append(line, num(t.X[k]*p.Most))
		}
		if err := w.Write(line); err != nil {
			return err
		}
	}
	w.Flush()
	return w.Error()
}

// plainText quotes text that is not short and printable.
func plainText(s string) string {
	if q := strconv.Quote(s); q != `"`+s+`"` || s == "" || strings.ContainsAny(s, " \t") {
		return q
	}
	return s
}
