package frontend

import (
	"slices"

	"hass/internal/graph"
)

// lowerReshape turns operators that rename the layout without moving data into
// reshape. A Transpose counts if the dimensions that are not 1 keep their order.
func lowerReshape(r *rewriter) error {
	return r.each(func(n *graph.Node, a *attrs) error {
		to := r.shape(n.Outputs[0])
		switch a.op.Type {
		case "Flatten":
			a.ignore("axis")
		case "Reshape":
			a.ignore("allowzero")
		case "Squeeze", "Unsqueeze":
			a.ignore("axes")
		case "Transpose":
			x := r.shape(n.Inputs[0])
			perm, err := permOf(a, len(x))
			if err != nil {
				return err
			}
			moved := slices.DeleteFunc(slices.Clone(perm), func(i int) bool { return x[i] == 1 })
			if !slices.IsSorted(moved) {
				return nil // a fully connected layer may absorb it
			}
		}
		if err := a.done(); err != nil {
			return err
		}
		n.Op = graph.Reshape{To: slices.Clone(to)}
		r.setInputs(n, n.Inputs[0])
		return nil
	}, "Flatten", "Reshape", "Squeeze", "Unsqueeze", "Transpose")
}
