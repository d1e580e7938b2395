package passes

import "hass/internal/graph"

// fuseSwish turns x*hardsigmoid(x) with alpha 1/6 and beta 1/2 into
// hardswish, and x*sigmoid(x) into silu, if the gate has no other reader.
func fuseSwish(r *rewriter) error {
	for _, n := range r.Nodes() {
		if e, ok := n.Op.(graph.Eltwise); !ok || e.Fn != "mul" {
			continue
		}
		for i := range 2 {
			x, gate := n.Inputs[i], r.Maker[n.Inputs[1-i]]
			if gate == nil {
				continue
			}
			a, ok := gate.Op.(graph.Activation)
			if !ok || gate.Inputs[0] != x || !r.Sole(gate.Outputs[0], n) {
				continue
			}
			var fused graph.ActFn
			switch {
			case a.Fn == graph.ActSigmoid:
				fused = graph.ActSiLU
			case a.Fn == graph.ActHardSigmoid && float32(a.Alpha) == float32(1.0/6) && a.Beta == 0.5:
				fused = graph.ActHardSwish
			default:
				continue
			}
			n.Op = graph.Activation{Fn: fused}
			r.SetInputs(n, x)
			r.Remove(gate)
			break
		}
	}
	return nil
}
