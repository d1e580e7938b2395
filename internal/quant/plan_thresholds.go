package quant

import (
	"fmt"
	"math"
	"math/big"
	"slices"

	"hass/internal/fixed"
	"hass/internal/graph"
	"hass/internal/intnet"
	"hass/internal/rescale"
)

// multiThreshold plans FINN's MultiThreshold. The convolution before it compares its sums with the thresholds; the reference compares
// real numbers. If no convolution precedes it, one with a single tap per channel and the weight 1 is inserted.
func (p *planner) multiThreshold(n *graph.Node, op graph.MultiThreshold) {
	v, ok := p.data(n, 0)
	if !ok {
		return
	}
	t := p.g.Consts[n.Inputs[1]]
	f, least, each, reason := levelFormat(op, t)
	if reason != "" {
		p.fail(n.Name, op.Kind(), "let out_bias be a multiple of half of out_scale, with at most 255 thresholds; or quantise with Quant", "%s", reason)
		return
	}
	l := p.made[v.tensor]
	if l != nil && l.kind == intnet.KindConv && p.alone(n, 0) && l.fixed == nil && math.IsInf(l.lo, -1) && math.IsInf(l.hi, 1) {
		delete(p.made, l.out)
		l.out = n.Outputs[0]
		p.made[l.out] = l
	} else {
		l = newLayer(n, intnet.KindConv, v.tensor)
		l.dims = p.tensorDims(v.tensor)
		l.conv = &graph.Conv{Window: graph.Window{Kernel: [2]int{1, 1}, Stride: [2]int{1, 1}, Dilation: [2]int{1, 1}}, Groups: l.dims.c}
		l.w = &graph.Tensor{Type: graph.Float, Shape: graph.Shape{l.dims.c, 1, 1, 1}, F: make([]float32, l.dims.c),
			Grid: &graph.Grid{Bits: 2, Signed: true, Scale: []float32{1}, Zero: []int64{0}}}
		for i := range l.w.F {
			l.w.F[i] = 1
		}
		p.finishConv(l)
	}
	most := least + int64(each*t.Shape[1])
	l.levels, l.each, l.fixed, l.nonneg = t, each, &f, least >= 0
	l.lo, l.hi = float64(least)*f.Step(), float64(most)*f.Step()
}

// levelFormat is the format of the levels of a MultiThreshold, the least level and the number of units that each threshold adds, or the
// reason why there is none. Levels half way between multiples of out_scale, such as the -1 and 1 of bipolar numbers, have a unit of half
// of out_scale.
func levelFormat(op graph.MultiThreshold, t *graph.Tensor) (f fixed.Format, least int64, each int, reason string) {
	if t == nil || t.Type != graph.Float || len(t.Shape) != 2 {
		return f, 0, 0, "its thresholds are not constants"
	}
	each = 1
	z := op.Bias / op.Scale
	if z != math.Trunc(z) {
		each, z = 2, 2*z
	}
	if k := each * t.Shape[1]; k > widestLevels {
		return f, 0, 0, fmt.Sprintf("its %d thresholds a channel are %d steps, more than %d", t.Shape[1], k, widestLevels)
	}
	if z != math.Trunc(z) || math.Abs(z) > 1<<fixed.MaxBits {
		return f, 0, 0, fmt.Sprintf("its out_bias %g is no multiple of half its out_scale %g", op.Bias, op.Scale)
	}
	least = int64(z)
	f = fixed.OfStep(float64(float32(op.Scale)) / float64(each))
	width := fixed.Holds(min(least, 0), max(least+int64(each*t.Shape[1]), 0))
	if f.Bits, f.Signed = width.Bits, width.Signed; f.Bits > fixed.MaxBits {
		return f, 0, 0, fmt.Sprintf("its levels need %d bits around 0, more than %d", f.Bits, fixed.MaxBits)
	}
	return f, least, each, ""
}

// countLevels gives a convolution the thresholds of its levels, in units of its sums.
func (l *layer) countLevels(s ConvSpec, in, to fixed.Format, out *intnet.Layer) {
	c := out.Conv
	c.Bias, out.Rounding = make([]int64, c.OutC), 0
	lines := l.lines(s, in, to, out)
	rows, k := l.levels.Shape[0], l.levels.Shape[1]
	for o := range lines {
		var list []int64
		for _, t := range l.levels.F[o%rows*k:][:k] {
			var at int64
			switch t := float64(t); {
			case math.IsInf(t, 1):
				at = lines[o].Most + 1
			case math.IsInf(t, -1):
				at = lines[o].Least
			default:
				at = lines[o].Reach(new(big.Rat).Quo(rescale.Rat(t), rescale.Rat(to.Step())))
			}
			list = append(list, slices.Repeat([]int64{at}, l.each)...)
		}
		c.Thresholds = append(c.Thresholds, list)
	}
}
