package onnx

import (
	"fmt"
	"maps"
	"slices"
)

// Limits on the expansion of functions: nodes in total, and depth of functions within functions.
const (
	maxInlined = 1 << 20
	maxDepth   = 64
)

// inline replaces the nodes that call model-local functions by the nodes of the functions, so that
// the model has no functions.
func (m *Model) inline() error {
	if len(m.Local) == 0 {
		return nil
	}
	x := &inlining{model: m, byName: map[string]*Function{}, names: map[string]bool{}}
	for _, f := range m.Local {
		x.byName[f.Domain+"."+f.Name] = f
	}
	for _, n := range m.Graph.Nodes {
		for _, out := range n.Outputs {
			x.names[out] = true
		}
	}
	for _, t := range m.Graph.Initializers {
		x.names[t.Name] = true
	}
	for _, v := range m.Graph.Inputs {
		x.names[v.Name] = true
	}
	for i, n := range m.Graph.Nodes {
		if err := x.node(n, fmt.Sprintf("%s_%d", n.Op, i), 0); err != nil {
			return err
		}
	}
	m.Graph.Nodes, m.Local, m.Functions = x.nodes, nil, nil
	return nil
}

// inlining is a model while its functions are expanded.
type inlining struct {
	model  *Model
	byName map[string]*Function
	names  map[string]bool // of values
	nodes  []*Node
}

// node adds a node, or the nodes of the function that it calls. A node without a name gets name.
func (x *inlining) node(n *Node, name string, depth int) error {
	f := x.byName[n.Domain+"."+n.Op]
	if f == nil {
		if len(x.nodes) == maxInlined {
			return fmt.Errorf("the functions of the model make more than %d nodes", maxInlined)
		}
		x.nodes = append(x.nodes, n)
		return nil
	}
	if n.Name != "" {
		name = n.Name
	}
	switch {
	case depth == maxDepth:
		return fmt.Errorf("node %q: functions call each other more than %d deep", name, maxDepth)
	case len(n.Inputs) > len(f.Inputs) || len(n.Outputs) > len(f.Outputs):
		return fmt.Errorf("node %q calls function %q with %d inputs and %d outputs; it has %d and %d", name, f.Name, len(n.Inputs), len(n.Outputs), len(f.Inputs), len(f.Outputs))
	}
	for _, domain := range slices.Sorted(maps.Keys(f.Opsets)) {
		version := f.Opsets[domain]
		switch own, ok := x.model.Opsets[domain]; {
		case !ok:
			x.model.Opsets[domain] = version
		case own != version:
			x.model.Warnings = append(x.model.Warnings, fmt.Sprintf("function %q uses version %d of the operators of domain %q, the model version %d: its nodes are read as the model's", f.Name, version, domain, own))
		}
	}
	values := map[string]string{"": ""}
	for i, v := range f.Inputs {
		values[v] = ""
		if i < len(n.Inputs) {
			values[v] = n.Inputs[i]
		}
	}
	for i, v := range f.Outputs {
		if i < len(n.Outputs) && n.Outputs[i] != "" {
			if _, ok := values[v]; ok { // an input passed through
				x.nodes = append(x.nodes, &Node{Name: name + "/" + v, Op: "Identity", Inputs: []string{values[v]}, Outputs: []string{n.Outputs[i]}})
				continue
			}
			values[v] = n.Outputs[i]
		}
	}
	attrs := map[string]*Attr{}
	for _, a := range slices.Concat(f.Defaults, n.Attrs) {
		attrs[a.Name] = a
	}
	for i, inner := range f.Nodes {
		c := &Node{Op: inner.Op, Domain: inner.Domain}
		if c.Name = name + "/" + inner.Name; inner.Name == "" {
			c.Name = fmt.Sprintf("%s/%s_%d", name, inner.Op, i)
		}
		for _, v := range inner.Inputs {
			c.Inputs = append(c.Inputs, x.value(values, name, v))
		}
		for _, v := range inner.Outputs {
			c.Outputs = append(c.Outputs, x.value(values, name, v))
		}
		for _, a := range inner.Attrs {
			if a.Ref != "" {
				from := attrs[a.Ref]
				if from == nil {
					continue // not given: the node is written without it
				}
				own := *from
				own.Name = a.Name
				a = &own
			}
			c.Attrs = append(c.Attrs, a)
		}
		if err := x.node(c, c.Name, depth+1); err != nil {
			return err
		}
	}
	return nil
}

// value is the name in the model for a function's value.
func (x *inlining) value(values map[string]string, node, v string) string {
	if to, ok := values[v]; ok {
		return to
	}
	to := node + "/" + v
	for x.names[to] {
		to += "_"
	}
	x.names[to], values[v] = true, to
	return to
}
