package synth

import (
	"fmt"
	"math/rand"
	"sort"
	"strings"

	"hass/codegen"
	"hass/internal/fixed"
	"hass/internal/hw"
	"hass/internal/hwtest"
	"hass/internal/intnet"
	"hass/optimizer"
)

// maxTable bounds the text of a point's tables, so that the data file stays readable.
const maxTable = 3000

// list collects points without repetition.
type list struct {
	points []Point
	seen   map[string]bool
}

func (l *list) add(module string, nameValue ...any) {
	p := Point{Module: module}
	for i := 0; i < len(nameValue); i += 2 {
		p.Params = append(p.Params, Param{nameValue[i].(string), fmt.Sprint(nameValue[i+1])})
	}
	l.point(p)
}

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

// value is an integer parameter of a point, or 0.
func (p Point) value(name string) int {
	for _, q := range p.Params {
		if q.Name == name {
			v, _ := intOf(q.Value)
			return v
		}
	}
	return 0
}

// plain tells whether a point is mapped by plain abc from the start: abc9 takes long on the widest engines. Plain
// abc makes up to twice the LUTs of what abc9 makes of multiplexers of other sizes than powers of two, so it serves only there
// and where abc9 of yosys 0.23 crashes, as it does on some block RAMs.
func plain(p *Point) bool {
	memory := p.Module == "hass_ram" || p.Module == "hass_fifo" && p.value("BLOCK") > 0 || p.Module == "hass_weights" && p.value("STYLE") > 0
	return p.value("M") > 32 || memory || p.Family != ""
}

// memoryPoints check the mapping rules.
func memoryPoints(l *list) {
	ram := func(width, depth, style int, family string) {
		l.point(Point{Module: "hass_ram", Family: family, Params: []Param{{"WIDTH", fmt.Sprint(width)}, {"DEPTH", fmt.Sprint(depth)}, {"STYLE", fmt.Sprint(style)}}})
	}
	for _, w := range []int{1, 5, 8, 9, 16, 18, 24, 36, 48, 64, 72, 100, 144, 288} {
		for _, d := range []int{16, 100, 300, 512, 600, 1024, 1500, 2048, 5000} {
			if (w+d)%3 == 0 && w*d < 300_000 {
				ram(w, d, 1, "")
			}
		}
	}
	for _, w := range []int{32, 37, 40, 54, 80, 108, 520} {
		ram(w, 32, 1, "")
		ram(w, 700, 1, "")
	}
	for _, w := range []int{1, 2, 3, 6, 7, 8, 13, 32, 72} {
		for _, d := range []int{2, 7, 20, 32, 33, 64, 80, 128, 200, 256, 500} {
			if (w+d)%2 == 0 {
				ram(w, d, 0, "")
			}
		}
	}
	for _, wd := range [][2]int{{64, 4096}, {72, 2000}, {73, 4096}, {144, 5000}, {36, 9000}, {8, 4096}, {288, 4097}, {100, 100}} {
		ram(wd[0], wd[1], 2, "xcup")
	}
}

func fifoPoints(l *list) {
	rng := rand.New(rand.NewSource(1))
	fifo := func(width, depth, block int) { l.add("hass_fifo", "WIDTH", width, "DEPTH", depth, "BLOCK", block) }
	rule := func(width, depth int) {
		block := 0
		if inBlocks(width, depth) {
			block = 1
		}
		fifo(width, depth, block)
	}
	widths := []int{1, 3, 4, 8, 12, 16, 18, 24, 32, 36, 48, 54, 64, 72, 81, 96, 128, 144, 153, 200, 256, 320, 408}
	for i, d := range []int{1, 2, 3, 4, 5, 7, 8, 9, 16, 17, 24, 32} {
		for k := range 3 {
			fifo(widths[(i*5+k*7)%len(widths)], d, 0)
		}
	}
	for i, d := range []int{33, 48, 64, 65, 100, 128, 150, 200, 256, 300} {
		fifo(widths[(i*3+1)%12], d, 0)
		rule(widths[(i*3+7)%len(widths)], d)
	}
	for i, d := range []int{100, 256, 500, 512, 513, 700, 1024, 1030, 2000, 2048, 3000, 4096} {
		fifo(widths[(i*5+3)%len(widths)], d, 1)
	}
	for range 25 {
		rule(1+rng.Intn(160), 1+rng.Intn(64))
	}
}

func lanePoints(l *list) {
	rng := rand.New(rand.NewSource(2))
	lane := func(kind, m, n, x, signed, w, acc int) {
		l.add("hass_lane", "KIND", kind, "M", m, "N", n, "X_BITS", x, "X_SIGNED", signed, "W_BITS", w, "ACC", acc)
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
			lane(0, n, n, x, s, w, acc)
		}
	}
	for _, mn := range [][2]int{{2, 1}, {4, 1}, {4, 2}, {8, 2}, {8, 4}, {9, 1}, {9, 3}, {16, 4}, {16, 8}, {16, 2}, {25, 5}, {27, 9}, {32, 8}, {64, 8}, {6, 3}, {12, 4}, {16, 1}, {32, 2}, {3, 1}, {5, 1}, {18, 6}} {
		lane(2, mn[0], mn[1], 16, rng.Intn(2), 16, 36+rng.Intn(8))
		x, s, w, acc := draw()
		lane(2, mn[0], mn[1], x, s, w, acc)
	}
	for _, mn := range [][2]int{{2, 1}, {3, 1}, {3, 2}, {4, 1}, {4, 2}, {4, 3}, {5, 2}, {6, 3}, {8, 1}, {8, 2}, {8, 3}, {8, 4}, {8, 6}, {9, 3}, {9, 5}, {10, 4}, {12, 2}, {12, 4}, {15, 5}, {16, 1}, {16, 2}, {16, 4}, {16, 6}, {16, 8}} {
		x, s, w, acc := draw()
		lane(1, mn[0], mn[1], x, s, w, acc)
		if mn[0] < 16 || mn[1] < 5 {
			lane(1, mn[0], mn[1], 16, rng.Intn(2), 16, 36+rng.Intn(8))
		}
	}
}

func weightPoints(l *list) {
	rng := rand.New(rand.NewSource(3))
	weights := func(depth, values, bits, flag, style int, family string) {
		per := 32 / bits
		p := Point{Module: "hass_weights", Family: family, Params: []Param{
			{"DEPTH", fmt.Sprint(depth)}, {"ROW", fmt.Sprint(values * bits)}, {"WORDS", fmt.Sprint((values + per - 1) / per)}, {"FIELD0", fmt.Sprint(per * bits)},
			{"FLAG", fmt.Sprint(flag * bits)}, {"STYLE", fmt.Sprint(style)}}}
		l.point(p)
	}
	values := []int{1, 2, 3, 4, 6, 8, 9, 12, 16, 18, 25, 27, 32, 48, 64}
	for i, d := range []int{1, 2, 5, 8, 16, 25, 32, 50, 64, 72, 100, 128, 200, 256} {
		for k := range 2 {
			weights(d, values[(i*4+k*7)%len(values)], []int{16, 8}[(i+k)%2], k, 0, "")
		}
	}
	for i, d := range []int{16, 64, 100, 288, 512, 600, 1024, 2048} {
		for k := range 2 {
			weights(d, values[(i*4+k*7+1)%len(values)], []int{16, 8}[(i+k)%2], k, 1, "")
		}
	}
	for range 12 {
		weights(1+rng.Intn(300), 1+rng.Intn(40), []int{16, 8, 12, 6, 4}[rng.Intn(5)], rng.Intn(2), rng.Intn(2), "")
	}
	for i, d := range []int{500, 4096, 6000} {
		weights(d, values[i*4+2], 16, i%2, 2, "xcup")
	}
}

// portPoints are control, ports, forks and converters.
func portPoints(l *list) {
	rng := rand.New(rand.NewSource(4))
	for _, o := range []int{1, 2, 3} {
		l.add("hass_control", "PROCESSES", 10*o, "FIFOS", 12*o, "OUTPUTS", o, "STATS", 0)
	}
	l.add("hass_control", "PROCESSES", 90, "FIFOS", 100, "OUTPUTS", 1, "STATS", 0)
	for _, n := range []int{8, 20, 50} {
		l.add("hass_control", "PROCESSES", n, "FIFOS", n+3, "OUTPUTS", 1, "STATS", 1)
	}
	l.add("hass_weights_head")
	l.add("hass_weights_end")
	for _, w := range []int{8, 16, 24, 48, 64, 128, 256} {
		axi := 8
		for axi < w {
			axi *= 2
		}
		l.add("hass_source", "WIDTH", w, "AXI", axi, "BEATS", 1+rng.Intn(5000))
		l.add("hass_sink", "WIDTH", w, "AXI", axi, "BEATS", 1+rng.Intn(5000))
	}
	l.add("hass_source", "WIDTH", 16, "AXI", 16, "BEATS", 1)
	l.add("hass_sink", "WIDTH", 16, "AXI", 16, "BEATS", 1)
	for _, d := range []int{2, 16, 100, 2000} {
		l.add("hass_watermark", "DEPTH", d)
	}
	for _, n := range []int{2, 3, 4, 5, 8, 12, 16, 32} {
		l.add("hass_fork", "WIDTH", 16, "OUTS", n)
	}
	for range 30 {
		bits, px := []int{8, 16}[rng.Intn(2)], []int{1, 1, 2, 4}[rng.Intn(4)]
		narrow, parts := []int{1, 2, 3, 4, 8}[rng.Intn(5)], []int{2, 3, 4, 5, 6, 8, 10, 16}[rng.Intn(8)]
		from, to := narrow, narrow*parts
		if rng.Intn(2) == 0 {
			from, to = to, from
		}
		if px*narrow*parts*bits <= 512 {
			l.add("hass_convert", "BITS", bits, "PIXELS", px, "FROM", from, "TO", to)
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
			hl := hw.Layer{InPx: p.px, InCh: 1, OutPx: p.px, OutCh: 1, MTap: 1, MCh: 1, Engine: hw.Dense, N: 1, Gang: 1, GangDepth: 2, WeightMem: optimizer.MemLUTRAM}
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
			if m.Module == "hass_concat" {
				l.point(m)
			}
		}
	}
	return nil
}

// modulesOf lists the instances of a network with hardware as points.
func modulesOf(net *intnet.Net, layers []hw.Layer, depths map[string]int) ([]Point, error) {
	d := &optimizer.Design{Net: net, Layers: layers}
	for name, depth := range depths {
		d.FIFOs = append(d.FIFOs, optimizer.FIFO{Name: name, Depth: depth})
	}
	return PointsOf(d)
}

// PointsOf lists the instances of a design.
func PointsOf(d *optimizer.Design) ([]Point, error) {
	p, err := codegen.NewProject(d, nil)
	if err != nil {
		return nil, err
	}
	var points []Point
	for _, m := range p.RTLModules() {
		points = append(points, pointOf(m))
	}
	return points, nil
}

// inBlocks is whether the points' memories are block RAM: a rule of the sweep's own, so that its points
// stay the same when the optimizer's changes.
func inBlocks(width, depth int) bool { return depth > 64 && width*depth > 4000 }

// ownRule sets the style of a point's memories.
func ownRule(p *Point) {
	set := func(name string, block bool) {
		for i := range p.Params {
			if p.Params[i].Name == name {
				p.Params[i].Value = map[bool]string{true: "1", false: "0"}[block]
			}
		}
	}
	switch v := p.value; p.Module {
	case "hass_window":
		px := v("IN_PX")
		row := (v("W") + px - 1) / px * px
		set("BLOCK", inBlocks(v("LANES")*v("BITS"), v("ROWS")/v("ROW_BANKS")*((row+v("COL_BANKS")-1)/v("COL_BANKS"))*(v("C")/v("LANES"))))
	case "hass_globalpool", "hass_add", "hass_mul":
		set("STYLE", v("CHANNEL_BEATS") > 16)
	case "hass_resize":
		set("STYLE", v("CHANNEL_BEATS")*v("IN_W") > 64)
	}
}

func pointOf(m codegen.RTLModule) Point {
	q := Point{Module: m.Module}
	for _, r := range m.Params {
		q.Params = append(q.Params, Param{r.Name, r.Value})
	}
	return q
}

// wanted is the number of points of a module from random layers and random networks.
var wanted = map[string]int{
	"hass_window": 60, "hass_engine": 20, "hass_join": 34, "hass_pool": 28, "hass_globalpool": 20, "hass_add": 16, "hass_mul": 18,
	"hass_requant_stream": 16, "hass_activation": 30, "hass_concat": 6, "hass_slice": 10, "hass_resize": 16, "hass_zeroinsert": 8,
}

// small tells whether synthesis of a point is quick.
func small(p Point) bool {
	switch p.Module {
	case "hass_window":
		beat := p.value("OUT_PX") * p.value("M_TAP") * p.value("M_CH") * p.value("BITS")
		bank := p.value("ROW_BANKS") * p.value("COL_BANKS") * p.value("LANES") * p.value("BITS")
		return beat <= 300 && bank <= 400
	case "hass_engine":
		m := p.value("GANG") * p.value("PX") * p.value("M")
		if p.value("KIND") == 1 {
			m *= 2
		}
		return m <= 24
	case "hass_join":
		return p.value("PX")*p.value("GANG")*p.value("GANGS") <= 12
	case "hass_pool":
		return p.value("PX")*p.value("CH")*p.value("TAPS") <= 24
	}
	return max(1, p.value("PX"))*max(1, p.value("CH")) <= 12 && p.value("WIDTH") <= 200
}

// layerPoints are instances in layers and networks drawn at random.
func layerPoints(l *list) error {
	left := map[string]int{}
	for m, n := range wanted {
		left[m] = n
	}
	take := func(points []Point, share func(module string) int) {
		for _, p := range points {
			ownRule(&p)
			if left[p.Module] > share(p.Module) && small(p) && l.point(p) {
				left[p.Module]--
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
		total[p.Module]++
	}
	share := map[string]float64{}
	for _, p := range points {
		share[p.Key()+p.Family] = float64(at[p.Module]) / float64(total[p.Module])
		at[p.Module]++
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
		hl.GangDepth, hl.WeightMem = pickOf(rng, 6, 16), pickOf(rng, "lutram", "bram")
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

// intOf reads an integer parameter: decimal, or sized decimal.
func intOf(s string) (int, bool) {
	if i := strings.LastIndexAny(s, "d"); i >= 0 {
		s = s[i+1:]
	}
	var v int
	n, err := fmt.Sscanf(s, "%d", &v)
	return v, n == 1 && err == nil
}
