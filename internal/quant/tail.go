package quant

import (
	"fmt"
	"slices"
	"strings"

	"hass/internal/floatexec"
	"hass/internal/graph"
	"hass/internal/intnet"
)

// The host tail: nodes without hardware, and all that depends on them, run on the host as a graph of their own.

// tail is what runs on the host beyond chains of Softmax and ArgMax.
type tail struct {
	nodes   []*graph.Node // in the graph's order
	inputs  []tailInput   // in the order in which they are met
	outputs []string      // of the model
}

// tailInput is a value of the graph that the accelerator makes.
type tailInput struct{ value, tensor string }

// hostWork bounds the multiplications of a tail, as one part in so many of the model's: a tail decodes what the layers before it
// have found.
const hostWork = 50

// toHost leaves a node to the host.
func (p *planner) toHost(n *graph.Node) {
	p.hosted[n] = true
	for _, out := range n.Outputs {
		p.views[out] = view{hosted: true}
	}
}

// readsHosted tells whether a node reads what a node on the host makes.
func (p *planner) readsHosted(n *graph.Node) bool {
	return slices.ContainsFunc(n.Inputs, func(v string) bool { return p.views[v].hosted })
}

// cutTail makes the nodes left to the host a tail; else it says why they cannot be one.
func (p *planner) cutTail() string {
	live := p.liveNodes()
	t := &tail{}
	on := map[*graph.Node]bool{} // of the tail
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

// work is how many multiplications by weights or of matrices a node does.
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

// nothingBefore is why what reads the input alone cannot be a tail.
const nothingBefore = "nothing stands before it that has hardware"

// explain says of the model as a whole why what has no hardware does not run on the host, and which cut would help: before the
// first of the nodes without hardware on each way.
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
	for _, n := range p.liveNodes() {
		late := slices.ContainsFunc(n.Inputs, func(v string) bool { return behind[v] })
		if bad[n.Name] != (why == nothingBefore) && late == (why == nothingBefore) {
			at = append(at, "--at "+quoted(n.Name))
			if why == nothingBefore {
				continue // what follows it is behind the cut
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

// graphOf is the tail as a graph.
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

// lowerTail is the tail as the integer network has it; tensors are the numbers of the tensors by name.
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

// Split is a graph cut into the accelerator, whose outputs are what hardware makes, and the tail that the host runs; tail is nil if
// there is none. Chains of Softmax and ArgMax belong to the tail. A graph without hardware is an UnsupportedError.
func Split(g *graph.Graph) (accelerator, tail *graph.Graph, err error) {
	p := planned(g)
	if len(p.issues) > 0 {
		return nil, nil, &UnsupportedError{p.issues}
	}
	on := map[string]bool{} // values that the host makes
	for _, n := range p.liveNodes() {
		v := p.views[n.Outputs[0]]
		if v.hosted || v.host != nil {
			on[n.Outputs[0]] = true
		}
	}
	accelerator, tail = Cut(g, func(v string) bool { return on[v] })
	return accelerator, tail, nil
}

// Cut is a graph in two: the nodes whose output later names, which must be all that depend on one of them, make the second, which is nil
// if there are none; an output of the first is one of the model's or is read by the second. Names stay.
func Cut(g *graph.Graph, later func(value string) bool) (first, second *graph.Graph) {
	parts := [2]*graph.Graph{}
	for i, name := range []string{g.Name, g.Name + " tail"} {
		parts[i] = &graph.Graph{Name: name, Consts: map[string]*graph.Tensor{}, Shapes: map[string]graph.Shape{}, Files: g.Files}
	}
	first, second = parts[0], parts[1]
	first.Inputs = g.Inputs
	at := func(v string) int {
		if later(v) {
			return 1
		}
		return 0
	}
	for _, n := range newPlanner(g).liveNodes() {
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
					second.Inputs = append(second.Inputs, graph.Value{Name: v, Type: graph.Float, Shape: g.Shapes[v]})
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

// Host gives the model's outputs from the integer network's: it dequantises them and runs what is left to the host.
type Host struct {
	net  *intnet.Net
	exec *floatexec.Exec // of the tail; nil if there is none
}

// NewHost readies what the host does of a network. It may be used concurrently.
func NewHost(net *intnet.Net) (*Host, error) {
	h := &Host{net: net}
	if net.Tail == nil {
		return h, nil
	}
	g, err := graph.Parse(net.Tail.Graph)
	if err == nil {
		h.exec, err = floatexec.New(g)
	}
	if err == nil {
		err = h.check()
	}
	if err != nil {
		return nil, fmt.Errorf("host tail: %w", err)
	}
	return h, nil
}

// check compares the tail's graph with what the network says of it.
func (h *Host) check() error {
	in, t := h.exec.Inputs(), h.net.Tail
	if len(in) != len(t.Inputs) {
		return fmt.Errorf("its graph has %d inputs, the network %d", len(in), len(t.Inputs))
	}
	for i, v := range in {
		if !v.Shape.Equal(graph.Shape(t.Inputs[i].Shape)) {
			return fmt.Errorf("input %q has shape %v in its graph and %v in the network", v.Name, v.Shape, t.Inputs[i].Shape)
		}
	}
	k := 0
	for _, r := range h.net.Results {
		if r.Tensor != intnet.FromTail {
			continue
		}
		if k == len(h.exec.Outputs()) || h.exec.Outputs()[k] != r.Name || !h.exec.OutputShape(k).Equal(graph.Shape(r.Shape)) {
			return fmt.Errorf("its graph does not make output %q of shape %v", r.Name, r.Shape)
		}
		k++
	}
	return nil
}

// Results gives the model's outputs, one per net.Results in the model's order,
// from the outputs of intnet's Exec.Run: dequantised, taken through what is left to the
// host, and of the shapes that the model has for one image.
func (h *Host) Results(outputs [][]int32) ([]*floatexec.Tensor[float32], error) {
	net := h.net
	if len(outputs) != len(net.Outputs) {
		return nil, fmt.Errorf("%d outputs; the network has %d", len(outputs), len(net.Outputs))
	}
	var made [][]float32
	if h.exec != nil {
		in := make([][]float32, len(net.Tail.Inputs))
		for i, t := range net.Tail.Inputs {
			in[i] = net.Dequantize(t.Tensor, outputs[slices.Index(net.Outputs, t.Tensor)])
		}
		var err error
		if made, err = h.exec.Run(in, nil); err != nil {
			return nil, fmt.Errorf("host tail: %w", err)
		}
	}
	res := make([]*floatexec.Tensor[float32], len(net.Results))
	for i, r := range net.Results {
		if r.Tensor == intnet.FromTail {
			res[i] = &floatexec.Tensor[float32]{Shape: graph.Shape(r.Shape), Data: made[0]}
			made = made[1:]
			continue
		}
		v := &floatexec.Tensor[float32]{Data: net.Dequantize(r.Tensor, outputs[net.OutputOf(i)])}
		for _, h := range r.Host {
			op := net.Host[h]
			v.Shape = graph.Shape(op.Shape)
			out, err := floatexec.Eval[float32](graph.Host{Fn: op.Op, Axis: op.Axis}, v)
			if err != nil {
				return nil, fmt.Errorf("host operator %q: %w", op.Name, err)
			}
			v = out
		}
		v.Shape = graph.Shape(r.Shape)
		res[i] = v
	}
	return res, nil
}
