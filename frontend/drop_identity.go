package frontend

import (
	"slices"

	"hass/internal/graph"
)

// dropIdentity removes operators that return their input at inference: Identity,
// Dropout, Cast between floats, Sum, Max, Min and Concat of one input, Pad by
// nothing, Expand to the same shape, Transpose that moves nothing.
func dropIdentity(r *rewriter) error {
	integers := map[string]bool{} // graph inputs
	for _, v := range r.g.Inputs {
		integers[v.Name] = v.Type != graph.Float
	}
	return r.each(func(n *graph.Node, a *attrs) error {
		x := n.Inputs[0]
		same := r.shape(n.Outputs[0]).Equal(r.shape(x))
		switch a.op.Type {
		case "Dropout":
			a.ignore("ratio", "seed", "is_test", "consumed_inputs")
			if t := r.constant(n, 2); in(n, 2) != "" && (t == nil || len(t.I) != 1 || t.I[0] != 0) {
				return refuse("export the model for inference (model.eval())", "it is in training mode")
			}
		case "Cast":
			a.ignore("saturate", "round_mode")
			switch to := a.int("to", 0); {
			case to != 1 && to != 10 && to != 11 && to != 16:
				return refuse("", "a cast of data to element type %d is not supported", to)
			case integers[x]:
				return refuse("export the model with a float input", "it casts an integer input")
			}
		case "Concat":
			a.ignore("axis")
			if len(n.Inputs) > 1 {
				return nil
			}
		case "Sum", "Max", "Min":
			if len(n.Inputs) > 1 {
				return nil
			}
		case "Pad":
			pads, err := r.padOf(n, a, len(r.shape(x)))
			if err != nil || !pads.none() {
				return err
			}
		case "Expand":
			if !same {
				return nil
			}
		case "Transpose":
			if perm, err := permOf(a, len(r.shape(x))); err != nil || !slices.IsSorted(perm) {
				return err
			}
		}
		if err := a.done(); err != nil {
			return err
		}
		r.bypass(n, x)
		return nil
	}, "Identity", "Dropout", "Cast", "Concat", "Sum", "Max", "Min", "Pad", "Expand", "Transpose")
}
