package passes

import (
	"hass/frontend/ops"
	"hass/internal/graph"
)

// lowerPool turns MaxPool, AveragePool, the global pools and ReduceMean and
// ReduceMax over all spatial dimensions into pool and global pool.
func lowerPool(r *rewriter) error {
	return r.Each(func(n *graph.Node, a *ops.Attrs) error {
		x := r.Shape(ops.In(n, 0))
		var op graph.Op
		switch a.Op.Type {
		case "MaxPool", "AveragePool":
			p, err := ops.PoolOf(a, x)
			if err != nil {
				return err
			}
			if op, err = ops.SettleRounding(p, ops.Planar(x)); err != nil {
				return err
			}
		case "GlobalAveragePool", "GlobalMaxPool":
			if len(x) != 3 && len(x) != 4 {
				return ops.Refuse("only images and one-dimensional signals are supported", "its input is %v", x)
			}
			op = graph.GlobalPool{Max: a.Op.Type == "GlobalMaxPool"}
		default:
			axes, _, err := r.Reduction(n, a, x)
			if err != nil {
				return err
			}
			if len(x) != 3 && len(x) != 4 || x[0] != 1 || axes[0] || axes[1] || !axes[2] || len(x) == 4 && !axes[3] {
				return nil // lower-reduce handles it
			}
			op = graph.GlobalPool{Max: a.Op.Type == "ReduceMax"}
		}
		if err := a.Done(); err != nil {
			return err
		}
		out, err := graph.Infer(op, []graph.Shape{ops.Planar(x)})
		if err != nil {
			return err
		}
		n.Op = op
		r.SetInputs(n, n.Inputs[0])
		r.ReshapeBefore(n, 0, ops.Planar(x))
		r.ReshapeAfter(n, out[0])
		return nil
	}, "MaxPool", "AveragePool", "GlobalAveragePool", "GlobalMaxPool", "ReduceMean", "ReduceMax")
}
