package passes

import (
	"slices"
	"strings"

	"hass/frontend/ops"
	"hass/internal/graph"
)

// lowerReduce turns the reductions that are not global pools into reduce.
func lowerReduce(r *rewriter) error {
	return r.Each(func(n *graph.Node, a *ops.Attrs) error {
		x := r.Shape(n.Inputs[0])
		reduced, _, err := r.Reduction(n, a, x)
		if err != nil {
			return err
		}
		if err := a.Done(); err != nil {
			return err
		}
		op := graph.Reduce{Fn: strings.ToLower(strings.TrimPrefix(a.Op.Type, "Reduce"))}
		full := slices.Clone(x)
		for i, on := range reduced {
			if on {
				op.Axes, full[i] = append(op.Axes, i), 1
			}
		}
		if len(op.Axes) == 0 {
			r.Bypass(n, n.Inputs[0])
			return nil
		}
		n.Op = op
		r.SetInputs(n, n.Inputs[0])
		r.ReshapeAfter(n, full)
		return nil
	}, "ReduceMean", "ReduceMax", "ReduceSum", "ReduceMin")
}
