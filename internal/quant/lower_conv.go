package quant

import (
	"fmt"
	"math"
	"slices"

	"hass/internal/fixed"
	"hass/internal/intnet"
)

// Convolutions: weights and biases, and the form of the requantisation.

// width is the width of the grid's weights in a layer, at least 2 bits.
func (k *grid) width() int { return max(k.bits, 2) }

// keepsWeights tells whether a layer keeps the integers of the model's quantised weights, because the user gave no other width.
func (l *layer) keepsWeights(s ConvSpec) bool {
	return l.grid != nil && s.WeightBits == l.grid.width() && s.WeightStep == nil
}

// keptFracs are the binary points of kept weights; nil if the model's steps are not powers of two or need too many shifts. keeps is
// false if the weights are not kept.
func (l *layer) keptFracs(bits int) (fracs []int, keeps bool) {
	if !l.keepsWeights(ConvSpec{WeightBits: bits}) {
		return nil, false
	}
	if fracs, ok := l.grid.fracs(); ok {
		return fracs, true
	}
	return []int{}, true
}

// quantised are the weights of l under s, without a threshold, in the order of the integer network.
func (l *layer) quantised(s ConvSpec) []int16 {
	w := make([]int16, len(l.w.F))
	limit := int64(1)<<(s.WeightBits-1) - 1
	per := len(w) / l.w.Shape[0]
	for i := range w {
		if at := l.perm(i); s.WeightStep != nil {
			w[i] = int16(fixed.QuantizeRange(float64(l.w.F[at])/s.WeightStep[i/per], 0, fixed.HalfUp, -limit, limit))
		} else if l.keepsWeights(s) {
			w[i] = int16(l.grid.weights[at])
		} else {
			w[i] = int16(fixed.QuantizeRange(float64(l.w.F[at]), s.WeightFrac[min(i/per, len(s.WeightFrac)-1)], fixed.HalfUp, -limit, limit))
		}
	}
	return w
}

// prune sets weights below the threshold to 0.
func (l *layer) prune(w []int16, tau float64) {
	for i := range w {
		if math.Abs(float64(l.model.F[l.perm(i)])) < tau {
			w[i] = 0
		}
	}
}

// weights quantises the weights and biases of the convolutions of p into net, whose requantisations are decided.
func (p *network) weights(net *intnet.Net, spec *Spec) error {
	convs := make(map[string]*intnet.Layer)
	for i := range net.Layers {
		if l := &net.Layers[i]; l.Conv != nil {
			convs[l.Name] = l
		}
	}
	for _, l := range p.layers {
		if l.kind != intnet.KindConv {
			continue
		}
		out := convs[l.node.Name]
		if err := quantizeWeights(l, spec.Convs[l.node.Name], net.Tensors[out.In[0]].Format, out.Conv); err != nil {
			return fmt.Errorf("layer %q: %w", l.node.Name, err)
		}
	}
	return nil
}

// lowerConv gives a convolution from format in to format to, without weights. If scales differ, its multipliers or thresholds and
// their biases are found for the unpruned weights: pruning only narrows the range of sums, so they stay correct.
func lowerConv(l *layer, s ConvSpec, in fixed.Format, to ValueSpec, out *intnet.Layer, care effort) error {
	out.Conv = convOf(l, s, in, to)
	out.Rounding = to.Rounding
	if l.shifts(s, in, to.Format) {
		return nil
	}
	return l.rescaleConv(s, in, to, out, care)
}

// shifts tells whether the convolution's requantisation is a shift.
func (l *layer) shifts(s ConvSpec, in, to fixed.Format) bool {
	return len(s.WeightFrac) > 0 && in.Scale == to.Scale && !l.bipolar && l.levels == nil
}

// convOf gives a convolution from format in to format to, without weights and, if scales differ, without requantisation.
func convOf(l *layer, s ConvSpec, in fixed.Format, to ValueSpec) *intnet.Conv {
	c := &intnet.Conv{
		Window: windowOf(intnet.Window(l.conv.Window)), Groups: l.conv.Groups, OutC: l.w.Shape[0],
		WeightBits: s.WeightBits, TauA: integerTau(max(s.TauA, l.tauA), in),
	}
	if !l.shifts(s, in, to.Format) {
		return c
	}
	c.WeightFrac = slices.Clone(s.WeightFrac)
	for _, f := range s.WeightFrac {
		c.Shift = append(c.Shift, in.Frac+f-to.Frac)
	}
	c.BiasFrac = l.biasFrac(c, to.Rounding, in)
	return c
}

// quantizeWeights gives c the weights, biases and accumulator of l. If scales differ, c already has its biases.
func quantizeWeights(l *layer, s ConvSpec, in fixed.Format, c *intnet.Conv) error {
	c.Weights = l.quantised(s)
	l.prune(c.Weights, s.TauW)
	if c.Scaled() {
		c.AccBits = c.BoundBits(in)
		return nil
	}
	c.Bias = make([]int64, c.OutC)
	for o := range c.Bias {
		frac := in.Frac + c.WeightFrac[min(o, len(c.WeightFrac)-1)]
		exact := l.biasAt(o, frac+c.BiasFrac, in)
		b := l.bias(o, frac, in)
		if c.BiasFrac > 0 {
			b = roundToOdd(min(max(exact, -intnet.MaxBias), intnet.MaxBias))
		}
		if math.Abs(exact) >= intnet.MaxBias {
			return fmt.Errorf("bias %d of %g is beyond any accumulator at binary point %d", o, l.b.F[o], frac)
		}
		c.Bias[o] = b
	}
	c.AccBits = c.BoundBits(in)
	return nil
}

// biasFrac is the number of binary places that biases need below the unit of their sums. If ties are rounded to even, a bias
// between two units decides whether a sum is a tie. So it is rounded to odd, with at least two places below the last place of
// the result (S. Boldo and G. Melquiond, "Emulation of FMA and correctly rounded sums: proved algorithms using rounding to
// odd", IEEE Transactions on Computers 57, 2008). The final rounding then gives the same result as with the exact bias.
func (l *layer) biasFrac(c *intnet.Conv, r fixed.Rounding, in fixed.Format) int {
	most := 0
	for o := range c.OutC {
		b := l.biasAt(o, in.Frac+c.WeightFrac[min(o, len(c.WeightFrac)-1)], in)
		if r == fixed.HalfEven && b != math.Trunc(b) {
			most = max(most, 1, 2-c.ShiftOf(o))
		}
	}
	return most
}

// biasAt is the bias of output channel o in units of 2^-frac of the input's scale.
func (l *layer) biasAt(o, frac int, in fixed.Format) float64 {
	if l.b == nil {
		return 0
	}
	return math.Ldexp(float64(l.b.F[o])/in.Factor(), frac)
}

// bias is biasAt as an integer, saturated to a value beyond any accumulator.
func (l *layer) bias(o, frac int, in fixed.Format) int64 {
	if l.b == nil {
		return 0
	}
	return fixed.QuantizeRange(float64(l.b.F[o])/in.Factor(), frac, fixed.HalfUp, -intnet.MaxBias, intnet.MaxBias)
}

// roundToOdd is v if v is an integer, otherwise its odd neighbour.
func roundToOdd(v float64) int64 {
	f := math.Floor(v)
	q := int64(f)
	if f != v {
		q |= 1
	}
	return q
}
