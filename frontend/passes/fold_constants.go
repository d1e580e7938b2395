package passes

import (
	"fmt"
	"slices"

	"hass/frontend/ops"
	"hass/internal/floatexec"
	"hass/internal/graph"
)

// foldConstants walks the graph once in order: a node over constants becomes a
// constant, any other node gets its shape. One pass does both, because the
// target of a Reshape comes from Shape, Gather and Concat before it.
func foldConstants(r *rewriter) error {
	r.Changed = true // shapes
	for _, n := range r.Nodes() {
		op, ok := n.Op.(graph.Foreign)
		if !ok || ops.WaitsFor(r.Graph, n) != "" {
			continue
		}
		outer := ""
		if ops.ChannelsLast(op) {
			op, outer = r.channelsFirst(n, op)
		}
		if !ops.Known(op) {
			continue
		}
		if err := r.Collect(n, r.modernise(n, op)); err != nil {
			return err
		}
		one, err := r.topOne(n, op)
		if err := r.Collect(n, err); err != nil {
			return err
		}
		op = one
		if err != nil {
			continue
		}
		a := ops.NewAttrs(op)
		t, err := r.Evaluate(n, a)
		if err == nil && t != nil {
			if err = a.Done(); err == nil {
				if r.Budget -= len(t.F) + len(t.I); r.Budget < 0 {
					return fmt.Errorf("node %q (%s): constant expressions grow far beyond the model's size", n.Name, op.Type)
				}
				if err := t.Check(); err != nil {
					return fmt.Errorf("node %q (%s): %w", n.Name, op.Type, err)
				}
				out := n.Outputs[0]
				r.Remove(n)
				r.Graph.Consts[out] = t
				continue
			}
		}
		if err == nil {
			var t *graph.Tensor
			if t, err = r.executed(n, op); t != nil {
				if r.Budget -= len(t.F); r.Budget < 0 {
					return fmt.Errorf("node %q (%s): constant expressions grow far beyond the model's size", n.Name, op.Type)
				}
				out := n.Outputs[0]
				r.Remove(n)
				r.Graph.Consts[out] = t
				continue
			}
		}
		var s graph.Shape
		if err == nil {
			s, err = r.Infer(n, ops.NewAttrs(op))
		}
		if err == nil && s != nil {
			var count int
			if count, err = s.Count(); err == nil && count == 0 {
				err = fmt.Errorf("its output %v is empty", s)
			}
		}
		if err := r.Collect(n, err); err != nil {
			return err
		}
		if err == nil && s != nil && n.Outputs[0] != "" {
			r.Graph.Shapes[n.Outputs[0]] = s
			if outer != "" {
				last := slices.Concat(s[:1], s[2:], s[1:2])
				r.Graph.Shapes[outer] = last
			}
		}
		if err == nil && op.Type == "Split" {
			if err := r.Collect(n, r.splitShapes(n, op)); err != nil {
				return err
			}
		}
	}
	return nil
}

// splitShapes sets the shape of every output of a Split.
func (r *rewriter) splitShapes(n *graph.Node, op graph.Foreign) error {
	x := r.Shape(ops.In(n, 0))
	if x == nil {
		return nil
	}
	ax, sizes, err := r.SplitOf(n, ops.NewAttrs(op), x)
	if err != nil {
		return err
	}
	for i, v := range n.Outputs {
		if v == "" {
			continue
		}
		s := slices.Clone(x)
		if s[ax] = sizes[i]; s[ax] < 1 {
			return ops.Refuse("", "its output %d is empty", i)
		}
		r.Graph.Shapes[v] = s
	}
	return nil
}

// maxExecuted bounds the elements of a constant that is computed by the float executor.
const maxExecuted = 1 << 22

// executed computes a node over constants that package ops cannot evaluate, by running a graph of that node whose first float input is
// given at run time; nil if the node has another input or no pass lowers it.
func (r *rewriter) executed(n *graph.Node, op graph.Foreign) (*graph.Tensor, error) {
	if !ops.Lowered(op.Type) || integers[op.Type] || len(n.Inputs) == 0 || n.Outputs[0] == "" || slices.ContainsFunc(n.Outputs[1:], func(v string) bool { return v != "" }) {
		return nil, nil
	}
	g := &graph.Graph{Name: n.Name, Outputs: n.Outputs[:1], Consts: map[string]*graph.Tensor{}, Shapes: map[string]graph.Shape{}}
	var data *graph.Tensor
	var from string
	for _, v := range n.Inputs {
		switch t := r.Graph.Consts[v]; {
		case v == "":
		case t == nil || len(t.F)+len(t.I) > maxExecuted:
			return nil, nil
		case data == nil && t.Type == graph.Float:
			data, from = t, v
			g.Inputs = []graph.Value{{Name: v, Type: graph.Float, Shape: t.Shape}}
			g.Shapes[v] = t.Shape
		case v != from:
			g.Consts[v] = t
		}
	}
	if data == nil {
		return nil, nil
	}
	g.Nodes = []*graph.Node{{Name: n.Name, Op: op, Inputs: slices.Clone(n.Inputs), Outputs: n.Outputs[:1]}}
	if _, err := runAll(g, 0, ops.Refusals{}, func(string, *graph.Graph) error { return nil }); err != nil {
		return nil, err
	}
	if len(g.Nodes) > 0 && slices.ContainsFunc(g.Nodes, func(n *graph.Node) bool { _, foreign := n.Op.(graph.Foreign); return foreign }) {
		return nil, nil
	}
	if s, ok := g.ShapeOf(g.Outputs[0]); !ok || s.Elems() > maxExecuted {
		return nil, nil
	}
	e, err := floatexec.New(g)
	if err != nil {
		return nil, nil // the reason is reported where the node is lowered
	}
	y, err := e.Run([][]float32{data.F}, nil)
	if err != nil {
		return nil, err
	}
	t := &graph.Tensor{Type: graph.Float, Shape: slices.Clone(e.OutputShape(0)), F: y[0]}
	if t.Shape == nil {
		t.Shape = graph.Shape{}
	}
	return t, finite(t.F)
}

// integers are the operators whose results are integers in ONNX and floats in the executor.
var integers = map[string]bool{"ArgMax": true, "QuantizeLinear": true}

// runAll is Run. It is a variable because the table of passes contains this pass.
var runAll func(g *graph.Graph, batch int, refused ops.Refusals, after func(pass string, g *graph.Graph) error) (gone map[string]string, err error)

func init() { runAll = Run }
