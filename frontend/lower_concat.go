package frontend

import (
	"slices"

	"hass/internal/graph"
)

// lowerConcat turns Concat into concat. Operands may be constant.
func lowerConcat(r *rewriter) error {
	return r.each(func(n *graph.Node, a *attrs) error {
		ax, err := axis(a.int("axis", 0), len(r.shape(n.Inputs[0])))
		if err != nil {
			return err
		}
		if err := a.done(); err != nil {
			return err
		}
		if slices.ContainsFunc(n.Inputs, func(v string) bool { t := r.graph.Consts[v]; return t != nil && t.Type != graph.Float }) {
			return refuse("", "it joins data with integers")
		}
		n.Op = graph.Concat{Axis: ax}
		return nil
	}, "Concat")
}
