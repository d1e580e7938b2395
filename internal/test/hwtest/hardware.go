package hwtest

import (
	"fmt"
	"math"
	"math/rand"
	"slices"

	"hass/internal/hw"
	"hass/internal/hw/live"
	"hass/internal/intnet"
	"hass/internal/memory"
)

// Case is a network with hardware that is live.
type Case struct {
	Seed   int64
	Net    *intnet.Net
	Layers []hw.Layer
	Depths map[string]int // of every FIFO
	rng    *rand.Rand
}

// New makes the random case of a seed. Every third seed has scales that are no powers of two, and every fourth has packed engines. An error
// means a fault in the generator or in hw.
func New(seed int64) (*Case, error) {
	return draw(seed, formsOf(seed), scheduledOf(seed), packedOf(seed))
}

// NewPlain is like New, but all scales are powers of two, and there are no scheduled or packed engines.
func NewPlain(seed int64) (*Case, error) { return draw(seed, nil, nil, nil) }

// formsOf is the source for Builder.Forms of a seed's case; nil if all scales are powers of two.
func formsOf(seed int64) *rand.Rand {
	if seed%3 != 1 {
		return nil
	}
	return rand.New(rand.NewSource(seed))
}

func draw(seed int64, forms, scheduled, packed *rand.Rand) (*Case, error) {
	c, err := drawCase(rand.New(rand.NewSource(seed)), forms, scheduled, packed)
	if err != nil {
		return nil, fmt.Errorf("seed %d: %w", seed, err)
	}
	c.Seed = seed
	return c, nil
}

func drawCase(rng, forms, scheduled, packed *rand.Rand) (*Case, error) {
	net, err := RandomNet(rng, forms, 1+rng.Intn(6))
	if err != nil {
		return nil, fmt.Errorf("network: %w", err)
	}
	c := &Case{Net: net, rng: rng}
	for range 200 {
		if c.Layers = tryHW(rng, net); c.Layers != nil {
			if _, err := hw.Expand(net, c.Layers, nil); err == nil {
				break
			}
			c.Layers = nil
		}
	}
	if c.Layers == nil {
		c.Layers = PlainHW(net)
	}
	if scheduled != nil {
		if err := scheduleSome(scheduled, net, c.Layers); err != nil {
			return nil, err
		}
	}
	if packed != nil {
		packSome(packed, net, c.Layers)
	}
	if forms != nil {
		turnSome(forms, net, c.Layers)
	}
	c.Depths, err = LiveDepths(rng, net, c.Layers)
	return c, err
}

// Network expands the case.
func (c *Case) Network() (*hw.Network, error) { return hw.Expand(c.Net, c.Layers, c.Depths) }

// Images makes n adversarial images: of full range, of zeros, of extremes and of single values.
func (c *Case) Images(n int) [][]int32 {
	images := make([][]int32, n)
	for i := range images {
		images[i] = Image(c.rng, c.Net.Tensors[c.Net.Input])
	}
	return images
}

// Image is one adversarial image for tensor t.
func Image(rng *rand.Rand, t intnet.Tensor) []int32 {
	lo, hi := t.Format.Min(), t.Format.Max()
	x := make([]int32, t.H*t.W*t.C)
	if rng.Intn(12) == 0 {
		return x
	}
	zeros := []float64{0, 0, 0.3, 0.7, 0.95}[rng.Intn(5)]
	extreme := []float64{0, 0.2, 1}[rng.Intn(3)]
	for i := range x {
		switch {
		case rng.Float64() < zeros:
		case rng.Float64() < extreme:
			x[i] = int32([]int64{lo, hi, 1}[rng.Intn(3)])
		default:
			x[i] = int32(lo + rng.Int63n(hi-lo+1))
		}
	}
	return x
}

// PlainHW is the smallest hardware: one pixel and one channel everywhere, dense
// engines on a kernel row, line buffers of full pace.
func PlainHW(net *intnet.Net) []hw.Layer {
	var layers []hw.Layer
	for _, l := range net.Layers {
		hl := hw.Layer{InPx: 1, InCh: 1, OutPx: 1, OutCh: 1}
		switch l.Kind {
		case intnet.KindConv:
			hl.MTap, hl.MCh = l.Conv.Kernel[1], 1
			hl.Engine, hl.N, hl.Gang, hl.GangDepth, hl.WeightMem = hw.Dense, hl.MTap, 1, 2, memory.BRAM
			if hl.MTap > hw.MaxLanes {
				hl.MTap, hl.N = 1, 1
			}
		case intnet.KindPool:
			hl.MTap, hl.MCh = l.Pool.Kernel[1], 1
		}
		if hl.MTap > 0 {
			hl.LinePixels = hw.WindowOf(net, l, hl).FullLinePixels()
		}
		layers = append(layers, hl)
	}
	return layers
}

func divisors(n int) (d []int) {
	for i := 1; i <= n; i++ {
		if n%i == 0 {
			d = append(d, i)
		}
	}
	return d
}

func pick(rng *rand.Rand, v []int) int { return v[rng.Intn(len(v))] }

func nested(a, b int) bool { return max(a, b)%min(a, b) == 0 }

// tryHW draws hardware; nil if the draw is not consistent.
func tryHW(rng *rand.Rand, net *intnet.Net) []hw.Layer {
	beats := make([]hw.Beat, len(net.Tensors))
	wide := rng.Intn(2) == 0 // several pixels a beat
	pixels := func() int {
		if !wide {
			return 1
		}
		return []int{1, 2, 2, 3, 4}[rng.Intn(5)]
	}
	in := net.Tensors[net.Input]
	beats[net.Input] = hw.Beat{Px: pixels(), Ch: pick(rng, divisors(in.C))}
	seen := make([]bool, len(net.Tensors))
	var layers []hw.Layer
	for _, l := range net.Layers {
		in, out := net.Tensors[l.In[0]], net.Tensors[l.Out]
		from := beats[l.In[0]]
		hl := hw.Layer{InPx: from.Px, InCh: from.Ch, OutPx: from.Px}
		// The source has the beat of the input's first reader; other readers may convert.
		if rng.Intn(2) == 0 && (l.In[0] != net.Input || seen[net.Input]) {
			for range 10 {
				if ch := pick(rng, divisors(in.C)); nested(ch, from.Ch) {
					hl.InCh = ch
					break
				}
			}
		}
		first := !seen[net.Input]
		for _, i := range l.In {
			seen[i] = true
		}
		switch l.Kind {
		case intnet.KindConcat:
			hl.InCh = pick(rng, divisors(net.Tensors[pick(rng, l.In)].C))
			hl.OutCh = pick(rng, divisors(out.C))
			for port, i := range l.In {
				ch := hw.PortCh(net, &l, hl.InCh, port)
				if i == net.Input && first {
					beats[i].Ch = ch
				}
				if o := beats[i]; o.Px != hl.InPx || !nested(o.Ch, ch) {
					return nil
				}
			}
		case intnet.KindConv:
			hl.OutPx = pixels()
			depthwise := net.Depthwise(&l)
			if channels := in.C / l.Conv.Groups; depthwise {
				if !window(rng, &hl, in.C, l.Conv.Window, math.MaxInt) {
					return nil
				}
				hl.OutCh, hl.Gang = hl.MCh, hl.MCh
			} else {
				if !window(rng, &hl, channels, l.Conv.Window, hw.MaxLanes) {
					return nil
				}
				hl.OutCh = pick(rng, divisors(out.C/l.Conv.Groups))
				hl.Gang = pick(rng, divisors(hl.OutCh))
			}
			hl.GangDepth = 1 + 3*rng.Intn(5)
			hl.WeightMem = memory.BRAM
			engine(rng, &hl, hw.EngineLanes(net, l, hl))
		case intnet.KindPool:
			hl.OutPx = pixels()
			if !window(rng, &hl, in.C, l.Pool.Window, math.MaxInt) {
				return nil
			}
			hl.OutCh = hl.MCh
		case intnet.KindGlobalPool:
			hl.OutPx, hl.OutCh = 1, hl.InCh
		default:
			hl.OutCh = hl.InCh
			for _, i := range l.In[1:] {
				px := hl.InPx
				if net.Broadcast(&l) {
					px = 1
				}
				if o := beats[i]; o.Px != px || !nested(o.Ch, hl.InCh) {
					return nil
				}
			}
		}
		if hl.MTap > 0 {
			w := hw.WindowOf(net, l, hl)
			least, full := w.MinLinePixels(), w.FullLinePixels()
			hl.LinePixels = []int{least, full, least + rng.Intn(full-least+1)}[rng.Intn(3)]
			w.LinePixels = hl.LinePixels
			if w.Validate() != nil {
				return nil
			}
		}
		beats[l.Out] = hw.Beat{Px: hl.OutPx, Ch: hl.OutCh}
		layers = append(layers, hl)
	}
	return layers
}

// window draws the lanes of a window beat, at most the given number.
func window(rng *rand.Rand, hl *hw.Layer, channels int, g intnet.Window, lanes int) bool {
	for range 20 {
		if hl.MCh = pick(rng, divisors(channels)); !nested(hl.MCh, hl.InCh) {
			continue
		}
		if hl.MTap = pick(rng, divisors(g.Kernel[1])); rng.Intn(2) == 0 {
			hl.MTap = pick(rng, divisors(g.Kernel[0])) * g.Kernel[1]
		}
		if hl.M() <= lanes {
			return true
		}
	}
	return false
}

// engine draws the engine kind and its number of multipliers for m lanes, from the table of engine kinds.
func engine(rng *rand.Rand, hl *hw.Layer, m int) {
	legal := func() (list []int) {
		for n := 1; n <= m; n++ {
			if hl.Engine.Row().Legal(m, n) {
				list = append(list, n)
			}
		}
		return list
	}
	kinds := slices.DeleteFunc(hw.LaneEngines(), func(k hw.EngineKind) bool { return k == hw.Packed }) // see packSome
	hl.Engine = kinds[rng.Intn(len(kinds))]
	if len(legal()) == 0 {
		hl.Engine = hw.Banked // elastic engines need banks of several lanes
	}
	if list := legal(); m == 1 || !hl.Engine.Skips() {
		hl.N = list[0]
	} else {
		hl.N = pick(rng, list)
	}
}

// LiveDepths draws a small depth for every FIFO. FIFOs into two-input layers are made
// deep enough that the network cannot deadlock: their depth is the minimum, given the
// other depths, or slightly more.
func LiveDepths(rng *rand.Rand, net *intnet.Net, layers []hw.Layer) (map[string]int, error) {
	n, err := hw.Expand(net, layers, nil)
	if err != nil {
		return nil, err
	}
	depths := make(map[string]int)
	for i := range n.Streams {
		s := &n.Streams[i]
		if n.Processes[s.To].Kind == hw.Collect {
			continue // keeps the depth that hw.SumsDepths demands
		}
		s.Depth = 1 + rng.Intn(8)
		if s.Join >= 0 {
			s.Depth = 3*s.Tokens + 1
		}
	}
	for i := range n.Streams {
		s := &n.Streams[i]
		if s.Join >= 0 {
			least, err := live.Minimum(n, i, s.Depth)
			if err != nil {
				return nil, err
			}
			s.Depth = least + rng.Intn(2)*rng.Intn(6)
		}
		depths[s.Name] = s.Depth
	}
	if _, err := live.Prove(n); err != nil {
		return nil, err
	}
	return depths, nil
}
