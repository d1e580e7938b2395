// Package streams prices what lies between the layers of a network: FIFOs, forks, converters, sources and sinks, one layer after
// the other.
//
// It takes the widths of a layer's streams, in channels a beat, and those of the tensors that it reads; it gives the cost and the
// slowest path of what joins them, as hw.Expand will wire them. It never chooses a width.
package streams

import (
	"slices"

	"hass/internal/design"
	"hass/internal/hw"
	"hass/optimizer/derive"
	"hass/optimizer/fifo"
	"hass/optimizer/widths"
)

// Streams describes how each tensor is wired, as hw.Expand wires it.
type Streams struct {
	model derive.Pricing
	extra *fifo.Rule

	readers []int // consumers of each tensor, graph outputs included
	sinks   []int
	source  []int // default depth of a FIFO written by the tensor's producer
}

// New is the wiring of a model's network, whose FIFOs into layers hold what extra says.
func New(model derive.Pricing, extra *fifo.Rule) *Streams {
	net := model.Net
	n := len(net.Tensors)
	s := &Streams{model, extra, make([]int, n), make([]int, n), make([]int, n)}
	s.source[net.Input] = hw.DefaultDepth(hw.Latency(hw.Source, hw.Layer{}))
	for i, l := range net.Layers {
		s.source[l.Out] = hw.DefaultDepth(hw.LayerLatency(net, &net.Layers[i], hw.Layer{}))
		for _, t := range l.In {
			s.readers[t]++
		}
	}
	for _, t := range net.Outputs {
		s.readers[t]++
		s.sinks[t]++
	}
	return s
}

// written is the cost of a tensor's writing end at w channels per beat: the FIFO to its
// fork, the fork, and its sinks.
func (s *Streams) written(t, w int) design.Vec {
	bits := s.model.Px(t) * w * s.model.Net.Tensors[t].Format.Bits
	depth := s.source[t]
	var v design.Vec
	if s.readers[t] > 1 {
		v = s.model.FIFO(bits, depth).Add(s.model.Fork(s.readers[t]))
		depth = hw.DefaultDepth(hw.Latency(hw.Fork, hw.Layer{}))
	}
	for range s.sinks[t] {
		v = v.Add(s.model.FIFO(bits, depth)).Add(s.model.Sink(s.model.Beats(t, w)))
	}
	return v
}

// Cost is the cost that layer i adds in streams if it reads its ports at the given widths and writes w channels per
// beat. width are the widths of the tensors that it reads (0: the input, not read before). fits is false if neither of two
// widths divides the other.
func (s *Streams) Cost(i int, reads []int, w int, width []int) (v design.Vec, fits bool) {
	l := &s.model.Net.Layers[i]
	for port, t := range l.In {
		q := reads[port]
		from := width[t]
		if from == 0 {
			first := slices.Index(l.In, t)
			from = reads[first] // the source writes the width that its first reader takes
			if port == first {
				bits := s.model.Px(t) * q * s.model.Net.Tensors[t].Format.Bits
				v = v.Add(s.written(t, q)).Add(s.model.Source(bits, s.model.Beats(t, q)))
			}
		}
		if !widths.Fit(from, q) {
			return v, false
		}
		bits, px := s.model.Net.Tensors[t].Format.Bits, s.model.Px(t)
		depth := s.source[t]
		if s.readers[t] > 1 {
			depth = hw.DefaultDepth(hw.Latency(hw.Fork, hw.Layer{}))
		}
		if from != q {
			v = v.Add(s.model.FIFO(px*from*bits, depth))
			v = v.Add(s.model.Convert(bits, hw.Beat{Px: px, Ch: from}, hw.Beat{Px: px, Ch: q}))
			depth = hw.DefaultDepth(hw.Latency(hw.Convert, hw.Layer{}))
		}
		v = v.Add(s.model.FIFO(px*q*bits, max(fifo.ShiftDepth, depth+s.extra.Tokens(i, port, q))))
	}
	return v.Add(s.written(l.Out, w)), true
}

// Path is the slowest path of the converters and forks that Cost prices.
func (s *Streams) Path(clocks *derive.Paths, i int, reads []int, w int, width []int) (all derive.Path, err error) {
	l := &s.model.Net.Layers[i]
	fork := func(t, w int) error {
		if s.readers[t] < 2 {
			return nil
		}
		f, err := clocks.Fork(s.model.Px(t)*w*s.model.Net.Tensors[t].Format.Bits, s.readers[t])
		all = all.With(f)
		return err
	}
	for port, t := range l.In {
		from := width[t]
		if from == 0 {
			first := slices.Index(l.In, t)
			from = reads[first]
			if port == first {
				if err := fork(t, from); err != nil {
					return all, err
				}
			}
		}
		if from != reads[port] {
			c, err := clocks.Convert(s.model.Net.Tensors[t].Format.Bits, s.model.Px(t), from, reads[port])
			if err != nil {
				return all, err
			}
			all = all.With(c)
		}
	}
	return all, fork(l.Out, w)
}
