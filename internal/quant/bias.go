package quant

import (
	"context"
	"math"

	"hass/internal/calib"
	"hass/internal/graph"
	"hass/internal/intnet"
)

// correct sets the bias corrections of s. They compensate for the effect of rounded weights and of rounded and clipped inputs on the mean
// of every output channel's sums, measured on images. The inputs of a layer are taken from the float network and brought into the formats
// of s, so that a correction in one layer is not repeated in another.
func correct(ctx context.Context, g *graph.Graph, s *Spec, images calib.Images) error {
	p, err := plan(g)
	if err != nil {
		return err
	}
	if err := p.equalise(s.Equal); err != nil {
		return err
	}
	values := make(map[string]calib.Held)
	for _, l := range p.layers {
		if l.kind == intnet.KindConv && s.corrects(l) {
			values[l.in[0]] = calib.Held{Format: s.Values[l.in[0]].Format, Channels: p.dimsOf(l.in[0]).c, Powers: s.Equal[l.in[0]]}
		}
	}
	if len(values) == 0 {
		return nil
	}
	means, err := calib.Means(ctx, g, images, values)
	if err != nil {
		return err
	}
	for _, l := range p.layers {
		if l.kind == intnet.KindConv && s.corrects(l) {
			c := s.Convs[l.node.Name]
			c.BiasAdd = p.biasAdd(l, s, means[l.in[0]])
			s.Convs[l.node.Name] = c
		}
	}
	return nil
}

// corrects reports whether a convolution's bias is corrected: few bits shift means, and the model's own integers stay unchanged.
func (s *Spec) corrects(l *layer) bool {
	c := s.Convs[l.node.Name]
	return !l.keepsWeights(c) && !l.bipolar && l.fixed == nil && (c.WeightBits <= errorBits || s.Values[l.in[0]].Bits <= errorBits)
}

// biasAdd is the correction of a layer's biases by output channel, in the model's units: the sum of every weight times the mean of its
// input, over positions that are not padding, minus the same sum for the integer weights and inputs.
func (p *network) biasAdd(l *layer, s *Spec, means []calib.Mean) []float64 {
	c := s.Convs[l.node.Name]
	inside, channel := p.insides(l), l.channels()
	q, steps := l.quantised(c), l.steps(c)
	add := make([]float64, l.w.Shape[0])
	per := len(q) / len(add)
	for k, v := range q {
		at, o := l.perm(k), k/per
		i := at - o*per
		m := means[channel(o, i)]
		add[o] += (float64(l.w.F[at])*m.Float - float64(v)*steps[min(o, len(steps)-1)]*m.Held) * inside[i%len(inside)]
	}
	for o := range add {
		add[o] = float64(float32(math.Ldexp(add[o], -s.Equal.Of(l.out, o))))
	}
	return add
}

// insides are, by tap of a convolution's kernel, the share of output positions at which the tap does not read padding.
func (p *network) insides(l *layer) []float64 {
	in := p.dimsOf(l.in[0])
	var axes [2][]float64
	for d, size := range [2]int{in.h, in.w} {
		osize := [2]int{l.dims.h, l.dims.w}[d]
		for t := range l.conv.Kernel[d] {
			n := 0
			for o := range osize {
				if at := o*l.conv.Stride[d] - l.conv.Pads[d] + t*l.conv.Dilation[d]; at >= 0 && at < size {
					n++
				}
			}
			axes[d] = append(axes[d], float64(n)/float64(osize))
		}
	}
	var list []float64
	for _, y := range axes[0] {
		for _, x := range axes[1] {
			list = append(list, y*x)
		}
	}
	return list
}
