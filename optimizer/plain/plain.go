// Package plain lists the hardware that layers without weights can have.
//
// It takes a network with the pixels per beat of its streams and the widths tried for each; it gives hardware, which it neither prices nor
// chooses.
package plain

import (
	"slices"

	"hass/internal/fixed"
	"hass/internal/hw"
	"hass/internal/intnet"
	"hass/optimizer/derive"
	"hass/optimizer/widths"
)

// space is what the hardware of a layer is listed from.
type space struct {
	model  derive.Pricing
	widths [][]int
	hurry  float64
	narrow func(widths []int, cycles float64) []int
}

// Layers lists the hardware of layer i, which is no convolution. widths are those tried for each tensor, in channels a beat; hurry is what
// the layer's cycles count for; narrow leaves out widths that are of no interest for a layer with the given cycles per image, hurry
// included, at a width of 1.
func Layers(m derive.Pricing, i int, widths [][]int, hurry float64, narrow func(widths []int, cycles float64) []int) []hw.Layer {
	s := &space{m, widths, hurry, narrow}
	switch m.Net.Layers[i].Kind {
	case intnet.KindPool:
		return s.pool(i)
	case intnet.KindConcat:
		return s.concat(i)
	default: // one module that keeps its beat
		return s.sameBeat(i)
	}
}

// sameBeat enumerates a layer whose output beats have the shape of its input beats.
func (s *space) sameBeat(i int) []hw.Layer {
	net := s.model.Net
	l := net.Layers[i]
	inPx, outPx := s.model.LayerPx(i)
	var all []hw.Layer
	for _, ch := range s.narrow(s.widths[l.Out], s.hurry*s.model.MoveCycles(i, 1)) {
		fits := true
		for _, t := range l.In {
			// The network's input has the width of its first reader.
			fits = fits && (t != net.Input || slices.Contains(s.widths[t], ch))
		}
		if !fits {
			continue
		}
		all = append(all, hw.Layer{InPx: inPx, InCh: ch, OutPx: outPx, OutCh: ch})
	}
	return all
}

// concat enumerates a layer that re-packs its inputs: their beats and the output's beats need no common divisor.
func (s *space) concat(i int) []hw.Layer {
	net := s.model.Net
	l := &net.Layers[i]
	px, _ := s.model.LayerPx(i)
	out := net.Tensors[l.Out]
	groups := out.H * fixed.CeilDiv(out.W, px)
	var all []hw.Layer
	for _, ch := range s.narrow(s.widths[l.Out], s.hurry*float64(groups*out.C)) {
		for _, in := range widths.Concat(net, l, ch) {
			fits := true
			for port, t := range l.In {
				// The network's input has the width of its first reader.
				fits = fits && (t != net.Input || slices.Contains(s.widths[t], hw.PortCh(net, l, in, port)))
			}
			if fits {
				all = append(all, hw.Layer{InPx: px, InCh: in, OutPx: px, OutCh: ch})
			}
		}
	}
	return all
}

func (s *space) pool(i int) []hw.Layer {
	net := s.model.Net
	l := net.Layers[i]
	var all []hw.Layer
	in := net.Tensors[l.In[0]]
	inPx, outPx := s.model.LayerPx(i)
	elements := s.hurry * float64(in.H*fixed.CeilDiv(in.W, inPx)*in.C)
	for _, tap := range widths.Taps(l.Pool.Kernel) {
		for _, ch := range s.widths[l.Out] {
			for _, in := range s.narrow(s.widths[l.In[0]], elements) {
				if !widths.Fit(in, ch) {
					continue
				}
				hl := hw.Layer{InPx: inPx, InCh: in, OutPx: outPx, OutCh: ch, MTap: tap, MCh: ch}
				win := hw.WindowOf(net, l, hl)
				hl.LinePixels = win.FullLinePixels()
				all = append(all, hl)
			}
		}
	}
	return all
}
