package passes

import (
	"hass/frontend/ops"
	"hass/internal/graph"
)

// lowerConvtranspose turns ConvTranspose into convtranspose: padding explicit,
// weights and bias constant, one spatial dimension extended to two.
func lowerConvtranspose(r *rewriter) error {
	return r.Each(func(n *graph.Node, a *ops.Attrs) error {
		x := r.Shape(n.Inputs[0])
		w, err := r.Weights(n, 1, "weights")
		if err != nil {
			return err
		}
		op, err := ops.ConvTransposeOf(a, x, w.Shape)
		if err != nil {
			return err
		}
		inputs := []string{n.Inputs[0], n.Inputs[1]}
		shapes := []graph.Shape{ops.Planar(x), ops.Planar(w.Shape)}
		if b := ops.In(n, 2); b != "" {
			if _, err := r.Weights(n, 2, "bias"); err != nil {
				return err
			}
			inputs, shapes = append(inputs, b), append(shapes, r.Shape(b))
		}
		out, err := graph.Infer(op, shapes)
		if err != nil {
			return err
		}
		if len(x) == 3 {
			inputs[1] = r.NewConst(inputs[1], "/planar", &graph.Tensor{Type: graph.Float, Shape: ops.Planar(w.Shape), F: w.F, Grid: planarGrid(w)})
		}
		n.Op = op
		r.SetInputs(n, inputs...)
		r.ReshapeBefore(n, 0, ops.Planar(x))
		r.ReshapeAfter(n, out[0])
		return nil
	}, "ConvTranspose")
}
