package hwtest

import (
	"math/rand"

	"hass/internal/fixed"
	"hass/internal/hw"
	"hass/internal/intnet"
	"hass/internal/memory"
)

// ResNet8 is a network of the shape of MLPerf Tiny's ResNet-8 (12.5 million MAC) with
// random weights of the given density, for measuring speed.
func ResNet8(rng *rand.Rand, bits int, density float64) (*intnet.Net, error) {
	f := fixed.Format{Bits: bits, Frac: bits / 2, Signed: true}
	b := NewBuilder(rng, 32, 32, 3, f)
	conv := func(in, k, stride, c int) int {
		w := Square(k, stride, 0)
		if k == 3 {
			// The pads of auto_pad SAME_UPPER.
			w.Pads = [4]int{2 - stride, 2 - stride, 1, 1}
		}
		t := b.Conv(in, ConvSpec{Window: w, OutC: c, Out: f, WeightBits: bits, Density: density, Shift: bits + 1})
		l := &b.Net.Layers[len(b.Net.Layers)-1]
		l.Lo, l.Hi = 0, f.Max()
		return t
	}
	x := conv(b.Last(), 3, 1, 16)
	x = b.Add(conv(conv(x, 3, 1, 16), 3, 1, 16), x, f)
	x = b.Add(conv(conv(x, 3, 2, 32), 3, 1, 32), conv(x, 1, 2, 32), f)
	x = b.Add(conv(conv(x, 3, 2, 64), 3, 1, 64), conv(x, 1, 2, 64), f)
	conv(b.GlobalPool(x, Mean, f), 1, 1, 10)
	return b.Done()
}

// UniformHW gives every conv of a one-pixel design the same engines, as far as its shape
// allows: kernel x mch lanes, about n multipliers, pout output lanes in gangs of gang. Streams into
// two-input layers are as deep as a map.
func UniformHW(net *intnet.Net, kind hw.EngineKind, mch, n, pout, gang int) ([]hw.Layer, map[string]int, error) {
	largest := func(of, limit int) int {
		best := 1
		for _, d := range divisors(of) {
			if d <= limit {
				best = d
			}
		}
		return best
	}
	beats := make([]int, len(net.Tensors))
	beats[net.Input] = 1
	var layers []hw.Layer
	for i, l := range net.Layers {
		in, out := net.Tensors[l.In[0]], net.Tensors[l.Out]
		hl := hw.Layer{InPx: 1, InCh: beats[l.In[0]], OutPx: 1, OutCh: beats[l.In[0]]}
		switch l.Kind {
		case intnet.KindConv:
			k := l.Conv.Kernel[0] * l.Conv.Kernel[1]
			hl.MTap, hl.MCh = k, largest(in.C, max(1, 9*mch/k))
			hl.InCh = largest(in.C, max(hl.InCh, hl.MCh))
			for max(hl.InCh, hl.MCh)%min(hl.InCh, hl.MCh) != 0 {
				hl.MCh = largest(in.C, hl.MCh-1)
			}
			hl.Engine, hl.N = kind, n
			legal := func() bool { return kind.Row().Legal(hl.M(), hl.N) }
			for hl.N > 0 && !legal() {
				hl.N--
			}
			if hl.N == 0 {
				for hl.N = n; hl.N < hl.M() && !legal(); hl.N++ {
				}
			}
			if n >= hl.M() || !legal() {
				hl.Engine, hl.N = hw.Dense, hl.M()
			}
			SetEngine(net, i, &hl, hl.Engine, hl.N)
			hl.OutCh = largest(out.C, pout)
			hl.Gang = largest(hl.OutCh, gang)
			hl.GangDepth, hl.WeightMem = 16, memory.BRAM
		case intnet.KindPool:
			hl.MTap, hl.MCh = l.Pool.Kernel[1], hl.OutCh
		}
		if hl.MTap > 0 {
			hl.LinePixels = hw.WindowOf(net, l, hl).FullLinePixels()
		}
		if l.Kind == intnet.KindAdd {
			hl.InCh = max(beats[l.In[0]], beats[l.In[1]])
			hl.OutCh = hl.InCh
		}
		beats[l.Out] = hl.OutCh
		layers = append(layers, hl)
	}
	nw, err := hw.Expand(net, layers, nil)
	if err != nil {
		return nil, nil, err
	}
	depths := make(map[string]int)
	for _, s := range nw.Streams {
		if s.Join >= 0 {
			depths[s.Name] = s.Tokens
		}
	}
	return layers, depths, nil
}
