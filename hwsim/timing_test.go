package hwsim

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/bits"
	"math/rand"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hass/internal/fixed"
	"hass/internal/hw"
	"hass/internal/hw/live"
	"hass/internal/intnet"
	"hass/internal/kernel"
	"hass/internal/test/hwtest"
)

var s8 = fixed.Format{Bits: 8, Signed: true}

// oneConv is a network of one convolution with all weights 1.
func oneConv(t *testing.T, h, w, c, outc int, win intnet.Window) *intnet.Net {
	t.Helper()
	b := hwtest.NewBuilder(rand.New(rand.NewSource(1)), h, w, c, s8)
	b.Conv(b.Last(), hwtest.ConvSpec{Window: win, OutC: outc, Out: s8, WeightBits: 4, Density: 1})
	net, err := b.Done()
	if err != nil {
		t.Fatal(err)
	}
	l := &net.Layers[0]
	l.Lo, l.Hi = -128, 127
	for i := range l.Conv.Weights {
		l.Conv.Weights[i] = 1
	}
	clear(l.Conv.Bias)
	return net
}

func expand(t *testing.T, net *intnet.Net, layers []hw.Layer, depths map[string]int) *hw.Network {
	t.Helper()
	n, err := hw.Expand(net, layers, depths)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// byName finds a process's statistics.
func byName(t *testing.T, r *Result, name string) ProcessStats {
	t.Helper()
	for _, p := range r.Processes {
		if p.Name == name {
			return p
		}
	}
	t.Fatalf("no process %s", name)
	return ProcessStats{}
}

// TestHandPointwise is a 1x1 convolution of two pixels, followed by hand through the rules
// of docs/hardware.md. Latencies: source 3, window 8, engine 6, join 6.
//
//	source  writes 0 1
//	window  reads 3 4, the second together with its first write at 4, then writes at 5
//	engine  reads and writes 12 13
//	join    reads and writes 18 19
//	sink    reads 24 25
//
// With one slot between window and engine the second write waits for the cycle after
// the first token's read, 13, and everything after it is 8 cycles later.
func TestHandPointwise(t *testing.T) {
	net := oneConv(t, 1, 2, 1, 1, hwtest.Square(1, 1, 0))
	layers := []hw.Layer{{InPx: 1, InCh: 1, OutPx: 1, OutCh: 1, MTap: 1, MCh: 1, LinePixels: 2, Engine: hw.Dense, N: 1, Gang: 1, GangDepth: 10}}
	r := mustRun(t, expand(t, net, layers, nil), [][]int32{{3, -4}}, Options{Finite: true})
	if r.FirstIn[0] != 0 || r.LastOut[0] != 25 || r.Fill != 24 || r.Latency != 25 || r.Total != 26 {
		t.Errorf("in %v out %v fill %d latency %d total %d, want 0, 25, 24, 25, 26", r.FirstIn, r.LastOut, r.Fill, r.Latency, r.Total)
	}
	if d := cmp.Diff([][][]int32{{{3, -4}}}, r.Outputs); d != "" {
		t.Error(d)
	}
	layers[0].GangDepth = 1
	r = mustRun(t, expand(t, net, layers, nil), [][]int32{{3, -4}}, Options{Finite: true})
	if r.LastOut[0] != 33 || r.Total != 34 {
		t.Errorf("one slot: last word at %d of %d, want 33 of 34", r.LastOut[0], r.Total)
	}
	w := byName(t, r, net.Layers[0].ID+"_window").Run
	if d := cmp.Diff(Usage{Iterations: 3, Busy: 3, Starved: []int64{3}, Blocked: []int64{8}, Idle: 20}, w); d != "" {
		t.Errorf("window:\n%s", d)
	}
}

// TestHandSparse is a kernel of three taps that covers the map, a crossbar with one
// multiplier, the smallest line buffer, and images with 3, 1 and 0 useful pairs.
//
//	source  writes 0 1 2 3 4 5 6 7 8
//	window  reads 3 4 5, writes 6, reads 7 8 9, writes 10, reads 11 12 13, writes 14
//	engine  knows the first beat four cycles after it is readable: reads 18, busy 3, writes 20; reads and writes 22, 26
//	join    reads and writes 33 35 39
//	sink    reads 39 41 45
func TestHandSparse(t *testing.T) {
	net := oneConv(t, 1, 3, 1, 1, intnet.Window{Kernel: [2]int{1, 3}, Stride: [2]int{1, 1}, Dilation: [2]int{1, 1}})
	layers := []hw.Layer{{InPx: 1, InCh: 1, OutPx: 1, OutCh: 1, MTap: 3, MCh: 1, LinePixels: 3, Engine: hw.Crossbar, N: 1, Gang: 1, GangDepth: 4}}
	n := expand(t, net, layers, nil)
	r := mustRun(t, n, [][]int32{{1, 2, 3}, {0, 5, 0}, {0, 0, 0}}, Options{Finite: true})
	if d := cmp.Diff([]int64{39, 41, 45}, r.LastOut); d != "" {
		t.Errorf("last words:\n%s", d)
	}
	if d := cmp.Diff([]int64{2, 4}, r.PerImage); d != "" || r.CyclesPerImage != 3 {
		t.Errorf("per image %v, mean %g", r.PerImage, r.CyclesPerImage)
	}
	if d := cmp.Diff([][][]int32{{{6}}, {{5}}, {{0}}}, r.Outputs); d != "" {
		t.Error(d)
	}
	e := byName(t, r, net.Layers[0].ID+"_engine0")
	want := ProcessStats{Name: e.Name, Kind: hw.Engine, Hist: []int64{0, 2, 0, 1}, Ends: []int64{20, 22, 26},
		Run:    Usage{Iterations: 3, Busy: 5, Starved: []int64{22}, Blocked: []int64{0}, Idle: 19},
		Steady: Usage{Iterations: 2, Busy: 2, Starved: []int64{4}, Blocked: []int64{0}},
	}
	if d := cmp.Diff(want, e); d != "" {
		t.Errorf("engine:\n%s", d)
	}
	if f := r.FIFOs[n.Processes[0].Out[0]]; f.Most != 5 || f.Depth != 5 {
		t.Errorf("input FIFO: %+v, want 5 of 5", f)
	}
	k := r.Skips[0]
	if k.MACs != 9 || k.Pairs != 4 || k.Beats != 3 || k.Cycles != 5 || k.Ideal != 4 || k.Dense != 9 || k.EmptyLanes != 1 || k.FullLanes != 1 {
		t.Errorf("skipping: %+v", k)
	}
}

// TestDenseRate checks that a dense layer alone takes exactly the beats of its window per
// image, whatever the shape, with a line buffer of full pace.
func TestDenseRate(t *testing.T) {
	for _, tt := range []struct {
		h, w, c, outc int
		win           intnet.Window
		layer         hw.Layer
	}{
		{8, 8, 4, 8, hwtest.Square(3, 1, 1), hw.Layer{InPx: 1, InCh: 4, OutPx: 1, OutCh: 2, MTap: 3, MCh: 4, Gang: 1}},
		{8, 8, 4, 8, hwtest.Square(3, 2, 1), hw.Layer{InPx: 1, InCh: 4, OutPx: 1, OutCh: 2, MTap: 3, MCh: 4, Gang: 2}},
		{12, 12, 2, 8, hwtest.Square(5, 1, 0), hw.Layer{InPx: 1, InCh: 2, OutPx: 1, OutCh: 4, MTap: 5, MCh: 2, Gang: 2}},
		{4, 4, 4, 8, hwtest.Square(4, 1, 0), hw.Layer{InPx: 1, InCh: 4, OutPx: 1, OutCh: 1, MTap: 4, MCh: 4, Gang: 1}},
		{8, 7, 4, 8, hwtest.Square(3, 1, 1), hw.Layer{InPx: 2, InCh: 4, OutPx: 2, OutCh: 2, MTap: 3, MCh: 4, Gang: 1}},
		{8, 8, 4, 8, hwtest.Square(3, 2, 1), hw.Layer{InPx: 2, InCh: 4, OutPx: 1, OutCh: 2, MTap: 3, MCh: 4, Gang: 1}},
	} {
		net := oneConv(t, tt.h, tt.w, tt.c, tt.outc, tt.win)
		l := tt.layer
		l.Engine, l.N, l.GangDepth = hw.Dense, l.M(), hw.DefaultDepth(hw.Latency(hw.WindowProc, hw.Layer{}))
		l.LinePixels = hw.WindowOf(net, net.Layers[0], l).FullLinePixels()
		n := expand(t, net, []hw.Layer{l}, nil)
		rng := rand.New(rand.NewSource(2))
		var images [][]int32
		for range 6 {
			images = append(images, hwtest.Image(rng, net.Tensors[0]))
		}
		r := mustRun(t, n, images, Options{})
		want := int64(hw.WindowOf(net, net.Layers[0], l).OutBeats())
		for _, got := range r.PerImage {
			if got != want {
				t.Errorf("%dx%dx%d %v: %v cycles per image, want %d", tt.h, tt.w, tt.c, tt.win.Kernel, r.PerImage, want)
				break
			}
		}
	}
}

// TestSkipDeadlock checks that a skip FIFO one below its token minimum deadlocks here as in
// the token proof, naming it, and not at the minimum.
func TestSkipDeadlock(t *testing.T) {
	b := hwtest.NewBuilder(rand.New(rand.NewSource(3)), 7, 6, 4, s8)
	x := b.Last()
	for range 2 {
		b.Conv(b.Last(), hwtest.ConvSpec{Window: hwtest.Square(3, 1, 1), OutC: 4, Out: s8, WeightBits: 8, Density: 0.6, Shift: 8})
	}
	b.Add(b.Last(), x, s8)
	net, err := b.Done()
	if err != nil {
		t.Fatal(err)
	}
	conv := hw.Layer{InPx: 1, InCh: 2, OutPx: 1, OutCh: 2, MTap: 3, MCh: 1, Engine: hw.Banked, N: 1, Gang: 1, GangDepth: 4}
	layers := []hw.Layer{conv, conv, {InPx: 1, InCh: 2, OutPx: 1, OutCh: 2}}
	for i := range 2 {
		layers[i].LinePixels = hw.WindowOf(net, net.Layers[i], layers[i]).FullLinePixels()
	}
	n := expand(t, net, layers, nil)
	skip := -1
	for i, s := range n.Streams {
		if s.Join >= 0 && s.Tensor == x {
			skip = i
		}
	}
	least, err := live.Minimum(n, skip, 1000)
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewSource(4))
	images := [][]int32{hwtest.Image(rng, net.Tensors[x]), hwtest.Image(rng, net.Tensors[x])}
	n.Streams[skip].Depth = least
	r := mustRun(t, n, images, Options{})
	if got := r.FIFOs[skip].Most; got != least {
		t.Errorf("high water %d of the least depth %d", got, least)
	}
	n.Streams[skip].Depth = least - 1
	_, err = Run(context.Background(), n, images, Options{})
	var dead *live.Deadlock
	if !errors.As(err, &dead) {
		t.Fatalf("one below the minimum %d: %v, want a deadlock", least, err)
	}
	if dead.Enlarge != n.Streams[skip].Name || len(dead.Cycle) < 2 {
		t.Errorf("deadlock names %q, want %s: %v", dead.Enlarge, n.Streams[skip].Name, dead)
	}
}

// TestOccupancy compares the FIFO's high-water mark with a count over all cycles, for
// random orders of simulating reads and writes.
func TestOccupancy(t *testing.T) {
	rng := rand.New(rand.NewSource(5))
	for range 300 {
		depth, latency := 1+rng.Intn(9), int64(1+rng.Intn(5))
		f := &fifo{time: make([]int64, pow2(depth)), mask: pow2(depth) - 1, depth: depth, latency: latency, most: 1}
		burst := int64(1 + rng.Intn(30))
		var w, r []int64
		var tw, tr int64
		for len(r) < 60 {
			if len(w) < 60 && f.wr-f.rd < depth && (f.wr == f.rd || rng.Intn(2) == 0) {
				if rng.Intn(6) == 0 {
					tw += rng.Int63n(burst)
				}
				tw = f.write(tw)
				w = append(w, tw)
				tw++
			} else if f.rd < f.wr {
				if rng.Intn(6) == 0 {
					tr += rng.Int63n(burst)
				}
				tr = f.read(tr)
				r = append(r, tr)
				tr++
			}
		}
		most := 0
		for _, at := range w {
			n := 0
			for i := range w {
				if w[i] <= at && at <= r[i] {
					n++
				}
			}
			most = max(most, n)
		}
		if f.most != most {
			t.Fatalf("depth %d: high water %d, counted %d\nwrites %v\nreads %v", depth, f.most, most, w, r)
		}
	}
}

// TestEngineCost compares the cycles of random beats with hw.BeatCost.
func TestEngineCost(t *testing.T) {
	rng := rand.New(rand.NewSource(6))
	seen := map[string]int{}
	for range 600 {
		px, gang, groups, beats := 1+rng.Intn(2), 1+rng.Intn(3), 1+rng.Intn(sliceGroups), 1+rng.Intn(20)
		n := 1 + rng.Intn(8)
		m := n * (1 + rng.Intn(64/n))
		kind := hw.LaneEngines()[rng.Intn(len(hw.LaneEngines()))]
		l := intnet.Layer{Kind: intnet.KindConv, Conv: &intnet.Conv{OutC: gang, Weights: make([]int16, gang*beats*m)}}
		w := hw.Window{C: beats * m, Geom: hwtest.Square(1, 1, 0), MTap: 1, MCh: m, Folds: 1, Groups: 1}
		density := rng.Intn(5)
		for i := range l.Conv.Weights {
			if rng.Intn(4) < density {
				l.Conv.Weights[i] = int16(rng.Intn(1<<16) - 1<<15)
			}
		}
		hl := hw.Layer{Engine: kind, N: n, MTap: 1, MCh: m, Gang: gang, OutCh: gang, OutPx: px}
		bank := rng.Intn(hl.Banks())
		e := newEngine(l, hl, w, bank, countBeats)
		lanes := ^uint64(0) >> (64 - m) // lanes of the engine
		if kind.Row().Apart {
			for i := range m {
				if i%n != bank {
					lanes &^= 1 << i
				}
			}
		}
		var got []uint8
		if e.worst > 1 {
			e.costs = make([]uint8, groups*beats)
			e.put = func(costs []uint8) { got = costs }
		}
		density = rng.Intn(5)
		active := make([]uint64, groups*px*beats)
		for i := range active {
			for b := range m {
				if rng.Intn(4) < density {
					active[i] |= 1 << b
				}
			}
		}
		p := countingPlanes(px, beats, m)
		p.fill(active, groups)
		e.take(p)
		total, empty, full := 0, 0, 0
		hist := make([]int64, len(e.hist))
		for g := range groups {
			for at := range beats {
				want := 1
				for x := range px {
					for j := range gang {
						var pairs uint64
						for i := range m {
							if active[(g*px+x)*beats+at]>>i&1 != 0 && l.Conv.Weights[(j*beats+at)*m+i] != 0 {
								pairs |= 1 << i
							}
						}
						pairs &= lanes
						want = max(want, hw.BeatCost(kind, m, n, pairs))
						total += bits.OnesCount64(pairs)
						switch bits.OnesCount64(pairs) {
						case 0:
							empty++
						case bits.OnesCount64(lanes):
							full++
						}
					}
				}
				hist[want]++
				if e.worst > 1 && int(got[g*beats+at]) != want {
					t.Fatalf("%s m=%d n=%d: group %d beat %d of %d: cost %d, want %d", kind, m, n, g, at, beats, got[g*beats+at], want)
				}
			}
		}
		if !slices.Equal(hist, e.hist) || e.useful != int64(total) || e.empty != int64(empty) || e.full != int64(full) {
			t.Fatalf("%s m=%d n=%d: by cost %v, want %v; %d pairs, want %d; %d empty, want %d; %d full, want %d", kind, m, n, e.hist, hist, e.useful, total, e.empty, empty, e.full, full)
		}
		if empty > 0 {
			seen["lanes without any pair"]++
		}
		if full > 0 {
			seen["lanes with all"]++
		}
		if kind == hw.Banked || kind == hw.Crossbar {
			seen[fmt.Sprintf("%s, %d digits", kind, e.digits)]++
		}
	}
	// Banked engines of 0 digits (every beat takes a cycle) and of 2 to 6, crossbars of 0 and of 3 to 6.
	if len(seen) < 2+6+5 {
		t.Errorf("lanes without any pair, with all, and engines by the digits of their counts: %v", seen)
	}
}

// TestProducts compares sums of random windows with plain dot products.
func TestProducts(t *testing.T) {
	rng := rand.New(rand.NewSource(10))
	for range 200 {
		groups, per, channels := 1+rng.Intn(3), 1+rng.Intn(20), 1+rng.Intn(40)
		if rng.Intn(4) == 0 { // depthwise
			groups, per, channels = 2+rng.Intn(20), 1, 1
		}
		k := 1 + rng.Intn(3)
		f := fixed.Format{Bits: []int{2, 8, 16}[rng.Intn(3)], Signed: rng.Intn(2) == 0}
		win := hwtest.Square(k, 1, 0)
		c := &intnet.Conv{Window: win, Groups: groups, OutC: groups * per, Weights: make([]int16, groups*per*k*k*channels)}
		most := []int{3, 127, 32767}[rng.Intn(3)]
		for i := range c.Weights {
			if c.Weights[i] = int16(most); rng.Intn(3) > 0 {
				c.Weights[i] = int16(rng.Intn(2*most+1) - most)
			}
		}
		w := hw.Window{C: groups * channels, Geom: win, Groups: groups, Channelwise: channels == 1 && per == 1 && groups > 1}
		q := newProducts(intnet.Layer{Conv: c}, w, intnet.Tensor{Format: f})
		const n = 8
		window := k * k * channels
		stride := groups*window + 1
		x, rows := make([]int64, n*stride), make([]int16, n*stride)
		for i := range x {
			if x[i] = f.Min(); rng.Intn(3) > 0 {
				x[i] += rng.Int63n(f.Max() - f.Min() + 1)
			}
			rows[i] = int16(x[i] - int64(q.sub))
		}
		acc, want := make([]int64, n*c.OutC), make([]int64, n*c.OutC)
		for r := range n {
			for o := range c.OutC {
				for i := range window {
					at := r*stride + o/per*window + i
					if w.Channelwise {
						at = r*stride + i*groups + o
					}
					want[r*c.OutC+o] += x[at] * int64(c.Weights[o*window+i])
				}
			}
		}
		q.sum(acc, c.OutC, rows, stride, n)
		if d := cmp.Diff(want, acc); d != "" {
			t.Fatalf("%v, %d groups of %d from %d (-want +got):\n%s", f, groups, per, channels, d)
		}
	}
}

// TestMutants checks that faults in the datapath show as wrong outputs: the values
// really come from line buffer, bitmaps and weight slices.
func TestMutants(t *testing.T) {
	net := oneConv(t, 6, 6, 2, 4, hwtest.Square(3, 1, 1))
	rng := rand.New(rand.NewSource(8))
	for i := range net.Layers[0].Conv.Weights {
		net.Layers[0].Conv.Weights[i] = int16(1 + rng.Intn(7))
	}
	net.Layers[0].Conv.Shift[0] = 4
	l := hw.Layer{InPx: 1, InCh: 1, OutPx: 1, OutCh: 2, MTap: 3, MCh: 2, Engine: hw.Banked, N: 3, Gang: 1, GangDepth: 4}
	l.LinePixels = hw.WindowOf(net, net.Layers[0], l).FullLinePixels()
	image := make([]int32, 6*6*2)
	for i := range image {
		image[i] = int32(rng.Intn(40)) - 10
	}
	images := [][]int32{image, image}
	n := expand(t, net, []hw.Layer{l}, nil)
	good := mustRun(t, n, images, Options{})
	if d := cmp.Diff(naive(net, image)[1], good.Outputs[0][0]); d != "" {
		t.Fatal(d)
	}
	for name, mutate := range map[string]func(*sim){
		"line buffer of two rows": func(s *sim) {
			w := s.conv().win
			w.pixels = 2 * w.sched.RowPixels()
		},
		"lane dropped": func(s *sim) {
			w := s.conv().products.panels[0].w
			for i := range w {
				if i/(2*kernel.IntCols)%3 == 2 {
					w[i] = 0
				}
			}
		},
		"weights of the wrong fold": func(s *sim) {
			pn := &s.conv().products.panels[0]
			pn.w = append(pn.w[2*2:], pn.w[:2*2]...)
		},
		"bias lost": func(s *sim) { s.conv().join.bias = []int64{16, 16, 16, 16} },
	} {
		s, err := newSim(n, images, Options{})
		if err != nil {
			t.Fatal(err)
		}
		mutate(s)
		r, err := s.simulate(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		if cmp.Equal(good.Outputs, r.Outputs) {
			t.Errorf("%s: the outputs did not change", name)
		}
	}
}

// conv is the first convolution.
func (s *sim) conv() *conv {
	for _, c := range s.values.convs {
		if c != nil {
			return c
		}
	}
	return nil
}

// TestBadInput checks that Run refuses inputs that it cannot simulate.
func TestBadInput(t *testing.T) {
	net := oneConv(t, 2, 2, 1, 1, hwtest.Square(1, 1, 0))
	n := expand(t, net, hwtest.PlainHW(net), nil)
	good := []int32{1, 2, 3, 4}
	cancelled, cancel := context.WithCancel(context.Background())
	cancel()
	for _, tt := range []struct {
		name   string
		ctx    context.Context
		n      *hw.Network
		images [][]int32
		opt    Options
		want   string
	}{
		{"no network", nil, nil, [][]int32{good}, Options{}, "expand"},
		{"no images", nil, n, nil, Options{}, "0 images"},
		{"short image", nil, n, [][]int32{good, good[:3]}, Options{}, "image 1 has 3 values"},
		{"value", nil, n, [][]int32{{1, 2, 3, 128}}, Options{}, "128 at 3"},
		{"stall", nil, n, [][]int32{good}, Options{Stall: math.NaN()}, "probability"},
		{"stall range", nil, n, [][]int32{good}, Options{Stall: 2}, "probability"},
		{"cancelled", cancelled, n, [][]int32{good}, Options{}, "canceled"},
	} {
		ctx := tt.ctx
		if ctx == nil {
			ctx = context.Background()
		}
		if _, err := Run(ctx, tt.n, tt.images, tt.opt); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want an error with %q", tt.name, err, tt.want)
		}
	}
	net.Layers[0].Conv.Weights = nil
	if _, err := Run(context.Background(), n, [][]int32{good}, Options{}); err == nil || !strings.Contains(err.Error(), "weights") {
		t.Errorf("no weights: %v", err)
	}
}

// TestSteady checks that in an endless stream of one image every image takes the same time,
// no less than the busiest process is busy, and that the end of a finite stream is faster.
func TestSteady(t *testing.T) {
	rng := rand.New(rand.NewSource(9))
	net, err := hwtest.ResNet8(rng, 16, 0.6)
	if err != nil {
		t.Fatal(err)
	}
	layers, depths, err := hwtest.UniformHW(net, hw.Crossbar, 2, 4, 16, 8)
	if err != nil {
		t.Fatal(err)
	}
	n := expand(t, net, layers, depths)
	image := make([]int32, 32*32*3)
	for i := range image {
		image[i] = int32(rng.Intn(1<<16) - 1<<15)
	}
	images := [][]int32{image, image, image, image, image}
	r := mustRun(t, n, images, Options{})
	var busy int64
	for _, p := range r.Processes {
		busy = max(busy, p.Steady.Busy)
	}
	for i := 2; i < len(r.PerImage); i++ {
		if r.PerImage[i] != r.PerImage[i-1] || r.PerImage[i]*4 < busy {
			t.Errorf("images take %v cycles, the busiest process is busy %d", r.PerImage, busy/4)
			break
		}
	}
	f := mustRun(t, n, images, Options{Finite: true})
	if f.CyclesPerImage >= r.CyclesPerImage || f.LastOut[0] != r.LastOut[0] {
		t.Errorf("finite stream: %g cycles per image, endless %g; first image out at %d and %d", f.CyclesPerImage, r.CyclesPerImage, f.LastOut[0], r.LastOut[0])
	}
	if d := cmp.Diff(r.Outputs, f.Outputs); d != "" {
		t.Errorf("outputs differ:\n%s", d)
	}
	for i := range r.Processes {
		if d := cmp.Diff(r.Processes[i].Hist, f.Processes[i].Hist); d != "" {
			t.Errorf("%s: counted other beats in an endless stream:\n%s", r.Processes[i].Name, d)
		}
	}
	alone, err := Latency(context.Background(), n, image)
	if err != nil || alone > r.Latency {
		t.Errorf("latency alone %d (%v), in a stream %d", alone, err, r.Latency)
	}
	t.Logf("cycles per image %v, finite %v; latency %d, alone %d", r.PerImage, f.PerImage, r.Latency, alone)
}
