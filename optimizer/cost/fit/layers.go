package fit

import (
	"math/rand"
	"sort"

	"hass/internal/design"
	"hass/internal/fixed"
	"hass/internal/hw"
	"hass/internal/intnet"
	"hass/internal/memory"
	"hass/internal/test/hwtest"
)

// Points from randomly drawn layers and networks.

// modulesOf lists the instances of a network with hardware as points.
func modulesOf(net *intnet.Net, layers []hw.Layer, depths map[string]int) ([]Point, error) {
	d := &design.Design{Net: net, Layers: layers}
	for name, depth := range depths {
		d.FIFOs = append(d.FIFOs, design.FIFO{Name: name, Depth: depth})
	}
	return PointsOf(d)
}

// PointsOf lists the instances of a design.
func PointsOf(d *design.Design) ([]Point, error) {
	n, err := d.Network()
	if err != nil {
		return nil, err
	}
	var points []Point
	for _, m := range n.Instances() {
		points = append(points, Point{Module: m.Module})
	}
	return points, nil
}

// inBlocks reports whether the points' memories are block RAM. The sweep has its own rule, so that its
// points stay the same when the optimizer's rule changes.
func inBlocks(width, depth int) bool { return depth > 64 && width*depth > 4000 }

// ownRule sets the memories of a point by the sweep's own rule.
func ownRule(m hw.Module) hw.Module {
	kind := func(block bool) memory.Kind {
		if block {
			return memory.BRAM
		}
		return memory.LUTRAM
	}
	switch m := m.(type) {
	case hw.WindowParams:
		m.Block = inBlocks(m.WordBits(), m.Depth())
		return m
	case hw.GlobalPoolParams:
		m.Memory = kind(m.ChannelBeats > 16)
		return m
	case hw.AddParams:
		m.Broadcast = ownBroadcast(m.Broadcast, kind(m.ChannelBeats > 16))
		return m
	case hw.MulParams:
		m.Broadcast = ownBroadcast(m.Broadcast, kind(m.ChannelBeats > 16))
		return m
	case hw.ResizeParams:
		m.Memory = kind(m.ChannelBeats*m.InW > 64)
		return m
	}
	return m
}

func ownBroadcast(b *hw.Broadcast, kind memory.Kind) *hw.Broadcast {
	if b == nil {
		return nil
	}
	own := *b
	own.Memory = kind
	return &own
}

// wanted is the number of points of a module from random layers and random networks.
var wanted = map[string]int{
	"hass_window": 60, "hass_engine": 20, "hass_join": 34, "hass_pool": 28, "hass_globalpool": 20, "hass_add": 16, "hass_mul": 18,
	"hass_requant_stream": 16, "hass_activation": 30, "hass_concat": 6, "hass_slice": 10, "hass_resize": 16, "hass_zeroinsert": 8,
}

// wantedMove is the number of points of a module that moves pixels and is not in wanted.
const wantedMove = 8

// small reports whether synthesis of a point is quick.
func small(m hw.Module) bool {
	beat := func(lanes int) bool { return lanes <= 12 }
	switch m := m.(type) {
	case hw.WindowParams:
		if m.W < m.InPx || m.OW < m.OutPx || m.H*m.W < 16 {
			return false // synthesis removes most of it, and designs do not have it
		}
		return m.OutPx*m.MTap*m.MCh*m.Bits <= 300 && m.RowBanks*m.ColBanks*m.WordBits() <= 400
	case hw.EngineParams:
		lanes := m.Gang * m.Px * m.M
		if m.Kind == hw.CrossbarLane {
			lanes *= 2
		}
		return lanes <= 24
	case hw.JoinParams:
		return m.W >= m.Px && beat(m.Px*m.OutCh())
	case hw.PoolParams:
		return m.Px*m.Ch*m.Taps <= 24
	case hw.GlobalPoolParams:
		return beat(m.Px * m.Ch)
	case hw.AddParams:
		return beat(m.Px * m.Ch)
	case hw.MulParams:
		return beat(m.Px * m.Ch)
	case hw.RequantParams:
		return beat(m.Px * m.Ch)
	case hw.ActivationParams:
		return m.W >= m.Px && beat(m.Px*m.Ch)
	case hw.ResizeParams:
		return beat(m.Ch)
	case hw.SliceParams:
		return m.Width <= 200
	case hw.ZeroInsertParams:
		return m.Width <= 200
	}
	return true
}

// layerPoints are instances in randomly drawn layers and networks.
func layerPoints(l *list) error {
	left := map[string]int{}
	for _, k := range hw.ProcessKinds() {
		if k.Moves() {
			left["hass_"+string(k)] = wantedMove
		}
	}
	for m, n := range wanted {
		left[m] = n
	}
	take := func(points []Point, share func(module string) int) {
		for _, p := range points {
			p.Module = ownRule(p.Module)
			if left[p.ModuleName()] > share(p.ModuleName()) && small(p.Module) && l.point(p) {
				left[p.ModuleName()]--
			}
		}
	}
	rng := rand.New(rand.NewSource(5))
	for range 4000 {
		net, layers := randomLayer(rng)
		if net == nil {
			continue
		}
		points, err := modulesOf(net, layers, nil)
		if err != nil {
			continue // a port is too wide
		}
		// A quarter is left to the random networks of the tests, which are more unusual.
		take(points, func(module string) int { return wanted[module] / 4 })
	}
	for seed := range int64(600) {
		c, err := hwtest.NewPlain(seed)
		if err != nil {
			return err
		}
		points, err := modulesOf(c.Net, c.Layers, c.Depths)
		if err != nil {
			continue
		}
		take(points, func(string) int { return 0 })
	}
	return nil
}

// interleave orders the sweep so that every prefix has the same share of each module's points: a part of the
// sweep is a sweep as well.
func interleave(points []Point) {
	rand.New(rand.NewSource(7)).Shuffle(len(points), func(i, j int) { points[i], points[j] = points[j], points[i] })
	total, at := map[string]int{}, map[string]int{}
	for _, p := range points {
		total[p.ModuleName()]++
	}
	share := map[string]float64{}
	for _, p := range points {
		share[p.Key()+p.Family] = float64(at[p.ModuleName()]) / float64(total[p.ModuleName()])
		at[p.ModuleName()]++
	}
	sort.SliceStable(points, func(i, j int) bool {
		return share[points[i].Key()+points[i].Family] < share[points[j].Key()+points[j].Family]
	})
}

func pickOf[T any](rng *rand.Rand, v ...T) T { return v[rng.Intn(len(v))] }

func divisorOf(rng *rand.Rand, n, most int) int {
	var d []int
	for i := 1; i <= min(n, most); i++ {
		if n%i == 0 {
			d = append(d, i)
		}
	}
	return pickOf(rng, d...)
}

// randomLayer is a network of one layer, or of the few layers that it needs, at realistic sizes, with
// hardware; nil if the drawn parameters do not fit together.
func randomLayer(rng *rand.Rand) (*intnet.Net, []hw.Layer) {
	bits := pickOf(rng, 8, 16)
	format := func() fixed.Format {
		return fixed.Format{Bits: bits, Frac: bits/2 + rng.Intn(3), Signed: rng.Intn(2) == 0}
	}
	size := pickOf(rng, 4, 7, 8, 14, 16, 20, 28, 32, 56)
	c := pickOf(rng, 1, 3, 4, 8, 16, 16, 24, 32, 48, 64)
	b := hwtest.NewBuilder(rng, size, size, c, format())
	px := pickOf(rng, 1, 1, 1, 1, 2, 4)
	ch := divisorOf(rng, c, 16)
	same := hw.Layer{InPx: px, InCh: ch, OutPx: px, OutCh: ch}
	in := b.Last()
	var layers []hw.Layer
	switch kind := rng.Intn(20); {
	case kind < 10:
		k, stride := pickOf(rng, 1, 1, 3, 3, 3, 3, 5, 7), pickOf(rng, 1, 1, 1, 2)
		pad := pickOf(rng, 0, k/2, k/2)
		w := hwtest.Square(k, stride, pad)
		if size+2*pad < k {
			return nil, nil
		}
		spec := hwtest.ConvSpec{Window: w, OutC: pickOf(rng, 4, 8, 10, 16, 20, 32, 64), Out: format(), WeightBits: bits, Density: 0.5, Shift: bits + 1, PerChannel: bits == 8 && rng.Intn(2) == 0}
		if rng.Intn(5) == 0 {
			spec.TauA = int64(1 + rng.Intn(1<<(bits-4)))
		}
		hl := hw.Layer{InPx: px, InCh: divisorOf(rng, c, 32), OutPx: max(1, px/stride)}
		if rng.Intn(5) == 0 { // depthwise
			spec.Groups, spec.OutC = c, c
		}
		b.Conv(in, spec)
		conv := b.Net.Layers[len(b.Net.Layers)-1]
		depthwise := b.Net.Depthwise(&conv)
		hl.MTap = pickOf(rng, divisorOf(rng, k, k), k*divisorOf(rng, k, k), k*k)
		hl.MCh = divisorOf(rng, c, 16)
		if hl.OutCh = divisorOf(rng, spec.OutC, 16); depthwise {
			hl.OutCh = hl.MCh
		}
		hl.Gang = divisorOf(rng, hl.OutCh, 16)
		m := hl.M()
		if depthwise {
			hl.Gang, m = hl.OutCh, hl.MTap
		}
		if max(hl.MCh, hl.InCh)%min(hl.MCh, hl.InCh) != 0 || m > hw.MaxLanes {
			return nil, nil
		}
		hl.GangDepth, hl.WeightMem = pickOf(rng, 6, 16), pickOf(rng, memory.LUTRAM, memory.BRAM)
		hl.Engine, hl.N = hw.Dense, m
		if m > 1 && rng.Intn(3) > 0 {
			hl.Engine, hl.N = hw.Banked, divisorOf(rng, m, m/2)
			if m <= 16 && rng.Intn(2) == 0 {
				hl.Engine, hl.N = hw.Crossbar, 1+rng.Intn((m+1)/2)
			}
		}
		layers = append(layers, hl)
	case kind < 12:
		k := pickOf(rng, 2, 2, 3, 3, 5)
		stride := pickOf(rng, 1, 2)
		w := hwtest.Square(k, stride, pickOf(rng, 0, k/2))
		b.Pool(in, w, rng.Intn(2) == 0, rng.Intn(2) == 0, format())
		hl := hw.Layer{InPx: px, InCh: divisorOf(rng, c, 32), OutPx: max(1, px/stride), MTap: pickOf(rng, 1, k, k*k), MCh: ch, OutCh: ch}
		if max(hl.MCh, hl.InCh)%min(hl.MCh, hl.InCh) != 0 {
			return nil, nil
		}
		layers = append(layers, hl)
	case kind == 12:
		b.GlobalPool(in, rng.Intn(3) == 0, format())
		layers = append(layers, hw.Layer{InPx: px, InCh: ch, OutPx: 1, OutCh: ch})
	case kind == 13:
		b.Add(b.Requant(in, format()), in, format())
		layers = append(layers, same, same)
	case kind == 14:
		one := hw.Layer{InPx: 1, InCh: ch, OutPx: 1, OutCh: ch}
		if rng.Intn(2) == 0 {
			b.Mul(b.Requant(in, format()), in, format())
			layers = append(layers, same, same)
		} else {
			b.Mul(in, b.Requant(b.GlobalPool(in, hwtest.Mean, format()), format()), format())
			layers = append(layers, hw.Layer{InPx: px, InCh: ch, OutPx: 1, OutCh: ch}, one, same)
		}
	case kind < 17:
		b.Activation(in, pickOf(rng, intnet.ActAffine, intnet.ActHardSwish, intnet.ActLeaky, intnet.ActCurve), format())
		layers = append(layers, same)
	case kind == 17:
		x := b.Requant(in, b.Net.Tensors[in].Format)
		b.Concat(append([]int{x, in}, []int{x, in}[:rng.Intn(3)]...)...)
		layers = append(layers, same, same)
	case kind == 18:
		if rng.Intn(2) == 0 {
			b.ZeroInsert(in, [2]int{2, 2}, [2]int{rng.Intn(2), rng.Intn(2)})
		} else {
			b.Resize(in, size*2, size*2, rng.Intn(2) == 0, format())
		}
		layers = append(layers, hw.Layer{InPx: 1, InCh: ch, OutPx: 1, OutCh: ch})
	default:
		half := size / 2
		b.Slice(in, intnet.Slice{Start: [3]int{rng.Intn(half), rng.Intn(half), 0}, Step: [2]int{1, 1}}, half, half, c)
		layers = append(layers, hw.Layer{InPx: 1, InCh: ch, OutPx: 1, OutCh: ch})
	}
	net, err := b.Done()
	if err != nil {
		return nil, nil
	}
	for i := range layers {
		if hl := &layers[i]; hl.MTap > 0 {
			w := hw.WindowOf(net, net.Layers[i], *hl)
			if hl.LinePixels = w.FullLinePixels(); rng.Intn(4) == 0 {
				hl.LinePixels = w.MinLinePixels()
			}
			if w.LinePixels = hl.LinePixels; w.Validate() != nil {
				return nil, nil
			}
		}
	}
	return net, layers
}
