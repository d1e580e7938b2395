package passes

import (
	"hass/frontend/ops"
	"hass/internal/graph"
)

// replaceConv puts op, a convolution or a transposed one, in the place of an ONNX node with weights w and a bias that may be absent.
// Over signals [1,C,L] it becomes one over images of height 1.
func replaceConv(r *rewriter, n *graph.Node, op graph.Op, w *graph.Tensor) error {
	x := r.Shape(ops.In(n, 0))
	shapes := []graph.Shape{ops.Planar(x), ops.Planar(w.Shape)}
	inputs := []string{ops.In(n, 0), ops.In(n, 1)}
	if b := ops.In(n, 2); b != "" {
		if _, err := r.Weights(n, 2, "bias"); err != nil {
			return err
		}
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
}

// planarGrid is the grid of weights [F,C,K] that get a height of 1.
func planarGrid(w *graph.Tensor) *graph.Grid {
	if w.Grid == nil || w.Grid.Axis < 2 {
		return w.Grid
	}
	g := *w.Grid
	g.Axis++
	return &g
}
