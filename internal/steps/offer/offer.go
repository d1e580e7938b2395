// Package offer says what a model's own scales cost a design, and how to do without them.
//
// It takes a profiled graph and its design and gives a sentence. It changes neither.
package offer

import (
	"fmt"

	"hass/internal/design"
	"hass/internal/graph"
	"hass/internal/intnet"
	"hass/internal/quant"
	"hass/optimizer/cost"
)

// dearShare is the share of a design's DSPs or LUTs from which on the cost of a model's own scales is worth a note.
const dearShare = 0.05

// Text says how much of a design the quantisers of a graph cost compared with power-of-two scales, and how to avoid it. It is ""
// where the profile drops the quantisers already (q) or they cost little. scales are the calibration of the cost model, or nil.
func Text(g *graph.Graph, q quant.Quantisers, d *design.Design, scales *design.Calibration) string {
	if q != quant.Kept || !quantised(g) {
		return ""
	}
	m, plain := cost.New(d.Net, d.Family, scales), cost.New(shifted(d.Net), d.Family, scales)
	var more design.Vec
	for i, hl := range d.Layers {
		more = more.Add(m.Layer(i, hl).Sub(plain.Layer(i, hl)))
	}
	dsp, lut := more[design.DSP], more[design.LUT]
	if float64(dsp) < dearShare*float64(d.Total.DSP) && float64(lut) < dearShare*float64(d.Total.LUT) {
		return ""
	}
	return fmt.Sprintf("the scales of the model's quantisers take %d DSPs and %d LUTs of this design more than powers of two would; \"hass profile --requantise\" drops the quantisers and calibrates anew, and \"hass eval\" shows both accuracies",
		dsp, lut)
}

// quantised tells whether a graph has quantisers of its own.
func quantised(g *graph.Graph) bool {
	for _, n := range g.Nodes {
		if _, ok := n.Op.(graph.Quantize); ok {
			return true
		}
	}
	return false
}

// shifted is a network with the same layers in which every requantisation is a shift.
func shifted(net *intnet.Net) *intnet.Net {
	plain := *net
	plain.Layers = append([]intnet.Layer(nil), net.Layers...)
	for i := range plain.Layers {
		l := &plain.Layers[i]
		if l.Conv != nil && l.Conv.Scaled() {
			c := *l.Conv
			c.Mul, c.Thresholds, c.BiasFrac, c.Shift = nil, nil, 0, []int{c.AccBits / 2}
			l.Conv = &c
		}
		l.Factors = [2]int64{}
	}
	return &plain
}
