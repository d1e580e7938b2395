package quant

import (
	"fmt"
	"math"
	"math/big"
	"slices"

	"hass/internal/curve"
	"hass/internal/fixed"
	"hass/internal/intnet"
	"hass/internal/rescale"
)

// Layers between formats of different scales. The reference is the model's quantiser, evaluated exactly. A form either equals it
// for all possible values, or is refused with a reason (see package rescale).

const (
	mostCompared = 1 << 22 // most thresholds of a layer with which multipliers are compared
	draftBits    = 15      // bits of multipliers in networks whose numbers do not matter
	mulBits      = 30      // widest multiplier: intnet.MaxMul
	biasBits     = 12      // most fractional bits of a bias before a multiplier
	// compareLevels is the largest number of levels of an output that is compared with thresholds although a multiplier would be
	// exact: up to this number the comparators take fewer LUTs than the registers around a multiplier, and no DSP.
	compareLevels = 7
	spareBits     = 4   // further bits of a multiplier to a calibrated format, beyond the format's width: its error is at most 1/32 of a step
	widestLevels  = 255 // most thresholds of a channel: 8 bits
)

// ratioOf is the step a divided by the step b, exactly.
func ratioOf(a, b float64) *big.Rat { return new(big.Rat).Quo(rescale.Rat(a), rescale.Rat(b)) }

// rescaleConv gives a convolution between scales its multipliers or thresholds, and biases.
func (l *layer) rescaleConv(s ConvSpec, in fixed.Format, to ValueSpec, out *intnet.Layer, care effort) error {
	c := out.Conv
	c.WeightStep = l.steps(s)
	if l.bipolar {
		return l.compare(s, in, to.Format, out)
	}
	if l.levels != nil {
		l.countLevels(s, in, to.Format, out)
		return nil
	}
	if care == draft {
		c.Mul, c.Shift = nearMul(c.WeightStep, in, to.Format, draftBits)
		out.Rounding = fixed.HalfUp
		return nil
	}
	if !to.kept() {
		return l.approach(in, to.Format, out)
	}
	lines := l.lines(s, in, to.Format, out)
	c.Bias = make([]int64, c.OutC)
	levels := out.Hi - out.Lo
	if levels*int64(c.OutC) > mostCompared {
		return fmt.Errorf("%d channels of %d levels each are too many to show a multiplier right for all", c.OutC, levels+1)
	}
	if levels > compareLevels || levels == 0 {
		width := l.calm(lines, c, in, to.Format)
		// Sums and multipliers share the widest product.
		m := rescale.FindMultiplier(lines, rescale.Limits{MulBits: mulBits, BiasFrac: biasBits, Both: fixed.MaxAccBits - 1 - width})
		if m != nil && (levels > 0 || m.BiasFrac == 0) {
			c.Mul, c.Shift, c.Bias, c.BiasFrac = m.Mul, []int{m.Shift}, m.Bias, m.BiasFrac
			out.Rounding = m.Rounding
			if !oneOf(c.Mul) {
				return nil
			}
			c.Mul = c.Mul[:1]
			return nil
		}
	}
	if levels < 1 || levels > widestLevels || levels*int64(c.OutC) > intnet.MaxThresholds {
		return fmt.Errorf("no multiplier of %d bits equals its scales for every sum, and its output's %d levels are too many for thresholds: use scales that are no fractions of each other, or powers of two", mulBits, levels+1)
	}
	for i := range lines {
		c.Thresholds = append(c.Thresholds, lines[i].Thresholds())
	}
	out.Rounding = 0
	return nil
}

// compare gives a convolution whose output is a sign one threshold, at which the sum with its bias is 0. The threshold counts twice: from
// -1 to 1.
func (l *layer) compare(s ConvSpec, in, to fixed.Format, out *intnet.Layer) error {
	c := out.Conv
	c.Bias, out.Rounding = make([]int64, c.OutC), 0
	lines := l.lines(s, in, to, out)
	for i := range lines {
		t := lines[i].Reach(new(big.Rat))
		c.Thresholds = append(c.Thresholds, []int64{t, t})
	}
	return nil
}

// approach gives a convolution to a calibrated format multipliers with an error of a small part of a step. Such a format is not given by
// the model, so its results need not be exact.
func (l *layer) approach(in, to fixed.Format, out *intnet.Layer) error {
	c := out.Conv
	out.Rounding = fixed.HalfUp
	top := 0.0
	for _, s := range c.WeightStep {
		top = max(top, in.Step()*s/to.Step())
	}
	_, exp := math.Frexp(top)
	places := min(max(to.Bits+spareBits-exp, 0), intnet.MaxShift-biasBits)
	c.Shift, c.BiasFrac = []int{places}, min(max(exp+spareBits, 0), biasBits)
	for _, s := range c.WeightStep {
		c.Mul = append(c.Mul, max(1, round(in.Step()*s/to.Step(), places)))
	}
	for c.Shift[0] > 0 && !slices.ContainsFunc(c.Mul, func(m int64) bool { return m%2 != 0 }) { // free steps are chosen so that few bits are enough
		for i := range c.Mul {
			c.Mul[i] /= 2
		}
		c.Shift[0]--
	}
	for o := range c.OutC {
		b := 0.0
		if l.b != nil {
			b = float64(l.b.F[o]) / (in.Step() * c.StepOf(o))
		}
		if math.Abs(math.Ldexp(b, c.BiasFrac)) >= intnet.MaxBias {
			return fmt.Errorf("bias %d of %g is beyond any accumulator", o, l.b.F[o])
		}
		c.Bias = append(c.Bias, round(b, c.BiasFrac))
	}
	return nil
}

func oneOf(list []int64) bool {
	for _, v := range list {
		if v != list[0] {
			return false
		}
	}
	return true
}

// steps are the steps of the weights: one, or one per output channel.
func (l *layer) steps(s ConvSpec) []float64 {
	if s.WeightStep != nil {
		return s.WeightStep
	}
	if l.keepsWeights(s) {
		return l.grid.steps
	}
	var list []float64
	for _, f := range s.WeightFrac {
		list = append(list, math.Ldexp(1, -f))
	}
	return list
}

// nearMul gives multipliers of a given number of bits nearest to the ratios of scales, and their shift.
func nearMul(steps []float64, in, to fixed.Format, width int) (mul []int64, shift []int) {
	top := 0.0
	for _, s := range steps {
		top = max(top, in.Step()*s/to.Step())
	}
	_, exp := math.Frexp(top)
	places := min(max(width-exp, 0), intnet.MaxShift)
	for _, s := range steps {
		mul = append(mul, max(1, round(in.Step()*s/to.Step(), places)))
	}
	return mul, []int{places}
}

// lines are the exact functions from the sums of each output channel, with unpruned weights, to the output.
func (l *layer) lines(s ConvSpec, in, to fixed.Format, out *intnet.Layer) (lines []rescale.Line) {
	steps, w := l.steps(s), l.quantised(s)
	channels := l.w.Shape[0]
	per := len(w) / channels
	for o := range channels {
		var b fixed.Bound
		for _, v := range w[o*per : (o+1)*per] {
			b.Add(int64(v), in.Min(), in.Max())
		}
		unit := new(big.Rat).Mul(rescale.Rat(in.Step()), rescale.Rat(steps[min(o, len(steps)-1)]))
		line := rescale.Line{Bias: new(big.Rat).Quo(l.exactBias(o), unit), Ratio: unit.Quo(unit, rescale.Rat(to.Step())),
			Lo: out.Lo, Hi: out.Hi, Least: b.Lo, Most: b.Hi}
		lines = append(lines, line)
	}
	return lines
}

// calm replaces the lines of channels whose sums hardly change their output, because their scale is nearly 0, by lines of the same values
// with small biases, and adjusts their steps of weights. It returns the width of the widest sum.
func (l *layer) calm(lines []rescale.Line, c *intnet.Conv, in, to fixed.Format) (width int) {
	c.WeightStep = slices.Clone(c.WeightStep)
	var top *big.Rat // largest ratio of the other channels
	for o := range lines {
		if _, ok := lines[o].Calm(nil); !ok && (top == nil || lines[o].Ratio.Cmp(top) > 0) {
			top = lines[o].Ratio
		}
	}
	for o := range lines {
		line := &lines[o]
		if calm, ok := line.Calm(top); ok && len(c.WeightStep) == c.OutC {
			*line = calm
			ratio, _ := line.Ratio.Float64()
			c.WeightStep[o] = ratio * to.Step() / in.Step()
		}
		f, _ := line.Bias.Float64()
		if math.Abs(f) >= intnet.MaxBias {
			return fixed.MaxAccBits // leaves no room for a multiplier
		}
		// The bias may be rounded up or down.
		width = max(width, fixed.Bound{Lo: int64(math.Floor(f)) - 1 + min(line.Least, 0), Hi: int64(math.Ceil(f)) + 1 + max(line.Most, 0)}.Bits())
	}
	return width
}

// exactBias is the bias of output channel o; in a quantised model, its integer times its scale.
func (l *layer) exactBias(o int) *big.Rat {
	if l.b == nil {
		return new(big.Rat)
	}
	v := float64(l.b.F[o])
	if g := l.b.Grid; g != nil {
		s := float64(g.Scale[min(o, len(g.Scale)-1)])
		if q := math.RoundToEven(v / s); math.Abs(q*s-v) <= gridSlack*s && math.Abs(q) < intnet.MaxBias {
			return new(big.Rat).Mul(new(big.Rat).SetInt64(int64(q)), rescale.Rat(s))
		}
	}
	return rescale.Rat(v)
}

// requantise sets out, a change of format from in to to. It is a shift if the scales are equal; otherwise an affine function if one is
// exact; otherwise a table.
func requantise(out *intnet.Layer, in fixed.Format, to ValueSpec, care effort) {
	if in.Scale == to.Scale {
		out.Shift, out.Rounding = in.Frac-to.Frac, to.Rounding
		return
	}
	out.Kind = intnet.KindActivation
	ratio := ratioOf(in.Step(), to.Step())
	line := rescale.Line{Ratio: ratio, Bias: new(big.Rat), Lo: out.Lo, Hi: out.Hi, Least: in.Min(), Most: in.Max()}
	if care == sought && to.kept() {
		if m := rescale.FindMultiplier([]rescale.Line{line}, rescale.Limits{MulBits: mulBits, Unbiased: true}); m != nil {
			out.Act, out.Rounding = &intnet.Act{Fn: intnet.ActAffine, Mul: m.Mul, Shift: m.Shift, MaxError: 0.5}, m.Rounding
			return
		}
	}
	out.Act = fitCurve(func(x float64) float64 { return x }, in, curve.Target{Format: to.Format, Rounding: to.Rounding, Lo: out.Lo, Hi: out.Hi}, care)
	out.Rounding = to.Rounding
}

// combine sets out, a sum or product, for operands of formats a and b and a result of format to.
func combine(out *intnet.Layer, a, b fixed.Format, to ValueSpec, care effort) error {
	out.Rounding = to.Rounding
	if intnet.SameScales(out.Kind, a, b, to.Format) {
		out.Factors, out.Shift = intnet.FactorsOf(out.Kind, a, b, to.Format)
		return nil
	}
	if out.Kind == intnet.KindMul {
		line := rescale.Line{Ratio: new(big.Rat).Mul(rescale.Rat(a.Step()), ratioOf(b.Step(), to.Step())), Bias: new(big.Rat), Lo: out.Lo, Hi: out.Hi,
			Least: min(a.Min()*b.Max(), a.Max()*b.Min()), Most: max(a.Min()*b.Min(), a.Max()*b.Max())}
		bits := min(mulBits, fixed.MaxAccBits-2-a.Bits-b.Bits)
		if care == draft || !to.kept() {
			mul, shift := nearMul([]float64{b.Step()}, a, to.Format, min(to.Bits+spareBits, bits))
			out.Factors, out.Shift, out.Rounding = [2]int64{mul[0]}, shift[0], fixed.HalfUp
			return nil
		}
		m := rescale.FindMultiplier([]rescale.Line{line}, rescale.Limits{MulBits: bits, Unbiased: true})
		if m == nil {
			return fmt.Errorf("no factor of %d bits equals the scales of its product from %v and %v to %v for all operands: use scales that are no fractions of each other, or powers of two", bits, a, b, to.Format)
		}
		out.Factors, out.Shift, out.Rounding = [2]int64{m.Mul[0]}, m.Shift, m.Rounding
		return nil
	}
	sum := rescale.Sum{Ratio: [2]*big.Rat{ratioOf(a.Step(), to.Step()), ratioOf(b.Step(), to.Step())},
		Range: [2][2]int64{{a.Min(), a.Max()}, {b.Min(), b.Max()}}, Lo: out.Lo, Hi: out.Hi}
	f := sum.Nearest(draftBits)
	if !to.kept() {
		f = sum.Nearest(to.Bits + spareBits)
	} else if care == sought {
		found, tried := sum.FindFactors(mulBits)
		if f = found; !tried {
			f = sum.Nearest(mulBits) // wide operands have calibrated formats, so the result need not be exact
		} else if f == nil {
			return fmt.Errorf("no factors of %d bits equal the scales of its sum from %v and %v to %v for all operands: use scales that are no fractions of each other, or powers of two", mulBits, a, b, to.Format)
		}
	}
	out.Factors, out.Shift, out.Rounding = f.Mul, f.Shift, f.Rounding
	return nil
}

// averageScaled sets the places of an average's multipliers if scales differ.
func averageScaled(in, out *intnet.Tensor, to ValueSpec, l *intnet.Layer, care effort) error {
	l.Rounding = fixed.HalfUp
	counts := intnet.CountsOf(l.Pool, in, out)
	ratio := in.Format.Step() / to.Step()
	_, exp := math.Frexp(ratio)
	for l.Pool.Scale = max(0, 4-exp); l.Pool.Scale <= intnet.MaxShift; l.Pool.Scale++ {
		exact := !to.kept() && l.Pool.Scale >= to.Bits+spareBits-exp || care == draft && l.Pool.Scale >= draftBits-exp
		if care == sought && to.kept() {
			exact = true
			for _, n := range counts {
				ratio := ratioOf(in.Format.Step(), to.Step())
				line := rescale.Line{Ratio: ratio.Quo(ratio, big.NewRat(int64(n), 1)), Bias: new(big.Rat), Lo: l.Lo, Hi: l.Hi,
					Least: int64(n) * in.Format.Min(), Most: int64(n) * in.Format.Max()}
				mul := l.Pool.MulOf(n, in.Format, to.Format)
				if exact = mul > 0 && line.Equals(mul, l.Pool.Scale, l.Rounding); !exact {
					break
				}
			}
		}
		if exact {
			return nil
		}
		if math.Ldexp(ratio, l.Pool.Scale)*float64(in.Format.Max()-in.Format.Min()) > 1<<58 {
			break
		}
	}
	return fmt.Errorf("no multiplier equals the scales of its average from %v to %v for every sum: use scales that are no fractions of each other, or powers of two", in.Format, to.Format)
}
