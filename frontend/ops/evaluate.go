package ops

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"hass/internal/graph"
)

// evaluation is one operator over constants. args[0] is present.
type evaluation struct {
	r    *Reading
	n    *graph.Node
	a    *Attrs
	args []*graph.Tensor // nil where absent
}

// maxMade bounds the elements of a constant that is made from small operands.
const maxMade = 1 << 24

// Evaluate computes the single output of a node over constants; it returns nil
// if an operand is not constant.
func (r *Reading) Evaluate(n *graph.Node, a *Attrs) (*graph.Tensor, error) {
	if len(n.Outputs) == 0 || n.Outputs[0] == "" || slices.ContainsFunc(n.Outputs[1:], func(o string) bool { return o != "" }) {
		return nil, nil
	}
	op := operators[a.Op.Type]
	if op.shapeAlone != nil {
		return op.shapeAlone(r, n, a)
	}
	if op.value == nil || len(n.Inputs) == 0 {
		return nil, nil
	}
	args := make([]*graph.Tensor, len(n.Inputs))
	for i, v := range n.Inputs {
		if v == "" {
			continue
		}
		if args[i] = r.Graph.Consts[v]; args[i] == nil {
			return nil, nil
		}
	}
	if args[0] == nil {
		return nil, fmt.Errorf("it lacks its first input")
	}
	return op.value(&evaluation{r: r, n: n, a: a, args: args})
}

// constantNode is Constant.
func (r *Reading) constantNode(_ *graph.Node, a *Attrs) (*graph.Tensor, error) {
	if v, ok := a.Get("value", "t"); ok {
		return v.T, nil
	}
	if a.Has("value_float") {
		return &graph.Tensor{Type: graph.Float, Shape: graph.Shape{}, F: []float32{a.Float("value_float", 0)}}, nil
	}
	if a.Has("value_int") {
		return ints(graph.Shape{}, a.Int("value_int", 0)), nil
	}
	if v, ok := a.Get("value_floats", "fs"); ok {
		return &graph.Tensor{Type: graph.Float, Shape: graph.Shape{len(v.Floats)}, F: append([]float32{}, v.Floats...)}, nil
	}
	if v := a.Ints("value_ints"); v != nil {
		return ints(graph.Shape{len(v)}, v...), nil
	}
	if a.Bad != nil {
		return nil, a.Bad
	}
	return nil, Refuse("", "it holds no number that can be read")
}

// shapeNode is Shape, since opset 15 with a range of axes.
func (r *Reading) shapeNode(n *graph.Node, a *Attrs) (*graph.Tensor, error) {
	s := r.Shape(In(n, 0))
	if s == nil {
		return nil, nil
	}
	clamp := func(v int64) int {
		if v < 0 {
			v += int64(len(s))
		}
		return int(min(max(v, 0), int64(len(s))))
	}
	from, to := clamp(a.Int("start", 0)), clamp(a.Int("end", int64(len(s))))
	out := ints(graph.Shape{max(to-from, 0)})
	for i := from; i < to; i++ {
		out.I = append(out.I, int64(s[i]))
	}
	return out, nil
}

// sizeNode is Size.
func (r *Reading) sizeNode(n *graph.Node, _ *Attrs) (*graph.Tensor, error) {
	s := r.Shape(In(n, 0))
	if s == nil {
		return nil, nil
	}
	c, err := s.Count()
	return ints(graph.Shape{}, int64(c)), err
}

// ints is an integer constant.
func ints(s graph.Shape, v ...int64) *graph.Tensor {
	return &graph.Tensor{Type: graph.Int, Shape: s, I: append([]int64{}, v...)}
}

// unary computes element by element; i is nil if the operator has no integer
// form.
func unary(f func(float64) float64, i func(int64) int64) func(*evaluation) (*graph.Tensor, error) {
	return func(e *evaluation) (*graph.Tensor, error) {
		x := e.args[0]
		out := emptyLike(x.Type, x.Shape)
		if x.Type == graph.Float {
			for _, v := range x.F {
				out.F = append(out.F, float32(f(float64(v))))
			}
			return out, nil
		}
		if i == nil {
			return nil, fmt.Errorf("it takes floats, has %s", x.Type)
		}
		for _, v := range x.I {
			out.I = append(out.I, i(v))
		}
		return out, nil
	}
}

// binary combines any number of operands from left to right.
func binary(f func(a, b float32) float32, i func(a, b int64) (int64, error)) func(*evaluation) (*graph.Tensor, error) {
	return func(e *evaluation) (*graph.Tensor, error) {
		acc := e.args[0]
		for _, b := range e.args[1:] {
			var err error
			if acc, err = zip(acc, b, acc.Type, f, i); err != nil {
				return nil, err
			}
		}
		return acc, nil
	}
}

// compare computes an operator whose elements are true or false.
func compare(f func(a, b float32) bool, i func(a, b int64) bool) func(*evaluation) (*graph.Tensor, error) {
	bit := func(b bool) int64 {
		if b {
			return 1
		}
		return 0
	}
	return func(e *evaluation) (*graph.Tensor, error) {
		if len(e.args) != 2 || e.args[1] == nil {
			return nil, errors.New("it takes two inputs")
		}
		if e.args[0].Type == graph.Float {
			t, err := zip(e.args[0], e.args[1], graph.Float, func(a, b float32) float32 { return float32(bit(f(a, b))) }, nil)
			if err != nil {
				return nil, err
			}
			return castTo(t, graph.Bool, 9), nil
		}
		return zip(e.args[0], e.args[1], graph.Bool, nil, func(a, b int64) (int64, error) { return bit(i(a, b)), nil })
	}
}

// zip combines two tensors of one type with broadcasting.
func zip(a, b *graph.Tensor, typ graph.DType, f func(a, b float32) float32, i func(a, b int64) (int64, error)) (*graph.Tensor, error) {
	if b == nil {
		return nil, errors.New("it lacks an input")
	}
	if a.Type != b.Type {
		return nil, fmt.Errorf("its inputs have types %s and %s", a.Type, b.Type)
	}
	s, err := graph.Broadcast(a.Shape, b.Shape)
	if err != nil {
		return nil, err
	}
	n, err := made(s, len(a.F)+len(a.I), len(b.F)+len(b.I))
	if err != nil {
		return nil, err
	}
	out := emptyLike(typ, s)
	at, bt := graph.Offsets(a.Shape, s).Next, graph.Offsets(b.Shape, s).Next
	for range n {
		ia, ib := at(), bt()
		if a.Type == graph.Float {
			out.F = append(out.F, f(a.F[ia], b.F[ib]))
			continue
		}
		v, err := i(a.I[ia], b.I[ib])
		if err != nil {
			return nil, err
		}
		out.I = append(out.I, v)
	}
	return out, nil
}

// made counts the elements of a new constant and refuses a constant much
// larger than its operands.
func made(s graph.Shape, operands ...int) (int, error) {
	n, err := s.Count()
	if err == nil && n > max(maxMade, slices.Max(append(operands, 0))) {
		err = fmt.Errorf("constant of shape %v is absurdly large", s)
	}
	return n, err
}

func emptyLike(t graph.DType, s graph.Shape) *graph.Tensor {
	out := &graph.Tensor{Type: t, Shape: slices.Clone(s)}
	if out.Shape == nil {
		out.Shape = graph.Shape{}
	}
	if t == graph.Float {
		out.F = []float32{}
	} else {
		out.I = []int64{}
	}
	return out
}

// pick builds a tensor of shape s from elements of t.
func pick(t *graph.Tensor, s graph.Shape, n int, next func() int) *graph.Tensor {
	out := emptyLike(t.Type, s)
	out.Stored = t.Stored
	if t.Grid != nil && len(t.Grid.Scale) == 1 {
		out.Grid = t.Grid
	}
	for range n {
		if i := next(); t.Type == graph.Float {
			out.F = append(out.F, t.F[i])
		} else {
			out.I = append(out.I, t.I[i])
		}
	}
	return out
}

// cast: floats of every width are one type here, and so are integers; narrowing
// to a smaller integer wraps, as in C.
func (e *evaluation) cast() (*graph.Tensor, error) {
	e.a.Ignore("saturate", "round_mode")
	to := e.a.Int("to", 0)
	switch to {
	case 1, 10, 11, 16:
		return castTo(e.args[0], graph.Float, to), nil
	case 2, 3, 4, 5, 6, 7, 12, 13:
		return castTo(e.args[0], graph.Int, to), nil
	case 9:
		return castTo(e.args[0], graph.Bool, to), nil
	}
	return nil, Refuse("", "a cast to element type %d is not supported", to)
}

func castTo(x *graph.Tensor, typ graph.DType, elem int64) *graph.Tensor {
	out := emptyLike(typ, x.Shape)
	if typ == graph.Float {
		out.F = append(out.F, x.F...)
		for _, v := range x.I {
			out.F = append(out.F, float32(v))
		}
		return out
	}
	narrow := func(v int64) int64 {
		switch elem {
		case 2:
			return int64(uint8(v))
		case 3:
			return int64(int8(v))
		case 4:
			return int64(uint16(v))
		case 5:
			return int64(int16(v))
		case 6:
			return int64(int32(v))
		case 12:
			return int64(uint32(v))
		case 9:
			if v != 0 {
				return 1
			}
		}
		return v
	}
	for _, v := range x.F {
		switch {
		case elem == 9 && v != 0:
			out.I = append(out.I, 1)
		case v >= math.MaxInt64:
			out.I = append(out.I, narrow(math.MaxInt64))
		case v <= math.MinInt64:
			out.I = append(out.I, narrow(math.MinInt64))
		default:
			out.I = append(out.I, narrow(int64(v)))
		}
	}
	for _, v := range x.I {
		out.I = append(out.I, narrow(v))
	}
	return out
}

func (e *evaluation) constantOfShape() (*graph.Tensor, error) {
	if e.args[0].Type != graph.Int {
		return nil, fmt.Errorf("its shape is %s, want integers", e.args[0].Type)
	}
	s, err := toShape(e.args[0].I)
	if err != nil {
		return nil, err
	}
	n, err := made(s)
	if err != nil {
		return nil, err
	}
	value := &graph.Tensor{Type: graph.Float, Shape: graph.Shape{1}, F: []float32{0}}
	if v, ok := e.a.Get("value", "t"); ok {
		if value = v.T; len(value.F)+len(value.I) != 1 {
			return nil, errors.New("its value is not one number")
		}
	}
	return pick(value, s, n, func() int { return 0 }), nil
}

func (e *evaluation) gather() (*graph.Tensor, error) {
	x := e.args[0]
	if len(e.args) != 2 || e.args[1] == nil || e.args[1].Type != graph.Int {
		return nil, errors.New("it takes data and integer indices")
	}
	idx := e.args[1]
	ax, err := Axis(e.a.Int("axis", 0), len(x.Shape))
	if err != nil {
		return nil, err
	}
	outer, inner, dim := x.Shape[:ax].Elems(), x.Shape[ax+1:].Elems(), x.Shape[ax]
	s := append(append(slices.Clone(x.Shape[:ax]), idx.Shape...), x.Shape[ax+1:]...)
	n, err := made(s, len(x.F)+len(x.I))
	if err != nil {
		return nil, err
	}
	at := make([]int, len(idx.I))
	for i, v := range idx.I {
		if at[i], err = Axis(v, dim); err != nil {
			return nil, fmt.Errorf("index %d is outside axis %d of %v", v, ax, x.Shape)
		}
	}
	from := make([]int, 0, n)
	for o := range outer {
		for _, k := range at {
			for i := range inner {
				from = append(from, (o*dim+k)*inner+i)
			}
		}
	}
	return pick(x, s, n, sequence(from)), nil
}

// sequence yields the elements of a list.
func sequence(list []int) func() int {
	i := -1
	return func() int { i++; return list[i] }
}

func (e *evaluation) concat() (*graph.Tensor, error) {
	x := e.args[0]
	for _, t := range e.args {
		if t == nil || t.Type != x.Type {
			return nil, errors.New("its inputs have different types")
		}
	}
	s, err := e.r.concatShape(e.n, e.a, x.Shape)
	if err != nil {
		return nil, err
	}
	ax, _ := Axis(e.a.Int("axis", 0), len(s)) // checked by concatShape
	largest := 0
	for _, t := range e.args {
		largest = max(largest, len(t.F)+len(t.I))
	}
	if _, err := made(s, 2*largest); err != nil {
		return nil, err
	}
	out := emptyLike(x.Type, s)
	for o := range s[:ax].Elems() {
		for _, t := range e.args {
			k := t.Shape[ax:].Elems()
			if x.Type == graph.Float {
				out.F = append(out.F, t.F[o*k:(o+1)*k]...)
			} else {
				out.I = append(out.I, t.I[o*k:(o+1)*k]...)
			}
		}
	}
	return out, nil
}

func (e *evaluation) slice() (*graph.Tensor, error) {
	x := e.args[0]
	op, err := e.r.SliceOf(e.n, e.a, x.Shape)
	if err != nil {
		return nil, err
	}
	stride := make([]int, len(x.Shape))
	start, step := 0, 1
	for i := len(stride) - 1; i >= 0; i-- {
		start += op.Start[i] * step
		stride[i] = op.Step[i] * step
		step *= x.Shape[i]
	}
	return pick(x, op.To, op.To.Elems(), graph.Strided(op.To, stride, start).Next), nil
}

func (e *evaluation) rangeOf() (*graph.Tensor, error) {
	var v [3]int64
	if len(e.args) != 3 {
		return nil, errors.New("it takes start, limit and delta")
	}
	for i, t := range e.args {
		if t == nil || t.Type != graph.Int || len(t.I) != 1 {
			return nil, Refuse("", "only integer ranges are supported")
		}
		v[i] = t.I[0]
	}
	if v[2] == 0 || max(v[0], -v[0], v[1], -v[1]) > graph.MaxElems {
		return nil, errors.New("its range is absurd")
	}
	out := ints(nil)
	for x := v[0]; v[2] > 0 && x < v[1] || v[2] < 0 && x > v[1]; x += v[2] {
		if len(out.I) == maxMade {
			return nil, errors.New("its range is absurdly long")
		}
		out.I = append(out.I, x)
	}
	out.Shape = graph.Shape{len(out.I)}
	return out, nil
}

// renamed computes any operator that only changes the shape, by the given rule.
func renamed(rule shapeRule) func(*evaluation) (*graph.Tensor, error) {
	return func(e *evaluation) (*graph.Tensor, error) {
		s, err := rule(e.r, e.n, e.a, e.r.Shape(In(e.n, 0)))
		if err != nil {
			return nil, err
		}
		t := *e.args[0]
		t.Shape = s
		if t.Grid != nil && len(t.Grid.Scale) != 1 {
			t.Grid = nil // its axis may be gone
		}
		return &t, nil
	}
}

func (e *evaluation) transpose() (*graph.Tensor, error) {
	x := e.args[0]
	perm, err := PermOf(e.a, len(x.Shape))
	if err != nil {
		return nil, err
	}
	return Transpose(x, perm), nil
}

// Transpose moves data so that axis i of the result is axis perm[i] of t.
func Transpose(t *graph.Tensor, perm []int) *graph.Tensor {
	stride := make([]int, len(perm))
	step := 1
	for i := len(perm) - 1; i >= 0; i-- {
		stride[i] = step
		step *= t.Shape[i]
	}
	s, by := make(graph.Shape, len(perm)), make([]int, len(perm))
	for i, p := range perm {
		s[i], by[i] = t.Shape[p], stride[p]
	}
	out := pick(t, s, s.Elems(), graph.Strided(s, by, 0).Next)
	if t.Grid != nil && out.Grid == nil {
		g := *t.Grid
		g.Axis = slices.Index(perm, g.Axis)
		out.Grid = &g
	}
	return out
}

func (e *evaluation) expand() (*graph.Tensor, error) {
	s, err := e.r.expandShape(e.n, e.a, e.r.Shape(In(e.n, 0)))
	if err != nil {
		return nil, err
	}
	x := e.args[0]
	n, err := made(s, len(x.F)+len(x.I))
	if err != nil {
		return nil, err
	}
	return pick(x, s, n, graph.Offsets(x.Shape, s).Next), nil
}

func (e *evaluation) where() (*graph.Tensor, error) {
	if len(e.args) != 3 || e.args[1] == nil || e.args[2] == nil || e.args[0].Type == graph.Float || e.args[1].Type != e.args[2].Type {
		return nil, errors.New("it takes a condition and two tensors of one type")
	}
	c, x, y := e.args[0], e.args[1], e.args[2]
	s, err := graph.Broadcast(x.Shape, y.Shape)
	if err != nil {
		return nil, err
	}
	if s, err = graph.Broadcast(s, c.Shape); err != nil {
		return nil, err
	}
	n, err := made(s, len(x.F)+len(x.I), len(y.F)+len(y.I), len(c.I))
	if err != nil {
		return nil, err
	}
	out := emptyLike(x.Type, s)
	ct, xt, yt := graph.Offsets(c.Shape, s).Next, graph.Offsets(x.Shape, s).Next, graph.Offsets(y.Shape, s).Next
	for range n {
		ic, ix, iy := ct(), xt(), yt()
		from, at := y, iy
		if c.I[ic] != 0 {
			from, at = x, ix
		}
		if x.Type == graph.Float {
			out.F = append(out.F, from.F[at])
		} else {
			out.I = append(out.I, from.I[at])
		}
	}
	return out, nil
}

// reduceProd reduces all elements: exporters multiply the dimensions of a
// shape.
func (e *evaluation) reduceProd() (*graph.Tensor, error) {
	x := e.args[0]
	axes, given, err := e.r.axesOf(e.n, e.a, 1)
	if err != nil {
		return nil, err
	}
	if len(x.Shape) != 1 || x.Type != graph.Int || given && len(axes) != 1 {
		return nil, Refuse("", "a product over %v is not supported", x.Shape)
	}
	p := int64(1)
	for _, v := range x.I {
		p *= v
	}
	if e.a.Int("keepdims", 1) != 0 {
		return ints(graph.Shape{1}, p), nil
	}
	return ints(graph.Shape{}, p), nil
}
