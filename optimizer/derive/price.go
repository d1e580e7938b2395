package derive

import (
	"slices"

	"hass/internal/design"
	"hass/internal/fixed"
	"hass/internal/hw"
	"hass/internal/intnet"
	"hass/optimizer/cost"
	"hass/optimizer/fifo"
)

// Pricing is the cost model together with the pixels per beat of every stream.
type Pricing struct {
	cost.Model
	Pixels []int // by tensor; nil is one
}

// Px is the pixels per beat of a tensor's streams, one if Pixels is nil.
func (m Pricing) Px(t int) int {
	if m.Pixels == nil {
		return 1
	}
	return m.Pixels[t]
}

// LayerPx is the pixels per beat that layer i reads and writes.
func (m Pricing) LayerPx(i int) (in, out int) {
	l := &m.Net.Layers[i]
	return m.Px(l.In[0]), m.Px(l.Out)
}

// Beats is the number of beats of a tensor per image at w channels each.
func (m Pricing) Beats(t, w int) int {
	tn := &m.Net.Tensors[t]
	return tn.H * fixed.CeilDiv(tn.W, m.Px(t)) * (tn.C / w)
}

// Latency is the estimated latency of layers with these cycles, each multiplied by its hurry.
func (m Pricing) Latency(cycles []float64) float64 {
	tail, pipeline := fifo.Tails(m.Net, m.Pixels)
	sum := slices.Max(cycles) + float64(pipeline)
	for i, c := range cycles {
		sum += tail[i] * c
	}
	return sum
}

// MoveCycles is the number of iterations per image of a layer that keeps its beats of ch channels:
// the larger of the beats read and written, or their sum where the module reads and writes in
// turn.
func (m Pricing) MoveCycles(i, ch int) float64 {
	l := &m.Net.Layers[i]
	beats := func(t int) int {
		tn := &m.Net.Tensors[t]
		return tn.H * fixed.CeilDiv(tn.W, m.Px(t)) * (tn.C / ch)
	}
	in, out := beats(l.In[0]), beats(l.Out)
	if hw.TakesTurns(l.Kind) {
		return float64(in + out)
	}
	return float64(max(in, out))
}

// PlainCycles is the number of cycles per image of a layer other than a convolution: its iterations.
func (m Pricing) PlainCycles(i int, hl hw.Layer) float64 {
	l := m.Net.Layers[i]
	switch l.Kind {
	case intnet.KindPool:
		win := hw.WindowOf(m.Net, l, hl)
		return float64(max(win.InBeats(), win.OutBeats()))
	case intnet.KindConcat:
		out := m.Net.Tensors[l.Out]
		return float64(out.H * fixed.CeilDiv(out.W, hl.OutPx) * hw.ConcatSteps(m.Net, &l, hl.InCh, hl.OutCh))
	}
	return m.MoveCycles(i, hl.OutCh)
}

// EngineChoice is an engine kind and its number of multipliers.
type EngineChoice struct {
	Kind hw.EngineKind
	N    int
}

// Engines lists the engines for beats of m lanes that the rule allows; for the rule of scheduled engines, those that may stand beside
// them: dense and packed ones. If m lanes cannot be divided into banks of several lanes, a banked engine of one multiplier replaces
// elastic ones.
func Engines(rule design.EngineRule, m int) []EngineChoice {
	var list []EngineChoice
	for _, kind := range hw.LaneEngines() {
		beside := rule == design.OnlyEngine(hw.ScheduledEngine) && kind.Row().Measure == hw.Nothing
		if !rule.Allows(kind) && !beside {
			continue
		}
		row := kind.Row()
		for _, n := range row.Try(m) {
			list = append(list, EngineChoice{kind, n})
		}
		// A kind requested by name is listed even if m lanes leave no choice: with one lane it is a dense engine with a
		// selector before it.
		switch {
		case rule == design.EngineAuto || len(list) > 0:
		case m == 1 && row.Legal(1, 1):
			list = append(list, EngineChoice{kind, 1})
		case row.Apart:
			list = append(list, EngineChoice{hw.Banked, 1})
		}
	}
	return list
}

// Pack gives a packed engine its packing on a device family. It reports whether the engine is worth trying under the rule: if no products share
// a multiplier, a dense engine does the same. Engines of other kinds are unchanged.
func Pack(rule design.EngineRule, net *intnet.Net, l *intnet.Layer, hl *hw.Layer, family string) bool {
	if hl.Engine != hw.Packed {
		return true
	}
	hl.Packing = hw.PackingOf(net, l, hl.N, design.WideOperand(family))
	return rule == design.OnlyEngine(hw.Packed) || hl.Multipliers() < hl.N*hl.OutCh*hl.OutPx
}

// Shared is the largest number of a convolution's products that share a multiplier on a device family, with px pixels per beat.
func Shared(net *intnet.Net, l *intnet.Layer, px int, family string) int {
	p := hw.PackingOf(net, l, 1, design.WideOperand(family))
	return min(px, p.Pixels()) * p.Filters
}

// Price sets a design's costs, total and shortfall.
func Price(d *design.Design, m Pricing, n *hw.Network) {
	layers, fifos, io := m.Network(n)
	total := fifos.Add(io)
	errs, fifoErr, ioErr, totalErr := m.Errors(n)
	fit := cost.BuiltIn()
	d.CostModel = design.CostModel{Tool: fit.Tool, Date: fit.Date, Points: fit.Points, LUTError: totalErr.LUT, FFError: totalErr.FF}
	d.CostModel.Calibration = m.Scales
	for i, v := range layers {
		d.Costs = append(d.Costs, design.LayerCost{Layer: d.Net.Layers[i].ID, Resources: v.Resources(), LUTError: errs[i].LUT, FFError: errs[i].FF})
		total = total.Add(v)
	}
	port := 0
	for _, s := range n.Streams {
		if k := n.Processes[s.From].Kind; k == hw.Source || n.Processes[s.To].Kind == hw.Sink {
			port = max(port, s.Tokens)
		}
	}
	d.Costs = append(d.Costs, design.LayerCost{Layer: "fifos", Resources: fifos.Resources(), LUTError: fifoErr.LUT, FFError: fifoErr.FF},
		design.LayerCost{Layer: "io", Resources: io.Resources(), Cycles: float64(port), LUTError: ioErr.LUT, FFError: ioErr.FF})
	d.Total = total.Resources()
	d.Shortfall = design.Shortfall(d.Total, d.Budget)
	d.Fits = len(d.Shortfall) == 0
}
