package passes

import (
	"slices"

	"hass/frontend/ops"
	"hass/internal/graph"
)

// nchwInput changes an image input of shape [1,H,W,C] to [1,C,H,W], and a sequence [1,L,C] to [1,C,L], if the model (an
// export from TensorFlow or Keras) transposes it that way, at once or after a padding or normalisation. For one channel
// exporters write a Reshape instead. Every model then receives images plane by plane. A transpose back preserves the
// meaning; sink-transpose cancels it.
func nchwInput(r *rewriter) error {
	for i, v := range r.Graph.Inputs {
		rank := len(v.Shape)
		if rank != 3 && rank != 4 || v.Shape[0] != 1 || v.Type != graph.Float || r.Output[v.Name] || !r.meetsTranspose(v.Name, rank) {
			continue
		}
		planar := slices.Concat(v.Shape[:1], v.Shape[rank-1:], v.Shape[1:rank-1])
		inner := r.NewValue(v.Name + "/nhwc")
		first := r.UsersOf(v.Name)[0]
		r.Redirect(v.Name, inner)
		r.Graph.Inputs[i].Shape, r.Graph.Shapes[v.Name], r.Graph.Shapes[inner] = planar, planar, slices.Clone(v.Shape)
		r.Graph.Inputs[i].ChannelsLast = true
		r.Add(first, &graph.Node{Name: v.Name + "/nhwc", Op: transposeNode(toLast(rank)), Inputs: []string{v.Name}, Outputs: []string{inner}})
	}
	return nil
}

// toFirst and toLast are the permutations that move the channels of a tensor of the given rank from the last place to the second,
// and back.
func toFirst(rank int) []int {
	perm := []int{0, rank - 1}
	for i := 1; i < rank-1; i++ {
		perm = append(perm, i)
	}
	return perm
}

func toLast(rank int) []int {
	perm := []int{0}
	for i := 2; i < rank; i++ {
		perm = append(perm, i)
	}
	return append(perm, 1)
}

// transposeNode is an ONNX Transpose.
func transposeNode(perm []int) graph.Foreign {
	a := graph.Attr{Kind: "is"}
	for _, p := range perm {
		a.Ints = append(a.Ints, int64(p))
	}
	return graph.Foreign{Type: "Transpose", Opset: 13, Attrs: map[string]graph.Attr{"perm": a}}
}

// meetsTranspose reports whether a path from v, of the given rank, reaches a transpose that moves the channels forward,
// through at most seven operators that a transpose can pass. A Reshape that does the same to data of one channel becomes
// that transpose.
func (r *rewriter) meetsTranspose(v string, rank int) bool {
	front, seen := []string{v}, map[string]bool{v: true}
	for range 8 {
		var next []string
		for _, v := range front {
			for _, u := range r.UsersOf(v) {
				op, ok := u.Op.(graph.Foreign)
				if !ok || !ops.Known(op) {
					continue
				}
				switch out := u.Outputs[0]; {
				case op.Type == "Transpose":
					if perm, err := ops.PermOf(ops.NewAttrs(op), rank); err == nil && slices.Equal(perm, toFirst(rank)) {
						return true
					}
				case op.Type == "Reshape":
					if r.bringsForward(r.Shape(v), r.Shape(out)) {
						u.Op = transposeNode(toFirst(rank))
						r.SetInputs(u, v)
						return true
					}
				case (transposable[op.Type] || op.Type == "Pad" || r.oneScale(u, op)) && len(r.Shape(out)) == rank && !seen[out]:
					seen[out], next = true, append(next, out)
				}
			}
		}
		front = next
	}
	return false
}

// bringsForward reports whether a reshape of x to y equals the transpose that moves the channels forward, which is so for one
// channel, and changes the shape.
func (r *rewriter) bringsForward(x, y graph.Shape) bool {
	rank := len(x)
	return rank == 4 && len(y) == rank && x[rank-1] == 1 && !x.Equal(y) && y.Equal(slices.Concat(x[:1], x[rank-1:], x[1:rank-1]))
}

// oneScale reports whether a node quantises or dequantises with the same scale for all channels.
func (r *rewriter) oneScale(n *graph.Node, op graph.Foreign) bool {
	switch op.Type {
	case "QuantizeLinear", "DequantizeLinear", "Quant", "IntQuant", "BipolarQuant":
		return len(n.Inputs) > 1 && !slices.ContainsFunc(n.Inputs[1:], func(v string) bool {
			t := r.Graph.Consts[v]
			return v != "" && (t == nil || len(t.F)+len(t.I) != 1)
		})
	}
	return false
}
