package hwsim

import (
	"math"
	"math/big"

	"hass/internal/fixed"
	"hass/internal/intnet"
)

// naive evaluates a network straight from the formulas in package intnet's
// comments, one output element at a time, in arbitrary precision: a second opinion that shares
// no code with the simulator or the executor, except for layers that hasFormula does not know.
func naive(net *intnet.Net, image []int32) map[int][]int32 {
	val := map[int][]int32{net.Input: image}
	for i := range net.Layers {
		l := &net.Layers[i]
		out := net.Tensors[l.Out]
		if l.Kind.Moves() && !hasFormula(l.Kind) {
			val[l.Out] = executed(net, *l, val[l.In[0]])
			continue
		}
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
		acc := new(big.Int)
		for kh := range c.Kernel[0] {
			for kw := range c.Kernel[1] {
				for ch := range in.C / c.Groups {
					v, _ := at(oy*c.Stride[0]-c.Pads[0]+kh*c.Dilation[0], ox*c.Stride[1]-c.Pads[1]+kw*c.Dilation[1],
						o/(c.OutC/c.Groups)*(in.C/c.Groups)+ch)
					if v < c.TauA && -v < c.TauA {
						v = 0
					}
					w := int64(c.Weights[((o*c.Kernel[0]+kh)*c.Kernel[1]+kw)*(in.C/c.Groups)+ch])
					acc.Add(acc, big.NewInt(v*w))
				}
			}
		}
		acc.Lsh(acc, uint(c.BiasFrac)).Add(acc, big.NewInt(c.Bias[o]))
		if c.Thresholds != nil {
			y := l.Lo
			for _, t := range c.Thresholds[o] {
				if acc.Cmp(big.NewInt(t)) >= 0 {
					y++
				}
			}
			forms["thresholds"]++
			return int32(y)
		}
		s := c.Shift[0]
		if len(c.Shift) > 1 {
			s = c.Shift[o]
		}
		switch len(c.Mul) {
		case 0:
		case 1:
			forms["multiplier"]++
			acc.Mul(acc, big.NewInt(c.Mul[0]))
		default:
			forms["multipliers"]++
			acc.Mul(acc, big.NewInt(c.Mul[o]))
		}
		return naiveRequant(acc, s+c.BiasFrac, l)
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
			return naiveRequant(big.NewInt(best), 0, l)
		}
		// round(2^k / n) = floor((2^(k+1) + n) / 2n)
		mul := new(big.Int).Lsh(big.NewInt(1), uint(p.Scale+1))
		mul.Add(mul, big.NewInt(n)).Div(mul, big.NewInt(2*n))
		if to := net.Tensors[l.Out].Format; in.Format.Scale != to.Scale {
			forms["average"]++
			mul = big.NewInt(int64(math.Floor(math.Ldexp(in.Format.Step()/to.Step()/float64(n), p.Scale) + 0.5)))
		}
		mul.Mul(mul, big.NewInt(sum))
		if p.Drop > 0 {
			mul.Add(mul, new(big.Int).Lsh(big.NewInt(1), uint(p.Drop-1))).Rsh(mul, uint(p.Drop))
		}
		return naiveRequant(mul, p.Scale-p.Drop+p.FormatShift, l)
	case intnet.KindAdd, intnet.KindMul:
		other := net.Tensors[l.In[1]]
		x, _ := at(oy, ox, o)
		if other.H == 1 && other.W == 1 {
			oy, ox = 0, 0
		}
		if f := l.Factors[0] | l.Factors[1]; f&(f-1) != 0 && (l.Kind == intnet.KindMul || l.Factors[0]&(l.Factors[0]-1) != 0) {
			forms[string(l.Kind)+" factor"]++
		}
		a, b := big.NewInt(x), big.NewInt(int64(val[l.In[1]][(oy*other.W+ox)*other.C+o]))
		if l.Kind == intnet.KindMul {
			return naiveRequant(a.Mul(a.Mul(a, b), big.NewInt(l.Factors[0])), l.Shift, l)
		}
		a.Mul(a, big.NewInt(l.Factors[0]))
		return naiveRequant(a.Add(a, b.Mul(b, big.NewInt(l.Factors[1]))), l.Shift, l)
	case intnet.KindActivation:
		v, _ := at(oy, ox, o)
		return naiveRequant(naiveAct(l.Act, v, o, in.Format.Min()), l.Act.Shift, l)
	case intnet.KindConcat:
		for _, i := range l.In {
			t := net.Tensors[i]
			if o < t.C {
				return naiveRequant(big.NewInt(int64(val[i][(oy*t.W+ox)*t.C+o])), 0, l)
			}
			o -= t.C
		}
	case intnet.KindSlice:
		v, _ := at(l.Slice.Start[0]+oy*l.Slice.Step[0], l.Slice.Start[1]+ox*l.Slice.Step[1], l.Slice.Start[2]+o)
		return int32(v)
	case intnet.KindZeroInsert:
		if s := l.Insert.Stride; oy%s[0] == 0 && ox%s[1] == 0 {
			v, _ := at(oy/s[0], ox/s[1], o)
			return int32(v)
		}
		return 0
	case intnet.KindResize:
		weight := func(s intnet.Samples, i, second int) int64 {
			w := int64(0)
			if s.Weight != nil {
				w = s.Weight[i]
			}
			if second == 0 {
				w = 1<<s.Scale - w
			}
			return w
		}
		sum, r := new(big.Int), l.Resize
		for dy := range 2 {
			for dx := range 2 {
				v, _ := at(r.Rows.From[oy]+dy, r.Cols.From[ox]+dx, o)
				p := big.NewInt(v)
				p.Mul(p, big.NewInt(weight(r.Rows, oy, dy)))
				sum.Add(sum, p.Mul(p, big.NewInt(weight(r.Cols, ox, dx))))
			}
		}
		if r.Drop > 0 {
			sum.Add(sum, new(big.Int).Lsh(big.NewInt(1), uint(r.Drop-1))).Rsh(sum, uint(r.Drop))
		}
		return naiveRequant(sum, r.FormatShift+r.Rows.Scale+r.Cols.Scale-r.Drop, l)
	}
	if l.Kind != intnet.KindRequant {
		panic("no formula of a layer of kind " + string(l.Kind))
	}
	v, _ := at(oy, ox, o)
	return naiveRequant(big.NewInt(v), l.Shift, l)
}

// hasFormula tells whether naiveElem knows a layer that moves values; it takes the others from the executor, which package
// quant's tests compare with the float network.
func hasFormula(k intnet.Kind) bool { return k == intnet.KindSlice || k == intnet.KindZeroInsert }

// executed is the output of a layer of one input by the executor.
func executed(net *intnet.Net, l intnet.Layer, x []int32) []int32 {
	one := &intnet.Net{InputRounding: net.InputRounding, Tensors: []intnet.Tensor{net.Tensors[l.In[0]], net.Tensors[l.Out]}, Layers: []intnet.Layer{l}, Outputs: []int{1}}
	out := one.Tensors[1]
	one.Results = []intnet.Result{{Name: out.Name, Shape: []int{1, out.C, out.H, out.W}, Tensor: 1}}
	one.Layers[0].In, one.Layers[0].Out = []int{0}, 1
	e, err := intnet.New(one)
	if err != nil {
		panic(err) // the network was valid
	}
	y, err := e.Run(x)
	if err != nil {
		panic(err)
	}
	return y[0]
}

// naiveAct is the function of an activation before its requantisation.
func naiveAct(a *intnet.Act, x int64, channel int, least int64) *big.Int {
	v := big.NewInt(x)
	switch a.Fn {
	case intnet.ActAffine:
		return v.Add(v.Mul(v, big.NewInt(a.Mul[0])), big.NewInt(a.Add))
	case intnet.ActHardSwish:
		t := max(0, min(a.Top, x+a.Add))
		return v.Mul(v, big.NewInt(t)).Mul(v, big.NewInt(a.Mul[0]))
	case intnet.ActLeaky:
		m := a.Top
		if x < 0 && len(a.Mul) == 1 {
			m = a.Mul[0]
		} else if x < 0 {
			m = a.Mul[channel]
		}
		return v.Mul(v, big.NewInt(m))
	}
	i := (x - least) >> a.Step
	rise := big.NewInt(a.Table[i+1] - a.Table[i])
	rise.Mul(rise, big.NewInt((x-least)&(1<<a.Step-1)))
	return rise.Add(rise, v.Lsh(big.NewInt(a.Table[i]), uint(a.Step)))
}

// forms counts the outputs by the form of their rescaling.
var forms = map[string]int{}

// rounding counts how naiveRequant's results came about.
var rounding struct{ ties, even, saturated, plain int }

func naiveRequant(acc *big.Int, s int, l *intnet.Layer) int32 {
	lo, hi := l.Lo, l.Hi
	v := new(big.Int).Set(acc)
	if s > 0 {
		half := new(big.Int).Lsh(big.NewInt(1), uint(s-1))
		low := new(big.Int).And(v, new(big.Int).Sub(new(big.Int).Lsh(half, 1), big.NewInt(1)))
		switch tie := low.Cmp(half) == 0; {
		case tie && l.Rounding == fixed.HalfEven: // down to the even one of the two: twice the quarter
			rounding.even++
			v.Add(v, half).Rsh(v, uint(s+1)).Lsh(v, 1)
		case tie:
			rounding.ties++
			fallthrough
		default:
			v.Add(v, half).Rsh(v, uint(s)) // floor
		}
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
