// Package rough is a model of the engines of a convolution that is asked in no time: each pair of a beat is there with the same
// probability.
//
// It takes the answers of an estimator about single engines, and gives about what it would say about the others. It never chooses.
package rough

import (
	"math"

	"hass/internal/design"
	"hass/internal/fixed"
	"hass/internal/hw"
	"hass/internal/intnet"
	"hass/optimizer/derive"
)

// Estimator gives the cycles of a convolution's engines under a hardware choice.
// Implementations are called from several goroutines at once.
type Estimator interface {
	// Conv gives the engine-limited cycles per image of layer number layer and the half
	// width of the estimate's 95 % interval.
	Conv(layer int, l hw.Layer) (cycles, ci float64, err error)
}

// Model is a model of sparse engines: all pairs of a beat are present independently with the same probability.
type Model struct {
	net     *intnet.Net
	model   derive.Pricing
	density []float64    // by layer
	factor  [][2]float64 // by layer and whether an engine is elastic: correction by the estimator
	cache   []map[key]float64
}

type key struct {
	kind       hw.EngineKind
	m, n, gang int
}

// New is a model of a network that knows of no zeros yet.
func New(pricing derive.Pricing) *Model {
	n := len(pricing.Net.Layers)
	m := &Model{net: pricing.Net, model: pricing, density: make([]float64, n), factor: make([][2]float64, n), cache: make([]map[key]float64, n)}
	for i := range n {
		m.density[i], m.factor[i], m.cache[i] = 1, [2]float64{1, 1}, map[key]float64{}
	}
	return m
}

// Measure finds the density of a convolution. hl is hardware of a single multiplier: it counts the pairs, where the estimator does not
// tell them itself.
func (m *Model) Measure(est Estimator, i int, hl hw.Layer) error {
	l := &m.net.Layers[i]
	if pairs, known := est.(interface{ Pairs(layer int) float64 }); known {
		out := m.net.Tensors[l.Out]
		m.density[i] = min(1, pairs.Pairs(i)/(float64(out.H*out.W)*float64(m.net.WeightCount(l))))
		return nil
	}
	cycles, _, err := est.Conv(i, hl)
	if err != nil {
		return err
	}
	m.density[i] = min(1, cycles/float64(hw.WindowOf(m.net, *l, hl).OutBeats()*hw.EngineLanes(m.net, *l, hl)))
	return nil
}

// Density is the share of a layer's pairs that are there.
func (m *Model) Density(i int) float64 { return m.density[i] }

// elasticFactor is the index of an engine kind's correction factor.
func elasticFactor(kind hw.EngineKind) int {
	if kind.Row().Apart {
		return 1
	}
	return 0
}

// Correct sets the correction factor from the estimator's result for one choice.
func (m *Model) Correct(est Estimator, i int, hl hw.Layer) error {
	want, _, err := est.Conv(i, hl)
	if err != nil {
		return err
	}
	if got, _, _ := m.Conv(i, hl); got > 0 {
		m.factor[i][elasticFactor(hl.Engine)] *= max(0.5, min(2, want/got))
	}
	return nil
}

// Conv implements Estimator. Only one goroutine at a time may ask about a layer.
func (m *Model) Conv(layer int, l hw.Layer) (cycles, ci float64, err error) {
	nl := m.net.Layers[layer]
	beats := float64(hw.WindowOf(m.net, nl, l).OutBeats())
	if !l.Engine.Skips() {
		return beats * float64(hw.BeatCost(l.Engine, hw.EngineLanes(m.net, nl, l), l.N, 0)), 0, nil
	}
	k := key{l.Engine, hw.EngineLanes(m.net, nl, l), l.N, l.Gang * l.OutPx} // all pixels advance together
	cost, ok := m.cache[layer][k]
	if !ok {
		cost = beatMean(k, m.density[layer])
		m.cache[layer][k] = cost
	}
	return beats * max(1, min(cost*m.factor[layer][elasticFactor(l.Engine)], float64(fixed.CeilDiv(k.m, k.n)))), 0, nil
}

// beatMean is the mean cost of a beat whose lanes are pairs with probability d.
func beatMean(k key, d float64) float64 {
	lanes, times, per := k.m, float64(k.gang), k.n // the cost is the largest of times ceil(pairs of lanes / per)
	if row := k.kind.Row(); row.Measure == hw.FullestBank {
		lanes, per = k.m/k.n, 1
		if !row.Apart { // otherwise each bank goes on by itself
			times *= float64(k.n)
		}
	}
	mean, below, p := 0.0, 0.0, math.Pow(1-d, float64(lanes))
	last := 0.0 // probability of a cost up to the previous one
	for x := 0; x <= lanes; x++ {
		below += p
		if d < 1 {
			p *= float64(lanes-x) / float64(x+1) * d / (1 - d)
		} else if p = 0; x == lanes-1 {
			p = 1
		}
		if x%per == 0 || x == lanes {
			upTo := math.Pow(min(1, below), times)
			mean += (upTo - last) * float64(max(1, fixed.CeilDiv(x, per)))
			last = upTo
		}
	}
	return mean + (1-last)*float64(fixed.CeilDiv(lanes, per))
}

// LeastCycles bounds the cycles of every design from below: all pairs over all multipliers, which several share where they are packed, and a
// pixel a cycle.
func (m *Model) LeastCycles(budget design.Vec) float64 {
	pairs, least := 0.0, 1.0
	for i, t := range m.net.Tensors {
		least = max(least, float64(t.H*fixed.CeilDiv(t.W, m.model.Px(i))))
	}
	for i := range m.net.Layers {
		l := &m.net.Layers[i]
		out := m.net.Tensors[l.Out]
		if l.Kind == intnet.KindConv {
			_, px := m.model.LayerPx(i)
			pairs += m.density[i] * float64(out.H*out.W) * float64(m.net.WeightCount(l)) / float64(derive.Shared(m.net, l, px, m.model.Family))
		}
	}
	return max(least, pairs/float64(max(1, budget[design.DSP])))
}
