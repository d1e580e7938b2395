package hw

import (
	"fmt"

	"hass/internal/fixed"
	"hass/internal/intnet"
	"hass/internal/schedule"
)

// expander builds a Network: processes layer by layer, then the FIFOs between them.
type expander struct {
	n       *Network
	readers [][]reader // by tensor: the layers that read it
	front   [][]int    // by layer and port: the process that reads the port
	links   []link     // planned FIFOs, in the order of their discovery
}

// reader is a layer's input port and the beat that it reads.
type reader struct {
	layer, port int
	beat        Beat
}

// link is a FIFO whose reader may not exist yet: it is process s.To, or port of a layer.
type link struct {
	s           Stream
	layer, port int // layer -1: s.To is set
}

func newExpander(net *intnet.Net, layers []Layer) *expander {
	x := &expander{
		n:       &Network{Net: net, Layers: layers, Plans: make([]*schedule.Plan, len(layers))},
		readers: make([][]reader, len(net.Tensors)),
		front:   make([][]int, len(net.Layers)),
	}
	for i, l := range net.Layers {
		for p, t := range l.In {
			b := Beat{layers[i].InPx, PortCh(net, &net.Layers[i], layers[i].InCh, p)}
			if p == 1 && net.Broadcast(&net.Layers[i]) {
				b.Px = 1
			}
			x.readers[t] = append(x.readers[t], reader{i, p, b})
		}
	}
	return x
}

// process adds a process; l is the hardware of its layer, if it has one.
func (x *expander) process(p Process, l Layer) int {
	if p.Layer >= 0 && p.Kind == LastProcess(x.n.Net.Layers[p.Layer].Kind) {
		p.Latency = LayerLatency(x.n.Net, &x.n.Net.Layers[p.Layer], l)
	} else {
		p.Latency = Latency(p.Kind, l)
	}
	x.n.Processes = append(x.n.Processes, p)
	return len(x.n.Processes) - 1
}

// link records a FIFO between two processes.
func (x *expander) link(s Stream, name string, from, to int) {
	s.Name, s.From, s.To = name, from, to
	x.links = append(x.links, link{s: s, layer: -1})
}

// tensorStream describes the stream of tensor t in beats of b.
func (x *expander) tensorStream(t int, b Beat) Stream {
	tn := x.n.Net.Tensors[t]
	return Stream{
		Kind: TensorToken, Beat: b, Bits: tn.Format.Bits, Signed: tn.Format.Signed, Tensor: t,
		Tokens: tn.H * fixed.CeilDiv(tn.W, b.Px) * (tn.C / b.Ch), Join: -1,
	}
}

// source adds the source. It writes the beats that its first reader reads.
func (x *expander) source() error {
	net := x.n.Net
	if len(x.readers[net.Input]) == 0 {
		return fmt.Errorf("the network's input %s is not read by any layer", net.Tensors[net.Input].ID)
	}
	src := x.process(Process{Kind: Source, Name: "input_source", Layer: -1}, Layer{})
	return x.wire(net.Input, src, x.readers[net.Input][0].beat)
}

// layer adds the processes of layer i and returns the one that writes its output.
func (x *expander) layer(i int) (last int, err error) {
	l, hl := x.n.Net.Layers[i], x.n.Layers[i]
	add := func(kind ProcessKind) int {
		return x.process(Process{Kind: kind, Name: l.ID + "_" + string(kind), Layer: i}, hl)
	}
	switch l.Kind {
	case intnet.KindConv:
		w, beats := x.window(i)
		if hl.ChainCount() > 0 {
			acc := Stream{Kind: AccToken, Beat: Beat{hl.OutPx, 1}, Bits: l.Conv.AccBits, Signed: true, Tensor: -1,
				Tokens: x.n.Processes[w].Window.PixelGroups() * l.Conv.OutC, Join: -1}
			from, depth, err := x.scheduled(i, w, beats, acc)
			if err != nil {
				return 0, err
			}
			last = add(Join)
			acc.Depth = depth
			x.link(acc, l.ID+"_acc", from, last)
			return last, nil
		}
		from := w
		if hl.Engines() > 1 {
			from = add(Fork)
			x.link(beats, l.ID+"_beats", w, from)
		}
		win := x.n.Processes[w].Window
		acc := Stream{Kind: AccToken, Beat: Beat{hl.OutPx, hl.Gang}, Bits: l.Conv.AccBits, Signed: true, Tensor: -1,
			Tokens: win.PixelGroups() * l.Conv.OutC / hl.OutCh, Join: -1}
		beats.Depth = hl.GangDepth
		beats.Beat.Ch /= hl.Banks()
		beats.Flags /= hl.Banks()
		var engines []int
		for k := range hl.Engines() {
			e := x.process(Process{Kind: Engine, Name: fmt.Sprintf("%s_engine%d", l.ID, k), Layer: i, Index: k}, hl)
			x.link(beats, fmt.Sprintf("%s_beats%d", l.ID, k), from, e)
			engines = append(engines, e)
		}
		last = add(Join)
		for k, e := range engines {
			x.link(acc, fmt.Sprintf("%s_acc%d", l.ID, k), e, last)
		}
		return last, nil
	case intnet.KindPool:
		w, beats := x.window(i)
		last = add(Pool)
		x.link(beats, l.ID+"_beats", w, last)
		return last, nil
	case intnet.KindGlobalPool:
		last = add(GlobalPool)
	default: // one module
		last = add(LastProcess(l.Kind))
	}
	for range l.In {
		x.front[i] = append(x.front[i], last)
	}
	return last, nil
}

// window adds the line buffer of layer i and describes the stream of its beats.
func (x *expander) window(i int) (process int, beats Stream) {
	l, hl := x.n.Net.Layers[i], x.n.Layers[i]
	win := WindowOf(x.n.Net, l, hl)
	process = x.process(Process{Kind: WindowProc, Name: l.ID + "_window", Layer: i, Window: &win}, hl)
	x.front[i] = []int{process}
	format := x.n.Net.Tensors[l.In[0]].Format
	return process, Stream{Kind: WindowToken, Beat: Beat{hl.OutPx, hl.M()}, Bits: format.Bits, Signed: format.Signed,
		Tensor: -1, Tokens: win.OutBeats(), Join: -1, Flags: hl.WindowFlags()}
}

// wire connects tensor t, written by process from in beats of b, to all its readers:
// through a fork if there are several, and through a converter for each that reads
// another width.
func (x *expander) wire(t, from int, b Beat) error {
	net := x.n.Net
	id := net.Tensors[t].ID
	readers := len(x.readers[t])
	for _, o := range net.Outputs {
		if o == t {
			readers++
		}
	}
	if readers == 0 {
		return fmt.Errorf("tensor %s has no consumer", id)
	}
	branch := func(int) string { return id }
	if readers > 1 {
		f := x.process(Process{Kind: Fork, Name: id + "_fork", Layer: -1}, Layer{})
		x.link(x.tensorStream(t, b), id, from, f)
		from = f
		branch = func(k int) string { return fmt.Sprintf("%s_%d", id, k+1) }
	}
	for k, r := range x.readers[t] {
		if err := x.wireReader(t, from, b, r, branch(k)); err != nil {
			return err
		}
	}
	k := len(x.readers[t])
	for out, o := range net.Outputs {
		if o != t {
			continue
		}
		sink := x.process(Process{Kind: Sink, Name: fmt.Sprintf("output%d_sink", out), Layer: -1, Index: out}, Layer{})
		x.link(x.tensorStream(t, b), branch(k), from, sink)
		k++
	}
	return nil
}

// wireReader connects one branch of tensor t to a layer's port.
func (x *expander) wireReader(t, from int, b Beat, r reader, name string) error {
	to := x.n.Net.Layers[r.layer]
	if r.beat.Px != b.Px {
		return fmt.Errorf("tensor %s is written %v a beat but layer %s reads %v", x.n.Net.Tensors[t].ID, b, to.ID, r.beat)
	}
	if r.beat.Ch != b.Ch {
		if max(r.beat.Ch, b.Ch)%min(r.beat.Ch, b.Ch) != 0 {
			return fmt.Errorf("tensor %s is written %v a beat but layer %s reads %v: one width must divide the other", x.n.Net.Tensors[t].ID, b, to.ID, r.beat)
		}
		c := x.process(Process{Kind: Convert, Name: name + "_convert", Layer: -1}, Layer{})
		width := "_wide"
		if r.beat.Ch > b.Ch {
			width = "_narrow"
		}
		x.link(x.tensorStream(t, b), name+width, from, c)
		from = c
	}
	s := x.tensorStream(t, r.beat)
	s.Name, s.From = name, from
	if len(to.In) > 1 {
		s.Join = r.layer
	}
	x.links = append(x.links, link{s: s, layer: r.layer, port: r.port})
	return nil
}

// connect creates the FIFOs, now that every reader exists. A process's ports are numbered
// in this order: port by port of a layer, so that its first port is always port 0.
func (x *expander) connect() {
	ports := 0
	for _, l := range x.n.Net.Layers {
		ports = max(ports, len(l.In))
	}
	for port := range ports {
		for _, k := range x.links {
			if k.port != port {
				continue
			}
			s := k.s
			if k.layer >= 0 {
				s.To = x.front[k.layer][k.port]
			}
			if s.Depth == 0 {
				s.Depth = x.defaultDepth(s.From)
			}
			i := len(x.n.Streams)
			x.n.Processes[s.From].Out = append(x.n.Processes[s.From].Out, i)
			x.n.Processes[s.To].In = append(x.n.Processes[s.To].In, i)
			x.n.Streams = append(x.n.Streams, s)
		}
	}
}

// defaultDepth is the default depth of a FIFO written by a process. The adders of a join's banks are not counted: only
// windows of a single beat, all of whose banks take hardly more than one cycle, could use the tokens in flight through
// them.
func (x *expander) defaultDepth(from int) int {
	if p := x.n.Processes[from]; p.Kind != Join {
		return DefaultDepth(p.Latency)
	}
	return DefaultDepth(LayerLatency(x.n.Net, &x.n.Net.Layers[x.n.Processes[from].Layer], Layer{}))
}

// unique renames streams and processes whose derived name collides with another: a model may
// have tensors a and a_1, and the first branch of a's fork would be a_1 as well. Tensors
// keep their IDs, and names that were derived earlier stay.
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
	own := make([]bool, len(x.n.Net.Tensors)) // whether a stream has the tensor's ID
	for i := range x.n.Streams {
		s := &x.n.Streams[i]
		if s.Tensor >= 0 && !own[s.Tensor] && s.Name == x.n.Net.Tensors[s.Tensor].ID {
			own[s.Tensor] = true
			continue
		}
		s.Name = free(s.Name)
	}
}
