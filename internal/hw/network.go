package hw

import (
	"fmt"
	"math/bits"

	"hass/internal/fixed"
	"hass/internal/intnet"
	"hass/internal/memory"
	"hass/internal/schedule"
)

// ProcessKind names a module; HLS C++, RTL and simulator use the same names.
type ProcessKind string

// The modules, besides those of layers that move pixels, which are named after the layer's kind (moveRows).
const (
	Source     ProcessKind = "source" // AXI4-Stream input: one beat per word
	Fork       ProcessKind = "fork"   // copies each token to every output, in port order; each bank of elastic engines gets its own lanes
	WindowProc ProcessKind = "window" // line buffer, padding, replay
	Engine     ProcessKind = "engine" // one gang of dot-product engines, or a bank of it, with its weight memory
	// ScheduledProc is a scheduled engine: all chains of a layer with their banks, rows and places.
	ScheduledProc ProcessKind = "scheduled"
	Collect       ProcessKind = "collect"    // the sums of a scheduled engine's chains in the order of the filters
	Join          ProcessKind = "join"       // gathers the gangs: sum of banks, bias, requantise, clamp
	Pool          ProcessKind = "pool"       // reduces channelwise windows
	GlobalPool    ProcessKind = "globalpool" // reduces whole maps
	Add           ProcessKind = "add"        // element-wise sum of two streams; the second may be one pixel for all
	Mul           ProcessKind = "mul"        // element-wise product; the second may be one pixel for all
	Requant       ProcessKind = "requant"    // change of format or clamp
	Activation    ProcessKind = "activation" // non-linear function of each value
	Concat        ProcessKind = "concat"     // joins the channels of its inputs, pixel by pixel
	Convert       ProcessKind = "convert"    // changes channels per beat
	Sink          ProcessKind = "sink"       // AXI4-Stream out, TLAST on the last word of an image
)

// ProcessKinds lists the kinds of modules.
func ProcessKinds() []ProcessKind {
	kinds := []ProcessKind{Source, Fork, WindowProc, Engine, ScheduledProc, Collect, Join, Pool, GlobalPool, Add, Mul, Requant, Activation, Concat, Convert, Sink}
	for i := range moveRows {
		kinds = append(kinds, ProcessKind(moveRows[i].kind))
	}
	return kinds
}

// Process is one module instance. It is a loop of iterations; each reads, computes,
// then writes, ports in the order of In and Out (see Schedule).
type Process struct {
	Kind  ProcessKind
	Name  string // unique identifier: <layer or tensor ID>_<kind>[<index>]
	Layer int    // index into intnet.Net.Layers, or -1
	Index int    // for Engine: its number (Layer.Engines); for Sink: the number of the graph output
	In    []int  // stream numbers by port
	Out   []int  // stream numbers by port
	// Latency is the number of cycles from issuing a write until the token is
	// readable at the far end of the FIFO, at least 1.
	Latency int

	Window *Window // WindowProc
}

// TokenKind is the contents of a stream's tokens.
type TokenKind string

// The token kinds.
const (
	TensorToken TokenKind = "tensor" // Px x Ch activations of a tensor
	WindowToken TokenKind = "window" // Px x M activations of a window beat, or those of one bank
	AccToken    TokenKind = "acc"    // Px x Ch accumulators of one gang, or of one of its banks
)

// Stream is one FIFO between two processes.
type Stream struct {
	Name   string // unique identifier, also in reports of deadlocks
	Kind   TokenKind
	From   int // process number
	To     int // process number
	Depth  int // capacity in tokens, at least 1
	Beat   Beat
	Bits   int // bits per value
	Signed bool
	Tensor int // tensor number for TensorToken, else -1
	Tokens int // tokens per image
	// Flags is the number of bits that the RTL adds to a token, one non-zero flag per lane.
	// The window computes them for engines that skip zeros, which get them beside their FIFO.
	Flags int
	// Join is the number of the layer with several inputs that this stream feeds, or -1:
	// such a stream may be a skip connection.
	Join int
	// Memory is the memory of the FIFO; None leaves it to memory.ForFIFO.
	Memory memory.Kind
}

// Width is the token's width in bits.
func (s Stream) Width() int { return s.Beat.Px * s.Beat.Ch * s.Bits }

// Signal is the prefix of the stream's signals in the RTL, as in Signal__valid.
func (s Stream) Signal() string { return "s_" + s.Name }

// TokenBits is the token's width in the RTL, flags included.
func (s Stream) TokenBits() int { return s.Width() + s.Flags }

// Network is the expansion of a design: processes in topological order and the
// FIFOs between them.
type Network struct {
	Net       *intnet.Net
	Layers    []Layer
	Processes []Process
	Streams   []Stream
	Plans     []*schedule.Plan // by layer: the schedule of a scheduled engine, else nil
}

// LastProcess is the module that writes a layer's output.
func LastProcess(kind intnet.Kind) ProcessKind {
	switch kind {
	case intnet.KindConv:
		return Join
	case intnet.KindPool:
		return Pool
	case intnet.KindGlobalPool:
		return GlobalPool
	case intnet.KindAdd, intnet.KindMul, intnet.KindRequant, intnet.KindActivation, intnet.KindConcat:
		return ProcessKind(kind) // the module is named after the layer's kind
	}
	if moveOf(kind) != nil {
		return ProcessKind(kind)
	}
	panic("hw: no module of a layer of kind " + string(kind))
}

// DefaultDepth is the least depth with which a FIFO that a module of the given latency
// writes every cycle runs at full rate (latency credits, one for the returning credit),
// plus one for slack.
func DefaultDepth(latency int) int { return latency + 2 }

// FIFOCycles is the number of cycles of a FIFO's memory and head register.
const FIFOCycles = 2

// LayerLatency is the Latency of the module that writes a layer's output. It depends on the hardware only through the banks of
// engines.
func LayerLatency(net *intnet.Net, l *intnet.Layer, hl Layer) int {
	switch l.Kind {
	case intnet.KindConv:
		p := rescaling(l)
		p.Banks, p.Turns = hl.Banks(), hl.Turns
		return p.Cycles() + FIFOCycles
	case intnet.KindAdd, intnet.KindMul:
		s := scalingOf(net, l)
		return s.cycles(l.Kind) + FIFOCycles
	}
	return Latency(LastProcess(l.Kind), hl)
}

// Latency is the pipeline depth of a module in cycles, from issuing a write until the token is readable, as in the RTL: the
// cycles from issue to push, and two for the FIFO's memory and head (hass_fifo). l, the hardware of the module's layer, matters
// for engines only. For the last module of a layer use LayerLatency, which depends on its arithmetic.
func Latency(kind ProcessKind, l Layer) int {
	switch kind {
	case Source:
		return 1 + FIFOCycles // a register
	case WindowProc:
		cycles := 6 + FIFOCycles // position, columns, addresses, memory, rows, lanes
		if l.lanes().flags && l.Engines() == 1 {
			cycles += l.LookAhead()
		}
		return cycles
	case Engine:
		if l.Engine == Packed {
			return l.lanes().lag + spread(l.Gang) + packedCycles(l.N, l.Packing.Deep) + FIFOCycles
		}
		cycles := l.lanes().lag + spread(l.Gang) + 3 + FIFOCycles // selection of pairs, copies of the token, operands, product, accumulator
		if l.lanes().flags {
			cycles++ // a register between selection and multiplier
		}
		if n := l.N / l.Banks(); n > 1 {
			cycles += 1 + bits.Len(uint(n-1)) // a register, adder tree
		}
		return cycles
	case ScheduledProc:
		return chainCycles(l.N) + FIFOCycles
	case Collect:
		return 1 + FIFOCycles // the chosen token
	case Pool, GlobalPool:
		return 8 + FIFOCycles // trees of adders or comparisons, accumulator, product, rounding
	case Requant:
		return 2 + FIFOCycles
	case Activation:
		return 9 + FIFOCycles // table, two products, rounding
	case Concat:
		return 1 + FIFOCycles
	case Fork:
		return FIFOCycles + l.LookAhead() // of the engines behind it
	case Convert, Sink: // pass tokens on unchanged
		return FIFOCycles
	}
	if m := moveOf(kind); m != nil {
		return m.latency + FIFOCycles
	}
	panic("hw: no latency of a process of kind " + string(kind))
}

// LookAhead is the delay of hass_ahead in cycles, from a token being readable until its engine knows the cycles of the beat. It is 0
// for engines that do not skip zeros, and for layers without engines.
func (l *Layer) LookAhead() int {
	if !l.lanes().flags {
		return 0
	}
	a := AheadParams{Kind: l.Engine.Row().Lane, N: l.N / l.Banks(), Gang: l.Gang, Px: l.OutPx}
	return a.Cycles()
}

// Expand builds the network of processes for a net with one Layer of hardware for
// each layer. depths gives FIFO depths by stream name; a stream that is not named
// gets its default. Errors name the layer and the parameter at fault.
func Expand(net *intnet.Net, layers []Layer, depths map[string]int) (*Network, error) {
	if len(layers) != len(net.Layers) {
		return nil, fmt.Errorf("design has hardware for %d layers, the network has %d", len(layers), len(net.Layers))
	}
	for i, l := range net.Layers {
		if err := checkLayer(net, l, layers[i]); err != nil {
			return nil, fmt.Errorf("layer %s: %w", l.ID, err)
		}
	}
	x := newExpander(net, layers)
	if err := x.source(); err != nil {
		return nil, err
	}
	for i, l := range net.Layers {
		last, err := x.layer(i)
		if err != nil {
			return nil, err
		}
		if err := x.wire(l.Out, last, Beat{layers[i].OutPx, layers[i].OutCh}); err != nil {
			return nil, err
		}
	}
	x.connect()
	x.unique()
	n := x.n
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

// WindowOf is the line buffer of a conv or pool layer under its hardware choices.
func WindowOf(net *intnet.Net, l intnet.Layer, hl Layer) Window {
	in, out := net.Tensors[l.In[0]], net.Tensors[l.Out]
	w := Window{
		H: in.H, W: in.W, C: in.C, OH: out.H, OW: out.W,
		InPx: hl.InPx, InCh: hl.InCh, OutPx: hl.OutPx, MTap: hl.MTap, MCh: hl.MCh,
		Folds: 1, Groups: 1, LinePixels: hl.LinePixels,
	}
	if l.Kind == intnet.KindConv {
		w.Geom = l.Conv.Window
		if w.Channelwise = net.Depthwise(&l); !w.Channelwise {
			w.Folds, w.Groups = l.Conv.OutC/hl.OutCh, l.Conv.Groups
			if hl.ChainCount() > 0 { // all filters use each beat at once
				w.Folds = 1
				w.Whole = hl.InPx >= in.W && hl.OutPx >= out.W && hl.InCh == 1
			}
		}
	} else {
		w.Geom = l.Pool.Window
		w.Channelwise = true
	}
	return w
}

// EngineLanes is the number of lanes M of each engine of a convolution: the lanes of its window beat or,
// if it is depthwise, the taps of the engine's own channel.
func EngineLanes(net *intnet.Net, l intnet.Layer, hl Layer) int {
	if net.Depthwise(&l) {
		return hl.MTap
	}
	return hl.M()
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
	if in.C%hl.InCh != 0 && l.Kind != intnet.KindConcat {
		return fmt.Errorf("in_ch %d does not divide %d channels", hl.InCh, in.C)
	}
	switch l.Kind {
	case intnet.KindConv:
		if per := l.Conv.OutC / l.Conv.Groups; net.Depthwise(&l) {
			if hl.MCh != hl.OutCh || hl.Gang != hl.OutCh {
				return fmt.Errorf("a depthwise convolution's m_ch %d, out_ch %d and gang %d must be equal", hl.MCh, hl.OutCh, hl.Gang)
			}
			if hl.MTap > MaxLanes {
				return fmt.Errorf("m_tap %d is above %d", hl.MTap, MaxLanes)
			}
		} else if per%hl.OutCh != 0 {
			return fmt.Errorf("out_ch %d does not divide the %d output channels of a group", hl.OutCh, per)
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
		m := EngineLanes(net, l, hl)
		if !hl.Engine.Known() {
			return fmt.Errorf("unknown engine %q", hl.Engine)
		}
		if !hl.Engine.Row().Legal(m, hl.N) {
			return fmt.Errorf("an engine of kind %s and %d lanes cannot have n = %d", hl.Engine, m, hl.N)
		}
		if err := checkPacked(net, &l, hl); err != nil {
			return err
		}
		if err := checkTurns(net, &l, hl); err != nil {
			return err
		}
		if hl.Engine.Row().Static {
			return checkScheduled(net, &l, hl)
		}
		if hl.Scheduled != (Scheduled{}) {
			return fmt.Errorf("an engine of kind %s has no chains and places", hl.Engine)
		}
		if hl.Engine.Row().Apart && hl.N > MaxGangs/hl.Gangs() {
			return fmt.Errorf("%d gangs of %d banks are more than %d engines", hl.Gangs(), hl.N, MaxGangs)
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
	case intnet.KindConcat:
		return checkConcat(net, &l, hl)
	case intnet.KindAdd, intnet.KindMul, intnet.KindRequant, intnet.KindActivation:
		if hl.InCh != hl.OutCh || hl.InPx != hl.OutPx {
			return fmt.Errorf("an element-wise layer keeps its beat")
		}
	default:
		m := moveOf(l.Kind)
		if m == nil {
			return fmt.Errorf("no module for kind %q", l.Kind)
		}
		if hl.InCh != hl.OutCh || hl.InPx != hl.OutPx {
			return fmt.Errorf("a %s keeps its beat", l.Kind)
		}
		return m.check(net, &l, hl)
	}
	return nil
}

// StreamBits is the widest token that Vitis HLS takes in one stream.
const StreamBits = 4096

// Parts is the number of streams that carry the tokens of s in C++: window beats and accumulators may have more bits than one
// stream takes.
func (s Stream) Parts() int {
	if s.Kind == TensorToken {
		return 1
	}
	return fixed.CeilDiv(s.Beat.Px*s.Beat.Ch, max(1, StreamBits/s.Bits))
}
