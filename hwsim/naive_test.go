package hwsim

import (
	"math/big"

	"hass/internal/intnet"
)

// naive evaluates a network straight from the formulas in package intnet's
// comments, one output element at a time, in arbitrary precision: a second opinion that shares
// no code with the simulator or the executor.
func naive(net *intnet.Net, image []int32) map[int][]int32 {
	val := map[int][]int32{net.Input: image}
	for i := range net.Layers {
		l := &net.Layers[i]
		out := net.Tensors[l.Out]
		y := make([]int32, 0, out.H*out.W*out.C)
		for oy := range out.H {
			for ox := range out.W {
				for o := range out.C {
					y = append(y, naiveElem(net, l, val, oy, ox, o))
				}
			}
		}
		val[l.Out] = y
	}
	return val
}

func naiveElem(net *intnet.Net, l *intnet.Layer, val map[int][]int32, oy, ox, o int) int32 {
	in := net.Tensors[l.In[0]]
	x := val[l.In[0]]
	at := func(y, xx, c int) (int64, bool) {
		if y < 0 || y >= in.H || xx < 0 || xx >= in.W {
			return 0, false
		}
		return int64(x[(y*in.W+xx)*in.C+c]), true
	}
	switch l.Kind {
	case intnet.KindConv:
		c := l.Conv
		acc := big.NewInt(c.Bias[o])
		for kh := range c.Kernel[0] {
			for kw := range c.Kernel[1] {
				for ch := range in.C {
					v, _ := at(oy*c.Stride[0]-c.Pads[0]+kh*c.Dilation[0], ox*c.Stride[1]-c.Pads[1]+kw*c.Dilation[1], ch)
					if v < c.TauA && -v < c.TauA {
						v = 0
					}
					w := int64(c.Weights[((o*c.Kernel[0]+kh)*c.Kernel[1]+kw)*in.C+ch])
					acc.Add(acc, big.NewInt(v*w))
				}
			}
		}
		s := c.Shift[0]
		if len(c.Shift) > 1 {
			s = c.Shift[o]
		}
		return naiveRequant(acc, s, l.Lo, l.Hi)
	case intnet.KindPool, intnet.KindGlobalPool:
		p := l.Pool
		w := p.Window
		if l.Kind == intnet.KindGlobalPool {
			w = intnet.Window{Kernel: [2]int{in.H, in.W}, Stride: [2]int{1, 1}, Dilation: [2]int{1, 1}}
		}
		var best, sum, n int64
		some := false
		for kh := range w.Kernel[0] {
			for kw := range w.Kernel[1] {
				v, inside := at(oy*w.Stride[0]-w.Pads[0]+kh*w.Dilation[0], ox*w.Stride[1]-w.Pads[1]+kw*w.Dilation[1], o)
				if inside || p.CountPad {
					n++
				}
				if !inside {
					continue
				}
				sum += v
				if !some || v > best {
					best, some = v, true
				}
			}
		}
		if p.Max {
			return naiveRequant(big.NewInt(best), 0, l.Lo, l.Hi)
		}
		// round(2^k / n) = floor((2^(k+1) + n) / 2n)
		mul := new(big.Int).Lsh(big.NewInt(1), uint(p.Scale+1))
		mul.Add(mul, big.NewInt(n)).Div(mul, big.NewInt(2*n))
		return naiveRequant(mul.Mul(mul, big.NewInt(sum)), p.Scale+p.FormatShift, l.Lo, l.Hi)
	case intnet.KindAdd:
		other := net.Tensors[l.In[1]]
		a, _ := at(oy, ox, o)
		b := int64(val[l.In[1]][(oy*other.W+ox)*other.C+o])
		sum := new(big.Int).Lsh(big.NewInt(a), uint(l.Align[0]))
		sum.Add(sum, new(big.Int).Lsh(big.NewInt(b), uint(l.Align[1])))
		return naiveRequant(sum, l.Shift, l.Lo, l.Hi)
	}
	v, _ := at(oy, ox, o)
	return naiveRequant(big.NewInt(v), l.Shift, l.Lo, l.Hi)
}

// rounding counts how naiveRequant's results came about.
var rounding struct{ ties, saturated, plain int }

func naiveRequant(acc *big.Int, s int, lo, hi int64) int32 {
	v := new(big.Int).Set(acc)
	if s > 0 {
		half := new(big.Int).Lsh(big.NewInt(1), uint(s-1))
		low := new(big.Int).And(v, new(big.Int).Sub(new(big.Int).Lsh(half, 1), big.NewInt(1)))
		if low.Cmp(half) == 0 {
			rounding.ties++
		}
		v.Add(v, half).Rsh(v, uint(s)) // floor
	} else {
		v.Lsh(v, uint(-s))
	}
	switch {
	case v.Cmp(big.NewInt(lo)) < 0:
		rounding.saturated++
		return int32(lo)
	case v.Cmp(big.NewInt(hi)) > 0:
		rounding.saturated++
		return int32(hi)
	}
	rounding.plain++
	return int32(v.Int64())
}
