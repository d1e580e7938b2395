package passes

import (
	"math"
	"slices"
	"strings"

	"hass/frontend/ops"
	"hass/internal/floatexec"
	"hass/internal/graph"
)

// fuseFunction turns functions of one variable that exporters write as several operators, such as a GELU with Erf or Tanh, into
// one activation. It recognises them by their values at sample points, so the order of the operators does not matter.
func fuseFunction(r *rewriter) error {
	place := map[*graph.Node]int{}
	all := r.Nodes()
	for i, n := range all {
		place[n] = i
	}
	for _, n := range slices.Backward(all) {
		if !r.Gone[n] && elementwise(n.Op) && len(n.Outputs) == 1 {
			r.knownFunction(n, place)
		}
	}
	return nil
}

// maxFused bounds the number of operators that form a function.
const maxFused = 14

// elementwise tells whether an operator computes element by element.
func elementwise(op graph.Op) bool {
	switch op := op.(type) {
	case graph.Activation:
		return op.Fn != graph.ActPRelu
	case graph.Eltwise:
		return true
	case graph.Foreign:
		return op.Domain == "" && slices.Contains([]string{"Add", "Sub", "Mul", "Div", "Max", "Min", "Sum", "Neg"}, op.Type)
	}
	return false
}

// arithmetic reports whether a node has several operands: without such a node there is nothing to fuse.
func arithmetic(n *graph.Node) bool { return len(n.Inputs) > 1 }

// bends reports whether a node is more than a sum, difference, product or quotient. All known functions contain such a node, and
// long chains without one are not worth sampling.
func bends(n *graph.Node) bool {
	rational := []string{"add", "sub", "mul", "div", "sum", "neg"}
	switch op := n.Op.(type) {
	case graph.Eltwise:
		return !slices.Contains(rational, op.Fn)
	case graph.Foreign:
		return !slices.Contains(rational, strings.ToLower(op.Type))
	}
	return true
}

// knownFunction replaces n by an activation if n depends, through elementwise operators and single numbers, on one value
// only and computes a known function of it.
func (r *rewriter) knownFunction(n *graph.Node, place map[*graph.Node]int) {
	inside, front := []*graph.Node{n}, map[string]bool{}
	open := func(m *graph.Node) bool { // false if m reads a constant that is not a single number
		for _, v := range m.Inputs {
			switch c := r.Graph.Consts[v]; {
			case c == nil:
				front[v] = true
			case c.Type != graph.Float || len(c.F) != 1:
				return false
			}
		}
		return true
	}
	if !open(n) {
		return
	}
	for len(inside) <= maxFused {
		if len(front) == 1 && len(inside) > 1 && slices.ContainsFunc(inside, arithmetic) && slices.ContainsFunc(inside, bends) {
			for x := range front {
				if r.replaceFunction(n, x, inside) {
					return
				}
			}
		}
		// The input of the last operator comes first: it precedes all others.
		last := ""
		for v := range front {
			if m := r.Maker[v]; m != nil && (last == "" || place[m] > place[r.Maker[last]]) {
				last = v
			}
		}
		m := r.Maker[last]
		if last == "" || !elementwise(m.Op) || r.Gone[m] {
			return
		}
		if _, known := place[m]; !known {
			return
		}
		delete(front, last)
		inside = append(inside, m)
		if !open(m) {
			return
		}
	}
}

// samples are the points at which functions are compared.
var samples = func() (x []float64) {
	for v := -7.9; v < 8; v += 0.31 {
		x = append(x, v)
	}
	return append(x, 0, -0.01, 0.01)
}()

// replaceFunction replaces n by the activation of x that the operators inside, the last first, compute; false if it is not a
// known one.
func (r *rewriter) replaceFunction(n *graph.Node, x string, inside []*graph.Node) bool {
	if !r.Shape(x).Equal(r.Shape(n.Outputs[0])) {
		return false
	}
	values := map[string][]float64{x: samples}
	for _, m := range slices.Backward(inside) {
		y, ok := r.sampled(m, values)
		if !ok {
			return false
		}
		values[m.Outputs[0]] = y
	}
	y := values[n.Outputs[0]]
	at := func(x float64) float64 { return y[slices.Index(samples, x)] }
	slope := at(-0.01) / -0.01
	for _, op := range []graph.Activation{{Fn: graph.ActGelu}, {Fn: graph.ActGeluTanh}, {Fn: graph.ActMish}, {Fn: graph.ActSoftplus}, {Fn: graph.ActLeakyRelu, Alpha: float64(float32(slope))}} {
		f := floatexec.Func(op)
		if op.Fn == graph.ActLeakyRelu && (math.Abs(slope) < 1e-6 || math.Abs(slope-1) < 1e-3) || !slices.EqualFunc(samples, y, func(x, y float64) bool { return math.Abs(f(x)-y) <= 2e-6*(1+math.Abs(y)) }) {
			continue
		}
		old := n.Inputs
		n.Op = op
		r.SetInputs(n, x)
		r.Prune(old...)
		return true
	}
	return false
}

// sampled applies an elementwise operator to its inputs' samples; false if an input has no samples yet.
func (r *rewriter) sampled(n *graph.Node, values map[string][]float64) ([]float64, bool) {
	in := make([][]float64, len(n.Inputs))
	for i, v := range n.Inputs {
		if c := r.Graph.Consts[v]; c != nil {
			in[i] = slices.Repeat([]float64{float64(c.F[0])}, len(samples))
		} else if in[i] = values[v]; in[i] == nil {
			return nil, false
		}
	}
	typ := ""
	switch op := n.Op.(type) {
	case graph.Activation:
		f := floatexec.Func(op)
		y := make([]float64, len(samples))
		for i, v := range in[0] {
			y[i] = f(v)
		}
		return y, true
	case graph.Eltwise:
		typ = op.Fn
	case graph.Foreign:
		typ = map[string]string{"Add": "add", "Sum": "add", "Sub": "sub", "Mul": "mul", "Div": "div", "Max": "max", "Min": "min", "Neg": "neg"}[op.Type]
		if ops.NewAttrs(op).Done() != nil {
			return nil, false
		}
	}
	if len(in) == 0 {
		return nil, false
	}
	y := slices.Clone(in[0])
	if typ == "neg" {
		for i := range y {
			y[i] = -y[i]
		}
		return y, true
	}
	for _, b := range in[1:] {
		for i, v := range b {
			switch typ {
			case "add":
				y[i] += v
			case "sub":
				y[i] -= v
			case "mul":
				y[i] *= v
			case "div":
				y[i] /= v
			case "max":
				y[i] = max(y[i], v)
			case "min":
				y[i] = min(y[i], v)
			default:
				return nil, false
			}
		}
	}
	return y, true
}
