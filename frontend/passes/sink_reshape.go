package passes

import (
	"slices"
	"strings"

	"hass/frontend/ops"
	"hass/frontend/rewrite"
	"hass/internal/graph"
)

// sinkReshape moves reshapes towards the outputs until there are none between
// hardware operators. It merges chains, drops reshapes that change nothing and
// moves reshapes past element-wise operators. A fully connected layer whose
// input a reshape (or a Transpose and a reshape) flattened reads the map itself,
// with a kernel as large as the map.
func sinkReshape(r *rewriter) error {
	for changed := true; changed; {
		changed = false
		for _, n := range r.Nodes() {
			if r.Gone[n] {
				continue
			}
			switch op := n.Op.(type) {
			case graph.Reshape:
				changed = r.mergeReshape(n, op) || changed
			case graph.Activation:
				changed = op.Fn != graph.ActPRelu && r.passReshape(n) || changed
			case graph.Eltwise:
				changed = r.passReshape(n) || changed
			case graph.Conv:
				changed = r.absorbReshape(n, op) || changed
			}
		}
		// New nodes must be in the list for the next round.
		if err := r.Finish(); err != nil {
			return err
		}
	}
	for _, n := range r.Nodes() {
		for _, v := range n.Outputs {
			if name, ok := strings.CutSuffix(v, rewrite.MapSuffix); ok && name != "" && !r.Taken(name) {
				r.Rename(v, name)
			}
		}
	}
	return nil
}

// mergeReshape reads past a reshape before n and drops n if it changes nothing.
func (r *rewriter) mergeReshape(n *graph.Node, op graph.Reshape) bool {
	changed := false
	if m := r.Maker[n.Inputs[0]]; m != nil {
		if _, ok := m.Op.(graph.Reshape); ok {
			old := n.Inputs[0]
			r.SetInputs(n, m.Inputs[0])
			if r.Readers(old) == 0 && !r.Output[old] {
				r.Remove(m)
			}
			changed = true
		}
	}
	x := n.Inputs[0]
	if r.Shape(x).Equal(op.To) && (!r.Output[n.Outputs[0]] || r.Maker[x] != nil && !r.Output[x]) {
		r.Bypass(n, x)
		changed = true
	}
	return changed
}

// passReshape turns n(reshape(x)) into reshape(n(x)), with two inputs only if
// both are reshaped from the same shape. It does so only if nothing else
// reads the reshape; otherwise the reshape would remain as well.
func (r *rewriter) passReshape(n *graph.Node) bool {
	out := n.Outputs[0]
	var from graph.Shape
	for _, v := range n.Inputs {
		m := r.Maker[v]
		if m == nil || r.Output[v] || slices.ContainsFunc(r.UsersOf(v), func(u *graph.Node) bool { return u != n }) {
			return false
		}
		if _, ok := m.Op.(graph.Reshape); !ok {
			return false
		}
		s := r.Shape(m.Inputs[0])
		if from != nil && !s.Equal(from) || !r.Shape(v).Equal(r.Shape(out)) {
			return false
		}
		from = s
	}
	if len(from) != 4 && len(r.Shape(out)) == 4 {
		return false // towards hardware: an operator needs its map
	}
	inputs := make([]string, len(n.Inputs))
	old := slices.Clone(n.Inputs)
	for i, v := range old {
		inputs[i] = r.Maker[v].Inputs[0]
	}
	// The first reshape moves behind n under its own name.
	first := r.Maker[old[0]]
	r.SetInputs(n, inputs...)
	for _, v := range old[1:] {
		if m := r.Maker[v]; m != nil && m != first {
			r.Remove(m)
		}
	}
	delete(r.Graph.Shapes, old[0])
	delete(r.Maker, old[0])
	inner := r.NewValue(out + rewrite.MapSuffix)
	r.Graph.Shapes[inner] = slices.Clone(from)
	n.Outputs = []string{inner}
	r.Maker[inner] = n
	first.Op = graph.Reshape{To: slices.Clone(r.Shape(out))}
	first.Outputs = []string{out}
	r.Maker[out] = first
	r.SetInputs(first, inner)
	return true
}

// absorbReshape makes a fully connected layer on [1,K,1,1] read the map
// [1,C,H,W] that a reshape flattened, with its weights reshaped to [F,C,H,W];
// behind a Transpose of that map, with their columns in the map's own order.
func (r *rewriter) absorbReshape(n *graph.Node, op graph.Conv) bool {
	x := r.Shape(n.Inputs[0])
	m := r.Maker[n.Inputs[0]]
	w := r.Constant(n, 1)
	if m == nil || w == nil || op.Groups != 1 || op.Kernel != [2]int{1, 1} || op.Pads != [4]int{} || x[2] != 1 || x[3] != 1 {
		return false
	}
	if _, ok := m.Op.(graph.Reshape); !ok {
		return false
	}
	src := m.Inputs[0]
	perm := []int{0, 1, 2, 3}
	if t := r.Maker[src]; t != nil {
		if f, ok := t.Op.(graph.Foreign); ok {
			p, err := ops.PermOf(ops.NewAttrs(f), len(r.Shape(src)))
			if f.Domain != "" || f.Type != "Transpose" || err != nil {
				return false
			}
			perm, src = p, t.Inputs[0]
		}
	}
	s := r.Shape(src)
	if len(s) != 4 || s[0] != 1 || perm[0] != 0 || s.Elems() != x[1] {
		return false
	}
	// Column k of the weights belongs to element k of the transposed map; the
	// inverse permutation brings the columns to the map's order.
	moved := make(graph.Shape, 4)
	inverse := make([]int, 4)
	for i, p := range perm {
		moved[i], inverse[p] = s[p], i
	}
	moved[0] = w.Shape[0]
	nw := ops.Transpose(&graph.Tensor{Type: graph.Float, Shape: moved, F: w.F}, inverse)
	nw.Shape = graph.Shape{w.Shape[0], s[1], s[2], s[3]}
	if w.Grid != nil && (w.Grid.Axis == 0 || len(w.Grid.Scale) == 1) {
		nw.Grid = w.Grid
	}
	op.Window = unitWindow
	op.Kernel = [2]int{s[2], s[3]}
	n.Op = op
	inputs := slices.Clone(n.Inputs)
	inputs[0], inputs[1] = src, r.NewConst(inputs[1], "/map", nw)
	r.SetInputs(n, inputs...)
	return true
}
