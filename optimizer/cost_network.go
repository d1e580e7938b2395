package optimizer

import (
	"hass/internal/hw"
	"hass/internal/intnet"
)

// layerFIFOs is the cost of the streams inside a layer, which hw.Expand makes for it.
func (m costModel) layerFIFOs(i int, hl hw.Layer) vec {
	l := m.net.Layers[i]
	beat := hl.OutPx * hl.M() * m.net.Tensors[l.In[0]].Format.Bits
	fromWindow := hw.DefaultDepth(hw.Latency(hw.WindowProc, hl))
	switch l.Kind {
	case intnet.KindConv:
		var v vec
		if hl.Gangs() > 1 {
			v = m.fifo(beat, fromWindow)
		}
		acc := hl.OutPx * hl.Gang * l.Conv.AccBits
		gang := m.fifo(beat, hl.GangDepth).add(m.fifo(acc, hw.DefaultDepth(hw.Latency(hw.Engine, hl))))
		for range hl.Gangs() {
			v = v.add(gang)
		}
		return v
	case intnet.KindPool:
		return m.fifo(beat, fromWindow)
	}
	return vec{}
}

// lastProcess is the module that writes a layer's output.
func lastProcess(kind intnet.Kind) hw.ProcessKind {
	switch kind {
	case intnet.KindConv:
		return hw.Join
	case intnet.KindPool:
		return hw.Pool
	case intnet.KindGlobalPool:
		return hw.GlobalPool
	}
	return hw.ProcessKind(kind) // the module is called as the layer
}

// networkCost is the cost of every layer's modules, of all that lies on streams (FIFOs,
// and the forks and width converters between layers), and of input, output and
// control.
func (m costModel) networkCost(n *hw.Network) (layers []vec, fifos, io vec) {
	layers = make([]vec, len(n.Layers))
	for i, hl := range n.Layers {
		layers[i] = m.layer(i, hl)
	}
	io = m.top()
	for _, p := range n.Processes {
		switch {
		case p.Kind == hw.Source:
			io = io.add(m.port(n.Streams[p.Out[0]].Width()))
		case p.Kind == hw.Sink:
			io = io.add(m.port(n.Streams[p.In[0]].Width()))
		case p.Kind == hw.Fork && p.Layer < 0:
			fifos = fifos.add(m.fork(len(p.Out)))
		case p.Kind == hw.Convert:
			in, out := n.Streams[p.In[0]], n.Streams[p.Out[0]]
			fifos = fifos.add(m.convert(in.Bits, in.Beat, out.Beat))
		}
	}
	for _, s := range n.Streams {
		fifos = fifos.add(m.fifo(s.Width(), s.Depth))
	}
	return layers, fifos, io
}
