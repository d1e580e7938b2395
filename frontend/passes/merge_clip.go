package passes

import (
	"math"

	"hass/internal/graph"
)

// mergeClip merges two consecutive clips, such as a Min after a Relu: some
// exporters write ReLU6 that way.
func mergeClip(r *rewriter) error {
	for _, n := range r.Nodes() {
		r.mergeClips(n)
	}
	return nil
}

// limits are those of a clip or relu.
func limits(n *graph.Node) (lo, hi float64, ok bool) {
	a, ok := n.Op.(graph.Activation)
	switch {
	case ok && a.Fn == graph.ActRelu:
		return 0, math.Inf(1), true
	case ok && a.Fn == graph.ActClip:
		return a.Alpha, a.Beta, true
	}
	return 0, 0, false
}

// mergeClips makes n do the work of the clip before it too.
func (r *rewriter) mergeClips(n *graph.Node) {
	lo, hi, ok := limits(n)
	if !ok {
		return
	}
	m := r.Maker[n.Inputs[0]]
	if m == nil || !r.Sole(n.Inputs[0], n) {
		return
	}
	l, h, ok := limits(m)
	if !ok {
		return
	}
	n.Op = clip(min(max(l, lo), hi), min(max(h, lo), hi))
	r.SetInputs(n, m.Inputs[0])
	r.Remove(m)
}
