package report

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// Search is the study that found thresholds, as far as it has gone.
type Search struct {
	Study   string `json:"study"`
	Sampler string `json:"sampler"`
	Images  int    `json:"images"` // calibration images, on which trials are judged
	Total   int    `json:"total"`  // trials to run
	// Probes is the work of sensitivity curves in evaluations.
	Probes float64 `json:"probes"`
	Loss   float64 `json:"loss"` // share of right answers that may be lost
	// Unlabelled: the images have no labels, and the unpruned network's answers count as right.
	Unlabelled bool          `json:"unlabelled"`
	Trials     []SearchTrial `json:"trials"` // finished, by number
	Front      []int         `json:"front"`  // numbers of trials, by divergence
	// Best is the number of the trial to build; -1 if none is within the loss.
	Best int `json:"best"`
	// Used is the trial whose thresholds the profile has; nil if none has them, or without a profile.
	Used       *int          `json:"used,omitempty"`
	TestImages int           `json:"test_images,omitempty"`   // that trials of the front were run on
	Levels     []float64     `json:"levels,omitempty"`        // of sensitivity curves: shares of the largest threshold
	Probed     int           `json:"probed_images,omitempty"` // on which curves were measured
	Layers     []SearchLayer `json:"layers"`                  // convolutions, in the order of the study
}

// SearchTrial is a finished trial.
type SearchTrial struct {
	Number          int     `json:"number"`
	Stopped         string  `json:"stopped,omitempty"` // why it was stopped before it had seen all images
	Fits            bool    `json:"fits"`
	ImagesPerSecond float64 `json:"images_per_second"` // 0 if its hardware was not rated, as are DSPs
	DSP             int     `json:"dsp"`
	Divergence      float64 `json:"divergence"`
	Top1            float64 `json:"top1"`
	// Lost is the share of right answers lost against the unpruned network, and LostHalf half its 95 % interval.
	Lost     float64 `json:"lost"`
	LostHalf float64 `json:"lost_half"`
	// TestLost and TestLostHalf are the same on test images; nil of a trial that was not run there.
	TestLost     *float64 `json:"test_lost,omitempty"`
	TestLostHalf *float64 `json:"test_lost_half,omitempty"`
	// BestSoFar is the number of the best of the trials up to this one, by calibration images; -1 of none.
	BestSoFar int `json:"best_so_far"`
}

// complete tells whether a trial was evaluated to the end and fits.
func (t *SearchTrial) complete() bool { return t.Stopped == "" && t.Fits }

// SearchLayer are the thresholds of a convolution: of the trial that the design has, or else of the best.
type SearchLayer struct {
	Name string  `json:"name"`
	MaxW float64 `json:"max_tau_w"` // the largest threshold that the study tries
	MaxA float64 `json:"max_tau_a"`
	TauW float64 `json:"tau_w"`
	TauA float64 `json:"tau_a"`
	// CurveW and CurveA are the divergences that a threshold alone causes, by level; empty if it was not probed.
	CurveW []float64 `json:"curve_w,omitempty"`
	CurveA []float64 `json:"curve_a,omitempty"`
}

// shownTrial is the trial whose thresholds Layers have; nil of none.
func (s *Search) shownTrial() *int {
	if s.Used != nil {
		return s.Used
	}
	if s.Best >= 0 {
		return &s.Best
	}
	return nil
}

// trial finds a trial by number; nil of none.
func (s *Search) trial(number int) *SearchTrial {
	i := slices.IndexFunc(s.Trials, func(t SearchTrial) bool { return t.Number == number })
	if i < 0 {
		return nil
	}
	return &s.Trials[i]
}

// found answers what the search found.
func (v *view) found() section {
	s := v.Search
	x := section{ID: "search", Title: "What did the search find?", Short: "Search"}
	trials := count(len(s.Trials), "trial")
	if len(s.Trials) < s.Total {
		trials = fmt.Sprintf("%s of %s", whole(len(s.Trials)), count(s.Total, "trial"))
	}
	x.Answer = fmt.Sprintf("%s of study \u201c%s\u201d by the sampler %s; none loses at most %s points of right answers.", trials, short(s.Study, maxName), short(s.Sampler, maxName), decimals(100*s.Loss, 2))
	if t := s.trial(s.Best); t != nil {
		x.Answer = fmt.Sprintf("%s of study \u201c%s\u201d by the sampler %s. The best within %s points is trial %d: %s images/s with %s DSPs.", trials, short(s.Study, maxName), short(s.Sampler, maxName),
			decimals(100*s.Loss, 2), t.Number, rateText(t.ImagesPerSecond), whole(t.DSP))
	}
	switch {
	case s.Used != nil:
		x.Answer += fmt.Sprintf(" This run has the thresholds of trial %d.", *s.Used)
	case !v.given("profile.json"):
		x.Missing = append(x.Missing, lacking("The trial that this run has", "profile.json"))
	default:
		x.Missing = append(x.Missing, "The profile has the thresholds of no trial of this study.")
	}
	if s.Unlabelled {
		x.Missing = append(x.Missing, "The calibration images have no labels: a right answer is the unpruned network\u2019s.")
	}
	if len(s.Trials) == 0 {
		return x
	}
	if n := v.rowLimits.Trials; len(s.Trials) > n {
		*v.abridged = append(*v.abridged, fmt.Sprintf("pictures of the search show %s of %s trials, the front and the latest", whole(n), whole(len(s.Trials))))
	}
	if n := v.rowLimits.Layers; len(s.Layers) > n {
		*v.abridged = append(*v.abridged, fmt.Sprintf("thresholds and sensitivity are those of the first %s of %s layers", whole(n), whole(len(s.Layers))))
	}
	s = s.abridge(v.rowLimits)
	x.Blocks = append(x.Blocks, s.frontBlock(), s.historyBlock())
	for _, b := range []block{s.curvesBlock("weights", "tau_w", func(l *SearchLayer) []float64 { return l.CurveW }),
		s.curvesBlock("activations", "tau_a", func(l *SearchLayer) []float64 { return l.CurveA })} {
		if b.Chart != nil {
			x.Blocks = append(x.Blocks, b)
		}
	}
	if s.shownTrial() != nil {
		x.Blocks = append(x.Blocks, s.thresholdsBlock())
	}
	return x
}

// given tells whether an artefact was given.
func (v *view) given(file string) bool {
	return slices.ContainsFunc(v.Sources, func(s Source) bool { return s.File == file && s.Given() })
}

// abridge is the study with the trials and layers that a page shows: the front and the latest trials, the first layers.
func (s *Search) abridge(lim rowLimits) *Search {
	c := *s
	c.Study, c.Sampler = short(s.Study, maxName), short(s.Sampler, maxName)
	c.Layers = slices.Clone(s.Layers[:min(len(s.Layers), lim.Layers)])
	for i := range c.Layers {
		c.Layers[i].Name = short(c.Layers[i].Name, maxName)
	}
	if len(s.Trials) <= lim.Trials {
		return &c
	}
	list := make([]*SearchTrial, len(s.Trials))
	for i := range s.Trials {
		list[i] = &s.Trials[i]
	}
	c.Trials = nil
	for _, t := range most(list, lim.Trials, func(t *SearchTrial) float64 {
		if t.Number == s.Best || s.Used != nil && t.Number == *s.Used {
			return math.Inf(1)
		}
		if slices.Contains(s.Front, t.Number) {
			return 1e12
		}
		return float64(t.Number)
	}) {
		c.Trials = append(c.Trials, *t)
	}
	c.Front = slices.DeleteFunc(slices.Clone(s.Front), func(k int) bool { return c.trial(k) == nil })
	return &c
}

// dspLevels is the number of colours of DSPs.
const dspLevels = 5

// dspColours gives the colour of a number of DSPs, with a legend, over the complete trials.
func (s *Search) dspColours() (func(dsp int) string, []legend) {
	low, high := math.MaxInt, 0
	for i := range s.Trials {
		if t := &s.Trials[i]; t.complete() {
			low, high = min(low, t.DSP), max(high, t.DSP)
		}
	}
	if low > high {
		return func(int) string { return "level u0" }, nil
	}
	wide := (high-low)/dspLevels + 1
	var key []legend
	for i := range dspLevels {
		if from := low + i*wide; from <= high {
			key = append(key, legend{fmt.Sprintf("level u%d", i), fmt.Sprintf("%s to %s DSPs", whole(from), whole(min(high, from+wide-1)))})
		}
	}
	return func(dsp int) string { return fmt.Sprintf("level u%d", min(max((dsp-low)/wide, 0), dspLevels-1)) }, key
}

// title is all that a picture says of a trial.
func (t *SearchTrial) title() string {
	s := fmt.Sprintf("trial %d: %s images/s, %s DSPs, %s \u00b1 %s points lost, divergence %.4f", t.Number, rateText(t.ImagesPerSecond), whole(t.DSP), signed(100*t.Lost, 2), decimals(100*t.LostHalf, 2), t.Divergence)
	if t.TestLost != nil {
		s += fmt.Sprintf(", %s \u00b1 %s on test images", signed(100**t.TestLost, 2), decimals(100*deref(t.TestLostHalf), 2))
	}
	return s
}

// frontBlock draws rate against accuracy, with the table of the front.
func (s *Search) frontBlock() block {
	colour, key := s.dspColours()
	b := block{Heading: "Rate against accuracy", Legend: key,
		Intro: fmt.Sprintf("Every point is a trial that fits, on %s; colours are DSPs. Large points are the front: no other trial is at least as good in divergence, rate and DSPs at once. Lines are 95 %% intervals of the points lost against the unpruned network, paired on the same images.", count(s.Images, "calibration image"))}
	c := &chart{ID: "front", Title: "Rate against right answers lost", XTitle: "images/s (estimated)", YTitle: "points lost"}
	low, high, least, most := math.Inf(1), math.Inf(-1), 0.0, 100*s.Loss
	for i := range s.Trials {
		if t := &s.Trials[i]; t.complete() {
			low, high = min(low, t.ImagesPerSecond), max(high, t.ImagesPerSecond)
			half := 0.0
			if slices.Contains(s.Front, t.Number) {
				half = t.LostHalf
			}
			least, most = min(least, 100*(t.Lost-half)), max(most, 100*(t.Lost+half))
		}
	}
	if low > high {
		b.Legend, b.Intro = nil, "No trial was evaluated to the end and fits."
		return b
	}
	x, xTicks := linear(low, high, chartLeft, chartRight)
	y, yTicks := linear(least, most, chartBottom, chartTop)
	c.XTicks, c.YTicks = xTicks, yTicks
	at := y.at(100 * s.Loss)
	c.Lines = append(c.Lines, chartLine{path([][2]float64{{chartLeft, at}, {chartRight, at}}), "limit", fmt.Sprintf("%s points may be lost", decimals(100*s.Loss, 2))})
	t := &table{ID: "front-trials", Caption: "Trials of the front", Cols: []column{{Title: "trial"}, {Title: "rate", Unit: "images/s", Num: true}, {Title: "DSP", Num: true},
		{Title: "points lost", Num: true}, {Title: "divergence", Num: true}, {Title: "top-1", Num: true}, {Title: "points lost, test", Num: true}}}
	var front []chartDot
	for i := range s.Trials {
		r := &s.Trials[i]
		if !r.complete() {
			continue
		}
		d := chartDot{X: x.at(r.ImagesPerSecond), Y: y.at(100 * r.Lost), R: 3.5, Class: colour(r.DSP), Title: r.title()}
		if !slices.Contains(s.Front, r.Number) {
			c.Dots = append(c.Dots, d)
			continue
		}
		d.R = 6.5
		d.Whisker = path([][2]float64{{d.X, y.at(100 * (r.Lost - r.LostHalf))}, {d.X, y.at(100 * (r.Lost + r.LostHalf))}})
		if r.Number == s.Best {
			d.Class += " marked"
			c.Labels = append(c.Labels, label{d.X + 10, d.Y - 8, fmt.Sprintf("best: trial %d", r.Number), false})
			if d.X > chartRight-90 {
				c.Labels[0].X, c.Labels[0].End = d.X-10, true
			}
		}
		front = append(front, d)
	}
	c.Dots = append(c.Dots, front...) // above the others
	for _, n := range s.Front {
		r := s.trial(n)
		if r == nil {
			continue
		}
		lost := number(r.Lost, signed(100*r.Lost, 2))
		lost.Tag = "\u00b1 " + decimals(100*r.LostHalf, 2)
		row := row{Cells: []cell{words(fmt.Sprintf("trial %d", n)), number(r.ImagesPerSecond, rateText(r.ImagesPerSecond)), integer(r.DSP), lost,
			number(r.Divergence, fmt.Sprintf("%.4f", r.Divergence)), number(r.Top1, percent(r.Top1, 2)), numberOr(r.TestLost, func(v float64) string { return signed(100*v, 2) })}}
		if r.TestLost != nil {
			row.Cells[6].Tag = "\u00b1 " + decimals(100*deref(r.TestLostHalf), 2)
		}
		if n == s.Best {
			row.Class = "marked"
		}
		t.Rows = append(t.Rows, row)
	}
	c.Text = fmt.Sprintf("%s, %s of them in the front. The table below has the front.", count(len(c.Dots), "trial"), whole(len(s.Front)))
	b.Chart, b.Table = c, t
	if s.TestImages > 0 {
		b.After = fmt.Sprintf("Trials of the front that may be within the loss were run on %s as well; they decide which trial is the best.", count(s.TestImages, "test image"))
	}
	return b
}

// historyBlock draws the rate of trials by number, and the best so far.
func (s *Search) historyBlock() block {
	b := block{Heading: "History", Intro: fmt.Sprintf("Points are trials, in the colours above; the line is the best so far that loses at most %s points of the right answers on the calibration images.", decimals(100*s.Loss, 2))}
	low, high := math.Inf(1), math.Inf(-1)
	for i := range s.Trials {
		if t := &s.Trials[i]; t.complete() {
			low, high = min(low, t.ImagesPerSecond), max(high, t.ImagesPerSecond)
		}
	}
	if low > high {
		return block{}
	}
	colour, _ := s.dspColours()
	c := &chart{ID: "history", Title: "The best trial so far", XTitle: "trial", YTitle: "images/s"}
	x, xTicks := linear(0, float64(max(1, s.Trials[len(s.Trials)-1].Number)), chartLeft, chartRight)
	y, yTicks := linear(low, high, chartBottom, chartTop)
	c.XTicks, c.YTicks = xTicks, yTicks
	var line [][2]float64
	changes := 0
	for i := range s.Trials {
		t := &s.Trials[i]
		if best := s.trial(t.BestSoFar); best != nil {
			at := y.at(best.ImagesPerSecond)
			if n := len(line); n > 0 && line[n-1][1] != at {
				line = append(line, [2]float64{x.at(float64(t.Number)), line[n-1][1]})
			}
			if i == 0 || s.Trials[i-1].BestSoFar != t.BestSoFar {
				changes++
			}
			line = append(line, [2]float64{x.at(float64(t.Number)), at})
		}
		if t.complete() {
			d := chartDot{X: x.at(float64(t.Number)), Y: y.at(t.ImagesPerSecond), R: 3.5, Class: colour(t.DSP), Title: t.title()}
			if slices.Contains(s.Front, t.Number) {
				d.R = 5.5
			}
			c.Dots = append(c.Dots, d)
		}
	}
	if len(line) > 0 {
		c.Lines = append(c.Lines, chartLine{path(line), "best", "the best so far"})
	}
	c.Text = fmt.Sprintf("%s; the best changed %s.", count(len(c.Dots), "trial"), count(changes, "time"))
	b.Chart = c
	return b
}

// named is how many curves of a picture have a name and a colour.
const named = 5

// curvesBlock draws the sensitivity curves of weights or of activations; a block without a chart if there are none.
func (s *Search) curvesBlock(of, tau string, curve func(*SearchLayer) []float64) block {
	const least = 1e-6 // smaller divergences are noise
	b := block{Heading: "Sensitivity to thresholds of " + of,
		Intro: fmt.Sprintf("Divergence of the class probabilities if this threshold alone is set, on %s. The layers of the steepest curves are named; the others are grey.", count(s.Probed, "image"))}
	var list []*SearchLayer
	high := least
	for i := range s.Layers {
		if v := curve(&s.Layers[i]); len(v) > 0 && len(v) == len(s.Levels) {
			list = append(list, &s.Layers[i])
			high = max(high, slices.Max(v))
		}
	}
	if len(list) == 0 {
		return b
	}
	low := high
	for _, l := range list {
		low = min(low, max(least, slices.Min(curve(l))))
	}
	c := &chart{ID: "curves-" + of, Title: b.Heading, XTitle: tau + " as a share of its largest value", YTitle: "divergence"}
	x, xTicks := linear(0, 1, chartLeft, chartRight)
	y, yTicks := powers(low, high, chartBottom, chartTop)
	c.XTicks, c.YTicks = xTicks, yTicks
	order := slices.Clone(list)
	last := len(s.Levels) - 1
	slices.SortStableFunc(order, func(a, b *SearchLayer) int {
		switch x, y := curve(a)[last], curve(b)[last]; {
		case x > y:
			return -1
		case x < y:
			return 1
		}
		return 0
	})
	for k, l := range slices.Backward(order) { // the named ones above the others
		var points [][2]float64
		var values []string
		for i, d := range curve(l) {
			points = append(points, [2]float64{x.at(s.Levels[i]), y.at(max(d, least))})
			values = append(values, fmt.Sprintf("%s at %s", scientific(d), percent(s.Levels[i], 0)))
		}
		class := "curve other"
		if k < named {
			class = fmt.Sprintf("curve c%d", k)
		}
		c.Lines = append(c.Lines, chartLine{path(points), class, short(l.Name, maxName) + ": " + strings.Join(values, ", ")})
	}
	for k, l := range order[:min(named, len(order))] {
		b.Legend = append(b.Legend, legend{fmt.Sprintf("curve-key c%d", k), short(l.Name, maxName)})
	}
	c.Text = fmt.Sprintf("%s. The steepest is that of %s.", count(len(list), "curve"), short(order[0].Name, maxName))
	b.Chart = c
	return b
}

// thresholdsBlock is the table of thresholds.
func (s *Search) thresholdsBlock() block {
	b := block{Heading: fmt.Sprintf("Thresholds of trial %d", *s.shownTrial()), Intro: "Bars are shares of the largest threshold that the study tries. Divergences are those of the threshold alone at the last value probed.",
		Legend: []legend{{"busy", "of weights"}, {"second", "of activations"}}}
	t := &table{ID: "thresholds", Caption: "Thresholds by layer", Cols: []column{{Title: "layer"}, {Title: "tau_w", Num: true}, {Title: "of weights", Bar: true}, {Title: "divergence alone", Num: true},
		{Title: "tau_a", Num: true}, {Title: "of activations", Bar: true}, {Title: "divergence alone", Num: true}}}
	last := func(v []float64) cell {
		if len(v) == 0 {
			return none
		}
		return number(v[len(v)-1], scientific(v[len(v)-1]))
	}
	for i := range s.Layers {
		l := &s.Layers[i]
		t.Rows = append(t.Rows, row{Cells: []cell{words(l.Name), number(l.TauW, scientific(l.TauW)), {Bar: &bar{Parts: scale(l.MaxW, []float64{l.TauW}, []string{"busy"})}}, last(l.CurveW),
			number(l.TauA, scientific(l.TauA)), {Bar: &bar{Parts: scale(l.MaxA, []float64{l.TauA}, []string{"second"})}}, last(l.CurveA)}})
	}
	b.Table = t
	return b
}
