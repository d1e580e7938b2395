package frontend

import (
	"fmt"
	"math"
	"slices"

	"hass/internal/graph"
)

// padding is an ONNX Pad, per axis; negative numbers crop.
type padding struct {
	mode          string // constant, reflect or edge
	before, after []int
	value         float32
}

// none reports padding by nothing.
func (p padding) none() bool {
	return !slices.ContainsFunc(slices.Concat(p.before, p.after), func(v int) bool { return v != 0 })
}

// padOf reads a Pad of a tensor of the given rank: attributes before opset 11,
// inputs since; an empty value counts as 0.
func (r *rewriter) padOf(n *graph.Node, a *attrs, rank int) (padding, error) {
	p := padding{before: make([]int, rank), after: make([]int, rank)}
	if p.mode = a.str("mode", "constant"); p.mode != "constant" && p.mode != "reflect" && p.mode != "edge" {
		return p, refuse("pad with zeros", "mode %q is not supported", p.mode)
	}
	p.value = a.float("value", 0)
	pads := a.ints("pads")
	if in(n, 1) != "" {
		t := r.constant(n, 1)
		if t == nil || t.Type != graph.Int {
			return p, refuse("fold shape arithmetic when exporting", "its pads are not constant integers")
		}
		pads = t.I
	}
	if in(n, 2) != "" {
		v, err := r.weights(n, 2, "value")
		if err != nil {
			return p, err
		}
		if len(v.F) > 1 {
			return p, fmt.Errorf("its value has shape %v, want one number", v.Shape)
		}
		if len(v.F) == 1 {
			p.value = v.F[0]
		}
	}
	axes := make([]int64, rank)
	for i := range axes {
		axes[i] = int64(i)
	}
	if in(n, 3) != "" {
		t := r.constant(n, 3)
		if t == nil || t.Type != graph.Int {
			return p, refuse("fold shape arithmetic when exporting", "its axes are not constant integers")
		}
		axes = t.I
	}
	if len(pads) != 2*len(axes) {
		return p, fmt.Errorf("it has %d pads for %d axes", len(pads), len(axes))
	}
	for i, v := range axes {
		ax, err := axis(v, rank)
		if err != nil {
			return p, err
		}
		for j, to := range []*int{&p.before[ax], &p.after[ax]} {
			v := pads[i+j*len(axes)]
			if v > graph.MaxElems || v < -graph.MaxElems {
				return p, fmt.Errorf("a padding of %d is absurd", v)
			}
			*to = int(v)
		}
	}
	return p, nil
}

// foldPad adds the padding to each conv and pool that reads the padded map. A
// zero next to a max pool is the same only where no input is negative; next to
// a mean it must be counted. What cannot fold becomes a 1x1 depthwise conv that
// pads.
func foldPad(r *rewriter) error {
	return r.each(func(n *graph.Node, a *attrs) error {
		x := n.Inputs[0]
		s := r.shape(x)
		p, err := r.padOf(n, a, len(s))
		if err != nil {
			return err
		}
		if err := a.done(); err != nil {
			return err
		}
		plain := p.mode == "constant" && !slices.ContainsFunc(slices.Concat(p.before, p.after), func(v int) bool { return v < 0 })
		if !plain || len(s) != 4 || s[0] != 1 || p.before[0]+p.after[0]+p.before[1]+p.after[1] != 0 {
			return nil // lower-pad takes it
		}
		add := [4]int{p.before[2], p.before[3], p.after[2], p.after[3]}
		out := n.Outputs[0]
		for _, u := range slices.Clone(r.usersOf(out)) {
			if op := r.padded(u, x, add, p.value); op != nil {
				u.Op = op
				inputs := slices.Clone(u.Inputs)
				inputs[0] = x
				r.setInputs(u, inputs...)
			}
		}
		if r.readers(out) == 0 && !r.output[out] {
			r.remove(n)
			return nil
		}
		if p.value != 0 {
			return nil // lower-pad takes it
		}
		return r.depthwise(n, x, identity(s[1]), add)
	}, "Pad")
}

func identity(channels int) affine {
	f := affine{make([]float64, channels), make([]float64, channels)}
	for i := range f.scale {
		f.scale[i] = 1
	}
	return f
}

// padded is the operator of u reading x with the padding added; nil if that
// would change its result.
func (r *rewriter) padded(u *graph.Node, x string, add [4]int, value float32) graph.Op {
	var op graph.Op
	shapes := []graph.Shape{r.shape(x)}
	switch o := u.Op.(type) {
	case graph.Conv:
		if value != 0 || slices.Contains(u.Inputs[1:], u.Inputs[0]) {
			return nil
		}
		for i := range add {
			o.Pads[i] += add[i]
		}
		op = o
		for _, v := range u.Inputs[1:] {
			shapes = append(shapes, r.shape(v))
		}
	case graph.Pool:
		lowest := value <= -math.MaxFloat32
		switch {
		case o.Max && !(lowest || value == 0 && r.nonNegative(x, 8)):
			return nil
		case !o.Max && (value != 0 || !o.CountPad && o.Pads != [4]int{}):
			return nil
		}
		for i := range add {
			o.Pads[i] += add[i]
		}
		o.CountPad = !o.Max
		op = o
	default:
		return nil
	}
	// Rounding and windows inside the padding show as another shape or an error.
	out, err := graph.Infer(op, shapes)
	if err != nil || !out[0].Equal(r.shape(u.Outputs[0])) {
		return nil
	}
	return op
}

// nonNegative reports whether no element of v can be negative, looking back at
// most depth operators.
func (r *rewriter) nonNegative(v string, depth int) bool {
	m := r.maker[v]
	if m == nil || depth == 0 {
		return false
	}
	switch op := m.Op.(type) {
	case graph.Activation:
		switch op.Fn {
		case "relu", "sigmoid", "hardsigmoid":
			return true
		case "clip":
			return op.Alpha >= 0
		case "threshold":
			return r.nonNegative(m.Inputs[0], depth-1)
		}
	case graph.Pool, graph.GlobalPool, graph.Reshape:
		return r.nonNegative(m.Inputs[0], depth-1)
	case graph.Eltwise:
		return r.nonNegative(m.Inputs[0], depth-1) && r.nonNegative(m.Inputs[1], depth-1)
	}
	return false
}
