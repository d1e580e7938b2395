package rewrite

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"hass/frontend/ops"
	"hass/internal/graph"
)

// Rewriter edits a graph in place, pass after pass, and keeps its index of producers
// and readers up to date. Nodes may be added anywhere: Finish sorts them. The time of
// every method except Finish and the walks (Nodes, Each, EachOutput) is independent of
// the size of the graph and of a value's number of readers, so that passes take linear
// time.
//
// A pass that changes a node's inputs or outputs without a method must update the
// index itself.
type Rewriter struct {
	ops.Reading
	// Maker is the node that produces a value; graph inputs and constants have none.
	Maker map[string]*graph.Node
	// Gone holds the nodes that were removed since Finish.
	Gone map[*graph.Node]bool
	// Output holds the outputs of the graph.
	Output map[string]bool
	// Changed says that the graph changed since Finish in more than shapes. Methods set it; a
	// pass must set it when it changes a node without them.
	Changed bool
	// Dirty says that Finish found changes in this pass. The caller of a pass resets it.
	Dirty bool
	// Removed are the names of the nodes that this pass removed. The caller of a pass resets it.
	Removed []string
	// Budget is the number of elements that new constants may still have in total; below 0 the passes end.
	Budget int

	refused ops.Refusals
	users   map[string]*readers
	wide    map[*graph.Node]map[string][]int // places of the inputs of nodes that have many
	names   *graph.Names                     // of nodes
	values  *graph.Names                     // of values, whose holders Taken knows
	extra   map[*graph.Node][]*graph.Node
}

// New returns a rewriter of a verified graph. batch is the fixed batch size of the
// model's inputs, 0 if it is symbolic or 1; refusals are added to refused.
func New(g *graph.Graph, batch int, refused ops.Refusals) *Rewriter {
	r := &Rewriter{
		Reading: ops.Reading{Graph: g, Batch: batch}, refused: refused, names: graph.NewNames(), values: graph.NewNames(),
		extra: map[*graph.Node][]*graph.Node{}, Gone: map[*graph.Node]bool{}, Output: map[string]bool{},
		Budget: budget(g),
	}
	for _, n := range g.Nodes {
		r.names.Reserve(n.Name)
	}
	for _, out := range g.Outputs {
		r.Output[out] = true
	}
	r.index()
	return r
}

// budget bounds the elements that folding and the other passes may create in total: a model
// that computes its constants may grow, but only in proportion to its size.
func budget(g *graph.Graph) int {
	total := 1 << 24
	for _, t := range g.Consts {
		total += 16 * (len(t.F) + len(t.I))
	}
	return total
}

// index builds the index again.
func (r *Rewriter) index() {
	r.Maker, r.users, r.wide = r.Graph.Producers(), make(map[string]*readers, len(r.Graph.Nodes)), map[*graph.Node]map[string][]int{}
	for _, n := range r.Graph.Nodes {
		r.addUsers(n)
	}
}

// Nodes is a snapshot of the present nodes, in order; nodes added later are not in it.
func (r *Rewriter) Nodes() []*graph.Node {
	all := slices.Clone(r.Graph.Nodes)
	if len(r.Gone) == 0 {
		return all
	}
	return slices.DeleteFunc(all, func(n *graph.Node) bool { return r.Gone[n] })
}

// Each calls f for every Foreign ai.onnx node of one of the given types whose shapes are known and whose first input
// and output are present. A refusal of f is collected, any other error ends the pass; f must not change the graph
// before it returns an error.
func (r *Rewriter) Each(f func(n *graph.Node, a *ops.Attrs) error, types ...string) error {
	return r.eachOf(f, oneOutput, types)
}

// EachOutput is each for operators of several outputs.
func (r *Rewriter) EachOutput(f func(n *graph.Node, a *ops.Attrs) error, types ...string) error {
	return r.eachOf(f, manyOutputs, types)
}

// outputs says how many outputs an operator may have that others read.
type outputs int

const (
	oneOutput outputs = iota
	manyOutputs
)

func (r *Rewriter) eachOf(f func(n *graph.Node, a *ops.Attrs) error, has outputs, types []string) error {
	for _, n := range r.Nodes() {
		op, ok := n.Op.(graph.Foreign)
		if !ok || !ops.Known(op) || !slices.Contains(types, op.Type) || r.Gone[n] || ops.WaitsFor(r.Graph, n) != "" {
			continue
		}
		if ops.In(n, 0) == "" || has == oneOutput && n.Outputs[0] == "" {
			r.refused.Add(n.Name, ops.Refusal{Reason: "its first input or output is missing", Hint: "the model is damaged: export it again"})
			continue
		}
		if !slices.ContainsFunc(n.Outputs, func(v string) bool { return r.Shape(v) != nil }) {
			continue // fold-constants reported why
		}
		if !slices.ContainsFunc(n.Inputs, func(v string) bool { return v != "" && r.Graph.Consts[v] == nil }) {
			r.refused.Add(n.Name, ops.Refusal{Reason: "a constant expression with this operator is not evaluated", Hint: "fold constants when exporting (onnx-simplifier)"})
			continue
		}
		if has == oneOutput && !r.OneOutput(n) {
			r.refused.Add(n.Name, ops.Refusal{Reason: "an output beyond its first is used (a mask, indices or statistics)", Hint: "export the model for inference (model.eval())"})
			continue
		}
		if err := r.Collect(n, f(n, ops.NewAttrs(op))); err != nil {
			return err
		}
		if r.Budget < 0 {
			return fmt.Errorf("node %q (%s): constants made from others grow far beyond the model's size", n.Name, ops.Printable(ops.Name(n)))
		}
		if _, still := n.Op.(graph.Foreign); !still {
			r.Changed = true
		}
	}
	return nil
}

// OneOutput drops outputs of n beyond the first that nobody reads; false if one
// is read.
func (r *Rewriter) OneOutput(n *graph.Node) bool {
	for _, v := range n.Outputs[1:] {
		if v != "" && (r.Output[v] || r.Readers(v) > 0) {
			return false
		}
	}
	if len(n.Outputs) == 1 {
		return true
	}
	r.Changed = true
	for _, v := range n.Outputs[1:] {
		delete(r.Maker, v)
		delete(r.Graph.Shapes, v)
	}
	n.Outputs = n.Outputs[:1]
	return true
}

// Collect keeps a refusal and wraps any other error with the node's name.
func (r *Rewriter) Collect(n *graph.Node, err error) error {
	var no ops.Refusal
	switch {
	case err == nil:
		return nil
	case errors.As(err, &no):
		r.refused.Add(n.Name, no)
		return nil
	}
	return fmt.Errorf("node %q (%s): %w", n.Name, ops.Printable(ops.Name(n)), err)
}

// Sole reports whether n alone reads v, once, and v is not a graph output.
func (r *Rewriter) Sole(v string, n *graph.Node) bool {
	return !r.Output[v] && r.Readers(v) == 1 && r.UsersOf(v)[0] == n
}

// Taken reports whether a value of this name exists.
func (r *Rewriter) Taken(v string) bool {
	_, known := r.Graph.ShapeOf(v)
	return known || r.Maker[v] != nil
}

// NewValue is a value name not in use.
func (r *Rewriter) NewValue(base string) string {
	return r.values.Free(base, r.Taken)
}

// NewConst adds a constant and returns its name, made from base and a suffix
// that describes the change; the suffix is not repeated if the change is.
func (r *Rewriter) NewConst(base, suffix string, t *graph.Tensor) string {
	if at := strings.LastIndexByte(base, '~'); at >= 0 && strings.HasSuffix(base[:at], suffix) {
		base = base[:at]
	}
	name := r.NewValue(strings.TrimSuffix(base, suffix) + suffix)
	r.Graph.Consts[name] = t
	r.Budget -= len(t.F) + len(t.I)
	return name
}

// SetInputs rewires all inputs of n. Constants without readers are removed.
func (r *Rewriter) SetInputs(n *graph.Node, inputs ...string) {
	r.Changed = true
	old := n.Inputs
	for _, v := range old {
		r.dropUser(v, n)
	}
	n.Inputs = inputs
	delete(r.wide, n)
	r.addUsers(n)
	for _, v := range old {
		if r.Graph.Consts[v] != nil && r.Readers(v) == 0 && !r.Output[v] {
			delete(r.Graph.Consts, v)
		}
	}
}

// Add adds a new node, with a name made unique, next to anchor.
func (r *Rewriter) Add(anchor *graph.Node, n *graph.Node) {
	r.Changed = true
	n.Name = r.names.Take(n.Name)
	r.extra[anchor] = append(r.extra[anchor], n)
	r.addUsers(n)
	for _, v := range n.Outputs {
		r.Maker[v] = n
	}
}

// Remove deletes a node; its outputs lose their shapes.
func (r *Rewriter) Remove(n *graph.Node) {
	r.SetInputs(n)
	r.Gone[n] = true
	for _, v := range n.Outputs {
		if r.Maker[v] == n {
			delete(r.Maker, v)
			delete(r.Graph.Shapes, v)
		}
	}
}

// Redirect makes all users of the value old read the value new instead.
func (r *Rewriter) Redirect(old, new string) {
	r.Changed = true
	for _, n := range slices.Clone(r.UsersOf(old)) {
		n.Inputs[r.place(n, old, new)] = new
		r.dropUser(old, n)
		r.addUser(new, n)
	}
}

// Bypass removes a node whose first output equals the value v. A graph output
// keeps its name: v is renamed, or, if v is an input or an output itself, the
// node becomes a Reshape to the same shape.
func (r *Rewriter) Bypass(n *graph.Node, v string) {
	out := n.Outputs[0]
	if !r.Output[out] {
		r.Redirect(out, v)
		r.Remove(n)
		return
	}
	r.Changed = true
	from := r.Maker[v]
	if from == nil || r.Output[v] {
		n.Op = graph.Reshape{To: slices.Clone(r.Shape(v))}
		n.Outputs = n.Outputs[:1]
		r.SetInputs(n, v)
		r.Graph.Shapes[out] = slices.Clone(r.Shape(v))
		return
	}
	r.Remove(n)
	r.Rename(v, out)
}

// ReshapeBefore feeds input i of n through a Reshape to the given shape.
func (r *Rewriter) ReshapeBefore(n *graph.Node, i int, to graph.Shape) {
	v := n.Inputs[i]
	if r.Shape(v).Equal(to) {
		return
	}
	out := r.NewValue(v + "/unflat")
	r.Graph.Shapes[out] = slices.Clone(to)
	r.Add(n, &graph.Node{Name: n.Name + "/unflatten", Op: graph.Reshape{To: slices.Clone(to)}, Inputs: []string{v}, Outputs: []string{out}})
	inputs := slices.Clone(n.Inputs)
	inputs[i] = out
	r.SetInputs(n, inputs...)
}

// MapSuffix marks a value that a pass put in the place of a value of the
// model, in another shape. It takes the model's name back once the original
// value is gone.
const MapSuffix = "#map"

// Rename gives the value v another name.
func (r *Rewriter) Rename(v, name string) {
	n := r.Maker[v]
	n.Outputs[slices.Index(n.Outputs, v)] = name
	r.Graph.Shapes[name] = r.Graph.Shapes[v]
	delete(r.Graph.Shapes, v)
	delete(r.Maker, v)
	r.Maker[name] = n
	r.Redirect(v, name)
}

// ReshapeAfter records that n now produces a tensor of another shape, and
// gives its users the old shape through a Reshape.
func (r *Rewriter) ReshapeAfter(n *graph.Node, shape graph.Shape) {
	out := n.Outputs[0]
	old := r.Shape(out)
	if old.Equal(shape) {
		return
	}
	inner := r.NewValue(out + MapSuffix)
	r.Graph.Shapes[inner] = slices.Clone(shape)
	n.Outputs = []string{inner}
	r.Maker[inner] = n
	r.Add(n, &graph.Node{Name: n.Name + "/flatten", Op: graph.Reshape{To: slices.Clone(old)}, Inputs: []string{inner}, Outputs: []string{out}})
}

// Finish writes the node list back in topological order and rebuilds the index, unless
// nothing changed. It fails if the nodes form a cycle.
func (r *Rewriter) Finish() error {
	if !r.Changed {
		return nil
	}
	var all []*graph.Node
	var put func(n *graph.Node)
	put = func(n *graph.Node) {
		if !r.Gone[n] {
			all = append(all, n)
		}
		for _, x := range r.extra[n] {
			put(x)
		}
	}
	for _, n := range r.Graph.Nodes {
		put(n)
	}
	sorted, err := graph.Sort(all, r.Maker)
	if err != nil {
		return err
	}
	for n := range r.Gone {
		r.Removed = append(r.Removed, n.Name)
	}
	r.Graph.Nodes, r.Changed, r.Dirty = sorted, false, true
	clear(r.extra)
	clear(r.Gone)
	r.index()
	return nil
}

// Prune removes the nodes that produce the given values, and the nodes before
// them, as far as nothing reads them.
func (r *Rewriter) Prune(values ...string) {
	for _, v := range values {
		n := r.Maker[v]
		if n == nil || r.Gone[n] || len(n.Outputs) != 1 || r.Output[v] || r.Readers(v) > 0 {
			continue
		}
		before := n.Inputs
		r.Remove(n)
		r.Prune(before...)
	}
}

// Scalar is a new constant of one number.
func (r *Rewriter) Scalar(base string, v float32) string {
	return r.NewConst(base, "", &graph.Tensor{Type: graph.Float, Shape: graph.Shape{}, F: []float32{v}})
}

// Chain puts a new operator beside n and returns its output. Its inputs must fit
// it.
func (r *Rewriter) Chain(n *graph.Node, suffix string, op graph.Op, inputs ...string) string {
	out := r.NewValue(n.Outputs[0] + suffix)
	shapes := make([]graph.Shape, len(inputs))
	for i, v := range inputs {
		shapes[i] = r.Shape(v)
	}
	if s, err := graph.Infer(op, shapes); err == nil { // otherwise Verify reports the fault
		r.Graph.Shapes[out] = s[0]
	}
	r.Add(n, &graph.Node{Name: n.Name + suffix, Op: op, Inputs: inputs, Outputs: []string{out}})
	return out
}

// IsForeign reports whether n is still the ai.onnx operator of the given type and has an input.
func IsForeign(n *graph.Node, typ string) bool {
	f, ok := n.Op.(graph.Foreign)
	return ok && f.Domain == "" && f.Type == typ && len(n.Inputs) > 0
}
