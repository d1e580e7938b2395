package quant

import (
	"fmt"
	"math"
	"slices"

	"hass/internal/fixed"
	"hass/internal/graph"
	"hass/internal/intnet"
)

// quantize takes the format that a quantised model gives an activation. The layer before it
// gets that format, so that its exact result is rounded once; where that cannot be, a layer of its
// own changes to it.
func (p *planner) quantize(n *graph.Node, op graph.Quantize) {
	v, ok := p.data(n, 0)
	if !ok {
		return
	}
	f, lo, hi, reason := p.fixedFormat(n, op)
	if reason != "" {
		p.fail(n.Name, op.Kind(), "quantise with one power of two as scale, zero point 0 and 2 to 16 bits; or export the model in float", "%s", reason)
		return
	}
	alone := p.alone(n, 0)
	if v.tensor == p.input && alone && p.inputFixed == nil {
		// A narrow range is a clamp behind it: both limits are integers of the format.
		if p.inputFixed = &f; !op.Narrow {
			p.views[n.Outputs[0]] = v
			return
		}
	} else if l := p.made[v.tensor]; l != nil && alone && p.settle(l, f, lo, hi) {
		delete(p.made, l.out)
		l.out = n.Outputs[0]
		p.made[l.out] = l
		return
	}
	l := newLayer(n, intnet.KindRequant, v.tensor)
	l.dims, l.nonneg = p.tensorDims(v.tensor), !f.Signed || p.tensorNonneg(v.tensor)
	l.fixed = &f
	l.lo, l.hi = lo, hi
	p.add(l)
}

// settle gives the output of l the format f and the range lo to hi of the model's quantiser behind it, which
// is its only reader. Maxima and moves commute with a quantiser, so it passes through them and through
// a concat to the layers whose results are rounded. It reports whether it could: a result that
// another quantiser has rounded, or that somebody else reads, needs a layer of its own.
func (p *planner) settle(l *layer, f fixed.Format, lo, hi float64) bool {
	switch {
	case l.fixed != nil:
		return false
	case l.kind == intnet.KindConcat:
		for i, in := range l.in { // the concat changes the format of the others
			if from := p.made[in]; from != nil && l.alone[i] {
				p.settle(from, f, lo, hi)
			}
		}
	case l.kind == intnet.KindRequant: // a clamp of what cannot clamp itself
		if from := p.made[l.in[0]]; from != nil && l.alone[0] {
			p.settle(from, f, lo, hi)
		}
	case l.keepsFormat():
		from := p.made[l.in[0]]
		return from != nil && l.alone[0] && p.settle(from, f, lo, hi)
	}
	l.fixed = &f
	l.lo, l.hi = min(max(l.lo, lo), hi), min(max(l.hi, lo), hi)
	return true
}

// alone tells whether a node is the only reader of its input i and of the tensor it is a view of.
func (p *planner) alone(n *graph.Node, i int) bool {
	return p.views[n.Inputs[i]].single && p.uses[n.Inputs[i]] == 1
}

// fixedFormat is the format and the range of a quantiser, or the reason why it has none.
func (p *planner) fixedFormat(n *graph.Node, op graph.Quantize) (f fixed.Format, lo, hi float64, reason string) {
	scale, zero := p.g.Consts[n.Inputs[1]], p.g.Consts[n.Inputs[2]]
	switch {
	case scale == nil || scale.Type != graph.Float || len(scale.F) == 0 || zero == nil:
		return f, 0, 0, "its scale or zero point is not a constant"
	case op.Bipolar:
		return f, 0, 0, "it makes bipolar numbers, -1 and +1 without a zero, of activations"
	case op.Bits < 2 || op.Bits > fixed.MaxBits:
		return f, 0, 0, "its width is not within 2 to 16 bits"
	case slices.ContainsFunc(scale.F, func(s float32) bool { return s != scale.F[0] }):
		return f, 0, 0, "it has a scale per channel"
	case slices.ContainsFunc(zero.F, func(z float32) bool { return z != 0 }) || slices.ContainsFunc(zero.I, func(z int64) bool { return z != 0 }):
		return f, 0, 0, "its zero point is not 0"
	}
	frac, ok := powerOfTwo(scale.F[0])
	if !ok {
		return f, 0, 0, "its scale is no power of two"
	}
	least, most := graph.Range(op.Bits, op.Signed, op.Narrow)
	return fixed.Format{Bits: op.Bits, Frac: frac, Signed: op.Signed}, math.Ldexp(float64(least), -frac), math.Ldexp(float64(most), -frac), ""
}

// powerOfTwo is the binary point of steps of s, if that is a power of two.
func powerOfTwo(s float32) (frac int, ok bool) {
	m, exp := math.Frexp(float64(s))
	return 1 - exp, m == 0.5
}

// gridBits is the width of weights that lie on a grid of one or more powers of two around 0; else 0 and, if they lie on
// another grid, why it is not kept.
func gridBits(w *graph.Tensor) (bits int, why string) {
	g := w.Grid
	switch {
	case g == nil:
		return 0, ""
	case !g.Signed:
		return 0, "its weights are unsigned"
	case g.Bits < 2 || g.Bits > fixed.MaxBits:
		return 0, fmt.Sprintf("its weights have %d bits, not 2 to %d", g.Bits, fixed.MaxBits)
	case slices.ContainsFunc(g.Zero, func(z int64) bool { return z != 0 }):
		return 0, "the zero point of its weights is not 0"
	}
	least, _ := graph.Range(g.Bits, true, false)
	for i, s := range g.Scale {
		if _, ok := powerOfTwo(s); !ok {
			return 0, fmt.Sprintf("the scale %g of its weights is no power of two", s)
		}
		// Weights lie within +-(2^(b-1)-1): the lowest number needs a bit more.
		if per := len(w.F) / len(g.Scale); slices.Contains(w.F[i*per:(i+1)*per], float32(least)*s) {
			return min(g.Bits+1, fixed.MaxBits), ""
		}
	}
	return g.Bits, ""
}
