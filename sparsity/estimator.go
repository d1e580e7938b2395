package sparsity

import (
	"fmt"
	"math/bits"
	"math/rand/v2"
	"sync"

	"hass/internal/hw"
	"hass/internal/intnet"
)

// EstimatorOptions configure an Estimator.
type EstimatorOptions struct {
	Seed int64
	// Pixels is the number of output pixel groups sampled per convolution over all
	// images of the bitmaps, at least one per image. 0 takes a number that keeps a
	// configuration quick (about 4 million pairs); a negative number takes all.
	Pixels int
	// Pairs is the approximate number of pairs in the sample of one convolution if Pixels is 0. 0 is 4
	// million; a search that rates many networks takes fewer.
	Pairs int
	// Cache, if not nil, keeps answers beyond the estimator's life.
	Cache *Cache
}

const (
	autoPairs  = 1 << 22   // pairs that a convolution's sample holds by default
	autoGroups = 4         // and the least number of pixel groups per image
	tableLimit = 256 << 20 // bytes of tables kept for reuse
)

// Estimator predicts the cycles per image that the engines of a convolution need
// under given hardware, from bitmaps of zeros. Its methods may be called
// concurrently; the same question has the same answer in any order.
type Estimator struct {
	net   *intnet.Net
	opts  EstimatorOptions
	convs map[int]*convBits // by layer

	mu      *sync.Mutex                   // of answers and tables; the cache's if there is one
	answers map[int]map[answerKey]*answer // by layer
	tables  map[tableKey]*table
	held    int // bytes of tables
}

// convBits is one convolution and its sample.
type convBits struct {
	layer  int
	l      *intnet.Layer
	bits   *LayerBits
	images int
	oh, ow int

	population int // images
	mu         sync.Mutex
	surveys    map[int]*survey // by OutPx
}

type answerKey struct {
	layer           int
	shape           shape
	kind            hw.EngineKind
	n, outPx, outCh int
	gang, depth     int
	scheduled       hw.Scheduled
}

type answer struct {
	once       sync.Once
	cycles, ci float64
	err        error
}

// tableKey names a table of measures. Crossbars of every N share one (banks 0).
type tableKey struct {
	layer              int
	shape              shape
	banks, outPx, gang int
	elastic            bool // the banks one by one
}

// parts is the number of measures of a beat.
func (k tableKey) parts() int {
	if k.elastic {
		return k.banks
	}
	return 1
}

// table holds the measure of every sampled beat of every gang: the maximum over the
// gang's lanes and pixels, [image][group][gang block][bank if elastic][beat], where block q is
// output channels q*gang .. q*gang+gang-1.
type table struct {
	once    sync.Once
	perPic  []int // sampled groups of each image
	measure []uint8
	hist    [][hw.MaxLanes + 1]int64 // per image
}

// NewEstimator prepares the estimator of a network; the bitmaps must be the
// network's and hold at least one image.
func NewEstimator(net *intnet.Net, b *Bitmaps, opts EstimatorOptions) (*Estimator, error) {
	if b == nil || b.Images < 1 {
		return nil, fmt.Errorf("the bitmaps of zeros hold no image")
	}
	if err := b.check(net); err != nil {
		return nil, err
	}
	e := &Estimator{net: net, opts: opts, convs: map[int]*convBits{}, mu: new(sync.Mutex), answers: map[int]map[answerKey]*answer{}, tables: map[tableKey]*table{}}
	if opts.Cache != nil {
		e.mu = &opts.Cache.mu
	}
	k := 0
	for i := range net.Layers {
		if l := &net.Layers[i]; l.Kind == intnet.KindConv {
			out := net.Tensors[l.Out]
			e.convs[i] = &convBits{layer: i, l: l, bits: &b.Layers[k], images: b.Images, oh: out.H, ow: out.W,
				population: b.Population, surveys: map[int]*survey{}}
			if e.answers[i] = (map[answerKey]*answer{}); opts.Cache != nil {
				e.answers[i] = opts.Cache.answers(e.convs[i], opts)
			}
			k++
		}
	}
	return e, nil
}

// Conv is the mean number of cycles per image that the engines of convolution
// layer (an index into the network's layers) need under hardware l if only they
// wait for each other, and the half width ci of the 95 % interval of that mean
// over images like the sampled ones. A dense or scheduled engine is exact: ci =
// 0.
//
// It reads MTap, MCh, Engine, N, OutPx, OutCh, Gang, GangDepth and Scheduled of l. Several gangs, and the banks
// of elastic engines, run ahead of each other as far as their FIFOs allow and meet at the join, whose FIFOs have
// their default depth. A FIFO shallower than the round trip of a credit slows even a single gang. Hardware that
// the layer cannot have is an error.
func (e *Estimator) Conv(layer int, l hw.Layer) (cycles, ci float64, err error) {
	c, ok := e.convs[layer]
	if !ok {
		return 0, 0, fmt.Errorf("layer %d is not a convolution", layer)
	}
	k := answerKey{layer: layer, shape: shape{l.MTap, l.MCh}, kind: l.Engine, n: l.N,
		outPx: l.OutPx, outCh: l.OutCh, gang: l.Gang, depth: l.GangDepth, scheduled: l.Scheduled}
	e.mu.Lock()
	a := e.answers[layer][k]
	if a == nil {
		a = new(answer)
		e.answers[layer][k] = a
	}
	e.mu.Unlock()
	a.once.Do(func() {
		a.cycles, a.ci, a.err = e.conv(c, l)
	})
	return a.cycles, a.ci, a.err
}

func (e *Estimator) conv(c *convBits, l hw.Layer) (cycles, ci float64, err error) {
	t, err := e.timing(c, l)
	if err != nil {
		return 0, 0, err
	}
	s := shape{l.MTap, l.MCh}
	if e.net.Depthwise(c.l) {
		s.mCh = 1 // each engine has the taps of one channel
	}
	folds := c.bits.OutC / l.OutCh
	groups := c.oh * ((c.ow + l.OutPx - 1) / l.OutPx)
	if l.Engine.Row().Static { // its rows and words are known
		return max(float64(t.phases), float64(t.words)*float64(t.feedLatency+1)/float64(l.GangDepth)), 0, nil
	}
	if row := l.Engine.Row(); row.Measure == hw.Nothing {
		beats := float64(groups) * float64(folds) * float64(s.beats(c.bits))
		// The FIFO before an engine lets as many beats through as it holds per round trip of a credit.
		each := float64(row.Measure.Cycles(0, hw.EngineLanes(e.net, *c.l, l), l.N))
		return beats * max(each, float64(t.feedLatency+1)/float64(l.GangDepth)), 0, nil
	}
	tab := e.table(c, tableKey{layer: c.layer, shape: s, banks: banksOf(l.Engine, l.N), outPx: l.OutPx, gang: l.Gang, elastic: l.Engine.Row().Apart})
	cost := costTable(l.Engine, l.N)
	sums := make([]float64, c.images) // cycles of the sampled groups
	if l.Engines() == 1 && int64(l.GangDepth) > t.feedLatency {
		// The next beat is always there: costs add up.
		for i := range sums {
			sum := int64(0)
			for v, n := range tab.hist[i] {
				sum += n * int64(cost[v])
			}
			sums[i] = float64(sum)
		}
	} else {
		simulateGangs(sums, tab, &cost, newGangSim(t, l.Engines(), l.GangDepth), folds, s.beats(c.bits))
	}
	for i := range sums {
		sums[i] *= float64(groups) / float64(tab.perPic[i])
	}
	cycles, ci = e.survey(c, l.OutPx).interval(sums)
	return cycles, ci, nil
}

// Pairs is the mean number of products per image of convolution layer whose
// factors are both non-zero, exact over all images that were measured; 0 for
// other layers. No engine needs fewer than Pairs/(OutPx*OutCh*N) cycles.
func (e *Estimator) Pairs(layer int) float64 {
	c, ok := e.convs[layer]
	if !ok {
		return 0
	}
	return share(c.bits.Pairs, int64(c.population))
}

// survey counts the pairs in the pixels that are sampled for outPx.
func (e *Estimator) survey(c *convBits, outPx int) *survey {
	c.mu.Lock()
	defer c.mu.Unlock()
	if s := c.surveys[outPx]; s != nil {
		return s
	}
	s := &survey{mean: share(c.bits.Pairs, int64(c.population)), population: float64(c.population)}
	wide := shape{1, 1} // the fewest beats
	for ch := 1; ch <= min(c.bits.GroupC, hw.MaxLanes); ch++ {
		if c.bits.GroupC%ch == 0 {
			wide.mCh = ch
		}
	}
	weights := c.bits.weightMasks(wide)
	win := make([]uint64, wide.beats(c.bits))
	groups := c.oh * ((c.ow + outPx - 1) / outPx)
	for image := range c.images {
		sampled := e.sample(c, outPx, image)
		n := 0
		for _, g := range sampled {
			for p := range min(outPx, c.ow-g.ox) {
				for o := range c.bits.OutC {
					if o%c.bits.perGroup() == 0 {
						c.bits.windowMasks(win, wide, c.l.Conv, image, g.oy, g.ox+p, o/c.bits.perGroup())
					}
					for b, w := range weights[o*len(win):][:len(win)] {
						n += bits.OnesCount64(w & win[b])
					}
				}
			}
		}
		s.pairs = append(s.pairs, float64(n)*float64(groups)/float64(len(sampled)))
	}
	c.surveys[outPx] = s
	return s
}

// simulateGangs gives the cycles in which each image's sampled groups leave the join.
// The sample is treated as an endless stream: the last image goes first, unmeasured,
// to fill the FIFOs.
func simulateGangs(sums []float64, t *table, cost *[hw.MaxLanes + 1]uint8, sim *gangSim, folds, beats int) {
	perFold := len(sim.engines) * beats
	perGroup := folds * perFold
	costs := make([]uint8, perGroup)
	run := func(groups []uint8) {
		for ; len(groups) > 0; groups = groups[perGroup:] {
			for i, v := range groups[:perGroup] {
				costs[i] = cost[v]
			}
			for f := range folds {
				sim.fold(costs[f*perFold:][:perFold], beats)
			}
		}
	}
	last := len(t.perPic) - 1
	run(t.measure[len(t.measure)-t.perPic[last]*perGroup:])
	rest := t.measure
	for i, n := range t.perPic {
		before := sim.joinEnd
		run(rest[:n*perGroup])
		rest = rest[n*perGroup:]
		sums[i] = float64(sim.joinEnd - before)
	}
}

// banksOf is the table a kind of engine needs. One bank is a crossbar of one.
func banksOf(kind hw.EngineKind, n int) int {
	if kind.Row().Measure == hw.FullestBank && n > 1 {
		return n
	}
	return 0
}

// timing expands the layer alone, which also checks the hardware against it.
func (e *Estimator) timing(c *convBits, l hw.Layer) (timing, error) {
	if e.opts.Cache == nil {
		return e.expand(c, l)
	}
	k := timingKey{c.layer, l}
	if t, ok := e.opts.Cache.timings.Load(k); ok {
		return t.(timing), nil
	}
	t, err := e.expand(c, l)
	if err == nil {
		e.opts.Cache.timings.Store(k, t)
	}
	return t, err
}

// expand is timing without memory.
func (e *Estimator) expand(c *convBits, l hw.Layer) (timing, error) {
	in, out := e.net.Tensors[c.l.In[0]], e.net.Tensors[c.l.Out]
	if l.OutPx < 1 || l.OutPx > out.W {
		return timing{}, fmt.Errorf("layer %s: out_px %d is not within 1 and the row of %d pixels", c.l.ID, l.OutPx, out.W)
	}
	if l.OutCh < 1 {
		return timing{}, fmt.Errorf("layer %s: out_ch %d is below 1", c.l.ID, l.OutCh)
	}
	// What the engines' time does not depend on gets values that are always valid.
	l.InPx, l.InCh = 1, in.C
	alone := &intnet.Net{Tensors: []intnet.Tensor{in, out}, Layers: []intnet.Layer{*c.l}, Input: 0, Outputs: []int{1}}
	alone.Layers[0].In, alone.Layers[0].Out = []int{0}, 1
	l.LinePixels = hw.WindowOf(alone, alone.Layers[0], l).MinLinePixels()
	n, err := hw.Expand(alone, []hw.Layer{l}, nil)
	if err != nil {
		return timing{}, err
	}
	var t timing
	for _, p := range n.Processes {
		if p.Kind == hw.Engine { // all alike
			t.feedLatency = int64(n.Processes[n.Streams[p.In[0]].From].Latency)
			t.engineLatency = int64(p.Latency)
			t.accDepth = n.Streams[p.Out[0]].Depth
		}
		if p.Kind == hw.ScheduledProc {
			t.feedLatency = int64(n.Processes[n.Streams[p.In[0]].From].Latency)
			m := n.ScheduledModule(p.Layer)
			t.phases, t.words = m.LayerCycles(alone.Layers[0].Conv.OutC), m.Beats*m.Windows
		}
	}
	return t, nil
}

// table gives a table of measures, made at the first request.
func (e *Estimator) table(c *convBits, k tableKey) *table {
	e.mu.Lock()
	t := e.tables[k]
	if t == nil {
		t = new(table)
		e.tables[k] = t
	}
	e.mu.Unlock()
	t.once.Do(func() {
		if k.gang == 1 {
			e.measure(c, k, t)
		} else {
			one := k
			one.gang = 1
			t.reduce(e.table(c, one), k.gang, k.parts()*k.shape.beats(c.bits))
		}
		t.count(c.bits.OutC / k.gang * k.parts() * k.shape.beats(c.bits))
		e.mu.Lock()
		defer e.mu.Unlock()
		if e.held += len(t.measure); e.held > tableLimit {
			e.tables = map[tableKey]*table{k: t} // made again when asked for
			e.held = len(t.measure)
		}
	})
	return t
}

// sample gives the sampled groups of one image. It depends on nothing but seed,
// layer, OutPx and image.
func (e *Estimator) sample(c *convBits, outPx, image int) []group {
	total := c.oh * ((c.ow + outPx - 1) / outPx)
	n := total
	switch {
	case e.opts.Pixels > 0:
		n = max(1, e.opts.Pixels/c.images)
	case e.opts.Pixels == 0:
		perGroup := outPx * c.bits.weightCount()
		if e.opts.Pairs > 0 {
			n = max(1, e.opts.Pairs/perGroup/c.images)
		} else {
			n = max(autoGroups, autoPairs/perGroup/c.images)
		}
	}
	rng := rand.New(rand.NewPCG(uint64(e.opts.Seed), uint64(c.layer)<<32|uint64(image)))
	return sampleGroups(rng, c.l.Conv, c.bits.H, c.bits.W, c.oh, c.ow, outPx, n)
}

// measure fills the table of single lanes from the bitmaps.
func (e *Estimator) measure(c *convBits, k tableKey, t *table) {
	l, beats := c.bits, k.shape.beats(c.bits)
	weights := l.weightMasks(k.shape)
	perGroup := l.OutC * k.parts() * beats
	win := make([][]uint64, k.outPx)
	for p := range win {
		win[p] = make([]uint64, beats)
	}
	for image := range c.images {
		groups := e.sample(c, k.outPx, image)
		t.perPic = append(t.perPic, len(groups))
		if image == 0 {
			t.measure = make([]uint8, 0, perGroup*len(groups)*c.images)
		}
		for _, g := range groups {
			px := min(k.outPx, c.ow-g.ox)
			at := len(t.measure)
			t.measure = t.measure[:at+perGroup]
			dst, per := t.measure[at:], l.perGroup()*beats
			for group := range l.OutC * beats / per {
				for p := range px {
					l.windowMasks(win[p], k.shape, c.l.Conv, image, g.oy, g.ox+p, group)
				}
				if k.elastic {
					measureBanks(dst[group*per*k.banks:][:per*k.banks], weights[group*per:], win[:px], k.banks)
				} else {
					measure(dst[group*per:][:per], weights[group*per:], win[:px], k.banks)
				}
			}
		}
	}
}

// reduce fills the table with the maxima of runs of gang lanes of another.
func (t *table) reduce(one *table, gang, beats int) {
	t.perPic = one.perPic
	t.measure = make([]uint8, len(one.measure)/gang)
	src := one.measure
	for dst := t.measure; len(dst) > 0; dst = dst[beats:] {
		copy(dst[:beats], src)
		src = src[beats:]
		for range gang - 1 {
			d := dst[:beats]
			for b, v := range src[:beats] {
				d[b] = max(d[b], v)
			}
			src = src[beats:]
		}
	}
}

// count makes the histograms.
func (t *table) count(perGroup int) {
	t.hist = make([][hw.MaxLanes + 1]int64, len(t.perPic))
	rest := t.measure
	for i, n := range t.perPic {
		h := &t.hist[i]
		for _, v := range rest[:n*perGroup] {
			h[v]++
		}
		rest = rest[n*perGroup:]
	}
}
