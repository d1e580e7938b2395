package judge

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"hass/internal/dataset"
	"hass/internal/graph"
	"hass/internal/metrics"
)

// Measure is the measure that labels allow.
type Measure string

// The measures.
const (
	Top1      Measure = "top-1"     // share of images whose label is the top answer; top-5 too from six classes on
	Agreement Measure = "agreement" // share of elements whose label is the class chosen there
	Error     Measure = "error"     // distance from labels of the output's shape
)

// Plan is the plan for judging a model on a data set.
type Plan struct {
	Outputs []Output
	Measure Measure // against the labels; "" if none applies
	Judged  int     // index of the output that Measure applies to
	// Why is the reason, in one sentence, why that output is judged; without Measure, why the labels do not apply and which
	// would.
	Why string
}

// topFive is the number of classes from which on top-5 is useful.
const topFive = 6

// TopFive reports whether top-5 is a measure of the judged output: with five classes every answer is among the first five.
func (p *Plan) TopFive() bool { return p.Measure == Top1 && p.Outputs[p.Judged].Classes >= topFive }

// NewPlan determines the measures for the model g on a set. Labels for a named output that they do not fit, class labels
// beyond every class vector, and arrays that fit no output are errors.
func NewPlan(g *graph.Graph, set *dataset.Set) (*Plan, error) {
	outs, err := Outputs(g)
	if err != nil {
		return nil, err
	}
	p := &Plan{Outputs: outs}
	candidates := make([]int, len(outs))
	for k := range candidates {
		candidates[k] = k
	}
	if set.Output != "" {
		k := slices.IndexFunc(outs, func(o Output) bool { return o.Name == set.Output })
		if k < 0 {
			return nil, fmt.Errorf("%s: key \"output\" names %q; the model's outputs are %s", set.Path, set.Output, names(outs))
		}
		candidates = []int{k}
	}
	switch set.Labels() {
	case dataset.ClassLabels:
		err = p.classLabels(set, candidates)
	case dataset.ElementLabels:
		err = p.elementLabels(set, candidates)
	case dataset.NoLabels:
		p.Why = fmt.Sprintf("%s has no labels (key \"labels\")", set.Path)
	}
	if err != nil {
		return nil, err
	}
	if p.Measure == "" {
		if set.Output != "" && set.Labels() != dataset.NoLabels {
			return nil, fmt.Errorf("%s: key \"output\" names %q, but %s", set.Path, set.Output, p.Why)
		}
		p.Why += "; " + p.applicable(set)
		if set.Labels() == dataset.ElementLabels {
			return nil, fmt.Errorf("%s: %s", set.Path, p.Why)
		}
	}
	return p, nil
}

// classLabels plans for one class number per image.
func (p *Plan) classLabels(set *dataset.Set, candidates []int) error {
	largest, at := -1, 0
	for i := range set.Len() {
		if l := set.Label(i); l > largest {
			largest, at = l, i
		}
	}
	var vectors, fit, exact []int
	most := 0
	for _, k := range candidates {
		if o := p.Outputs[k]; o.Kind == ClassVector {
			vectors = append(vectors, k)
			if most = max(most, o.Classes); o.Classes > largest {
				fit = append(fit, k)
			}
			if set.Classes != nil && o.Classes == len(set.Classes) {
				exact = append(exact, k)
			}
		}
	}
	switch {
	case len(vectors) == 0:
		p.Why = fmt.Sprintf("top-1 does not apply: no output is one vector of class scores per image (%s)", shapes(p.Outputs))
		return nil
	case len(fit) == 0:
		return fmt.Errorf("%s: image %d has label %d, but the model has %d classes", set.Path, at, largest, most)
	}
	p.Measure, p.Judged = Top1, fit[0]
	name := fmt.Sprintf("output %q", p.Outputs[fit[0]].Name)
	switch {
	case len(p.Outputs) == 1:
		p.Why = name
	case set.Output != "":
		p.Why = name + ", which the data set names"
	case len(vectors) == 1:
		p.Why = fmt.Sprintf("%s, the only one of %d outputs that is one vector of class scores per image", name, len(p.Outputs))
	case len(exact) > 0 && len(exact) < len(vectors):
		p.Judged = exact[0]
		p.Why = fmt.Sprintf("output %q, the first of %d class vectors with as many classes as the data set names; its key \"output\" can name another", p.Outputs[exact[0]].Name, len(vectors))
	case len(fit) == 1:
		p.Why = fmt.Sprintf("%s, the only one of %d class vectors that has a class %d", name, len(vectors), largest)
	default:
		p.Why = fmt.Sprintf("%s, the first of %d class vectors that have the labels' classes; the data set's key \"output\" can name another", name, len(fit))
	}
	return nil
}

// elementLabels plans for an array per image.
func (p *Plan) elementLabels(set *dataset.Set, candidates []int) error {
	shape, integers := set.LabelShape()
	want := squeezed(shape)
	for _, m := range []Measure{Agreement, Error} {
		for _, k := range candidates {
			o := &p.Outputs[k]
			place, classes := o.places()
			switch {
			case m == Agreement && (!integers || classes == 0 || !slices.Equal(squeezed(place), want)):
				continue
			case m == Error && (o.Kind == ClassNumbers || !slices.Equal(squeezed(o.Shape), want)):
				continue
			}
			p.Measure, p.Judged = m, k
			p.Why = fmt.Sprintf("output %q %v, the first with the labels' shape", o.Name, []int(o.Shape))
			if len(p.Outputs) == 1 {
				p.Why = fmt.Sprintf("output %q", o.Name)
			}
			return nil
		}
	}
	p.Why = fmt.Sprintf("labels of shape %v per image fit no output (%s)", shape, shapes(p.Outputs))
	return nil
}

// places is the shape of an output's places and the number of classes that each place chooses from: an ArgMax's result, with
// any number of classes, or scores along the second axis of a map. It is nil and 0 for other outputs.
func (o *Output) places() (graph.Shape, int) {
	switch {
	case o.Kind == ClassNumbers:
		return o.Shape, math.MaxInt
	case o.Kind == Plain && len(o.Shape) > 2 && o.Shape[0] == 1 && o.Shape[1] > 1:
		return o.Shape[2:], o.Shape[1]
	}
	return nil, 0
}

// applicable says which measures apply without those of the labels given.
func (p *Plan) applicable(set *dataset.Set) string {
	n := set.Len()
	var forms []string
	for k := range p.Outputs {
		o := &p.Outputs[k]
		switch place, classes := o.places(); {
		case o.Kind == ClassVector:
			forms = append(forms, fmt.Sprintf("top-1 of %q with labels (%d,)", o.Name, n))
		case classes > 0:
			forms = append(forms, fmt.Sprintf("the share of agreeing classes in %q with integer labels %s", o.Name, labelShape(n, place)))
			fallthrough
		default:
			if o.Kind != ClassNumbers {
				forms = append(forms, fmt.Sprintf("the error of %q with labels %s", o.Name, labelShape(n, o.Shape)))
			}
		}
		if len(forms) >= 4 {
			break
		}
	}
	return "what applies: " + strings.Join(forms, ", ") + "; and always, against the float network, signal to noise and agreement of every output (eval --profile)"
}

// labelShape is the shape of labels for n images of an output's shape without its batch.
func labelShape(n int, s graph.Shape) string {
	if len(s) > 0 && s[0] == 1 {
		s = s[1:]
	}
	var b strings.Builder
	fmt.Fprintf(&b, "(%d", n)
	for _, d := range s {
		fmt.Fprintf(&b, ", %d", d)
	}
	return b.String() + ")"
}

// squeezed is a shape without its ones.
func squeezed(s []int) []int {
	r := []int{}
	for _, d := range s {
		if d != 1 {
			r = append(r, d)
		}
	}
	return r
}

// fewOutputs bounds the outputs that a message names.
const fewOutputs = 6

func names(outs []Output) string {
	var s []string
	for _, o := range outs[:min(len(outs), fewOutputs)] {
		s = append(s, fmt.Sprintf("%q", o.Name))
	}
	return more(s, len(outs))
}

func shapes(outs []Output) string {
	var s []string
	for _, o := range outs[:min(len(outs), fewOutputs)] {
		s = append(s, fmt.Sprintf("%q is %v", o.Name, []int(o.Shape)))
	}
	return more(s, len(outs))
}

func more(s []string, n int) string {
	text := strings.Join(s, ", ")
	if n > len(s) {
		text += fmt.Sprintf(" and %d more", n-len(s))
	}
	return text
}

// Score is what labels say about a network. The zero value is ready.
type Score struct {
	Accuracy metrics.Accuracy // of Top1
	Images   int
	Right    []bool // of Top1: by image, whether its label is the first answer

	elements, equal int64
	abs, square     float64
}

// Add takes image i in.
func (p *Plan) Add(s *Score, set *dataset.Set, i int, o *Outcome) error {
	s.Images++
	k := p.Judged
	switch p.Measure {
	case Top1:
		rank := metrics.Rank(o.Scores[k], set.Label(i))
		s.Accuracy.Add(rank)
		s.Right = append(s.Right, rank == 0)
		return nil
	case Agreement, Error:
	default:
		return fmt.Errorf("no labels can be judged: %s", p.Why)
	}
	labels, err := set.Elements(i)
	if err != nil {
		return err
	}
	v := o.Outputs[k]
	if p.Measure == Agreement {
		if _, classes := p.Outputs[k].places(); p.Outputs[k].Kind == Plain {
			for e, l := range labels {
				if l < 0 || l >= float64(classes) {
					return fmt.Errorf("%s: image %d has label %g at element %d, but %q has %d classes", set.Path, i, l, e, p.Outputs[k].Name, classes)
				}
			}
			v = chosen(v, classes)
		}
	}
	if len(v) != len(labels) {
		return fmt.Errorf("%s: image %d has %d labels, output %q %d elements", set.Path, i, len(labels), p.Outputs[k].Name, len(v))
	}
	s.elements += int64(len(v))
	for e, x := range v {
		d := float64(x) - labels[e]
		if d == 0 {
			s.equal++
		}
		s.abs += math.Abs(d)
		s.square += float64(d * d)
	}
	return nil
}

// chosen is the class of the largest score at every place of a map of shape [1,classes,...].
func chosen(v []float32, classes int) []float32 {
	n := len(v) / classes
	best := make([]float32, n)
	for e := range best {
		top := 0
		for c := 1; c < classes; c++ {
			if v[c*n+e] > v[top*n+e] {
				top = c
			}
		}
		best[e] = float32(top)
	}
	return best
}

// Agreement is the share of elements whose label is the class chosen there; 0 of none.
func (s *Score) Agreement() float64 { return per(float64(s.equal), s.elements) }

// MeanError is the mean of |output - label| over all elements.
func (s *Score) MeanError() float64 { return per(s.abs, s.elements) }

// RMSError is the root of the mean of (output - label)^2 over all elements.
func (s *Score) RMSError() float64 { return math.Sqrt(per(s.square, s.elements)) }

func per(v float64, n int64) float64 {
	if n == 0 {
		return 0
	}
	return v / float64(n)
}
