// Package gradient runs a float network backward: from the log-likelihood of a class to the gradients with respect to its layers'
// outputs.
//
// It takes a float graph that ends in class scores, and an image. For every convolution it gives the input value, and the gradient
// of the log-likelihood with respect to every element of its sums. Convolutions run backward in the float executor, as convolutions
// with flipped weights; sums have one fixed order, so the same inputs give the same gradients on every machine.
//
// It changes no weights and knows nothing about pruning. One error lists all unsupported operators.
package gradient

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"hass/internal/floatexec"
	"hass/internal/graph"
	"hass/internal/metrics"
)

// Net is a network ready to run forward and backward. It may be used concurrently.
type Net struct {
	g      *graph.Graph
	exec   *floatexec.Exec
	scores string                   // value of the classes' scores
	nodes  []*graph.Node            // between input and scores, in graph order
	back   map[string]*backwardConv // by convolution
	pass   map[string]bool          // values that depend on the input
	keep   map[string]bool          // values that running backward needs
}

// New prepares a graph with one input and one output that holds a score for every class, or the softmax of such scores.
func New(g *graph.Graph) (*Net, error) {
	if len(g.Inputs) != 1 || len(g.Outputs) != 1 {
		return nil, fmt.Errorf("the network has %d inputs and %d outputs; gradients are of networks with one of each", len(g.Inputs), len(g.Outputs))
	}
	n := &Net{g: g, scores: g.Outputs[0], back: map[string]*backwardConv{}, pass: map[string]bool{g.Inputs[0].Name: true}, keep: map[string]bool{}}
	producers := g.Producers()
	for {
		p := producers[n.scores]
		if p == nil {
			break
		}
		h, host := p.Op.(graph.Host)
		_, reshape := p.Op.(graph.Reshape)
		if !(host && (h.Fn == "softmax" || h.Fn == "logsoftmax")) && !(reshape && one(g.Shapes[p.Inputs[0]])) {
			break
		}
		n.scores = p.Inputs[0]
	}
	if s := g.Shapes[n.scores]; !one(s) || s.Elems() < 2 {
		return nil, fmt.Errorf("output %q is no vector of class scores", g.Outputs[0])
	}
	need := map[string]bool{n.scores: true}
	for _, node := range slices.Backward(g.Nodes) {
		if need[node.Outputs[0]] {
			for _, in := range node.Inputs {
				need[in] = true
			}
		}
	}
	var errs []error
	for _, node := range g.Nodes {
		if !need[node.Outputs[0]] || !slices.ContainsFunc(node.Inputs, func(in string) bool { return n.pass[in] }) {
			continue
		}
		n.pass[node.Outputs[0]] = true
		n.nodes = append(n.nodes, node)
		if err := n.ready(node); err != nil {
			errs = append(errs, fmt.Errorf("node %q: %w", node.Name, err))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	n.keep[n.scores] = true
	part := *g
	part.Outputs = []string{n.scores}
	var err error
	n.exec, err = floatexec.New(&part)
	return n, err
}

// one reports whether a shape is that of one vector.
func one(s graph.Shape) bool { return len(s) > 1 && s.Elems() == s[1] }

// ready checks that a node can be run backward and records the values that this needs.
func (n *Net) ready(node *graph.Node) error {
	switch op := node.Op.(type) {
	case graph.Conv:
		n.keep[node.Inputs[0]] = true
		b, err := newBackwardConv(op, n.g, node)
		n.back[node.Name] = b
		return err
	case graph.Activation:
		n.keep[node.Inputs[0]] = true
		if slope(op) == nil {
			return fmt.Errorf("%s has no gradient here", op.Kind())
		}
	case graph.Eltwise:
		switch op.Fn {
		case "mul":
			for _, in := range node.Inputs {
				n.keep[in] = n.g.Consts[in] == nil
			}
		case "add", "sub":
		default:
			return fmt.Errorf("%s has no gradient here", op.Kind())
		}
	case graph.Pool:
		if op.Max {
			n.keep[node.Inputs[0]] = true
		}
	case graph.GlobalPool:
		if op.Max {
			n.keep[node.Inputs[0]] = true
		}
	case graph.Reshape:
	case graph.Concat:
	default:
		return fmt.Errorf("%s has no gradient here", node.Op.Kind())
	}
	return nil
}

// Channels is the number of output channels of a convolution.
func (n *Net) Channels(node *graph.Node) int { return n.g.Shapes[node.Outputs[0]][1] }

// Layer receives, for a convolution, its input x and the gradient with respect to its output. The slices are only valid during
// the call.
type Layer func(node *graph.Node, x, gradient []float32)

// Run evaluates an image, calls class with the logarithms of the class probabilities to choose a class, and calls tell for every
// convolution, the last first, with the gradient of that class's log-likelihood.
func (n *Net) Run(image []float32, class func(logs []float32) int, tell Layer) error {
	v := map[string][]float32{}
	if _, err := n.exec.Run([][]float32{image}, func(name string, data []float32) {
		if n.keep[name] {
			v[name] = slices.Clone(data)
		}
	}); err != nil {
		return err
	}
	logs := metrics.LogSoftmax(v[n.scores])
	c := class(logs)
	if c < 0 || c >= len(logs) {
		return fmt.Errorf("class %d of %d", c, len(logs))
	}
	top := make([]float32, len(logs))
	for i, l := range logs {
		top[i] = -float32(floatexec.Exp(float64(l)))
	}
	top[c]++
	grads := map[string][]float32{n.scores: top}
	for _, node := range slices.Backward(n.nodes) {
		d := grads[node.Outputs[0]]
		delete(grads, node.Outputs[0])
		if d == nil {
			continue
		}
		if err := n.backward(node, v, d, grads, tell); err != nil {
			return fmt.Errorf("node %q: %w", node.Name, err)
		}
	}
	return nil
}

// backward adds the gradients with respect to a node's inputs; d is the gradient with respect to its output.
func (n *Net) backward(node *graph.Node, v map[string][]float32, d []float32, grads map[string][]float32, tell Layer) error {
	in := node.Inputs[0]
	// into is the gradient with respect to an input, to be added to; nil if it is not needed.
	into := func(name string) []float32 {
		if !n.pass[name] || name == n.g.Inputs[0].Name {
			return nil
		}
		if grads[name] == nil {
			grads[name] = make([]float32, n.g.Shapes[name].Elems())
		}
		return grads[name]
	}
	switch op := node.Op.(type) {
	case graph.Conv:
		tell(node, v[in], d)
		if to := into(in); to != nil {
			return n.back[node.Name].run(to, d)
		}
	case graph.Activation:
		if to, f := into(in), slope(op); to != nil {
			for i, x := range v[in] {
				to[i] += float32(float64(d[i]) * f(float64(x)))
			}
		}
	case graph.Eltwise:
		n.eltwise(op, node, v, d, into)
	case graph.Pool:
		if to := into(in); to != nil {
			poolBack(op, to, v[in], d, n.g.Shapes[in], n.g.Shapes[node.Outputs[0]])
		}
	case graph.GlobalPool:
		if to := into(in); to != nil {
			globalBack(op, to, v[in], d)
		}
	case graph.Reshape:
		for i := range into(in) {
			grads[in][i] += d[i]
		}
	case graph.Concat:
		n.concat(op, node, d, into)
	default:
		return fmt.Errorf("%s has no gradient here", node.Op.Kind())
	}
	return nil
}

// eltwise runs sums, differences and products backward; a broadcast input gets the sum over its repetitions.
func (n *Net) eltwise(op graph.Eltwise, node *graph.Node, v map[string][]float32, d []float32, into func(string) []float32) {
	out := n.g.Shapes[node.Outputs[0]]
	for k, name := range node.Inputs {
		to := into(name)
		if to == nil {
			continue
		}
		shape, _ := n.g.ShapeOf(name)
		own := places(shape, out)
		var factor []float32
		var at func(i int) int
		if op.Fn == "mul" {
			other := node.Inputs[1-k]
			if factor = v[other]; n.g.Consts[other] != nil {
				factor = n.g.Consts[other].F
			}
			s, _ := n.g.ShapeOf(other)
			at = places(s, out)
		}
		sum := make([]float64, len(to))
		for i, g := range d {
			x := float64(g)
			switch {
			case factor != nil:
				x = float64(x * float64(factor[at(i)]))
			case op.Fn == "sub" && k == 1:
				x = -x
			}
			sum[own(i)] += x
		}
		for i, s := range sum {
			to[i] += float32(s)
		}
	}
}

// places gives, for an element of a value of shape out, the element of the broadcast value of shape s.
func places(s, out graph.Shape) func(i int) int {
	if s.Equal(out) {
		return func(i int) int { return i }
	}
	// Steps of every axis, from the last.
	steps, step := make([]int, len(out)), 1
	for i := range s {
		a := len(s) - 1 - i
		if s[a] > 1 {
			steps[len(out)-1-i] = step
		}
		step *= s[a]
	}
	return func(i int) int {
		at := 0
		for a := len(out) - 1; a >= 0; a-- {
			at += i % out[a] * steps[a]
			i /= out[a]
		}
		return at
	}
}

// concat gives every input its part.
func (n *Net) concat(op graph.Concat, node *graph.Node, d []float32, into func(string) []float32) {
	out := n.g.Shapes[node.Outputs[0]]
	axis := op.Axis
	if axis < 0 {
		axis += len(out)
	}
	outer, inner := out[:axis].Elems(), out[axis+1:].Elems()
	at := 0
	for _, name := range node.Inputs {
		s, _ := n.g.ShapeOf(name)
		own := s[axis] * inner
		if to := into(name); to != nil {
			for o := range outer {
				for i := range own {
					to[o*own+i] += d[o*out[axis]*inner+at+i]
				}
			}
		}
		at += own
	}
}

// slope is the derivative of an activation, at a corner that of the flat side; nil if it has no useful derivative.
func slope(op graph.Activation) func(x float64) float64 {
	between := func(low, high, inside float64) func(x float64) float64 {
		return func(x float64) float64 {
			if x > low && x < high {
				return inside
			}
			return 0
		}
	}
	switch op.Fn {
	case graph.ActRelu:
		return between(0, math.Inf(1), 1)
	case graph.ActClip:
		return between(op.Alpha, op.Beta, 1)
	case graph.ActLeakyRelu:
		return func(x float64) float64 {
			if x < 0 {
				return op.Alpha
			}
			return 1
		}
	case graph.ActHardSigmoid:
		return func(x float64) float64 {
			if y := float64(op.Alpha*x) + op.Beta; y > 0 && y < 1 {
				return op.Alpha
			}
			return 0
		}
	case graph.ActHardSwish:
		return func(x float64) float64 {
			switch {
			case x <= -3:
				return 0
			case x >= 3:
				return 1
			}
			return float64(2*x+3) / 6
		}
	case graph.ActThreshold:
		return func(x float64) float64 {
			if math.Abs(x) < op.Alpha {
				return 0
			}
			return 1
		}
	case graph.ActSigmoid, graph.ActSiLU, graph.ActTanh, graph.ActElu, graph.ActCelu, graph.ActSelu, graph.ActSoftplus, graph.ActSoftsign, graph.ActMish, graph.ActGelu, graph.ActGeluTanh:
		f := floatexec.Func(op)
		return func(x float64) float64 {
			h := 1e-5 * (1 + math.Abs(x))
			return (f(x+h) - f(x-h)) / float64(2*h)
		}
	}
	return nil
}

// globalBack spreads the gradient of a global pooling.
func globalBack(op graph.GlobalPool, to, x, d []float32) {
	n := len(to) / len(d)
	for c, g := range d {
		own := to[c*n:][:n]
		if !op.Max {
			for i := range own {
				own[i] += g / float32(n)
			}
			continue
		}
		best := 0
		for i, v := range x[c*n:][:n] {
			if v > x[c*n+best] {
				best = i
			}
		}
		own[best] += g
	}
}

// poolBack spreads the gradient of a pooling over its windows; of several largest elements the first one gets it.
func poolBack(op graph.Pool, to, x, d []float32, xs, ys graph.Shape) {
	h, w := xs[2], xs[3]
	for c := range xs[1] {
		for oh := range ys[2] {
			for ow := range ys[3] {
				g := d[(c*ys[2]+oh)*ys[3]+ow]
				best, count := -1, 0
				var inside []int
				for kh := range op.Kernel[0] {
					for kw := range op.Kernel[1] {
						ih, iw := oh*op.Stride[0]+kh*op.Dilation[0]-op.Pads[0], ow*op.Stride[1]+kw*op.Dilation[1]-op.Pads[1]
						// Elements past the end of the counted padding, which exist because the size was rounded up, do not
						// count.
						if ih < h+op.Pads[2] && iw < w+op.Pads[3] {
							count++
						}
						if ih < 0 || ih >= h || iw < 0 || iw >= w {
							continue
						}
						at := (c*h+ih)*w + iw
						inside = append(inside, at)
						if op.Max && (best < 0 || x[at] > x[best]) {
							best = at
						}
					}
				}
				if op.Max {
					if best >= 0 {
						to[best] += g
					}
					continue
				}
				if !op.CountPad {
					count = len(inside)
				}
				for _, at := range inside {
					to[at] += g / float32(count)
				}
			}
		}
	}
}
