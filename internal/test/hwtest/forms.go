package hwtest

import (
	"fmt"
	"math"
	"math/bits"
	"math/rand"
	"slices"

	"hass/internal/fixed"
	"hass/internal/hw"
	"hass/internal/intnet"
)

// Form is the form of a convolution's requantisation.
type Form int

// The forms.
const (
	ByShift      Form = iota
	ByMul             // one multiplier
	ByMuls            // a multiplier per output channel
	ByThresholds      // thresholds per output channel
)

// wideBias is the binary logarithm of a bias that makes sums wide.
const wideBias = 28

// MaxLevels is the largest number of thresholds of random convolutions.
const MaxLevels = 15

// scaled sometimes gives a format a scale that is a new random one or the scale of an earlier tensor, and sometimes few bits.
func (b *Builder) scaled(f fixed.Format) fixed.Format {
	if b.Forms == nil {
		return f
	}
	if b.Forms.Intn(3) == 0 {
		f.Bits = 2 + b.Forms.Intn(3)
	}
	if b.Forms.Intn(3) == 0 {
		return f
	}
	if t := b.Net.Tensors[b.Forms.Intn(len(b.Net.Tensors))]; t.Format.Scale != 0 && b.Forms.Intn(3) == 0 {
		f.Scale = t.Format.Scale
	} else {
		f.Scale = 1.01 + 0.98*b.Forms.Float64()
	}
	return f
}

// form draws the form of a convolution from format in.
func (b *Builder) form(s *ConvSpec, in fixed.Format) {
	if b.Forms == nil {
		return
	}
	forms := []Form{ByMul, ByMuls}
	if s.Out.Bits <= bits.Len(uint(MaxLevels)) {
		forms = append(forms, ByThresholds, ByThresholds)
	}
	if in.Scale == s.Out.Scale {
		forms = append(forms, ByShift)
	}
	s.Form = forms[b.Forms.Intn(len(forms))]
}

// multipliers gives a convolution multipliers that are about equivalent to its shift, and the resulting steps of weights.
func (b *Builder) multipliers(c *intnet.Conv, s *ConvSpec, in fixed.Format) {
	n := 1
	if s.Form == ByMuls {
		n = s.OutC
	}
	acc := in.Bits + c.WeightBits + 1 + bits.Len(uint(len(c.Weights)/c.OutC)) + 2
	width := min(30, fixed.MaxAccBits-3-max(acc, wideBias+2))
	if b.Forms.Intn(3) > 0 {
		width = 1 + b.Forms.Intn(width)
	}
	shift := min(max(0, s.Shift)+width-1, 50)
	c.Shift = []int{shift}
	for range n {
		m := int64(1)<<(width-1) + b.Forms.Int63n(int64(1)<<(width-1))
		if b.Forms.Intn(8) == 0 {
			m = 1 << (width - 1)
		}
		c.Mul = append(c.Mul, m)
		c.WeightStep = append(c.WeightStep, math.Ldexp(float64(m), -shift)*s.Out.Step()/in.Step()*(1+(b.Forms.Float64()-0.5)/100))
	}
}

// thresholds gives a layer's convolution random thresholds near its sums; the layer's clamp is known. Some are equal, some are never reached.
func (b *Builder) thresholds(l *intnet.Layer, shift int) {
	c, r := l.Conv, b.Forms
	limit := int64(1) << (c.AccBits + c.BiasFrac - 1)
	step := int64(1) << min(max(0, shift)+c.BiasFrac, c.AccBits+c.BiasFrac-1)
	for o := range c.Thresholds {
		list := make([]int64, l.Hi-l.Lo)
		for k := range list {
			t := (int64(k)+l.Lo)*step + r.Int63n(step)
			switch r.Intn(12) {
			case 0:
				t = limit - 1
			case 1:
				t = -limit
			case 2, 3:
				t = c.Bias[o] // the value of an empty sum
			case 4:
				t = list[max(0, k-1)]
			}
			list[k] = min(max(t, -limit), limit-1)
		}
		slices.Sort(list)
		c.Thresholds[o] = list
	}
}

// factors are the factors of an Add or Mul between formats of which some have a scale.
func (b *Builder) factors(kind intnet.Kind, x, y, out fixed.Format) (factors [2]int64, shift int) {
	if intnet.SameScales(kind, x, y, out) {
		return intnet.FactorsOf(kind, x, y, out)
	}
	ratios := []float64{x.Step() * y.Step() / out.Step()}
	if kind == intnet.KindAdd {
		ratios = []float64{x.Step() / out.Step(), y.Step() / out.Step()}
	}
	// The smallest factor has at least six bits.
	shift = max(0, 6+b.Forms.Intn(12)-math.Ilogb(slices.Min(ratios)))
	for i, ratio := range ratios {
		factors[i] = int64(math.Round(math.Ldexp(ratio, shift)))
	}
	return factors, shift
}

// Rescale adds a change of format whose scales differ.
func (b *Builder) Rescale(in int, f fixed.Format) int {
	t := b.Net.Tensors[in]
	ratio := t.Format.Step() / f.Step()
	shift := 10 + b.Forms.Intn(16) - math.Ilogb(ratio)
	a := &intnet.Act{Fn: intnet.ActAffine, Mul: []int64{int64(math.Round(math.Ldexp(ratio, shift)))}, Shift: shift}
	out := b.tensor(t.H, t.W, t.C, f)
	return b.layer(intnet.Layer{Kind: intnet.KindActivation, In: []int{in}, Out: out, Act: a})
}

// averageScale is the scale of an average of at most n elements from tensor t to format f, one of which has a scale.
func (b *Builder) averageScale(n int, in, out fixed.Format) int {
	return 18 + bits.Len(uint(n)) + b.Forms.Intn(6) - math.Ilogb(intnet.AvgRatio(in, out))
}

// turnSome lets lanes share the multipliers of some joins.
func turnSome(rng *rand.Rand, net *intnet.Net, layers []hw.Layer) {
	for i := range layers {
		if l := &net.Layers[i]; l.Kind == intnet.KindConv && rng.Intn(4) > 0 {
			layers[i].Turns = hw.TurnsOf(net, l, layers[i], 2+rng.Intn(hw.MaxTurns))
		}
	}
}

// Rescalings are the forms of rescaling, besides shifts, that tests must cover.
func Rescalings() []string {
	return []string{"multiplier of 1 parts", "multiplier of 2 parts", "multiplier of 4 parts", "own multiplier of 1 parts", "own multiplier of 2 parts", "own multiplier of 4 parts",
		"multiplier in turns", "own multiplier in turns", "thresholds", "add factors", "mul factor", "scaled average"}
}

// RescalingsOf lists the rescalings of a network.
func RescalingsOf(n *hw.Network) (list []string) {
	for i := range n.Net.Layers {
		l, hl := &n.Net.Layers[i], n.Layers[i]
		switch l.Kind {
		case intnet.KindConv:
			j := hw.JoinOf(n.Net, l, hl)
			if j.Turns > 1 && j.OwnMul() {
				list = append(list, "own multiplier in turns")
			} else if j.Turns > 1 {
				list = append(list, "multiplier in turns")
			}
			switch {
			case j.Levels > 0:
				list = append(list, "thresholds")
			case j.OwnMul():
				list = append(list, fmt.Sprintf("own multiplier of %d parts", j.Parts))
			case j.MulBits > 0:
				list = append(list, fmt.Sprintf("multiplier of %d parts", j.Parts))
			}
		case intnet.KindAdd:
			if a := hw.AddOf(n.Net, l, hl); a.Parts0+a.Parts1 > 0 {
				list = append(list, "add factors")
			}
		case intnet.KindMul:
			if hw.MulOf(n.Net, l, hl).Parts > 0 {
				list = append(list, "mul factor")
			}
		case intnet.KindPool, intnet.KindGlobalPool:
			if in, out := n.Net.Tensors[l.In[0]].Format, n.Net.Tensors[l.Out].Format; !l.Pool.Max && in.Scale != out.Scale {
				list = append(list, "scaled average")
			}
		}
	}
	return list
}
