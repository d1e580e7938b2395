package quant

import (
	"fmt"
	"math"
	"slices"

	"hass/internal/fixed"
	"hass/internal/graph"
	"hass/internal/intnet"
)

// quantize plans a quantiser of the model on activations. The layer before it gets the quantiser's
// format, so that its exact result is rounded once. If that is not possible, a separate layer
// changes the format.
func (p *planner) quantize(n *graph.Node, op graph.Quantize) {
	v, ok := p.data(n, 0)
	if !ok {
		return
	}
	f, lo, hi, reason := p.fixedFormat(n, op)
	if reason != "" {
		p.fail(n.Name, op.Kind(), "quantise with one scale and one zero point per tensor and 1 to 16 bits; or export the model in float", "%s", reason)
		return
	}
	alone := p.alone(n, 0)
	if op.Bipolar {
		p.bipolar(n, v, f, lo, hi)
		return
	}
	if v.tensor == p.input && alone && p.inputFixed == nil {
		// A narrower range becomes a clamp behind the input, whose limits are integers of the format.
		if p.inputFixed = &f; lo == fixed.Dequantize(f.Min(), f) && hi == fixed.Dequantize(f.Max(), f) {
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

// bipolar plans a quantiser to -scale and +scale. A convolution before it compares its sums, including the bias, with 0. Otherwise a separate
// layer compares.
func (p *planner) bipolar(n *graph.Node, v view, f fixed.Format, lo, hi float64) {
	l := p.made[v.tensor]
	if l != nil && l.kind == intnet.KindConv && p.alone(n, 0) && l.fixed == nil && math.IsInf(l.lo, -1) && math.IsInf(l.hi, 1) {
		delete(p.made, l.out)
		l.out = n.Outputs[0]
		p.made[l.out] = l
	} else {
		l = newLayer(n, intnet.KindRequant, v.tensor)
		l.dims = p.tensorDims(v.tensor)
		p.add(l)
	}
	l.bipolar, l.fixed, l.lo, l.hi, l.nonneg = true, &f, lo, hi, false
}

// settle gives the output of l the format f and the range lo to hi of the model's quantiser behind it, which
// is its only reader. Maxima and moves commute with a quantiser, so settle passes through them and through
// a concat to the layers whose results are rounded. It reports whether this was possible. It is not if
// another quantiser has rounded the result, or if the result has other readers; then the quantiser needs a separate layer.
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
	case l.kind == intnet.KindRequant: // a clamp behind a layer that cannot clamp
		if from := p.made[l.in[0]]; from != nil && l.alone[0] {
			p.settle(from, f, lo, hi)
		}
	case l.keepsFormat():
		from := p.made[l.in[0]]
		return from != nil && l.alone[0] && p.settle(from, f, lo, hi)
	case l.kind == intnet.KindResize && f.Scale != p.scaleOf(l.in[0]):
		return false // its weights have binary places only (see between)
	}
	l.fixed = &f
	l.lo, l.hi = min(max(l.lo, lo), hi), min(max(l.hi, lo), hi)
	return true
}

// scaleOf is the scale of a tensor's format if the model gives one, otherwise none.
func (p *planner) scaleOf(tensor string) float64 {
	if f := p.given(tensor); f != nil {
		return f.Scale
	}
	return 0
}

// alone tells whether a node is the only reader of its input i and of the tensor behind it.
func (p *planner) alone(n *graph.Node, i int) bool {
	return p.views[n.Inputs[i]].single && p.uses[n.Inputs[i]] == 1
}

// fixedFormat is the format and the range of a quantiser, or the reason why it has none. Streams carry q - zero point, so that the
// value 0 and padding are the integer 0, and engines skip values that the model's activation set to 0.
func (p *planner) fixedFormat(n *graph.Node, op graph.Quantize) (f fixed.Format, lo, hi float64, reason string) {
	scale, zero := p.g.Consts[n.Inputs[1]], p.g.Consts[n.Inputs[2]]
	switch {
	case scale == nil || scale.Type != graph.Float || len(scale.F) == 0 || zero == nil || zero.Type != graph.Float || len(zero.F) == 0:
		return f, 0, 0, "its scale or zero point is not a constant"
	case op.Bits < 1 || op.Bits > fixed.MaxBits:
		return f, 0, 0, fmt.Sprintf("it has %d bits, not 1 to %d", op.Bits, fixed.MaxBits)
	case slices.ContainsFunc(scale.F, func(s float32) bool { return s != scale.F[0] }) || slices.ContainsFunc(zero.F, func(z float32) bool { return z != zero.F[0] }):
		return f, 0, 0, "it has a scale or a zero point per channel; a stream has one"
	}
	step, z := float64(scale.F[0]), int64(zero.F[0])
	if op.Bipolar {
		f = fixed.OfStep(step)
		f.Bits, f.Signed = 2, true
		return f, -step, step, ""
	}
	least, most := graph.Range(op.Bits, op.Signed, op.Narrow)
	if z < least || z > most {
		return f, 0, 0, fmt.Sprintf("its zero point %d is not within %d to %d", z, least, most)
	}
	f = fixed.OfStep(step)
	width := fixed.Holds(least-z, most-z)
	if f.Bits, f.Signed = width.Bits, width.Signed; f.Bits > fixed.MaxBits {
		return f, 0, 0, fmt.Sprintf("its %d bits around the zero point %d need %d bits around 0, more than %d", op.Bits, z, f.Bits, fixed.MaxBits)
	}
	return f, float64(least-z) * step, float64(most-z) * step, ""
}

// grid has the weights of a quantised model as they are stored: integers and their steps.
type grid struct {
	weights []int64 // zero points subtracted, in the order of the layer's w
	steps   []float64
	bits    int // bits of the widest weight
}

// gridOf is the grid of the weights w [F,...]. It is nil if they lie on no grid; if the model quantised them, why then tells the reason for not
// keeping the grid.
func gridOf(w *graph.Tensor) (k *grid, why string) {
	g := w.Grid
	switch {
	case g == nil:
		return nil, ""
	case len(g.Scale) > 1 && g.Axis != 0:
		return nil, fmt.Sprintf("its weights have scales along axis %d, not per output channel", g.Axis)
	}
	k = &grid{weights: make([]int64, len(w.F))}
	per := len(w.F) / len(g.Scale)
	lo, hi := int64(0), int64(0)
	for i, s := range g.Scale {
		k.steps = append(k.steps, float64(s))
		for j, v := range w.F[i*per : (i+1)*per] {
			q := math.RoundToEven(float64(v) / float64(s))
			if !(math.Abs(q) <= math.MaxInt16) || math.Abs(q*float64(s)-float64(v)) > gridSlack*float64(s) {
				return nil, fmt.Sprintf("weight %d, %g, is not one of the up to %d bits of its scale %g", i*per+j, v, fixed.MaxBits, s)
			}
			k.weights[i*per+j] = int64(q)
			lo, hi = min(lo, int64(q)), max(hi, int64(q))
		}
	}
	k.bits = fixed.Holds(min(lo, -1), hi).Bits // weights are signed
	return k, ""
}

// gridSlack is the largest distance of a weight from its grid, in steps, that may come from float32 arithmetic.
const gridSlack = 1.0 / 64

// fracs are the binary points of the grid's steps, one for all or one per output channel. ok is false if not all steps are powers of
// two, or if they need too many shifts.
func (k *grid) fracs() (fracs []int, ok bool) {
	least, most := math.MaxInt, math.MinInt
	for _, s := range k.steps {
		f := fixed.OfStep(s)
		if f.Scale != 0 {
			return nil, false
		}
		fracs = append(fracs, f.Frac)
		least, most = min(least, f.Frac), max(most, f.Frac)
	}
	if least == most {
		return fracs[:1], true
	}
	return fracs, most-least < intnet.MaxShiftSteps && k.bits <= intnet.PerChannelBits
}
