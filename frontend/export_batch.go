package frontend

import "hass/internal/graph"

// perImage reports whether every operator of g computes each image of a batch
// separately, so that the first dimension, 1 in g, may become a batch of any
// size.
func perImage(g *graph.Graph) bool {
	data := func(name string) bool { return name != "" && g.Consts[name] == nil }
	batch := func(s graph.Shape) bool { return len(s) > 1 && s[0] == 1 && s.Elems() > 0 }
	for _, v := range g.Inputs {
		if !batch(v.Shape) {
			return false
		}
	}
	for _, n := range g.Nodes {
		out := g.Shapes[n.Outputs[0]]
		if !batch(out) {
			return false
		}
		any := false // a result of constants alone is the same for all images
		for i, in := range n.Inputs {
			if !data(in) {
				continue
			}
			any = true
			// A value of lower rank would broadcast another dimension against the
			// batch.
			if s := g.Shapes[in]; len(s) != len(out) && !reshapes(n.Op) {
				return false
			}
			if i > 0 && onlyFirst(n.Op) {
				return false
			}
		}
		if !any || !keepsBatch(g, n, data) {
			return false
		}
	}
	return len(g.Inputs) > 0
}

func reshapes(op graph.Op) bool {
	_, ok := op.(graph.Reshape)
	return ok
}

// onlyFirst tells operators whose further inputs are parameters, which have no
// batch.
func onlyFirst(op graph.Op) bool {
	switch op.(type) {
	case graph.Conv, graph.ConvTranspose, graph.Quantize, graph.MultiThreshold:
		return true
	}
	return false
}

// keepsBatch reports whether the first axis of a node's output is the
// unchanged first axis of its inputs.
func keepsBatch(g *graph.Graph, n *graph.Node, data func(string) bool) bool {
	switch op := n.Op.(type) {
	case graph.Conv, graph.ConvTranspose, graph.Quantize, graph.MultiThreshold:
		return data(n.Inputs[0])
	case graph.Concat:
		for _, in := range n.Inputs {
			if !data(in) {
				return false // a constant has one image
			}
		}
		return op.Axis != 0
	case graph.Transpose:
		return op.Perm[0] == 0
	case graph.Reduce:
		return len(op.Axes) == 0 || op.Axes[0] != 0
	case graph.Host:
		return op.Axis != 0
	case graph.Pad:
		return op.Before[0] == 0 && op.After[0] == 0
	case graph.Resize:
		return op.Scales[0] == 1
	case graph.Slice:
		return op.Step[0] > 0 // a reversed batch has another order of images
	case graph.MatMul:
		// The batch must be an axis over which matrices are stacked, or the rows of
		// the left operand.
		a, b := n.Inputs[0], n.Inputs[1]
		as, _ := g.ShapeOf(a)
		bs, _ := g.ShapeOf(b)
		switch {
		case data(a) && data(b):
			return len(as) > 2 && len(bs) > 2
		case data(a):
			return len(as) > 2 || len(bs) <= 2
		}
		return len(bs) > 2
	}
	return true
}
