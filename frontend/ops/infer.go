package ops

import (
	"fmt"
	"slices"

	"hass/internal/graph"
)

// shapeRule gives the shape of the first output of a node whose first input has the shape x. A refusal means that the node
// is understood but cannot be lowered.
type shapeRule func(r *Reading, n *graph.Node, a *Attrs, x graph.Shape) (graph.Shape, error)

// Infer gives the shape of the first output of an ONNX node whose inputs
// have known shapes; nil without an error if the operator is unknown.
func (r *Reading) Infer(n *graph.Node, a *Attrs) (graph.Shape, error) {
	x, o := r.Shape(In(n, 0)), operators[a.Op.Type]
	switch {
	case x == nil || o.shape == nil && o.becomes == nil:
		return nil, nil
	case o.shape != nil:
		return o.shape(r, n, a, x)
	}
	op, inputs, err := o.becomes(r, n, a, x)
	if err != nil {
		return nil, err
	}
	if op == nil {
		return slices.Clone(x), nil
	}
	return inferOf(r, op, inputs)
}

// becoming gives the graph operator with the meaning of a node whose first input has the shape x, and the inputs of the node
// that the operator takes; nil if the node's output is its first input.
type becoming func(r *Reading, n *graph.Node, a *Attrs, x graph.Shape) (graph.Op, []string, error)

// Same gives the graph operator with the meaning of a node of SameTypes, and the inputs that it takes; nil if the node's
// output is its first input.
func (r *Reading) Same(n *graph.Node, a *Attrs) (op graph.Op, inputs []string, err error) {
	if op, inputs, err = operators[a.Op.Type].becomes(r, n, a, r.Shape(In(n, 0))); err != nil {
		return nil, nil, err
	}
	if err := a.Done(); err != nil || op == nil {
		return nil, nil, err
	}
	_, err = inferOf(r, op, inputs)
	return op, inputs, err
}

// SameTypes lists the ONNX operators that Same handles.
func SameTypes() (types []string) {
	for name, o := range operators {
		if o.becomes != nil {
			types = append(types, name)
		}
	}
	return types
}

// inferOf is the shape of an operator over known values.
func inferOf(r *Reading, op graph.Op, inputs []string) (graph.Shape, error) {
	shapes := make([]graph.Shape, len(inputs))
	for i, v := range inputs {
		shapes[i] = r.Shape(v)
	}
	out, err := graph.Infer(op, shapes)
	if err != nil {
		return nil, err
	}
	return out[0], nil
}

func (r *Reading) sameShape(_ *graph.Node, _ *Attrs, x graph.Shape) (graph.Shape, error) {
	return slices.Clone(x), nil
}

func (r *Reading) broadcastShape(n *graph.Node, _ *Attrs, x graph.Shape) (graph.Shape, error) {
	out := slices.Clone(x)
	for _, v := range n.Inputs[1:] {
		var err error
		if out, err = graph.Broadcast(out, r.Shape(v)); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (r *Reading) convShape(n *graph.Node, a *Attrs, x graph.Shape) (graph.Shape, error) {
	w := r.Shape(In(n, 1))
	c, err := ConvOf(a, x, w)
	if err != nil {
		return nil, err
	}
	shapes := []graph.Shape{Planar(x), Planar(w)}
	if b := In(n, 2); b != "" {
		shapes = append(shapes, r.Shape(b))
	}
	return inferAs(c, len(x), shapes...)
}

func (r *Reading) convTransposeShape(n *graph.Node, a *Attrs, x graph.Shape) (graph.Shape, error) {
	w := r.Shape(In(n, 1))
	c, err := ConvTransposeOf(a, x, w)
	if err != nil {
		return nil, err
	}
	return inferAs(c, len(x), Planar(x), Planar(w))
}

func (r *Reading) poolShape(_ *graph.Node, a *Attrs, x graph.Shape) (graph.Shape, error) {
	p, err := PoolOf(a, x)
	if err != nil {
		return nil, err
	}
	return inferAs(p, len(x), Planar(x))
}

func (r *Reading) globalPoolShape(_ *graph.Node, _ *Attrs, x graph.Shape) (graph.Shape, error) {
	if len(x) < 3 {
		return nil, fmt.Errorf("input %v has no spatial dimension", x)
	}
	out := slices.Clone(x)
	for i := 2; i < len(out); i++ {
		out[i] = 1
	}
	return out, nil
}

func (r *Reading) reductionShape(n *graph.Node, a *Attrs, x graph.Shape) (graph.Shape, error) {
	_, out, err := r.Reduction(n, a, x)
	return out, err
}

func (r *Reading) sliceShape(n *graph.Node, a *Attrs, x graph.Shape) (graph.Shape, error) {
	s, err := r.SliceOf(n, a, x)
	return s.To, err
}

func (r *Reading) resizeShape(n *graph.Node, a *Attrs, x graph.Shape) (graph.Shape, error) {
	s, err := r.resizeOf(n, a, x)
	return s.To, err
}

func (r *Reading) flattenShape(_ *graph.Node, a *Attrs, x graph.Shape) (graph.Shape, error) {
	ax, err := FlattenAxis(a.Int("axis", 1), len(x))
	if err != nil {
		return nil, err
	}
	return graph.Shape{x[:ax].Elems(), x[ax:].Elems()}, nil
}

func (r *Reading) transposeShape(_ *graph.Node, a *Attrs, x graph.Shape) (graph.Shape, error) {
	perm, err := PermOf(a, len(x))
	if err != nil {
		return nil, err
	}
	out := make(graph.Shape, len(x))
	for i, p := range perm {
		out[i] = x[p]
	}
	return out, nil
}

func (r *Reading) expandShape(n *graph.Node, _ *Attrs, x graph.Shape) (graph.Shape, error) {
	to := r.Constant(n, 1)
	if to == nil || to.Type != graph.Int {
		return nil, Refuse("fold shape arithmetic when exporting", "its target shape is not constant")
	}
	s, err := toShape(to.I)
	if err != nil {
		return nil, err
	}
	return graph.Broadcast(x, s)
}

func (r *Reading) padShape(n *graph.Node, a *Attrs, x graph.Shape) (graph.Shape, error) {
	pads, err := r.PadOf(n, a, len(x))
	if err != nil {
		return nil, err
	}
	out := slices.Clone(x)
	for i := range out {
		out[i] += pads.Before[i] + pads.After[i]
		if out[i] < 1 {
			return nil, Refuse("", "pads crop dimension %d away", i)
		}
	}
	return out, nil
}

func (r *Reading) argMaxShape(_ *graph.Node, a *Attrs, x graph.Shape) (graph.Shape, error) {
	ax, err := Axis(a.Int("axis", 0), len(x))
	if err != nil {
		return nil, err
	}
	if x[ax] == 0 {
		return nil, fmt.Errorf("it looks for the largest of no elements")
	}
	out := slices.Clone(x)
	if out[ax] = 1; a.Int("keepdims", 1) == 0 {
		out = slices.Delete(out, ax, ax+1)
	}
	return out, nil
}

// inferAs infers the shape of a lowered operator over an input of the given rank.
func inferAs(op graph.Op, rank int, shapes ...graph.Shape) (graph.Shape, error) {
	out, err := graph.Infer(op, shapes)
	if err != nil {
		return nil, err
	}
	return unplanar(out[0], rank), nil
}

// FlattenAxis is Axis for operators whose axis may equal the rank, as that of Flatten does.
func FlattenAxis(v int64, rank int) (int, error) {
	if v == int64(rank) {
		return rank, nil
	}
	return Axis(v, rank)
}

// reshapeTarget resolves 0 (keep) and -1 (the rest) of a Reshape. A model with a
// fixed batch of more than one has that batch as the first number; it becomes 1.
func (r *Reading) reshapeTarget(n *graph.Node, a *Attrs, x graph.Shape) (graph.Shape, error) {
	t := r.Constant(n, 1)
	if t == nil || t.Type != graph.Int {
		return nil, Refuse("fold shape arithmetic when exporting", "its target shape is not constant")
	}
	allowZero := a.Int("allowzero", 0) != 0
	to := slices.Clone(t.I)
	if b := int64(r.Batch); b > 1 && len(to) > 0 && to[0] == b {
		to[0] = 1
	}
	elems, err := x.Count()
	if err != nil {
		return nil, err
	}
	rest, known := -1, 1
	for i, d := range to {
		switch {
		case d == -1 && rest < 0:
			rest = i
			continue
		case d == 0 && !allowZero:
			if i >= len(x) {
				return nil, fmt.Errorf("target shape %v keeps dimension %d, the input %v has none", t.I, i, x)
			}
			to[i] = int64(x[i])
		case d < 0 || d > graph.MaxElems:
			return nil, fmt.Errorf("target shape %v has an absurd dimension", t.I)
		}
		if known *= int(to[i]); known > graph.MaxElems {
			return nil, fmt.Errorf("target shape %v has more than %d elements", t.I, graph.MaxElems)
		}
	}
	if rest >= 0 {
		if known == 0 || elems%known != 0 {
			return nil, fmt.Errorf("%v does not reshape to %v", x, t.I)
		}
		to[rest] = int64(elems / known)
		known = elems
	}
	if known != elems {
		return nil, fmt.Errorf("%v (%d elements) does not reshape to %v (%d elements)", x, elems, t.I, known)
	}
	return toShape(to)
}

// squeezed is the shape of a Squeeze or Unsqueeze.
func (r *Reading) squeezed(n *graph.Node, a *Attrs, x graph.Shape) (graph.Shape, error) {
	axes, given, err := r.axesOf(n, a, 1)
	if err != nil {
		return nil, err
	}
	rank := len(x)
	if a.Op.Type == "Unsqueeze" {
		rank += len(axes)
	}
	pick := make(map[int]bool, len(axes))
	for _, v := range axes {
		ax, err := Axis(v, rank)
		if err != nil {
			return nil, err
		}
		if pick[ax] {
			return nil, fmt.Errorf("axes %v name axis %d twice", axes, ax)
		}
		pick[ax] = true
	}
	out := graph.Shape{}
	if a.Op.Type == "Unsqueeze" {
		if !given {
			return nil, fmt.Errorf("it lacks its axes")
		}
		k := 0
		for i := range rank {
			if pick[i] {
				out = append(out, 1)
			} else {
				out = append(out, x[k])
				k++
			}
		}
		return out, nil
	}
	for i, d := range x {
		switch {
		case !given && d == 1:
		case !pick[i]:
			out = append(out, d)
		case d != 1:
			return nil, fmt.Errorf("axis %d of %v is not 1", i, x)
		}
	}
	return out, nil
}

// PermOf is the permutation of a Transpose; reversed if absent.
func PermOf(a *Attrs, rank int) ([]int, error) {
	perm := make([]int, rank)
	given := a.Ints("perm")
	if given == nil {
		for i := range perm {
			perm[i] = rank - 1 - i
		}
		return perm, nil
	}
	seen := make([]bool, rank)
	if len(given) != rank {
		return nil, fmt.Errorf("perm %v does not fit a tensor of rank %d", given, rank)
	}
	for i, v := range given {
		if v < 0 || v >= int64(rank) || seen[v] {
			return nil, fmt.Errorf("perm %v is no permutation of %d axes", given, rank)
		}
		seen[v] = true
		perm[i] = int(v)
	}
	return perm, nil
}

// concat: operands may be constant.
func (r *Reading) concat(n *graph.Node, a *Attrs, x graph.Shape) (graph.Op, []string, error) {
	ax, err := Axis(a.Int("axis", 0), len(x))
	if err != nil {
		return nil, nil, err
	}
	if slices.ContainsFunc(n.Inputs, func(v string) bool { t := r.Graph.Consts[v]; return t != nil && t.Type != graph.Float }) {
		return nil, nil, Refuse("", "it joins data with integers")
	}
	return graph.Concat{Axis: ax}, n.Inputs, nil
}

// concatShape is the shape of a Concat.
func (r *Reading) concatShape(n *graph.Node, a *Attrs, x graph.Shape) (graph.Shape, error) {
	if !a.Has("axis") {
		return nil, fmt.Errorf("it lacks its axis")
	}
	ax, err := Axis(a.Int("axis", 0), len(x))
	if err != nil {
		return nil, err
	}
	out := slices.Clone(x)
	for _, v := range n.Inputs[1:] {
		s := r.Shape(v)
		if len(s) != len(x) {
			return nil, fmt.Errorf("inputs %v and %v do not concatenate", x, s)
		}
		for i := range s {
			if i == ax {
				out[i] += s[i]
			} else if s[i] != x[i] {
				return nil, fmt.Errorf("inputs %v and %v do not concatenate over axis %d", x, s, ax)
			}
		}
	}
	return out, nil
}

// toShape converts dimensions and refuses invalid ones.
func toShape(dims []int64) (graph.Shape, error) {
	s := make(graph.Shape, len(dims))
	for i, d := range dims {
		if d < 0 || d > graph.MaxElems {
			return nil, fmt.Errorf("shape %v has an absurd dimension", dims)
		}
		s[i] = int(d)
	}
	_, err := s.Count()
	return s, err
}
