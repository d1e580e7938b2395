package sparsity

import (
	"math"
	"slices"

	"hass/internal/fixed"
	"hass/internal/intnet"
)

// counter counts the zeros of one convolution. Its counts are integers, so that
// the sum of several workers' counters does not depend on their order.
type counter struct {
	l       *intnet.Layer
	in, out *intnet.Tensor
	groupC  int
	perTap  []int64 // scratch: [tap][C] of the current image
	nonzero []uint8 // scratch: 1 where the engines see a non-zero activation
	// weightsAt is the number of output channels with a non-zero weight, [tap][C].
	weightsAt []int64

	images int64
	acts   []int64 // [C] non-zero activations
	meets  []int64 // [tap][C] non-zero activations at the tap, over all output pixels
	levels []int64 // by |x| before the layer's own threshold
}

func newCounter(net *intnet.Net, l *intnet.Layer) *counter {
	c := &counter{l: l, in: &net.Tensors[l.In[0]], out: &net.Tensors[l.Out]}
	taps := l.Conv.Kernel[0] * l.Conv.Kernel[1]
	c.groupC = c.in.C / l.Conv.Groups
	c.perTap, c.meets = make([]int64, taps*c.in.C), make([]int64, taps*c.in.C)
	c.nonzero, c.acts = make([]uint8, c.in.H*c.in.W*c.in.C), make([]int64, c.in.C)
	c.levels = make([]int64, max(c.in.Format.Max(), -c.in.Format.Min())+1)
	c.weightsAt = weightsAt(l, c.in.C)
	return c
}

// firstChannel is the first input channel of output channel o's group.
func (c *counter) firstChannel(o int) int {
	return o / (c.l.Conv.OutC / c.l.Conv.Groups) * c.groupC
}

// add counts one image, the input tensor x in NHWC order, and gives its pairs.
func (c *counter) add(x []int32) (pairs int64) {
	conv, C := c.l.Conv, c.in.C
	c.images++
	for i, v := range x {
		a := int64(max(v, -v))
		c.levels[a]++
		c.nonzero[i] = 0
		if a != 0 && a >= conv.TauA {
			c.nonzero[i] = 1
			c.acts[i%C]++
		}
	}
	clear(c.perTap)
	for kh := range conv.Kernel[0] {
		for kw := range conv.Kernel[1] {
			sums := c.perTap[(kh*conv.Kernel[1]+kw)*C:][:C]
			for oy := range c.out.H {
				iy := oy*conv.Stride[0] - conv.Pads[0] + kh*conv.Dilation[0]
				if iy < 0 || iy >= c.in.H {
					continue
				}
				for ox := range c.out.W {
					ix := ox*conv.Stride[1] - conv.Pads[1] + kw*conv.Dilation[1]
					if ix < 0 || ix >= c.in.W {
						continue
					}
					for ch, n := range c.nonzero[(iy*c.in.W+ix)*C:][:C] {
						sums[ch] += int64(n)
					}
				}
			}
		}
	}
	for i, n := range c.perTap {
		c.meets[i] += n
		pairs += n * c.weightsAt[i]
	}
	return pairs
}

// merge adds the counts of another worker.
func (c *counter) merge(d *counter) {
	c.images += d.images
	for i, n := range d.acts {
		c.acts[i] += n
	}
	for i, n := range d.meets {
		c.meets[i] += n
	}
	for i, n := range d.levels {
		c.levels[i] += n
	}
}

// layer turns the counts into densities and curves, and gives the pairs of all
// images.
func (c *counter) layer() (r Layer, pairs int64) {
	conv := c.l.Conv
	taps := conv.Kernel[0] * conv.Kernel[1]
	perOut := int64(taps) * int64(c.groupC) // weights, and MACs per output pixel
	pixels := int64(c.out.H) * int64(c.out.W)
	r = Layer{Name: c.l.Name, ID: c.l.ID, MACs: pixels * perOut * int64(conv.OutC)}
	var weights, acts int64
	for o := range conv.OutC {
		base := c.firstChannel(o)
		var w, p int64
		for t := range taps {
			meets := c.meets[t*c.in.C+base:][:c.groupC]
			for ch, v := range conv.Weights[(o*taps+t)*c.groupC:][:c.groupC] {
				if v != 0 {
					w++
					p += meets[ch]
				}
			}
		}
		weights, pairs = weights+w, pairs+p
		r.WeightDensityPerOut = append(r.WeightDensityPerOut, share(w, perOut))
		r.PairDensityPerOut = append(r.PairDensityPerOut, share(p, perOut*pixels*c.images))
	}
	perIn := int64(c.in.H) * int64(c.in.W) * c.images
	for _, n := range c.acts {
		acts += n
		r.ActivationDensityPerIn = append(r.ActivationDensityPerIn, share(n, perIn))
	}
	r.WeightDensity = share(weights, perOut*int64(conv.OutC))
	r.ActivationDensity = share(acts, perIn*int64(c.in.C))
	r.PairDensity = share(pairs, r.MACs*c.images)
	r.Curves = c.curves()
	return r, pairs
}

func share(n, of int64) float64 { return float64(n) / float64(of) }

// curvePoints is the number of steps of a curve.
const curvePoints = 32

func (c *counter) curves() Curves {
	var k Curves
	weights := make([]float64, len(c.l.Conv.Weights))
	per := len(weights) / c.l.Conv.OutC
	for i, w := range c.l.Conv.Weights {
		weights[i] = math.Abs(float64(w)) * c.l.Conv.StepOf(i/per)
	}
	slices.Sort(weights)
	var values []float64
	var counts []int64
	for i, w := range weights {
		if i == 0 || w != weights[i-1] {
			values, counts = append(values, w), append(counts, 0)
		}
		counts[len(counts)-1]++
	}
	k.WeightTau, k.WeightDensity = curve(values, counts)

	values, counts = nil, nil
	for v, n := range c.levels {
		if n > 0 {
			values, counts = append(values, fixed.Dequantize(int64(v), c.in.Format)), append(counts, n)
		}
	}
	k.ActivationTau, k.ActivationDensity = curve(values, counts)
	return k
}

// curve is density against threshold for magnitudes given as ascending values with
// their counts. Its first point is tau = 0; the others are the least values below
// which 1/32, 2/32, ... of the elements lie, without duplicates.
func curve(values []float64, counts []int64) (tau, density []float64) {
	var total, below int64
	for _, n := range counts {
		total += n
	}
	zeros := int64(0)
	if values[0] == 0 {
		zeros = counts[0]
	}
	tau, density = []float64{0}, []float64{share(total-zeros, total)}
	next := zeros*curvePoints/total + 1
	for i, v := range values {
		if below*curvePoints >= next*total {
			tau, density = append(tau, v), append(density, share(total-below, total))
			next = below*curvePoints/total + 1
		}
		below += counts[i]
	}
	return tau, density
}
