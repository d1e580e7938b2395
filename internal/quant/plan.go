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
	// inputFixed is the input's format where the model gives it.
	inputFixed *fixed.Format
	// inputWide: a non-linear function reads the input.
	inputWide bool
	layers    []*layer
	made      map[string]*layer // by output value
	sources   map[string]string // of the tensors that source was asked about
	host      []hostOp
	results   []result
	tail      *tail // what runs on the host beyond host; nil if nothing does
}

// layer is a node with everything that is fused into it.
type layer struct {
	node *graph.Node
	kind intnet.Kind
	in   []string // tensors: the input value or outputs of earlier layers
	out  string   // the value it makes: that of the last fused node
	dims dims     // of its output
	// lo and hi are the fused activations' clamp, perhaps infinite.
	lo, hi float64
	// nonneg: whatever the weights and inputs, no element of out is negative.
	nonneg bool

	conv   *graph.Conv     // KindConv; its kernel covers the map if a flatten came before
	w, b   *graph.Tensor   // as they are quantised: equalised, corrected (see decide)
	model  *graph.Tensor   // the model's weights
	grid   *grid           // of w, where the model quantised them; else nil
	tauA   float64         // of threshold nodes before it
	perm   func(i int) int // index into w of weight i in [F][KH][KW][C/Groups] order
	window intnet.Window   // KindPool
	max    bool            // pools
	count  bool            // average counts padding

	act    graph.Activation // KindActivation
	slopes []float32        // of a leakyrelu or prelu, one or one per channel
	powers []int            // of its output, equalised: one per channel; else nil
	resize *graph.Resize    // KindResize
	moves  intnet.Moves     // kinds that move

	alone   []bool        // by input: it is the tensor's only reader (by node input: a sum may have them swapped)
	fixed   *fixed.Format // of its output, where the model gives it
	bipolar bool          // its output is -1 or 1: the sign, that of 0 being 1
	levels  *graph.Tensor // thresholds [C,K] or [1,K] that its sums are compared with; else nil
	each    int           // units of its output that one of them adds
	keeps   bool          // its output has its input's format
	wide    bool          // a non-linear function reads it: at least 16 bits unless the user says otherwise
}

type dims struct{ h, w, c int }

type hostOp struct {
	node  *graph.Node
	op    graph.Host
	input string      // tensor
	shape graph.Shape // of its operand
}

// hosts is the last of a chain of host operators; chains share what they have in common.
type hosts struct {
	at     int // index into network.host
	before *hosts
	first  int // index of the first of the chain
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

// maxHost bounds the operators that run on the host for one output: what follows the hardware is a tail.
const maxHost = 64

type result struct {
	name   string
	shape  graph.Shape
	tensor string // "" if the tail makes it
	host   []int
}

// view is how a value of the graph comes from a tensor of the network: by
// renaming, by thresholds not yet applied, or by host operators.
type view struct {
	tensor    string
	threshold *graph.Node // last threshold on the way, nil if none
	tau       float64     // largest threshold on the way
	host      *hosts      // host operators on the way; nil if none
	hosted    bool        // a node that runs on the host makes it: it comes from no tensor
	single    bool        // every value on the way has one reader
}

type planner struct {
	network
	views  map[string]view
	uses   map[string]int  // readers of a value, graph outputs included
	names  map[string]bool // of all nodes, once fresh was asked
	issues []Issue
	// hosted are the nodes that would run on the host, because they have no hardware or read what such a node makes; nil if
	// none may.
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

// planned is a planner that has run. What has no hardware runs on the host if it may (tail.go); else everything without hardware
// is an issue.
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

// inputDims is how the input lies: as its shape says, or where all that is read of a vector or sequence is a map that a Reshape
// makes of it, as that map.
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

// real tells whether a layer makes the tensor, or it is the input. Other tensors stand
// behind a node that has an issue.
func (p *planner) real(tensor string) bool { return p.made[tensor] != nil || tensor == p.input }

func (p *planner) tensorDims(tensor string) dims {
	if l := p.made[tensor]; l != nil {
		return l.dims
	}
	if tensor == p.input {
		return p.inDims
	}
	// Made by a node that has an issue: its shape stands for the layer there is none of.
	d, _ := dimsOf(p.g.Shapes[tensor])
	return d
}

func (p *planner) tensorNonneg(tensor string) bool {
	// Of the input nothing is known from the operators; Calibrate looks at the data.
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
			// What has no hardware may run on the host; that is decided when all nodes are known.
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
				return // how it lies is not known: taken as its shape says
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

// refuse is fail with a reason and a hint of words.go.
func (p *planner) refuse(n *graph.Node) func(reason, hint string) {
	return func(reason, hint string) { p.fail(n.Name, n.Op.Kind(), hint, "%s", reason) }
}

// known reports whether the shapes of all that a node reads are known. Some are
// not where a foreign node came before.
func (p *planner) known(n *graph.Node) bool {
	for _, in := range n.Inputs {
		if _, ok := p.g.ShapeOf(in); in != "" && !ok {
			return false
		}
	}
	return true
}

// data is the view of a node's input, which must be a run-time value that no
// threshold and, unless the node is itself a host operator, no host operator
// stands before.
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

// map2D is data for an operator over a [1,C,H,W] map laid out as its tensor is.
func (p *planner) map2D(n *graph.Node) (view, bool) {
	v, ok := p.data(n, 0)
	if !ok {
		return v, false
	}
	return v, p.lies(n, v, p.g.Shapes[n.Inputs[0]])
}

// lies reports whether a map of the given shape lies as its tensor does; else it is an
// issue of n.
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

// newLayer is a layer that clamps nothing.
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

// finish reads the graph's outputs.
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
		if v.host != nil && v.host.count <= maxHost { // of more there is an issue
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
