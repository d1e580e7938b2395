package hwtest

import (
	"fmt"
	"math/rand"

	"hass/internal/fixed"
	"hass/internal/intnet"
)

// Builder makes an integer network layer by layer. Shifts, scales and
// accumulator widths follow from the formats; weights come from the random source.
type Builder struct {
	Net *intnet.Net
	Rng *rand.Rand
}

// NewBuilder starts a network with one input tensor.
func NewBuilder(rng *rand.Rand, h, w, c int, f fixed.Format) *Builder {
	return &Builder{Rng: rng, Net: &intnet.Net{Name: "random", Tensors: []intnet.Tensor{{Name: "x", ID: "x", H: h, W: w, C: c, Format: f}}}}
}

// Last is the number of the tensor made last.
func (b *Builder) Last() int { return len(b.Net.Tensors) - 1 }

func (b *Builder) tensor(h, w, c int, f fixed.Format) int {
	n := len(b.Net.Tensors)
	id := fmt.Sprintf("t%d", n)
	b.Net.Tensors = append(b.Net.Tensors, intnet.Tensor{Name: id, ID: id, H: h, W: w, C: c, Format: f})
	return n
}

// layer adds a layer whose clamp is the output's format, or at random a ReLU or ReLU6-like part of it.
func (b *Builder) layer(l intnet.Layer) int {
	f := b.Net.Tensors[l.Out].Format
	l.Lo, l.Hi = f.Min(), f.Max()
	if b.Rng.Intn(2) == 0 {
		l.Lo = 0
	}
	if b.Rng.Intn(4) == 0 {
		l.Hi = max(1, l.Hi/3)
	}
	l.ID = fmt.Sprintf("l%d_%s", len(b.Net.Layers), l.Kind)
	l.Name = l.ID
	b.Net.Layers = append(b.Net.Layers, l)
	return l.Out
}

// OutSize is the floor formula of a window along dimension d.
func OutSize(w intnet.Window, d, size int) int {
	return (size+w.Pads[d]+w.Pads[d+2]-(w.Kernel[d]-1)*w.Dilation[d]-1)/w.Stride[d] + 1
}

// Square is the window of a K x K kernel with equal pads on all sides.
func Square(k, stride, pad int) intnet.Window {
	return intnet.Window{Kernel: [2]int{k, k}, Stride: [2]int{stride, stride}, Dilation: [2]int{1, 1}, Pads: [4]int{pad, pad, pad, pad}}
}

// ConvSpec is what a conv layer is made from.
type ConvSpec struct {
	Window     intnet.Window
	OutC       int
	Out        fixed.Format
	WeightBits int
	PerChannel bool    // a shift per output channel (WeightBits <= 8)
	Density    float64 // share of non-zero weights
	Shift      int     // the (middle) requantise shift
	TauA       int64
}

// Conv adds a convolution of tensor in and returns its output tensor. The window must fit.
func (b *Builder) Conv(in int, s ConvSpec) int {
	t := b.Net.Tensors[in]
	c := &intnet.Conv{Window: s.Window, Groups: 1, OutC: s.OutC, WeightBits: s.WeightBits, TauA: s.TauA}
	shifts := 1
	if s.PerChannel {
		shifts = s.OutC
	}
	for range shifts {
		shift := s.Shift
		if s.PerChannel {
			shift += b.Rng.Intn(intnet.MaxShiftSteps) - intnet.MaxShiftSteps/2
		}
		c.Shift = append(c.Shift, shift)
		c.WeightFrac = append(c.WeightFrac, shift-t.Format.Frac+s.Out.Frac)
	}
	lim := 1<<(s.WeightBits-1) - 1
	c.Weights = make([]int16, s.OutC*s.Window.Kernel[0]*s.Window.Kernel[1]*t.C)
	for i := range c.Weights {
		if b.Rng.Float64() >= s.Density {
			continue
		}
		switch b.Rng.Intn(8) {
		case 0:
			c.Weights[i] = int16(lim)
		case 1:
			c.Weights[i] = int16(-lim)
		case 2:
			c.Weights[i] = int16(1 - 2*b.Rng.Intn(2))
		default:
			c.Weights[i] = int16(b.Rng.Intn(2*lim+1) - lim)
		}
	}
	c.Bias = make([]int64, s.OutC)
	for o := range c.Bias {
		// Half a unit of the output makes ties wherever the sum is empty.
		switch half := int64(1) << max(0, c.ShiftOf(o)-1); b.Rng.Intn(4) {
		case 0:
			c.Bias[o] = half
		case 1:
			c.Bias[o] = -half
		default:
			c.Bias[o] = int64(b.Rng.Intn(1<<20)) - 1<<19
		}
	}
	c.AccBits = c.BoundBits(t.Format)
	out := b.tensor(OutSize(s.Window, 0, t.H), OutSize(s.Window, 1, t.W), s.OutC, s.Out)
	return b.layer(intnet.Layer{Kind: intnet.KindConv, In: []int{in}, Out: out, Conv: c})
}

// Pool adds a max or average pooling of tensor in. Every window must meet the map.
func (b *Builder) Pool(in int, w intnet.Window, isMax, countPad bool, f fixed.Format) int {
	t := b.Net.Tensors[in]
	p := &intnet.Pool{Window: w, Max: isMax}
	if isMax {
		f = t.Format
	} else {
		p.CountPad = countPad
		n := w.Kernel[0] * w.Kernel[1]
		if !countPad {
			n = maxCount(w, 0, t.H) * maxCount(w, 1, t.W)
		}
		p.Scale, p.FormatShift = fixed.AvgScale(n), t.Format.Frac-f.Frac
	}
	out := b.tensor(OutSize(w, 0, t.H), OutSize(w, 1, t.W), t.C, f)
	return b.layer(intnet.Layer{Kind: intnet.KindPool, In: []int{in}, Out: out, Pool: p})
}

// maxCount is the largest number of taps of any window inside the map along dimension d.
func maxCount(w intnet.Window, d, size int) int {
	most := 0
	for o := range OutSize(w, d, size) {
		most = max(most, tapsInside(w, d, size, o))
	}
	return most
}

func tapsInside(w intnet.Window, d, size, o int) (n int) {
	for k := range w.Kernel[d] {
		if at := o*w.Stride[d] - w.Pads[d] + k*w.Dilation[d]; at >= 0 && at < size {
			n++
		}
	}
	return n
}

// GlobalPool adds a pooling of the whole of tensor in.
func (b *Builder) GlobalPool(in int, isMax bool, f fixed.Format) int {
	t := b.Net.Tensors[in]
	p := &intnet.Pool{Max: isMax}
	if isMax {
		f = t.Format
	} else {
		p.Scale, p.FormatShift = fixed.AvgScale(t.H*t.W), t.Format.Frac-f.Frac
	}
	out := b.tensor(1, 1, t.C, f)
	return b.layer(intnet.Layer{Kind: intnet.KindGlobalPool, In: []int{in}, Out: out, Pool: p})
}

// Add adds the sum of two tensors of one shape.
func (b *Builder) Add(x, y int, f fixed.Format) int {
	tx, ty := b.Net.Tensors[x], b.Net.Tensors[y]
	fine := max(tx.Format.Frac, ty.Format.Frac)
	out := b.tensor(tx.H, tx.W, tx.C, f)
	return b.layer(intnet.Layer{Kind: intnet.KindAdd, In: []int{x, y}, Out: out,
		Align: [2]int{fine - tx.Format.Frac, fine - ty.Format.Frac}, Shift: fine - f.Frac})
}

// Requant adds a change of format.
func (b *Builder) Requant(in int, f fixed.Format) int {
	t := b.Net.Tensors[in]
	out := b.tensor(t.H, t.W, t.C, f)
	return b.layer(intnet.Layer{Kind: intnet.KindRequant, In: []int{in}, Out: out, Shift: t.Format.Frac - f.Frac})
}

// Done makes the tensors that no layer reads the outputs and validates the network.
func (b *Builder) Done() (*intnet.Net, error) {
	read := make([]bool, len(b.Net.Tensors))
	for _, l := range b.Net.Layers {
		for _, i := range l.In {
			read[i] = true
		}
	}
	for i, r := range read {
		if !r {
			b.Net.Outputs = append(b.Net.Outputs, i)
		}
	}
	if err := b.Net.Validate(); err != nil {
		return nil, err
	}
	if err := b.Net.ValidateWeights(); err != nil {
		return nil, err
	}
	return b.Net, nil
}

// RandomNet makes a network of at most the given number of layers.
func RandomNet(rng *rand.Rand, layers int) (*intnet.Net, error) {
	c := []int{1, 2, 3, 4, 6, 8}
	b := NewBuilder(rng, 2+rng.Intn(8), 2+rng.Intn(8), c[rng.Intn(len(c))], format(rng))
	for len(b.Net.Layers) < layers {
		// Mostly a chain; at times a branch from an earlier tensor, which becomes one
		// more output unless an Add joins it.
		in := b.Last()
		if rng.Intn(12) == 0 {
			in = rng.Intn(len(b.Net.Tensors))
		}
		t := b.Net.Tensors[in]
		f := format(rng)
		switch rng.Intn(10) {
		default:
			b.Conv(in, randomConv(rng, t, f))
		case 5, 6:
			if w, ok := randomWindow(rng, t, true); ok {
				b.Pool(in, w, rng.Intn(2) == 0, rng.Intn(2) == 0, f)
			}
		case 7, 8:
			for other := range len(b.Net.Tensors) - 1 {
				o := b.Net.Tensors[other]
				if other != in && o.H == t.H && o.W == t.W && o.C == t.C {
					b.Add(in, other, f)
					break
				}
			}
		case 9:
			if rng.Intn(2) == 0 {
				b.Requant(in, f)
			} else if rng.Intn(3) == 0 || len(b.Net.Layers) == layers-1 {
				b.GlobalPool(in, rng.Intn(2) == 0, f)
			}
		}
	}
	// An intermediate tensor that is an output as well.
	net, err := b.Done()
	if err == nil && rng.Intn(4) == 0 {
		extra := 1 + rng.Intn(len(net.Tensors)-1)
		isOut := false
		for _, o := range net.Outputs {
			isOut = isOut || o == extra
		}
		if !isOut {
			net.Outputs = append(net.Outputs, extra)
		}
	}
	return net, err
}

// format is a random stream format.
func format(rng *rand.Rand) fixed.Format {
	bits := []int{16, 16, 8, 8, 4, 2, 11}
	return fixed.Format{Bits: bits[rng.Intn(len(bits))], Frac: rng.Intn(9), Signed: rng.Intn(3) > 0}
}

func randomConv(rng *rand.Rand, in intnet.Tensor, out fixed.Format) ConvSpec {
	s := ConvSpec{Out: out, OutC: []int{1, 2, 3, 4, 6, 8, 12}[rng.Intn(7)], WeightBits: []int{16, 8, 8, 4, 2}[rng.Intn(5)]}
	s.Density = []float64{0, 0.1, 0.3, 0.6, 1, 1}[rng.Intn(6)]
	s.PerChannel = s.WeightBits <= intnet.PerChannelBits && rng.Intn(2) == 0
	w, ok := randomWindow(rng, in, false)
	if !ok || rng.Intn(10) == 0 { // fully connected
		w = intnet.Window{Kernel: [2]int{in.H, in.W}, Stride: [2]int{1, 1}, Dilation: [2]int{1, 1}}
	}
	s.Window = w
	// About the width that a sum loses, so that some outputs saturate and most do not.
	k := w.Kernel[0] * w.Kernel[1] * in.C
	sum := 0
	for 1<<sum < k {
		sum++
	}
	s.Shift = in.Format.Bits + s.WeightBits + sum/2 - out.Bits - 1 - rng.Intn(4)
	if rng.Intn(3) == 0 {
		s.TauA = int64(rng.Intn(1 << (in.Format.Bits - 1)))
	}
	return s
}

// randomWindow is a window that fits tensor t; if meet, no window lies in the padding alone.
func randomWindow(rng *rand.Rand, t intnet.Tensor, meet bool) (intnet.Window, bool) {
	for range 50 {
		k := []int{1, 2, 3, 3, 3, 5}[rng.Intn(6)]
		w := Square(k, 1, 0)
		if rng.Intn(4) == 0 {
			w.Kernel[1] = 1 + rng.Intn(3)
		}
		if rng.Intn(3) == 0 {
			w.Stride = [2]int{1 + rng.Intn(2), 1 + rng.Intn(2)}
		}
		ok := true
		for d, size := range [2]int{t.H, t.W} {
			if rng.Intn(4) == 0 {
				w.Dilation[d] = 2
			}
			extent := (w.Kernel[d]-1)*w.Dilation[d] + 1
			for _, side := range []int{d, d + 2} {
				if rng.Intn(3) > 0 {
					w.Pads[side] = rng.Intn(extent)
				}
			}
			if extent > size+w.Pads[d]+w.Pads[d+2] {
				ok = false
				break
			}
			for o := range OutSize(w, d, size) {
				if meet && tapsInside(w, d, size, o) == 0 {
					ok = false
				}
			}
		}
		if ok {
			return w, true
		}
	}
	return intnet.Window{}, false
}
