package passes

import (
	"math"
	"slices"

	"hass/frontend/ops"
	"hass/internal/graph"
)

// foldPad adds the padding to each conv and pool that reads the padded map.
// Before a max pool that is only equivalent if no input is negative; before a
// mean the padding must be counted. A Pad that cannot be folded becomes a 1x1
// depthwise conv that pads.
func foldPad(r *rewriter) error {
	return r.Each(func(n *graph.Node, a *ops.Attrs) error {
		x := n.Inputs[0]
		s := r.Shape(x)
		p, err := r.PadOf(n, a, len(s))
		if err != nil {
			return err
		}
		if err := a.Done(); err != nil {
			return err
		}
		plain := p.Mode == "constant" && !slices.ContainsFunc(slices.Concat(p.Before, p.After), func(v int) bool { return v < 0 })
		if !plain || len(s) != 4 || s[0] != 1 || p.Before[0]+p.After[0]+p.Before[1]+p.After[1] != 0 {
			return nil // lower-pad handles it
		}
		add := [4]int{p.Before[2], p.Before[3], p.After[2], p.After[3]}
		out := n.Outputs[0]
		for _, u := range slices.Clone(r.UsersOf(out)) {
			if op := r.padded(u, x, add, p.Value); op != nil {
				u.Op = op
				inputs := slices.Clone(u.Inputs)
				inputs[0] = x
				r.SetInputs(u, inputs...)
			}
		}
		if r.Readers(out) == 0 && !r.Output[out] {
			r.Remove(n)
			return nil
		}
		if p.Value != 0 {
			return nil // lower-pad handles it
		}
		return r.depthwise(n, x, identity(s[1]), add)
	}, "Pad")
}

// padded is the operator of u with the padding added and x as its input;
// nil if that would change its result.
func (r *rewriter) padded(u *graph.Node, x string, add [4]int, value float32) graph.Op {
	var op graph.Op
	shapes := []graph.Shape{r.Shape(x)}
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
			shapes = append(shapes, r.Shape(v))
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
	// Differences in rounding and windows inside the padding show up as another
	// shape or an error.
	out, err := graph.Infer(op, shapes)
	if err != nil || !out[0].Equal(r.Shape(u.Outputs[0])) {
		return nil
	}
	return op
}

// nonNegative reports whether no element of v can be negative, looking back at
// most depth operators.
func (r *rewriter) nonNegative(v string, depth int) bool {
	m := r.Maker[v]
	if m == nil || depth == 0 {
		return false
	}
	switch op := m.Op.(type) {
	case graph.Activation:
		switch op.Fn {
		case graph.ActRelu, graph.ActSigmoid, graph.ActHardSigmoid:
			return true
		case graph.ActClip:
			return op.Alpha >= 0
		case graph.ActThreshold:
			return r.nonNegative(m.Inputs[0], depth-1)
		}
	case graph.Pool, graph.GlobalPool, graph.Reshape:
		return r.nonNegative(m.Inputs[0], depth-1)
	case graph.Eltwise:
		return r.nonNegative(m.Inputs[0], depth-1) && r.nonNegative(m.Inputs[1], depth-1)
	}
	return false
}
