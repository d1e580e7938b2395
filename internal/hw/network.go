package hw

import (
	"fmt"
	"math/bits"

	"hass/internal/intnet"
)

// ProcessKind names a module; HLS C++, RTL and simulator use the same names.
type ProcessKind string

// The modules.
const (
	Source     ProcessKind = "source"     // AXI4-Stream in: one beat a word
	Fork       ProcessKind = "fork"       // copies each token to every output, in port order
	WindowProc ProcessKind = "window"     // line buffer, padding, replay
	Engine     ProcessKind = "engine"     // one gang of dot-product engines with its weight memory
	Join       ProcessKind = "join"       // gathers the gangs: bias, requantise, clamp
	Pool       ProcessKind = "pool"       // reduces channelwise windows
	GlobalPool ProcessKind = "globalpool" // reduces whole maps
	Add        ProcessKind = "add"        // element-wise sum of two streams
	Requant    ProcessKind = "requant"    // change of format or clamp
	Convert    ProcessKind = "convert"    // changes channels per beat
	Sink       ProcessKind = "sink"       // AXI4-Stream out, TLAST on the last word of an image
)

// Process is one module instance. It is a loop of iterations; each reads, computes,
// then writes, ports in the order of In and Out (see Schedule).
type Process struct {
	Kind  ProcessKind
	Name  string // unique identifier: <layer or tensor ID>_<kind>[<index>]
	Layer int    // index into intnet.Net.Layers, or -1
	Index int    // number of the gang for Engine; of the graph output for Sink
	In    []int  // stream numbers by port
	Out   []int  // stream numbers by port
	// Latency is the number of cycles from issuing a write to the token being
	// readable at the far end of the FIFO, at least 1.
	Latency int

	Window *WindowParams // WindowProc
}

// WindowParams is the window's geometry.
type WindowParams = Window

// TokenKind is what a stream's tokens hold.
type TokenKind string

// The token kinds.
const (
	TensorToken TokenKind = "tensor" // Px x Ch activations of a tensor
	WindowToken TokenKind = "window" // Px x M activations of a window beat
	AccToken    TokenKind = "acc"    // Px x Ch accumulators of one gang
)

// Stream is one FIFO between two processes.
type Stream struct {
	Name   string // unique identifier; a FIFO that deadlocks is reported by it
	Kind   TokenKind
	From   int // process number
	To     int // process number
	Depth  int // capacity in tokens, at least 1
	Beat   Beat
	Bits   int // bits per value
	Signed bool
	Tensor int // tensor number for TensorToken, else -1
	Tokens int // tokens per image
	// Join is the number of the two-input layer this stream feeds, or -1: such a
	// stream may be a skip connection.
	Join int
}

// Width is the token's width in bits.
func (s Stream) Width() int { return s.Beat.Px * s.Beat.Ch * s.Bits }

// Network is the expansion of a design: processes in topological order and the
// FIFOs between them.
type Network struct {
	Net       *intnet.Net
	Layers    []Layer
	Processes []Process
	Streams   []Stream
}

// DefaultDepth is the least depth at which a FIFO written once a cycle by a module of the
// given latency runs at full rate (latency credits, one for the returning
// credit), plus one for slack.
func DefaultDepth(latency int) int { return latency + 2 }

// Latency is the number of cycles from issuing a write of a module of a layer with
// hardware l to the token being readable; l matters to engines only.
func Latency(kind ProcessKind, l Layer) int { return latency(kind, l) }

// latency is the pipeline depth of each module in cycles. Until the RTL of
// these modules fixes them, they are the depths its structure implies: one
// register per memory read, multiplier stage, adder level and output.
func latency(kind ProcessKind, l Layer) int {
	switch kind {
	case WindowProc:
		return 3 // address, memory, lane select
	case Engine:
		return 4 + bits.Len(uint(l.N-1)) // select, two multiplier stages, accumulate, adder tree
	case Join:
		return 4 // gather, bias, shift and round, clamp
	case Pool, GlobalPool:
		return 4
	case Add, Requant:
		return 3
	}
	return 1
}

// Expand builds the network of processes for a net with one Layer of hardware each.
// depths gives FIFO depths by stream name; a stream that is not named gets its
// default. Errors name the layer and the parameter at fault.
func Expand(net *intnet.Net, layers []Layer, depths map[string]int) (*Network, error) {
	if len(layers) != len(net.Layers) {
		return nil, fmt.Errorf("design has hardware for %d layers, the network has %d", len(layers), len(net.Layers))
	}
	x := &expander{n: &Network{Net: net, Layers: layers}}
	if err := x.run(); err != nil {
		return nil, err
	}
	n := x.n
	x.unique()
	for i := range n.Streams {
		s := &n.Streams[i]
		if d, ok := depths[s.Name]; ok {
			s.Depth = d
		}
		if s.Depth < 1 {
			return nil, fmt.Errorf("FIFO %s: depth %d is below 1", s.Name, s.Depth)
		}
	}
	return n, nil
}

// unique renames streams and processes whose derived name is that of something else: a model
// may have tensors a and a_1, and the first branch of a's fork would be a_1 as well.
// Tensors keep their IDs, and so do the names derived first.
func (x *expander) unique() {
	used := map[string]bool{}
	for _, t := range x.n.Net.Tensors {
		used[t.ID] = true
	}
	for _, l := range x.n.Net.Layers {
		used[l.ID] = true
	}
	free := func(name string) string {
		for used[name] {
			name += "x"
		}
		used[name] = true
		return name
	}
	for i := range x.n.Processes {
		p := &x.n.Processes[i]
		p.Name = free(p.Name)
	}
	own := make([]bool, len(x.n.Net.Tensors)) // the tensor's ID is given to a stream
	for i := range x.n.Streams {
		s := &x.n.Streams[i]
		if s.Tensor >= 0 && !own[s.Tensor] && s.Name == x.n.Net.Tensors[s.Tensor].ID {
			own[s.Tensor] = true
			continue
		}
		s.Name = free(s.Name)
	}
}

type expander struct {
	n *Network
}

func (x *expander) proc(p Process, l Layer) int {
	p.Latency = latency(p.Kind, l)
	x.n.Processes = append(x.n.Processes, p)
	return len(x.n.Processes) - 1
}

func (x *expander) connect(s Stream) {
	i := len(x.n.Streams)
	s.Depth = DefaultDepth(x.n.Processes[s.From].Latency)
	x.n.Processes[s.From].Out = append(x.n.Processes[s.From].Out, i)
	x.n.Processes[s.To].In = append(x.n.Processes[s.To].In, i)
	x.n.Streams = append(x.n.Streams, s)
}

// tensorStream describes the stream of tensor t in beats of b.
func (x *expander) tensorStream(t int, b Beat) Stream {
	tn := x.n.Net.Tensors[t]
	return Stream{
		Kind: TensorToken, Beat: b, Bits: tn.Format.Bits, Signed: tn.Format.Signed, Tensor: t,
		Tokens: tn.H * ceilDiv(tn.W, b.Px) * (tn.C / b.Ch), Join: -1,
	}
}

// run creates the processes layer by layer and connects each tensor's
// producer to its consumers, through converters where the widths differ
// and a fork where there are several.
func (x *expander) run() error {
	net := x.n.Net
	// The consumers' needs first, so that the producer's side can be wired at once.
	for i, l := range net.Layers {
		hl := x.n.Layers[i]
		if err := checkLayer(net, l, hl); err != nil {
			return fmt.Errorf("layer %s: %w", l.ID, err)
		}
	}
	type need struct {
		layer, port int
		beat        Beat
	}
	needs := make([][]need, len(net.Tensors))
	for i, l := range net.Layers {
		for p, t := range l.In {
			needs[t] = append(needs[t], need{i, p, Beat{x.n.Layers[i].InPx, x.n.Layers[i].InCh}})
		}
	}
	// front[layer][port] is the process that reads the port.
	front := make([][]int, len(net.Layers))

	outputsOf := func(t int) (n int) {
		for _, o := range net.Outputs {
			if o == t {
				n++
			}
		}
		return n
	}

	// wire connects the producer of tensor t to every consumer process, which
	// must exist already except for those of later layers: streams are
	// therefore recorded and connected once all processes exist.
	type link struct {
		s     Stream
		layer int // consumer layer, or -1 for the process s.To
		port  int
	}
	var links []link
	wire := func(t, producer int, b Beat) error {
		tn := net.Tensors[t]
		nout := outputsOf(t)
		total := len(needs[t]) + nout
		if total == 0 {
			return fmt.Errorf("tensor %s has no consumer", tn.ID)
		}
		from := producer
		if total > 1 {
			f := x.proc(Process{Kind: Fork, Name: tn.ID + "_fork", Layer: -1}, Layer{})
			s := x.tensorStream(t, b)
			s.Name, s.From, s.To = tn.ID, producer, f
			links = append(links, link{s: s, layer: -1})
			from = f
		}
		branch := 0
		name := func() string {
			if total == 1 {
				return tn.ID
			}
			branch++
			return fmt.Sprintf("%s_%d", tn.ID, branch)
		}
		for _, nd := range needs[t] {
			src, nm := from, name()
			if nd.beat.Px != b.Px {
				return fmt.Errorf("tensor %s is written %v a beat but layer %s reads %v", tn.ID, b, net.Layers[nd.layer].ID, nd.beat)
			}
			if nd.beat.Ch != b.Ch {
				if max(nd.beat.Ch, b.Ch)%min(nd.beat.Ch, b.Ch) != 0 {
					return fmt.Errorf("tensor %s is written %v a beat but layer %s reads %v: one width must divide the other", tn.ID, b, net.Layers[nd.layer].ID, nd.beat)
				}
				c := x.proc(Process{Kind: Convert, Name: nm + "_convert", Layer: -1}, Layer{})
				s := x.tensorStream(t, b)
				s.Name, s.From, s.To = nm+"_wide", from, c
				if nd.beat.Ch > b.Ch {
					s.Name = nm + "_narrow"
				}
				links = append(links, link{s: s, layer: -1})
				src = c
			}
			s := x.tensorStream(t, nd.beat)
			s.Name, s.From = nm, src
			if len(net.Layers[nd.layer].In) > 1 {
				s.Join = nd.layer
			}
			links = append(links, link{s: s, layer: nd.layer, port: nd.port})
		}
		for k, o := range net.Outputs {
			if o != t {
				continue
			}
			sink := x.proc(Process{Kind: Sink, Name: fmt.Sprintf("output%d_sink", k), Layer: -1, Index: k}, Layer{})
			s := x.tensorStream(t, b)
			s.Name, s.From, s.To = name(), from, sink
			links = append(links, link{s: s, layer: -1})
		}
		return nil
	}

	// The source writes what its first consumer reads.
	if len(needs[net.Input]) == 0 {
		return fmt.Errorf("the network's input %s is not read by any layer", net.Tensors[net.Input].ID)
	}
	src := x.proc(Process{Kind: Source, Name: "input_source", Layer: -1}, Layer{})
	if err := wire(net.Input, src, needs[net.Input][0].beat); err != nil {
		return err
	}
	for i, l := range net.Layers {
		hl := x.n.Layers[i]
		var last int
		switch l.Kind {
		case intnet.KindConv:
			win := WindowOf(net, l, hl)
			w := x.proc(Process{Kind: WindowProc, Name: l.ID + "_window", Layer: i, Window: &win}, hl)
			front[i] = []int{w}
			format := net.Tensors[l.In[0]].Format
			beatStream := func(name string, from, to int) Stream {
				return Stream{Name: name, Kind: WindowToken, From: from, To: to, Beat: Beat{hl.OutPx, hl.M()},
					Bits: format.Bits, Signed: format.Signed, Tensor: -1, Tokens: win.OutBeats(), Join: -1}
			}
			from := w
			if hl.Gangs() > 1 {
				from = x.proc(Process{Kind: Fork, Name: l.ID + "_fork", Layer: i}, hl)
				links = append(links, link{s: beatStream(l.ID+"_beats", w, from), layer: -1})
			}
			var gangs []int
			for g := range hl.Gangs() {
				e := x.proc(Process{Kind: Engine, Name: fmt.Sprintf("%s_engine%d", l.ID, g), Layer: i, Index: g}, hl)
				s := beatStream(fmt.Sprintf("%s_beats%d", l.ID, g), from, e)
				s.Depth = hl.GangDepth
				links = append(links, link{s: s, layer: -1})
				gangs = append(gangs, e)
			}
			last = x.proc(Process{Kind: Join, Name: l.ID + "_join", Layer: i}, hl)
			for g, e := range gangs {
				links = append(links, link{s: Stream{Name: fmt.Sprintf("%s_acc%d", l.ID, g), Kind: AccToken, From: e, To: last,
					Beat: Beat{hl.OutPx, hl.Gang}, Bits: l.Conv.AccBits, Signed: true, Tensor: -1,
					Tokens: win.Groups() * win.Folds, Join: -1}, layer: -1})
			}
		case intnet.KindPool:
			win := WindowOf(net, l, hl)
			w := x.proc(Process{Kind: WindowProc, Name: l.ID + "_window", Layer: i, Window: &win}, hl)
			front[i] = []int{w}
			last = x.proc(Process{Kind: Pool, Name: l.ID + "_pool", Layer: i}, hl)
			format := net.Tensors[l.In[0]].Format
			links = append(links, link{s: Stream{Name: l.ID + "_beats", Kind: WindowToken, From: w, To: last,
				Beat: Beat{hl.OutPx, hl.M()}, Bits: format.Bits, Signed: format.Signed, Tensor: -1,
				Tokens: win.OutBeats(), Join: -1}, layer: -1})
		case intnet.KindGlobalPool, intnet.KindAdd, intnet.KindRequant:
			kind := map[intnet.Kind]ProcessKind{intnet.KindGlobalPool: GlobalPool, intnet.KindAdd: Add, intnet.KindRequant: Requant}[l.Kind]
			last = x.proc(Process{Kind: kind, Name: l.ID + "_" + string(kind), Layer: i}, hl)
			for range l.In {
				front[i] = append(front[i], last)
			}
		default:
			return fmt.Errorf("layer %s: no module for kind %q", l.ID, l.Kind)
		}
		if err := wire(l.Out, last, Beat{hl.OutPx, hl.OutCh}); err != nil {
			return err
		}
	}
	// Input ports fill in the order of connect: a layer's port 0 before its port 1.
	for port := range 2 {
		for _, k := range links {
			if k.layer >= 0 && k.port != port || k.layer < 0 && port != 0 {
				continue
			}
			s, depth := k.s, k.s.Depth
			if k.layer >= 0 {
				s.To = front[k.layer][k.port]
			}
			x.connect(s)
			if depth > 0 {
				x.n.Streams[len(x.n.Streams)-1].Depth = depth
			}
		}
	}
	return nil
}

// WindowOf is the line buffer of a conv or pool layer under its hardware choices.
func WindowOf(net *intnet.Net, l intnet.Layer, hl Layer) Window {
	in, out := net.Tensors[l.In[0]], net.Tensors[l.Out]
	w := Window{
		H: in.H, W: in.W, C: in.C, OH: out.H, OW: out.W,
		InPx: hl.InPx, InCh: hl.InCh, OutPx: hl.OutPx, MTap: hl.MTap, MCh: hl.MCh,
		Folds: 1, LinePixels: hl.LinePixels,
	}
	if l.Kind == intnet.KindConv {
		w.Geom = l.Conv.Window
		w.Folds = l.Conv.OutC / hl.OutCh
	} else {
		w.Geom = l.Pool.Window
		w.Channelwise = true
	}
	return w
}

// checkLayer refuses hardware choices that do not fit the layer.
func checkLayer(net *intnet.Net, l intnet.Layer, hl Layer) error {
	in, out := net.Tensors[l.In[0]], net.Tensors[l.Out]
	if hl.InPx < 1 || hl.OutPx < 1 || hl.InCh < 1 || hl.OutCh < 1 {
		return fmt.Errorf("pixels and channels per beat must be at least 1")
	}
	if out.C%hl.OutCh != 0 {
		return fmt.Errorf("out_ch %d does not divide %d channels", hl.OutCh, out.C)
	}
	if in.C%hl.InCh != 0 {
		return fmt.Errorf("in_ch %d does not divide %d channels", hl.InCh, in.C)
	}
	switch l.Kind {
	case intnet.KindConv:
		if l.Conv.Groups != 1 {
			return fmt.Errorf("grouped convolution (%d groups) has no module", l.Conv.Groups)
		}
		if err := WindowOf(net, l, hl).Validate(); err != nil {
			return err
		}
		if hl.Gang < 1 || hl.OutCh%hl.Gang != 0 || hl.OutCh/hl.Gang > MaxGangs {
			return fmt.Errorf("gang %d does not divide out_ch %d into at most %d gangs", hl.Gang, hl.OutCh, MaxGangs)
		}
		if hl.GangDepth < 1 {
			return fmt.Errorf("gang_depth %d is below 1", hl.GangDepth)
		}
		switch hl.Engine {
		case Dense:
			if hl.N != hl.M() {
				return fmt.Errorf("a dense engine needs n = m = %d, not %d", hl.M(), hl.N)
			}
		case Crossbar, Banked:
			if hl.N < 1 || hl.N >= hl.M() && hl.M() > 1 || hl.Engine == Banked && hl.M()%hl.N != 0 {
				return fmt.Errorf("a %s engine of %d lanes cannot have n = %d", hl.Engine, hl.M(), hl.N)
			}
		default:
			return fmt.Errorf("unknown engine %q", hl.Engine)
		}
	case intnet.KindPool:
		if hl.MCh != hl.OutCh {
			return fmt.Errorf("a pool's m_ch %d and out_ch %d must be equal", hl.MCh, hl.OutCh)
		}
		return WindowOf(net, l, hl).Validate()
	case intnet.KindGlobalPool:
		if hl.InCh != hl.OutCh || hl.OutPx != 1 {
			return fmt.Errorf("a global pool keeps its channels per beat and writes one pixel")
		}
	case intnet.KindAdd, intnet.KindRequant:
		if hl.InCh != hl.OutCh || hl.InPx != hl.OutPx {
			return fmt.Errorf("an element-wise layer keeps its beat")
		}
	}
	return nil
}
