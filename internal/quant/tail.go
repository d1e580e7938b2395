package quant

import (
	"fmt"
	"slices"
	"strings"

	"hass/internal/graph"
	"hass/internal/intnet"
)

// The host tail: nodes without hardware, and all nodes that depend on them, run on the host as a separate graph.

// tail has the nodes that run on the host, except chains of Softmax and ArgMax.
type tail struct {
	nodes   []*graph.Node // in the graph's order
	inputs  []tailInput   // in the order in which nodes first read them
	outputs []string      // of the model
}

// tailInput is a value of the graph that the accelerator makes.
type tailInput struct{ value, tensor string }

// hostWork bounds the multiplications of a tail to 1/hostWork of the model's, because a tail should only decode the results
// of the layers before it.
const hostWork = 50

// toHost leaves a node to the host.
func (p *planner) toHost(n *graph.Node) {
	p.hosted[n] = true
	for _, out := range n.Outputs {
		p.views[out] = view{hosted: true}
	}
}

// readsHosted tells whether a node reads the output of a node on the host.
func (p *planner) readsHosted(n *graph.Node) bool {
	return slices.ContainsFunc(n.Inputs, func(v string) bool { return p.views[v].hosted })
}

// cutTail makes the nodes on the host a tail, or gives the reason why they cannot be one.
func (p *planner) cutTail() string {
	live := p.g.Live()
	t := &tail{}
	on := map[*graph.Node]bool{} // nodes of the tail
	need := map[string]bool{}
	for _, o := range p.g.Outputs {
		if p.views[o].hosted {
			t.outputs, need[o] = append(t.outputs, o), true
		}
	}
	var work, all int
	for i := len(live) - 1; i >= 0; i-- {
		n := live[i]
		w := p.work(n)
		all += w
		if !slices.ContainsFunc(n.Outputs, func(v string) bool { return need[v] }) {
			continue
		}
		if f, ok := n.Op.(graph.Foreign); ok {
			return fmt.Sprintf("%s (%s) runs neither in hardware nor on the host", quoted(n.Name), plain(f.Kind()))
		}
		on[n], work = true, work+w
		for _, v := range n.Inputs {
			if v != "" && !p.fromTensor(v) && p.g.Consts[v] == nil {
				need[v] = true
			}
		}
	}
	if len(p.layers) == 0 {
		return nothingBefore
	}
	if work*hostWork > all {
		return fmt.Sprintf("what depends on it has layers with weights: %.3g of the model's %.3g multiplications", float64(work), float64(all))
	}
	seen := map[string]bool{}
	for _, n := range live {
		if !on[n] {
			continue
		}
		t.nodes = append(t.nodes, n)
		for _, v := range n.Inputs {
			if v == "" || p.g.Consts[v] != nil || need[v] || seen[v] {
				continue
			}
			seen[v] = true
			switch from := p.views[v]; {
			case from.threshold != nil:
				return fmt.Sprintf("%s reads what a pruning threshold makes", quoted(n.Name))
			case from.tensor == p.input:
				return fmt.Sprintf("%s reads the model's input, which stands before the hardware", quoted(n.Name))
			default:
				t.inputs = append(t.inputs, tailInput{v, from.tensor})
			}
		}
	}
	p.tail = t
	return ""
}

// fromTensor tells whether a value is a tensor of the accelerator under its own shape.
func (p *planner) fromTensor(v string) bool {
	from, ok := p.views[v]
	return ok && !from.hosted && from.host == nil
}

// work is the number of multiplications by weights or of matrices in a node.
func (p *planner) work(n *graph.Node) int {
	out := p.g.Shapes[n.Outputs[0]].Elems()
	shape := func(i int) graph.Shape { s, _ := p.g.ShapeOf(n.Inputs[i]); return s }
	switch n.Op.(type) {
	case graph.Conv:
		if w := shape(1); len(w) == 4 {
			return out * w[1:].Elems()
		}
	case graph.ConvTranspose:
		if w := shape(1); len(w) == 4 {
			return shape(0).Elems() * w[1:].Elems()
		}
	case graph.MatMul:
		if x := shape(0); len(x) > 0 {
			return out * x[len(x)-1]
		}
	}
	return 0
}

// nothingBefore is the reason why nodes that read only the input cannot be a tail.
const nothingBefore = "nothing stands before it that has hardware"

// explain adds an issue of the whole model: the reason why the nodes without hardware do not run on the host, and the cut that would
// help. On each path this is before the first node without hardware or, if such nodes begin the path, before the first node behind them.
func (p *planner) explain(why string) {
	bad, behind := map[string]bool{}, map[string]bool{} // nodes with issues; values that depend on one
	for _, i := range p.issues {
		if !i.Port {
			bad[i.Node] = true
		}
	}
	hint := "cut it in two with hass split %s: the first part stands alone, and what follows can run elsewhere"
	if why == nothingBefore {
		hint = "cut it in two with hass split %s: run the first part on the inputs, and tail.onnx is the model for the hardware"
	}
	var at []string
	for _, n := range p.g.Live() {
		late := slices.ContainsFunc(n.Inputs, func(v string) bool { return behind[v] })
		if bad[n.Name] != (why == nothingBefore) && late == (why == nothingBefore) {
			at = append(at, "--at "+quoted(n.Name))
			if why == nothingBefore {
				continue // nodes that read its output belong to the second part too
			}
		}
		if bad[n.Name] || late {
			for _, out := range n.Outputs {
				behind[out] = true
			}
		}
	}
	if len(at) == 0 && why == nothingBefore {
		p.failPort(p.g.Name, "graph", "use a model with layers", "what has no hardware cannot run on the host behind the accelerator: %s", why)
	}
	if len(at) == 0 {
		return
	}
	const named = 4
	if len(at) > named {
		at = append(at[:named], "...")
	}
	p.failPort(p.g.Name, "graph", fmt.Sprintf(hint, strings.Join(at, " ")),
		"what has no hardware cannot run on the host behind the accelerator: %s", why)
}

func quoted(name string) string { return fmt.Sprintf("%q", name) }

// tailGraph is the tail as a graph.
func (p *network) tailGraph() *graph.Graph {
	t, g := p.tail, p.g
	sub := &graph.Graph{Name: g.Name + " tail", Outputs: t.outputs, Nodes: t.nodes, Consts: map[string]*graph.Tensor{}, Shapes: map[string]graph.Shape{}}
	for _, in := range t.inputs {
		s := g.Shapes[in.value]
		sub.Inputs = append(sub.Inputs, graph.Value{Name: in.value, Type: graph.Float, Shape: s})
		sub.Shapes[in.value] = s
	}
	for _, n := range t.nodes {
		for _, out := range n.Outputs {
			sub.Shapes[out] = g.Shapes[out]
		}
		for _, v := range n.Inputs {
			if c := g.Consts[v]; c != nil {
				sub.Consts[v] = c
			}
		}
	}
	return sub
}

// lowerTail is the tail in the form of the integer network; tensors are the numbers of tensors by name.
func (p *network) lowerTail(tensors map[string]int) (*intnet.Tail, error) {
	if p.tail == nil {
		return nil, nil
	}
	t := &intnet.Tail{}
	for _, in := range p.tail.inputs {
		t.Inputs = append(t.Inputs, intnet.TailInput{Name: in.value, Shape: p.g.Shapes[in.value], Tensor: tensors[in.tensor]})
	}
	var b strings.Builder
	if err := p.tailGraph().Print(&b); err != nil {
		return nil, fmt.Errorf("host tail: %w", err)
	}
	t.Graph = b.String()
	return t, nil
}

// Split cuts a graph into the accelerator, which is the part with hardware, and the tail that the host runs; tail is nil if there is
// none. Chains of Softmax and ArgMax belong to the tail. A graph without hardware is an UnsupportedError.
func Split(g *graph.Graph) (accelerator, tail *graph.Graph, err error) {
	p := planned(g)
	if len(p.issues) > 0 {
		return nil, nil, &UnsupportedError{p.issues}
	}
	on := map[string]bool{} // values made on the host
	for _, n := range p.g.Live() {
		v := p.views[n.Outputs[0]]
		if v.hosted || v.host != nil {
			on[n.Outputs[0]] = true
		}
	}
	accelerator, tail = graph.Cut(g, func(v string) bool { return on[v] })
	return accelerator, tail, nil
}
