package frontend

import (
	"fmt"

	"hass/internal/graph"
)

// reading is a graph whose ONNX nodes are read: what they say depends on the shapes and constants that are known.
type reading struct {
	graph *graph.Graph
	batch int // fixed batch size of the model's inputs, 0 if symbolic or 1
}

// shape is the known shape of a value; nil if it is unknown or absent.
func (r *reading) shape(v string) graph.Shape {
	s, ok := r.graph.ShapeOf(v)
	if ok && s == nil {
		return graph.Shape{}
	}
	return s
}

// in is input i of n, "" if absent.
func in(n *graph.Node, i int) string {
	if i < len(n.Inputs) {
		return n.Inputs[i]
	}
	return ""
}

// constant is the constant behind input i; nil if it is absent or not constant.
func (r *reading) constant(n *graph.Node, i int) *graph.Tensor { return r.graph.Consts[in(n, i)] }

// weights is input i of n as a float constant.
func (r *reading) weights(n *graph.Node, i int, what string) (*graph.Tensor, error) {
	t := r.constant(n, i)
	switch {
	case in(n, i) == "":
		return nil, fmt.Errorf("it lacks its %s", what)
	case t == nil:
		return nil, refuse("export the model with its weights as initializers", "its %s are not constant", what)
	case t.Type != graph.Float:
		return nil, fmt.Errorf("its %s %q are %s, want floats", what, in(n, i), t.Type)
	}
	return t, nil
}

// integers is a list of integers from input i, or from an attribute in old
// opsets; nil if it is absent.
func (r *reading) integers(n *graph.Node, a *attrs, i int, name string) ([]int64, error) {
	if v := a.ints(name); v != nil {
		return v, nil
	}
	if in(n, i) == "" {
		return nil, nil
	}
	t := r.constant(n, i)
	if t == nil {
		return nil, refuse("fold shape arithmetic when exporting", "its %s are not constant", name)
	}
	if t.Type != graph.Int {
		return nil, fmt.Errorf("its %s are %s, want integers", name, t.Type)
	}
	return t.I, nil
}

// axesOf reads axes from the attribute of old opsets or from input i; ok is
// false if they are absent.
func (r *reading) axesOf(n *graph.Node, a *attrs, i int) (axes []int64, ok bool, err error) {
	if v := a.ints("axes"); v != nil {
		return v, true, nil
	}
	if in(n, i) == "" {
		return nil, false, nil
	}
	t := r.constant(n, i)
	if t == nil {
		return nil, false, refuse("fold shape arithmetic when exporting", "its axes are not constant")
	}
	if t.Type != graph.Int {
		return nil, false, fmt.Errorf("its axes are %s, want integers", t.Type)
	}
	return t.I, true, nil
}

// waitsFor is an input of n whose shape is unknown, "" if there is none.
func waitsFor(g *graph.Graph, n *graph.Node) string {
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

// printable quotes operator names that are not plain words.
func printable(op string) string {
	for _, c := range op {
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '.' || c == '_') {
			return fmt.Sprintf("%q", op)
		}
	}
	return op
}

// opName is the ONNX operator of a Foreign node with its domain, or the kind of
// a lowered one.
func opName(n *graph.Node) string {
	if f, ok := n.Op.(graph.Foreign); ok && f.Domain == "" {
		return f.Type
	}
	return n.Op.Kind()
}
