package report

import (
	"fmt"

	"hass/internal/design"
	"hass/internal/hw"
	"hass/internal/hw/live"
	"hass/internal/hw/show"
	"hass/internal/intnet"
)

// LayerOf is the layer of an ID. One that the run does not have yet comes behind the others.
func (r *Run) LayerOf(id string) *Layer {
	for _, l := range r.Layers {
		if l.ID == id {
			return l
		}
	}
	l := &Layer{ID: id}
	r.Layers = append(r.Layers, l)
	return l
}

// AddDesign adds what a design says; n is its network. It comes before all that adds to layers.
func (r *Run) AddDesign(d *design.Design, n *hw.Network) {
	r.Model, r.Platform, r.Part, r.Bits, r.Target, r.Engines = d.Model, d.Platform, d.Part, d.Bits, string(d.Target), string(d.EngineRule)
	clock, fits := d.Clock, d.Fits
	r.Clock, r.Fits, r.Shortfall, r.Explain = &clock, &fits, d.Shortfall, d.Explain
	r.Asked, r.Dense, r.Rates = d.Asked, d.Dense, d.Rates(n, d.Predicted.ImagesPerSecond)
	device := d.Device
	r.Resources = Resources(d.Total, d.Budget, &device, &d.CostModel)
	r.CostModel = NewCostModel(d.Calibrated, &d.CostModel)
	p := d.Predicted
	r.Prediction = &Prediction{CyclesPerImage: p.CyclesPerImage, CyclesCI: &p.CyclesCI, LatencyCycles: &p.LatencyCycles, ImagesPerSecond: &p.ImagesPerSecond,
		Bottleneck: p.Bottleneck, BindingResource: p.BindingResource, Bound: &p.Bound, Gap: &p.Gap}
	r.Regions = d.Regions
	regions := d.RegionOf()
	for i := range n.Net.Layers {
		l, h, c := &n.Net.Layers[i], &n.Layers[i], &d.Costs[i]
		in, out := &n.Net.Tensors[l.In[0]], &n.Net.Tensors[l.Out]
		cycles, ci := c.Cycles, c.CyclesCI
		layer := &Layer{ID: l.ID, Name: l.Name, Kind: string(l.Kind), Hardware: show.Layer(h),
			In: []int{in.H, in.W, in.C}, Out: []int{out.H, out.W, out.C},
			Cost: &Cost{c.Resources, c.LUTError, c.FFError}, Estimate: &cycles, EstimateCI: &ci, Bottleneck: l.ID == p.Bottleneck}
		if regions != nil {
			layer.Region = d.Regions[regions[i]].Name
		}
		if l.Kind == intnet.KindConv {
			layer.Engine = string(h.Engine)
		}
		r.Layers = append(r.Layers, layer)
	}
	for _, c := range d.Costs[len(n.Net.Layers):] {
		r.Shared = append(r.Shared, Shared{c.Layer, Cost{c.Resources, c.LUTError, c.FFError}})
	}
	minima := make(map[string]int, len(d.FIFOs))
	for _, f := range d.FIFOs {
		minima[f.Name] = f.Minimum
	}
	for i := range n.Streams {
		s := &n.Streams[i]
		r.FIFOs = append(r.FIFOs, FIFO{Name: s.Name, From: n.Processes[s.From].Name, To: n.Processes[s.To].Name, Holds: string(s.Kind),
			Bits: s.TokenBits(), Depth: s.Depth, Memory: s.Memory.String(), Tokens: s.Tokens, Minimum: minima[s.Name]})
	}
	r.Edges = edges(n)
	r.Live = &Live{}
	var err error
	if r.Live.Period, err = live.Prove(n); err != nil {
		r.Live = &Live{Deadlock: err.Error()}
	}
}

// Resources sets the used resources against the budget; device is nil where the part is not known.
func Resources(total, budget design.Resources, device *design.Resources, m *design.CostModel) []Resource {
	var list []Resource
	t, b := total.Vec(), budget.Vec()
	for i, name := range design.ResourceNames {
		x := Resource{Name: name, Used: t[i], Budget: b[i]}
		switch i {
		case design.LUT:
			x.Error = m.LUTError
		case design.FF:
			x.Error = m.FFError
		}
		if device != nil {
			all := device.Vec()[i]
			x.Device = &all
		}
		if b[i] > 0 {
			share := float64(t[i]) / float64(b[i])
			x.Share = &share
		}
		list = append(list, x)
	}
	return list
}

// NewCostModel says what a design's costs rest on.
func NewCostModel(calibrated bool, m *design.CostModel) *CostModel {
	c := &CostModel{Calibrated: calibrated, Tool: m.Tool, Date: m.Date, Points: m.Points}
	if own := m.Calibration; own != nil {
		c.Own = own.Tool + ", " + own.Date
	}
	return c
}

// edges are the connections between layers, through the forks and converters between them, in the order of the streams that the
// readers read.
func edges(n *hw.Network) []Edge {
	var list []Edge
	for i := range n.Streams {
		s := &n.Streams[i]
		to := &n.Processes[s.To]
		if s.Kind != hw.TensorToken || between(to) {
			continue
		}
		from := &n.Processes[s.From]
		for between(from) { // a fork or converter reads one stream, and processes are in topological order
			from = &n.Processes[n.Streams[from.In[0]].From]
		}
		list = append(list, Edge{From: nodeOf(n, from), To: nodeOf(n, to), FIFO: s.Name, Bits: s.TokenBits(), Depth: s.Depth, Tokens: s.Tokens})
	}
	return list
}

// between tells a process that stands between layers.
func between(p *hw.Process) bool {
	return p.Layer < 0 && p.Kind != hw.Source && p.Kind != hw.Sink
}

// nodeOf is the node of the graph that a process belongs to.
func nodeOf(n *hw.Network, p *hw.Process) string {
	if p.Layer >= 0 {
		return n.Net.Layers[p.Layer].ID
	}
	if p.Kind == hw.Sink {
		return fmt.Sprintf("output %d", p.Index)
	}
	return "input"
}

// finish computes what follows from several artefacts.
func (r *Run) finish() {
	cycles := 0.0
	if s := r.Simulation; s != nil && s.CyclesPerImage != nil {
		cycles = *s.CyclesPerImage
		if p := r.Prediction; p != nil && p.CyclesPerImage > 0 && cycles > 0 {
			e := cycles/p.CyclesPerImage - 1
			p.Error = &e
		}
	}
	pairs, dsps := 0.0, 0
	for _, l := range r.Layers {
		l.Utilisation = nil
		l.Busiest = r.Simulation != nil && r.Simulation.Bottleneck == l.ID
		switch {
		case cycles > 0 && l.Time != nil:
			// A layer that works ahead of the outputs between which cycles are counted may be busy for longer than these.
			if l.Utilisation = ratio(l.Time.Busy, cycles); l.Utilisation != nil {
				*l.Utilisation = min(1, *l.Utilisation)
			}
		case r.Simulation == nil && r.Prediction != nil && l.Estimate != nil:
			l.Utilisation = ratio(*l.Estimate, r.Prediction.CyclesPerImage)
		}
		if k := l.Skip; k != nil {
			k.SpeedUp, k.OfIdeal = ratio(k.Dense, k.Cycles), ratio(k.Ideal, k.Cycles)
		}
		if useful := l.useful(); useful != nil && l.Cost != nil && l.Cost.DSP > 0 && cycles > 0 {
			l.UsefulPerDSPCycle = ratio(*useful, float64(l.Cost.DSP)*cycles)
			pairs, dsps = pairs+*useful, dsps+l.Cost.DSP
		}
	}
	if dsps > 0 {
		r.Simulation.UsefulPerDSPCycle = ratio(pairs, float64(dsps)*cycles)
	}
}

// useful are the products of an image whose factors are both not 0, simulated or else by the profile; nil if neither is known.
func (l *Layer) useful() *float64 {
	switch {
	case l.Skip != nil:
		return &l.Skip.Pairs
	case l.Zeros != nil:
		pairs := l.Zeros.MACs * (1 - l.Zeros.Pairs)
		return &pairs
	}
	return nil
}

// ratio is a / b; nil where b is 0.
func ratio(a, b float64) *float64 {
	if b == 0 {
		return nil
	}
	q := a / b
	return &q
}
