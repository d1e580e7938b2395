package frontend

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"hass/frontend/onnx"
	"hass/frontend/ops"
	"hass/internal/graph"
)

// exportOpset is the version of the ONNX operators that exported models use
// unless an operator needs a newer one.
const exportOpset = 13

// Export writes a graph as an ONNX model of standard operators, with meta as its
// metadata_props; onnx.Encode gives the file's bytes. The model has the lowest
// opset from 13 on that has all its operators. The batch dimension is symbolic
// if every operator computes each image separately; otherwise it is 1, as in g.
// Names are kept, but names that are not valid UTF-8, which ONNX requires, are
// repaired.
//
// Load reads the model back into a graph that computes the same, bit for bit if g is from Load. In
// other graphs it may fuse several operators into one that it recognises, and a quotient by a
// constant becomes a product. Load does not read constructs that only ONNX Runtime runs: a
// quantize that is bipolar or whose grid no integer type holds, and empty tensors. The grids of
// weights are lost: weights are plain floats. A node that ONNX cannot express is an error that
// names it.
func Export(g *graph.Graph, meta map[string]string) (*onnx.Model, error) {
	if err := graph.Verify(g); err != nil {
		return nil, fmt.Errorf("export: %w", err)
	}
	for _, n := range g.Nodes {
		if _, ok := n.Op.(graph.Foreign); ok {
			return nil, fmt.Errorf("export: node %q: %s was not lowered: its meaning is not known", n.Name, ops.Printable(ops.Name(n)))
		}
	}
	// The form of an operator depends on the opset, and the opset on the
	// operators: start with the oldest opset.
	for opset := exportOpset; ; {
		e := newExporter(g, opset)
		if err := e.graph(); err != nil {
			return nil, fmt.Errorf("export: %w", err)
		}
		if e.needs > opset {
			opset = e.needs
			continue
		}
		m := &onnx.Model{IRVersion: 8, Producer: "hass", Opsets: map[string]int64{"": int64(opset)}, Graph: e.out}
		if len(meta) > 0 {
			m.Metadata = maps.Clone(meta)
		}
		return m, nil
	}
}

// exporter writes one graph for one opset.
type exporter struct {
	g       *graph.Graph
	out     *onnx.Graph
	opset   int
	needs   int  // the newest opset that an operator needs
	batched bool // the first dimension of every value is a symbolic batch

	names  map[string]string        // names of the graph's values in the model
	types  map[string]onnx.DataType // of values that are not float32
	values *graph.Names             // names of values in the model
	nodes  *graph.Names             // names of nodes in the model
	stored map[string]bool          // constants of the graph that are written

	node *graph.Node // the node being written
}

func newExporter(g *graph.Graph, opset int) *exporter {
	e := &exporter{
		g: g, out: &onnx.Graph{Name: strings.ToValidUTF8(g.Name, "\uFFFD")}, opset: opset, batched: perImage(g),
		names: map[string]string{}, types: map[string]onnx.DataType{}, values: graph.NewNames(), nodes: graph.NewNames(), stored: map[string]bool{},
	}
	if e.out.Name == "" {
		e.out.Name = "graph" // ONNX requires a name
	}
	// Valid names are taken first, so that a repaired name does not collide with them.
	all := slices.Concat(slices.Sorted(maps.Keys(g.Consts)), slices.Sorted(maps.Keys(g.Shapes)))
	for _, good := range []bool{true, false} {
		for _, name := range all {
			if utf8.ValidString(name) == good {
				e.names[name] = e.values.Take(strings.ToValidUTF8(name, "\uFFFD"))
			}
		}
	}
	for _, n := range g.Nodes {
		if utf8.ValidString(n.Name) {
			e.nodes.Reserve(n.Name)
		}
	}
	return e
}

func (e *exporter) freshNode(name string) string {
	return e.nodes.Take(strings.ToValidUTF8(name, "\uFFFD"))
}

// need records that the construct being written exists since an opset.
func (e *exporter) need(opset int) { e.needs = max(e.needs, opset) }

func (e *exporter) graph() error {
	for _, v := range e.g.Inputs {
		switch v.Type {
		case graph.Int:
			e.types[v.Name] = onnx.Int64
		case graph.Bool:
			e.types[v.Name] = onnx.Bool
		}
		e.out.Inputs = append(e.out.Inputs, e.value(v.Name, v.Shape))
	}
	var errs []error
	for _, n := range e.g.Nodes {
		e.node = n
		if err := e.operator(); err != nil {
			errs = append(errs, fmt.Errorf("node %q: %s: %w", n.Name, n.Op.Kind(), err))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	for _, name := range e.g.Outputs {
		if e.g.Consts[name] != nil {
			e.constant(name)
		}
		s, _ := e.g.ShapeOf(name)
		e.out.Outputs = append(e.out.Outputs, e.value(name, s))
	}
	return nil
}

// value describes a graph input or output.
func (e *exporter) value(name string, s graph.Shape) *onnx.Value {
	v := &onnx.Value{Name: e.names[name], IsTensor: true, Elem: e.typeOf(name), HasShape: true}
	for i, d := range s {
		if i == 0 && e.batched && e.g.Consts[name] == nil {
			v.Dims = append(v.Dims, onnx.Dim{Param: "N"})
		} else {
			v.Dims = append(v.Dims, onnx.Dim{Value: int64(d), Known: true})
		}
	}
	return v
}

// typeOf is the element type of a value in the model.
func (e *exporter) typeOf(name string) onnx.DataType {
	if t, ok := e.types[name]; ok {
		return t
	}
	return onnx.Float32
}

// constant stores a constant of the graph as an initializer, once.
func (e *exporter) constant(name string) {
	if e.stored[name] {
		return
	}
	e.stored[name] = true
	t := e.g.Consts[name]
	switch t.Type {
	case graph.Float:
		e.out.Initializers = append(e.out.Initializers, onnx.NewFloats(e.names[name], dims(t.Shape), t.F))
	case graph.Bool:
		e.types[name] = onnx.Bool
		e.out.Initializers = append(e.out.Initializers, onnx.NewInts(e.names[name], onnx.Bool, dims(t.Shape), t.I))
	default:
		e.types[name] = onnx.Int64
		e.out.Initializers = append(e.out.Initializers, onnx.NewInts(e.names[name], onnx.Int64, dims(t.Shape), t.I))
	}
}

func dims(s graph.Shape) []int64 { return int64s(s) }

func int64s(v []int) []int64 {
	out := make([]int64, len(v))
	for i, d := range v {
		out[i] = int64(d)
	}
	return out
}

// raw is input i of the node, unconverted, of any element type.
func (e *exporter) raw(i int) string {
	name := e.node.Inputs[i]
	if e.g.Consts[name] != nil {
		e.constant(name)
	}
	return e.names[name]
}

// in is input i of the node as floats: an index from an argmax, or an
// integer input, is converted.
func (e *exporter) in(i int) string {
	v := e.raw(i)
	if e.typeOf(e.node.Inputs[i]) == onnx.Float32 {
		return v
	}
	return e.aux("Cast", []string{v}, attrInt("to", int64(onnx.Float32)))
}

// ins are all inputs as floats; missing inputs at the end are left out.
func (e *exporter) ins() []string {
	var out []string
	for i, name := range e.node.Inputs {
		if name != "" {
			for len(out) < i {
				out = append(out, "")
			}
			out = append(out, e.in(i))
		}
	}
	return out
}

// shape is that of input i.
func (e *exporter) shape(i int) graph.Shape {
	s, _ := e.g.ShapeOf(e.node.Inputs[i])
	return s
}

// last writes the ONNX operator that produces the node's output; it gets the
// node's name.
func (e *exporter) last(op string, in []string, attrs ...*onnx.Attr) {
	name := e.node.Name
	if !utf8.ValidString(name) {
		name = e.freshNode(name)
	}
	e.out.Nodes = append(e.out.Nodes, &onnx.Node{Name: name, Op: op, Inputs: in, Outputs: []string{e.names[e.node.Outputs[0]]}, Attrs: attrs})
}

// aux writes an intermediate ONNX operator and returns its value.
func (e *exporter) aux(op string, in []string, attrs ...*onnx.Attr) string {
	suffix := "/" + strings.ToLower(op)
	v := e.values.Take(e.names[e.node.Outputs[0]] + suffix)
	e.out.Nodes = append(e.out.Nodes, &onnx.Node{Name: e.freshNode(e.node.Name + suffix), Op: op, Inputs: in, Outputs: []string{v}, Attrs: attrs})
	return v
}

// tensor stores a parameter of the node as an initializer.
func (e *exporter) tensor(t *onnx.Tensor) string {
	t.Name = e.values.Take(strings.ToValidUTF8(e.node.Name, "\uFFFD") + "/" + t.Name)
	e.out.Initializers = append(e.out.Initializers, t)
	return t.Name
}

// ints is a parameter that is a list of integers.
func (e *exporter) ints(what string, v []int64) string {
	return e.tensor(onnx.NewInts(what, onnx.Int64, []int64{int64(len(v))}, v))
}

// number is a parameter that is one float.
func (e *exporter) number(what string, v float64) string {
	return e.tensor(onnx.NewFloats(what, nil, []float32{float32(v)}))
}

func attrInt(name string, v int64) *onnx.Attr {
	return &onnx.Attr{Name: name, Type: onnx.AttrInt, I: v}
}

func attrInts(name string, v []int) *onnx.Attr {
	return &onnx.Attr{Name: name, Type: onnx.AttrInts, Ints: int64s(v)}
}

func attrFloat(name string, v float64) *onnx.Attr {
	return &onnx.Attr{Name: name, Type: onnx.AttrFloat, F: float32(v)}
}

func attrString(name, v string) *onnx.Attr {
	return &onnx.Attr{Name: name, Type: onnx.AttrString, S: v}
}
