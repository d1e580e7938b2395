package frontend

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"hass/frontend/onnx"
	"hass/internal/graph"
	"hass/internal/quant"
)

// Parts are a model cut in two: the second reads the outputs of the first. Each is a model of its own.
type Parts struct {
	First, Second *onnx.Model // Second is nil if nothing remains for it
	Files         []string    // from which the model was read
}

// Split cuts a model where its hardware ends: First is the accelerator, Second the part that runs on the host behind it.
// Both are exported again, in standard operators. A model without hardware is an *UnsupportedError.
func Split(path string, shapes ...Shapes) (*Parts, error) {
	g, err := LoadBuildable(path, shapes...)
	if err != nil {
		return nil, err
	}
	first, second, err := quant.Split(g)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	p := &Parts{Files: g.Files}
	if p.First, err = Export(first, nil); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if second != nil {
		if p.Second, err = Export(second, nil); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
	}
	return p, nil
}

// SplitAt cuts a model before the named nodes: they and all nodes that depend on them form Second, whatever their operators. Nodes are
// copied unchanged. A value between the parts has no shape if shape inference does not know it.
func SplitAt(path string, nodes []string, shapes ...Shapes) (*Parts, error) {
	m, err := onnx.Open(path)
	if err != nil {
		return nil, err
	}
	known, err := inferred(m, path, joined(shapes))
	if err != nil {
		return nil, err
	}
	c := &cut{m: m, known: known, later: map[*onnx.Node]bool{}, maker: map[string]*onnx.Node{}, inits: map[string]*onnx.Tensor{}}
	if err := c.mark(nodes); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	p := &Parts{Files: m.Files}
	if p.First, p.Second, err = c.parts(); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return p, nil
}

// inferred is the graph of a model with all known shapes, before it is lowered.
func inferred(m *onnx.Model, name string, shapes Shapes) (*graph.Graph, error) {
	var text strings.Builder
	if _, err := compile(m, name, options{shapes: shapes, after: func(pass string, g *graph.Graph) error {
		if pass != "fold-constants" {
			return nil
		}
		return g.Print(&text)
	}}); err != nil {
		return nil, err
	}
	return graph.Parse(text.String())
}

// cut is a model while it is being cut.
type cut struct {
	m     *onnx.Model
	known *graph.Graph
	later map[*onnx.Node]bool // nodes of the second part
	maker map[string]*onnx.Node
	inits map[string]*onnx.Tensor
	fixed map[string]bool // values that depend on no input
}

// nodesByName are a model's nodes by their names in Check.
func nodesByName(m *onnx.Model) map[string]*onnx.Node {
	byName := make(map[string]*onnx.Node, len(m.Graph.Nodes))
	taken := graph.NewNames()
	for i, n := range m.Graph.Nodes {
		name := n.Name
		if name == "" {
			name = fmt.Sprintf("%s_%d", n.Op, i)
		}
		byName[taken.Take(name)] = n
	}
	return byName
}

// mark finds the nodes of the second part. Nodes are named as in Check.
func (c *cut) mark(names []string) error {
	byName := nodesByName(c.m)
	for _, n := range c.m.Graph.Nodes {
		for _, out := range n.Outputs {
			c.maker[out] = n
		}
	}
	for _, t := range c.m.Graph.Initializers {
		c.inits[t.Name] = t
	}
	dirty := map[string]bool{} // values of the second part
	for _, name := range names {
		n := byName[name]
		if n == nil {
			return fmt.Errorf("there is no node %q; hass check lists the nodes", name)
		}
		c.later[n] = true
	}
	// The nodes may be in any order, so repeat until nothing changes. Each round marks at least one node.
	for changed := true; changed; {
		changed = false
		for _, n := range c.m.Graph.Nodes {
			if !c.later[n] && slices.ContainsFunc(n.Inputs, func(v string) bool { return dirty[v] }) {
				c.later[n], changed = true, true
			}
			if c.later[n] {
				for _, out := range n.Outputs {
					if out != "" && !dirty[out] {
						dirty[out], changed = true, true
					}
				}
			}
		}
	}
	c.fixed = map[string]bool{}
	for name := range c.inits {
		c.fixed[name] = true
	}
	for changed := true; changed; {
		changed = false
		for _, n := range c.m.Graph.Nodes {
			if slices.ContainsFunc(n.Inputs, func(v string) bool { return v != "" && !c.fixed[v] }) {
				continue
			}
			for _, out := range n.Outputs {
				if !c.fixed[out] {
					c.fixed[out], changed = true, true
				}
			}
		}
	}
	return nil
}

// parts are both models.
func (c *cut) parts() (first, second *onnx.Model, err error) {
	g := c.m.Graph
	a, b := c.model(g.Name), c.model(g.Name+" tail")
	for _, in := range g.Inputs {
		if c.inits[in.Name] == nil {
			a.Graph.Inputs = append(a.Graph.Inputs, in)
		}
	}
	between := map[string]bool{}
	for _, n := range g.Nodes {
		if !c.later[n] {
			continue
		}
		for _, v := range n.Inputs {
			if v == "" || c.fixed[v] || between[v] || c.later[c.maker[v]] {
				continue
			}
			between[v] = true
			if t := c.known.Consts[v]; t != nil { // computed from shapes
				b.Graph.Initializers = append(b.Graph.Initializers, initializer(v, t))
				continue
			}
			value := c.value(v)
			b.Graph.Inputs = append(b.Graph.Inputs, value)
			if c.maker[v] != nil {
				a.Graph.Outputs = append(a.Graph.Outputs, value)
			}
		}
	}
	for _, o := range g.Outputs {
		switch n := c.maker[o.Name]; {
		case c.later[n]:
			b.Graph.Outputs = append(b.Graph.Outputs, o)
		case !between[o.Name] || c.known.Consts[o.Name] != nil || n == nil:
			a.Graph.Outputs = append(a.Graph.Outputs, o)
		}
	}
	if len(a.Graph.Outputs) == 0 {
		return nil, nil, fmt.Errorf("nothing stands before the cut")
	}
	c.fill(a, func(n *onnx.Node) bool { return !c.later[n] })
	c.fill(b, func(n *onnx.Node) bool {
		return c.later[n] || !slices.ContainsFunc(n.Outputs, func(v string) bool { return v != "" && !c.fixed[v] })
	})
	return a, b, nil
}

func (c *cut) model(name string) *onnx.Model {
	return &onnx.Model{IRVersion: c.m.IRVersion, Producer: "hass", Opsets: maps.Clone(c.m.Opsets), Functions: c.m.Functions, Graph: &onnx.Graph{Name: name}}
}

// fill adds the nodes and initializers that a part's outputs need. A value of a node outside the part becomes an input of the
// part.
func (c *cut) fill(m *onnx.Model, own func(*onnx.Node) bool) {
	given := map[string]bool{}
	for _, in := range m.Graph.Inputs {
		given[in.Name] = true
	}
	for _, t := range m.Graph.Initializers {
		given[t.Name] = true
	}
	need, nodes := map[string]bool{}, map[*onnx.Node]bool{}
	var list []string
	for _, o := range m.Graph.Outputs {
		list = append(list, o.Name)
	}
	for len(list) > 0 {
		v := list[len(list)-1]
		list = list[:len(list)-1]
		if v == "" || need[v] || given[v] {
			continue
		}
		need[v] = true
		if n := c.maker[v]; n != nil && own(n) && !nodes[n] {
			nodes[n] = true
			list = append(list, n.Inputs...)
		}
	}
	for _, n := range c.m.Graph.Nodes {
		if nodes[n] {
			m.Graph.Nodes = append(m.Graph.Nodes, n)
		}
	}
	for _, t := range c.m.Graph.Initializers {
		if need[t.Name] {
			m.Graph.Initializers = append(m.Graph.Initializers, t)
		}
	}
}

// value describes a value between the parts.
func (c *cut) value(name string) *onnx.Value {
	for _, in := range c.m.Graph.Inputs {
		if in.Name == name {
			return in
		}
	}
	v := &onnx.Value{Name: name, IsTensor: true, Elem: onnx.Float32}
	if n := c.maker[name]; n != nil {
		v.Elem = c.elem(n)
	}
	s, ok := c.known.ShapeOf(name)
	if !ok {
		return v
	}
	v.HasShape = true
	for _, d := range s {
		v.Dims = append(v.Dims, onnx.Dim{Value: int64(d), Known: true})
	}
	return v
}

// elem is the element type of a node's first output: float32 unless the operator produces integers.
func (c *cut) elem(n *onnx.Node) onnx.DataType {
	switch n.Op {
	case "ArgMax", "ArgMin", "Shape", "Size", "NonZero", "NonMaxSuppression":
		return onnx.Int64
	case "QuantizeLinear":
		if len(n.Inputs) > 2 && c.inits[n.Inputs[2]] != nil {
			return c.inits[n.Inputs[2]].Type
		}
		return onnx.Uint8
	case "Cast":
		for _, a := range n.Attrs {
			if a.Name == "to" {
				return onnx.DataType(a.I)
			}
		}
	}
	return onnx.Float32
}

// initializer is a constant of the graph as ONNX has it.
func initializer(name string, t *graph.Tensor) *onnx.Tensor {
	dims := make([]int64, len(t.Shape))
	for i, d := range t.Shape {
		dims[i] = int64(d)
	}
	switch {
	case t.Type == graph.Float:
		return onnx.NewFloats(name, dims, t.F)
	case t.Type == graph.Bool:
		return onnx.NewInts(name, onnx.Bool, dims, t.I)
	case t.Stored == "int32" && !slices.ContainsFunc(t.I, func(v int64) bool { return v > math.MaxInt32 || v < math.MinInt32 }):
		return onnx.NewInts(name, onnx.Int32, dims, t.I)
	}
	return onnx.NewInts(name, onnx.Int64, dims, t.I)
}
