package passes

import (
	"slices"

	"hass/frontend/ops"
	"hass/internal/graph"
)

// lowerConcat turns Concat into concat. Operands may be constant.
func lowerConcat(r *rewriter) error {
	return r.each(func(n *graph.Node, a *ops.Attrs) error {
		ax, err := ops.Axis(a.Int("axis", 0), len(r.Shape(n.Inputs[0])))
		if err != nil {
			return err
		}
		if err := a.Done(); err != nil {
			return err
		}
		if slices.ContainsFunc(n.Inputs, func(v string) bool { t := r.Graph.Consts[v]; return t != nil && t.Type != graph.Float }) {
			return ops.Refuse("", "it joins data with integers")
		}
		n.Op = graph.Concat{Axis: ax}
		return nil
	}, "Concat")
}
