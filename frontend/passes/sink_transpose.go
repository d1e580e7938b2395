package passes

import (
	"maps"
	"slices"

	"hass/frontend/ops"
	"hass/frontend/rewrite"
	"hass/internal/graph"
)

// transposable holds the element-wise operators that a Transpose can pass:
// operators of one input, operators whose other operands are constants that can
// be transposed instead, and operators whose operands are all transposed alike.
var transposable = map[string]bool{
	"Relu": true, "LeakyRelu": true, "Sigmoid": true, "HardSigmoid": true, "HardSwish": true, "Swish": true, "Tanh": true, "Clip": true,
	"Elu": true, "Selu": true, "Celu": true, "Gelu": true, "Mish": true, "Softplus": true, "Softsign": true, "ThresholdedRelu": true, "Shrink": true,
	"Identity": true, "Dropout": true, "Cast": true, "Neg": true, "PRelu": true,
	"Abs": true, "Sqrt": true, "Reciprocal": true, "Floor": true, "Ceil": true, "Exp": true, "Log": true, "Erf": true, "Round": true, "Sign": true, "Pow": true,
	"Add": true, "Sub": true, "Mul": true, "Div": true, "Sum": true, "Max": true, "Min": true,
}

// sinkTranspose moves each Transpose towards the outputs, past element-wise
// operators, Concat, Pad, Resize and reductions, and merges it with the next one, until
// the pairs that exporters put around every convolution cancel.
func sinkTranspose(r *rewriter) error {
	s := &sinking{rewriter: r, stuck: map[*graph.Node]int{}, waits: map[*graph.Node]bool{}}
	for _, n := range r.Nodes() {
		s.push(n)
	}
	for len(s.queue) > 0 && r.Budget >= 0 {
		t := s.queue[0]
		s.queue = s.queue[1:]
		delete(s.waits, t)
		s.sink(t)
	}
	return nil
}

// sinking is the state of the pass: transposes wait in a queue until each has been
// tried at its current place.
type sinking struct {
	*rewriter
	queue []*graph.Node
	waits map[*graph.Node]bool // in the queue
	// stuck is the input that kept a transpose from passing a node. It is checked first, so
	// that a node of many inputs is not searched for each of them.
	stuck map[*graph.Node]int
}

// push queues t, if it is a transpose.
func (s *sinking) push(t *graph.Node) {
	if t != nil && !s.Gone[t] && !s.waits[t] && rewrite.IsForeign(t, "Transpose") {
		s.waits[t], s.queue = true, append(s.queue, t)
	}
}

// sink moves t behind the users that it can pass.
func (r *sinking) sink(t *graph.Node) {
	if r.Gone[t] || !rewrite.IsForeign(t, "Transpose") || r.Shape(t.Outputs[0]) == nil || r.Graph.Consts[t.Inputs[0]] != nil {
		return
	}
	perm, err := ops.PermOf(ops.NewAttrs(t.Op.(graph.Foreign)), len(r.Shape(t.Inputs[0])))
	if err != nil {
		return // reported by lower-layout
	}
	if slices.IsSorted(perm) && !r.Output[t.Outputs[0]] {
		x := t.Inputs[0]
		r.Bypass(t, x)
		r.push(r.Maker[x]) // its users are new
		return
	}
	tried := map[*graph.Node]bool{} // one that reads it twice is passed as a whole
	for _, u := range slices.Clone(r.UsersOf(t.Outputs[0])) {
		if !tried[u] && !r.Gone[u] {
			tried[u] = true
			r.passTranspose(t, perm, u)
		}
	}
	if r.Readers(t.Outputs[0]) == 0 && !r.Output[t.Outputs[0]] {
		r.Remove(t)
	}
}

// passTranspose moves t behind its user u; false if it cannot pass.
func (r *sinking) passTranspose(t *graph.Node, perm []int, u *graph.Node) bool {
	op, ok := u.Op.(graph.Foreign)
	if !ok || !ops.Known(op) || len(u.Outputs) != 1 && op.Type != "Dropout" || u.Outputs[0] == "" {
		return false
	}
	out := r.Shape(u.Outputs[0])
	if out == nil || !r.OneOutput(u) {
		return false
	}
	rank := len(perm)
	switch {
	case op.Type == "Transpose":
		second, err := ops.PermOf(ops.NewAttrs(op), rank)
		if err != nil {
			return false
		}
		merged := make([]int, rank)
		for i, p := range second {
			merged[i] = perm[p]
		}
		u.Op = transposeNode(merged)
		r.SetInputs(u, t.Inputs[0])
		r.push(u)
		return true
	case transposable[op.Type] && len(out) == rank:
		return r.passElementwise(t, perm, u, op.Type)
	case u.Inputs[0] == t.Outputs[0] && r.oneScale(u, op):
		r.behind(u, perm, append([]string{t.Inputs[0]}, u.Inputs[1:]...))
		return true
	case op.Type == "Concat" && len(out) == rank:
		ax, err := ops.Axis(ops.NewAttrs(op).Int("axis", 0), rank)
		inputs, ok := r.alike(u, perm, ofEqualRank)
		if err != nil || !ok {
			return false
		}
		op.Attrs = map[string]graph.Attr{"axis": {Kind: "i", I: int64(perm[ax])}}
		u.Op = op
		r.behind(u, perm, inputs)
		return true
	case op.Type == "Pad" && len(out) == rank:
		p, err := r.PadOf(u, ops.NewAttrs(op), rank)
		if err != nil {
			return false
		}
		pads := make([]int64, 2*rank)
		for i, ax := range perm {
			pads[ax], pads[ax+rank] = int64(p.Before[i]), int64(p.After[i])
		}
		op.Opset = 2
		op.Attrs = map[string]graph.Attr{"mode": {Kind: "s", S: p.Mode}, "pads": {Kind: "is", Ints: pads}, "value": {Kind: "f", F: p.Value}}
		u.Op = op
		r.behind(u, perm, []string{t.Inputs[0]})
		return true
	case (op.Type == "Resize" || op.Type == "Upsample") && len(out) == rank && u.Inputs[0] == t.Outputs[0]:
		axes, err := resizedAxes(op, rank)
		if err != nil {
			return false
		}
		for i, ax := range axes {
			axes[i] = int64(perm[ax])
		}
		attrs := maps.Clone(op.Attrs)
		if attrs == nil {
			attrs = map[string]graph.Attr{}
		}
		attrs["axes"] = graph.Attr{Kind: "is", Ints: axes}
		op.Attrs = attrs
		u.Op = op
		r.behind(u, perm, append([]string{t.Inputs[0]}, u.Inputs[1:]...))
		return true
	case op.Type == "ReduceMean" || op.Type == "ReduceMax":
		return r.passReduction(t, perm, u, op)
	}
	return false
}

// resizedAxes are the axes to which the scales or sizes of a Resize or Upsample apply, in their
// order.
func resizedAxes(op graph.Foreign, rank int) ([]int64, error) {
	axes := ops.NewAttrs(op).Ints("axes")
	if axes == nil {
		for ax := range rank {
			axes = append(axes, int64(ax))
		}
		return axes, nil
	}
	axes = slices.Clone(axes)
	for i, v := range axes {
		ax, err := ops.Axis(v, rank)
		if err != nil {
			return nil, err
		}
		axes[i] = int64(ax)
	}
	return axes, nil
}

// passReduction maps the axes. If the reduced axes are dropped, the
// remaining ones must keep their order; otherwise a transpose of fewer axes
// follows.
func (r *sinking) passReduction(t *graph.Node, perm []int, u *graph.Node, op graph.Foreign) bool {
	a := ops.NewAttrs(op)
	reduced, _, err := r.Reduction(u, a, r.Shape(u.Inputs[0]))
	if err != nil || a.Done() != nil {
		return false
	}
	var axes []int64
	var kept []int
	for i, on := range reduced {
		if on {
			axes = append(axes, int64(perm[i]))
		} else {
			kept = append(kept, perm[i])
		}
	}
	if len(axes) == 0 {
		return false
	}
	keep := a.Int("keepdims", 1)
	if keep == 0 && !slices.IsSorted(kept) {
		return false
	}
	slices.Sort(axes)
	op.Opset = 13
	op.Attrs = map[string]graph.Attr{"axes": {Kind: "is", Ints: axes}, "keepdims": {Kind: "i", I: keep}}
	u.Op = op
	if keep == 0 {
		r.SetInputs(u, t.Inputs[0])
		r.push(r.Maker[t.Inputs[0]])
		return true
	}
	r.behind(u, perm, []string{t.Inputs[0]})
	return true
}

// passElementwise moves t behind an element-wise operator whose other operands
// are constants or transposed alike.
func (r *sinking) passElementwise(t *graph.Node, perm []int, u *graph.Node, typ string) bool {
	switch typ {
	case "Clip", "Cast", "Dropout": // further inputs are numbers
		r.behind(u, perm, append([]string{t.Inputs[0]}, u.Inputs[1:]...))
		return true
	case "PRelu":
		if u.Inputs[0] != t.Outputs[0] {
			return false
		}
	}
	inputs, ok := r.alike(u, perm, broadcast)
	if !ok || !r.Shape(u.Outputs[0]).Equal(r.Shape(t.Outputs[0])) {
		return false
	}
	r.behind(u, perm, inputs)
	return true
}

// constants says what an operator does with a constant of lower rank.
type constants int

const (
	ofEqualRank constants = iota // it has none
	broadcast
)

// alike gives the inputs of u before the transpose perm: those of its
// transposes, and constants transposed back.
func (r *sinking) alike(u *graph.Node, perm []int, as constants) ([]string, bool) {
	inputs := make([]string, len(u.Inputs))
	consts := make([]*graph.Tensor, len(u.Inputs))
	inverse := make([]int, len(perm))
	for i, p := range perm {
		inverse[p] = i
	}
	for k := range u.Inputs {
		i := (k + r.stuck[u]) % len(u.Inputs)
		if r.before(u.Inputs[i], perm, as, &inputs[i], &consts[i]) {
			continue
		}
		r.stuck[u] = i
		return nil, false
	}
	for i, c := range consts {
		if c == nil {
			continue
		}
		wide := *c
		wide.Shape, wide.Grid = slices.Concat(slices.Repeat(graph.Shape{1}, len(perm)-len(c.Shape)), c.Shape), nil
		inputs[i] = r.NewConst(u.Inputs[i], "/transposed", ops.Transpose(&wide, inverse))
	}
	return inputs, true
}

// before gives the input of the transpose perm that produces v, or v as a constant; false if v
// is neither.
func (r *sinking) before(v string, perm []int, as constants, x *string, c **graph.Tensor) bool {
	if t := r.Graph.Consts[v]; t != nil {
		*c = t
		return len(t.Shape) == len(perm) || len(t.Shape) < len(perm) && as == broadcast
	}
	m := r.Maker[v]
	if m == nil || !rewrite.IsForeign(m, "Transpose") || r.Shape(m.Inputs[0]) == nil {
		return false
	}
	p, err := ops.PermOf(ops.NewAttrs(m.Op.(graph.Foreign)), len(r.Shape(m.Inputs[0])))
	*x = m.Inputs[0]
	return err == nil && slices.Equal(p, perm)
}

// behind makes u read other inputs and puts a Transpose behind it, so that its
// users' input is unchanged. Transposes without readers are removed.
func (r *sinking) behind(u *graph.Node, perm []int, inputs []string) {
	old := u.Inputs
	out := u.Outputs[0]
	s := r.Shape(out)
	before := make(graph.Shape, len(s))
	for i, p := range perm {
		before[p] = s[i]
	}
	inner := r.NewValue(out + "/sunk")
	r.Graph.Shapes[inner] = before
	u.Outputs[0] = inner
	r.Maker[inner] = u
	r.SetInputs(u, inputs...)
	t := &graph.Node{Name: u.Name + "/transpose", Op: transposeNode(perm), Inputs: []string{inner}, Outputs: []string{out}}
	r.Add(u, t)
	r.push(t)
	for _, v := range inputs {
		r.push(r.Maker[v]) // it has a new user
	}
	r.Prune(old...)
}
