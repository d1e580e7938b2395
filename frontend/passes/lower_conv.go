package passes

import (
	"hass/frontend/ops"
	"hass/internal/graph"
)

// lowerConv turns Conv into conv: padding explicit, weights and bias constant.
// A convolution over signals [1,C,L] becomes one over images of height 1.
func lowerConv(r *rewriter) error {
	return r.Each(func(n *graph.Node, a *ops.Attrs) error {
		w, err := r.Weights(n, 1, "weights")
		if err != nil {
			return err
		}
		op, err := ops.ConvOf(a, r.Shape(ops.In(n, 0)), w.Shape)
		if err != nil {
			return err
		}
		return replaceConv(r, n, op, w)
	}, "Conv")
}
