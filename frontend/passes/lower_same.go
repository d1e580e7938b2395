package passes

import (
	"hass/frontend/ops"
	"hass/internal/graph"
)

// lowerSame turns the operators of which the table of package ops says what they become into that.
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
