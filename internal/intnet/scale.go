package intnet

import (
	"fmt"
	"math"
	"math/bits"

	"hass/internal/fixed"
)

// Scales: between formats of different scales a layer multiplies by the ratio of their steps, as an integer and a
// shift. The maker of the layer chooses both so that every output is that of the exact ratio. The network states
// them, and Validate checks that they approximate the ratio. Between equal scales a shift is enough.

// maxRatioError bounds the factor by which a multiplier and its shift may differ from the ratio of scales: a network whose
// formats contradict its arithmetic is refused. Outputs of few levels leave multipliers much freedom.
const maxRatioError = 4

// MaxThresholds bounds the thresholds of a layer, all channels together.
const MaxThresholds = 1 << 20

// AvgRatio is the contribution of the formats to an average's multipliers: the ratio of the input's step to the output's if
// their scales differ, otherwise 1 (Pool.FormatShift covers the rest).
func AvgRatio(in, out fixed.Format) float64 {
	if in.Scale != out.Scale {
		return in.Step() / out.Step()
	}
	return 1
}

// MulOf is the multiplier of an average over n elements between two formats.
func (p *Pool) MulOf(n int, in, out fixed.Format) int64 {
	if in.Scale != out.Scale {
		return int64(fixed.HalfUp.Float(math.Ldexp(AvgRatio(in, out)/float64(n), p.Scale)))
	}
	return fixed.AvgMul(n, p.Scale)
}

// checkRatio checks that mul * 2^-shift approximates the ratio. A multiplier of 1 may be larger than the ratio: that of a channel whose
// scale is negligible compared with the others.
func checkRatio(mul int64, shift int, ratio float64) error {
	got := math.Ldexp(float64(mul), -shift)
	if !(got <= maxRatioError*ratio || mul == 1) || !(ratio <= maxRatioError*got) {
		return fmt.Errorf("factor %d and shift %d stand for %.6g; the scales need %.6g", mul, shift, got, ratio)
	}
	return nil
}

// checkProduct checks that products of values of a width and factors stay within the widest accumulator.
func checkProduct(width int, factors ...int64) error {
	for _, f := range factors {
		if w := width + bits.Len64(uint64(abs64(f))); f == math.MinInt64 || w > fixed.MaxAccBits-1 {
			return fmt.Errorf("products of %d bits and the factor %d exceed %d bits", width, f, fixed.MaxAccBits)
		}
	}
	return nil
}

// MulFor is the multiplier of output channel o, 1 if the layer has none.
func (c *Conv) MulFor(o int) int64 {
	switch len(c.Mul) {
	case 0:
		return 1
	case 1:
		return c.Mul[0]
	}
	return c.Mul[o]
}

// StepOf is the value of a unit of the weights of output channel o.
func (c *Conv) StepOf(o int) float64 {
	if n := len(c.WeightStep); n > 0 {
		return c.WeightStep[min(o, n-1)]
	}
	return math.Ldexp(1, -c.WeightFrac[min(o, len(c.WeightFrac)-1)])
}

// Scaled reports whether the convolution's requantisation multiplies or compares instead of shifting.
func (c *Conv) Scaled() bool { return c.Mul != nil || c.Thresholds != nil }

// requant is the output of output channel o for a sum in units of 2^-BiasFrac: the definition of all three forms.
func (c *Conv) requant(l *Layer, acc int64, o int) int64 {
	if c.Thresholds != nil {
		n := l.Lo
		for _, t := range c.Thresholds[o] {
			if acc < t {
				break
			}
			n++
		}
		return n
	}
	return fixed.Requant(acc*c.MulFor(o), c.ShiftOf(o)+c.BiasFrac, l.Rounding, l.Lo, l.Hi)
}

// checkScaled checks the multipliers or thresholds of a convolution, and that they fit its scales.
func (c *Conv) checkScaled(l *Layer, in, out *Tensor) error {
	n := len(c.WeightStep)
	if c.WeightFrac != nil || n != 1 && n != c.OutC {
		return fmt.Errorf("%d binary points and %d steps of weights; a layer with multipliers or thresholds has steps, 1 or %d", len(c.WeightFrac), n, c.OutC)
	}
	for _, s := range c.WeightStep {
		if !(s > 0) || math.IsInf(s, 0) {
			return fmt.Errorf("step %g of weights", s)
		}
	}
	if c.Thresholds != nil {
		if c.Mul != nil || c.Shift != nil {
			return fmt.Errorf("thresholds beside multipliers or shifts")
		}
		levels := l.Hi - l.Lo
		if len(c.Thresholds) != c.OutC || levels < 1 || levels*int64(c.OutC) > MaxThresholds {
			return fmt.Errorf("thresholds of %d channels for %d levels; want %d channels and at most %d thresholds", len(c.Thresholds), levels+1, c.OutC, MaxThresholds)
		}
		limit := int64(1) << (c.AccBits + c.BiasFrac - 1)
		for o, list := range c.Thresholds {
			if int64(len(list)) != levels {
				return fmt.Errorf("%d thresholds of channel %d; want %d", len(list), o, levels)
			}
			for k, t := range list {
				if t < -limit || t >= limit || k > 0 && t < list[k-1] {
					return fmt.Errorf("threshold %d of channel %d is %d: they must never fall and fit %d bits", k, o, t, c.AccBits+c.BiasFrac)
				}
			}
		}
		return nil
	}
	if len(c.Mul) != 1 && len(c.Mul) != c.OutC || len(c.Shift) != 1 {
		return fmt.Errorf("%d multipliers and %d shifts; want 1 or %d multipliers and 1 shift", len(c.Mul), len(c.Shift), c.OutC)
	}
	if s := c.Shift[0]; s < 0 || s+c.BiasFrac > MaxShift {
		return fmt.Errorf("shift %d and %d places of biases; want 0 to %d together", s, c.BiasFrac, MaxShift)
	}
	if err := checkProduct(c.AccBits+c.BiasFrac, c.Mul...); err != nil {
		return err
	}
	for o := range max(len(c.Mul), n) {
		m := c.MulFor(o)
		if m < 1 || m > MaxMul {
			return fmt.Errorf("multiplier %d of channel %d; want 1 to %d", m, o, MaxMul)
		}
		if err := checkRatio(m, c.Shift[0], in.Format.Step()*c.StepOf(o)/out.Format.Step()); err != nil {
			return fmt.Errorf("channel %d: %w", o, err)
		}
	}
	return nil
}

// checkFactors checks the factors and the shift of an Add or Mul.
func (n *Net) checkFactors(l *Layer) error {
	a, b, out := n.Tensors[l.In[0]].Format, n.Tensors[l.In[1]].Format, n.Tensors[l.Out].Format
	if SameScales(l.Kind, a, b, out) {
		factors, shift := FactorsOf(l.Kind, a, b, out)
		if l.Factors != factors || max(factors[0], factors[1]) > 1<<MaxAlign {
			return fmt.Errorf("factors %v; operands %v and %v need %v, within 2^%d", l.Factors, a, b, factors, MaxAlign)
		}
		return checkShift(l.Shift, shift)
	}
	if l.Shift < 0 || l.Shift > MaxShift {
		return fmt.Errorf("shift %d; want 0 to %d between scales", l.Shift, MaxShift)
	}
	ratios, width := []float64{a.Step() * b.Step() / out.Step()}, a.Bits+b.Bits
	if l.Kind == KindAdd {
		ratios, width = []float64{a.Step() / out.Step(), b.Step() / out.Step()}, max(a.Bits, b.Bits)+1
	} else if l.Factors[1] != 0 {
		return fmt.Errorf("factors %v; a product has one", l.Factors)
	}
	for i, f := range l.Factors[:len(ratios)] {
		if f < 1 || f > MaxMul {
			return fmt.Errorf("factor %d; want 1 to %d", f, MaxMul)
		}
		if err := checkRatio(f, l.Shift, ratios[i]); err != nil {
			return err
		}
	}
	return checkProduct(width, l.Factors[:len(ratios)]...)
}

// SameScales reports whether an Add or Mul of formats a and b to out needs only factors that are powers of two.
func SameScales(kind Kind, a, b, out fixed.Format) bool {
	if kind == KindMul {
		return a.Factor()*b.Factor() == out.Factor()
	}
	return a.Scale == out.Scale && b.Scale == out.Scale
}

// FactorsOf are the factors and the shift of an Add or Mul of formats a and b to out for which SameScales is true. A
// factor beyond 2^MaxAlign is given as 2^(MaxAlign+1), which Validate refuses.
func FactorsOf(kind Kind, a, b, out fixed.Format) (factors [2]int64, shift int) {
	if kind == KindMul {
		return [2]int64{1}, a.Frac + b.Frac - out.Frac
	}
	fine := max(a.Frac, b.Frac)
	return [2]int64{1 << min(fine-a.Frac, MaxAlign+1), 1 << min(fine-b.Frac, MaxAlign+1)}, fine - out.Frac
}
