package passes

import (
	"fmt"
	"slices"

	"hass/frontend/ops"
	"hass/internal/graph"
)

// foldConstants walks the graph once in order: a node over constants becomes a
// constant, any other one gets its shape. Both need each other, because the
// shapes of Reshape come from Shape, Gather and Concat before it.
func foldConstants(r *rewriter) error {
	r.changed = true // shapes
	for _, n := range r.nodes() {
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
		if err := r.collect(n, r.modernise(n, op)); err != nil {
			return err
		}
		a := ops.NewAttrs(op)
		t, err := r.Evaluate(n, a)
		if err == nil && t != nil {
			if err = a.Done(); err == nil {
				if r.budget -= len(t.F) + len(t.I); r.budget < 0 {
					return fmt.Errorf("node %q (%s): constant expressions grow far beyond the model's size", n.Name, op.Type)
				}
				if err := t.Check(); err != nil {
					return fmt.Errorf("node %q (%s): %w", n.Name, op.Type, err)
				}
				out := n.Outputs[0]
				r.remove(n)
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
		if err := r.collect(n, err); err != nil {
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
			if err := r.collect(n, r.splitShapes(n, op)); err != nil {
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

// foldBudget bounds the elements that folding and the other passes may make in all: a model that
// computes its constants may grow, but not without relation to its size.
func foldBudget(g *graph.Graph) int {
	total := 1 << 24
	for _, t := range g.Consts {
		total += 16 * (len(t.F) + len(t.I))
	}
	return total
}
