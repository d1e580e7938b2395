package passes

import (
	"slices"

	"hass/frontend/ops"
	"hass/internal/graph"
)

// dropIdentity removes operators that return their input at inference: Identity,
// Dropout, Cast between floats, Sum, Max, Min and Concat of one input, Pad by
// nothing, Expand to the same shape, Transpose that moves nothing.
func dropIdentity(r *rewriter) error {
	integers := map[string]string{} // graph inputs that are not floats: their types
	for _, v := range r.Graph.Inputs {
		if v.Type != graph.Float {
			integers[v.Name] = v.TypeName()
		}
	}
	return r.Each(func(n *graph.Node, a *ops.Attrs) error {
		x := n.Inputs[0]
		same := r.Shape(n.Outputs[0]).Equal(r.Shape(x))
		switch a.Op.Type {
		case "Dropout":
			a.Ignore("ratio", "seed", "is_test", "consumed_inputs")
			if t := r.Constant(n, 2); ops.In(n, 2) != "" && (t == nil || len(t.I) != 1 || t.I[0] != 0) {
				return ops.Refuse("export the model for inference (model.eval())", "it is in training mode")
			}
		case "Cast":
			a.Ignore("saturate", "round_mode")
			if to := a.Int("to", 0); to != 1 && to != 10 && to != 11 && to != 16 {
				return ops.Refuse("leave data in float", "a cast of data to element type %d is not supported", to)
			}
			if typ := integers[x]; typ != "" {
				return ops.Refuse("export the model with a float32 input and without this Cast; the data set's divisor, mean and std make floats of pixels",
					"it casts the %s input %q; networks here read floats", typ, x)
			}
		case "Concat":
			a.Ignore("axis")
			if len(n.Inputs) > 1 {
				return nil
			}
		case "Sum", "Max", "Min":
			if len(n.Inputs) > 1 {
				return nil
			}
		case "Pad":
			pads, err := r.PadOf(n, a, len(r.Shape(x)))
			if err != nil || !pads.None() {
				return err
			}
		case "Expand":
			if !same {
				return nil
			}
		case "Transpose":
			if perm, err := ops.PermOf(a, len(r.Shape(x))); err != nil || !slices.IsSorted(perm) {
				return err
			}
		}
		if err := a.Done(); err != nil {
			return err
		}
		r.Bypass(n, x)
		return nil
	}, "Identity", "Dropout", "Cast", "Concat", "Sum", "Max", "Min", "Pad", "Expand", "Transpose")
}
