package frontend

import (
	"slices"

	"hass/internal/graph"
)

// dropIdentity removes operators that return their input at inference: Identity,
// Dropout, Cast between floats, Sum, Max, Min and Concat of one input, Pad by
// nothing, Expand to the same shape, Transpose that moves nothing.
func dropIdentity(r *rewriter) error {
	integers := map[string]string{} // graph inputs that are not floats: their types
	for _, v := range r.graph.Inputs {
		if v.Type != graph.Float {
			integers[v.Name] = v.TypeName()
		}
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
			if to := a.int("to", 0); to != 1 && to != 10 && to != 11 && to != 16 {
				return refuse("leave data in float", "a cast of data to element type %d is not supported", to)
			}
			if typ := integers[x]; typ != "" {
				return refuse("export the model with a float32 input and without this Cast; the data set's divisor, mean and std make floats of pixels",
					"it casts the %s input %q; networks here read floats", typ, x)
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
