package quant

import (
	"math"
	"slices"

	"hass/internal/graph"
	"hass/internal/intnet"
	"hass/internal/reasons"
)

// Layers with arithmetic: activations, convolutions, pools, sums and products.

// activation fuses a clamp into the layer before it if nothing else reads that
// layer's result; otherwise the clamp becomes a separate layer. A threshold is applied
// by the convolutions that read it.
func (p *planner) activation(n *graph.Node, op graph.Activation) {
	v, ok := p.views[n.Inputs[0]]
	if op.Fn == graph.ActThreshold && ok && v.host == nil {
		if !(op.Alpha >= 0) || math.IsInf(op.Alpha, 0) {
			p.fail(n.Name, op.Kind(), "use a finite threshold of at least 0", "its threshold is %g", op.Alpha)
			return
		}
		v.single = v.single && p.uses[n.Inputs[0]] == 1
		v.threshold, v.tau = n, max(v.tau, op.Alpha)
		p.views[n.Outputs[0]] = v
		return
	}
	if v, ok = p.data(n, 0); !ok {
		return
	}
	lo, hi := 0.0, math.Inf(1)
	switch op.Fn {
	case graph.ActRelu:
	case graph.ActClip:
		lo, hi = op.Alpha, op.Beta
		if !(lo <= hi) {
			p.fail(n.Name, op.Kind(), "correct the clip's limits", "its limits %g and %g are no interval", lo, hi)
			return
		}
	default:
		p.nonlinear(n, op)
		return
	}
	l := p.made[v.tensor]
	if l != nil && l.clamps() && p.alone(n, 0) && holdsLimits(p.given(v.tensor), lo, hi) {
		// clamp(clamp(x, l.lo, l.hi), lo, hi) is one clamp between the clamped ends.
		l.lo, l.hi = min(max(l.lo, lo), hi), min(max(l.hi, lo), hi)
		l.nonneg = l.lo >= 0 || l.nonneg && hi >= 0
		delete(p.made, l.out)
		l.out = n.Outputs[0]
		p.made[l.out] = l
		return
	}
	r := newLayer(n, intnet.KindRequant, v.tensor)
	r.dims, r.lo, r.hi, r.nonneg = p.tensorDims(v.tensor), lo, hi, lo >= 0 || hi >= 0 && p.tensorNonneg(v.tensor)
	p.add(r)
}

// kernel sets a convolution's weights and bias in l, whose output channels are known.
func (p *planner) kernel(n *graph.Node, l *layer) bool {
	const hint = "convert the weights to finite float constants"
	op := n.Op
	l.w = p.g.Consts[n.Inputs[1]]
	if l.w == nil || l.w.Type != graph.Float || len(l.w.Shape) != 4 {
		p.fail(n.Name, op.Kind(), hint, "its weights %q are not a constant float tensor of rank 4", n.Inputs[1])
		return false
	}
	if len(n.Inputs) > 2 && n.Inputs[2] != "" {
		l.b = p.g.Consts[n.Inputs[2]]
		if l.b == nil || l.b.Type != graph.Float || len(l.b.F) != l.dims.c {
			p.fail(n.Name, op.Kind(), hint, "its bias %q is not a constant with one float per output channel", n.Inputs[2])
			return false
		}
	}
	for _, t := range []*graph.Tensor{l.w, l.b} {
		if t == nil {
			continue
		}
		for i, f := range t.F {
			if math.IsNaN(float64(f)) || math.IsInf(float64(f), 0) {
				p.fail(n.Name, op.Kind(), hint, "weight or bias element %d is %g", i, f)
				return false
			}
		}
	}
	return true
}

func (p *planner) conv(n *graph.Node, op graph.Conv) {
	v, ok := p.data(n, 0)
	if !ok {
		return
	}
	in, okIn := dimsOf(p.g.Shapes[n.Inputs[0]])
	od, okOut := dimsOf(p.g.Shapes[n.Outputs[0]])
	if !okIn || !okOut {
		p.refuse(n)(reasons.NoMap(p.g.Shapes[n.Inputs[0]]))
		return
	}
	l := newLayer(n, intnet.KindConv, v.tensor)
	l.conv, l.tauA, l.dims = &op, v.tau, od
	if !p.kernel(n, l) {
		return
	}
	if td := p.tensorDims(v.tensor); td != in {
		// A flatten precedes a fully connected layer: its kernel covers the map.
		if in.h != 1 || in.w != 1 || op.Kernel != [2]int{1, 1} || op.Groups != 1 || td.h*td.w*td.c != in.c || op.Pads != [4]int{} {
			p.refuse(n)(reasons.Reshaped(p.g.Shapes[n.Inputs[0]], td.h, td.w, td.c))
			return
		}
		op.Kernel = [2]int{td.h, td.w}
	}
	p.finishConv(l)
}

// finishConv adds a convolution whose weights are known.
func (p *planner) finishConv(l *layer) {
	l.grid, _ = gridOf(l.w) // Warnings gives the reason if there is none
	l.model = l.w
	kh, kw := l.conv.Kernel[0], l.conv.Kernel[1]
	cg := len(l.w.F) / l.w.Shape[0] / kh / kw
	// Weights are stored [F][C/Groups][KH][KW] and streamed with channels innermost.
	l.perm = func(i int) int {
		c := i % cg
		x := i / cg % kw
		y := i / cg / kw % kh
		f := i / cg / kw / kh
		return ((f*cg+c)*kh+y)*kw + x
	}
	p.add(l)
}

func (p *planner) pool(n *graph.Node, op graph.Pool) {
	v, ok := p.map2D(n)
	if !ok {
		return
	}
	in := p.tensorDims(v.tensor)
	out, ok := dimsOf(p.g.Shapes[n.Outputs[0]])
	if !ok {
		p.fail(n.Name, op.Kind(), "bind the batch dimension to 1", "its output is %v", p.g.Shapes[n.Outputs[0]])
		return
	}
	w := intnet.Window(op.Window)
	// Ceil mode becomes padding behind the map, floor mode removes rows and columns that no
	// window reads. In both cases the windows keep their positions.
	for i, size := range [2]int{in.h, in.w} {
		osize := [2]int{out.h, out.w}[i]
		extent := (w.Kernel[i]-1)*w.Dilation[i] + 1
		over := (osize-1)*w.Stride[i] + extent - (size + w.Pads[i] + w.Pads[i+2])
		if over > 0 {
			if !op.Max && op.CountPad {
				p.fail(n.Name, op.Kind(), "export the pool with ceil_mode=0 or count_include_pad=0",
					"its windows overhang the padded map, where counting padding has no fixed number of elements")
				return
			}
			w.Pads[i+2] += over
		}
	}
	l := newLayer(n, intnet.KindPool, v.tensor)
	l.dims, l.nonneg, l.window, l.max = out, p.tensorNonneg(v.tensor), w, op.Max
	l.count = op.CountPad && !op.Max && w.Pads != [4]int{}
	p.add(l)
}

// eltwise plans a sum or product of two tensors of the same shape, or of a tensor and a single pixel.
func (p *planner) eltwise(n *graph.Node, op graph.Eltwise) {
	kind := map[string]intnet.Kind{"add": intnet.KindAdd, "mul": intnet.KindMul}[op.Fn]
	if kind == "" {
		p.refuse(n)(reasons.NoModule(p.g, n))
		return
	}
	l := newLayer(n, kind)
	l.nonneg = true
	var d [2]dims
	for i := range n.Inputs {
		v, ok := p.data(n, i)
		if !ok {
			return
		}
		d[i] = p.tensorDims(v.tensor)
		shape := p.g.Shapes[n.Inputs[i]]
		if len(shape) != len(p.g.Shapes[n.Inputs[0]]) {
			p.fail(n.Name, op.Kind(), "give both operands all dimensions: [1,C,1,1], not [1,C], beside [1,C,H,W]", "its operands %v and %v have different ranks, and ONNX lays the last axes over each other", p.g.Shapes[n.Inputs[0]], shape)
			return
		}
		if !p.lies(n, v, shape) {
			return
		}
		l.in = append(l.in, v.tensor)
		l.nonneg = l.nonneg && p.tensorNonneg(v.tensor)
	}
	if d[0].h == 1 && d[0].w == 1 && d[1] != d[0] {
		slices.Reverse(l.in) // the gate comes second
		d[0], d[1] = d[1], d[0]
	}
	if l.dims = d[0]; d[1] != d[0] && d[1] != (dims{1, 1, d[0].c}) {
		p.fail(n.Name, op.Kind(), "make both operands the same shape, or one of them one pixel of as many channels", "operands %v and %v differ",
			p.g.Shapes[n.Inputs[0]], p.g.Shapes[n.Inputs[1]])
		return
	}
	p.add(l)
}
