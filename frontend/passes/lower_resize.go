package passes

import (
	"slices"

	"hass/frontend/ops"
	"hass/internal/graph"
)

// lowerResize turns Resize and Upsample into resize with its scale and size per
// axis known.
func lowerResize(r *rewriter) error {
	return r.each(func(n *graph.Node, a *ops.Attrs) error {
		op, err := r.ResizeOf(n, a, r.Shape(n.Inputs[0]))
		if err != nil {
			return err
		}
		if err := a.Done(); err != nil {
			return err
		}
		if _, err := graph.Infer(op, []graph.Shape{r.Shape(n.Inputs[0])}); err != nil {
			return ops.Refuse("resize with half_pixel, align_corners or asymmetric", "%v", err)
		}
		if !slices.ContainsFunc(op.Scales, func(s float64) bool { return s != 1 }) {
			r.bypass(n, n.Inputs[0])
			return nil
		}
		n.Op = op
		r.setInputs(n, n.Inputs[0])
		return nil
	}, "Resize", "Upsample")
}
