package quant

import (
	"math"
	"slices"

	"hass/internal/graph"
	"hass/internal/intnet"
	"hass/internal/reasons"
)

// This file plans the operators besides convolution, pooling and the element-wise sum.

// nonlinear plans an activation that is a separate layer.
func (p *planner) nonlinear(n *graph.Node, op graph.Activation) {
	v, ok := p.data(n, 0)
	if !ok {
		return
	}
	if hostFns[op.Fn] {
		p.refuse(n)(reasons.NoModule(p.g, n))
		return
	}
	l := newLayer(n, intnet.KindActivation, v.tensor)
	l.act, l.dims = op, p.tensorDims(v.tensor)
	switch op.Fn {
	case graph.ActSigmoid, graph.ActHardSigmoid:
		l.lo, l.hi, l.nonneg = 0, 1, true
	case graph.ActTanh:
		l.lo, l.hi = -1, 1
	case graph.ActPRelu:
		w := p.g.Consts[n.Inputs[1]]
		if w == nil || w.Type != graph.Float {
			p.fail(n.Name, op.Kind(), "store the slopes as a float constant", "its slopes %q are not a constant of floats", n.Inputs[1])
			return
		}
		data := p.g.Shapes[n.Inputs[0]]
		at, ok := graph.ByChannel(w.Shape, data, l.dims.c)
		if !ok {
			p.fail(n.Name, op.Kind(), "use one slope, or one per channel: of shape [C,1,1] for data [1,C,H,W], [C] for data [1,C]",
				"its slopes %v differ within a channel of its data %v (ONNX lays them over the last axes); the hardware has one slope per channel", w.Shape, data)
			return
		}
		for _, i := range at {
			l.slopes = append(l.slopes, w.F[i])
		}
		if slices.Equal(l.slopes[1:], l.slopes[:len(l.slopes)-1]) {
			l.slopes = l.slopes[:1]
		}
	case graph.ActLeakyRelu:
		l.slopes = []float32{float32(op.Alpha)}
	}
	for _, s := range append([]float32{float32(op.Alpha), float32(op.Beta)}, l.slopes...) {
		if !(math.Abs(float64(s)) <= maxSlope) {
			p.fail(n.Name, op.Kind(), "correct the constant", "its constant %g is not within +-%d", s, maxSlope)
			return
		}
	}
	if from := p.made[p.source(v.tensor)]; from != nil {
		from.wide = true
	} else if p.source(v.tensor) == p.input {
		p.inputWide = true
	}
	p.add(l)
}

// hostFns are the functions that a table of segments cannot represent: unbounded ones, and ones with a pole or with steps.
var hostFns = map[graph.ActFn]bool{
	graph.ActPow: true, graph.ActExp: true, graph.ActLog: true, graph.ActSqrt: true, graph.ActReciprocal: true, graph.ActFloor: true, graph.ActCeil: true, graph.ActRound: true, graph.ActSign: true, graph.ActThresholdedRelu: true,
}

// maxSlope bounds the constants of activations.
const maxSlope = 1 << 10

// convTranspose plans a transposed convolution as zeros between the pixels and a
// convolution with the reversed kernel. Engines skip the zeros.
func (p *planner) convTranspose(n *graph.Node, op graph.ConvTranspose) {
	v, ok := p.data(n, 0)
	if !ok {
		return
	}
	in, okIn := dimsOf(p.g.Shapes[n.Inputs[0]])
	out, okOut := dimsOf(p.g.Shapes[n.Outputs[0]])
	if !okIn || !okOut || in != p.tensorDims(v.tensor) {
		p.lies(n, v, p.g.Shapes[n.Inputs[0]])
		return
	}
	c := graph.Conv{Window: graph.Window{Kernel: op.Kernel, Stride: [2]int{1, 1}, Dilation: op.Dilation}, Groups: op.Groups}
	spread := in
	size := [2]*int{&spread.h, &spread.w}
	for d := range 2 {
		*size[d] = (*size[d]-1)*op.Stride[d] + 1
		span := (op.Kernel[d] - 1) * op.Dilation[d]
		// Output padding becomes rows of zeros behind the input if the window cannot reach beyond its end.
		c.Pads[d], c.Pads[d+2] = span-op.Pads[d], span-op.Pads[d+2]+op.OutPad[d]
		if more := c.Pads[d+2] - span; more > 0 && more < op.Stride[d] {
			*size[d] += more
			c.Pads[d+2] = span
		}
		if c.Pads[d] < 0 || c.Pads[d+2] < 0 || c.Pads[d+2] > span {
			p.fail(n.Name, op.Kind(), "use pads of at most the dilated kernel size less one, and output padding below the stride",
				"its pads %v and output padding %v crop or extend the full result", op.Pads, op.OutPad)
			return
		}
	}
	tensor := v.tensor
	if spread != in {
		z := newLayer(&graph.Node{Name: p.fresh(n.Name + "/zeros")}, intnet.KindZeroInsert, v.tensor)
		z.moves.Insert = &intnet.ZeroInsert{Stride: op.Stride}
		z.dims, z.nonneg, z.out = spread, p.tensorNonneg(v.tensor), p.fresh(n.Outputs[0]+"/zeros")
		p.layers = append(p.layers, z)
		p.made[z.out] = z
		tensor = z.out
	}
	l := newLayer(n, intnet.KindConv, tensor)
	l.conv, l.tauA, l.dims = &c, v.tau, out
	if !p.kernel(n, l) {
		return
	}
	l.w = turned(l.w, op.Groups)
	p.finishConv(l)
}

// turned converts the weights [C,F/G,KH,KW] of a transposed convolution to weights of the convolution:
// [F,C/G,KH,KW] with both kernel axes reversed.
func turned(w *graph.Tensor, groups int) *graph.Tensor {
	c, fg, kh, kw := w.Shape[0], w.Shape[1], w.Shape[2], w.Shape[3]
	cg := c / groups
	t := &graph.Tensor{Type: w.Type, Shape: graph.Shape{fg * groups, cg, kh, kw}, F: make([]float32, len(w.F))}
	if g := w.Grid; g != nil && (len(g.Scale) == 1 || groups == 1 && g.Axis == 1) {
		own := *g
		own.Axis = 0
		t.Grid = &own
	}
	i := 0
	for f := range fg * groups {
		for ch := range cg {
			src := w.F[((f/fg*cg+ch)*fg+f%fg)*kh*kw:][:kh*kw]
			for k := range src {
				t.F[i] = src[len(src)-1-k]
				i++
			}
		}
	}
	return t
}

// fresh is a name that neither a node nor a value of the graph has.
func (p *planner) fresh(name string) string {
	if p.names == nil {
		p.names = make(map[string]bool, len(p.g.Nodes))
		for _, n := range p.g.Nodes {
			p.names[n.Name] = true
		}
	}
	for {
		if _, known := p.g.ShapeOf(name); !known && !p.names[name] {
			return name
		}
		name += "_"
	}
}

func (p *planner) concat(n *graph.Node, op graph.Concat) {
	l := newLayer(n, intnet.KindConcat)
	l.nonneg = true
	for i := range n.Inputs {
		v, ok := p.data(n, i)
		if !ok {
			return
		}
		shape := p.g.Shapes[n.Inputs[i]]
		if op.Axis != 1 || len(shape) < 2 || len(shape) > 4 {
			p.fail(n.Name, op.Kind(), "concatenate channels; "+reasons.CutHint, "it joins %v along axis %d; the hardware joins channels, axis 1 of [1,C,H,W]", shape, op.Axis)
			return
		}
		if !p.lies(n, v, shape) {
			return
		}
		d := p.tensorDims(v.tensor)
		l.dims.h, l.dims.w = d.h, d.w
		l.dims.c += d.c
		l.in, l.nonneg = append(l.in, v.tensor), l.nonneg && p.tensorNonneg(v.tensor)
	}
	if len(l.in) > intnet.MaxConcat {
		p.fail(n.Name, op.Kind(), "split the concatenation", "it joins %d tensors; the hardware at most %d", len(l.in), intnet.MaxConcat)
		return
	}
	if len(l.in) == 1 {
		p.views[n.Outputs[0]] = p.views[n.Inputs[0]]
		return
	}
	p.add(l)
}

// move plans a node that only moves values; it gives false for other nodes.
func (p *planner) move(n *graph.Node) bool {
	switch op := n.Op.(type) {
	case graph.Slice:
		p.slice(n, op)
	default:
		return false
	}
	return true
}

func (p *planner) slice(n *graph.Node, op graph.Slice) {
	v, ok := p.map2D(n)
	if !ok {
		return
	}
	out, ok := dimsOf(op.To)
	axes := []int{2, 3, 1} // of rows, columns, channels
	switch len(op.To) {
	case 2:
		axes = []int{-1, -1, 1}
	case 3:
		axes = []int{-1, 2, 1}
	}
	s := &intnet.Slice{Step: [2]int{1, 1}}
	for d, a := range axes {
		if !ok || a >= 0 && (op.Step[a] < 1 || d == 2 && op.Step[a] != 1) {
			p.fail(n.Name, op.Kind(), "let the weights of the convolution before or behind it choose the channels; "+reasons.CutHint,
				"it takes %v from %v on in steps of %v; the hardware takes rows and columns in positive steps and channels next to each other", op.To, op.Start, op.Step)
			return
		}
		if a >= 0 {
			if s.Start[d] = op.Start[a]; d < 2 {
				s.Step[d] = op.Step[a]
			}
		}
	}
	l := newLayer(n, intnet.KindSlice, v.tensor)
	l.moves.Slice, l.dims, l.nonneg = s, out, p.tensorNonneg(v.tensor)
	p.add(l)
}

func (p *planner) resize(n *graph.Node, op graph.Resize) {
	v, ok := p.map2D(n)
	if !ok {
		return
	}
	in := p.tensorDims(v.tensor)
	out, ok := dimsOf(op.To)
	if !ok || len(op.To) != 4 || out.c != in.c || op.Mode == "cubic" {
		p.fail(n.Name, op.Kind(), "resize rows and columns, nearest or linear",
			"it makes %v of %v by mode %s; the hardware resizes rows and columns, nearest or linear", op.To, p.g.Shapes[n.Inputs[0]], op.Mode)
		return
	}
	l := newLayer(n, intnet.KindResize, v.tensor)
	l.resize, l.dims, l.nonneg, l.keeps = &op, out, p.tensorNonneg(v.tensor), op.Mode == "nearest"
	p.add(l)
}
