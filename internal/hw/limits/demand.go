package limits

import (
	"fmt"

	"hass/internal/fixed"
	"hass/internal/hw"
	"hass/internal/intnet"
)

// This file counts the demands of modules on a target: the arrays that the C++ of each partitions and the memories
// that it reshapes (templates/hls/include/hass), and the vectors of its SystemVerilog. The optimizer asks about a
// hardware choice of a layer, Check about the processes and FIFOs of a design; both count with the same functions.

// Demand is the largest need for each limited resource.
type Demand [limitCount]int

func (d *Demand) need(k Limit, n int) { d[k] = max(d[k], n) }

// Within reports whether a demand keeps all limits.
func (d *Demand) Within(l *Limits) bool {
	for k := range d {
		if l[k] != 0 && d[k] > l[k] {
			return false
		}
	}
	return true
}

// Breach is the first limit of a target that the demand exceeds, at a place; nil if it keeps all.
func (d *Demand) Breach(t Target, where string) *Breach {
	l := t.Limits()
	for k, n := range d {
		if !l.Allow(Limit(k), n) {
			return t.breach(Limit(k), where, n)
		}
	}
	return nil
}

// stream counts a FIFO of tokens of the given number of lanes.
func (d *Demand) stream(kind hw.TokenKind, lanes, bits, flags, tokens int) {
	if kind == hw.TensorToken {
		d.need(TokenBits, lanes*bits)
	} else {
		d.need(WideBits, lanes*bits)
	}
	d.need(PartElements, lanes) // a process holds a token in registers
	d.need(VectorBits, lanes*bits+flags)
	d.need(StreamTokens, tokens)
}

// memory counts a memory whose words have the given number of values.
func (d *Demand) memory(lanes, bits int) {
	d.need(RowBits, lanes*bits)
	d.need(VectorBits, lanes*bits)
}

// engine counts an engine process: a row of weights, accumulators, the remaining pairs in each bank.
func (d *Demand) engine(net *intnet.Net, l *intnet.Layer, hl hw.Layer) {
	row := hl.Gang * (hw.EngineLanes(net, *l, hl) / hl.Banks())
	d.need(PartElements, row)
	d.need(PartElements, hl.OutPx*hl.Gang)
	if hl.Engine == hw.Banked {
		d.need(PartElements, hl.OutPx*hl.Gang*hl.N)
	}
	d.memory(row, l.Conv.WeightBits)
	if hl.Engine.Skips() {
		d.need(VectorBits, hl.OutPx*row) // useful pairs
	}
}

// scheduled counts a scheduled engine: its rows, the words of a window, and the chains' sums.
func (d *Demand) scheduled(p *hw.ScheduledParams) {
	d.need(PartElements, p.Chains*p.Banks) // weights of a row
	d.need(PartElements, p.Chains*p.Px)
	d.need(ProcessFIFOs, p.Chains)
	d.need(VectorBits, p.Chains*p.PartBits())
	d.need(VectorBits, p.Chains*p.Px*p.Acc)
	d.memory(p.Px, p.XBits)
}

// window counts a line buffer of values of the given width.
func (d *Demand) window(w *hw.Window, bits int) {
	rows, cols := w.Banks()
	d.need(PartElements, rows*cols*w.MCh)
	d.need(PartElements, w.InPx*w.Lanes())
	d.memory(w.Lanes(), bits)
}

// join counts the join of a convolution: biases or thresholds of a beat, and its concatenated inputs.
func (d *Demand) join(net *intnet.Net, l *intnet.Layer, hl hw.Layer) {
	j := hw.JoinOf(net, l, hl)
	d.need(Thresholds, j.Levels)
	d.need(PartElements, hl.OutCh*max(1, j.Levels))
	d.need(VectorBits, hl.OutCh*j.EntryBits())
	d.need(VectorBits, hl.OutPx*hl.OutCh*hl.Banks()*l.Conv.AccBits)
}

// values counts the other modules of a layer, which hold the values of a beat.
func (d *Demand) values(net *intnet.Net, l *intnet.Layer, hl hw.Layer) {
	switch l.Kind {
	case intnet.KindPool:
		d.need(PartElements, hl.OutPx*hl.OutCh)
	case intnet.KindGlobalPool:
		d.need(PartElements, hl.InCh)
	case intnet.KindActivation:
		if l.Act.Fn != intnet.ActCurve && len(l.Act.Mul) > 1 {
			d.need(PartElements, hl.OutCh)
		}
	case intnet.KindAdd, intnet.KindMul:
		if net.Broadcast(l) { // it keeps the gate's beats
			d.memory(hl.InCh, net.Tensors[l.In[1]].Format.Bits)
		}
	case intnet.KindConcat: // the row of lanes of each pixel
		plan := hw.NewConcatPlan(net, l, hl.InCh, hl.OutCh)
		lanes := hl.OutPx * plan.Span()
		d.need(PartElements, lanes)
		d.need(VectorBits, lanes*net.Tensors[l.Out].Format.Bits)
	case intnet.KindConv, intnet.KindRequant:
	case intnet.KindResize:
		d.need(PartElements, 4*hl.InCh) // two columns of two rows
		d.memory(hl.InCh, net.Tensors[l.In[0]].Format.Bits)
	default:
		if l.Kind.Moves() {
			break // it has no storage
		}
		panic("limits: no demand of a layer of kind " + string(l.Kind))
	}
}

// InputDemand is the demand of a layer's line buffer and of the FIFO into it.
func InputDemand(net *intnet.Net, layer int, hl hw.Layer) Demand {
	var d Demand
	l := &net.Layers[layer]
	in := &net.Tensors[l.In[0]]
	d.stream(hw.TensorToken, hl.InPx*hl.InCh, in.Format.Bits, 0, in.H*fixed.CeilDiv(in.W, hl.InPx)*(in.C/hl.InCh))
	w := hw.WindowOf(net, *l, hl)
	d.window(&w, in.Format.Bits)
	return d
}

// LayerDemand is the demand of the processes of a layer and of the FIFOs between and around them under a hardware choice.
func LayerDemand(net *intnet.Net, layer int, hl hw.Layer) Demand {
	var d Demand
	l := &net.Layers[layer]
	in, out := &net.Tensors[l.In[0]], &net.Tensors[l.Out]
	for port, t := range l.In {
		tn, px := &net.Tensors[t], hl.InPx
		if port == 1 && net.Broadcast(l) {
			px = 1
		}
		ch := hw.PortCh(net, l, hl.InCh, port)
		d.stream(hw.TensorToken, px*ch, tn.Format.Bits, 0, tn.H*fixed.CeilDiv(tn.W, px)*(tn.C/ch))
	}
	d.stream(hw.TensorToken, hl.OutPx*hl.OutCh, out.Format.Bits, 0, out.H*fixed.CeilDiv(out.W, hl.OutPx)*(out.C/hl.OutCh))
	if l.Kind == intnet.KindConv || l.Kind == intnet.KindPool {
		w := hw.WindowOf(net, *l, hl)
		d.window(&w, in.Format.Bits)
		d.stream(hw.WindowToken, hl.OutPx*hl.M(), in.Format.Bits, hl.WindowFlags(), w.OutBeats())
	}
	switch {
	case hl.ChainCount() > 0:
		p := hw.ScheduledOf(net, l, hl, 1) // no limit depends on the number of rows
		d.scheduled(&p)
		d.join(net, l, hl)
		d.stream(hw.AccToken, hl.OutPx, l.Conv.AccBits, 0, 0)
	case l.Kind == intnet.KindConv:
		d.engine(net, l, hl)
		d.join(net, l, hl)
		d.stream(hw.AccToken, hl.OutPx*hl.Gang, l.Conv.AccBits, 0, 0)
	}
	d.values(net, l, hl)
	return d
}

// Use describes the use of a tensor by a network.
type Use struct {
	Readers int  // layers' ports and the network's outputs
	Port    bool // it enters or leaves by an AXI4-Stream port
}

// Uses gives the uses of all tensors.
func Uses(net *intnet.Net) []Use {
	uses := make([]Use, len(net.Tensors))
	uses[net.Input].Port = true
	for _, t := range net.Outputs {
		uses[t].Readers++
		uses[t].Port = true
	}
	for i := range net.Layers {
		for _, t := range net.Layers[i].In {
			uses[t].Readers++
		}
	}
	return uses
}

// TensorDemand is the demand of the stream of a tensor in beats of b, with its port and its fork.
func TensorDemand(tn *intnet.Tensor, u Use, b hw.Beat) Demand {
	var d Demand
	width := b.Px * b.Ch * tn.Format.Bits
	d.stream(hw.TensorToken, b.Px*b.Ch, tn.Format.Bits, 0, tn.H*fixed.CeilDiv(tn.W, b.Px)*(tn.C/b.Ch))
	d.need(ProcessFIFOs, u.Readers)
	if u.Port {
		d.need(PortBits, hw.AXIBits(width))
	}
	return d
}

// processDemand is the demand of process i without its FIFOs.
func processDemand(n *hw.Network, i int) Demand {
	var d Demand
	p := &n.Processes[i]
	d.need(ProcessFIFOs, max(len(p.In), len(p.Out)))
	if p.Kind == hw.Source {
		d.need(PortBits, hw.AXIBits(n.Streams[p.Out[0]].Width()))
	}
	if p.Kind == hw.Sink {
		d.need(PortBits, hw.AXIBits(n.Streams[p.In[0]].Width()))
	}
	if p.Layer < 0 {
		return d
	}
	l, hl := &n.Net.Layers[p.Layer], n.Layers[p.Layer]
	switch p.Kind {
	case hw.WindowProc:
		d.window(p.Window, n.Net.Tensors[l.In[0]].Format.Bits)
	case hw.Engine:
		d.engine(n.Net, l, hl)
	case hw.ScheduledProc:
		m := n.ScheduledModule(p.Layer)
		d.scheduled(&m)
	case hw.Collect:
		d.need(PartElements, hl.OutPx)
		d.need(VectorBits, hl.Scheduled.Chains*hl.OutPx*l.Conv.AccBits)
	case hw.Join:
		d.join(n.Net, l, hl)
	case hw.Fork: // passes tokens on
	case hw.Pool, hw.GlobalPool, hw.Add, hw.Mul, hw.Requant, hw.Activation, hw.Concat:
		d.values(n.Net, l, hl)
	default:
		if p.Kind.Moves() {
			d.values(n.Net, l, hl)
			break
		}
		panic("limits: no demand of a process of kind " + string(p.Kind))
	}
	return d
}

// streamDemand is the demand of FIFO i.
func streamDemand(n *hw.Network, i int) (d Demand) {
	s := &n.Streams[i]
	d.stream(s.Kind, s.Beat.Px*s.Beat.Ch, s.Bits, s.Flags, s.Tokens)
	return d
}

// wholeDemand is the demand of the network as a whole.
func wholeDemand(n *hw.Network) (d Demand) {
	d.need(ProcessCount, len(n.Processes))
	d.need(FIFOCount, len(n.Streams))
	return d
}

// Check gives the first limit of a target that a network exceeds, in the order of the processes, then of the FIFOs; nil if it
// keeps all.
func Check(n *hw.Network, t Target) *Breach {
	of := func(layer int) string {
		if layer < 0 {
			return ""
		}
		return " of layer " + n.Net.Layers[layer].ID
	}
	l := t.Limits()
	for i := range n.Processes {
		p := &n.Processes[i]
		d := processDemand(n, i)
		if d.Within(&l) {
			continue
		}
		where := fmt.Sprintf("process %s%s", p.Name, of(p.Layer))
		switch p.Kind {
		case hw.Source:
			where = fmt.Sprintf("port input, beats of %v", n.Streams[p.Out[0]].Beat)
		case hw.Sink:
			where = fmt.Sprintf("port output%d, beats of %v", p.Index, n.Streams[p.In[0]].Beat)
		}
		return d.Breach(t, where)
	}
	for i := range n.Streams {
		s := &n.Streams[i]
		if d := streamDemand(n, i); !d.Within(&l) {
			return d.Breach(t, fmt.Sprintf("FIFO %s%s, tokens of %v of %d bits", s.Name, of(n.Processes[s.From].Layer), s.Beat, s.Bits))
		}
	}
	d := wholeDemand(n)
	return d.Breach(t, "")
}
