package report

import (
	"fmt"
	"html/template"
	"math"
	"strings"

	"hass/internal/judge"
)

// page is what the template fills in.
type page struct {
	Title    string
	Subtitle string
	Verdicts []verdict
	Tiles    []tile
	Sections []section
	Abridged []string
	Tool     string

	layers map[string]bool // those whose figures are shown
}

// verdict is a mark at the top: good, bad or open.
type verdict struct {
	Class, Sign, Text string
}

// tile is a key figure.
type tile struct {
	Name  string
	Text  string
	Value string
	Unit  string
	Note  string
}

// section answers a question.
type section struct {
	ID, Title string
	Short     string // in the list of sections
	Answer    string
	Missing   []string // what cannot be said, and why
	Blocks    []block
}

// block is one of its parts.
type block struct {
	Heading string
	Intro   string
	Legend  []legend
	Graph   *graph
	Chart   *chart
	Picture template.HTML // an svg element
	List    []item
	Table   *table
	After   string
}

// legend names a colour.
type legend struct{ Class, Text string }

// OnBar tells a mark that stands out from the bar that it is on.
func (l legend) OnBar() bool { return l.Class == "mark-ideal" }

// Line tells a mark, which is a line across a bar.
func (l legend) Line() bool { return strings.HasPrefix(l.Class, "mark-") }

// item is a line of a list.
type item struct {
	Class, Sign string
	Head, Text  string
}

// The verdicts.
const (
	good = "good"
	bad  = "bad"
	open = "open"
)

var signs = map[string]string{good: "\u2713", bad: "\u2717", open: "\u25cb"}

func judged(class, text string) verdict { return verdict{class, signs[class], text} }

// rowLimits are how many rows of which kind a page has.
type rowLimits struct {
	Layers, FIFOs, Modules, Trials int
}

// pageOf is the page of one run.
func pageOf(r *Run, lim rowLimits, abridged *[]string) *page {
	p := &page{Title: short(r.Model, maxName)}
	if p.Title == "" {
		p.Title = "Run without a design"
	}
	var sub []string
	for _, s := range []string{prefixed("on ", r.Platform), r.Part, widths(r.Bits), prefixed("target ", r.Target), prefixed("engines ", r.Engines)} {
		if s != "" {
			sub = append(sub, short(s, maxName))
		}
	}
	p.Subtitle = strings.Join(sub, " \u00b7 ")
	v := &view{Run: r, rowLimits: lim, abridged: abridged, rows: map[string]string{}}
	v.chooseLayers()
	p.layers = map[string]bool{}
	for _, l := range v.shown {
		p.layers[l.ID] = true
	}
	p.Verdicts, p.Tiles = v.verdicts(), v.tiles()
	if v.studyAlone() {
		s := v.found()
		s.Missing = append(s.Missing, "Accuracy, rate, what binds and resources of a run: unknown, because only a study was given.")
		p.Sections = []section{s, v.proofs()}
		return p
	}
	p.Sections = []section{v.works(), v.speed(), v.binding(), v.hardware()}
	if v.Search != nil {
		p.Sections = append(p.Sections, v.found())
	}
	p.Sections = append(p.Sections, v.proofs())
	return p
}

// studyAlone tells whether nothing but a study is known.
func (v *view) studyAlone() bool {
	return v.Search != nil && v.Clock == nil && v.Summary == nil && v.Simulation == nil && len(v.Run.Layers) == 0
}

func prefixed(prefix, s string) string {
	if s == "" {
		return ""
	}
	return prefix + s
}

// widths says the width of values and weights.
func widths(bits string) string {
	switch bits {
	case "":
		return ""
	case "mixed":
		return "mixed widths"
	}
	return bits + " bit"
}

// view makes the parts of a page of one run.
type view struct {
	*Run
	rowLimits
	abridged *[]string
	shown    []*Layer
	rows     map[string]string // by ID of a layer: the element to link to
}

// chooseLayers takes the layers that tables show: all, or those of the most cycles.
func (v *view) chooseLayers() {
	v.shown = v.Run.Layers
	if len(v.shown) > v.rowLimits.Layers {
		v.shown = most(v.shown, v.rowLimits.Layers, func(l *Layer) float64 { return max(deref(l.Utilisation), deref(l.Estimate)*1e-12) })
		*v.abridged = append(*v.abridged, fmt.Sprintf("tables show %s of %s layers, the busiest", whole(len(v.shown)), whole(len(v.Run.Layers))))
	}
	for i, l := range v.shown {
		v.rows[l.ID] = fmt.Sprintf("layer-%d", i+1)
	}
}

func deref(p *float64) float64 {
	if p == nil {
		return 0
	}
	return *p
}

// checked are the comparisons that were made, and whether all were equal.
func (v *view) checked() (made []string, wrong []string) {
	if v.Summary == nil {
		return nil, nil
	}
	for _, c := range v.Summary.Checks {
		switch {
		case c.Images == 0:
		case c.Mismatches > 0:
			wrong = append(wrong, fmt.Sprintf("%s on %s of %s", c.What, whole(c.Mismatches), count(c.Images, "image")))
		default:
			made = append(made, fmt.Sprintf("%s on %s", c.What, count(c.Images, "image")))
		}
	}
	return made, wrong
}

func (v *view) verdicts() (list []verdict) {
	made, wrong := v.checked()
	switch {
	case len(wrong) > 0:
		list = append(list, judged(bad, "differs from the integer network: "+join(wrong)))
	case len(made) > 0:
		list = append(list, judged(good, "equal to the integer network: "+join(made)))
	default:
		list = append(list, judged(open, "no comparison was given"))
	}
	if v.Fits != nil && *v.Fits {
		list = append(list, judged(good, "fits the budget by estimate"))
	} else if v.Fits != nil {
		list = append(list, judged(bad, "does not fit the budget"))
	}
	if v.Live != nil && v.Live.Deadlock == "" {
		list = append(list, judged(good, "no deadlock, proved for all data"))
	} else if v.Live != nil {
		list = append(list, judged(bad, "can deadlock"))
	}
	return append(list, judged(open, "not placed, not on a board"))
}

func (v *view) tiles() (list []tile) {
	figure := func(name string, value float64, text, unit, note string) {
		list = append(list, tile{name, text, exact(value), unit, note})
	}
	clock := ""
	if v.Clock != nil {
		clock = "at " + v.Clock.String()
	}
	switch {
	case v.Summary != nil:
		figure("rate", v.Summary.ImagesPerSecond, rateText(v.Summary.ImagesPerSecond), "images/s", clock)
	case v.Prediction != nil && v.Prediction.ImagesPerSecond != nil:
		figure("rate, predicted", *v.Prediction.ImagesPerSecond, rateText(*v.Prediction.ImagesPerSecond), "images/s", clock)
	}
	predicted := ""
	if p := v.Prediction; p != nil {
		predicted = "predicted " + cyclesText(p.CyclesPerImage) + interval(p.CyclesCI)
		if p.Error != nil {
			predicted += ", off by " + signedPercent(*p.Error)
		}
	}
	switch {
	case v.Summary != nil:
		figure("cycles per image", v.Summary.CyclesPerImage, cyclesText(v.Summary.CyclesPerImage), "", predicted)
	case v.Simulation != nil && v.Simulation.CyclesPerImage != nil:
		figure("cycles per image", *v.Simulation.CyclesPerImage, cyclesText(*v.Simulation.CyclesPerImage), "", predicted)
	case v.Prediction != nil:
		figure("cycles per image, predicted", v.Prediction.CyclesPerImage, cyclesText(v.Prediction.CyclesPerImage), "", strings.TrimSpace(interval(v.Prediction.CyclesCI)))
	}
	if s := v.Summary; s != nil {
		figure("latency", s.LatencyMicroseconds, microseconds(s.LatencyMicroseconds), "\u00b5s", whole(int(s.LatencyCycles))+" cycles, one image alone")
		if a := s.Accuracy; a != nil && a.Integer != nil {
			text, unit := measureText(a.Measure, *a.Integer)
			float, _ := measureText(a.Measure, *a.Float)
			figure(measureName(a.Measure), *a.Integer, text, strings.TrimLeft(unit, thin), fmt.Sprintf("float %s%s; %s", float, unit, count(a.Images, "image")))
		}
	}
	if p := v.Prediction; p != nil && p.BindingResource != "" {
		for _, x := range v.Run.Resources {
			if x.Name == p.BindingResource && x.Share != nil {
				figure(x.Name+", binding", *x.Share, decimals(100**x.Share, 1), "%", fmt.Sprintf("%s of a budget of %s", whole(x.Used), whole(x.Budget)))
			}
		}
	}
	return list
}

// interval prints half an interval behind a figure; "" of none.
func interval(half *float64) string {
	if deref(half) == 0 {
		return ""
	}
	return " \u00b1 " + cyclesText(*half)
}

// rateText prints a rate: below 1000 with a digit.
func rateText(v float64) string {
	switch a := math.Abs(v); {
	case a < 10:
		return decimals(v, 2)
	case a < 1000:
		return decimals(v, 1)
	}
	return decimals(v, 0)
}

// microseconds prints a latency.
func microseconds(v float64) string {
	if v < 100 {
		return decimals(v, 2)
	}
	return decimals(v, 0)
}

// signedPercent prints a change.
func signedPercent(v float64) string { return signed(100*v, 2) + thin + "%" }

// measureName names a measure for people.
func measureName(m judge.Measure) string {
	if m == judge.Error {
		return "error (root mean square)"
	}
	return string(m)
}

// measureText prints a measure and its unit.
func measureText(m judge.Measure, v float64) (text, unit string) {
	if m == judge.Error {
		return fmt.Sprintf("%.4g", v), ""
	}
	return decimals(100*v, 2), thin + "%"
}

// has tells whether an artefact was given.
func (v *view) has(file string) bool {
	for i := range v.Sources {
		if v.Sources[i].File == file {
			return v.Sources[i].Given()
		}
	}
	return false
}

// lacking says that what would stand here needs an artefact.
func lacking(what, file string) string {
	return fmt.Sprintf("%s: unknown, because %s was not given.", what, file)
}
