package passes

import (
	"hass/frontend/ops"
	"hass/internal/graph"
)

// lowerConvtranspose turns ConvTranspose into convtranspose: padding explicit,
// weights and bias constant, one spatial dimension extended to two.
func lowerConvtranspose(r *rewriter) error {
	return r.Each(func(n *graph.Node, a *ops.Attrs) error {
		w, err := r.Weights(n, 1, "weights")
		if err != nil {
			return err
		}
		op, err := ops.ConvTransposeOf(a, r.Shape(ops.In(n, 0)), w.Shape)
		if err != nil {
			return err
		}
		return replaceConv(r, n, op, w)
	}, "ConvTranspose")
}
