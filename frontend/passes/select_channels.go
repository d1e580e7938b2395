package passes

import (
	"slices"

	"hass/frontend/ops"
	"hass/internal/floatexec"
	"hass/internal/graph"
)

// selectChannels determines how chains of Reshape, Transpose, Slice and Gather rearrange a map before a layer with weights. A chain
// that reorders or selects channels is merged into the layers before or behind it, or becomes a layer of ones and zeros. A chain that
// moves pixels to channels becomes a strided conv, one that moves channels to pixels a transposed conv.
func selectChannels(r *rewriter) error {
	behind := r.layersBehind()
	var chosen []*graph.Node
	for _, n := range r.Nodes() {
		if r.Gone[n] || !moves(n.Op) || !behind[n.Outputs[0]] || !isMap(r.Shape(n.Outputs[0])) {
			continue
		}
		if r.recogniseMoves(n) {
			chosen = append(chosen, n)
		}
	}
	for _, n := range chosen {
		if take, ok := n.Op.(graph.Take); ok && !r.Gone[n] {
			r.foldChoice(n, take)
		}
	}
	return nil
}

// maxMoved bounds the elements of a map that is traced through a chain, and maxMoves the operators of a chain.
const (
	maxMoved = 1 << 22
	maxMoves = 16
)

// moves reports whether an operator moves elements without changing them.
func moves(op graph.Op) bool {
	switch op.(type) {
	case graph.Reshape, graph.Transpose, graph.Slice, graph.Take:
		return true
	}
	return false
}

func isMap(s graph.Shape) bool { return len(s) == 4 && s[0] == 1 && s.Elems() > 0 }

// hasModule reports whether a move has hardware of its own.
func hasModule(op graph.Op) bool {
	switch op := op.(type) {
	case graph.Reshape:
		return true
	case graph.Slice:
		return len(op.Step) == 4 && op.Step[1] == 1 && op.Step[2] > 0 && op.Step[3] > 0
	}
	return false
}

// recogniseMoves rewrites a node by the combined move from the nearest map for which it has a simple form; it reports whether it
// did.
func (r *rewriter) recogniseMoves(n *graph.Node) bool {
	chain := []*graph.Node{n}
	odd := !hasModule(n.Op)
	for v := n.Inputs[0]; len(chain) <= maxMoves; {
		s := r.Shape(v)
		if odd && isMap(s) && s.Elems() <= maxMoved && r.rewriteMoves(n, v, chain) {
			return true
		}
		m := r.Maker[v]
		if m == nil || !moves(m.Op) {
			return false
		}
		chain, odd = append(chain, m), odd || !hasModule(m.Op)
		v = m.Inputs[0]
	}
	return false
}

// rewriteMoves rewrites n by the combined move of the chain, whose last node reads the map x.
func (r *rewriter) rewriteMoves(n *graph.Node, x string, chain []*graph.Node) bool {
	s, to := r.Shape(x), r.Shape(n.Outputs[0])
	at := &floatexec.Tensor[float32]{Shape: s, Data: make([]float32, s.Elems())}
	for i := range at.Data {
		at.Data[i] = float32(i) // exact: maxMoved is below 2^24
	}
	for _, m := range slices.Backward(chain) {
		var err error
		if at, err = floatexec.Eval(m.Op, at); err != nil {
			return false
		}
	}
	old := n.Inputs[0]
	op, weights := ops.Moved(at.Data, s, to, maxMoved)
	switch op.(type) {
	case nil:
		return false
	case graph.Take:
		r.SetInputs(n, x)
	default:
		weights.Grid = r.oneHot(n, 0, 0, 0, 0).Grid
		r.SetInputs(n, x, r.NewConst(n.Name, "/moves", weights))
	}
	n.Op = op
	r.Prune(old)
	return true
}

// oneHot returns new all-zero weights of n, to be filled with ones and zeros, of 2 bits. Before a function that is a table
// of segments, which may need more binary places than the data have, they have the width of other weights.
func (r *rewriter) oneHot(n *graph.Node, a, b, kh, kw int) *graph.Tensor {
	t := &graph.Tensor{Type: graph.Float, Shape: graph.Shape{a, b, kh, kw}, F: make([]float32, a*b*kh*kw)}
	if !r.feedsFunction(n.Outputs[0]) {
		t.Grid = &graph.Grid{Bits: 2, Signed: true, Narrow: true, Scale: []float32{1}, Zero: []int64{0}}
	}
	return t
}

// feedsFunction reports whether an activation other than a clamp reads a value, possibly behind clamps.
func (r *rewriter) feedsFunction(v string) bool {
	return slices.ContainsFunc(r.UsersOf(v), func(u *graph.Node) bool {
		op, ok := u.Op.(graph.Activation)
		return ok && (op.Fn != graph.ActRelu && op.Fn != graph.ActClip || r.feedsFunction(u.Outputs[0]))
	})
}

// foldChoice merges n, which selects channels, into the layers around it.
func (r *rewriter) foldChoice(n *graph.Node, take graph.Take) {
	x, out := n.Inputs[0], n.Outputs[0]
	channels := r.Shape(x)[1]
	if r.asSlice(n, take) {
		return
	}
	for _, u := range slices.Clone(r.UsersOf(out)) {
		op, ok := u.Op.(graph.Conv)
		w := r.Constant(u, 1)
		const wider = 4 // a layer reads at most this multiple of the channels that it needs
		if !ok || op.Groups != 1 || w == nil || u.Inputs[0] != out || channels > wider*len(take.Index) || w.Shape.Elems()/len(take.Index)*channels > maxMoved {
			continue
		}
		per := w.Shape[2] * w.Shape[3]
		nw := &graph.Tensor{Type: graph.Float, Shape: graph.Shape{w.Shape[0], channels, w.Shape[2], w.Shape[3]}, F: make([]float32, w.Shape[0]*channels*per), Grid: columnGrid(w)}
		for f := range w.Shape[0] {
			for c, from := range take.Index {
				for k := range per {
					nw.F[(f*channels+from)*per+k] += w.F[(f*len(take.Index)+c)*per+k]
				}
			}
		}
		r.SetInputs(u, append([]string{x, r.NewConst(u.Inputs[1], "/chosen", nw)}, u.Inputs[2:]...)...)
	}
	if r.Readers(out) == 0 && !r.Output[out] {
		r.Remove(n)
		return
	}
	if r.chosenByProducer(n, take) {
		return
	}
	w := r.oneHot(n, len(take.Index), channels, 1, 1)
	for c, from := range take.Index {
		w.F[c*channels+from] = 1
	}
	n.Op = graph.Conv{Window: unitWindow, Groups: 1}
	r.SetInputs(n, x, r.NewConst(n.Name, "/moves", w))
}

// columnGrid is the grid of weights whose input channels are reordered. If a channel is taken twice, the sum of two weights is no
// longer on the grid and there is none.
func columnGrid(w *graph.Tensor) *graph.Grid {
	if w.Grid != nil && (len(w.Grid.Scale) == 1 || w.Grid.Axis == 0) {
		return w.Grid
	}
	return nil
}

// asSlice turns a selection of neighbouring channels into a slice, and drops a selection of all channels in order.
func (r *rewriter) asSlice(n *graph.Node, take graph.Take) bool {
	for i, c := range take.Index {
		if c != take.Index[0]+i {
			return false
		}
	}
	s := r.Shape(n.Inputs[0])
	if len(take.Index) == s[1] {
		r.Bypass(n, n.Inputs[0])
		return true
	}
	n.Op = graph.Slice{Start: []int{0, take.Index[0], 0, 0}, Step: []int{1, 1, 1, 1}, To: slices.Clone(take.To)}
	r.Changed = true
	return true
}

// chosenByProducer makes the conv that produces the channels for n alone produce them in n's order.
func (r *rewriter) chosenByProducer(n *graph.Node, take graph.Take) bool {
	x := n.Inputs[0]
	m := r.Maker[x]
	if m == nil || !r.Sole(x, n) || len(take.Index) > r.Shape(x)[1] {
		return false
	}
	op, ok := m.Op.(graph.Conv)
	w := r.Constant(m, 1)
	if !ok || w == nil || op.Groups != 1 && (op.Kernel != [2]int{1, 1} || op.Groups*w.Shape.Elems() > maxMoved) {
		return false
	}
	b := r.Constant(m, 2)
	if len(m.Inputs) > 2 && m.Inputs[2] != "" && b == nil {
		return false
	}
	in, per := r.Shape(m.Inputs[0])[1], w.Shape[1]*w.Shape[2]*w.Shape[3]
	filters, perGroup := w.Shape[0]/op.Groups, w.Shape[1]
	nw := &graph.Tensor{Type: graph.Float, Shape: graph.Shape{len(take.Index), in, w.Shape[2], w.Shape[3]}, F: make([]float32, len(take.Index)*in*w.Shape[2]*w.Shape[3])}
	for f, from := range take.Index {
		first := from / filters * perGroup // for grouped weights: the first channel that they read
		copy(nw.F[f*in*w.Shape[2]*w.Shape[3]+first:], w.F[from*per:(from+1)*per])
	}
	if g := w.Grid; g != nil && len(g.Scale) == 1 {
		nw.Grid = g
	} else if g != nil && g.Axis == 0 {
		own := *g
		own.Scale, own.Zero = pickOf(g.Scale, take.Index), pickOf(g.Zero, take.Index)
		nw.Grid = &own
	}
	inputs := []string{m.Inputs[0], r.NewConst(m.Inputs[1], "/chosen", nw)}
	if b != nil {
		inputs = append(inputs, r.NewConst(m.Inputs[2], "/chosen", &graph.Tensor{Type: graph.Float, Shape: graph.Shape{len(take.Index)}, F: pickOf(b.F, take.Index)}))
	}
	op.Groups = 1
	// n replaces the conv under n's name, because n's shape is the right one.
	n.Op = op
	r.SetInputs(n, inputs...)
	r.Remove(m)
	return true
}

func pickOf[T any](from []T, index []int) []T {
	out := make([]T, len(index))
	for i, k := range index {
		out[i] = from[k]
	}
	return out
}
