package passes

import (
	"hass/frontend/ops"
	"hass/internal/graph"
)

// topOne replaces a TopK of one element, the largest, by the equivalent ArgMax and maximum. It returns the node's new operator, or
// op itself for any other operator.
func (r *rewriter) topOne(n *graph.Node, op graph.Foreign) (graph.Foreign, error) {
	if op.Type != "TopK" || op.Domain != "" {
		return op, nil
	}
	x, a := r.Shape(ops.In(n, 0)), ops.NewAttrs(op)
	k := a.Int("k", 0) // an input since opset 10
	if c := r.Constant(n, 1); c != nil && c.Type == graph.Int && len(c.I) == 1 {
		k = c.I[0]
	}
	if a.Int("largest", 1) == 0 || k != 1 || len(x) == 0 || len(n.Outputs) > 2 {
		return op, ops.Refuse("cut the model before it with hass split", "it looks for %d of the elements; only the largest one is found here", k)
	}
	ax, err := ops.Axis(a.Int("axis", -1), len(x))
	if err != nil {
		return op, err
	}
	axis := int64(ax)
	values, places := n.Outputs[0], ""
	if len(n.Outputs) == 2 {
		places = n.Outputs[1]
	}
	greatest := graph.Foreign{Type: "ReduceMax", Opset: 13, Attrs: map[string]graph.Attr{"axes": {Kind: "is", Ints: []int64{axis}}}}
	place := graph.Foreign{Type: "ArgMax", Opset: 13, Attrs: map[string]graph.Attr{"axis": {Kind: "i", I: axis}}}
	r.SetInputs(n, n.Inputs[0])
	if places == "" || r.Readers(places) == 0 && !r.Output[places] {
		n.Op, n.Outputs = greatest, []string{values}
		return greatest, nil
	}
	n.Op, n.Outputs = place, []string{places}
	r.Maker[places] = n
	if values != "" && (r.Readers(values) > 0 || r.Output[values]) {
		r.Add(n, &graph.Node{Name: n.Name + "/value", Op: greatest, Inputs: n.Inputs[:1], Outputs: []string{values}})
		full := append(graph.Shape(nil), x...)
		full[ax] = 1
		r.Graph.Shapes[values] = full
	}
	return place, nil
}
