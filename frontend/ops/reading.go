package ops

import (
	"fmt"

	"hass/internal/graph"
)

// Reading is a graph whose ONNX nodes are read. Their meaning depends on the shapes and constants
// known so far.
type Reading struct {
	Graph *graph.Graph
	Batch int // fixed batch size of the model's inputs, 0 if symbolic or 1
}

// Shape is the known shape of a value; nil if it is unknown or absent.
func (r *Reading) Shape(v string) graph.Shape {
	s, ok := r.Graph.ShapeOf(v)
	if ok && s == nil {
		return graph.Shape{}
	}
	return s
}

// In is input i of n, "" if absent.
func In(n *graph.Node, i int) string {
	if i < len(n.Inputs) {
		return n.Inputs[i]
	}
	return ""
}

// Constant is the constant behind input i; nil if it is absent or not constant.
func (r *Reading) Constant(n *graph.Node, i int) *graph.Tensor { return r.Graph.Consts[In(n, i)] }

// Weights is input i of n as a float constant.
func (r *Reading) Weights(n *graph.Node, i int, what string) (*graph.Tensor, error) {
	t := r.Constant(n, i)
	switch {
	case In(n, i) == "":
		return nil, fmt.Errorf("it lacks its %s", what)
	case t == nil:
		return nil, Refuse("export the model with its weights as initializers", "its %s are not constant", what)
	case t.Type != graph.Float:
		return nil, fmt.Errorf("its %s %q are %s, want floats", what, In(n, i), t.Type)
	}
	return t, nil
}

// integers is a list of integers from input i, or from an attribute in old
// opsets; nil if it is absent.
func (r *Reading) integers(n *graph.Node, a *Attrs, i int, name string) ([]int64, error) {
	if v := a.Ints(name); v != nil {
		return v, nil
	}
	if In(n, i) == "" {
		return nil, nil
	}
	t := r.Constant(n, i)
	if t == nil {
		return nil, Refuse("fold shape arithmetic when exporting", "its %s are not constant", name)
	}
	if t.Type != graph.Int {
		return nil, fmt.Errorf("its %s are %s, want integers", name, t.Type)
	}
	return t.I, nil
}

// axesOf reads axes from the attribute of old opsets or from input i; ok is
// false if they are absent.
func (r *Reading) axesOf(n *graph.Node, a *Attrs, i int) (axes []int64, ok bool, err error) {
	if v := a.Ints("axes"); v != nil {
		return v, true, nil
	}
	if In(n, i) == "" {
		return nil, false, nil
	}
	t := r.Constant(n, i)
	if t == nil {
		return nil, false, Refuse("fold shape arithmetic when exporting", "its axes are not constant")
	}
	if t.Type != graph.Int {
		return nil, false, fmt.Errorf("its axes are %s, want integers", t.Type)
	}
	return t.I, true, nil
}

// WaitsFor is an input of n whose shape is unknown, "" if there is none.
func WaitsFor(g *graph.Graph, n *graph.Node) string {
	for _, in := range n.Inputs {
		if in == "" {
			continue
		}
		if _, ok := g.ShapeOf(in); !ok {
			return in
		}
	}
	return ""
}

// Printable quotes operator names that are not plain words.
func Printable(op string) string {
	for _, c := range op {
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '.' || c == '_') {
			return fmt.Sprintf("%q", op)
		}
	}
	return op
}

// Name is the ONNX operator of a Foreign node with its domain, or the kind of
// a lowered one.
func Name(n *graph.Node) string {
	if f, ok := n.Op.(graph.Foreign); ok && f.Domain == "" {
		return f.Type
	}
	return n.Op.Kind()
}
