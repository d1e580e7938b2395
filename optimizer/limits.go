package optimizer

import (
	"fmt"

	"hass/internal/hw"
	"hass/internal/hw/limits"
	"hass/internal/intnet"
	"hass/optimizer/derive"
	"hass/optimizer/folding"
	"hass/optimizer/widths"
)

// The limits of a target (limits.Limits) are constraints: a hardware choice that breaks one is not a candidate. If the
// design as a whole breaks a limit, the search allows fewer engines per convolution.

// LimitError says that no hardware of a network keeps the limits of the target. Its breach is that of the nearest choice.
type LimitError struct {
	Layer  string // ID of the layer or tensor; "" for the design as a whole
	Pixels int    // per beat of the widest streams
	Breach *limits.Breach

	engines int // for a design as a whole: largest number per convolution
}

// Error names the layer and the limit.
func (e *LimitError) Error() string {
	if e.Layer == "" {
		return fmt.Sprintf("no design keeps the limits of the target; nearest is a %v", e.Breach)
	}
	return fmt.Sprintf("%s: no choice of hardware keeps the limits of the target; nearest is one with a %v", e.Layer, e.Breach)
}

// Unwrap returns the breach.
func (e *LimitError) Unwrap() error { return e.Breach }

// widthsOf gives the stream widths tried for every tensor: those that layers can write and the target can take, thinned
// out to at most most but for those that are pinned.
func widthsOf(m derive.Pricing, target limits.Target, most int, pins *folding.Pins) ([][]int, error) {
	net := m.Net
	w, every := make([][]int, len(net.Tensors)), make([][]int, len(net.Tensors))
	for t, tn := range net.Tensors {
		w[t] = widths.Divisors(tn.C)
	}
	for i := range net.Layers {
		w[net.Layers[i].Out] = widths.Out(net, i)
	}
	for t, u := range limits.Uses(net) {
		s, px := limits.NewSieve(target), m.Px(t)
		all := w[t]
		w[t] = nil
		for _, ch := range all {
			if s.Keeps(limits.TensorDemand(&net.Tensors[t], u, hw.Beat{Px: px, Ch: ch})) {
				w[t] = append(w[t], ch)
			}
		}
		if len(w[t]) == 0 {
			return nil, &LimitError{Layer: "tensor " + net.Tensors[t].ID, Pixels: px, Breach: s.Nearest}
		}
		every[t], w[t] = w[t], widths.Thin(w[t], most)
	}
	widths.ThinLive(net, w, most)
	return pins.Widths(every, w), nil
}

// splitGangs adds smaller sizes to the sizes of gangs of p lanes, down to the first that keeps the limits whatever memory its
// weights are in. keeps checks a size.
func splitGangs(sizes []int, p, banks int, keeps func(gang int) bool) []int {
	least := sizes[len(sizes)-1]
	if keeps(least) {
		return sizes
	}
	for _, parts := range widths.Divisors(p) {
		gang := p / parts
		if gang >= least {
			continue
		}
		if parts*banks > hw.MaxGangs {
			break
		}
		if sizes = append(sizes, gang); keeps(gang) {
			break
		}
	}
	return sizes
}

// kept are the options of a layer that keep the limits.
func (s *space) kept(i int, all []option) ([]option, *limits.Sieve) {
	sv := limits.NewSieve(s.target)
	in := all[:0]
	for _, o := range all {
		if sv.Keeps(limits.LayerDemand(s.model.Net, i, o.hl)) {
			in = append(in, o)
		}
	}
	return in, sv
}

// checkDesign checks that a choice of hardware keeps the limits of the target; the error is a *LimitError.
func checkDesign(net *intnet.Net, layers []hw.Layer, t limits.Target) error {
	n, err := hw.Expand(net, layers, nil)
	if err != nil {
		return err
	}
	b := limits.Check(n, t)
	if b == nil {
		return nil
	}
	over := &LimitError{Breach: b}
	for i, l := range net.Layers {
		if l.Kind == intnet.KindConv {
			over.engines = max(over.engines, layers[i].Engines())
		}
	}
	return over
}
