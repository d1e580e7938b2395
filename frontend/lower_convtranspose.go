package frontend

import (
	"hass/internal/graph"
)

// lowerConvtranspose turns ConvTranspose into convtranspose: padding explicit,
// weights and bias constant, one dimension as two.
func lowerConvtranspose(r *rewriter) error {
	return r.each(func(n *graph.Node, a *attrs) error {
		x := r.shape(n.Inputs[0])
		w, err := r.weights(n, 1, "weights")
		if err != nil {
			return err
		}
		op, err := convTransposeOf(a, x, w.Shape)
		if err != nil {
			return err
		}
		inputs := []string{n.Inputs[0], n.Inputs[1]}
		shapes := []graph.Shape{planar(x), planar(w.Shape)}
		if b := in(n, 2); b != "" {
			if _, err := r.weights(n, 2, "bias"); err != nil {
				return err
			}
			inputs, shapes = append(inputs, b), append(shapes, r.shape(b))
		}
		out, err := graph.Infer(op, shapes)
		if err != nil {
			return err
		}
		if len(x) == 3 {
			inputs[1] = r.newConst(inputs[1], "/planar", &graph.Tensor{Type: graph.Float, Shape: planar(w.Shape), F: w.F, Grid: planarGrid(w)})
		}
		n.Op = op
		r.setInputs(n, inputs...)
		r.reshapeBefore(n, 0, planar(x))
		r.reshapeAfter(n, out[0])
		return nil
	}, "ConvTranspose")
}
