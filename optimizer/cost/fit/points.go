package fit

import (
	"fmt"
	"math/rand"
	"sort"

	"hass/internal/design"
	"hass/internal/fixed"
	"hass/internal/hw"
	"hass/internal/intnet"
	"hass/internal/memory"
	"hass/internal/test/hwtest"
)

// maxTable bounds the text of a point's tables, so that the data file stays readable.
const maxTable = 3000

// list collects points without repetition.
type list struct {
	points []Point
	seen   map[string]bool
}

func (l *list) add(m hw.Module) { l.point(Point{Module: m}) }

func (l *list) point(p Point) bool {
	if l.seen == nil {
		l.seen = map[string]bool{}
	}
	key := p.Key() + p.Family
	if l.seen[key] || len(key) > maxTable {
		return false
	}
	l.seen[key] = true
	l.points = append(l.points, p)
	return true
}

// Points is the sweep, in the order in which it is made: the same list each time.
func Points() ([]Point, error) {
	var l list
	memoryPoints(&l)
	fifoPoints(&l)
	lanePoints(&l)
	aheadPoints(&l)
	weightPoints(&l)
	if err := layerPoints(&l); err != nil {
		return nil, err
	}
	if err := concatPoints(&l); err != nil {
		return nil, err
	}
	portPoints(&l)
	interleave(l.points)
	for i := range l.points {
		p := &l.points[i]
		p.Plain = plain(p)
	}
	return l.points, nil
}

// PointOf is a module as a point.
func PointOf(m hw.Module) Point {
	p := Point{Module: m}
	p.Plain = plain(&p)
	return p
}

// plain tells whether a point is mapped by plain abc from the start: abc9 takes long on the widest engines. Plain
// abc makes up to twice the LUTs of what abc9 makes of multiplexers of other sizes than powers of two, so it serves only there
// and where abc9 of yosys 0.23 crashes, as it does on some block RAMs.
func plain(p *Point) bool {
	switch m := p.Module.(type) {
	case hw.RAMParams:
		return true
	case hw.FIFOParams:
		return m.Block
	case hw.WeightsParams:
		return m.Memory != memory.LUTRAM || p.Family != ""
	}
	return lanesOf(p.Module) > 32
}

// lanesOf is the number of lanes of an engine's or a lane's dot product; 0 of other modules.
func lanesOf(m hw.Module) int {
	switch m := m.(type) {
	case hw.LaneParams:
		return m.M
	case hw.EngineParams:
		return m.M
	}
	return 0
}

// memoryPoints check the mapping rules.
func memoryPoints(l *list) {
	ram := func(width, depth int, kind memory.Kind, family string) {
		l.point(Point{Module: hw.RAMParams{Width: width, Depth: depth, Memory: kind}, Family: family})
	}
	for _, w := range []int{1, 5, 8, 9, 16, 18, 24, 36, 48, 64, 72, 100, 144, 288} {
		for _, d := range []int{16, 100, 300, 512, 600, 1024, 1500, 2048, 5000} {
			if (w+d)%3 == 0 && w*d < 300_000 {
				ram(w, d, memory.BRAM, "")
			}
		}
	}
	for _, w := range []int{32, 37, 40, 54, 80, 108, 520} {
		ram(w, 32, memory.BRAM, "")
		ram(w, 700, memory.BRAM, "")
	}
	for _, w := range []int{1, 2, 3, 6, 7, 8, 13, 32, 72} {
		for _, d := range []int{2, 7, 20, 32, 33, 64, 80, 128, 200, 256, 500} {
			if (w+d)%2 == 0 {
				ram(w, d, memory.LUTRAM, "")
			}
		}
	}
	for _, wd := range [][2]int{{64, 4096}, {72, 2000}, {73, 4096}, {144, 5000}, {36, 9000}, {8, 4096}, {288, 4097}, {100, 100}} {
		ram(wd[0], wd[1], memory.URAM, "xcup")
	}
}

func fifoPoints(l *list) {
	rng := rand.New(rand.NewSource(1))
	fifo := func(width, depth int, block bool) { l.add(hw.FIFOParams{Width: width, Depth: depth, Block: block}) }
	rule := func(width, depth int) { fifo(width, depth, inBlocks(width, depth)) }
	widths := []int{1, 3, 4, 8, 12, 16, 18, 24, 32, 36, 48, 54, 64, 72, 81, 96, 128, 144, 153, 200, 256, 320, 408}
	for i, d := range []int{1, 2, 3, 4, 5, 7, 8, 9, 16, 17, 24, 32} {
		for k := range 3 {
			fifo(widths[(i*5+k*7)%len(widths)], d, false)
		}
	}
	for i, d := range []int{33, 48, 64, 65, 100, 128, 150, 200, 256, 300} {
		fifo(widths[(i*3+1)%12], d, false)
		rule(widths[(i*3+7)%len(widths)], d)
	}
	for i, d := range []int{100, 256, 500, 512, 513, 700, 1024, 1030, 2000, 2048, 3000, 4096} {
		fifo(widths[(i*5+3)%len(widths)], d, true)
	}
	for range 25 {
		rule(1+rng.Intn(160), 1+rng.Intn(64))
	}
	for i, lag := range []int{1, 3, 7} {
		for k, d := range []int{4, 16, 24, 30} {
			l.add(hw.FIFOParams{Width: widths[(i*7+k*5+3)%len(widths)], Depth: d, Lag: lag})
		}
	}
}

// aheadPoints are what engines that skip zeros know of their next beats.
func aheadPoints(l *list) {
	rng := rand.New(rand.NewSource(7))
	for _, p := range []struct {
		kind           hw.LaneKind
		m, n, gang, px int
	}{
		{hw.BankedLane, 4, 1, 1, 1}, {hw.BankedLane, 4, 1, 4, 1}, {hw.BankedLane, 4, 1, 16, 1}, {hw.BankedLane, 2, 1, 8, 2}, {hw.BankedLane, 16, 4, 1, 1},
		{hw.BankedLane, 16, 4, 4, 1}, {hw.BankedLane, 9, 3, 2, 2}, {hw.BankedLane, 9, 1, 4, 1}, {hw.BankedLane, 8, 2, 8, 1}, {hw.BankedLane, 6, 3, 1, 4},
		{hw.BankedLane, 12, 4, 2, 1}, {hw.BankedLane, 16, 2, 2, 1}, {hw.BankedLane, 32, 4, 1, 1}, {hw.BankedLane, 3, 1, 32, 1}, {hw.BankedLane, 1, 1, 2, 1},
		{hw.CrossbarLane, 4, 2, 1, 1}, {hw.CrossbarLane, 4, 1, 4, 1}, {hw.CrossbarLane, 9, 3, 1, 1}, {hw.CrossbarLane, 9, 3, 4, 1}, {hw.CrossbarLane, 9, 4, 2, 2},
		{hw.CrossbarLane, 16, 4, 1, 1}, {hw.CrossbarLane, 16, 4, 4, 1}, {hw.CrossbarLane, 8, 3, 8, 1}, {hw.CrossbarLane, 6, 2, 2, 4}, {hw.CrossbarLane, 12, 8, 2, 1},
		{hw.CrossbarLane, 3, 2, 16, 1},
	} {
		l.add(hw.AheadParams{Kind: p.kind, Depthwise: rng.Intn(4) == 0, M: p.m, N: p.n, Gang: p.gang, Px: p.px, Queue: []int{24, 24, 6, 40}[rng.Intn(4)]})
	}
}

func lanePoints(l *list) {
	rng := rand.New(rand.NewSource(2))
	lane := func(kind hw.LaneKind, m, n, x, signed, w, acc int) {
		l.add(hw.LaneParams{Kind: kind, M: m, N: n, XBits: x, XSigned: signed > 0, WBits: w, Acc: acc})
	}
	bits := []int{16, 8, 16, 8, 12, 10, 6, 4, 5, 3}
	pick := func(v []int) int { return v[rng.Intn(len(v))] }
	draw := func() (x, signed, w, acc int) {
		x, signed, w = pick(bits), rng.Intn(2), pick(bits)
		return x, signed, w, min(48, x+w+1+rng.Intn(12))
	}
	for _, n := range []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 16, 25} {
		for k := range 3 {
			x, s, w, acc := draw()
			if k == 0 {
				x, w, acc = 16, 16, 40
			}
			lane(hw.DenseLane, n, n, x, s, w, acc)
		}
	}
	for _, mn := range [][2]int{{2, 1}, {4, 1}, {4, 2}, {8, 2}, {8, 4}, {9, 1}, {9, 3}, {16, 4}, {16, 8}, {16, 2}, {25, 5}, {27, 9}, {32, 8}, {64, 8}, {6, 3}, {12, 4}, {16, 1}, {32, 2}, {3, 1}, {5, 1}, {18, 6}} {
		lane(hw.BankedLane, mn[0], mn[1], 16, rng.Intn(2), 16, 36+rng.Intn(8))
		x, s, w, acc := draw()
		lane(hw.BankedLane, mn[0], mn[1], x, s, w, acc)
	}
	for _, mn := range [][2]int{{2, 1}, {3, 1}, {3, 2}, {4, 1}, {4, 2}, {4, 3}, {5, 2}, {6, 3}, {8, 1}, {8, 2}, {8, 3}, {8, 4}, {8, 6}, {9, 3}, {9, 5}, {10, 4}, {12, 2}, {12, 4}, {15, 5}, {16, 1}, {16, 2}, {16, 4}, {16, 6}, {16, 8}} {
		x, s, w, acc := draw()
		lane(hw.CrossbarLane, mn[0], mn[1], x, s, w, acc)
		if mn[0] < 16 || mn[1] < 5 {
			lane(hw.CrossbarLane, mn[0], mn[1], 16, rng.Intn(2), 16, 36+rng.Intn(8))
		}
	}
}

func weightPoints(l *list) {
	rng := rand.New(rand.NewSource(3))
	weights := func(depth, values, bits, flag int, kind memory.Kind, family string) {
		per := 32 / bits
		m := hw.WeightsParams{Depth: depth, Row: values * bits, Words: (values + per - 1) / per, Field0: per * bits, Flag: flag * bits, Memory: kind}
		if flag > 0 {
			m.Flags = memory.ForBuffer(values, depth)
		}
		l.point(Point{Family: family, Module: m})
	}
	values := []int{1, 2, 3, 4, 6, 8, 9, 12, 16, 18, 25, 27, 32, 48, 64}
	for i, d := range []int{1, 2, 5, 8, 16, 25, 32, 50, 64, 72, 100, 128, 200, 256} {
		for k := range 2 {
			weights(d, values[(i*4+k*7)%len(values)], []int{16, 8}[(i+k)%2], k, memory.LUTRAM, "")
		}
	}
	for i, d := range []int{16, 64, 100, 288, 512, 600, 1024, 2048} {
		for k := range 2 {
			weights(d, values[(i*4+k*7+1)%len(values)], []int{16, 8}[(i+k)%2], k, memory.BRAM, "")
		}
	}
	for range 12 {
		weights(1+rng.Intn(300), 1+rng.Intn(40), []int{16, 8, 12, 6, 4}[rng.Intn(5)], rng.Intn(2), []memory.Kind{memory.LUTRAM, memory.BRAM}[rng.Intn(2)], "")
	}
	for i, d := range []int{500, 4096, 6000} {
		weights(d, values[i*4+2], 16, i%2, memory.URAM, "xcup")
	}
}

// portPoints are control, ports, forks and converters.
func portPoints(l *list) {
	rng := rand.New(rand.NewSource(4))
	for _, o := range []int{1, 2, 3} {
		l.add(hw.ControlParams{Processes: 10 * o, FIFOs: 12 * o, Outputs: o})
	}
	l.add(hw.ControlParams{Processes: 90, FIFOs: 100, Outputs: 1})
	for _, n := range []int{8, 20, 50} {
		l.add(hw.ControlParams{Processes: n, FIFOs: n + 3, Outputs: 1, Stats: true})
	}
	l.add(hw.ChainHeadParams{})
	l.add(hw.ChainEndParams{})
	for _, w := range []int{8, 16, 24, 48, 64, 128, 256} {
		axi := 8
		for axi < w {
			axi *= 2
		}
		l.add(hw.SourceParams{Width: w, AXI: axi, Beats: 1 + rng.Intn(5000)})
		l.add(hw.SinkParams{Width: w, AXI: axi, Beats: 1 + rng.Intn(5000)})
	}
	l.add(hw.SourceParams{Width: 16, AXI: 16, Beats: 1})
	l.add(hw.SinkParams{Width: 16, AXI: 16, Beats: 1})
	for _, d := range []int{2, 16, 100, 2000} {
		l.add(hw.WatermarkParams{Depth: d})
	}
	for _, n := range []int{2, 3, 4, 5, 8, 12, 16, 32} {
		l.add(hw.ForkParams{Width: 16, Outs: n})
	}
	for range 30 {
		bits, px := []int{8, 16}[rng.Intn(2)], []int{1, 1, 2, 4}[rng.Intn(4)]
		narrow, parts := []int{1, 2, 3, 4, 8}[rng.Intn(5)], []int{2, 3, 4, 5, 6, 8, 10, 16}[rng.Intn(8)]
		from, to := narrow, narrow*parts
		if rng.Intn(2) == 0 {
			from, to = to, from
		}
		if px*narrow*parts*bits <= 512 {
			l.add(hw.ConvertParams{Bits: bits, Pixels: px, From: from, To: to})
		}
	}
}

// concatPoints are concats of inputs with few common divisors, and of equal ones.
func concatPoints(l *list) error {
	rng := rand.New(rand.NewSource(6))
	for _, p := range []struct {
		channels          []int
		in, out, bits, px int
	}{
		{[]int{4, 1, 80}, 16, 17, 8, 1}, {[]int{4, 1, 80}, 80, 85, 8, 1}, {[]int{4, 1, 80}, 10, 5, 16, 1}, {[]int{4, 1, 80}, 20, 17, 4, 2},
		{[]int{67, 67}, 67, 67, 8, 1}, {[]int{3, 5}, 1, 8, 16, 1}, {[]int{24, 40}, 8, 16, 8, 1}, {[]int{12, 30, 24}, 6, 11, 16, 1},
		{[]int{64, 32, 32}, 16, 16, 8, 1}, {[]int{16, 16}, 16, 32, 8, 2}, {[]int{48, 16}, 16, 8, 16, 1}, {[]int{31, 33}, 11, 16, 8, 1},
		{[]int{9, 9, 9, 9}, 9, 12, 8, 1}, {[]int{256, 256}, 4, 4, 8, 1}, {[]int{100, 28}, 10, 8, 4, 4}, {[]int{2, 97}, 97, 33, 8, 1},
		{[]int{8, 8, 8, 8}, 8, 32, 16, 1}, {[]int{124, 3}, 31, 127, 8, 1}, {[]int{7, 14, 21, 28, 30}, 7, 10, 8, 1},
	} {
		f := fixed.Format{Bits: p.bits, Signed: true}
		b := hwtest.NewBuilder(rng, 4, 4, 1, f)
		from := b.Last()
		var layers []hw.Layer
		var parts []int
		for _, c := range p.channels {
			parts = append(parts, b.Conv(from, hwtest.ConvSpec{Window: hwtest.Square(1, 1, 0), OutC: c, Out: f, WeightBits: p.bits, Density: 1, Shift: p.bits}))
			hl := hw.Layer{InPx: p.px, InCh: 1, OutPx: p.px, OutCh: 1, MTap: 1, MCh: 1, Engine: hw.Dense, N: 1, Gang: 1, GangDepth: 2, WeightMem: memory.LUTRAM}
			layers = append(layers, hl)
		}
		b.Concat(parts...)
		layers = append(layers, hw.Layer{InPx: p.px, InCh: p.in, OutPx: p.px, OutCh: p.out})
		net, err := b.Done()
		if err != nil {
			return err
		}
		for i := range parts {
			w := hw.WindowOf(net, net.Layers[i], layers[i])
			layers[i].LinePixels = w.FullLinePixels()
		}
		points, err := modulesOf(net, layers, nil)
		if err != nil {
			return fmt.Errorf("concat of %v channels: %w", p.channels, err)
		}
		for _, m := range points {
			if _, ok := m.Module.(hw.ConcatParams); ok {
				l.point(m)
			}
		}
	}
	return nil
}

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

// inBlocks is whether the points' memories are block RAM: a rule of the sweep's own, so that its points
// stay the same when the optimizer's changes.
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

// wantedMove is the number of points of a module that moves pixels and is not among the wanted.
const wantedMove = 8

// small tells whether synthesis of a point is quick.
func small(m hw.Module) bool {
	beat := func(lanes int) bool { return lanes <= 12 }
	switch m := m.(type) {
	case hw.WindowParams:
		if m.W < m.InPx || m.OW < m.OutPx || m.H*m.W < 16 {
			return false // most of it goes away, and no design is made of it
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

// layerPoints are instances in layers and networks drawn at random.
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
			continue // a port too wide
		}
		// A quarter is left to the random networks of the tests, which are stranger.
		take(points, func(module string) int { return wanted[module] / 4 })
	}
	for seed := range int64(600) {
		c, err := hwtest.New(seed)
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

// interleave orders the sweep so that all modules have the same share of their points at any time: a part of it
// is a sweep as well.
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

// randomLayer is a network of one layer, or of the few that it needs, at sizes that occur, with hardware; nil
// if the draw does not fit together.
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
			b.Mul(in, b.Requant(b.GlobalPool(in, false, format()), format()), format())
			layers = append(layers, hw.Layer{InPx: px, InCh: ch, OutPx: 1, OutCh: ch}, one, same)
		}
	case kind < 17:
		b.Activation(in, pickOf(rng, intnet.ActHardSigmoid, intnet.ActHardSwish, intnet.ActLeaky, intnet.ActCurve), format())
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
