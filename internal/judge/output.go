package judge

import (
	"cmp"
	"fmt"
	"slices"

	"hass/internal/floatexec"
	"hass/internal/graph"
	"hass/internal/hosttail"
	"hass/internal/intnet"
)

// Kind is the kind of an output's contents.
type Kind string

// The kinds of output.
const (
	ClassVector  Kind = "class vector"  // one vector of scores per image, of more than one class
	ClassNumbers Kind = "class numbers" // class numbers chosen by an ArgMax, one for each place
	Plain        Kind = "values"        // anything else: maps, boxes, one number
)

// Output is one output of a model.
type Output struct {
	Name    string
	Shape   graph.Shape // in the model
	Kind    Kind
	Classes int // of a ClassVector
	// scores is the value of the graph by which a ClassVector's classes are ranked: the input of the Softmax or ArgMax over
	// the classes at the end, which keep the order; "" if it is the output itself.
	scores string
}

// Ranked is the value of the graph by which a ClassVector's classes are ranked.
func (o *Output) Ranked() string { return cmp.Or(o.scores, o.Name) }

// Outputs classifies all outputs of a graph, in its order.
func Outputs(g *graph.Graph) ([]Output, error) {
	made := make(map[string]*graph.Node)
	for _, n := range g.Nodes {
		made[n.Outputs[0]] = n
	}
	var outs []Output
	for _, name := range g.Outputs {
		shape, ok := g.ShapeOf(name)
		if !ok {
			return nil, fmt.Errorf("the shape of output %q is not known", name)
		}
		outs = append(outs, look(g, made, name, shape))
	}
	return outs, nil
}

func look(g *graph.Graph, made map[string]*graph.Node, name string, shape graph.Shape) Output {
	o := Output{Name: name, Shape: shape, Kind: Plain}
	at, chosen := name, false
	for n := made[at]; n != nil && keepsOrder(g, n); n = made[at] {
		at, chosen = n.Inputs[0], chosen || argmax(n)
	}
	if n := made[at]; n != nil && isHost(n) {
		at, chosen = name, false // its effect on the order is not known
	}
	if s, ok := g.ShapeOf(at); ok && classes(s) > 1 {
		o.Kind, o.Classes = ClassVector, classes(s)
		if at != name {
			o.scores = at
		}
		return o
	}
	// Class numbers of a map, possibly reshaped.
	for n := made[name]; n != nil; n = made[n.Inputs[0]] {
		if argmax(n) {
			o.Kind = ClassNumbers
		}
		if _, ok := n.Op.(graph.Reshape); !ok {
			break
		}
	}
	return o
}

// classes is the number of classes if a value of the shape is one vector per image: the only dimension that is not 1. It is 0
// otherwise.
func classes(s graph.Shape) int {
	n := 0
	for _, d := range s {
		switch {
		case d == 1:
		case n == 0:
			n = d
		default:
			return 0
		}
	}
	return n
}

// keepsOrder reports whether a node turns a vector of scores into another with the same order of classes, or into its top
// class, or only reshapes one of these.
func keepsOrder(g *graph.Graph, n *graph.Node) bool {
	in, ok := g.ShapeOf(n.Inputs[0])
	if !ok {
		return false
	}
	switch op := n.Op.(type) {
	case graph.Reshape:
		return classes(in) > 1 || in.Elems() == 1
	case graph.Host:
		return classes(in) > 1 && in[op.Axis] == classes(in)
	}
	return false
}

func isHost(n *graph.Node) bool {
	_, ok := n.Op.(graph.Host)
	return ok
}

func argmax(n *graph.Node) bool {
	h, ok := n.Op.(graph.Host)
	return ok && (h.Fn == "argmax" || h.Fn == "lastargmax")
}

// Outcome is the result of a network for one image: its outputs and, for class vectors, the scores.
type Outcome struct {
	Outputs [][]float32
	Scores  [][]float32 // nil if the output is not a class vector
}

// Float is a float network whose outputs are judged. It may be used concurrently.
type Float struct {
	exec *floatexec.Exec
	outs []Output
	at   []int // by output: index of the executor's output with the scores
}

// NewFloat prepares the float network of g, whose outputs are outs.
func NewFloat(g *graph.Graph, outs []Output) (*Float, error) {
	f := &Float{outs: outs, at: make([]int, len(outs))}
	more := *g
	more.Outputs = slices.Clone(g.Outputs)
	for k, o := range outs {
		if f.at[k] = slices.Index(more.Outputs, o.Ranked()); f.at[k] < 0 {
			f.at[k] = len(more.Outputs)
			more.Outputs = append(more.Outputs, o.scores)
		}
	}
	var err error
	f.exec, err = floatexec.New(&more)
	return f, err
}

// Run evaluates one image, NCHW. observe may be nil.
func (f *Float) Run(image []float32, observe floatexec.Observe) (*Outcome, error) {
	v, err := f.exec.Run([][]float32{image}, observe)
	if err != nil {
		return nil, err
	}
	o := &Outcome{Outputs: v[:len(f.outs)], Scores: make([][]float32, len(f.outs))}
	for k := range f.outs {
		if f.outs[k].Kind == ClassVector {
			o.Scores[k] = v[f.at[k]]
		}
	}
	return o, nil
}

// Integer gives the outcome of an integer network, whose model has the outputs outs, from the results of intnet's
// Exec.Run. Integers of up to 16 bits are exact in float32, so ties stay ties.
func Integer(host *hosttail.Host, net *intnet.Net, outs []Output, values [][]int32) (*Outcome, error) {
	results, err := host.Results(values)
	if err != nil {
		return nil, err
	}
	if len(results) != len(outs) {
		return nil, fmt.Errorf("the integer network has %d results, the model %d outputs", len(results), len(outs))
	}
	o := &Outcome{Scores: make([][]float32, len(outs))}
	for k, r := range results {
		o.Outputs = append(o.Outputs, r.Data)
		switch {
		case outs[k].Kind != ClassVector:
		case outs[k].scores == "":
			o.Scores[k] = r.Data
		case net.Results[k].Tensor == intnet.FromTail:
			o.Scores[k] = fromTail(&outs[k], r.Data)
		default:
			t := net.Results[k].Tensor
			o.Scores[k] = net.Dequantize(t, values[slices.Index(net.Outputs, t)])
		}
	}
	return o, nil
}

// fromTail are the scores of a class vector that the host's tail computes: a Softmax keeps the order of the scores, and for an ArgMax
// only the class is known.
func fromTail(o *Output, data []float32) []float32 {
	if len(data) != 1 {
		return data
	}
	scores := make([]float32, o.Classes)
	if c := int(data[0]); c >= 0 && c < len(scores) {
		scores[c] = 1
	}
	return scores
}
