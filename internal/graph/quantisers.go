package graph

// WithoutQuantisers is g without quantize nodes and with its constants on no grid. Values keep their names; a graph output of a quantiser
// becomes a reshape of the quantiser's input.
func WithoutQuantisers(g *Graph) *Graph {
	n := *g
	n.Nodes, n.Consts, n.Shapes = nil, make(map[string]*Tensor, len(g.Consts)), make(map[string]Shape, len(g.Shapes))
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
	instead := map[string]string{} // replacement of a quantiser's output
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
		if _, ok := node.Op.(Quantize); ok {
			if out := node.Outputs[0]; !output[out] {
				instead[out] = in[0]
				delete(n.Shapes, out)
				continue
			}
			one.Op, one.Inputs = Reshape{To: g.Shapes[node.Outputs[0]]}, in[:1]
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
