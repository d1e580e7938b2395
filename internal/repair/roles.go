package repair

import (
	"slices"

	"hass/internal/graph"
)

// Role is a layer's place in its network. It decides whether a share prunes the layer.
type Role string

// The roles. A layer has the first role that fits.
const (
	First     Role = "first"          // it depends on no convolution
	Last      Role = "last"           // no convolution depends on it
	Depthwise Role = "depthwise"      // every filter reads one channel of several
	Gate      Role = "squeeze-excite" // its output of one pixel multiplies a map
	Inner     Role = "inner"          // any other
)

// Spared are the roles whose layers keep their weights unless the user asks: they have few weights, and the network depends on each.
var Spared = []Role{Depthwise, First, Gate, Last}

// roles are the roles of the convolutions of g, by node name.
func roles(g *graph.Graph) map[string]Role {
	isData := func(name string) bool { return name != "" && g.Consts[name] == nil }
	behind := map[string]bool{} // values that depend on a convolution
	for _, n := range g.Nodes {
		behind[n.Outputs[0]] = graph.Convolves(n.Op) || slices.ContainsFunc(n.Inputs, func(in string) bool { return behind[in] })
	}
	users := g.Users()
	before := map[string]bool{} // values that a convolution depends on
	gates := map[string]bool{}  // values of one pixel that multiply a map, by way of others of one pixel
	for _, n := range slices.Backward(g.Nodes) {
		out := n.Outputs[0]
		for _, in := range n.Inputs {
			if !isData(in) {
				continue
			}
			before[in] = before[in] || graph.Convolves(n.Op) || before[out]
			gates[in] = gates[in] || multiplies(g, n, in) || gates[out]
			gates[in] = gates[in] && onePixel(g.Shapes[in])
		}
	}
	list := map[string]Role{}
	for _, n := range g.Nodes {
		if !graph.Convolves(n.Op) {
			continue
		}
		out := n.Outputs[0]
		role := Inner
		switch {
		case !behind[n.Inputs[0]]:
			role = First
		case !before[out] || len(users[out]) == 0:
			role = Last
		case depthwise(g, n):
			role = Depthwise
		case gates[out]:
			role = Gate
		}
		list[n.Name] = role
	}
	return list
}

// onePixel tells whether a shape is [1,C] or [1,C,1,1].
func onePixel(s graph.Shape) bool { return len(s) > 1 && s.Elems() == s[0]*s[1] }

// multiplies tells whether a node multiplies a larger value by value in.
func multiplies(g *graph.Graph, n *graph.Node, in string) bool {
	e, ok := n.Op.(graph.Eltwise)
	return ok && e.Fn == "mul" && g.Shapes[n.Outputs[0]].Elems() > g.Shapes[in].Elems()
}

// depthwise tells whether every filter of a convolution reads one channel of several.
func depthwise(g *graph.Graph, n *graph.Node) bool {
	channels := g.Shapes[n.Inputs[0]][1]
	switch op := n.Op.(type) {
	case graph.Conv:
		return op.Groups > 1 && op.Groups == channels
	case graph.ConvTranspose:
		return op.Groups > 1 && op.Groups == channels
	}
	return false
}
