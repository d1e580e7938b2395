package passes

import (
	"slices"

	"hass/frontend/ops"
	"hass/internal/graph"
)

// toNHWC and toNCHW are the permutations between the two layouts of an image.
var (
	toNHWC = []int{0, 2, 3, 1}
	toNCHW = []int{0, 3, 1, 2}
)

// nchwInput gives an image input of shape [1,H,W,C] the shape [1,C,H,W], where
// the model (an export from TensorFlow or Keras) transposes it so, at once or
// after a padding or normalisation. Images reach every model plane by plane. A
// transpose back keeps the meaning; sink-transpose cancels it.
func nchwInput(r *rewriter) error {
	for i, v := range r.Graph.Inputs {
		if len(v.Shape) != 4 || v.Shape[0] != 1 || v.Type != graph.Float || r.output[v.Name] || !r.meetsTranspose(v.Name) {
			continue
		}
		nchw := graph.Shape{1, v.Shape[3], v.Shape[1], v.Shape[2]}
		inner := r.newValue(v.Name + "/nhwc")
		first := r.usersOf(v.Name)[0]
		r.redirect(v.Name, inner)
		r.Graph.Inputs[i].Shape, r.Graph.Shapes[v.Name], r.Graph.Shapes[inner] = nchw, nchw, slices.Clone(v.Shape)
		r.Graph.Inputs[i].ChannelsLast = true
		r.add(first, &graph.Node{Name: v.Name + "/nhwc", Op: transposeNode(toNHWC), Inputs: []string{v.Name}, Outputs: []string{inner}})
	}
	return nil
}

// transposeNode is an ONNX Transpose.
func transposeNode(perm []int) graph.Foreign {
	a := graph.Attr{Kind: "is"}
	for _, p := range perm {
		a.Ints = append(a.Ints, int64(p))
	}
	return graph.Foreign{Type: "Transpose", Opset: 13, Attrs: map[string]graph.Attr{"perm": a}}
}

// meetsTranspose reports whether some path from v reaches a transpose to NCHW
// through at most seven operators that a transpose passes.
func (r *rewriter) meetsTranspose(v string) bool {
	front, seen := []string{v}, map[string]bool{v: true}
	for range 8 {
		var next []string
		for _, v := range front {
			for _, u := range r.usersOf(v) {
				op, ok := u.Op.(graph.Foreign)
				if !ok || op.Domain != "" {
					continue
				}
				if op.Type == "Transpose" {
					if perm, err := ops.PermOf(ops.NewAttrs(op), 4); err == nil && slices.Equal(perm, toNCHW) {
						return true
					}
					continue
				}
				out := u.Outputs[0]
				if (transposable[op.Type] || op.Type == "Pad") && len(r.Shape(out)) == 4 && !seen[out] {
					seen[out], next = true, append(next, out)
				}
			}
		}
		front = next
	}
	return false
}
