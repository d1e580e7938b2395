package quant

import (
	"fmt"

	"hass/internal/graph"
)

// Quantisers says what becomes of a model's own quantisers.
type Quantisers string

// The choices.
const (
	Kept    Quantisers = ""        // their scales, zero points and integers are the integer network's
	Dropped Quantisers = "dropped" // the network is quantised anew, from calibration, as a float model is
)

// Of is the graph that the choice makes of g: g itself, or one without quantisers whose weights lie on no grid. The values keep
// their names; a graph output that a quantiser makes is made by what stands before it.
func (q Quantisers) Of(g *graph.Graph) (*graph.Graph, error) {
	switch q {
	case Kept:
		return g, nil
	case Dropped:
		return withoutQuantisers(g), nil
	}
	return nil, fmt.Errorf("profile: quantisers %.40q; want none or %q", string(q), Dropped)
}

func withoutQuantisers(g *graph.Graph) *graph.Graph {
	n := *g
	n.Nodes, n.Consts, n.Shapes = nil, make(map[string]*graph.Tensor, len(g.Consts)), make(map[string]graph.Shape, len(g.Shapes))
	for name, s := range g.Shapes {
		n.Shapes[name] = s
	}
	for name, c := range g.Consts {
		if c.Grid != nil {
			plain := *c
			plain.Grid = nil
			c = &plain
		}
		n.Consts[name] = c
	}
	output := map[string]bool{}
	for _, o := range g.Outputs {
		output[o] = true
	}
	instead := map[string]string{} // of the value that a quantiser made
	value := func(v string) string {
		if w, ok := instead[v]; ok {
			return w
		}
		return v
	}
	for _, node := range g.Nodes {
		in := make([]string, len(node.Inputs))
		for i, v := range node.Inputs {
			in[i] = value(v)
		}
		one := *node
		one.Inputs = in
		if _, ok := node.Op.(graph.Quantize); ok {
			if out := node.Outputs[0]; !output[out] {
				instead[out] = in[0]
				delete(n.Shapes, out)
				continue
			}
			one.Op, one.Inputs = graph.Reshape{To: g.Shapes[node.Outputs[0]]}, in[:1]
		}
		n.Nodes = append(n.Nodes, &one)
	}
	read := map[string]bool{}
	for _, node := range n.Nodes {
		for _, v := range node.Inputs {
			read[v] = true
		}
	}
	for name := range n.Consts {
		if !read[name] && !output[name] {
			delete(n.Consts, name)
		}
	}
	return &n
}
