package fit

import (
	"fmt"
	"math/rand"

	"hass/internal/fixed"
	"hass/internal/hw"
	"hass/internal/memory"
	"hass/internal/packing"
	"hass/internal/test/hwtest"
)

// maxTable bounds the text of a point's tables, so that the data file stays readable.
const maxTable = 3000

// list collects distinct points.
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

// Points is the sweep in its order: the same list each time.
func Points() ([]Point, error) {
	var l list
	memoryPoints(&l)
	fifoPoints(&l)
	lanePoints(&l)
	aheadPoints(&l)
	weightPoints(&l)
	scheduledPoints(&l)
	packedPoints(&l)
	if err := layerPoints(&l); err != nil {
		return nil, err
	}
	if err := concatPoints(&l); err != nil {
		return nil, err
	}
	if err := rowPoints(&l); err != nil {
		return nil, err
	}
	portPoints(&l)
	formPoints(&l)
	interleave(l.points)
	for i := range l.points {
		p := &l.points[i]
		p.Plain = plain(p)
	}
	return l.points, nil
}

// PointOf makes a point of a module.
func PointOf(m hw.Module) Point {
	p := Point{Module: m}
	p.Plain = plain(&p)
	return p
}

// plain reports whether a point is mapped by plain abc from the start, because abc9 takes long on the widest engines. For
// multiplexers whose size is not a power of two, plain abc makes up to twice the LUTs of abc9, so it is used only there and
// where abc9 of yosys 0.23 crashes, as on some block RAMs.
func plain(p *Point) bool {
	switch m := p.Module.(type) {
	case hw.RAMParams:
		return true
	case hw.FIFOParams:
		return m.Block
	case hw.WeightsParams:
		return m.Memory != memory.LUTRAM || p.Family != ""
	case hw.ChainParams:
		return m.Memory != memory.LUTRAM
	case hw.ScheduledParams:
		return true // its rows are in block RAM
	case hw.CollectParams:
		return m.Memory != memory.LUTRAM
	}
	return lanesOf(p.Module) > 32
}

// lanesOf is the number of lanes of an engine's or a lane's dot product; 0 for other modules.
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
	lut := func(width, depth int) { l.add(hw.FIFOParams{Width: width, Depth: depth}) }
	block := func(width, depth int) { l.add(hw.FIFOParams{Width: width, Depth: depth, Block: true}) }
	rule := func(width, depth int) {
		if inBlocks(width, depth) {
			block(width, depth)
		} else {
			lut(width, depth)
		}
	}
	widths := []int{1, 3, 4, 8, 12, 16, 18, 24, 32, 36, 48, 54, 64, 72, 81, 96, 128, 144, 153, 200, 256, 320, 408}
	for i, d := range []int{1, 2, 3, 4, 5, 7, 8, 9, 16, 17, 24, 32} {
		for k := range 3 {
			lut(widths[(i*5+k*7)%len(widths)], d)
		}
	}
	for i, d := range []int{33, 48, 64, 65, 100, 128, 150, 200, 256, 300} {
		lut(widths[(i*3+1)%12], d)
		rule(widths[(i*3+7)%len(widths)], d)
	}
	for i, d := range []int{100, 256, 500, 512, 513, 700, 1024, 1030, 2000, 2048, 3000, 4096} {
		block(widths[(i*5+3)%len(widths)], d)
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

// aheadPoints are look-aheads of engines that skip zeros.
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

// packedPoints are the multipliers that pixels and output lanes share, and engines with them.
func packedPoints(l *list) {
	for _, p := range []hw.CascadeParams{
		{M: 1, Deep: 1, Field: 16, XBits: 8, XSigned: true, WBits: 8, Acc: 20}, {M: 4, Deep: 1, Field: 16, XBits: 8, XSigned: true, WBits: 8, Acc: 24},
		{M: 8, Deep: 1, Field: 16, XBits: 8, XSigned: true, WBits: 8, Acc: 26}, {M: 3, Deep: 3, Field: 18, XBits: 6, WBits: 7, Acc: 20},
		{M: 4, Deep: 4, Field: 18, XBits: 6, WBits: 6, Acc: 22}, {M: 9, Deep: 5, Field: 17, XBits: 7, XSigned: true, WBits: 7, Acc: 22},
		{M: 16, Deep: 6, Field: 17, XBits: 7, XSigned: true, WBits: 8, Acc: 25}, {M: 9, Deep: 3, Field: 18, XBits: 6, WBits: 8, Acc: 21},
		{M: 12, Deep: 4, Field: 18, XBits: 6, XSigned: true, WBits: 6, Acc: 20}, {M: 6, Deep: 6, Field: 19, XBits: 5, WBits: 6, Acc: 18},
		{M: 16, Deep: 8, Field: 19, XBits: 5, XSigned: true, WBits: 5, Acc: 18}, {M: 6, Deep: 3, Field: 17, XBits: 7, WBits: 8, Acc: 24},
	} {
		p.Filters = 1
		for p.Pixels = range 3 {
			if p.Pixels > 0 {
				l.add(p)
			}
		}
	}
	for _, p := range []hw.CascadeParams{
		{M: 4, Deep: 4, Field: 10, XBits: 4, XSigned: true, WBits: 4, Acc: 14}, {M: 8, Deep: 4, Field: 10, XBits: 4, WBits: 4, Acc: 16},
		{M: 16, Deep: 7, Field: 10, XBits: 4, XSigned: true, WBits: 4, Acc: 18}, {M: 9, Deep: 8, Field: 10, XBits: 3, WBits: 3, Acc: 13},
		{M: 5, Deep: 5, Field: 10, XBits: 2, WBits: 4, Acc: 12}, {M: 12, Deep: 6, Field: 10, XBits: 3, XSigned: true, WBits: 4, Acc: 15},
	} {
		p.Filters = 2
		for p.Pixels = range 3 {
			if p.Pixels > 0 {
				l.add(p)
			}
		}
	}
	for _, p := range []hw.CascadeParams{{M: 4, Deep: 4, XBits: 16, XSigned: true, WBits: 16, Acc: 40}, {M: 9, Deep: 5, XBits: 12, WBits: 12, Acc: 30}} {
		p.Pixels, p.Filters = 1, 1
		l.add(p)
	}
	for _, p := range []struct {
		m, deep, gang, px, field, filters, bits int
		depthwise                               bool
	}{
		{4, 1, 2, 2, 16, 1, 8, false}, {9, 5, 1, 2, 17, 1, 7, false}, {9, 3, 2, 2, 17, 1, 7, true}, {6, 6, 2, 3, 19, 1, 5, false},
		{4, 4, 6, 2, 10, 2, 4, false}, {8, 4, 3, 3, 10, 2, 4, false}, {2, 1, 8, 2, 16, 1, 8, true},
	} {
		l.add(hw.EngineParams{Kind: hw.PackedLane, Depthwise: p.depthwise, M: p.m, N: p.m, Gang: p.gang, Px: p.px, Beats: 18, XBits: p.bits, XSigned: true, WBits: p.bits,
			Acc: 2*p.bits + 6, Depth: 72, Memory: memory.LUTRAM, Queue: 10, Packing: &packing.Packing{Field: p.field, Deep: p.deep, Filters: p.filters}})
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

// scheduledPoints are the modules of scheduled engines: chains, the remainder of an engine, and the modules that order its
// sums.
func scheduledPoints(l *list) {
	rng := rand.New(rand.NewSource(8))
	for i, p := range []struct {
		banks, px, field, x, signed, w, words int
	}{
		{1, 1, 0, 8, 0, 8, 9}, {2, 7, 16, 8, 0, 8, 16}, {4, 2, 16, 8, 0, 8, 40}, {3, 4, 16, 8, 1, 8, 12}, {8, 7, 16, 8, 0, 8, 8}, {4, 14, 16, 8, 0, 8, 16},
		{6, 4, 0, 8, 1, 8, 24}, {4, 4, 0, 16, 1, 16, 16}, {2, 3, 0, 16, 0, 8, 70}, {12, 2, 16, 8, 0, 8, 4}, {1, 14, 16, 8, 0, 8, 64}, {5, 6, 18, 6, 0, 6, 10},
		{4, 7, 16, 8, 0, 8, 256}, {8, 4, 16, 8, 1, 8, 200}, {2, 14, 16, 8, 0, 8, 128}, {3, 2, 0, 16, 1, 16, 300}, {9, 1, 0, 8, 0, 8, 18}, {16, 4, 16, 8, 0, 8, 7},
	} {
		c := hw.ChainParams{Banks: p.banks, Px: p.px, Field: p.field, XBits: p.x, XSigned: p.signed > 0, WBits: p.w, Words: p.words,
			Acc: min(48, p.x+p.w+3+rng.Intn(8)), Memory: memory.LUTRAM}
		if p.words > 100 {
			c.Memory = memory.BRAM
		}
		l.add(c)
		if i%3 > 0 {
			continue
		}
		// An engine with such chains.
		chains := 1 + i/3%3
		s := hw.ScheduledParams{Banks: p.banks, Chains: chains, Px: min(p.px, 4), Field: p.field, XBits: p.x, XSigned: p.signed > 0, WBits: p.w, Acc: c.Acc,
			Beats: p.banks*p.words - rng.Intn(2), Words: p.words, Windows: 1 + rng.Intn(200), Rows: 1 + rng.Intn(2000), Lead: p.banks - 1,
			Memory: memory.BRAM, BankMemory: c.Memory}
		s.Iterations = max(s.Rows, s.Beats+s.Lead)
		s.PlaceMemory = memory.ForBuffer(s.PlaceBits(), s.Beats)
		l.add(s)
	}
	for _, n := range []int{2, 3, 4, 5, 7, 8, 13, 16} {
		width, filters := []int{24, 56, 96, 150}[rng.Intn(4)], n+rng.Intn(300)
		l.add(hw.CollectParams{Ins: n, Width: width, Filters: filters, Memory: memory.ForBuffer(1, filters)})
	}
}

// rowPoints are line buffers of whole rows, before scheduled engines.
func rowPoints(l *list) error {
	rng := rand.New(rand.NewSource(9))
	for _, p := range []struct{ side, channels, kernel, stride, bits, more int }{
		{14, 16, 3, 1, 8, 0}, {7, 64, 3, 1, 8, 0}, {28, 12, 1, 1, 8, 0}, {14, 40, 1, 2, 8, 0}, {12, 8, 3, 2, 8, 0}, {7, 24, 5, 1, 8, 1}, {10, 3, 7, 2, 8, 0},
		{7, 20, 3, 1, 16, 0}, {5, 200, 1, 1, 6, 1}, {28, 4, 3, 1, 8, 0},
	} {
		f := fixed.Format{Bits: p.bits}
		b := hwtest.NewBuilder(rng, p.side, p.side, p.channels, f)
		b.Conv(b.Last(), hwtest.ConvSpec{Window: hwtest.Square(p.kernel, p.stride, (p.kernel-1)/2), OutC: 4, Out: f, WeightBits: 8, Density: 0.1, Shift: 8})
		net, err := b.Done()
		if err != nil {
			return err
		}
		out := net.Tensors[1]
		hl := hw.Layer{InPx: (p.side + p.stride - 1) / p.stride * p.stride, InCh: 1, OutPx: out.W + p.more, WeightMem: memory.BRAM}
		if err := hwtest.Schedule(rng, net, 0, &hl); err != nil {
			return err
		}
		hl.GangDepth = 2
		w := hw.WindowOf(net, net.Layers[0], hl)
		hl.LinePixels = w.FullLinePixels()
		points, err := modulesOf(net, []hw.Layer{hl}, nil)
		if err != nil {
			return fmt.Errorf("rows of %d pixels: %w", p.side, err)
		}
		for _, m := range points {
			if w, ok := m.Module.(hw.WindowParams); ok {
				w.Block = inBlocks(w.WordBits(), w.Depth())
				m.Module = w
				l.point(m)
			}
		}
	}
	return nil
}
