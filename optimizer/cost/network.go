package cost

import (
	"math"

	"hass/internal/design"
	"hass/internal/hw"
	"hass/internal/intnet"
)

// LayerFIFOs is the cost of the streams that hw.Expand adds inside a layer.
func (m Model) LayerFIFOs(i int, hl hw.Layer) design.Vec {
	l := m.Net.Layers[i]
	lanes, bits := hl.OutPx*hl.M(), m.Net.Tensors[l.In[0]].Format.Bits
	beat := lanes * bits
	fromWindow := hw.DefaultDepth(hw.Latency(hw.WindowProc, hl))
	switch l.Kind {
	case intnet.KindConv:
		var v design.Vec
		if hl.Engine.Row().Static {
			_, depths := m.rowsOf(&l, hl)
			return m.scheduledFIFOs(&l, hl, depths)
		}
		if hl.Engines() > 1 {
			wide := beat
			if hl.Engine.Skips() {
				wide += lanes // a flag for each lane, which the engines' own FIFOs do not have
			}
			v = m.FIFO(wide, fromWindow)
		}
		acc := hl.OutPx * hl.Gang * l.Conv.AccBits
		gang := m.stream(hl.EngineFIFO(beat / hl.Banks()))
		e := hw.EngineOf(m.Net, &l, hl)
		gang = gang.Add(m.queues(&e)).Add(m.FIFO(acc, hw.DefaultDepth(hw.Latency(hw.Engine, hl))))
		for i := range v {
			v[i] += hl.Engines() * gang[i]
		}
		return v
	case intnet.KindPool:
		return m.FIFO(beat, fromWindow)
	}
	return design.Vec{} // a single module
}

// Network is the cost of every layer's modules, of the streams (FIFOs, and the
// forks and width converters between layers), and of input, output and control.
func (m Model) Network(n *hw.Network) (layers []design.Vec, fifos, io design.Vec) {
	layers = make([]design.Vec, len(n.Layers))
	for i, hl := range n.Layers {
		layers[i] = m.Layer(i, hl)
	}
	return layers, m.Streams(n), m.Ports(n)
}

// Streams is the cost of FIFOs, forks and width converters.
func (m Model) Streams(n *hw.Network) (v design.Vec) {
	for i := range n.Streams {
		v = v.Add(m.StreamAt(n, i))
	}
	return v
}

// StreamAt is the cost of stream i: of its FIFO, with the queues of an engine behind it, and of the fork or width converter between layers
// whose first stream it is.
func (m Model) StreamAt(n *hw.Network, i int) design.Vec {
	v := m.stream(n.FIFO(i))
	if to := n.Streams[i].To; n.Processes[to].Kind == hw.Engine {
		e := n.Module(to).(hw.EngineParams)
		v = v.Add(m.queues(&e))
	}
	switch p := &n.Processes[n.Streams[i].From]; {
	case p.Out[0] != i:
	case p.Kind == hw.Fork && p.Layer < 0:
		v = v.Add(m.Fork(len(p.Out)))
	case p.Kind == hw.Convert:
		in, out := n.Streams[p.In[0]], n.Streams[p.Out[0]]
		v = v.Add(m.Convert(in.Bits, in.Beat, out.Beat))
	}
	return v
}

// Ports is the cost of input, output and control.
func (m Model) Ports(n *hw.Network) design.Vec {
	v := m.Top(len(n.Net.Outputs))
	for _, p := range n.Processes {
		switch p.Kind {
		case hw.Source:
			v = v.Add(m.Source(n.Streams[p.Out[0]].Width(), n.Streams[p.Out[0]].Tokens))
		case hw.Sink:
			v = v.Add(m.Sink(n.Streams[p.In[0]].Tokens))
		}
	}
	return v
}

// Relative are the relative errors of LUTs and flip-flops.
type Relative struct{ LUT, FF float64 }

// tally are LUTs and flip-flops by formula.
type tally [areaKinds][2]float64

// Errors gives the errors of a network's costs: of every layer, of the streams, of the ports and of all together.
//
// The error of a formula is the 90th percentile of the leave-one-out errors of the sweep's instances. It is taken
// as common to all instances of the formula, since designs repeat the same and similar instances; errors of
// different formulas are taken as independent. A user's calibration has its own errors.
func (m Model) Errors(n *hw.Network) (layers []Relative, fifos, io, total Relative) {
	var all tally
	one := func(price func(m Model)) Relative {
		var t tally
		m.tally = &t
		price(m)
		for k := range t {
			for i := range 2 {
				all[k][i] += t[k][i]
			}
		}
		return m.combine(&t)
	}
	for i, hl := range n.Layers {
		layers = append(layers, one(func(m Model) { m.Layer(i, hl) }))
	}
	fifos = one(func(m Model) { m.Streams(n) })
	io = one(func(m Model) { m.Ports(n) })
	return layers, fifos, io, m.combine(&all)
}

// combine combines the errors of the formulas by that rule.
func (m Model) combine(t *tally) Relative {
	var squares, totals [2]float64
	for k := range t {
		e := [2]float64{builtin.fits[k].errLUT, builtin.fits[k].errFF}
		if m.Scales != nil {
			if s, ok := m.Scales.Scale[areaRows[areaRows[k].module].name]; ok && s.Instances > 1 {
				e = [2]float64{s.LUTError, s.FFError}
			}
		}
		for i := range 2 {
			totals[i] += t[k][i]
			squares[i] += t[k][i] * e[i] * t[k][i] * e[i]
		}
	}
	round := func(i int) float64 { return math.Round(1e4*math.Sqrt(squares[i])/max(1, totals[i])) / 1e4 }
	return Relative{round(0), round(1)}
}

// Total is the cost of a whole network.
func (m Model) Total(n *hw.Network) design.Vec {
	layers, fifos, io := m.Network(n)
	for _, v := range layers {
		io = io.Add(v)
	}
	return io.Add(fifos)
}
