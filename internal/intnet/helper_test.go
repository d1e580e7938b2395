package intnet

import (
	"fmt"
	"math"
	"math/rand/v2"

	"hass/internal/fixed"
)

// builder makes networks for tests; tensors and layers get their identifiers
// from their numbers.
type builder struct {
	net Net
	r   *rand.Rand
}

func newBuilder(seed uint64, h, w, c int, f fixed.Format) *builder {
	b := &builder{r: rand.New(rand.NewPCG(seed, 1))}
	b.net = Net{Name: "test", InputRounding: fixed.HalfUp, Tensors: []Tensor{{Name: "input", ID: "t0", H: h, W: w, C: c, Format: f}}}
	return b
}

func (b *builder) add(l Layer, h, w, c int, f fixed.Format) int {
	out := len(b.net.Tensors)
	b.net.Tensors = append(b.net.Tensors, Tensor{Name: fmt.Sprintf("v%d", out), ID: fmt.Sprintf("t%d", out), H: h, W: w, C: c, Format: f})
	l.Name, l.ID, l.Out = fmt.Sprintf("l%d", out), fmt.Sprintf("l%d", out), out
	if l.Lo == 0 && l.Hi == 0 {
		l.Lo, l.Hi = f.Min(), f.Max()
	}
	if l.Requantises() {
		l.Rounding = fixed.Roundings[b.r.IntN(len(fixed.Roundings))]
	}
	if p := l.Pool; p != nil && !p.Max {
		var err error
		if p.Scale, p.Drop, err = p.Average(&b.net.Tensors[l.In[0]], &b.net.Tensors[out], l.Rounding); err != nil {
			panic(err)
		}
	}
	b.net.Layers = append(b.net.Layers, l)
	return out
}

func outSize(size, k, s, d, lead, trail int) int { return (size+lead+trail-(k-1)*d-1)/s + 1 }

// conv adds a convolution with random weights over their full range.
func (b *builder) conv(in int, win Window, groups, outC, weightBits int, fracs []int, f fixed.Format, tau int64) int {
	t := b.net.Tensors[in]
	c := &Conv{Window: win, Groups: groups, OutC: outC, WeightBits: weightBits, WeightFrac: fracs, TauA: tau}
	for _, wf := range fracs {
		c.Shift = append(c.Shift, t.Format.Frac+wf-f.Frac)
	}
	lim := int64(1)<<(weightBits-1) - 1
	per := win.Kernel[0] * win.Kernel[1] * t.C / groups
	for range outC * per {
		w := b.r.Int64N(2*lim+1) - lim
		switch b.r.IntN(6) {
		case 0:
			w = 0
		case 1:
			w = lim
		case 2:
			w = -lim
		}
		c.Weights = append(c.Weights, int16(w))
	}
	for range outC {
		c.Bias = append(c.Bias, b.r.Int64N(1<<weightBits*200)-1<<weightBits*100)
	}
	if c.BiasFrac = b.r.IntN(3); b.r.IntN(2) == 0 { // also ties
		for o := range c.Bias {
			c.Bias[o] = c.Bias[o] >> c.BiasFrac << c.BiasFrac
		}
	}
	c.AccBits = c.BoundBits(t.Format)
	h := outSize(t.H, win.Kernel[0], win.Stride[0], win.Dilation[0], win.Pads[0], win.Pads[2])
	w := outSize(t.W, win.Kernel[1], win.Stride[1], win.Dilation[1], win.Pads[1], win.Pads[3])
	return b.add(Layer{Kind: KindConv, In: []int{in}, Conv: c}, h, w, outC, f)
}

// input is an image of full-range values with many extremes.
func (b *builder) input() []int32 {
	t := b.net.Tensors[b.net.Input]
	lo, hi := t.Format.Min(), t.Format.Max()
	img := make([]int32, t.H*t.W*t.C)
	for i := range img {
		switch b.r.IntN(5) {
		case 0:
			img[i] = int32(lo)
		case 1:
			img[i] = int32(hi)
		case 2:
			img[i] = 0
		default:
			img[i] = int32(lo + b.r.Int64N(hi-lo+1))
		}
	}
	return img
}

func square(k, s, d, p int) Window {
	return Window{Kernel: [2]int{k, k}, Stride: [2]int{s, s}, Dilation: [2]int{d, d}, Pads: [4]int{p, p, p, p}}
}

// reference evaluates a layer element by element in float64 on dequantised
// values, as an independent definition. All sums of the tests are exact in 53
// bits. It returns the real result before rounding, in units of the output's last
// place, and the clamp as given.
func reference(net *Net, l *Layer, in [][]int32) []float64 {
	to := net.Tensors[l.Out]
	real := func(i, y, x, c int) float64 {
		t := net.Tensors[l.In[i]]
		return math.Ldexp(float64(in[i][(y*t.W+x)*t.C+c]), -t.Format.Frac)
	}
	ti := net.Tensors[l.In[0]]
	out := make([]float64, to.H*to.W*to.C)
	for y := range to.H {
		for x := range to.W {
			for c := range to.C {
				var v float64
				switch l.Kind {
				case KindRequant:
					v = real(0, y, x, c)
				case KindAdd:
					v = real(0, y, x, c) + real(1, y, x, c)
				case KindConv:
					v = referenceConv(l.Conv, ti, real, y, x, c)
				default:
					v = referencePool(l, ti, real, y, x, c)
				}
				out[(y*to.W+x)*to.C+c] = math.Ldexp(v, to.Format.Frac)
			}
		}
	}
	return out
}

func referenceConv(cv *Conv, ti Tensor, real func(i, y, x, c int) float64, y, x, o int) float64 {
	wf := cv.WeightFrac[0]
	if len(cv.WeightFrac) > 1 {
		wf = cv.WeightFrac[o]
	}
	cg := ti.C / cv.Groups
	g := o / (cv.OutC / cv.Groups)
	tau := math.Ldexp(float64(cv.TauA), -ti.Format.Frac)
	v := math.Ldexp(float64(cv.Bias[o]), -wf-ti.Format.Frac-cv.BiasFrac)
	for ky := range cv.Kernel[0] {
		for kx := range cv.Kernel[1] {
			iy := y*cv.Stride[0] + ky*cv.Dilation[0] - cv.Pads[0]
			ix := x*cv.Stride[1] + kx*cv.Dilation[1] - cv.Pads[1]
			if iy < 0 || ix < 0 || iy >= ti.H || ix >= ti.W {
				continue
			}
			for c := range cg {
				a := real(0, iy, ix, g*cg+c)
				if math.Abs(a) < tau {
					continue
				}
				w := cv.Weights[((o*cv.Kernel[0]+ky)*cv.Kernel[1]+kx)*cg+c]
				v += a * math.Ldexp(float64(w), -wf)
			}
		}
	}
	return v
}

func referencePool(l *Layer, ti Tensor, real func(i, y, x, c int) float64, y, x, c int) float64 {
	win := l.Pool.Window
	if l.Kind == KindGlobalPool {
		win = Window{Kernel: [2]int{ti.H, ti.W}, Stride: [2]int{1, 1}, Dilation: [2]int{1, 1}}
	}
	best, sum, n := math.Inf(-1), 0.0, 0
	for ky := range win.Kernel[0] {
		for kx := range win.Kernel[1] {
			iy := y*win.Stride[0] + ky*win.Dilation[0] - win.Pads[0]
			ix := x*win.Stride[1] + kx*win.Dilation[1] - win.Pads[1]
			if iy < 0 || ix < 0 || iy >= ti.H || ix >= ti.W {
				continue
			}
			best = max(best, real(0, iy, ix, c))
			sum += real(0, iy, ix, c)
			n++
		}
	}
	if l.Pool.Max {
		return best
	}
	if l.Pool.CountPad {
		n = win.Kernel[0] * win.Kernel[1]
	}
	return sum / float64(n)
}
