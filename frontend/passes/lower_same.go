package passes

import (
	"hass/frontend/ops"
	"hass/internal/graph"
)

// lowerSame turns the operators of which the table of package ops says what they become into that.
func lowerSame(r *rewriter) error {
	return r.each(func(n *graph.Node, a *ops.Attrs) error {
		op, inputs, err := r.Same(n, a)
		if err != nil {
			return err
		}
		if op == nil {
			r.bypass(n, n.Inputs[0])
			return nil
		}
		n.Op = op
		r.setInputs(n, inputs...)
		return nil
	}, ops.SameTypes()...)
}
