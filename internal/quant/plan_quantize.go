package quant

import (
	"math"
	"slices"

	"hass/internal/fixed"
	"hass/internal/graph"
	"hass/internal/intnet"
)

// quantize takes the format that a quantised model gives an activation: the layer before it
// gets that format, or a layer of its own changes to it. Ties round up here and to
// even in the model.
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
	single := v.single && p.uses[n.Inputs[0]] == 1
	if v.tensor == p.input && single && p.inputFixed == nil && !op.Narrow {
		p.inputFixed = &f
		p.views[n.Outputs[0]] = v
		return
	}
	l := p.made[v.tensor]
	if l == nil || !single || l.fixed != nil || !l.clamps() || l.keepsFormat() {
		l = newLayer(n, intnet.KindRequant, v.tensor)
		l.dims, l.nonneg = p.tensorDims(v.tensor), !f.Signed || p.tensorNonneg(v.tensor)
		p.add(l)
	} else {
		delete(p.made, l.out)
		l.out = n.Outputs[0]
		p.made[l.out] = l
	}
	l.fixed = &f
	l.lo, l.hi = min(max(l.lo, lo), hi), min(max(l.hi, lo), hi)
}

// fixedFormat is the format and the range of a quantiser, or the reason why it has none.
func (p *planner) fixedFormat(n *graph.Node, op graph.Quantize) (f fixed.Format, lo, hi float64, reason string) {
	scale, zero := p.g.Consts[n.Inputs[1]], p.g.Consts[n.Inputs[2]]
	switch {
	case scale == nil || scale.Type != graph.Float || len(scale.F) == 0 || zero == nil:
		return f, 0, 0, "its scale or zero point is not a constant"
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

// gridBits is the width of weights that lie on a grid of one or more powers of two around 0; else 0.
func gridBits(w *graph.Tensor) int {
	g := w.Grid
	if g == nil || !g.Signed || g.Bits < 2 || g.Bits > fixed.MaxBits || slices.ContainsFunc(g.Zero, func(z int64) bool { return z != 0 }) {
		return 0
	}
	least, _ := graph.Range(g.Bits, true, false)
	for i, s := range g.Scale {
		if _, ok := powerOfTwo(s); !ok {
			return 0
		}
		// Weights lie within +-(2^(b-1)-1): the lowest number needs a bit more.
		if per := len(w.F) / len(g.Scale); slices.Contains(w.F[i*per:(i+1)*per], float32(least)*s) {
			return min(g.Bits+1, fixed.MaxBits)
		}
	}
	return g.Bits
}
