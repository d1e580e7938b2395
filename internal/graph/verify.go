package graph

import (
	"errors"
	"fmt"
	"maps"
	"slices"
)

// ShapeOf is the shape of a constant or of a value whose shape is known.
func (g *Graph) ShapeOf(name string) (Shape, bool) {
	if t, ok := g.Consts[name]; ok {
		return t.Shape, true
	}
	s, ok := g.Shapes[name]
	return s, ok
}

// Producers maps each value to the node that makes it. Inputs and constants
// have none.
func (g *Graph) Producers() map[string]*Node {
	m := make(map[string]*Node, len(g.Nodes))
	for _, n := range g.Nodes {
		for _, out := range n.Outputs {
			m[out] = n
		}
	}
	return m
}

// Users maps each value to the nodes that read it, in graph order; a node that
// reads it twice is listed twice.
func (g *Graph) Users() map[string][]*Node {
	m := make(map[string][]*Node, len(g.Nodes))
	for _, n := range g.Nodes {
		for _, in := range n.Inputs {
			if in != "" {
				m[in] = append(m[in], n)
			}
		}
	}
	return m
}

// InferNode gives the output shapes of a node of g. An unknown input shape and
// a Foreign operator are errors.
func (g *Graph) InferNode(n *Node) ([]Shape, error) {
	in := make([]Shape, len(n.Inputs))
	for i, name := range n.Inputs {
		if name == "" {
			continue
		}
		s, ok := g.ShapeOf(name)
		if !ok {
			return nil, fmt.Errorf("node %q: shape of input %q is unknown", n.Name, name)
		}
		if s == nil {
			s = Shape{}
		}
		in[i] = s
	}
	out, err := Infer(n.Op, in)
	if err != nil {
		return nil, fmt.Errorf("node %q: %w", n.Name, err)
	}
	return out, nil
}

// Check verifies a constant: a known type, the payload of that type alone, and
// as many elements as the shape says.
func (t *Tensor) Check() error {
	n, err := t.Shape.Count()
	if err != nil {
		return err
	}
	have := len(t.I)
	switch {
	case t.Type != Float && t.Type != Int && t.Type != Bool:
		return fmt.Errorf("unknown element type %q", t.Type)
	case (t.Type == Float) != (t.F != nil), (t.Type != Float) != (t.I != nil):
		return fmt.Errorf("payload does not match element type %s", t.Type)
	case t.Type == Float:
		have = len(t.F)
	}
	if have != n {
		return fmt.Errorf("shape %v needs %d elements, has %d", t.Shape, n, have)
	}
	if t.Grid != nil {
		return t.Grid.check(t.Shape)
	}
	return nil
}

// Verify checks that a graph is well formed: node names are unique and
// non-empty, every value is defined once and before its use, constants are
// complete, arities are right, and the shapes of all values are known and
// equal to the operators' inference. The outputs of a Foreign operator may
// lack a shape. All faults are joined in one error, in a fixed order.
func Verify(g *Graph) error {
	var errs []error
	fault := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }

	// The definition of each value: the number of the node, or one of these.
	const (
		byInput = -1 - iota
		byConstant
	)
	text := func(by int) string {
		switch by {
		case byInput:
			return "graph input"
		case byConstant:
			return "constant"
		}
		return fmt.Sprintf("node %q", g.Nodes[by].Name)
	}
	defined := make(map[string]int, len(g.Nodes)+len(g.Consts))
	define := func(name string, by int) error {
		if name == "" {
			return fmt.Errorf("%s defines a value without a name", text(by))
		}
		if old, ok := defined[name]; ok {
			return fmt.Errorf("value %q is defined by %s and by %s", name, text(old), text(by))
		}
		defined[name] = by
		return nil
	}
	note := func(err error) {
		if err != nil {
			errs = append(errs, err)
		}
	}
	for _, v := range g.Inputs {
		note(define(v.Name, byInput))
		if v.Type != Float && v.Type != Int && v.Type != Bool {
			fault("input %q has unknown element type %q", v.Name, v.Type)
		}
		if _, err := v.Shape.Count(); err != nil {
			fault("input %q: %w", v.Name, err)
		}
		if s, ok := g.Shapes[v.Name]; ok && !s.Equal(v.Shape) {
			fault("input %q has shape %v but the shape table says %v", v.Name, v.Shape, s)
		} else if !ok {
			fault("input %q is missing in the shape table", v.Name)
		}
	}
	note(inOrder(g.Consts, func(name string, t *Tensor) error {
		err := define(name, byConstant)
		if t == nil {
			err = errors.Join(err, fmt.Errorf("constant %q is nil", name))
		} else if bad := t.Check(); bad != nil {
			err = errors.Join(err, fmt.Errorf("constant %q: %w", name, bad))
		}
		if _, ok := g.Shapes[name]; ok {
			err = errors.Join(err, fmt.Errorf("constant %q stands in the shape table too", name))
		}
		return err
	}))
	if len(errs) > 0 {
		return errors.Join(errs...)
	}

	names := make(map[string]bool, len(g.Nodes))
	for i, n := range g.Nodes {
		if n.Name == "" {
			fault("node %d has no name", i)
		}
		if names[n.Name] {
			fault("node name %q is used twice", n.Name)
		}
		names[n.Name] = true
		ready := true
		for _, in := range n.Inputs {
			if _, ok := defined[in]; in != "" && !ok {
				fault("node %q reads %q, which nothing before it defines", n.Name, in)
				ready = false
			}
		}
		for _, out := range n.Outputs {
			if _, isForeign := n.Op.(Foreign); out == "" && isForeign {
				continue // an optional output that the model does not use
			}
			note(define(out, i))
		}
		if _, isForeign := n.Op.(Foreign); isForeign || !ready {
			continue
		}
		if n.Op == nil {
			fault("node %q has no operator", n.Name)
			continue
		}
		want, err := g.InferNode(n)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		if len(want) != len(n.Outputs) {
			fault("node %q: %s gives %d output(s), has %d", n.Name, n.Op.Kind(), len(want), len(n.Outputs))
			continue
		}
		for j, out := range n.Outputs {
			if s, ok := g.Shapes[out]; !ok {
				fault("node %q: shape of output %q is unknown", n.Name, out)
			} else if !s.Equal(want[j]) {
				fault("node %q: output %q has shape %v, %s gives %v", n.Name, out, s, n.Op.Kind(), want[j])
			}
		}
	}
	if len(g.Outputs) == 0 {
		fault("graph has no outputs")
	}
	seen := make(map[string]bool, len(g.Outputs))
	for _, out := range g.Outputs {
		if _, ok := defined[out]; !ok {
			fault("graph output %q is not defined", out)
		}
		if seen[out] {
			fault("graph output %q is listed twice", out)
		}
		seen[out] = true
	}
	note(inOrder(g.Shapes, func(name string, _ Shape) error {
		if _, ok := defined[name]; !ok {
			return fmt.Errorf("the shape table holds %q, which nothing defines", name)
		}
		return nil
	}))
	return errors.Join(errs...)
}

// inOrder joins the errors of f for all of m, in the order of the names; the order is
// only computed if there are errors.
func inOrder[T any](m map[string]T, f func(name string, v T) error) error {
	bad := map[string]error{}
	for name, v := range m {
		if err := f(name, v); err != nil {
			bad[name] = err
		}
	}
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(bad)) {
		errs = append(errs, bad[name])
	}
	return errors.Join(errs...)
}
