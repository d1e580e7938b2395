package quant

import (
	"fmt"
	"math"
	"slices"

	"hass/internal/fixed"
	"hass/internal/graph"
	"hass/internal/intnet"
)

// Queries on a finished plan: formats that the model gives, and clamps.

// source is the tensor from which t is known to have its format.
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

// between is the format of a linear resize from format in if no quantiser follows, or one with another scale: the input's scale and
// all 16 bits, which hold the exact result if the factors are small powers of two. ok is false for other layers.
func (l *layer) between(in fixed.Format) (f fixed.Format, ok bool) {
	if l.kind != intnet.KindResize || l.keeps || in.Scale == 0 {
		return f, false
	}
	f = in
	f.Bits, f.Frac = fixed.MaxBits, in.Frac+fixed.MaxBits-in.Bits
	return f, true
}

// given is the format that the model gives a tensor; nil if it gives none.
func (n *network) given(tensor string) *fixed.Format {
	from := n.source(tensor)
	if from == n.input {
		return n.inputFixed
	}
	if l := n.made[from]; l != nil { // otherwise a node with an issue makes it
		return l.fixed
	}
	return nil
}

// holdsLimits tells whether a clamp to [lo, hi] gives numbers of the format f, where nil is a format that is not chosen yet. If it does
// not, the clamp's result needs a format of its own.
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

// clampOf is the integer clamp of a layer whose output is v. Its limits are rounded like the
// values, so the order of clamp and rounding does not matter.
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

// leaving are the tensors that leave the integer network: outputs of the model, and inputs of the host's tail.
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

// isResult tells whether a value leaves the integer network, directly or through layers that keep its format.
func (n *network) isResult(value string) bool {
	return slices.ContainsFunc(n.leaving(), func(t string) bool { return n.source(t) == value })
}

// prunes checks that the inputs of a convolution with a threshold on activations are not equalised, because the threshold is the same for all
// channels.
func (s *Spec) prunes(l *layer, c ConvSpec) error {
	if c.TauA > 0 && slices.ContainsFunc(s.Equal[l.in[0]], func(k int) bool { return k != 0 }) {
		return fmt.Errorf("layer %q: the profile equalises the channels that it reads, and a threshold tau_a is the same for all: give hass profile the thresholds", l.node.Name)
	}
	return nil
}

// decide gives the convolutions the weights and biases to quantise under s: equalised, and with corrected biases.
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
