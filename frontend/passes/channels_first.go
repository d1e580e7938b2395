package passes

import (
	"maps"
	"slices"

	"hass/frontend/ops"
	"hass/internal/graph"
)

// channelsFirst replaces a QONNX operator over a map with its channels last by the ONNX operator between two transposes. It
// gives the operator and the value behind the second transpose, whose shape is not known yet. A node of another rank stays
// unchanged.
func (r *rewriter) channelsFirst(n *graph.Node, op graph.Foreign) (graph.Foreign, string) {
	x := r.Shape(ops.In(n, 0))
	rank := len(x)
	if rank < 3 || len(n.Outputs) != 1 || op.Type == "Conv" && len(r.Shape(ops.In(n, 1))) != rank {
		return op, ""
	}
	first, last := make([]int, rank), make([]int, rank) // [N,C,...] of [N,...,C] and back
	for i := range rank {
		first[i], last[i] = max(i-1, 0), i+1
	}
	first[1], last[0], last[rank-1] = rank-1, 0, 1
	inputs := slices.Clone(n.Inputs)
	data := 1
	if op.Type == "Conv" {
		data = 2 // its weights too
	}
	for i, v := range inputs[:data] {
		if t := r.Graph.Consts[v]; t != nil {
			inputs[i] = r.NewConst(v, "/first", ops.Transpose(t, first))
			continue
		}
		moved := make(graph.Shape, rank)
		for k, p := range first {
			moved[k] = r.Shape(v)[p]
		}
		inputs[i] = r.NewValue(v + "/first")
		r.Graph.Shapes[inputs[i]] = moved
		r.Add(n, &graph.Node{Name: n.Name + "/first", Op: transposeNode(first), Inputs: []string{v}, Outputs: []string{inputs[i]}})
	}
	r.SetInputs(n, inputs...)
	op = graph.Foreign{Type: op.Type, Opset: channelsLastOpset, Attrs: maps.Clone(op.Attrs)}
	n.Op = op
	out := n.Outputs[0]
	inner := r.NewValue(out + "/first")
	n.Outputs = []string{inner}
	r.Maker[inner] = n
	r.Add(n, &graph.Node{Name: n.Name + "/last", Op: transposeNode(last), Inputs: []string{inner}, Outputs: []string{out}})
	return op, out
}

// channelsLastOpset is the version of the ONNX operators on which QONNX's channels-last operators are based.
const channelsLastOpset = 13
