package frontend

import (
	"slices"

	"hass/internal/graph"
)

// transposable holds the element-wise operators that a Transpose passes: of one
// input, or with constants that can be transposed instead, or with operands that
// are all transposed alike.
var transposable = map[string]bool{
	"Relu": true, "LeakyRelu": true, "Sigmoid": true, "HardSigmoid": true, "HardSwish": true, "Swish": true, "Tanh": true, "Clip": true,
	"Identity": true, "Dropout": true, "Cast": true, "Neg": true, "PRelu": true,
	"Add": true, "Sub": true, "Mul": true, "Div": true, "Sum": true, "Max": true, "Min": true,
}

// sinkTranspose moves each Transpose towards the outputs, past element-wise
// operators, Concat, Pad and reductions, and merges it with the next one, until
// the pairs that exporters put around every convolution cancel.
func sinkTranspose(r *rewriter) error {
	for changed := true; changed; {
		changed = false
		for _, t := range r.nodes() {
			if r.gone[t] || !isForeign(t, "Transpose") || r.shape(t.Outputs[0]) == nil || r.g.Consts[t.Inputs[0]] != nil {
				continue
			}
			perm, err := permOf(newAttrs(t.Op.(graph.Foreign)), len(r.shape(t.Inputs[0])))
			if err != nil {
				continue // reported by lower-layout
			}
			if slices.IsSorted(perm) && !r.output[t.Outputs[0]] {
				r.bypass(t, t.Inputs[0])
				changed = true
				continue
			}
			for _, u := range slices.Clone(r.users[t.Outputs[0]]) {
				if !r.gone[u] && slices.Contains(u.Inputs, t.Outputs[0]) {
					changed = r.passTranspose(t, perm, u) || changed
				}
			}
			if len(r.users[t.Outputs[0]]) == 0 && !r.output[t.Outputs[0]] {
				r.remove(t)
			}
		}
		// New nodes must stand in the list for the next round.
		if err := r.finish(); err != nil {
			return err
		}
		r.extra = map[*graph.Node][]*graph.Node{}
	}
	return nil
}

// passTranspose moves t behind its user u; false if it cannot pass.
func (r *rewriter) passTranspose(t *graph.Node, perm []int, u *graph.Node) bool {
	op, ok := u.Op.(graph.Foreign)
	if !ok || op.Domain != "" || len(u.Outputs) != 1 && op.Type != "Dropout" || u.Outputs[0] == "" {
		return false
	}
	out := r.shape(u.Outputs[0])
	if out == nil || !r.oneOutput(u) {
		return false
	}
	rank := len(perm)
	switch {
	case op.Type == "Transpose":
		second, err := permOf(newAttrs(op), rank)
		if err != nil {
			return false
		}
		merged := make([]int, rank)
		for i, p := range second {
			merged[i] = perm[p]
		}
		u.Op = transposeNode(merged)
		r.setInputs(u, t.Inputs[0])
		return true
	case transposable[op.Type] && len(out) == rank:
		return r.passElementwise(t, perm, u, op.Type)
	case op.Type == "Concat" && len(out) == rank:
		ax, err := axis(newAttrs(op).int("axis", 0), rank)
		inputs, ok := r.alike(u, perm, false)
		if err != nil || !ok {
			return false
		}
		op.Attrs = map[string]graph.Attr{"axis": {Kind: "i", I: int64(perm[ax])}}
		u.Op = op
		r.behind(u, perm, inputs)
		return true
	case op.Type == "Pad" && len(out) == rank:
		p, err := r.padOf(u, newAttrs(op), rank)
		if err != nil {
			return false
		}
		pads := make([]int64, 2*rank)
		for i, ax := range perm {
			pads[ax], pads[ax+rank] = int64(p.before[i]), int64(p.after[i])
		}
		op.Opset = 2
		op.Attrs = map[string]graph.Attr{"mode": {Kind: "s", S: p.mode}, "pads": {Kind: "is", Ints: pads}, "value": {Kind: "f", F: p.value}}
		u.Op = op
		r.behind(u, perm, []string{t.Inputs[0]})
		return true
	case op.Type == "ReduceMean" || op.Type == "ReduceMax":
		return r.passReduction(t, perm, u, op)
	}
	return false
}

// passReduction maps the axes. Without the reduced axes the others must keep
// their order, or a transpose of fewer axes follows.
func (r *rewriter) passReduction(t *graph.Node, perm []int, u *graph.Node, op graph.Foreign) bool {
	a := newAttrs(op)
	reduced, _, err := r.reduction(u, a, r.shape(u.Inputs[0]))
	if err != nil || a.done() != nil {
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
	keep := a.int("keepdims", 1)
	if keep == 0 && !slices.IsSorted(kept) {
		return false
	}
	slices.Sort(axes)
	op.Opset = 13
	op.Attrs = map[string]graph.Attr{"axes": {Kind: "is", Ints: axes}, "keepdims": {Kind: "i", I: keep}}
	u.Op = op
	if keep == 0 {
		r.setInputs(u, t.Inputs[0])
		return true
	}
	r.behind(u, perm, []string{t.Inputs[0]})
	return true
}

// passElementwise moves t behind an element-wise operator whose other operands
// are constants or transposed alike.
func (r *rewriter) passElementwise(t *graph.Node, perm []int, u *graph.Node, typ string) bool {
	switch typ {
	case "Clip", "Cast", "Dropout": // further inputs are numbers
		r.behind(u, perm, append([]string{t.Inputs[0]}, u.Inputs[1:]...))
		return true
	case "PRelu":
		if u.Inputs[0] != t.Outputs[0] {
			return false
		}
	}
	inputs, ok := r.alike(u, perm, true)
	if !ok || !r.shape(u.Outputs[0]).Equal(r.shape(t.Outputs[0])) {
		return false
	}
	r.behind(u, perm, inputs)
	return true
}

// alike gives what the inputs of u are before the transpose perm: those of its
// transposes, and constants transposed back. Constants are broadcast if the
// operator does so.
func (r *rewriter) alike(u *graph.Node, perm []int, broadcasts bool) ([]string, bool) {
	inputs := make([]string, len(u.Inputs))
	consts := make([]*graph.Tensor, len(u.Inputs))
	inverse := make([]int, len(perm))
	for i, p := range perm {
		inverse[p] = i
	}
	for i, v := range u.Inputs {
		if c := r.g.Consts[v]; c != nil {
			s := slices.Clone(c.Shape)
			if len(s) > len(perm) || len(s) < len(perm) && !broadcasts {
				return nil, false
			}
			for len(s) < len(perm) {
				s = append(graph.Shape{1}, s...)
			}
			wide := *c
			wide.Shape, wide.Grid = s, nil
			consts[i] = transpose(&wide, inverse)
			continue
		}
		m := r.maker[v]
		if m == nil || !isForeign(m, "Transpose") || r.shape(m.Inputs[0]) == nil {
			return nil, false
		}
		p, err := permOf(newAttrs(m.Op.(graph.Foreign)), len(r.shape(m.Inputs[0])))
		if err != nil || !slices.Equal(p, perm) {
			return nil, false
		}
		inputs[i] = m.Inputs[0]
	}
	for i, c := range consts {
		if c != nil {
			inputs[i] = r.newConst(u.Inputs[i]+"/transposed", c)
		}
	}
	return inputs, true
}

// behind lets u read other inputs and puts a Transpose behind it that gives its
// users what they had. Transposes that nobody reads any more go.
func (r *rewriter) behind(u *graph.Node, perm []int, inputs []string) {
	old := u.Inputs
	out := u.Outputs[0]
	s := r.shape(out)
	before := make(graph.Shape, len(s))
	for i, p := range perm {
		before[p] = s[i]
	}
	inner := r.newValue(out + "/sunk")
	r.g.Shapes[inner] = before
	u.Outputs[0] = inner
	r.maker[inner] = u
	r.setInputs(u, inputs...)
	r.add(u, &graph.Node{Name: u.Name + "/transpose", Op: transposeNode(perm), Inputs: []string{inner}, Outputs: []string{out}})
	r.prune(old...)
}

// prune removes the nodes that make the given values, and those before them, as
// far as nobody reads them.
func (r *rewriter) prune(values ...string) {
	for _, v := range values {
		n := r.maker[v]
		if n == nil || r.gone[n] || len(n.Outputs) != 1 || r.output[v] || len(r.users[v]) > 0 {
			continue
		}
		before := n.Inputs
		r.remove(n)
		r.prune(before...)
	}
}
