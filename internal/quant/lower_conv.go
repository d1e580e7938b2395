package quant

import (
	"fmt"
	"math"
	"slices"

	"hass/internal/fixed"
	"hass/internal/intnet"
)

// Convolutions: weights and biases, and the form of the requantisation.

// width is that of the grid's weights as a layer has it.
func (k *grid) width() int { return max(k.bits, 2) }

// keepsWeights tells whether a layer has the integers of the model's quantised weights: no user gave it another width.
func (l *layer) keepsWeights(s ConvSpec) bool {
	return l.grid != nil && s.WeightBits == l.grid.width() && s.WeightStep == nil
}

// keptFracs are the binary points of kept weights, none where the model's steps are not such or need too many shifts; false if the
// weights are not kept.
func (l *layer) keptFracs(bits int) (fracs []int, keeps bool) {
	if !l.keepsWeights(ConvSpec{WeightBits: bits}) {
		return nil, false
	}
	if fracs, ok := l.grid.fracs(); ok {
		return fracs, true
	}
	return []int{}, true
}

// quantised are the weights of l under s, no threshold applied, in the order of the integer network.
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

// prune makes the weights below the threshold 0.
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

// lowerConv is a convolution from format in to format to, without weights. Where scales differ its multipliers or thresholds, and
// the biases that belong to them, are sought for the weights before any is pruned: less can only narrow the sums they were shown right for.
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

// convOf is a convolution from format in to format to, without weights and, between scales, without its requantisation.
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

// quantizeWeights gives c the weights, biases and accumulator of l. A requantisation between scales has its biases already.
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

// biasFrac is the number of binary places that biases need below the unit of their sums. Where a tie goes to the even
// neighbour, a bias between two units decides whether there is one: it is rounded to odd, at two places at least below
// the last that is kept (S. Boldo and G. Melquiond, "Emulation of FMA and correctly rounded sums: proved algorithms
// using rounding to odd", IEEE Transactions on Computers 57, 2008), so that the one rounding behind gives what the bias itself
// would have given.
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

// bias is biasAt as an integer, saturated beyond any accumulator.
func (l *layer) bias(o, frac int, in fixed.Format) int64 {
	if l.b == nil {
		return 0
	}
	return fixed.QuantizeRange(float64(l.b.F[o])/in.Factor(), frac, fixed.HalfUp, -intnet.MaxBias, intnet.MaxBias)
}

// roundToOdd is v if that is an integer, else its odd neighbour.
func roundToOdd(v float64) int64 {
	f := math.Floor(v)
	q := int64(f)
	if f != v {
		q |= 1
	}
	return q
}
