package hwtest

import (
	"fmt"
	"math/bits"
	"math/rand"

	"hass/internal/fixed"
	"hass/internal/intnet"
)

// Builder makes an integer network layer by layer. Shifts, scales and
// accumulator widths follow from the formats; weights come from the random source.
type Builder struct {
	Net      *intnet.Net
	Rng      *rand.Rand
	Rounding fixed.Rounding // of requantising layers that are added from now on
	// Forms draws the features of networks whose scales are no powers of two; if nil, formats with a scale must not occur. It is a separate
	// source, so that it does not change the drawn shapes.
	Forms *rand.Rand
}

// NewBuilder starts a network with one input tensor, rounding half up.
func NewBuilder(rng *rand.Rand, h, w, c int, f fixed.Format) *Builder {
	return &Builder{Rng: rng, Rounding: fixed.HalfUp, Net: &intnet.Net{Name: "random", InputRounding: fixed.HalfUp, Tensors: []intnet.Tensor{{Name: "x", ID: "x", H: h, W: w, C: c, Format: f}}}}
}

// Last is the number of the newest tensor.
func (b *Builder) Last() int { return len(b.Net.Tensors) - 1 }

func (b *Builder) tensor(h, w, c int, f fixed.Format) int {
	n := len(b.Net.Tensors)
	id := fmt.Sprintf("t%d", n)
	b.Net.Tensors = append(b.Net.Tensors, intnet.Tensor{Name: id, ID: id, H: h, W: w, C: c, Format: f})
	return n
}

// layer adds a layer whose clamp is the range of the output's format or, at random, a part of it like that of ReLU or ReLU6.
func (b *Builder) layer(l intnet.Layer) int {
	f := b.Net.Tensors[l.Out].Format
	l.Lo, l.Hi = f.Min(), f.Max()
	if l.Kind == intnet.KindConcat || l.Kind.Moves() {
		return b.named(l)
	}
	if b.Rng.Intn(2) == 0 {
		l.Lo = 0
	}
	if b.Rng.Intn(4) == 0 {
		l.Hi = max(1, l.Hi/3)
	}
	return b.named(l)
}

func (b *Builder) named(l intnet.Layer) int {
	l.ID = fmt.Sprintf("l%d_%s", len(b.Net.Layers), l.Kind)
	l.Name = l.ID
	if l.Requantises() {
		l.Rounding = b.Rounding
	}
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

// ConvSpec has the parameters of a conv layer.
type ConvSpec struct {
	Window     intnet.Window
	OutC       int
	Out        fixed.Format
	WeightBits int
	PerChannel bool    // a shift per output channel (WeightBits <= 8)
	Density    float64 // share of non-zero weights
	Shift      int     // the (middle) requantise shift
	TauA       int64
	Groups     int  // 0 is 1
	Form       Form // of the requantisation; all but ByShift need the builder's Forms
}

// Conv adds a convolution of tensor in and returns its output tensor. The window must fit.
func (b *Builder) Conv(in int, s ConvSpec) int {
	t := b.Net.Tensors[in]
	c := &intnet.Conv{Window: s.Window, Groups: max(1, s.Groups), OutC: s.OutC, WeightBits: s.WeightBits, TauA: s.TauA}
	shifts := 1
	if s.PerChannel {
		shifts = s.OutC
	}
	for range shifts {
		if s.Form != ByShift {
			break
		}
		shift := s.Shift
		if s.PerChannel {
			shift += b.Rng.Intn(intnet.MaxShiftSteps) - intnet.MaxShiftSteps/2
		}
		c.Shift = append(c.Shift, shift)
		c.WeightFrac = append(c.WeightFrac, shift-t.Format.Frac+s.Out.Frac)
	}
	lim := 1<<(s.WeightBits-1) - 1
	c.Weights = make([]int16, s.OutC*s.Window.Kernel[0]*s.Window.Kernel[1]*t.C/c.Groups)
	for i := range c.Weights {
		if b.Rng.Float64() >= s.Density {
			continue
		}
		switch b.Rng.Intn(8) {
		case 0:
			c.Weights[i] = int16(lim)
		case 1:
			c.Weights[i] = int16(-lim)
			if least, _ := intnet.WeightRange(s.WeightBits); b.Forms != nil {
				c.Weights[i] = int16(least) // the least weight, as in quantised models
			}
		case 2:
			c.Weights[i] = int16(1 - 2*b.Rng.Intn(2))
		default:
			c.Weights[i] = int16(b.Rng.Intn(2*lim+1) - lim)
		}
	}
	switch s.Form {
	case ByShift:
	case ByMul, ByMuls:
		b.multipliers(c, &s, t.Format)
	case ByThresholds:
		c.WeightStep = []float64{1}
		c.Thresholds = make([][]int64, s.OutC)
	}
	c.Bias = make([]int64, s.OutC)
	for o := range c.Bias {
		// A bias of half a unit of the output makes ties where all products are 0.
		at := c.ShiftOf(o) - 1 - bits.TrailingZeros64(uint64(c.MulFor(o)))
		if s.Form != ByShift {
			at = min(at, 20)
		}
		switch half := int64(1) << max(0, at); b.Rng.Intn(4) {
		case 0:
			c.Bias[o] = half
		case 1:
			c.Bias[o] = -half
		default:
			c.Bias[o] = int64(b.Rng.Intn(1<<20)) - 1<<19
		}
	}
	if (s.Form == ByMul || s.Form == ByMuls) && b.Forms.Intn(4) == 0 {
		c.Bias[0] = 1 << wideBias // a wide sum, whose product has four parts
	}
	if b.Rounding == fixed.HalfEven {
		// Fractional bits below the unit, sometimes all 0.
		c.BiasFrac = len(b.Net.Layers) / 2 % 3
		for o := range c.Bias {
			c.Bias[o] <<= c.BiasFrac
			if o%2 > 0 && c.BiasFrac > 0 {
				c.Bias[o]++
			}
		}
	}
	c.AccBits = c.BoundBits(t.Format)
	out := b.tensor(OutSize(s.Window, 0, t.H), OutSize(s.Window, 1, t.W), s.OutC, s.Out)
	b.layer(intnet.Layer{Kind: intnet.KindConv, In: []int{in}, Out: out, Conv: c})
	if s.Form == ByThresholds {
		b.thresholds(&b.Net.Layers[len(b.Net.Layers)-1], s.Shift)
	}
	return out
}

// Reduction is what a pooling makes of the values of a window.
type Reduction bool

// The reductions.
const (
	Mean    Reduction = false
	Maximum Reduction = true
)

// Pool adds a max or average pooling of tensor in. Every window must meet the map.
func (b *Builder) Pool(in int, w intnet.Window, r Reduction, countPad bool, f fixed.Format) int {
	t := b.Net.Tensors[in]
	p := &intnet.Pool{Window: w, Max: bool(r)}
	if r == Maximum {
		f = t.Format
	} else {
		p.CountPad = countPad
		b.average(p, t, &f)
	}
	out := b.tensor(OutSize(w, 0, t.H), OutSize(w, 1, t.W), t.C, f)
	return b.layer(intnet.Layer{Kind: intnet.KindPool, In: []int{in}, Out: out, Pool: p})
}

// average completes an average of tensor t. If there is no room for an exact one, the output gets the input's binary point.
func (b *Builder) average(p *intnet.Pool, t intnet.Tensor, f *fixed.Format) {
	if t.Format.Scale != f.Scale {
		n := t.H * t.W
		if p.Window != (intnet.Window{}) {
			n = p.Kernel[0] * p.Kernel[1]
		}
		p.Scale = b.averageScale(n, t.Format, *f)
		return
	}
	var err error
	if p.Scale, p.Drop, err = p.Average(&t, &intnet.Tensor{Format: *f}, b.Rounding); err != nil {
		f.Frac = t.Format.Frac
		p.Scale, p.Drop, _ = p.Average(&t, &intnet.Tensor{Format: *f}, b.Rounding)
	}
	p.FormatShift = t.Format.Frac - f.Frac
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
func (b *Builder) GlobalPool(in int, r Reduction, f fixed.Format) int {
	t := b.Net.Tensors[in]
	p := &intnet.Pool{Max: bool(r)}
	if r == Maximum {
		f = t.Format
	} else {
		b.average(p, t, &f)
	}
	out := b.tensor(1, 1, t.C, f)
	return b.layer(intnet.Layer{Kind: intnet.KindGlobalPool, In: []int{in}, Out: out, Pool: p})
}

// Add adds the sum of two tensors of the same shape.
func (b *Builder) Add(x, y int, f fixed.Format) int {
	tx, ty := b.Net.Tensors[x], b.Net.Tensors[y]
	out := b.tensor(tx.H, tx.W, tx.C, f)
	factors, shift := b.factors(intnet.KindAdd, tx.Format, ty.Format, f)
	return b.layer(intnet.Layer{Kind: intnet.KindAdd, In: []int{x, y}, Out: out, Factors: factors, Shift: shift})
}

// Mul adds the product of two tensors of the same shape, or of x and a single pixel y.
func (b *Builder) Mul(x, y int, f fixed.Format) int {
	tx, ty := b.Net.Tensors[x], b.Net.Tensors[y]
	out := b.tensor(tx.H, tx.W, tx.C, f)
	factors, shift := b.factors(intnet.KindMul, tx.Format, ty.Format, f)
	return b.layer(intnet.Layer{Kind: intnet.KindMul, In: []int{x, y}, Out: out, Factors: factors, Shift: shift})
}

// Activation adds a random non-linear function of the given kind.
func (b *Builder) Activation(in int, fn intnet.ActFn, f fixed.Format) int {
	t := b.Net.Tensors[in]
	r := b.Rng
	a := &intnet.Act{Fn: fn, Shift: t.Format.Bits + 4 - f.Bits + r.Intn(8)}
	switch fn {
	case intnet.ActAffine:
		a.Mul, a.Add = []int64{r.Int63n(1 << 18)}, r.Int63n(1<<20)-1<<19
		if b.Forms != nil { // up to the widest factor
			more := b.Forms.Intn(13)
			a.Mul[0] = a.Mul[0]<<more - b.Forms.Int63n(1<<more)
			a.Add, a.Shift = a.Add<<more+b.Forms.Int63n(1<<more), a.Shift+more
		}
	case intnet.ActHardSwish:
		top := t.Format.Max()
		a.Mul, a.Add, a.Top, a.Shift = []int64{10923}, top/2, max(1, top), a.Shift+14
	case intnet.ActLeaky:
		a.Top = 1 << 12
		a.Mul = []int64{r.Int63n(1<<13) - 1<<12}
		if r.Intn(2) == 0 {
			for range t.C - 1 {
				a.Mul = append(a.Mul, r.Int63n(1<<13)-1<<12)
			}
		}
	case intnet.ActCurve:
		if a.Step = r.Intn(3); t.Format.Bits > 8 {
			a.Step = t.Format.Bits - r.Intn(8)
		}
		for range 1<<(t.Format.Bits-a.Step) + 1 {
			a.Table = append(a.Table, r.Int63n(1<<18)-1<<17)
		}
		a.Shift = a.Step + r.Intn(6)
	}
	out := b.tensor(t.H, t.W, t.C, f)
	return b.layer(intnet.Layer{Kind: intnet.KindActivation, In: []int{in}, Out: out, Act: a})
}

// Concat joins tensors of one height, width and format.
func (b *Builder) Concat(in ...int) int {
	t := b.Net.Tensors[in[0]]
	c := 0
	for _, i := range in {
		c += b.Net.Tensors[i].C
	}
	out := b.tensor(t.H, t.W, c, t.Format)
	return b.layer(intnet.Layer{Kind: intnet.KindConcat, In: in, Out: out})
}

// Slice takes an H x W x C part of tensor in.
func (b *Builder) Slice(in int, s intnet.Slice, h, w, c int) int {
	out := b.tensor(h, w, c, b.Net.Tensors[in].Format)
	return b.layer(intnet.Layer{Kind: intnet.KindSlice, In: []int{in}, Out: out, Moves: intnet.Moves{Slice: &s}})
}

// Resize resamples tensor in at random positions, nearest or linear.
func (b *Builder) Resize(in, h, w int, linear bool, f fixed.Format) int {
	t := b.Net.Tensors[in]
	f.Scale = t.Format.Scale
	axis := func(size, osize int) intnet.Samples {
		// With one position, the second bank is never written, and Icarus Verilog computes 0 * X = X.
		linear := linear && (b.Forms == nil || size > 1)
		s := intnet.Samples{}
		if linear {
			s.Scale, s.Weight = 8, []int64{}
		}
		for i := range osize {
			s.From = append(s.From, i*size/osize)
			if linear {
				s.Weight = append(s.Weight, 0)
				if s.From[i] < size-1 {
					s.Weight[i] = b.Rng.Int63n(1 << s.Scale)
				}
			}
		}
		return s
	}
	r := &intnet.Resize{Rows: axis(t.H, h), Cols: axis(t.W, w), FormatShift: t.Format.Frac - f.Frac}
	// Some sums are rounded to a quarter of a unit before they are requantised.
	if drop := r.Shift() - 2; linear && w%2 == 1 && drop > 0 {
		r.Drop = min(drop, r.Rows.Scale+r.Cols.Scale)
	}
	out := b.tensor(h, w, t.C, f)
	return b.layer(intnet.Layer{Kind: intnet.KindResize, In: []int{in}, Out: out, Resize: r})
}

// ZeroInsert inserts zeros between the pixels of tensor in, and extra rows and columns of zeros at the end.
func (b *Builder) ZeroInsert(in int, stride, extra [2]int) int {
	t := b.Net.Tensors[in]
	out := b.tensor((t.H-1)*stride[0]+1+extra[0], (t.W-1)*stride[1]+1+extra[1], t.C, t.Format)
	return b.layer(intnet.Layer{Kind: intnet.KindZeroInsert, In: []int{in}, Out: out, Moves: intnet.Moves{Insert: &intnet.ZeroInsert{Stride: stride}}})
}

// Requant adds a change of format. Where scales differ it is a Rescale.
func (b *Builder) Requant(in int, f fixed.Format) int {
	t := b.Net.Tensors[in]
	if t.Format.Scale != f.Scale {
		return b.Rescale(in, f)
	}
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

// RandomNet makes a network of at most the given number of layers. Half of the networks round half to even. Without forms
// (Builder.Forms) all scales are powers of two.
func RandomNet(rng, forms *rand.Rand, layers int) (*intnet.Net, error) {
	c := []int{1, 2, 3, 4, 6, 8}
	b := NewBuilder(rng, 2+rng.Intn(8), 2+rng.Intn(8), c[rng.Intn(len(c))], format(rng))
	b.Forms = forms
	b.Net.Tensors[0].Format = b.scaled(b.Net.Tensors[0].Format)
	for len(b.Net.Layers) < layers {
		// Mostly a chain; sometimes a branch from an earlier tensor, which becomes another
		// output unless an Add joins it.
		in := b.Last()
		if rng.Intn(12) == 0 {
			in = rng.Intn(len(b.Net.Tensors))
		}
		t := b.Net.Tensors[in]
		f := b.scaled(format(rng))
		b.Rounding = fixed.Roundings[(b.Net.Tensors[0].C+len(b.Net.Layers))%len(fixed.Roundings)]
		switch rng.Intn(14) {
		default:
			s := randomConv(rng, t, f)
			b.form(&s, t.Format)
			b.Conv(in, s)
		case 5, 6:
			if w, ok := randomWindow(rng, t, meets); ok {
				b.Pool(in, w, rng.Intn(2) == 0, rng.Intn(2) == 0, f)
			}
		case 7, 8:
			for other := range len(b.Net.Tensors) - 1 {
				o := b.Net.Tensors[other]
				if other == in || o.C != t.C || (o.H != t.H || o.W != t.W) && (o.H != 1 || o.W != 1) {
					continue
				}
				if rng.Intn(2) == 0 {
					b.Add(in, other, f)
				} else {
					b.Mul(in, other, f)
				}
				break
			}
		case 9:
			if rng.Intn(2) == 0 {
				b.Requant(in, f)
			} else if rng.Intn(3) == 0 || len(b.Net.Layers) == layers-1 {
				b.GlobalPool(in, rng.Intn(2) == 0, f)
			}
		case 10:
			fns := []intnet.ActFn{intnet.ActAffine, intnet.ActHardSwish, intnet.ActLeaky, intnet.ActCurve}
			b.Activation(in, fns[rng.Intn(len(fns))], f)
		case 11:
			b.move(in, f)
		case 12:
			// A gate like squeeze-excite's: the mean of a map scales it.
			if t.H*t.W > 1 {
				b.Mul(in, b.GlobalPool(in, Mean, f), f)
			}
		}
	}
	b.Net.InputRounding = b.Rounding
	// Make an intermediate tensor an output too.
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

// move adds a random layer that moves pixels.
func (b *Builder) move(in int, f fixed.Format) {
	r, t := b.Rng, b.Net.Tensors[in]
	switch r.Intn(4) {
	case 0:
		with := []int{in}
		for other := range b.Net.Tensors {
			if o := b.Net.Tensors[other]; o.H == t.H && o.W == t.W && o.Format == t.Format && r.Intn(2) == 0 {
				with = append(with, other)
			}
		}
		if r.Intn(2) == 0 {
			// Numbers of channels with few common divisors.
			s := ConvSpec{Window: Square(1, 1, 0), Groups: 1, Out: t.Format, OutC: []int{1, 5, 7, 9, 10}[r.Intn(5)], WeightBits: 8, Density: 0.6}
			s.Shift = s.WeightBits - 2
			b.form(&s, t.Format)
			with = append(with, b.Conv(in, s))
			r.Shuffle(len(with), func(i, k int) { with[i], with[k] = with[k], with[i] })
		}
		if len(with) > 1 {
			b.Concat(with...)
		}
	case 1:
		var s intnet.Slice
		size := [3]int{t.H, t.W, t.C}
		for d := range s.Step {
			s.Step[d] = 1
		}
		for d := range size {
			if d < 2 && r.Intn(2) == 0 {
				continue // whole rows or columns
			}
			s.Start[d] = r.Intn(size[d])
			if d < 2 {
				s.Step[d] += r.Intn(2)
				size[d] = (size[d]-1-s.Start[d])/s.Step[d] + 1
			} else {
				size[d] -= s.Start[d]
			}
			size[d] = 1 + r.Intn(size[d])
		}
		b.Slice(in, s, size[0], size[1], size[2])
	case 2:
		b.Resize(in, 1+r.Intn(2*t.H), 1+r.Intn(2*t.W), r.Intn(2) == 0, f)
	case 3:
		s := [2]int{1 + r.Intn(2), 1 + r.Intn(2)}
		b.ZeroInsert(in, s, [2]int{r.Intn(s[0]), r.Intn(s[1])})
	}
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
	w, ok := randomWindow(rng, in, anywhere)
	if s.Groups = 1; ok && in.C > 1 && rng.Intn(3) == 0 {
		s.Groups = pick(rng, divisors(in.C))
		if s.OutC = s.Groups * []int{1, 1, 2, 3}[rng.Intn(4)]; rng.Intn(2) == 0 {
			s.Groups, s.OutC = in.C, in.C // depthwise
		}
	} else if !ok || rng.Intn(10) == 0 { // fully connected
		w = intnet.Window{Kernel: [2]int{in.H, in.W}, Stride: [2]int{1, 1}, Dilation: [2]int{1, 1}}
	}
	s.Window = w
	// The shift removes about the growth of the sum, so that some outputs saturate and most do not.
	k := w.Kernel[0] * w.Kernel[1] * in.C / s.Groups
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

// place says where the windows of an operator may lie.
type place bool

const (
	anywhere place = false // in the padding alone
	meets    place = true  // at least one tap on the map
)

// randomWindow is a window that fits tensor t.
func randomWindow(rng *rand.Rand, t intnet.Tensor, where place) (intnet.Window, bool) {
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
			if rng.Intn(4) == 0 && w.Kernel[d] > 1 {
				w.Dilation[d] = 2
			}
			extent := (w.Kernel[d]-1)*w.Dilation[d] + 1
			for _, side := range []int{d, d + 2} {
				if rng.Intn(3) > 0 {
					w.Pads[side] = rng.Intn(extent)
				}
				if where == anywhere && rng.Intn(12) == 0 {
					w.Pads[side] += 1 + rng.Intn(3) // perhaps wider than the kernel
				}
			}
			if extent > size+w.Pads[d]+w.Pads[d+2] {
				ok = false
				break
			}
			for o := range OutSize(w, d, size) {
				if where == meets && tapsInside(w, d, size, o) == 0 {
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
