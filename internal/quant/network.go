package quant

import (
	"fmt"
	"math"
	"slices"

	"hass/internal/fixed"
	"hass/internal/graph"
	"hass/internal/intnet"
)

// What a finished plan answers: formats that the model gives, and clamps.

// source is the tensor whose format t has for certain.
func (n *network) source(t string) string {
	var path []string
	for l := n.made[t]; l != nil && l.keepsFormat(); l = n.made[t] {
		if s, ok := n.sources[t]; ok {
			t = s
			break
		}
		path = append(path, t)
		t = l.in[0]
	}
	for _, p := range path {
		n.sources[p] = t
	}
	return t
}

// keepsFormat tells whether a layer's output has its input's format.
func (l *layer) keepsFormat() bool {
	switch l.kind {
	case intnet.KindPool, intnet.KindGlobalPool:
		return l.max
	}
	return l.keeps || l.kind.Moves()
}

// clamps tells whether the layer's module can clamp its result.
func (l *layer) clamps() bool {
	return l.kind != intnet.KindConcat && !l.kind.Moves()
}

// between is the format of a linear resize from format in whose result no quantiser follows, or one of another scale: the input's
// scale and all 16 bits, which hold the exact result of factors that are small powers of two. ok is false of other layers.
func (l *layer) between(in fixed.Format) (f fixed.Format, ok bool) {
	if l.kind != intnet.KindResize || l.keeps || in.Scale == 0 {
		return f, false
	}
	f = in
	f.Bits, f.Frac = fixed.MaxBits, in.Frac+fixed.MaxBits-in.Bits
	return f, true
}

// given is the format that the model gives a tensor, nil if none.
func (n *network) given(tensor string) *fixed.Format {
	from := n.source(tensor)
	if from == n.input {
		return n.inputFixed
	}
	if l := n.made[from]; l != nil { // else made by a node that has an issue
		return l.fixed
	}
	return nil
}

// holdsLimits tells whether a clamp to [lo, hi] gives numbers of the format f, nil for one still to be chosen: else
// its result needs a format of its own.
func holdsLimits(f *fixed.Format, lo, hi float64) bool {
	if f == nil {
		return true
	}
	for _, limit := range []float64{lo, hi} {
		q := limit / f.Step()
		if q > float64(f.Min()) && q < float64(f.Max()) && q != math.Trunc(q) {
			return false
		}
	}
	return true
}

// clampOf is the integer clamp of a layer whose output is v: its limits rounded as its
// values are, so that it does not matter which comes first.
func (l *layer) clampOf(v ValueSpec) (lo, hi int64) {
	return fixed.Quantize(l.lo, v.Format, v.Rounding), fixed.Quantize(l.hi, v.Format, v.Rounding)
}

// dimsOf is the size of a tensor.
func (n *network) dimsOf(tensor string) dims {
	if l := n.made[tensor]; l != nil {
		return l.dims
	}
	return n.inDims
}

// leaving are the tensors that leave the integer network: outputs of the model, and what the host's tail reads.
func (n *network) leaving() []string {
	var list []string
	for _, r := range n.results {
		if r.tensor != "" {
			list = append(list, r.tensor)
		}
	}
	if n.tail != nil {
		for _, in := range n.tail.inputs {
			list = append(list, in.tensor)
		}
	}
	return list
}

// isResult tells whether a value leaves the integer network, perhaps through layers that keep its format.
func (n *network) isResult(value string) bool {
	return slices.ContainsFunc(n.leaving(), func(t string) bool { return n.source(t) == value })
}

// prunes checks that the inputs of a convolution with a threshold are as they are: it is the same for all channels.
func (s *Spec) prunes(l *layer, c ConvSpec) error {
	if c.TauA > 0 && slices.ContainsFunc(s.Equal[l.in[0]], func(k int) bool { return k != 0 }) {
		return fmt.Errorf("layer %q: the profile equalises the channels that it reads, and a threshold tau_a is the same for all: give hass profile the thresholds", l.node.Name)
	}
	return nil
}

// decide gives the convolutions the weights and biases that are quantised under s: corrected, and of equalised values.
func (n *network) decide(s *Spec) error {
	for _, l := range n.layers {
		if l.kind != intnet.KindConv {
			continue
		}
		c := s.Convs[l.node.Name]
		if err := s.prunes(l, c); err != nil {
			return err
		}
		if len(c.BiasAdd) == 0 {
			continue
		}
		b := &graph.Tensor{Type: graph.Float, Shape: graph.Shape{len(c.BiasAdd)}, F: make([]float32, len(c.BiasAdd))}
		for o, add := range c.BiasAdd {
			if l.b != nil {
				b.F[o] = l.b.F[o]
			}
			b.F[o] += float32(add)
		}
		l.b = b
	}
	return n.equalise(s.Equal)
}
