package passes

import (
	"hass/frontend/ops"
	"hass/internal/graph"
)

// splitDifference replaces differences, maxima and minima of two tensors of one shape, if layers with weights follow, by sums,
// which have hardware: a-b becomes a+(-b), max(a,b) b+relu(a-b), min(a,b) a-relu(a-b). The negation folds into the layer before it
// or is a scale per channel. Elsewhere the host computes the operators directly.
func splitDifference(r *rewriter) error {
	behind := r.layersBehind()
	return r.Each(func(n *graph.Node, a *ops.Attrs) error {
		if len(n.Inputs) != 2 || !behind[n.Outputs[0]] {
			return nil
		}
		s := r.Shape(n.Outputs[0])
		for _, v := range n.Inputs {
			if r.Graph.Consts[v] != nil || !r.Shape(v).Equal(s) {
				return nil
			}
		}
		if len(s) < 2 || s[0] != 1 {
			return nil
		}
		if err := a.Done(); err != nil {
			return err
		}
		x, y := n.Inputs[0], n.Inputs[1]
		foreign := func(op string) graph.Foreign {
			return graph.Foreign{Type: op, Opset: 13, Attrs: map[string]graph.Attr{}}
		}
		switch a.Op.Type {
		case "Sub":
			n.Op = foreign("Add")
			r.SetInputs(n, x, r.beside(n, "/minus", foreign("Neg"), y))
		case "Max":
			more := r.beside(n, "/difference", foreign("Add"), x, r.beside(n, "/minus", foreign("Neg"), y))
			n.Op = foreign("Add")
			r.SetInputs(n, y, r.beside(n, "/more", graph.Activation{Fn: graph.ActRelu}, more))
		default: // Min
			more := r.beside(n, "/difference", foreign("Add"), x, r.beside(n, "/minus", foreign("Neg"), y))
			more = r.beside(n, "/more", graph.Activation{Fn: graph.ActRelu}, more)
			n.Op = foreign("Add")
			r.SetInputs(n, x, r.beside(n, "/less", foreign("Neg"), more))
		}
		return nil
	}, "Sub", "Max", "Min")
}

// beside adds an operator that keeps the shape of its first input next to n, and gives its output.
func (r *rewriter) beside(n *graph.Node, suffix string, op graph.Op, inputs ...string) string {
	out := r.NewValue(n.Outputs[0] + suffix)
	r.Graph.Shapes[out] = append(graph.Shape{}, r.Shape(inputs[0])...)
	r.Add(n, &graph.Node{Name: n.Name + suffix, Op: op, Inputs: inputs, Outputs: []string{out}})
	return out
}

// layersBehind are the values on which layers with weights depend.
func (r *rewriter) layersBehind() map[string]bool {
	behind := map[string]bool{}
	all := r.Nodes()
	for i := len(all) - 1; i >= 0; i-- {
		n := all[i]
		layer := false
		switch op := n.Op.(type) {
		case graph.Conv, graph.ConvTranspose:
			layer = true
		case graph.Foreign:
			switch op.Type {
			case "Conv", "ConvTranspose", "Gemm", "MatMul":
				layer = op.Domain == ""
			}
		}
		for _, out := range n.Outputs {
			layer = layer || behind[out]
		}
		if layer {
			for _, v := range n.Inputs {
				behind[v] = true
			}
		}
	}
	return behind
}
