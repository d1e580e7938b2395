package passes

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"hass/frontend/ops"
	"hass/internal/graph"
)

// foldAffine folds operators that scale and shift channels by constants into the
// conv that produces their input: BatchNormalization, and Add, Sub, Mul, Div and
// Sum with an operand that is constant per channel. The new weights are computed
// in float64 and rounded once, even if several operators fold into one conv. If
// the conv's result has other readers, or there is no conv, the operator becomes
// a 1x1 depthwise conv.
func foldAffine(r *rewriter) error {
	type folded struct {
		into, last *graph.Node
		by         affine
	}
	pending := map[*graph.Node]*folded{}
	var order []*folded
	if err := r.Each(func(n *graph.Node, a *ops.Attrs) error {
		x, f, err := r.affineOf(n, a)
		if err != nil || x == "" {
			return err
		}
		if err := a.Done(); err != nil {
			return err
		}
		if c := r.convBefore(n, x); c != nil && f.fits(r.Graph.Consts[c.Inputs[1]].Shape[0]) {
			if p := pending[c]; p != nil {
				p.by.then(f)
				p.last = n
			} else {
				p = &folded{c, n, f}
				pending[c], order = p, append(order, p)
			}
			r.Bypass(n, x)
			return nil
		}
		if m := r.Maker[x]; m != nil && r.Sole(x, n) && len(f.scale) > 0 {
			// A single number commutes with a Reshape, and the map before the Reshape has channels.
			if _, ok := m.Op.(graph.Reshape); ok && isMap(r.Shape(m.Inputs[0])) && f.uniform() {
				src := m.Inputs[0]
				f.fits(r.Shape(src)[1])
				v := r.beside(n, "/map", graph.Activation{Fn: graph.ActRelu}, src) // becomes the layer
				if err := r.depthwise(r.Maker[v], src, f, [4]int{}); err != nil {
					return err
				}
				r.SetInputs(m, v)
				r.Bypass(n, x)
				return nil
			}
		}
		return r.depthwise(n, x, f, [4]int{})
	}, "BatchNormalization", "Add", "Sub", "Mul", "Div", "Sum", "Neg"); err != nil {
		return err
	}
	for _, p := range order {
		if err := r.Collect(p.last, r.scaleConv(p.into, p.by)); err != nil {
			return err
		}
	}
	return nil
}

// affineOf reads n as an affine function of its data input x; x is "" if it is
// not affine.
func (r *rewriter) affineOf(n *graph.Node, a *ops.Attrs) (x string, f affine, err error) {
	if a.Op.Type == "BatchNormalization" {
		f, err = r.batchNorm(n, a)
		return n.Inputs[0], f, err
	}
	if s := r.Shape(n.Inputs[0]); a.Op.Type == "Neg" && len(s) > 1 && s[0] == 1 {
		f = affine{make([]float64, s[1]), make([]float64, s[1])}
		for i := range f.scale {
			f.scale[i] = -1
		}
		return n.Inputs[0], f, nil
	}
	if len(n.Inputs) != 2 {
		return "", f, nil
	}
	x, other := n.Inputs[0], n.Inputs[1]
	swapped := r.Graph.Consts[x] != nil
	if swapped {
		x, other = other, x
	}
	c := r.Graph.Consts[other]
	if c == nil || r.Graph.Consts[x] != nil {
		return "", f, nil
	}
	if c.Type != graph.Float {
		return "", f, fmt.Errorf("its operand %q is %s, want floats", other, c.Type)
	}
	if slices.Contains(c.F, 0) && a.Op.Type == "Div" && !swapped {
		return "", f, fmt.Errorf("its operand %q divides by zero", other)
	}
	s := r.Shape(x)
	if !s.Equal(r.Shape(n.Outputs[0])) {
		return "", f, nil // lower-eltwise handles it
	}
	v, ok := perChannel(c, s)
	if !ok {
		return "", f, nil
	}
	f = affine{make([]float64, s[1]), make([]float64, s[1])}
	for i := range f.scale {
		f.scale[i] = 1
		switch a.Op.Type {
		case "Add", "Sum":
			f.shift[i] = v[i]
		case "Sub":
			f.shift[i] = -v[i]
			if swapped {
				f.scale[i], f.shift[i] = -1, v[i]
			}
		case "Mul":
			f.scale[i] = v[i]
		case "Div":
			if swapped {
				return "", f, nil // lower-eltwise handles it
			}
			f.scale[i] = 1 / v[i]
		}
	}
	return x, f, nil
}

// perChannel reads a constant that broadcasts to the data shape s as one number
// per channel (dimension 1).
func perChannel(c *graph.Tensor, s graph.Shape) ([]float64, bool) {
	if len(s) < 2 || s[0] != 1 {
		return nil, false
	}
	at, ok := graph.ByChannel(c.Shape, s, s[1])
	v := make([]float64, len(at))
	for i := range v {
		v[i] = float64(c.F[at[i]])
	}
	return v, ok
}

// batchNorm: y = (x - mean) / sqrt(var + epsilon) * scale + bias, from the
// operator's definition in the ONNX standard.
func (r *rewriter) batchNorm(n *graph.Node, a *ops.Attrs) (f affine, err error) {
	a.Ignore("momentum", "consumed_inputs", "is_test") // opset 6 shows training by its number of outputs
	if a.Int("training_mode", 0) != 0 {
		return f, ops.Refuse("export the model for inference (model.eval())", "it is in training mode")
	}
	if a.Int("spatial", 1) == 0 {
		return f, ops.Refuse("", "statistics per element (spatial=0) are not supported")
	}
	eps := float64(a.Float("epsilon", 1e-5))
	x := r.Shape(n.Inputs[0])
	if len(x) < 2 || x[0] != 1 {
		return f, ops.Refuse("export the model so that the batch is the first dimension", "its input %v is no batch of one: channels are the second dimension, the batch is the first", x)
	}
	var par [4][]float32 // scale, bias, mean, var
	for i, what := range []string{"scale", "bias", "mean", "variance"} {
		t, err := r.Weights(n, i+1, what)
		if err != nil {
			return f, err
		}
		if !t.Shape.Equal(graph.Shape{x[1]}) {
			return f, fmt.Errorf("its %s has shape %v, its input %d channels", what, t.Shape, x[1])
		}
		par[i] = t.F
	}
	f = affine{make([]float64, x[1]), make([]float64, x[1])}
	for i := range f.scale {
		v := float64(par[3][i]) + eps
		if v <= 0 {
			return f, fmt.Errorf("variance + epsilon of channel %d is %v", i, v)
		}
		f.scale[i] = float64(par[0][i]) / math.Sqrt(v)
		f.shift[i] = float64(par[1][i]) - float64(par[2][i])*f.scale[i]
	}
	return f, nil
}

// convBefore is the conv that produces v for n alone, possibly through
// reshapes that keep the channels in dimension 1; nil if there is none.
func (r *rewriter) convBefore(n *graph.Node, v string) *graph.Node {
	for {
		m := r.Maker[v]
		if m == nil || !r.Sole(v, n) {
			return nil
		}
		switch op := m.Op.(type) {
		case graph.Conv:
			return m
		case graph.Reshape:
			from := r.Shape(m.Inputs[0])
			if len(from) < 2 || len(op.To) < 2 || from[0] != 1 || op.To[0] != 1 || from[1] != op.To[1] {
				return nil
			}
			n, v = m, m.Inputs[0]
		default:
			return nil
		}
	}
}

// scaledWeights are weights [F,...] with each output channel scaled. If they lie on a grid with scales per output channel, the grid takes the
// magnitude of the factor, and the integers change in sign at most. A channel that is scaled by 0 keeps its step.
func scaledWeights(w *graph.Tensor, scale []float64) *graph.Tensor {
	n := &graph.Tensor{Type: graph.Float, Shape: slices.Clone(w.Shape), F: slices.Clone(w.F)}
	per := w.Shape[1:].Elems()
	g := w.Grid
	if g != nil && (len(g.Scale) == 1 || g.Axis == 0) {
		n.Grid = &graph.Grid{Bits: min(g.Bits+1, 32), Signed: true, Axis: 0, Zero: make([]int64, len(scale))}
	}
	for o, s := range scale {
		part := n.F[o*per : (o+1)*per]
		if n.Grid == nil {
			if s != 1 {
				for i, v := range part {
					part[i] = float32(float64(v) * s)
				}
			}
			continue
		}
		was := g.Scale[min(o, len(g.Scale)-1)]
		now := float32(float64(was) * math.Abs(s))
		if !(now > 0) || math.IsInf(float64(now), 0) {
			now = was
		}
		n.Grid.Scale = append(n.Grid.Scale, now)
		for i, v := range part {
			if s == 0 {
				part[i] = 0
			} else if s != 1 {
				q := math.RoundToEven(float64(v) / float64(was))
				part[i] = float32(math.Copysign(q, q*s) * float64(now))
			}
		}
	}
	return n
}

// scaleConv applies f to the result of a conv: new weights w*scale, new bias
// b*scale + shift.
func (r *rewriter) scaleConv(c *graph.Node, f affine) error {
	w := r.Graph.Consts[c.Inputs[1]]
	inputs := slices.Clone(c.Inputs)
	var bias []float32
	if ops.In(c, 2) != "" {
		bias = r.Graph.Consts[c.Inputs[2]].F
	}
	nw := scaledWeights(w, f.scale)
	nb := &graph.Tensor{Type: graph.Float, Shape: graph.Shape{len(f.scale)}, F: make([]float32, len(f.scale))}
	scaled, shifted := false, false
	for o, s := range f.scale {
		scaled = scaled || s != 1
		b := 0.0
		if bias != nil {
			b = float64(bias[o])
		}
		nb.F[o] = float32(b*s + f.shift[o])
		shifted = shifted || f.shift[o] != 0
	}
	if err := errors.Join(finite(nw.F), finite(nb.F)); err != nil {
		return fmt.Errorf("folded into %q: %w", c.Name, err)
	}
	if scaled {
		inputs[1] = r.NewConst(inputs[1], "/folded", nw)
	}
	if bias != nil || shifted {
		base := c.Inputs[1] + "/bias"
		if bias != nil {
			base = inputs[2]
		}
		inputs = append(inputs[:2], r.NewConst(base, "/folded", nb))
	}
	r.SetInputs(c, inputs...)
	return nil
}
