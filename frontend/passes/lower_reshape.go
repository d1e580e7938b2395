package passes

import (
	"slices"

	"hass/frontend/ops"
	"hass/internal/graph"
)

// lowerReshape turns operators that change the shape without moving data into
// reshape. These include a Transpose that keeps the order of the dimensions
// other than 1.
func lowerReshape(r *rewriter) error {
	return r.Each(func(n *graph.Node, a *ops.Attrs) error {
		to := r.Shape(n.Outputs[0])
		switch a.Op.Type {
		case "Flatten":
			a.Ignore("axis")
		case "Reshape":
			a.Ignore("allowzero")
		case "Squeeze", "Unsqueeze":
			a.Ignore("axes")
		case "Transpose":
			x := r.Shape(n.Inputs[0])
			perm, err := ops.PermOf(a, len(x))
			if err != nil {
				return err
			}
			moved := slices.DeleteFunc(slices.Clone(perm), func(i int) bool { return x[i] == 1 })
			if !slices.IsSorted(moved) {
				return nil // a fully connected layer may absorb it
			}
		}
		if err := a.Done(); err != nil {
			return err
		}
		n.Op = graph.Reshape{To: slices.Clone(to)}
		r.SetInputs(n, n.Inputs[0])
		return nil
	}, "Flatten", "Reshape", "Squeeze", "Unsqueeze", "Transpose")
}
