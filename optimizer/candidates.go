package optimizer

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"

	"hass/internal/hw"
	"hass/internal/intnet"
	"hass/internal/workers"
)

// CycleEstimator tells what a convolution's engines need under a hardware choice.
// Implementations are called from several goroutines at once.
type CycleEstimator interface {
	// Conv gives the engine-limited cycles per image of layer number layer and the half
	// width of the estimate's 95 % interval.
	Conv(layer int, l hw.Layer) (cycles, ci float64, err error)
}

// The engine rules of Input.Engine.
const (
	EngineAuto     = "auto"
	EngineDense    = "dense"
	EngineCrossbar = "crossbar"
	EngineBanked   = "banked"
)

// maxCrossbarLanes bounds M of a crossbar: measured, a crossbar of 64 lanes costs six
// times the banked engine and can be on no front.
const maxCrossbarLanes = 16

// maxWidths bounds the stream widths tried for one tensor; more divisors are thinned
// out evenly, 1 and the channel count staying.
const maxWidths = 12

// coarseWidths is maxWidths for Input.Coarse.
const coarseWidths = 6

// Candidate is one hardware choice of a layer.
type Candidate struct {
	Layer     hw.Layer
	Cycles    float64   // per image: the slowest of engines, window, input and output
	CyclesCI  float64   // half width of the 95 % interval; 0 where the cycles are exact
	Resources Resources // modules and inner FIFOs
}

// Candidates lists the choices of one layer that can be part of a best design: those not
// dominated by another with the same stream widths in cycles and all
// resources. engine is an engine rule. Resources that the device does not have at
// all are not used. The order is fixed.
func Candidates(ctx context.Context, net *intnet.Net, layer int, est CycleEstimator, p Platform, engine string) ([]Candidate, error) {
	s := &space{model: costModel{net: net, family: p.Family}, est: est, engine: engine, budget: p.Resources.vec(), widths: widthsOf(net, maxWidths), hurry: hurry(net)}
	opts, err := s.layer(ctx, layer)
	if err != nil {
		return nil, err
	}
	var list []Candidate
	for _, o := range opts {
		list = append(list, Candidate{Layer: o.hl, Cycles: o.cycles / s.hurry[layer], CyclesCI: o.ci / s.hurry[layer], Resources: o.cost.resources()})
	}
	return list, nil
}

// option is a Candidate in the solver's form.
type option struct {
	hl     hw.Layer
	cycles float64 // times the layer's hurry
	ci     float64
	cost   vec
	share  [nres]float64 // cost over budget
}

// space enumerates the choices of layers.
type space struct {
	model  costModel
	est    CycleEstimator
	engine string
	budget vec // choices beyond it are left out
	widths [][]int
	hurry  []float64 // by layer: what its cycles count for (elastic.hurry)
	near   *near     // nil: the estimator is asked about all choices
	memo   *Memo     // or nil
}

// all enumerates every layer, in parallel.
func (s *space) all(ctx context.Context) ([][]option, error) {
	n := len(s.model.net.Layers)
	sets := make([][]option, n)
	err := workers.Ordered(ctx, n, 0, func(_, i int) ([]option, error) { return s.layer(ctx, i) },
		func(i int, o []option) error { sets[i] = o; return nil })
	return sets, err
}

// divisors of n in ascending order.
func divisors(n int) []int {
	var d []int
	for i := 1; i <= n; i++ {
		if n%i == 0 {
			d = append(d, i)
		}
	}
	return d
}

// thin keeps at most most of the ascending values, first and last among them.
func thin(d []int, most int) []int {
	if len(d) <= most {
		return d
	}
	if most == 1 {
		return d[:1]
	}
	out := make([]int, most)
	for i := range out {
		out[i] = d[i*(len(d)-1)/(most-1)]
	}
	return out
}

// maxStates bounds the combinations of widths of tensors that are live at once.
const maxStates = 4096

// widthsOf gives the stream widths tried for every tensor.
func widthsOf(net *intnet.Net, most int) [][]int {
	w := make([][]int, len(net.Tensors))
	for t, tn := range net.Tensors {
		w[t] = divisors(tn.C)
	}
	for i := range net.Layers {
		w[net.Layers[i].Out] = outWidths(net, i)
	}
	for t := range w {
		w[t] = thin(w[t], most)
	}
	// Where many streams are live at once, fewer widths each.
	for _, live := range liveTensors(net) {
		for most := most - 1; most >= 1; most-- {
			states := 1
			for _, t := range live {
				if states *= len(w[t]); states > maxStates {
					break
				}
			}
			if states <= maxStates {
				break
			}
			for _, t := range live {
				w[t] = thin(w[t], most)
			}
		}
	}
	return w
}

// outWidths gives the widths in which layer i can write.
func outWidths(net *intnet.Net, i int) []int {
	l := &net.Layers[i]
	c := net.Tensors[l.Out].C
	switch l.Kind {
	case intnet.KindConv:
		if !net.Depthwise(l) {
			c /= l.Conv.Groups
		}
	case intnet.KindConcat:
		for _, t := range l.In {
			c = gcd(c, net.Tensors[t].C)
		}
	case intnet.KindSlice:
		c = gcd(gcd(c, l.Slice.Start[2]), net.Tensors[l.In[0]].C)
	}
	return divisors(c)
}

func gcd(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// liveTensors gives, before every layer and after the last, the tensors that are
// written and still to be read, in ascending order. The input counts as written by
// its first reader, whose width it takes.
func liveTensors(net *intnet.Net) [][]int {
	n := len(net.Layers)
	first, last := make([]int, len(net.Tensors)), make([]int, len(net.Tensors))
	for t := range first {
		first[t], last[t] = -1, -1
	}
	for i, l := range net.Layers {
		first[l.Out] = i
		for _, t := range l.In {
			last[t] = i
			if t == net.Input && first[t] < 0 {
				first[t] = i
			}
		}
	}
	live := make([][]int, n+1)
	for i := range live {
		for t := range net.Tensors {
			if first[t] >= 0 && first[t] < i && last[t] >= i {
				live[i] = append(live[i], t)
			}
		}
	}
	return live
}

func (s *space) layer(ctx context.Context, i int) ([]option, error) {
	net := s.model.net
	l := net.Layers[i]
	var all []option
	var err error
	switch l.Kind {
	case intnet.KindConv:
		all, err = s.conv(ctx, i)
	case intnet.KindPool:
		all = s.pool(i)
	case intnet.KindGlobalPool, intnet.KindAdd, intnet.KindMul, intnet.KindRequant, intnet.KindActivation,
		intnet.KindConcat, intnet.KindSlice, intnet.KindResize, intnet.KindZeroInsert:
		all = s.sameBeat(i)
	default:
		err = fmt.Errorf("no module for kind %q", l.Kind)
	}
	if err != nil {
		return nil, fmt.Errorf("layer %s: %w", l.ID, err)
	}
	all = s.prune(all)
	if len(all) == 0 {
		return nil, fmt.Errorf("layer %s: no hardware choice under engine rule %q", l.ID, s.engine)
	}
	return all, nil
}

// sameBeat enumerates a layer that writes the beats that it reads.
func (s *space) sameBeat(i int) []option {
	net := s.model.net
	l := net.Layers[i]
	inPx, outPx := s.model.layerPx(i)
	var all []option
	for _, ch := range s.narrow(s.widths[l.Out], s.hurry[i]*s.model.moveCycles(i, 1)) {
		fits := true
		for _, t := range l.In {
			// The network's input has the width of its first reader.
			fits = fits && (t != net.Input || slices.Contains(s.widths[t], ch))
		}
		if !fits {
			continue
		}
		hl := hw.Layer{InPx: inPx, InCh: ch, OutPx: outPx, OutCh: ch}
		all = append(all, option{hl: hl, cycles: s.hurry[i] * s.model.moveCycles(i, ch), cost: s.model.layer(i, hl)})
	}
	return all
}

// moveCycles is the number of iterations per image of a layer that keeps its beats of ch channels:
// one a beat read or written, whichever are more; a resize reads and writes in turn.
func (m costModel) moveCycles(i, ch int) float64 {
	l := &m.net.Layers[i]
	beats := func(t int) int {
		tn := &m.net.Tensors[t]
		return tn.H * ceilDiv(tn.W, m.px(t)) * (tn.C / ch)
	}
	in, out := beats(l.In[0]), beats(l.Out)
	if l.Kind == intnet.KindResize {
		return float64(in + out)
	}
	return float64(max(in, out))
}

// tapGroups gives the values of MTap that Window.Validate takes.
func tapGroups(k [2]int) []int {
	taps := divisors(k[1])
	for _, rows := range divisors(k[0]) {
		if rows > 1 {
			taps = append(taps, rows*k[1])
		}
	}
	return taps
}

func dividesEither(a, b int) bool { return max(a, b)%min(a, b) == 0 }

func (s *space) pool(i int) []option {
	net := s.model.net
	l := net.Layers[i]
	var all []option
	in := net.Tensors[l.In[0]]
	inPx, outPx := s.model.layerPx(i)
	elements := s.hurry[i] * float64(in.H*ceilDiv(in.W, inPx)*in.C)
	for _, tap := range tapGroups(l.Pool.Kernel) {
		for _, ch := range s.widths[l.Out] {
			for _, in := range s.narrow(s.widths[l.In[0]], elements) {
				if !dividesEither(in, ch) {
					continue
				}
				hl := hw.Layer{InPx: inPx, InCh: in, OutPx: outPx, OutCh: ch, MTap: tap, MCh: ch}
				win := hw.WindowOf(net, l, hl)
				hl.LinePixels = win.FullLinePixels()
				all = append(all, option{hl: hl, cycles: s.hurry[i] * float64(max(win.InBeats(), win.OutBeats())),
					cost: s.model.layer(i, hl).add(s.model.layerFIFOs(i, hl))})
			}
		}
	}
	return all
}

// engineChoice is an engine kind and its number of multipliers.
type engineChoice struct {
	kind hw.EngineKind
	n    int
}

// engines lists the engines for beats of m lanes under the rule.
func engines(rule string, m int) []engineChoice {
	var list []engineChoice
	may := func(kind string) bool { return rule == EngineAuto || rule == kind }
	if may(EngineDense) {
		list = append(list, engineChoice{hw.Dense, m})
	}
	if m == 1 {
		// A sparse engine of one lane is a dense one with a selector before it.
		if rule == EngineCrossbar || rule == EngineBanked {
			list = append(list, engineChoice{hw.EngineKind(rule), 1})
		}
		return list
	}
	if may(EngineCrossbar) && m <= maxCrossbarLanes {
		for _, n := range []int{2, 3, 4, 6, 8} {
			if n < m {
				list = append(list, engineChoice{hw.Crossbar, n})
			}
		}
	}
	if may(EngineBanked) {
		for _, n := range divisors(m) {
			if n < m {
				list = append(list, engineChoice{hw.Banked, n})
			}
		}
	}
	return list
}

// gangs lists the gang sizes for p output lanes. The lanes of a dense engine never
// wait for each other, so one gang serves them best.
func gangs(kind hw.EngineKind, p int) []int {
	list := []int{p}
	if kind == hw.Dense {
		return list
	}
	for _, parts := range []int{2, 4, 8, 16, 32, 64, p} {
		if parts <= min(p, hw.MaxGangs) && p%parts == 0 && !slices.Contains(list, p/parts) {
			list = append(list, p/parts)
		}
	}
	return list
}

// shape is how a convolution's window is cut into beats, with the output widths that go with it.
type shape struct {
	tap, ch int
	lanes   int // M of each engine
	out     []int
}

// shapes lists the window beats of a convolution. A depthwise one has as many channels in a beat
// as it writes.
func (s *space) shapes(l *intnet.Layer) []shape {
	net := s.model.net
	var list []shape
	for _, tap := range tapGroups(l.Conv.Kernel) {
		if net.Depthwise(l) {
			for _, ch := range s.widths[l.Out] {
				if tap <= hw.MaxLanes {
					list = append(list, shape{tap, ch, tap, []int{ch}})
				}
			}
			continue
		}
		for _, ch := range divisors(net.Tensors[l.In[0]].C / l.Conv.Groups) {
			if tap*ch <= hw.MaxLanes {
				list = append(list, shape{tap, ch, tap * ch, s.widths[l.Out]})
			}
		}
	}
	return list
}

// convChoices is what the choices of a convolution are before any zeros are known: hardware and costs.
type convChoices struct {
	alone  bool // see below
	shapes []shapeChoices
}

type shapeChoices struct {
	choices []convChoice
	widths  []inputWidth
}

// convChoice is an option at the narrowest cut of the input.
type convChoice struct {
	hl    hw.Layer
	floor float64 // cycles that output beats take
	mems  []option
}

// inputWidth is a width of the input stream: it changes the line buffer only.
type inputWidth struct {
	q      int
	change vec
	beats  float64 // per image
}

// Memo keeps what hardware choices cost between questions about networks of one structure, whose zeros differ. It
// may be shared by concurrent questions.
type Memo struct {
	mu    sync.Mutex
	convs map[memoKey]*convChoices
}

// NewMemo is an empty memory.
func NewMemo() *Memo { return &Memo{convs: map[memoKey]*convChoices{}} }

// memoKey holds all of a layer that its costs depend on besides the structure of the network.
type memoKey struct {
	layer, accBits int
	threshold      bool
	engine, family string
	uram           bool
	dsp            int
}

// choices gives a convolution's choices, from memory if there is one.
func (s *space) choices(i int) *convChoices {
	if s.memo == nil {
		return s.enumerate(i)
	}
	c := s.model.net.Layers[i].Conv
	k := memoKey{i, c.AccBits, c.TauA > 0, s.engine, s.model.family, s.budget[4] > 0, s.budget[0]}
	s.memo.mu.Lock()
	all := s.memo.convs[k]
	s.memo.mu.Unlock()
	if all == nil {
		all = s.enumerate(i)
		s.memo.mu.Lock()
		s.memo.convs[k] = all
		s.memo.mu.Unlock()
	}
	return all
}

// enumerate lists a convolution's choices.
func (s *space) enumerate(i int) *convChoices {
	net := s.model.net
	l := net.Layers[i]
	in := net.Tensors[l.In[0]]
	inPx, outPx := s.model.layerPx(i)
	line := 0 // depends on geometry and pixels per beat alone
	// A window that holds a pixel of the next image waits for it before it goes on. That of a gate
	// must not: the next image may be waiting for the gate.
	all := &convChoices{alone: s.hurry[i] > 1 && in.H == 1 && in.W == 1}
	memories := []string{MemLUTRAM, MemBRAM}
	if s.budget[4] > 0 {
		memories = append(memories, MemURAM)
	}
	for _, sh := range s.shapes(&l) {
		var sc shapeChoices
		for _, e := range engines(s.engine, sh.lanes) {
			for _, p := range sh.out {
				if e.n*p*outPx > max(outPx, s.budget[0]) {
					continue
				}
				for _, gang := range s.parts(&l, e.kind, p) {
					hl := hw.Layer{InPx: inPx, InCh: sh.ch, OutPx: outPx, OutCh: p, MTap: sh.tap, MCh: sh.ch, LinePixels: line,
						Engine: e.kind, N: e.n, Gang: gang, GangDepth: engineDepth(e.kind)}
					win := hw.WindowOf(net, l, hl)
					if line == 0 {
						if line = win.FullLinePixels(); all.alone {
							line = win.MinLinePixels()
						}
						hl.LinePixels = line
						win.LinePixels = line
					}
					c := convChoice{hl: hl, floor: float64(win.OutBeats())}
					for _, mem := range memories {
						hl.WeightMem = mem
						c.mems = append(c.mems, option{hl: hl, cost: s.model.layer(i, hl).add(s.model.layerFIFOs(i, hl))})
					}
					sc.choices = append(sc.choices, c)
				}
			}
		}
		for _, q := range s.widths[l.In[0]] {
			if !dividesEither(q, sh.ch) {
				continue
			}
			hl := hw.Layer{InPx: inPx, InCh: sh.ch, OutPx: outPx, OutCh: sh.out[0], MTap: sh.tap, MCh: sh.ch, LinePixels: line}
			base := s.model.window(hw.WindowOf(net, l, hl), in.Format.Bits, l.Conv.TauA > 0)
			hl.InCh = q
			win := hw.WindowOf(net, l, hl)
			sc.widths = append(sc.widths, inputWidth{q, s.model.window(win, in.Format.Bits, l.Conv.TauA > 0).sub(base), float64(win.InBeats())})
		}
		all.shapes = append(all.shapes, sc)
	}
	return all
}

// cyclesOf asks an estimator.
func cyclesOf(est CycleEstimator, i int, hl hw.Layer) (cycles, ci float64, err error) {
	cycles, ci, err = est.Conv(i, hl)
	if err == nil && (!(cycles >= 0) || !(ci >= 0)) {
		err = fmt.Errorf("cycle estimate %v +- %v", cycles, ci)
	}
	return cycles, ci, err
}

func (s *space) conv(ctx context.Context, i int) ([]option, error) {
	in := s.model.net.Tensors[s.model.net.Layers[i].In[0]]
	est := s.est
	if s.near != nil {
		est = s.near.model
	}
	h := s.hurry[i]
	// with gives an option the cycles of its engines or streams, whichever is slower.
	with := func(o *option, cycles, ci, beats float64, alone bool) {
		switch {
		case alone:
			cycles += beats
		case cycles < beats:
			cycles, ci = beats, 0
		}
		o.cycles, o.ci = cycles*h, ci*h
	}
	cc := s.choices(i)
	inPx, _ := s.model.layerPx(i)
	narrow := s.narrow(s.widths[s.model.net.Layers[i].In[0]], h*float64(in.H*ceilDiv(in.W, inPx)*in.C))
	var all []option
	floors := map[engine]float64{}
	for _, sc := range cc.shapes {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		var same []option // of one shape
		cycles, ci := make([]float64, len(sc.choices)), make([]float64, len(sc.choices))
		useful := false // a choice is fast enough
		for k := range sc.choices {
			c := &sc.choices[k]
			var err error
			if cycles[k], ci[k], err = cyclesOf(est, i, c.hl); err != nil {
				return nil, err
			}
			if cycles[k] < c.floor {
				cycles[k], ci[k] = c.floor, 0
			}
			if s.near != nil {
				floors[engineOf(&c.hl)] = c.floor
				useful = useful || cycles[k]*h <= s.near.high && slices.ContainsFunc(c.mems, func(o option) bool { return o.cost.within(s.budget) })
			}
		}
		for k := range sc.choices {
			if useful && cycles[k]*h > s.near.high {
				continue // prune would drop it
			}
			for _, o := range sc.choices[k].mems {
				o.cycles, o.ci = cycles[k]*h, ci[k]*h
				same = append(same, o)
			}
		}
		same = s.prune(same)
		for _, w := range sc.widths {
			if !slices.Contains(narrow, w.q) {
				continue
			}
			for _, o := range same {
				o.hl.InCh = w.q
				o.cost = o.cost.add(w.change)
				with(&o, o.cycles/h, o.ci/h, w.beats, cc.alone)
				all = append(all, o)
			}
		}
	}
	if s.near == nil || s.near.keep == nil {
		return all, nil
	}
	// Ask about those that the model leaves.
	all = slices.DeleteFunc(s.prune(all), func(o option) bool { return o.hl.Engine != hw.Dense && !s.near.keep[i][engineOf(&o.hl)] })
	for k := range all {
		o := &all[k]
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		cycles, ci, err := cyclesOf(s.est, i, o.hl)
		if err != nil {
			return nil, err
		}
		if floor := floors[engineOf(&o.hl)]; cycles < floor {
			cycles, ci = floor, 0
		}
		with(o, cycles, ci, float64(hw.WindowOf(s.model.net, s.model.net.Layers[i], o.hl).InBeats()), cc.alone)
	}
	return all, nil
}

// parts lists the gang sizes of a convolution.
func (s *space) parts(l *intnet.Layer, kind hw.EngineKind, p int) []int {
	if s.model.net.Depthwise(l) {
		return []int{p}
	}
	return gangs(kind, p)
}

// engineDepth is the depth of the FIFO before a gang of engines. A sparse engine's beats cost
// unequal cycles and gangs run apart: measured on the demo network, whose windows are
// hardly faster than its engines, 11 % of the rate at depth 5 and 2 % at 16. A
// shift register costs the same at both.
func engineDepth(kind hw.EngineKind) int {
	if kind == hw.Dense {
		return hw.DefaultDepth(hw.Latency(hw.WindowProc, hw.Layer{}))
	}
	return shiftDepth
}

// shiftDepth is a depth that a FIFO of shift registers gets for the price of less: a LUT
// holds 32 x 1.
const shiftDepth = 16

// prune drops options beyond the budget (unless all are) and those dominated in cycles and every resource by one
// of the same stream widths, and sorts by input width, output width, cycles.
func (s *space) prune(all []option) []option {
	var in []int
	for i := range all {
		if all[i].cost.within(s.budget) {
			in = append(in, i)
		}
	}
	if s.near != nil {
		in = s.near.usable(all, in)
	}
	if len(in) == 0 {
		// A layer that is too big on its own: the shortfall will be reported.
		for i := range all {
			in = append(in, i)
		}
	}
	low := 0.0 // fewer cycles are as good
	if s.near != nil {
		low = s.near.low
	}
	slices.SortStableFunc(in, func(x, y int) int {
		a, b := &all[x], &all[y]
		switch {
		case a.cycles < low && b.cycles < low && a.hl.InCh == b.hl.InCh && a.hl.OutCh == b.hl.OutCh:
			// By cost, so that the cheapest rule out the others.
			if c := cmp.Compare(a.cost.weight(), b.cost.weight()); c != 0 {
				return c
			}
		case a.hl.InCh != b.hl.InCh:
			return a.hl.InCh - b.hl.InCh
		case a.hl.OutCh != b.hl.OutCh:
			return a.hl.OutCh - b.hl.OutCh
		case a.cycles < b.cycles:
			return -1
		case a.cycles > b.cycles:
			return 1
		}
		for r := range a.cost {
			if a.cost[r] != b.cost[r] {
				return a.cost[r] - b.cost[r]
			}
		}
		return 0
	})
	var kept []option
	start := 0 // of the class in kept
	for _, x := range in {
		o := &all[x]
		if len(kept) > start && (kept[start].hl.InCh != o.hl.InCh || kept[start].hl.OutCh != o.hl.OutCh) {
			start = len(kept)
		}
		// Cycles ascend within a class: only an earlier option can dominate.
		dominated := false
		for j := len(kept) - 1; j >= start && !dominated; j-- {
			dominated = kept[j].cost.within(o.cost)
		}
		if !dominated {
			kept = append(kept, *o)
		}
	}
	if low > 0 {
		slices.SortStableFunc(kept, func(a, b option) int {
			return cmp.Or(cmp.Compare(a.hl.InCh, b.hl.InCh), cmp.Compare(a.hl.OutCh, b.hl.OutCh), cmp.Compare(a.cycles, b.cycles))
		})
	}
	return slices.Clip(kept)
}
