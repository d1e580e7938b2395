package passes

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"hass/frontend/ops"
	"hass/internal/graph"
)

// rewriter edits a graph in place, pass after pass, and keeps its index of makers
// and users right. Nodes may be added anywhere: finish sorts them. Every method
// but finish takes a time that does not grow with the graph, whatever a value's
// number of readers: what passes do with them stays linear.
type rewriter struct {
	ops.Reading
	refused ops.Refusals
	maker   map[string]*graph.Node
	users   map[string]*readers
	wide    map[*graph.Node]map[string][]int // places of the inputs of nodes that have many
	names   *graph.Names                     // of nodes
	values  *graph.Names                     // of values, whose holders taken knows
	extra   map[*graph.Node][]*graph.Node
	gone    map[*graph.Node]bool
	output  map[string]bool
	changed bool     // since finish, in more than shapes
	dirty   bool     // finish met changes in this pass
	removed []string // names of the nodes that this pass removed
	budget  int      // elements that new constants may have in all
}

func newRewriter(g *graph.Graph, batch int, refused ops.Refusals) *rewriter {
	r := &rewriter{
		Reading: ops.Reading{Graph: g, Batch: batch}, refused: refused, names: graph.NewNames(), values: graph.NewNames(),
		extra: map[*graph.Node][]*graph.Node{}, gone: map[*graph.Node]bool{}, output: map[string]bool{},
		budget: foldBudget(g),
	}
	for _, n := range g.Nodes {
		r.names.Reserve(n.Name)
	}
	for _, out := range g.Outputs {
		r.output[out] = true
	}
	r.index()
	return r
}

// index looks at the graph anew.
func (r *rewriter) index() {
	r.maker, r.users, r.wide = r.Graph.Producers(), make(map[string]*readers, len(r.Graph.Nodes)), map[*graph.Node]map[string][]int{}
	for _, n := range r.Graph.Nodes {
		r.addUsers(n)
	}
}

// nodes is a snapshot of the nodes there, in order; nodes added later are not in it.
func (r *rewriter) nodes() []*graph.Node {
	all := slices.Clone(r.Graph.Nodes)
	if len(r.gone) == 0 {
		return all
	}
	return slices.DeleteFunc(all, func(n *graph.Node) bool { return r.gone[n] })
}

// each calls f for every Foreign ai.onnx node of one of the given types whose
// shapes are known and whose first input and output are there. A refusal of f is collected, any other error ends the
// pass; f must not have changed the graph then.
func (r *rewriter) each(f func(n *graph.Node, a *ops.Attrs) error, types ...string) error {
	return r.eachOf(f, true, types)
}

// eachOutput is each for operators of several outputs.
func (r *rewriter) eachOutput(f func(n *graph.Node, a *ops.Attrs) error, types ...string) error {
	return r.eachOf(f, false, types)
}

func (r *rewriter) eachOf(f func(n *graph.Node, a *ops.Attrs) error, single bool, types []string) error {
	for _, n := range r.nodes() {
		op, ok := n.Op.(graph.Foreign)
		if !ok || !ops.Known(op) || !slices.Contains(types, op.Type) || r.gone[n] || ops.WaitsFor(r.Graph, n) != "" {
			continue
		}
		if ops.In(n, 0) == "" || single && n.Outputs[0] == "" {
			r.refused.Add(n.Name, ops.Refusal{Reason: "its first input or output is missing", Hint: "the model is damaged: export it again"})
			continue
		}
		if !slices.ContainsFunc(n.Outputs, func(v string) bool { return r.Shape(v) != nil }) {
			continue // fold-constants said why
		}
		if !slices.ContainsFunc(n.Inputs, func(v string) bool { return v != "" && r.Graph.Consts[v] == nil }) {
			r.refused.Add(n.Name, ops.Refusal{Reason: "a constant expression with this operator is not evaluated", Hint: "fold constants when exporting (onnx-simplifier)"})
			continue
		}
		if single && !r.oneOutput(n) {
			r.refused.Add(n.Name, ops.Refusal{Reason: "an output beyond its first is used (a mask, indices or statistics)", Hint: "export the model for inference (model.eval())"})
			continue
		}
		if err := r.collect(n, f(n, ops.NewAttrs(op))); err != nil {
			return err
		}
		if r.budget < 0 {
			return fmt.Errorf("node %q (%s): constants made from others grow far beyond the model's size", n.Name, ops.Printable(ops.Name(n)))
		}
		if _, still := n.Op.(graph.Foreign); !still {
			r.changed = true
		}
	}
	return nil
}

// oneOutput drops outputs of n beyond the first that nobody reads; false if one
// is read.
func (r *rewriter) oneOutput(n *graph.Node) bool {
	for _, v := range n.Outputs[1:] {
		if v != "" && (r.output[v] || r.readers(v) > 0) {
			return false
		}
	}
	if len(n.Outputs) == 1 {
		return true
	}
	r.changed = true
	for _, v := range n.Outputs[1:] {
		delete(r.maker, v)
		delete(r.Graph.Shapes, v)
	}
	n.Outputs = n.Outputs[:1]
	return true
}

// collect keeps a refusal and wraps any other error with the node's name.
func (r *rewriter) collect(n *graph.Node, err error) error {
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

// sole reports whether n alone reads v, once, and v is not a graph output.
func (r *rewriter) sole(v string, n *graph.Node) bool {
	return !r.output[v] && r.readers(v) == 1 && r.usersOf(v)[0] == n
}

func (r *rewriter) taken(v string) bool {
	_, known := r.Graph.ShapeOf(v)
	return known || r.maker[v] != nil
}

// newValue is a value name not in use.
func (r *rewriter) newValue(base string) string {
	return r.values.Free(base, r.taken)
}

// newConst adds a constant and returns its name, made from base and a suffix
// that says what was done; done twice, it is said once.
func (r *rewriter) newConst(base, suffix string, t *graph.Tensor) string {
	if at := strings.LastIndexByte(base, '~'); at >= 0 && strings.HasSuffix(base[:at], suffix) {
		base = base[:at]
	}
	name := r.newValue(strings.TrimSuffix(base, suffix) + suffix)
	r.Graph.Consts[name] = t
	r.budget -= len(t.F) + len(t.I)
	return name
}

// setInputs rewires all inputs of n. Constants that nobody reads any more go.
func (r *rewriter) setInputs(n *graph.Node, inputs ...string) {
	r.changed = true
	old := n.Inputs
	for _, v := range old {
		r.dropUser(v, n)
	}
	n.Inputs = inputs
	delete(r.wide, n)
	r.addUsers(n)
	for _, v := range old {
		if r.Graph.Consts[v] != nil && r.readers(v) == 0 && !r.output[v] {
			delete(r.Graph.Consts, v)
		}
	}
}

// add puts a new node, with a name made unique, beside anchor.
func (r *rewriter) add(anchor *graph.Node, n *graph.Node) {
	r.changed = true
	n.Name = r.names.Take(n.Name)
	r.extra[anchor] = append(r.extra[anchor], n)
	r.addUsers(n)
	for _, v := range n.Outputs {
		r.maker[v] = n
	}
}

// remove deletes a node; its outputs lose their shapes.
func (r *rewriter) remove(n *graph.Node) {
	r.setInputs(n)
	r.gone[n] = true
	for _, v := range n.Outputs {
		if r.maker[v] == n {
			delete(r.maker, v)
			delete(r.Graph.Shapes, v)
		}
	}
}

// redirect makes all users of the value old read the value new instead.
func (r *rewriter) redirect(old, new string) {
	r.changed = true
	for _, n := range slices.Clone(r.usersOf(old)) {
		n.Inputs[r.place(n, old, new)] = new
		r.dropUser(old, n)
		r.addUser(new, n)
	}
}

// bypass removes a node whose first output equals the value v. A graph output
// keeps its name: v is renamed, or where v is an input or an output itself the
// node stays as a Reshape to the same shape.
func (r *rewriter) bypass(n *graph.Node, v string) {
	out := n.Outputs[0]
	if !r.output[out] {
		r.redirect(out, v)
		r.remove(n)
		return
	}
	r.changed = true
	from := r.maker[v]
	if from == nil || r.output[v] {
		n.Op = graph.Reshape{To: slices.Clone(r.Shape(v))}
		n.Outputs = n.Outputs[:1]
		r.setInputs(n, v)
		r.Graph.Shapes[out] = slices.Clone(r.Shape(v))
		return
	}
	r.remove(n)
	r.rename(v, out)
}

// reshapeBefore feeds input i of n through a Reshape to the given shape.
func (r *rewriter) reshapeBefore(n *graph.Node, i int, to graph.Shape) {
	v := n.Inputs[i]
	if r.Shape(v).Equal(to) {
		return
	}
	out := r.newValue(v + "/unflat")
	r.Graph.Shapes[out] = slices.Clone(to)
	r.add(n, &graph.Node{Name: n.Name + "/unflatten", Op: graph.Reshape{To: slices.Clone(to)}, Inputs: []string{v}, Outputs: []string{out}})
	inputs := slices.Clone(n.Inputs)
	inputs[i] = out
	r.setInputs(n, inputs...)
}

// mapSuffix marks a value that a pass put in the place of one of the model's,
// in another shape. Once the model's own is gone it takes its name back.
const mapSuffix = "#map"

// rename gives the value v another name.
func (r *rewriter) rename(v, name string) {
	n := r.maker[v]
	n.Outputs[slices.Index(n.Outputs, v)] = name
	r.Graph.Shapes[name] = r.Graph.Shapes[v]
	delete(r.Graph.Shapes, v)
	delete(r.maker, v)
	r.maker[name] = n
	r.redirect(v, name)
}

// reshapeAfter says that n now makes a tensor of another shape and gives its
// users the old shape through a Reshape.
func (r *rewriter) reshapeAfter(n *graph.Node, shape graph.Shape) {
	out := n.Outputs[0]
	old := r.Shape(out)
	if old.Equal(shape) {
		return
	}
	inner := r.newValue(out + mapSuffix)
	r.Graph.Shapes[inner] = slices.Clone(shape)
	n.Outputs = []string{inner}
	r.maker[inner] = n
	r.add(n, &graph.Node{Name: n.Name + "/flatten", Op: graph.Reshape{To: slices.Clone(old)}, Inputs: []string{inner}, Outputs: []string{out}})
}

// finish writes the node list back in topological order and looks at it anew.
func (r *rewriter) finish() error {
	if !r.changed {
		return nil
	}
	var all []*graph.Node
	var put func(n *graph.Node)
	put = func(n *graph.Node) {
		if !r.gone[n] {
			all = append(all, n)
		}
		for _, x := range r.extra[n] {
			put(x)
		}
	}
	for _, n := range r.Graph.Nodes {
		put(n)
	}
	sorted, err := graph.Sort(all, r.maker)
	if err != nil {
		return err
	}
	for n := range r.gone {
		r.removed = append(r.removed, n.Name)
	}
	r.Graph.Nodes, r.changed, r.dirty = sorted, false, true
	clear(r.extra)
	clear(r.gone)
	r.index()
	return nil
}

// prune removes the nodes that make the given values, and those before them, as
// far as nobody reads them.
func (r *rewriter) prune(values ...string) {
	for _, v := range values {
		n := r.maker[v]
		if n == nil || r.gone[n] || len(n.Outputs) != 1 || r.output[v] || r.readers(v) > 0 {
			continue
		}
		before := n.Inputs
		r.remove(n)
		r.prune(before...)
	}
}

// scalar is a new constant of one number.
func (r *rewriter) scalar(base string, v float32) string {
	return r.newConst(base, "", &graph.Tensor{Type: graph.Float, Shape: graph.Shape{}, F: []float32{v}})
}

// chain puts a new operator beside n and returns its output. Its inputs must fit
// it.
func (r *rewriter) chain(n *graph.Node, suffix string, op graph.Op, inputs ...string) string {
	out := r.newValue(n.Outputs[0] + suffix)
	shapes := make([]graph.Shape, len(inputs))
	for i, v := range inputs {
		shapes[i] = r.Shape(v)
	}
	if s, err := graph.Infer(op, shapes); err == nil { // otherwise Verify says what is wrong
		r.Graph.Shapes[out] = s[0]
	}
	r.add(n, &graph.Node{Name: n.Name + suffix, Op: op, Inputs: inputs, Outputs: []string{out}})
	return out
}

func isForeign(n *graph.Node, typ string) bool {
	f, ok := n.Op.(graph.Foreign)
	return ok && f.Domain == "" && f.Type == typ && len(n.Inputs) > 0
}
