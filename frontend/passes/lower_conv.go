package passes

import (
	"hass/frontend/ops"
	"hass/internal/graph"
)

// planarGrid is the grid of weights [F,C,K] that get a height of 1.
func planarGrid(w *graph.Tensor) *graph.Grid {
	if w.Grid == nil || w.Grid.Axis < 2 {
		return w.Grid
	}
	g := *w.Grid
	g.Axis++
	return &g
}

// lowerConv turns Conv into conv: padding explicit, weights and bias constant.
// A convolution over signals [1,C,L] becomes one over images of height 1.
func lowerConv(r *rewriter) error {
	return r.Each(func(n *graph.Node, a *ops.Attrs) error {
		x := r.Shape(ops.In(n, 0))
		w, err := r.Weights(n, 1, "weights")
		if err != nil {
			return err
		}
		if ops.In(n, 2) != "" {
			if _, err := r.Weights(n, 2, "bias"); err != nil {
				return err
			}
		}
		op, err := ops.ConvOf(a, x, w.Shape)
		if err != nil {
			return err
		}
		shapes := []graph.Shape{ops.Planar(x), ops.Planar(w.Shape)}
		inputs := []string{ops.In(n, 0), ops.In(n, 1)}
		if b := ops.In(n, 2); b != "" {
			shapes, inputs = append(shapes, r.Shape(b)), append(inputs, b)
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
	}, "Conv")
}
