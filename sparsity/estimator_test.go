package sparsity

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"hass/internal/fixed"
	"hass/internal/hw"
	"hass/internal/intnet"
	"hass/internal/packing"
	"hass/internal/test/testenv"
)

// convCase is a network of one convolution with random zeros, and its images.
type convCase struct {
	net    *intnet.Net
	images [][]int32
}

type convDims struct {
	h, w, c, outC int
	window        intnet.Window
	tauA          int64
	groups        int // 0 is 1
}

func same3x3(h, w, c, outC int) convDims {
	return convDims{h, w, c, outC, intnet.Window{Kernel: [2]int{3, 3}, Stride: [2]int{1, 1}, Dilation: [2]int{1, 1}, Pads: [4]int{1, 1, 1, 1}}, 0, 0}
}

func (d convDims) in(groups int) convDims {
	d.groups = groups
	return d
}

// newConvCase draws weights and activations. Densities differ by output channel
// and image, so that gangs and intervals have something to do.
func newConvCase(rng *rand.Rand, d convDims, images int) *convCase {
	out := func(k int) int {
		ext := (d.window.Kernel[k]-1)*d.window.Dilation[k] + 1
		return ([2]int{d.h, d.w}[k]+d.window.Pads[k]+d.window.Pads[k+2]-ext)/d.window.Stride[k] + 1
	}
	f := fixed.Format{Bits: 8, Frac: 4, Signed: true}
	conv := &intnet.Conv{Window: d.window, Groups: max(1, d.groups), OutC: d.outC, TauA: d.tauA, WeightBits: 8, WeightFrac: []int{6}, Shift: []int{6}, AccBits: 40,
		Bias: make([]int64, d.outC)}
	for range d.outC {
		p := 0.2 + 0.6*rng.Float64()
		for range d.window.Kernel[0] * d.window.Kernel[1] * d.c / conv.Groups {
			conv.Weights = append(conv.Weights, int16(draw(rng, p)))
		}
	}
	c := &convCase{net: &intnet.Net{Name: "one",
		Tensors: []intnet.Tensor{{Name: "x", ID: "x", H: d.h, W: d.w, C: d.c, Format: f}, {Name: "y", ID: "y", H: out(0), W: out(1), C: d.outC, Format: f}},
		Layers:  []intnet.Layer{{Name: "conv", ID: "conv", Kind: intnet.KindConv, In: []int{0}, Out: 1, Lo: f.Min(), Hi: f.Max(), Conv: conv}},
		Outputs: []int{1}, Results: []intnet.Result{{Name: "y", Shape: []int{1, d.outC, out(0), out(1)}, Tensor: 1}}}}
	for range images {
		c.images = append(c.images, drawImage(rng, d))
	}
	return c
}

func drawImage(rng *rand.Rand, d convDims) []int32 {
	p := 0.2 + 0.6*rng.Float64()
	x := make([]int32, d.h*d.w*d.c)
	for i := range x {
		x[i] = int32(draw(rng, p))
	}
	return x
}

// draw is 0, or with probability p a value of -5..5 without 0.
func draw(rng *rand.Rand, p float64) int {
	if rng.Float64() >= p {
		return 0
	}
	v := 1 + rng.IntN(5)
	if rng.IntN(2) == 0 {
		return -v
	}
	return v
}

func (c *convCase) bitmaps() *Bitmaps {
	return NewBitmaps(c.net, len(c.images), func(image, tensor int) []int32 { return c.images[image] })
}

// pairsOf is the pair mask of one beat from the values, as docs/hardware.md defines its lanes.
func (c *convCase) pairsOf(l hw.Layer, image, oy, ox, o, beat int) uint64 {
	conv, in := c.net.Layers[0].Conv, c.net.Tensors[0]
	cg := in.C / conv.Groups
	base := o / (conv.OutC / conv.Groups) * cg // first channel of o's group
	lanes := l.MCh
	if c.net.Depthwise(&c.net.Layers[0]) {
		lanes = 1 // an engine reads only the taps of its own channel
	}
	groups := cg / lanes
	tap, ch := beat/groups*l.MTap, beat%groups*lanes
	if ox >= c.net.Tensors[1].W {
		return 0
	}
	var m uint64
	for t := range l.MTap {
		kh, kw := (tap+t)/conv.Kernel[1], (tap+t)%conv.Kernel[1]
		y, x := oy*conv.Stride[0]-conv.Pads[0]+kh*conv.Dilation[0], ox*conv.Stride[1]-conv.Pads[1]+kw*conv.Dilation[1]
		if y < 0 || y >= in.H || x < 0 || x >= in.W {
			continue
		}
		for k := range lanes {
			a := int64(c.images[image][(y*in.W+x)*in.C+base+ch+k])
			w := conv.Weights[((o*conv.Kernel[0]+kh)*conv.Kernel[1]+kw)*cg+ch+k]
			if w != 0 && a != 0 && max(a, -a) >= conv.TauA {
				m |= 1 << (t*lanes + k)
			}
		}
	}
	return m
}

// costs is the cycles of every beat of engine k, in stream order over one image.
func (c *convCase) costs(l hw.Layer, image, k int) []int {
	g := k / l.Banks()
	lanes := ^uint64(0) // lanes of the engine
	if l.Engine == hw.Elastic {
		lanes = 0
		for i := k % l.N; i < hw.MaxLanes; i += l.N {
			lanes |= 1 << i
		}
	}
	out := c.net.Tensors[1]
	conv := c.net.Layers[0].Conv
	beats := hw.WindowOf(c.net, c.net.Layers[0], l).BeatsPerFold()
	if c.net.Depthwise(&c.net.Layers[0]) {
		beats = conv.Kernel[0] * conv.Kernel[1] / l.MTap
	}
	var r []int
	for oy := range out.H {
		for ox := 0; ox < out.W; ox += l.OutPx {
			for f := range conv.OutC / l.OutCh {
				for b := range beats {
					cost := 1
					for j := range l.Gang {
						for p := range l.OutPx {
							cost = max(cost, hw.BeatCost(l.Engine, hw.EngineLanes(c.net, c.net.Layers[0], l), l.N, lanes&c.pairsOf(l, image, oy, ox+p, f*l.OutCh+g*l.Gang+j, b)))
						}
					}
					r = append(r, cost)
				}
			}
		}
	}
	return r
}

// simulate runs the layer's whole network of processes on the images over and over
// by the rules of docs/hardware.md and gives the steady-state cycles of a round of
// all images. It uses the schedules and nothing of the estimator.
func (c *convCase) simulate(t *testing.T, l hw.Layer) float64 {
	t.Helper()
	const rounds = 4
	// The output's FIFO is as deep as the optimizer makes FIFOs between layers, so it never limits the rate.
	n, err := hw.Expand(c.net, []hw.Layer{l}, map[string]int{c.net.Tensors[1].ID: 16})
	if err != nil {
		t.Fatal(err)
	}
	images := rounds * len(c.images)
	costs := make([][]int, l.Engines())
	for g := range costs {
		for i := range images {
			costs[g] = append(costs[g], c.costs(l, i%len(c.images), g)...)
		}
	}
	type proc struct {
		s       hw.Schedule
		step    hw.Step
		open    bool // step has begun
		port    int  // next port: reads, then writes
		at      int64
		reading bool
		ready   int64
		iter    int
		ended   bool
	}
	type fifo struct{ writes, reads []int64 }
	procs := make([]proc, len(n.Processes))
	fifos := make([]fifo, len(n.Streams))
	for i := range procs {
		procs[i].s = n.NewSchedule(i, images)
	}
	advance := func(i int) bool {
		p, pr := &procs[i], &n.Processes[i]
		if p.ended {
			return false
		}
		if !p.open {
			st, ok := p.s.Next()
			if !ok {
				p.ended = true
				return false
			}
			p.step, p.open, p.port, p.at, p.reading = st, true, 0, p.ready, true
		}
		for p.reading {
			if p.port == len(pr.In) {
				cost := 1
				if pr.Kind == hw.Engine {
					cost = costs[pr.Index][p.iter]
				}
				p.reading, p.port, p.at = false, 0, p.at+int64(cost)-1
				break
			}
			if p.step.Reads>>p.port&1 == 1 {
				s := pr.In[p.port]
				f := &fifos[s]
				k := len(f.reads)
				if k == len(f.writes) {
					return false
				}
				p.at = max(p.at, f.writes[k]+int64(n.Processes[n.Streams[s].From].Latency))
				f.reads = append(f.reads, p.at)
			}
			p.port++
		}
		for ; p.port < len(pr.Out); p.port++ {
			if p.step.Writes>>p.port&1 == 1 {
				s := pr.Out[p.port]
				f := &fifos[s]
				k, d := len(f.writes), n.Streams[s].Depth
				if k >= d {
					if k-d >= len(f.reads) {
						return false
					}
					p.at = max(p.at, f.reads[k-d]+1)
				}
				f.writes = append(f.writes, p.at)
			}
		}
		p.open, p.ready, p.iter = false, p.at+1, p.iter+1
		return true
	}
	for moved := true; moved; {
		moved = false
		for i := range procs {
			for advance(i) {
				moved = true
			}
		}
	}
	sink := len(fifos) - 1
	for i, s := range n.Streams {
		if n.Processes[s.To].Kind == hw.Sink {
			sink = i
		}
	}
	out := fifos[sink].reads
	perRound := n.Streams[sink].Tokens * len(c.images)
	if len(out) != perRound*rounds {
		t.Fatalf("simulation ended after %d of %d outputs", len(out), perRound*rounds)
	}
	return float64(out[len(out)-1] - out[len(out)-1-perRound])
}

func (c *convCase) full(l hw.Layer) hw.Layer {
	l.InPx, l.InCh = 1, c.net.Tensors[0].C // the input never limits the rate
	if l.OutPx > 1 {
		l.InPx = l.OutPx * c.net.Layers[0].Conv.Stride[1]
	}
	l.LinePixels = hw.WindowOf(c.net, c.net.Layers[0], l).FullLinePixels()
	return l
}

// TestConvEqualsSimulation compares the estimate from a sample of all images with
// the costs computed from values, and with a simulation of the whole network in
// which the engines limit the rate.
func TestConvEqualsSimulation(t *testing.T) {
	strided := convDims{7, 9, 4, 8, intnet.Window{Kernel: [2]int{3, 3}, Stride: [2]int{2, 2}, Dilation: [2]int{1, 1}, Pads: [4]int{0, 1, 1, 0}}, 2, 0}
	dilated := convDims{8, 8, 2, 4, intnet.Window{Kernel: [2]int{3, 2}, Stride: [2]int{1, 1}, Dilation: [2]int{2, 1}, Pads: [4]int{2, 0, 1, 1}}, 0, 0}
	fc := convDims{4, 4, 8, 12, intnet.Window{Kernel: [2]int{4, 4}, Stride: [2]int{1, 1}, Dilation: [2]int{1, 1}}, 0, 0}
	tests := []struct {
		name string
		d    convDims
		l    hw.Layer
	}{
		{"crossbar, one gang", same3x3(6, 5, 4, 8), hw.Layer{MTap: 9, MCh: 1, Engine: hw.Crossbar, N: 2, OutPx: 1, OutCh: 4, Gang: 4, GangDepth: 12}},
		{"crossbar, uneven n", same3x3(6, 5, 4, 8), hw.Layer{MTap: 3, MCh: 4, Engine: hw.Crossbar, N: 5, OutPx: 1, OutCh: 8, Gang: 8, GangDepth: 12}},
		{"banked", same3x3(6, 5, 4, 8), hw.Layer{MTap: 3, MCh: 4, Engine: hw.Banked, N: 3, OutPx: 1, OutCh: 2, Gang: 2, GangDepth: 12}},
		{"banked, one multiplier", same3x3(6, 5, 4, 8), hw.Layer{MTap: 1, MCh: 4, Engine: hw.Banked, N: 1, OutPx: 1, OutCh: 1, Gang: 1, GangDepth: 12}},
		{"two pixels", same3x3(6, 5, 4, 8), hw.Layer{MTap: 3, MCh: 2, Engine: hw.Banked, N: 2, OutPx: 2, OutCh: 2, Gang: 2, GangDepth: 12}},
		{"threshold and stride", strided, hw.Layer{MTap: 9, MCh: 4, Engine: hw.Banked, N: 2, OutPx: 1, OutCh: 8, Gang: 8, GangDepth: 12}},
		{"dilated", dilated, hw.Layer{MTap: 6, MCh: 2, Engine: hw.Crossbar, N: 3, OutPx: 1, OutCh: 2, Gang: 2, GangDepth: 12}},
		{"fully connected", fc, hw.Layer{MTap: 4, MCh: 8, Engine: hw.Crossbar, N: 4, OutPx: 1, OutCh: 3, Gang: 3, GangDepth: 12}},
		{"one gang, depth 1", same3x3(6, 5, 4, 8), hw.Layer{MTap: 9, MCh: 1, Engine: hw.Crossbar, N: 2, OutPx: 1, OutCh: 4, Gang: 4, GangDepth: 1}},
		{"one gang, depth 3", same3x3(6, 5, 4, 8), hw.Layer{MTap: 9, MCh: 1, Engine: hw.Crossbar, N: 2, OutPx: 1, OutCh: 4, Gang: 4, GangDepth: 3}},
		{"dense, one gang, depth 3", same3x3(6, 5, 4, 8), hw.Layer{MTap: 3, MCh: 4, Engine: hw.Dense, N: 12, OutPx: 1, OutCh: 4, Gang: 4, GangDepth: 3}},
		{"4 gangs, depth 1", same3x3(6, 5, 4, 8), hw.Layer{MTap: 3, MCh: 4, Engine: hw.Crossbar, N: 2, OutPx: 1, OutCh: 4, Gang: 1, GangDepth: 1}},
		{"4 gangs, depth 6", same3x3(6, 5, 4, 8), hw.Layer{MTap: 3, MCh: 4, Engine: hw.Crossbar, N: 2, OutPx: 1, OutCh: 4, Gang: 1, GangDepth: 12}},
		{"2 gangs, depth 16", same3x3(6, 5, 4, 8), hw.Layer{MTap: 9, MCh: 2, Engine: hw.Banked, N: 6, OutPx: 1, OutCh: 8, Gang: 4, GangDepth: 16}},
		{"2 gangs, two pixels", same3x3(6, 5, 4, 8), hw.Layer{MTap: 9, MCh: 2, Engine: hw.Banked, N: 6, OutPx: 2, OutCh: 4, Gang: 2, GangDepth: 3}},
		{"12 gangs, fully connected", fc, hw.Layer{MTap: 4, MCh: 8, Engine: hw.Banked, N: 1, OutPx: 1, OutCh: 12, Gang: 1, GangDepth: 8}},
		{"dense, 2 gangs, depth 1", same3x3(6, 5, 4, 8), hw.Layer{MTap: 3, MCh: 4, Engine: hw.Dense, N: 12, OutPx: 1, OutCh: 4, Gang: 2, GangDepth: 1}},
		{"grouped, crossbar", same3x3(6, 5, 8, 12).in(2), hw.Layer{MTap: 3, MCh: 4, Engine: hw.Crossbar, N: 3, OutPx: 1, OutCh: 6, Gang: 6, GangDepth: 12}},
		{"grouped, banked, 2 gangs", same3x3(6, 5, 8, 16).in(4), hw.Layer{MTap: 9, MCh: 2, Engine: hw.Banked, N: 6, OutPx: 1, OutCh: 4, Gang: 2, GangDepth: 12}},
		{"grouped, dense", same3x3(6, 5, 8, 16).in(4), hw.Layer{MTap: 9, MCh: 2, Engine: hw.Dense, N: 18, OutPx: 1, OutCh: 4, Gang: 4, GangDepth: 12}},
		{"grouped, threshold and stride", strided.in(2), hw.Layer{MTap: 9, MCh: 2, Engine: hw.Banked, N: 3, OutPx: 1, OutCh: 1, Gang: 1, GangDepth: 12}},
		{"one input channel a group", same3x3(6, 5, 4, 8).in(4), hw.Layer{MTap: 9, MCh: 1, Engine: hw.Crossbar, N: 2, OutPx: 1, OutCh: 2, Gang: 2, GangDepth: 12}},
		{"depthwise, crossbar", same3x3(6, 5, 8, 8).in(8), hw.Layer{MTap: 9, MCh: 4, Engine: hw.Crossbar, N: 2, OutPx: 1, OutCh: 4, Gang: 4, GangDepth: 12}},
		{"depthwise, banked, two pixels", same3x3(6, 5, 8, 8).in(8), hw.Layer{MTap: 9, MCh: 2, Engine: hw.Banked, N: 3, OutPx: 2, OutCh: 2, Gang: 2, GangDepth: 12}},
		{"depthwise, banked, rows", same3x3(6, 5, 8, 8).in(8), hw.Layer{MTap: 3, MCh: 8, Engine: hw.Banked, N: 1, OutPx: 1, OutCh: 8, Gang: 8, GangDepth: 12}},
		{"depthwise, dense", same3x3(6, 5, 8, 8).in(8), hw.Layer{MTap: 3, MCh: 4, Engine: hw.Dense, N: 3, OutPx: 1, OutCh: 4, Gang: 4, GangDepth: 12}},
		{"elastic", same3x3(6, 5, 4, 8), hw.Layer{MTap: 3, MCh: 4, Engine: hw.Elastic, N: 3, OutPx: 1, OutCh: 4, Gang: 4, GangDepth: 12}},
		{"elastic, depth 1", same3x3(6, 5, 4, 8), hw.Layer{MTap: 9, MCh: 2, Engine: hw.Elastic, N: 6, OutPx: 1, OutCh: 4, Gang: 4, GangDepth: 1}},
		{"elastic, 2 gangs, two pixels", same3x3(6, 5, 4, 8), hw.Layer{MTap: 9, MCh: 2, Engine: hw.Elastic, N: 6, OutPx: 2, OutCh: 4, Gang: 2, GangDepth: 16}},
		{"elastic, fully connected, 2 gangs", fc, hw.Layer{MTap: 4, MCh: 8, Engine: hw.Elastic, N: 4, OutPx: 1, OutCh: 2, Gang: 1, GangDepth: 4}},
		{"grouped, elastic, 2 gangs", same3x3(6, 5, 8, 16).in(4), hw.Layer{MTap: 9, MCh: 2, Engine: hw.Elastic, N: 9, OutPx: 1, OutCh: 4, Gang: 2, GangDepth: 12}},
		{"depthwise, elastic, two pixels", same3x3(6, 5, 8, 8).in(8), hw.Layer{MTap: 9, MCh: 2, Engine: hw.Elastic, N: 3, OutPx: 2, OutCh: 2, Gang: 2, GangDepth: 3}},
		{"dense, 2 gangs, depth 2", same3x3(6, 5, 4, 8), hw.Layer{MTap: 3, MCh: 4, Engine: hw.Dense, N: 12, OutPx: 1, OutCh: 4, Gang: 2, GangDepth: 2}},
	}
	for _, kind := range hw.LaneEngines() {
		n := 1
		for !kind.Row().Legal(12, n) {
			n++
		}
		for _, depth := range []int{1, 3, 12} {
			l := hw.Layer{MTap: 3, MCh: 4, Engine: kind, N: n, OutPx: 1, OutCh: 4, Gang: 4, GangDepth: depth}
			if kind == hw.Packed {
				l.Packing = packing.Packing{Deep: 1, Filters: 1}
			}
			tests = append(tests, struct {
				name string
				d    convDims
				l    hw.Layer
			}{fmt.Sprintf("%s of 12 lanes, depth %d", kind, depth), same3x3(6, 5, 4, 8), l})
		}
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := newConvCase(rand.New(rand.NewPCG(1, 2)), tt.d, 3)
			e, err := NewEstimator(c.net, c.bitmaps(), EstimatorOptions{Pixels: -1})
			if err != nil {
				t.Fatal(err)
			}
			got, ci, err := e.Conv(0, tt.l)
			if err != nil {
				t.Fatal(err)
			}
			if !tt.l.Engine.Skips() && ci != 0 {
				t.Errorf("interval %v of an engine that skips nothing", ci)
			}
			images := float64(len(c.images))
			if tt.l.Engines() == 1 && tt.l.GangDepth >= hw.DefaultDepth(hw.Latency(hw.WindowProc, tt.l)) {
				sum := 0
				for i := range c.images {
					for _, k := range c.costs(c.full(tt.l), i, 0) {
						sum += k
					}
				}
				if math.Abs(got*images-float64(sum)) > 1e-6 {
					t.Errorf("estimate %v cycles for all images, the costs add up to %v", got*images, sum)
				}
			}
			// A FIFO that is shallower than the way of a credit is empty before the first image, and not before later ones: of its
			// places, all but the first are there at once.
			slack := 1e-6
			if tt.l.GangDepth < hw.DefaultDepth(hw.Latency(hw.Fork, tt.l)) {
				slack += max(1, float64(tt.l.GangDepth-1))
			}
			if want := c.simulate(t, c.full(tt.l)); math.Abs(got*images-want) > slack {
				t.Errorf("estimate %v cycles for all images, simulation %v", got*images, want)
			}
		})
	}
}

// TestIntervalCoverage draws many samples of images and pixels from one source and counts how
// often the interval holds the source's mean: 950 of 1000 with a standard
// deviation of 7. Knowing the pairs of a larger population must not cost
// coverage, and must narrow the interval.
func TestIntervalCoverage(t *testing.T) {
	testenv.Long(t)
	d := same3x3(10, 10, 4, 4)
	l := hw.Layer{MTap: 3, MCh: 4, Engine: hw.Crossbar, N: 3, OutPx: 1, OutCh: 4, Gang: 2, GangDepth: 12}
	one := l
	one.OutCh = 2
	layers := []hw.Layer{one, l}
	rng := rand.New(rand.NewPCG(3, 4))
	c := newConvCase(rng, d, 3000)
	all, err := NewEstimator(c.net, c.bitmaps(), EstimatorOptions{Pixels: -1})
	if err != nil {
		t.Fatal(err)
	}
	var truth []float64
	for _, l := range layers {
		cycles, _, err := all.Conv(0, l)
		if err != nil {
			t.Fatal(err)
		}
		truth = append(truth, cycles)
	}
	const repeats, sampled = 1000, 8
	width := map[int]float64{}
	for _, population := range []int{sampled, 50} {
		hit := make([]int, len(layers))
		for r := range repeats {
			pop := &convCase{net: c.net}
			for range population {
				pop.images = append(pop.images, drawImage(rng, d))
			}
			b := (&convCase{net: c.net, images: pop.images[:sampled]}).bitmaps()
			b.Population, b.Layers[0].Pairs = population, pop.bitmaps().Layers[0].Pairs
			e, err := NewEstimator(c.net, b, EstimatorOptions{Seed: int64(r), Pixels: sampled * 12})
			if err != nil {
				t.Fatal(err)
			}
			for i, l := range layers {
				got, ci, err := e.Conv(0, l)
				if err != nil {
					t.Fatal(err)
				}
				if math.Abs(got-truth[i]) <= ci {
					hit[i]++
				}
				width[population] += ci / truth[i] / float64(repeats*len(layers))
			}
		}
		for i, n := range hit {
			if n < repeats*93/100 || n > repeats*98/100 {
				t.Errorf("population %d, layer %d: the 95 %% interval held the mean in %d of %d repeats", population, i, n, repeats)
			}
		}
		t.Logf("population %d: %v of %d, mean half width %.2f %%", population, hit, repeats, 100*width[population])
	}
	if width[50] > width[sampled]*0.6 {
		t.Errorf("the pairs of 50 images narrow the interval from %.2f %% to no less than %.2f %%", 100*width[sampled], 100*width[50])
	}
}

// TestSampleIsFair checks that every pixel group is chosen equally often, borders included.
func TestSampleIsFair(t *testing.T) {
	d := same3x3(7, 7, 1, 1)
	c := newConvCase(rand.New(rand.NewPCG(1, 1)), d, 1)
	hits := map[group]int{}
	const repeats, n = 20000, 8
	for r := range repeats {
		got := sampleGroups(rand.New(rand.NewPCG(uint64(r), 0)), c.net.Layers[0].Conv, 7, 7, 7, 7, 2, n)
		if len(got) != n {
			t.Fatalf("%d groups, want %d", len(got), n)
		}
		for i, g := range got {
			if i > 0 && (g.oy < got[i-1].oy || g.oy == got[i-1].oy && g.ox <= got[i-1].ox) {
				t.Fatalf("not in raster order: %v", got)
			}
			hits[g]++
		}
	}
	want := float64(repeats) * n / 28
	if len(hits) != 28 {
		t.Errorf("%d groups were ever chosen, want 28", len(hits))
	}
	for g, n := range hits {
		if math.Abs(float64(n)-want) > 5*math.Sqrt(want) {
			t.Errorf("group %v chosen %d times, want about %.0f", g, n, want)
		}
	}
}

func TestConvRefuses(t *testing.T) {
	c := newConvCase(rand.New(rand.NewPCG(1, 2)), same3x3(6, 5, 4, 8), 2)
	e, err := NewEstimator(c.net, c.bitmaps(), EstimatorOptions{})
	if err != nil {
		t.Fatal(err)
	}
	ok := hw.Layer{MTap: 3, MCh: 4, Engine: hw.Crossbar, N: 2, OutPx: 1, OutCh: 4, Gang: 2, GangDepth: 2}
	if _, _, err := e.Conv(0, ok); err != nil {
		t.Fatal(err)
	}
	for want, edit := range map[string]func(l *hw.Layer){
		"m_tap":          func(l *hw.Layer) { l.MTap = 2 },
		"m_ch":           func(l *hw.Layer) { l.MCh = 3 },
		"m_ch 0":         func(l *hw.Layer) { l.MCh = 0 },
		"out_ch":         func(l *hw.Layer) { l.OutCh = 3 },
		"out_ch 0":       func(l *hw.Layer) { l.OutCh = 0 },
		"gang 3":         func(l *hw.Layer) { l.Gang = 3 },
		"gang 0":         func(l *hw.Layer) { l.Gang = 0 },
		"gang_depth":     func(l *hw.Layer) { l.GangDepth = 0 },
		"n = 12":         func(l *hw.Layer) { l.N = 12 },
		"out_px 6":       func(l *hw.Layer) { l.OutPx = 6 },
		"unknown engine": func(l *hw.Layer) { l.Engine = "x" },
	} {
		l := ok
		edit(&l)
		if _, _, err := e.Conv(0, l); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: error %v, want one with %q", l, err, want)
		}
	}
	if _, _, err := e.Conv(1, ok); err == nil {
		t.Error("a layer that is not there was accepted")
	}
	if _, err := NewEstimator(c.net, &Bitmaps{Images: 1, Population: 1}, EstimatorOptions{}); err == nil {
		t.Error("bitmaps of no layer were accepted")
	}
	if _, err := NewEstimator(c.net, nil, EstimatorOptions{}); err == nil {
		t.Error("no bitmaps were accepted")
	}
	if _, err := NewEstimator(c.net, &Bitmaps{}, EstimatorOptions{}); err == nil {
		t.Error("bitmaps of no image were accepted")
	}
}

// TestConcurrent asks one estimator from many goroutines in different orders.
func TestConcurrent(t *testing.T) {
	c := newConvCase(rand.New(rand.NewPCG(5, 6)), same3x3(8, 8, 8, 16), 4)
	var layers []hw.Layer
	for _, s := range []shape{{9, 1}, {3, 4}, {1, 8}, {9, 2}} {
		for _, kind := range []hw.EngineKind{hw.Crossbar, hw.Banked} {
			for _, gang := range []int{1, 4, 8} {
				layers = append(layers, hw.Layer{MTap: s.mTap, MCh: s.mCh, Engine: kind, N: 1, OutPx: 1, OutCh: 8, Gang: gang, GangDepth: 4})
			}
		}
	}
	ask := func(e *Estimator, i int) string {
		cycles, ci, err := e.Conv(0, layers[i])
		return fmt.Sprint(cycles, ci, err)
	}
	fresh := func() *Estimator {
		e, err := NewEstimator(c.net, c.bitmaps(), EstimatorOptions{Seed: 9, Pixels: 64})
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
	want := make([]string, len(layers))
	alone := fresh()
	for i := range layers {
		want[i] = ask(alone, i)
	}
	e := fresh()
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for k := range layers {
				i := (k*7 + g*5) % len(layers)
				if got := ask(e, i); got != want[i] {
					t.Errorf("%+v: %s, alone %s", layers[i], got, want[i])
				}
			}
		}()
	}
	wg.Wait()
}

func TestBankMaximum(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	for range 20000 {
		m := 1 + rng.IntN(64)
		n := 1 + rng.IntN(m)
		if m%n != 0 {
			continue
		}
		pairs := rng.Uint64() | rng.Uint64()
		if rng.IntN(8) == 0 {
			pairs = ^uint64(0)
		}
		pairs &= ^uint64(0) >> (64 - m)
		if got, want := max(1, bankMaximum(pairs, n)), hw.BeatCost(hw.Banked, m, n, pairs); got != want {
			t.Fatalf("m=%d n=%d pairs=%b: %d, want %d", m, n, pairs, got, want)
		}
	}
}

func TestStudent(t *testing.T) {
	for v, want := range map[int]float64{1: 12.706, 7: 2.365, 10: 2.228, 11: 2.201, 15: 2.131, 30: 2.042, 63: 1.998, 1000: 1.962} {
		if got := student975(v); math.Abs(got-want) > 2e-3 {
			t.Errorf("%d degrees of freedom: %v, want %v", v, got, want)
		}
	}
}

// TestSpeed asks thousands of configurations of a convolution as large as the largest of
// ResNet-8 and wants them within a generous bound.
func TestSpeed(t *testing.T) {
	if testing.Short() {
		t.Skip("skipped: timing (-short)")
	}
	c := newConvCase(rand.New(rand.NewPCG(5, 6)), same3x3(8, 8, 64, 64), 8)
	e, err := NewEstimator(c.net, c.bitmaps(), EstimatorOptions{})
	if err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	asked := 0
	for _, s := range []shape{{1, 8}, {1, 16}, {1, 32}, {1, 64}, {3, 4}, {3, 8}, {3, 16}, {9, 1}, {9, 2}, {9, 4}} {
		m := s.mTap * s.mCh
		for n := 1; n < m; n++ {
			for _, kind := range []hw.EngineKind{hw.Crossbar, hw.Banked} {
				if m%n != 0 && kind == hw.Banked || kind == hw.Crossbar && n > 8 {
					continue
				}
				for outCh := 1; outCh <= 64; outCh *= 4 {
					for gang := 1; gang <= outCh; gang *= 4 {
						l := hw.Layer{MTap: s.mTap, MCh: s.mCh, Engine: kind, N: n, OutPx: 1, OutCh: outCh, Gang: gang, GangDepth: 4}
						if _, _, err := e.Conv(0, l); err != nil {
							t.Fatal(err)
						}
						asked++
					}
				}
			}
		}
	}
	took := time.Since(start)
	t.Logf("%d configurations in %v", asked, took)
	if took > 60*time.Second {
		t.Errorf("%d configurations took %v", asked, took)
	}
}
