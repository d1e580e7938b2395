package passes

import (
	"fmt"
	"slices"

	"hass/frontend/ops"
	"hass/internal/graph"
)

// modernise rewrites a node of opset 6 in the form of opset 7. In opset 6
// operators broadcast their second operand only if an attribute says so, with
// its dimensions aligned from a given axis of the first; from opset 7 on they
// are aligned at the last dimension. The slope of a PRelu is aligned at axis 1
// in opset 6.
func (r *rewriter) modernise(n *graph.Node, op graph.Foreign) error {
	if op.Opset >= 7 {
		return nil
	}
	x, s := r.Shape(ops.In(n, 0)), r.Shape(ops.In(n, 1))
	if x == nil || s == nil {
		return nil
	}
	ax, moved := len(x)-len(s), false
	switch op.Type {
	case "Add", "Sub", "Mul", "Div":
		a := ops.NewAttrs(op)
		on := a.Int("broadcast", 0) != 0
		if !on && !x.Equal(s) {
			return fmt.Errorf("shapes %v and %v differ, and it does not ask for broadcasting", x, s)
		}
		if a.Has("axis") {
			var err error
			if ax, err = ops.Axis(a.Int("axis", 0), len(x)); err != nil {
				return err
			}
			moved = on && len(s) > 0
		}
		if a.Bad != nil {
			return a.Bad
		}
		delete(op.Attrs, "axis")
	case "PRelu":
		ax, moved = 1, len(s) == 1 && s[0] != 1 && len(x) > 2
	case "Gemm":
	default:
		return nil
	}
	delete(op.Attrs, "broadcast")
	if !moved || ax+len(s) == len(x) {
		return nil
	}
	if ax+len(s) > len(x) {
		return fmt.Errorf("%v does not fit %v from axis %d on", s, x, ax)
	}
	wide := slices.Clone(s)
	for len(wide) < len(x)-ax {
		wide = append(wide, 1)
	}
	if c := r.Constant(n, 1); c != nil {
		t := *c
		t.Shape, t.Grid = wide, nil
		r.SetInputs(n, append([]string{n.Inputs[0], r.NewConst(n.Inputs[1], "/wide", &t)}, n.Inputs[2:]...)...)
		return nil
	}
	r.ReshapeBefore(n, 1, wide)
	return nil
}
