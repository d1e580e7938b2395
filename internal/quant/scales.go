package quant

import (
	"fmt"
	"math"

	"hass/internal/calib"
	"hass/internal/fixed"
	"hass/internal/graph"
	"hass/internal/intnet"
)

// Scales selects the steps among which Calibrate chooses, for values and weights of up to 8 bits whose formats are not given by a
// quantiser of the model.
type Scales string

// The choices.
const (
	PowersOfTwo Scales = "power-of-two" // requantisation is a shift
	FreeScales  Scales = "free"         // weights have a step per output channel; requantisation multiplies
)

const (
	scaleParts = 16 // number of factors per octave: 1, 17/16, ... 31/16
	// mulFree is the width of multipliers in convolutions whose weights have free steps. The steps are chosen so that multipliers are exact.
	mulFree = 12
)

// freeScales are the formats of values of up to 8 bits whose steps are free. Values that are connected by sums, averages, Concats and changes
// of format share one factor besides their binary points, so that these layers still only shift, and only convolutions multiply. The factor
// has the least squared error, relative to each value's energy. Values of other layers that cannot multiply at no cost keep powers of two.
func (p *network) freeScales(r *calib.Ranges, widths layerWidths, s Scales) map[string]fixed.Format {
	free := make(map[string]fixed.Format)
	if s != FreeScales {
		return free
	}
	parent := make(map[string]string)
	var find func(v string) string
	find = func(v string) string {
		if next, ok := parent[v]; ok {
			root := find(next)
			parent[v] = root
			return root
		}
		return v
	}
	pinned := make(map[string]bool)
	join := func(a, b string) {
		if a, b = find(a), find(b); a != b {
			parent[a] = b
			pinned[b] = pinned[a] || pinned[b]
		}
	}
	pin := func(v string) { pinned[find(v)] = true }
	type value struct {
		name  string
		f     fixed.Format
		whole bool // an output, which is not clipped, because the largest class score decides
	}
	var values []value
	add := func(name string, f fixed.Format) {
		if st := r.Of(name); st == nil || f.Bits > errorBits || p.given(name) != nil || st.Max == st.Min {
			pin(name)
			return
		}
		values = append(values, value{name, f, p.isResult(name)})
	}
	pin(p.input)
	for i, l := range p.layers {
		switch {
		case p.source(l.out) != l.out:
			join(l.out, p.source(l.out))
			continue
		case l.kind == intnet.KindConv:
		case l.kind == intnet.KindMul:
			join(l.in[0], l.out)
			pin(l.in[1])
		case l.kind == intnet.KindActivation && l.act.Fn == graph.ActHardSwish:
			pin(l.in[0])
		case l.kind == intnet.KindActivation:
			pin(l.in[0])
			pin(l.out)
		default:
			for _, in := range l.in {
				join(in, l.out)
			}
		}
		if st := r.Of(l.out); st != nil {
			add(l.out, fixed.Format{Bits: widths.activations[i], Signed: !(l.nonneg && st.Min >= 0)})
		}
	}
	groups := make(map[string][]value)
	for _, v := range values {
		if root := find(v.name); !pinned[root] {
			groups[root] = append(groups[root], v)
		}
	}
	for _, v := range values { // in order: a group comes at its first value
		root := find(v.name)
		list := groups[root]
		delete(groups, root)
		best := math.Inf(1)
		for part := range scaleParts {
			scale, sum := 1+float64(part)/scaleParts, 0.0
			formats := make([]fixed.Format, len(list))
			for k, v := range list {
				st := r.Of(v.name)
				choose := st.LeastErrorAt
				if v.whole {
					choose = st.FinestAt
				}
				var e float64
				formats[k], e = choose(v.f, scale)
				sum += e / st.SquaredError(1, 0, 0)
			}
			if sum < best {
				best = sum
				for k, v := range list {
					free[v.name] = formats[k]
				}
			}
		}
	}
	return free
}

// weightSteps are the free steps of a convolution's weights by output channel, with the least squared error of the layer's output.
// Inputs are taken as independent of each other. The bias compensates for the error from their means (see correct). Every step is chosen
// so that the multiplier of the requantisation is an integer.
// spread is the variance of the input that weight i of output channel o multiplies.
func (l *layer) weightSteps(c ConvSpec, spread func(o, i int) float64, in, to fixed.Format) []float64 {
	n := l.w.Shape[0]
	per := len(l.w.F) / n
	limit := float64(int64(1)<<(c.WeightBits-1) - 1)
	steps := make([]float64, n)
	top := 0.0
	for o := range steps {
		steps[o] = calib.BestStep(l.w.F[o*per:][:per], limit, func(i int) float64 { return spread(o, i) })
		top = max(top, steps[o])
	}
	if top == 0 {
		top = to.Step() / in.Step() / limit
	}
	unit := in.Step() / to.Step()
	_, exp := math.Frexp(top * unit)
	places := mulFree - exp
	for o, s := range steps {
		if s == 0 {
			s = top // a channel without weights
		}
		m := min(max(math.Round(math.Ldexp(s*unit, places)), 1), 1<<mulFree-1)
		steps[o] = math.Ldexp(m, -places) / unit
	}
	return steps
}

// variances gives the variance of the input channel that weight i of output channel o multiplies, in the model's order of weights.
func (p *network) variances(l *layer, r *calib.Ranges) func(o, i int) float64 {
	st := r.Of(l.in[0])
	if st == nil || len(st.Channels) != p.dimsOf(l.in[0]).c {
		return func(int, int) float64 { return 1 }
	}
	channel := l.channels()
	list := make([]float64, len(st.Channels))
	for c := range list {
		list[c] = st.Channels[c].Variance()
	}
	return func(o, i int) float64 { return list[channel(o, i)] }
}

// channels gives the input channel that weight i of output channel o multiplies.
func (l *layer) channels() func(o, i int) int {
	taps := l.conv.Kernel[0] * l.conv.Kernel[1]
	in := len(l.w.F) / l.w.Shape[0] / taps
	out := l.w.Shape[0] / l.conv.Groups
	return func(o, i int) int { return o/out*in + i/taps }
}

// checkSteps checks the free steps and corrections of a convolution.
func (c *ConvSpec) checkSteps(l *layer) error {
	channels := l.w.Shape[0]
	if n := len(c.WeightStep); c.WeightStep != nil && (n != channels || len(c.WeightFrac) > 0) {
		return fmt.Errorf("%d steps of weights beside %d binary points; want %d steps and none, or the other way round", n, len(c.WeightFrac), channels)
	}
	for _, s := range c.WeightStep {
		if !(s > 0x1p-100 && s < 0x1p100) {
			return fmt.Errorf("step %g of weights", s)
		}
	}
	if n := len(c.BiasAdd); n != 0 && n != channels {
		return fmt.Errorf("%d corrections of %d biases", n, channels)
	}
	for _, b := range c.BiasAdd {
		if !(math.Abs(b) <= math.MaxFloat32) {
			return fmt.Errorf("correction %g of a bias", b)
		}
	}
	return nil
}
