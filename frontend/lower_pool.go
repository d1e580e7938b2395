package frontend

import (
	"hass/internal/graph"
)

// lowerPool turns MaxPool, AveragePool, the global pools and ReduceMean and
// ReduceMax over all spatial dimensions into pool and global pool.
func lowerPool(r *rewriter) error {
	return r.each(func(n *graph.Node, a *attrs) error {
		x := r.shape(in(n, 0))
		var op graph.Op
		switch a.op.Type {
		case "MaxPool", "AveragePool":
			p, err := poolOf(a, x)
			if err != nil {
				return err
			}
			if op, err = settleRounding(p, planar(x)); err != nil {
				return err
			}
		case "GlobalAveragePool", "GlobalMaxPool":
			if len(x) != 3 && len(x) != 4 {
				return refuse("only images and one-dimensional signals are supported", "its input is %v", x)
			}
			op = graph.GlobalPool{Max: a.op.Type == "GlobalMaxPool"}
		default:
			axes, _, err := r.reduction(n, a, x)
			if err != nil {
				return err
			}
			if len(x) != 3 && len(x) != 4 || x[0] != 1 || axes[0] || axes[1] || !axes[2] || len(x) == 4 && !axes[3] {
				return nil // lower-reduce takes it
			}
			op = graph.GlobalPool{Max: a.op.Type == "ReduceMax"}
		}
		if err := a.done(); err != nil {
			return err
		}
		out, err := graph.Infer(op, []graph.Shape{planar(x)})
		if err != nil {
			return err
		}
		n.Op = op
		r.setInputs(n, n.Inputs[0])
		r.reshapeBefore(n, 0, planar(x))
		r.reshapeAfter(n, out[0])
		return nil
	}, "MaxPool", "AveragePool", "GlobalAveragePool", "GlobalMaxPool", "ReduceMean", "ReduceMax")
}
