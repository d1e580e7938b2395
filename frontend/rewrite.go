package frontend

import (
	"errors"
	"fmt"
	"slices"

	"hass/internal/graph"
)

// rewriter edits a graph in place during one pass and keeps its index of makers
// and users right. Nodes may be added anywhere: finish sorts them.
type rewriter struct {
	g      *graph.Graph
	diag   *diagnostics
	maker  map[string]*graph.Node
	users  map[string][]*graph.Node // a node that reads a value twice stands twice
	names  map[string]bool          // node names taken
	extra  map[*graph.Node][]*graph.Node
	gone   map[*graph.Node]bool
	output map[string]bool
}

func newRewriter(g *graph.Graph, diag *diagnostics) *rewriter {
	r := &rewriter{
		g: g, diag: diag, maker: g.Producers(), users: g.Users(), names: nodeNames(g),
		extra: map[*graph.Node][]*graph.Node{}, gone: map[*graph.Node]bool{}, output: map[string]bool{},
	}
	for _, out := range g.Outputs {
		r.output[out] = true
	}
	return r
}

// nodes is a snapshot of the nodes there, in order; nodes added later are not in it.
func (r *rewriter) nodes() []*graph.Node {
	return slices.DeleteFunc(slices.Clone(r.g.Nodes), func(n *graph.Node) bool { return r.gone[n] })
}

// each calls f for every Foreign ai.onnx node of one of the given types whose
// shapes are known and whose first input and output are there. A refusal of f is collected, any other error ends the
// pass; f must not have changed the graph then.
func (r *rewriter) each(f func(n *graph.Node, a *attrs) error, types ...string) error {
	return r.eachOf(f, true, types)
}

// eachOutput is each for operators of several outputs.
func (r *rewriter) eachOutput(f func(n *graph.Node, a *attrs) error, types ...string) error {
	return r.eachOf(f, false, types)
}

func (r *rewriter) eachOf(f func(n *graph.Node, a *attrs) error, single bool, types []string) error {
	for _, n := range r.nodes() {
		op, ok := n.Op.(graph.Foreign)
		if !ok || !known(op) || !slices.Contains(types, op.Type) || r.gone[n] || waitsFor(r.g, n) != "" {
			continue
		}
		if in(n, 0) == "" || single && n.Outputs[0] == "" {
			r.diag.add(n.Name, refusal{"its first input or output is missing", "the model is damaged: export it again"})
			continue
		}
		if !slices.ContainsFunc(n.Outputs, func(v string) bool { return r.shape(v) != nil }) {
			continue // fold-constants said why
		}
		if !slices.ContainsFunc(n.Inputs, func(v string) bool { return v != "" && r.g.Consts[v] == nil }) {
			r.diag.add(n.Name, refusal{"a constant expression with this operator is not evaluated", "fold constants when exporting (onnx-simplifier)"})
			continue
		}
		if single && !r.oneOutput(n) {
			r.diag.add(n.Name, refusal{"an output beyond its first is used (a mask, indices or statistics)", "export the model for inference (model.eval())"})
			continue
		}
		if err := r.collect(n, f(n, newAttrs(op))); err != nil {
			return err
		}
	}
	return nil
}

// oneOutput drops outputs of n beyond the first that nobody reads; false if one
// is read.
func (r *rewriter) oneOutput(n *graph.Node) bool {
	for _, v := range n.Outputs[1:] {
		if v != "" && (r.output[v] || len(r.users[v]) > 0) {
			return false
		}
	}
	for _, v := range n.Outputs[1:] {
		delete(r.maker, v)
		delete(r.g.Shapes, v)
	}
	n.Outputs = n.Outputs[:1]
	return true
}

// collect keeps a refusal and wraps any other error with the node's name.
func (r *rewriter) collect(n *graph.Node, err error) error {
	var no refusal
	switch {
	case err == nil:
		return nil
	case errors.As(err, &no):
		r.diag.add(n.Name, no)
		return nil
	}
	return fmt.Errorf("node %q (%s): %w", n.Name, printable(opName(n)), err)
}

// shape is the known shape of a value; nil if it is unknown or absent.
func (r *rewriter) shape(v string) graph.Shape {
	s, ok := r.g.ShapeOf(v)
	if ok && s == nil {
		return graph.Shape{}
	}
	return s
}

// in is input i of n, "" if absent.
func in(n *graph.Node, i int) string {
	if i < len(n.Inputs) {
		return n.Inputs[i]
	}
	return ""
}

// constant is the constant behind input i; nil if it is absent or not constant.
func (r *rewriter) constant(n *graph.Node, i int) *graph.Tensor { return r.g.Consts[in(n, i)] }

// weights is input i of n as a float constant.
func (r *rewriter) weights(n *graph.Node, i int, what string) (*graph.Tensor, error) {
	t := r.constant(n, i)
	switch {
	case in(n, i) == "":
		return nil, fmt.Errorf("it lacks its %s", what)
	case t == nil:
		return nil, refuse("export the model with its weights as initializers", "its %s are not constant", what)
	case t.Type != graph.Float:
		return nil, fmt.Errorf("its %s %q are %s, want floats", what, in(n, i), t.Type)
	}
	return t, nil
}

// sole reports whether n alone reads v, once, and v is not a graph output.
func (r *rewriter) sole(v string, n *graph.Node) bool {
	return !r.output[v] && len(r.users[v]) == 1 && r.users[v][0] == n
}

func (r *rewriter) taken(v string) bool {
	_, known := r.g.ShapeOf(v)
	return known || r.maker[v] != nil
}

// newValue is a value name not in use.
func (r *rewriter) newValue(base string) string {
	name := base
	for k := 2; r.taken(name); k++ {
		name = fmt.Sprintf("%s~%d", base, k)
	}
	return name
}

// newConst adds a constant and returns its name, made from base.
func (r *rewriter) newConst(base string, t *graph.Tensor) string {
	name := r.newValue(base)
	r.g.Consts[name] = t
	return name
}

// setInputs rewires all inputs of n.
func (r *rewriter) setInputs(n *graph.Node, inputs ...string) {
	for _, v := range n.Inputs {
		r.dropUser(v, n)
	}
	n.Inputs = inputs
	for _, v := range inputs {
		if v != "" {
			r.users[v] = append(r.users[v], n)
		}
	}
}

func (r *rewriter) dropUser(v string, n *graph.Node) {
	if i := slices.Index(r.users[v], n); i >= 0 {
		r.users[v] = slices.Delete(r.users[v], i, i+1)
	}
}

// add puts a new node, with a name made unique, beside anchor.
func (r *rewriter) add(anchor *graph.Node, n *graph.Node) {
	n.Name = unique(n.Name, r.names)
	r.names[n.Name] = true
	r.extra[anchor] = append(r.extra[anchor], n)
	for _, v := range n.Inputs {
		if v != "" {
			r.users[v] = append(r.users[v], n)
		}
	}
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
			delete(r.g.Shapes, v)
		}
	}
}

// redirect makes all users of the value old read the value new instead.
func (r *rewriter) redirect(old, new string) {
	for _, n := range slices.Clone(r.users[old]) {
		i := slices.Index(n.Inputs, old)
		n.Inputs[i] = new
		r.dropUser(old, n)
		r.users[new] = append(r.users[new], n)
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
	from := r.maker[v]
	if from == nil || r.output[v] {
		n.Op = graph.Reshape{To: slices.Clone(r.shape(v))}
		n.Outputs = n.Outputs[:1]
		r.setInputs(n, v)
		r.g.Shapes[out] = slices.Clone(r.shape(v))
		return
	}
	r.remove(n)
	r.rename(v, out)
}

// reshapeBefore feeds input i of n through a Reshape to the given shape.
func (r *rewriter) reshapeBefore(n *graph.Node, i int, to graph.Shape) {
	v := n.Inputs[i]
	if r.shape(v).Equal(to) {
		return
	}
	out := r.newValue(v + "/unflat")
	r.g.Shapes[out] = slices.Clone(to)
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
	r.g.Shapes[name] = r.g.Shapes[v]
	delete(r.g.Shapes, v)
	delete(r.maker, v)
	r.maker[name] = n
	r.redirect(v, name)
}

// reshapeAfter says that n now makes a tensor of another shape and gives its
// users the old shape through a Reshape.
func (r *rewriter) reshapeAfter(n *graph.Node, shape graph.Shape) {
	out := n.Outputs[0]
	old := r.shape(out)
	if old.Equal(shape) {
		return
	}
	inner := r.newValue(out + mapSuffix)
	r.g.Shapes[inner] = slices.Clone(shape)
	n.Outputs = []string{inner}
	r.maker[inner] = n
	r.add(n, &graph.Node{Name: n.Name + "/flatten", Op: graph.Reshape{To: slices.Clone(old)}, Inputs: []string{inner}, Outputs: []string{out}})
}

// finish writes the node list back in topological order.
func (r *rewriter) finish() error {
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
	for _, n := range r.g.Nodes {
		put(n)
	}
	sorted, err := toposort(all, r.maker)
	if err != nil {
		return err
	}
	r.g.Nodes = sorted
	return nil
}
