package quant

import (
	"fmt"
	"math"
	"slices"

	"hass/internal/fixed"
	"hass/internal/graph"
	"hass/internal/intnet"
	"hass/internal/reasons"
)

// network is the graph as a list of integer layers, before any number is chosen.
type network struct {
	g      *graph.Graph
	input  string // value name
	inDims dims
	// inputFixed is the input's format if the model gives it, otherwise nil.
	inputFixed *fixed.Format
	// inputWide tells that a non-linear function reads the input.
	inputWide bool
	layers    []*layer
	made      map[string]*layer // by output value
	sources   map[string]string // results of source, by tensor
	host      []hostOp
	results   []result
	tail      *tail // nodes on the host, besides those in host; nil if there are none
}

// layer is a node with everything that is fused into it.
type layer struct {
	node *graph.Node
	kind intnet.Kind
	in   []string // tensors: the input value or outputs of earlier layers
	out  string   // the value it makes: the output of the last fused node
	dims dims     // of its output
	// lo and hi are the clamp of the fused activations; they may be infinite.
	lo, hi float64
	// nonneg tells that no element of out is negative for any weights and inputs.
	nonneg bool

	conv   *graph.Conv     // KindConv; its kernel covers the map if a flatten came before
	w, b   *graph.Tensor   // as they are quantised: equalised, corrected (see decide)
	model  *graph.Tensor   // the model's weights
	grid   *grid           // of w if the model quantised them, otherwise nil
	tauA   float64         // of threshold nodes before it
	perm   func(i int) int // index into w of weight i in [F][KH][KW][C/Groups] order
	window intnet.Window   // KindPool
	max    bool            // pools
	count  bool            // average counts padding

	act    graph.Activation // KindActivation
	slopes []float32        // of a leakyrelu or prelu, one or one per channel
	powers []int            // of its output if it is equalised, one per channel; otherwise nil
	resize *graph.Resize    // KindResize
	moves  intnet.Moves     // kinds that move values

	alone   []bool        // by input of the node: the layer is the tensor's only reader (a sum may swap its inputs in in)
	fixed   *fixed.Format // of its output if the model gives it, otherwise nil
	bipolar bool          // its output is the sign -1 or 1, and 1 for 0
	levels  *graph.Tensor // thresholds [C,K] or [1,K] with which its sums are compared; otherwise nil
	each    int           // units that one threshold adds to its output
	keeps   bool          // its output has its input's format
	wide    bool          // a non-linear function reads it: 16 bits unless the user gives another width
}

type dims struct{ h, w, c int }

type hostOp struct {
	node  *graph.Node
	op    graph.Host
	input string      // tensor
	shape graph.Shape // of its operand
}

// hosts is the last element of a chain of host operators; chains share their common beginnings.
type hosts struct {
	at     int // index into network.host
	before *hosts
	first  int // index of the chain's first operator
	count  int
}

// list is the chain in order.
func (h *hosts) list() []int {
	if h == nil {
		return nil
	}
	all := make([]int, h.count)
	for i := h.count - 1; i >= 0; i, h = i-1, h.before {
		all[i] = h.at
	}
	return all
}

// maxHost bounds the operators that run on the host for one output, because only a tail should run there.
const maxHost = 64

type result struct {
	name   string
	shape  graph.Shape
	tensor string // "" if the host's tail makes it
	host   []int
}

// view describes how a value of the graph follows from a tensor of the network:
// by renaming, by thresholds that are not applied yet, or by host operators.
type view struct {
	tensor    string
	threshold *graph.Node // last threshold on the way, nil if none
	tau       float64     // largest threshold on the way
	host      *hosts      // host operators on the way; nil if none
	hosted    bool        // a node that runs on the host makes it, so it has no tensor
	single    bool        // every value on the way has one reader
}

type planner struct {
	network
	views  map[string]view
	uses   map[string]int  // readers of a value, graph outputs included
	names  map[string]bool // of all nodes; nil before the first call of fresh
	issues []Issue
	// hosted are the nodes that would run on the host, because they have no hardware or read the output of such a node; nil if
	// no node may run there.
	hosted map[*graph.Node]bool
}

// plan gives the network of a graph, or an UnsupportedError with all reasons why
// there is none.
func plan(g *graph.Graph) (*network, error) {
	p := planned(g)
	if len(p.issues) > 0 {
		return nil, &UnsupportedError{p.issues}
	}
	return &p.network, nil
}

// planned is a planner that has run. Nodes without hardware run on the host if possible (tail.go); otherwise each of them is an
// issue.
func planned(g *graph.Graph) *planner {
	p := newPlanner(g)
	p.hosted = map[*graph.Node]bool{}
	p.run()
	if len(p.hosted) == 0 {
		return p
	}
	why := p.cutTail()
	if why == "" {
		return p
	}
	p = newPlanner(g)
	p.run()
	p.explain(why)
	return p
}

func newPlanner(g *graph.Graph) *planner {
	return &planner{
		network: network{g: g, made: make(map[string]*layer), sources: make(map[string]string)},
		views:   make(map[string]view),
		uses:    make(map[string]int),
	}
}

func (p *planner) fail(node, op, hint, format string, args ...any) {
	p.issues = append(p.issues, Issue{Node: node, Op: op, Reason: fmt.Sprintf(format, args...), Hint: hint})
}

// failPort is fail for the graph, its input or an output.
func (p *planner) failPort(name, what, hint, format string, args ...any) {
	p.fail(name, what, hint, format, args...)
	p.issues[len(p.issues)-1].Port = true
}

func (p *planner) run() {
	live := p.g.Live()
	for _, n := range live {
		for _, in := range n.Inputs {
			p.uses[in]++
		}
	}
	for _, o := range p.g.Outputs {
		p.uses[o]++
	}
	if len(p.g.Inputs) != 1 {
		p.failPort(p.g.Name, "graph", "split the model so that one input remains", "it has %d inputs; the hardware has one", len(p.g.Inputs))
		return
	}
	in := p.g.Inputs[0]
	if reason, hint := reasons.NoInput(in); reason != "" {
		p.failPort(in.Name, "input", hint, "%s", reason)
		return
	}
	p.input, p.inDims = in.Name, p.inputDims(in, live)
	p.views[in.Name] = view{tensor: in.Name, single: true}
	for _, n := range live {
		p.node(n)
	}
	p.finish()
}

// inputDims is the layout of the input. It follows from the input's shape, except for a vector or sequence that is only read through a
// Reshape to a map: then it is the layout of that map.
func (p *planner) inputDims(in graph.Value, live []*graph.Node) dims {
	d, _ := dimsOf(in.Shape)
	if len(in.Shape) > 3 || slices.Contains(p.g.Outputs, in.Name) {
		return d
	}
	var as []dims
	for _, n := range live {
		if !slices.Contains(n.Inputs, in.Name) {
			continue
		}
		op, ok := n.Op.(graph.Reshape)
		m, isMap := dimsOf(op.To)
		if !ok || !isMap || len(op.To) != 4 {
			return d
		}
		as = append(as, m)
	}
	if len(as) == 0 || slices.ContainsFunc(as, func(m dims) bool { return m != as[0] }) {
		return d
	}
	return as[0]
}

// dimsOf reads [1,C,H,W], [1,C,L] (a row of L pixels) or [1,C].
func dimsOf(s graph.Shape) (dims, bool) {
	for _, d := range s {
		if d < 1 {
			return dims{}, false
		}
	}
	switch {
	case len(s) == 4 && s[0] == 1:
		return dims{s[2], s[3], s[1]}, true
	case len(s) == 3 && s[0] == 1:
		return dims{1, s[2], s[1]}, true
	case len(s) == 2 && s[0] == 1:
		return dims{1, 1, s[1]}, true
	}
	return dims{}, false
}

// real tells whether the tensor is the input or made by a layer. Other tensors depend on
// a node with an issue.
func (p *planner) real(tensor string) bool { return p.made[tensor] != nil || tensor == p.input }

func (p *planner) tensorDims(tensor string) dims {
	if l := p.made[tensor]; l != nil {
		return l.dims
	}
	if tensor == p.input {
		return p.inDims
	}
	// A node with an issue makes it and there is no layer, so take its shape in the graph.
	d, _ := dimsOf(p.g.Shapes[tensor])
	return d
}

func (p *planner) tensorNonneg(tensor string) bool {
	// Operators tell nothing about the input; Calibrate looks at the data.
	l := p.made[tensor]
	return l != nil && l.nonneg
}

// node plans one node. After an issue it still defines the node's output, so that
// the nodes behind it are judged too.
func (p *planner) node(n *graph.Node) {
	out := n.Outputs[0]
	p.views[out] = view{tensor: out, single: true}
	if p.hosted != nil {
		if p.readsHosted(n) {
			p.toHost(n)
			return
		}
		defer func(before int) {
			// A node without hardware may run on the host. This is decided when all nodes are known.
			own := func(i Issue) bool { return i.Node == n.Name && !i.Port }
			if slices.ContainsFunc(p.issues[before:], own) {
				p.issues = append(p.issues[:before], slices.DeleteFunc(p.issues[before:], own)...)
				p.toHost(n)
			}
		}(len(p.issues))
	}
	if _, foreign := n.Op.(graph.Foreign); !foreign && !p.known(n) {
		return
	}
	switch op := n.Op.(type) {
	case graph.Reshape:
		if v, ok := p.views[n.Inputs[0]]; ok {
			if !p.real(v.tensor) {
				return // its layout is not known; its shape is used
			}
			v.single = v.single && p.uses[n.Inputs[0]] == 1
			p.views[out] = v
			return
		}
		p.fail(n.Name, op.Kind(), "fold constants first", "its input is a constant")
	case graph.Host:
		v, ok := p.data(n, 0)
		if !ok {
			return
		}
		if op.Fn != "softmax" && op.Fn != "argmax" {
			p.fail(n.Name, op.Kind(), "end the network in Softmax, ArgMax or its logits", "the generated host program does not compute it")
			return
		}
		h := &hosts{at: len(p.host), before: v.host, first: len(p.host), count: 1}
		if v.host != nil {
			h.first, h.count = v.host.first, v.host.count+1
		}
		if h.count == maxHost+1 {
			p.fail(n.Name, op.Kind(), "cut the model before it", "more than %d operators in a row would run on the host", maxHost)
		}
		p.host = append(p.host, hostOp{n, op, v.tensor, p.g.Shapes[n.Inputs[0]]})
		v.host = h
		p.views[out] = v
	case graph.Activation:
		p.activation(n, op)
	case graph.Conv:
		p.conv(n, op)
	case graph.Pool:
		p.pool(n, op)
	case graph.GlobalPool:
		if v, ok := p.map2D(n); ok {
			l := newLayer(n, intnet.KindGlobalPool, v.tensor)
			l.dims, l.nonneg, l.max = dims{1, 1, p.tensorDims(v.tensor).c}, p.tensorNonneg(v.tensor), op.Max
			p.add(l)
		}
	case graph.Eltwise:
		p.eltwise(n, op)
	case graph.ConvTranspose:
		p.convTranspose(n, op)
	case graph.Concat:
		p.concat(n, op)
	case graph.Resize:
		p.resize(n, op)
	case graph.Quantize:
		p.quantize(n, op)
	case graph.MultiThreshold:
		p.multiThreshold(n, op)
	default:
		if !p.move(n) {
			p.refuse(n)(reasons.NoModule(p.g, n))
		}
	}
}

// refuse is fail with a reason and a hint of package reasons.
func (p *planner) refuse(n *graph.Node) func(reason, hint string) {
	return func(reason, hint string) { p.fail(n.Name, n.Op.Kind(), hint, "%s", reason) }
}

// known reports whether the shapes of all inputs of a node are known. They may be
// unknown behind a foreign node.
func (p *planner) known(n *graph.Node) bool {
	for _, in := range n.Inputs {
		if _, ok := p.g.ShapeOf(in); in != "" && !ok {
			return false
		}
	}
	return true
}

// data is the view of a node's input. The input must be a run-time value. No
// threshold may precede it unless the node is a convolution, and no host operator
// unless the node is a host operator too.
func (p *planner) data(n *graph.Node, i int) (view, bool) {
	v, ok := p.views[n.Inputs[i]]
	if !ok {
		hint := "compute the node's result once and store it as a constant"
		if _, ok := n.Op.(graph.Eltwise); ok {
			hint = "a constant per channel folds into the convolution before it; one per element has no module"
		}
		p.fail(n.Name, n.Op.Kind(), hint, "its input %q is a constant", n.Inputs[i])
		return v, false
	}
	if _, isHost := n.Op.(graph.Host); v.host != nil && !isHost {
		p.fail(n.Name, n.Op.Kind(), "cut the model before the host operator", "it follows %q, which runs on the host at the end of the network", p.host[v.host.first].node.Name)
		return v, false
	}
	if v.threshold != nil && !graph.Convolves(n.Op) {
		p.fail(v.threshold.Name, v.threshold.Op.Kind(), "place thresholds on the inputs of convolutions only", "its result is read by %q (%s)", n.Name, n.Op.Kind())
		return v, false
	}
	return v, true
}

// map2D is data for an operator on a [1,C,H,W] map that has the layout of its tensor.
func (p *planner) map2D(n *graph.Node) (view, bool) {
	v, ok := p.data(n, 0)
	if !ok {
		return v, false
	}
	return v, p.lies(n, v, p.g.Shapes[n.Inputs[0]])
}

// lies reports whether a map of the given shape has the layout of its tensor. If not, it adds
// an issue of n.
func (p *planner) lies(n *graph.Node, v view, shape graph.Shape) bool {
	d, ok := dimsOf(shape)
	switch td := p.tensorDims(v.tensor); {
	case !ok:
		p.refuse(n)(reasons.NoMap(shape))
	case d != td:
		p.refuse(n)(reasons.Reshaped(shape, td.h, td.w, td.c))
	default:
		return true
	}
	return false
}

// newLayer is a layer without a clamp.
func newLayer(n *graph.Node, kind intnet.Kind, in ...string) *layer {
	return &layer{node: n, kind: kind, in: in, lo: math.Inf(-1), hi: math.Inf(1)}
}

func (p *planner) add(l *layer) {
	l.out = l.node.Outputs[0]
	for i := range l.in {
		l.alone = append(l.alone, p.alone(l.node, i))
	}
	p.layers = append(p.layers, l)
	p.made[l.out] = l
}

// finish plans the graph's outputs.
func (p *planner) finish() {
	for _, o := range p.g.Outputs {
		v, ok := p.views[o]
		switch {
		case v.hosted:
			p.results = append(p.results, result{name: o, shape: p.g.Shapes[o]})
			continue
		case !ok:
			p.failPort(o, "output", "remove it from the model's outputs", "it is a constant")
			continue
		case v.threshold != nil:
			p.fail(v.threshold.Name, v.threshold.Op.Kind(), "place thresholds on the inputs of convolutions only", "its result is output %q", o)
			continue
		case v.tensor == p.input:
			p.failPort(o, "output", "remove it from the model's outputs", "it is the input, untouched by hardware")
			continue
		}
		r := result{name: o, tensor: v.tensor, shape: p.g.Shapes[o]}
		if v.host != nil && v.host.count <= maxHost { // with more operators there is an issue
			r.host = v.host.list()
		}
		p.results = append(p.results, r)
	}
	for _, h := range p.host {
		if h.input == p.input {
			p.fail(h.node.Name, h.op.Kind(), "use a model with layers", "it reads the model's input")
		}
	}
}
