package frontend

import (
	"fmt"
	"slices"

	"hass/internal/graph"
)

// foldConstants walks the graph once in order: a node over constants becomes a
// constant, any other one gets its shape. Both need each other, because the
// shapes of Reshape come from Shape, Gather and Concat before it.
func foldConstants(r *rewriter) error {
	r.changed = true // shapes
	for _, n := range r.nodes() {
		op, ok := n.Op.(graph.Foreign)
		if !ok || !known(op) || waitsFor(r.g, n) != "" {
			continue
		}
		if err := r.collect(n, r.modernise(n, op)); err != nil {
			return err
		}
		a := newAttrs(op)
		t, err := r.evaluate(n, a)
		if err == nil && t != nil {
			if err = a.done(); err == nil {
				if r.budget -= len(t.F) + len(t.I); r.budget < 0 {
					return fmt.Errorf("node %q (%s): constant expressions grow far beyond the model's size", n.Name, op.Type)
				}
				if err := t.Check(); err != nil {
					return fmt.Errorf("node %q (%s): %w", n.Name, op.Type, err)
				}
				out := n.Outputs[0]
				r.remove(n)
				r.g.Consts[out] = t
				continue
			}
		}
		var s graph.Shape
		if err == nil {
			s, err = r.inferForeign(n, newAttrs(op))
		}
		if err == nil && s != nil {
			var count int
			if count, err = s.Count(); err == nil && count == 0 {
				err = fmt.Errorf("its output %v is empty", s)
			}
		}
		if err := r.collect(n, err); err != nil {
			return err
		}
		if err == nil && s != nil && n.Outputs[0] != "" {
			r.g.Shapes[n.Outputs[0]] = s
		}
		if err == nil && op.Type == "Split" {
			if err := r.collect(n, r.splitShapes(n, op)); err != nil {
				return err
			}
		}
	}
	return nil
}

// splitShapes sets the shape of every output of a Split.
func (r *rewriter) splitShapes(n *graph.Node, op graph.Foreign) error {
	x := r.shape(in(n, 0))
	if x == nil {
		return nil
	}
	ax, sizes, err := r.splitOf(n, newAttrs(op), x)
	if err != nil {
		return err
	}
	for i, v := range n.Outputs {
		if v == "" {
			continue
		}
		s := slices.Clone(x)
		if s[ax] = sizes[i]; s[ax] < 1 {
			return refuse("", "its output %d is empty", i)
		}
		r.g.Shapes[v] = s
	}
	return nil
}

// foldBudget bounds the elements that folding and the other passes may make in all: a model that
// computes its constants may grow, but not without relation to its size.
func foldBudget(g *graph.Graph) int {
	total := 1 << 24
	for _, t := range g.Consts {
		total += 16 * (len(t.F) + len(t.I))
	}
	return total
}

// maxMade bounds one constant that is made from small operands.
const maxMade = 1 << 24

// evaluate computes the single output of a node over constants; nil if the node
// does not consist of constants alone.
func (r *rewriter) evaluate(n *graph.Node, a *attrs) (*graph.Tensor, error) {
	if len(n.Outputs) == 0 || n.Outputs[0] == "" || slices.ContainsFunc(n.Outputs[1:], func(o string) bool { return o != "" }) {
		return nil, nil
	}
	switch a.op.Type {
	case "Constant":
		return constantNode(a)
	case "Shape":
		s := r.shape(in(n, 0))
		if s == nil {
			return nil, nil
		}
		return shapeNode(a, s)
	case "Size":
		if s := r.shape(in(n, 0)); s != nil {
			c, err := s.Count()
			return ints(graph.Shape{}, int64(c)), err
		}
		return nil, nil
	}
	f := evaluators[a.op.Type]
	if f == nil || len(n.Inputs) == 0 {
		return nil, nil
	}
	args := make([]*graph.Tensor, len(n.Inputs))
	for i, v := range n.Inputs {
		if v == "" {
			continue
		}
		if args[i] = r.g.Consts[v]; args[i] == nil {
			return nil, nil
		}
	}
	if args[0] == nil {
		return nil, fmt.Errorf("it lacks its first input")
	}
	return f(&evaluation{r: r, n: n, a: a, args: args})
}

func constantNode(a *attrs) (*graph.Tensor, error) {
	if v, ok := a.get("value", "t"); ok {
		return v.T, nil
	}
	if a.has("value_float") {
		return &graph.Tensor{Type: graph.Float, Shape: graph.Shape{}, F: []float32{a.float("value_float", 0)}}, nil
	}
	if a.has("value_int") {
		return ints(graph.Shape{}, a.int("value_int", 0)), nil
	}
	if v, ok := a.get("value_floats", "fs"); ok {
		return &graph.Tensor{Type: graph.Float, Shape: graph.Shape{len(v.Floats)}, F: append([]float32{}, v.Floats...)}, nil
	}
	if v := a.ints("value_ints"); v != nil {
		return ints(graph.Shape{len(v)}, v...), nil
	}
	if a.bad != nil {
		return nil, a.bad
	}
	return nil, refuse("", "it holds no number that can be read")
}

// shapeNode is Shape, since opset 15 with a range of axes.
func shapeNode(a *attrs, s graph.Shape) (*graph.Tensor, error) {
	clamp := func(v int64) int {
		if v < 0 {
			v += int64(len(s))
		}
		return int(min(max(v, 0), int64(len(s))))
	}
	from, to := clamp(a.int("start", 0)), clamp(a.int("end", int64(len(s))))
	out := ints(graph.Shape{max(to-from, 0)})
	for i := from; i < to; i++ {
		out.I = append(out.I, int64(s[i]))
	}
	return out, nil
}

// ints is an integer constant.
func ints(s graph.Shape, v ...int64) *graph.Tensor {
	return &graph.Tensor{Type: graph.Int, Shape: s, I: append([]int64{}, v...)}
}
