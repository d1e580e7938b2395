package passes

import (
	"hass/frontend/ops"
	"hass/internal/graph"
)

// lowerSame replaces operators by the graph operator that the table of package ops names as
// equivalent.
func lowerSame(r *rewriter) error {
	return r.Each(func(n *graph.Node, a *ops.Attrs) error {
		op, inputs, err := r.Same(n, a)
		if err != nil {
			return err
		}
		if op == nil {
			r.Bypass(n, n.Inputs[0])
			return nil
		}
		n.Op = op
		r.SetInputs(n, inputs...)
		return nil
	}, ops.SameTypes()...)
}
