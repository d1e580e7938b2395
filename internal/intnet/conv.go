package intnet

import (
	"fmt"

	"hass/internal/fixed"
)

// convPlan is what a convolution needs beyond its layer, computed once.
type convPlan struct {
	ti, to *Tensor
	k      int   // elements of one group's window
	window int   // elements of the gathered window of all groups; 0 if not gathered
	masked int   // elements of the input if it has a threshold, else 0
	limit  int64 // accumulators and partial sums lie in [-limit, limit)
	half   []int64
	// direct is set where every window is one contiguous piece of the input.
	direct bool
	// taps are the weights of a depthwise convolution (one input and one output
	// channel per group) as [KH*KW][C], so that the channels are innermost.
	taps []int16
}

func newConvPlan(l *Layer, ti, to *Tensor) *convPlan {
	c := l.Conv
	p := &convPlan{ti: ti, to: to, k: c.Kernel[0] * c.Kernel[1] * (ti.C / c.Groups), limit: int64(1) << (c.AccBits - 1)}
	for o := range c.OutC {
		var half int64
		if s := c.ShiftOf(o); s > 0 {
			half = int64(1) << (s - 1)
		}
		p.half = append(p.half, half)
	}
	unpadded := c.Pads == [4]int{}
	pixel := c.Kernel == [2]int{1, 1}
	rows := c.Kernel[1] == ti.W && c.Dilation == [2]int{1, 1}
	p.direct = c.Groups == 1 && unpadded && (pixel || rows)
	if c.TauA > 0 {
		p.masked = ti.H * ti.W * ti.C
	}
	if c.Groups == ti.C && c.OutC == ti.C && ti.C > 1 {
		n := c.Kernel[0] * c.Kernel[1]
		p.taps = make([]int16, n*ti.C)
		for ch := range ti.C {
			for t := range n {
				p.taps[t*ti.C+ch] = c.Weights[ch*n+t]
			}
		}
	} else if !p.direct {
		p.window = p.k * c.Groups
	}
	return p
}

// scratch is the per-executor working memory of convolutions.
type scratch struct {
	window []int32 // one window, all groups
	masked []int32 // an input with its threshold applied
	acc    []int64 // one accumulator per output channel
}

func newScratch(plans []*convPlan) scratch {
	var window, masked, acc int
	for _, p := range plans {
		if p != nil {
			window = max(window, p.window)
			masked = max(masked, p.masked)
			acc = max(acc, p.to.C)
		}
	}
	return scratch{make([]int32, window), make([]int32, masked), make([]int64, acc)}
}

// conv evaluates one convolution layer.
func (x *Exec) conv(l *Layer, p *convPlan, in, out []int32) error {
	c := l.Conv
	if c.TauA > 0 {
		masked := x.scratch.masked[:len(in)]
		tau := int32(c.TauA)
		for i, v := range in {
			if v < tau && v > -tau {
				v = 0
			}
			masked[i] = v
		}
		in = masked
	}
	acc := x.scratch.acc[:c.OutC]
	for oy := range p.to.H {
		for ox := range p.to.W {
			var err error
			switch {
			case x.Checked:
				err = checkedPixel(c, p, in, oy, ox, acc)
			case p.taps != nil:
				depthwisePixel(c, p, in, oy, ox, acc)
			default:
				x.pixel(c, p, in, oy, ox, acc)
			}
			if err != nil {
				return err
			}
			dst := out[(oy*p.to.W+ox)*c.OutC:][:c.OutC]
			for o, a := range acc {
				if a < -p.limit || a+p.half[o] >= p.limit {
					return overflow(c, oy, ox, o, a)
				}
				dst[o] = int32(fixed.Requant(a, c.ShiftOf(o), l.Lo, l.Hi))
			}
		}
	}
	return nil
}

func overflow(c *Conv, oy, ox, o int, acc int64) error {
	return fmt.Errorf("accumulator %d of output (y %d, x %d, channel %d) exceeds %d bits", acc, oy, ox, o, c.AccBits)
}

// pixel computes the accumulators of one output pixel by gathering its window.
func (x *Exec) pixel(c *Conv, p *convPlan, in []int32, oy, ox int, acc []int64) {
	var window []int32
	if p.direct {
		at := (oy*c.Stride[0]*p.ti.W + ox*c.Stride[1]) * p.ti.C
		window = in[at:][:p.k]
	} else {
		window = x.scratch.window[:p.window]
		gather(c, p, in, oy, ox, window)
	}
	perGroup := c.OutC / c.Groups
	for g := range c.Groups {
		o := g * perGroup
		dots(acc[o:o+perGroup], c.Bias[o:o+perGroup], window[g*p.k:][:p.k], c.Weights[o*p.k:][:perGroup*p.k])
	}
}

// gather copies the window of output pixel (oy, ox) as [Groups][KH][KW][C/Groups],
// with zeros for padding.
func gather(c *Conv, p *convPlan, in []int32, oy, ox int, window []int32) {
	cg := p.ti.C / c.Groups
	ix0 := ox*c.Stride[1] - c.Pads[1]
	for kh := range c.Kernel[0] {
		iy := oy*c.Stride[0] - c.Pads[0] + kh*c.Dilation[0]
		if iy < 0 || iy >= p.ti.H {
			for g := range c.Groups {
				clear(window[g*p.k+kh*c.Kernel[1]*cg:][:c.Kernel[1]*cg])
			}
			continue
		}
		row := in[iy*p.ti.W*p.ti.C:][:p.ti.W*p.ti.C]
		if c.Groups == 1 && c.Dilation[1] == 1 {
			// The taps inside the map are contiguous.
			dst := window[kh*c.Kernel[1]*cg:][:c.Kernel[1]*cg]
			lead := min(max(0, -ix0), c.Kernel[1])
			end := min(max(lead, p.ti.W-ix0), c.Kernel[1])
			clear(dst[:lead*cg])
			if end > lead {
				copy(dst[lead*cg:end*cg], row[(ix0+lead)*cg:])
			}
			clear(dst[end*cg:])
			continue
		}
		for kw := range c.Kernel[1] {
			ix := ix0 + kw*c.Dilation[1]
			for g := range c.Groups {
				dst := window[g*p.k+(kh*c.Kernel[1]+kw)*cg:][:cg]
				if ix < 0 || ix >= p.ti.W {
					clear(dst)
				} else {
					copy(dst, row[ix*p.ti.C+g*cg:])
				}
			}
		}
	}
}

// dots computes acc[o] = bias[o] + window . weights[o] for consecutive rows of
// weights, four outputs at a time to read the window less often.
func dots(acc, bias []int64, window []int32, weights []int16) {
	k := len(window)
	o := 0
	for ; o+4 <= len(acc); o += 4 {
		w0 := weights[o*k:][:k]
		w1 := weights[(o+1)*k:][:k]
		w2 := weights[(o+2)*k:][:k]
		w3 := weights[(o+3)*k:][:k]
		a0, a1, a2, a3 := bias[o], bias[o+1], bias[o+2], bias[o+3]
		for i, v := range window {
			v := int64(v)
			a0 += v * int64(w0[i])
			a1 += v * int64(w1[i])
			a2 += v * int64(w2[i])
			a3 += v * int64(w3[i])
		}
		acc[o], acc[o+1], acc[o+2], acc[o+3] = a0, a1, a2, a3
	}
	for ; o < len(acc); o++ {
		w := weights[o*k:][:k]
		a := bias[o]
		for i, v := range window {
			a += int64(v) * int64(w[i])
		}
		acc[o] = a
	}
}

// depthwisePixel computes one output pixel of a depthwise convolution, channels
// innermost.
func depthwisePixel(c *Conv, p *convPlan, in []int32, oy, ox int, acc []int64) {
	ch := p.ti.C
	copy(acc, c.Bias)
	for kh := range c.Kernel[0] {
		iy := oy*c.Stride[0] - c.Pads[0] + kh*c.Dilation[0]
		if iy < 0 || iy >= p.ti.H {
			continue
		}
		for kw := range c.Kernel[1] {
			ix := ox*c.Stride[1] - c.Pads[1] + kw*c.Dilation[1]
			if ix < 0 || ix >= p.ti.W {
				continue
			}
			px := in[(iy*p.ti.W+ix)*ch:][:ch]
			w := p.taps[(kh*c.Kernel[1]+kw)*ch:][:ch]
			for i, v := range px {
				acc[i] += int64(v) * int64(w[i])
			}
		}
	}
}

// checkedPixel computes one output pixel straight from the definition and
// verifies every partial sum.
func checkedPixel(c *Conv, p *convPlan, in []int32, oy, ox int, acc []int64) error {
	cg := p.ti.C / c.Groups
	perGroup := c.OutC / c.Groups
	for o := range acc {
		a := c.Bias[o]
		w := c.Weights[o*p.k:][:p.k]
		for kh := range c.Kernel[0] {
			iy := oy*c.Stride[0] - c.Pads[0] + kh*c.Dilation[0]
			for kw := range c.Kernel[1] {
				ix := ox*c.Stride[1] - c.Pads[1] + kw*c.Dilation[1]
				if iy < 0 || iy >= p.ti.H || ix < 0 || ix >= p.ti.W {
					continue
				}
				px := in[(iy*p.ti.W+ix)*p.ti.C+o/perGroup*cg:][:cg]
				for i, v := range px {
					a += int64(v) * int64(w[(kh*c.Kernel[1]+kw)*cg+i])
					if a < -p.limit || a >= p.limit {
						return overflow(c, oy, ox, o, a)
					}
				}
			}
		}
		acc[o] = a
	}
	return nil
}
