package graph

import "slices"

// Live are the nodes that an output depends on, in order.
func (g *Graph) Live() []*Node {
	need := make(map[string]bool)
	for _, o := range g.Outputs {
		need[o] = true
	}
	live := make([]bool, len(g.Nodes))
	for i := len(g.Nodes) - 1; i >= 0; i-- {
		for _, o := range g.Nodes[i].Outputs {
			live[i] = live[i] || need[o]
		}
		if live[i] {
			for _, in := range g.Nodes[i].Inputs {
				need[in] = true
			}
		}
	}
	var nodes []*Node
	for i, n := range g.Nodes {
		if live[i] {
			nodes = append(nodes, n)
		}
	}
	return nodes
}

// Cut splits a graph: the nodes whose output later names form the second graph, which is nil if there are none. later must include all
// nodes that depend on such a node. An output of the first graph is an output of the model or is read by the second. Names stay.
func Cut(g *Graph, later func(value string) bool) (first, second *Graph) {
	parts := [2]*Graph{}
	for i, name := range []string{g.Name, g.Name + " tail"} {
		parts[i] = &Graph{Name: name, Consts: map[string]*Tensor{}, Shapes: map[string]Shape{}, Files: g.Files}
	}
	first, second = parts[0], parts[1]
	first.Inputs = g.Inputs
	at := func(v string) int {
		if later(v) {
			return 1
		}
		return 0
	}
	for _, n := range g.Live() {
		k := at(n.Outputs[0])
		sub := parts[k]
		sub.Nodes = append(sub.Nodes, n)
		for _, out := range n.Outputs {
			sub.Shapes[out] = g.Shapes[out]
		}
		for _, v := range n.Inputs {
			switch c := g.Consts[v]; {
			case v == "":
			case c != nil:
				sub.Consts[v] = c
			case k == 1 && at(v) == 0:
				if _, known := second.Shapes[v]; !known {
					second.Shapes[v] = g.Shapes[v]
					second.Inputs = append(second.Inputs, Value{Name: v, Type: Float, Shape: g.Shapes[v]})
					first.Outputs = append(first.Outputs, v)
				}
			}
		}
	}
	for _, in := range g.Inputs {
		first.Shapes[in.Name] = in.Shape
	}
	for _, o := range g.Outputs {
		if sub := parts[at(o)]; !slices.Contains(sub.Outputs, o) {
			sub.Outputs = append(sub.Outputs, o)
		}
	}
	if len(second.Nodes) == 0 {
		second = nil
	}
	return first, second
}
