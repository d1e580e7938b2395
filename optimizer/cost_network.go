package optimizer

import (
	"math"

	"hass/internal/design"
	"hass/internal/hw"
	"hass/internal/intnet"
)

// layerFIFOs is the cost of the streams inside a layer, which hw.Expand makes for it.
func (m costModel) layerFIFOs(i int, hl hw.Layer) design.Vec {
	l := m.net.Layers[i]
	bits := m.net.Tensors[l.In[0]].Format.Bits
	if l.Kind == intnet.KindConv && hl.Engine.Skips() {
		bits++ // a flag for each lane
	}
	beat := hl.OutPx * hl.M() * bits
	fromWindow := hw.DefaultDepth(hw.Latency(hw.WindowProc, hl))
	switch l.Kind {
	case intnet.KindConv:
		var v design.Vec
		if hl.Engines() > 1 {
			v = m.fifo(beat, fromWindow)
		}
		acc := hl.OutPx * hl.Gang * l.Conv.AccBits
		gang := m.fifo(beat/hl.Banks(), hl.GangDepth).Add(m.fifo(acc, hw.DefaultDepth(hw.Latency(hw.Engine, hl))))
		for i := range v {
			v[i] += hl.Engines() * gang[i]
		}
		return v
	case intnet.KindPool:
		return m.fifo(beat, fromWindow)
	}
	return design.Vec{}
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
func (m costModel) networkCost(n *hw.Network) (layers []design.Vec, fifos, io design.Vec) {
	layers = make([]design.Vec, len(n.Layers))
	for i, hl := range n.Layers {
		layers[i] = m.layer(i, hl)
	}
	return layers, m.streams(n), m.ports(n)
}

// streams is the cost of what lies between processes.
func (m costModel) streams(n *hw.Network) (v design.Vec) {
	for _, p := range n.Processes {
		switch {
		case p.Kind == hw.Fork && p.Layer < 0:
			v = v.Add(m.fork(len(p.Out)))
		case p.Kind == hw.Convert:
			in, out := n.Streams[p.In[0]], n.Streams[p.Out[0]]
			v = v.Add(m.convert(in.Bits, in.Beat, out.Beat))
		}
	}
	for i := range n.Streams {
		v = v.Add(m.stream(n.FIFO(i)))
	}
	return v
}

// ports is the cost of input, output and control.
func (m costModel) ports(n *hw.Network) design.Vec {
	v := m.top(len(n.Net.Outputs))
	for _, p := range n.Processes {
		switch p.Kind {
		case hw.Source:
			v = v.Add(m.source(n.Streams[p.Out[0]].Width(), n.Streams[p.Out[0]].Tokens))
		case hw.Sink:
			v = v.Add(m.sink(n.Streams[p.In[0]].Tokens))
		}
	}
	return v
}

// relative are the relative errors of LUTs and flip-flops.
type relative struct{ lut, ff float64 }

// tally are LUTs and flip-flops by formula.
type tally [areaKinds][2]float64

// errors gives the errors of a network's costs: of every layer, of the streams, of the ports and of all together.
//
// The error of a formula is the 90th percentile of the errors of the sweep's instances, each left out of the fit in
// turn. It is taken as common to all instances of the formula, since designs repeat one instance and its
// like; those of different formulas are taken as independent. A user's calibration brings errors of its own.
func (m costModel) errors(n *hw.Network) (layers []relative, fifos, io, total relative) {
	var all tally
	one := func(price func(m costModel)) relative {
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
		layers = append(layers, one(func(m costModel) { m.layer(i, hl) }))
	}
	fifos = one(func(m costModel) { m.streams(n) })
	io = one(func(m costModel) { m.ports(n) })
	return layers, fifos, io, m.combine(&all)
}

// combine is the rule of errors.
func (m costModel) combine(t *tally) relative {
	var squares, totals [2]float64
	for k := range t {
		e := [2]float64{builtin.fits[k].errLUT, builtin.fits[k].errFF}
		if m.scales != nil {
			if s, ok := m.scales.Scale[moduleNames[moduleOf[k]]]; ok && s.Instances > 1 {
				e = [2]float64{s.LUTError, s.FFError}
			}
		}
		for i := range 2 {
			totals[i] += t[k][i]
			squares[i] += t[k][i] * e[i] * t[k][i] * e[i]
		}
	}
	round := func(i int) float64 { return math.Round(1e4*math.Sqrt(squares[i])/max(1, totals[i])) / 1e4 }
	return relative{round(0), round(1)}
}

// beats is the number of beats of a tensor per image at w channels each.
func (m costModel) beats(t, w int) int {
	tn := &m.net.Tensors[t]
	return tn.H * ceilDiv(tn.W, m.px(t)) * (tn.C / w)
}

// Price is the estimate for a design's whole network on a device family.
func Price(d *design.Design, family string) (design.Resources, error) {
	n, err := d.Network()
	if err != nil {
		return design.Resources{}, err
	}
	return costModel{net: d.Net, family: family}.total(n).Resources(), nil
}
