package optimizer

import (
	"fmt"
	"math/bits"
	"math/rand"

	"hass/internal/design"
	"hass/internal/fixed"
	"hass/internal/hw"
	"hass/internal/intnet"
	"hass/optimizer/cost"
)

// build makes integer networks for tests, tensor by tensor.
type build struct {
	net *intnet.Net
}

func newBuild(h, w, c int) *build {
	b := &build{net: &intnet.Net{Name: "test", InputRounding: fixed.HalfUp}}
	b.net.Input = b.tensor(h, w, c)
	return b
}

func (b *build) tensor(h, w, c int) int {
	n := len(b.net.Tensors)
	id := fmt.Sprintf("t%d", n)
	b.net.Tensors = append(b.net.Tensors, intnet.Tensor{Name: id, ID: id, H: h, W: w, C: c, Format: fixed.Format{Bits: 16, Frac: 8, Signed: true}})
	return n
}

func (b *build) layer(l intnet.Layer, h, w, c int) int {
	l.ID = fmt.Sprintf("%s%d", l.Kind, len(b.net.Layers))
	l.Name = l.ID
	l.Out = b.tensor(h, w, c)
	l.Lo, l.Hi = b.net.Tensors[l.Out].Format.Min(), b.net.Tensors[l.Out].Format.Max()
	if l.Requantises() {
		l.Rounding = fixed.HalfUp
	}
	b.net.Layers = append(b.net.Layers, l)
	return l.Out
}

// conv is a k x k convolution with padding k/2 if same, stride s.
func (b *build) conv(in, out, k, s int, same bool) int {
	t := b.net.Tensors[in]
	pad := 0
	if same {
		pad = k / 2
	}
	h, w := (t.H+2*pad-k)/s+1, (t.W+2*pad-k)/s+1
	return b.layer(intnet.Layer{Kind: intnet.KindConv, In: []int{in}, Conv: &intnet.Conv{
		Window: intnet.Window{Kernel: [2]int{k, k}, Stride: [2]int{s, s}, Dilation: [2]int{1, 1}, Pads: [4]int{pad, pad, pad, pad}},
		Groups: 1, OutC: out, WeightBits: 16, WeightFrac: []int{12}, Shift: []int{12}, AccBits: 40,
	}}, h, w, out)
}

func (b *build) Add(x, y int) int {
	t := b.net.Tensors[x]
	return b.layer(intnet.Layer{Kind: intnet.KindAdd, In: []int{x, y}, Factors: [2]int64{1, 1}}, t.H, t.W, t.C)
}

func (b *build) mul(x, y int) int {
	t := b.net.Tensors[x]
	return b.layer(intnet.Layer{Kind: intnet.KindMul, In: []int{x, y}, Factors: [2]int64{1}, Shift: 8}, t.H, t.W, t.C)
}

func (b *build) depthwise(in, k int) int {
	c := b.net.Tensors[in].C
	out := b.conv(in, c, k, 1, true)
	b.net.Layers[len(b.net.Layers)-1].Conv.Groups = c
	return out
}

func (b *build) concat(in ...int) int {
	t, c := b.net.Tensors[in[0]], 0
	for _, i := range in {
		c += b.net.Tensors[i].C
	}
	return b.layer(intnet.Layer{Kind: intnet.KindConcat, In: in}, t.H, t.W, c)
}

func (b *build) maxPool(in, k int) int {
	t := b.net.Tensors[in]
	return b.layer(intnet.Layer{Kind: intnet.KindPool, In: []int{in}, Pool: &intnet.Pool{
		Window: intnet.Window{Kernel: [2]int{k, k}, Stride: [2]int{k, k}, Dilation: [2]int{1, 1}}, Max: true}}, t.H/k, t.W/k, t.C)
}

func (b *build) globalAvg(in int) int {
	t := b.net.Tensors[in]
	return b.layer(intnet.Layer{Kind: intnet.KindGlobalPool, In: []int{in}, Pool: &intnet.Pool{Scale: fixed.AvgScale(t.H * t.W)}}, 1, 1, t.C)
}

func (b *build) done(outs ...int) *intnet.Net {
	b.net.Outputs = outs
	for _, o := range outs {
		t := b.net.Tensors[o]
		b.net.Results = append(b.net.Results, intnet.Result{Name: t.Name, Shape: []int{1, t.C, t.H, t.W}, Tensor: o})
	}
	if err := b.net.Validate(); err != nil {
		panic(err)
	}
	return b.net
}

// resnet8 has the shapes of MLPerf Tiny's ResNet-8.
func resnet8() *intnet.Net {
	b := newBuild(32, 32, 3)
	x := b.conv(b.net.Input, 16, 3, 1, true)
	for i, c := range []int{16, 32, 64} {
		y, s := x, 1
		if i > 0 {
			s = 2
			y = b.conv(x, c, 1, 2, false)
		}
		x = b.Add(b.conv(b.conv(x, c, 3, s, true), c, 3, 1, true), y)
	}
	return b.done(b.conv(b.globalAvg(x), 10, 1, 1, false))
}

// lenet has the shapes of Caffe's LeNet.
func lenet() *intnet.Net {
	b := newBuild(28, 28, 1)
	x := b.maxPool(b.conv(b.net.Input, 20, 5, 1, false), 2)
	x = b.maxPool(b.conv(x, 50, 5, 1, false), 2)
	return b.done(b.conv(b.conv(x, 500, 4, 1, false), 10, 1, 1, false))
}

// bitmapEst is an estimator over random bitmaps of useful pairs: every beat of a sample
// is priced exactly with hw.BeatCost, a gang's beat at its slowest lane.
type bitmapEst struct {
	net     *intnet.Net
	density float64
}

func (e bitmapEst) Conv(layer int, l hw.Layer) (cycles, ci float64, err error) {
	win := hw.WindowOf(e.net, e.net.Layers[layer], l)
	beats := float64(win.OutBeats())
	if !l.Engine.Skips() {
		return beats * float64(hw.BeatCost(l.Engine, hw.EngineLanes(e.net, e.net.Layers[layer], l), l.N, 0)), 0, nil
	}
	rng := rand.New(rand.NewSource(int64(layer*1000 + l.M())))
	const samples = 64
	sum := 0
	for range samples {
		cost := 1
		for range l.Gang * l.OutPx {
			pairs := uint64(0)
			for m := range l.M() {
				if rng.Float64() < e.density {
					pairs |= 1 << m
				}
			}
			cost = max(cost, hw.BeatCost(l.Engine, l.M(), l.N, pairs))
		}
		sum += cost
	}
	return beats * float64(sum) / samples, beats * 0.02, nil
}

// meanEst is a fast estimator for large searches: the mean pairs of a beat with a
// margin for banks and gangs.
type meanEst struct {
	net     *intnet.Net
	density float64
}

func (e meanEst) Conv(layer int, l hw.Layer) (cycles, ci float64, err error) {
	win := hw.WindowOf(e.net, e.net.Layers[layer], l)
	beats := float64(win.OutBeats())
	if !l.Engine.Skips() {
		return beats * float64(hw.BeatCost(l.Engine, hw.EngineLanes(e.net, e.net.Layers[layer], l), l.N, 0)), 0, nil
	}
	m := hw.EngineLanes(e.net, e.net.Layers[layer], l)
	cost := e.density * float64(m) / float64(l.N)
	if l.Engine == hw.Banked {
		cost *= 1.1
	}
	cost *= 1 + 0.04*float64(bits.Len(uint(l.Gang)))
	return beats * max(1, min(cost+0.2, float64(fixed.CeilDiv(m, l.N)))), 0, nil
}

// layerCost is the price of one layer without FIFOs.
func layerCost(net *intnet.Net, layer int, l hw.Layer, family string) design.Resources {
	return cost.New(net, family, nil).Layer(layer, l).Resources()
}
