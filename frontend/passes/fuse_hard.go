package passes

import (
	"math"

	"hass/frontend/ops"
	"hass/frontend/rewrite"
	"hass/internal/graph"
)

// fuseHard finds hard-sigmoid and hard-swish written with a clip: clip(x+b, 0,
// h)/h becomes hardsigmoid(x) with alpha 1/h and beta b/h, and x*clip(x+3, 0,
// 6)/6 becomes hardswish(x). It must run before the additions and divisions are
// folded into convolutions. The first form is replaced only if x has another
// reader; otherwise x+b folds into the convolution before it.
func fuseHard(r *rewriter) error {
	for _, n := range r.Nodes() {
		v, by := r.scaled(n)
		if v == "" || by <= 0 {
			continue
		}
		if x, b, h := r.clipped(v, n); x != "" && close32(by*h, 1) && r.Readers(x) > 1 {
			r.replace(n, graph.Activation{Fn: graph.ActHardSigmoid, Alpha: sixth(1 / h), Beta: b / h}, x)
			continue
		}
		m := r.Maker[v]
		if m == nil || !r.Sole(v, n) || !rewrite.IsForeign(m, "Mul") || len(m.Inputs) != 2 {
			continue
		}
		for i := range 2 {
			x, b, h := r.clipped(m.Inputs[1-i], m)
			if x != "" && x == m.Inputs[i] && close32(by*h, 1) && b == 3 && h == 6 {
				r.replace(n, graph.Activation{Fn: graph.ActHardSwish}, x)
				break
			}
		}
	}
	return nil
}

// replace makes n compute op of x; its former inputs are removed as dead nodes.
func (r *rewriter) replace(n *graph.Node, op graph.Op, x string) {
	if !r.Shape(x).Equal(r.Shape(n.Outputs[0])) {
		return
	}
	old := n.Inputs
	n.Op = op
	r.SetInputs(n, x)
	r.Prune(old...)
}

// sixth rounds 1/6 to float32, as ONNX's attribute does.
func sixth(v float64) float64 { return float64(float32(v)) }

func close32(a, b float64) bool { return math.Abs(a-b) <= 1e-6*math.Abs(b) }

// number is the single number of a constant.
func (r *rewriter) number(v string) (float64, bool) {
	t := r.Graph.Consts[v]
	if t == nil || t.Type != graph.Float || !ops.Uniform(t.F) {
		return 0, false
	}
	return float64(t.F[0]), true
}

// scaled reads n as v times a number.
func (r *rewriter) scaled(n *graph.Node) (v string, by float64) {
	if len(n.Inputs) != 2 {
		return "", 0
	}
	if c, ok := r.number(n.Inputs[1]); ok && rewrite.IsForeign(n, "Div") && c != 0 {
		return n.Inputs[0], 1 / c
	}
	if rewrite.IsForeign(n, "Mul") {
		for i := range 2 {
			if c, ok := r.number(n.Inputs[i]); ok {
				return n.Inputs[1-i], c
			}
		}
	}
	return "", 0
}

// clipped reads v, produced for n alone, as clip(x+b, 0, h).
func (r *rewriter) clipped(v string, n *graph.Node) (x string, b, h float64) {
	c := r.Maker[v]
	if c == nil || !r.Sole(v, n) {
		return "", 0, 0
	}
	clip, ok := c.Op.(graph.Activation)
	if !ok || clip.Fn != graph.ActClip || clip.Alpha != 0 || clip.Beta <= 0 || math.IsInf(clip.Beta, 0) {
		return "", 0, 0
	}
	a := r.Maker[c.Inputs[0]]
	if a == nil || !r.Sole(c.Inputs[0], c) || !rewrite.IsForeign(a, "Add") || len(a.Inputs) != 2 {
		return "", 0, 0
	}
	for i := range 2 {
		if k, ok := r.number(a.Inputs[i]); ok && r.Graph.Consts[a.Inputs[1-i]] == nil {
			return a.Inputs[1-i], k, clip.Beta
		}
	}
	return "", 0, 0
}
