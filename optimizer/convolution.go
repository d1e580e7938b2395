package optimizer

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"hass/internal/design"
	"hass/internal/fixed"
	"hass/internal/hw"
	"hass/internal/hw/limits"
	"hass/internal/intnet"
	"hass/internal/memory"
	"hass/optimizer/derive"
	"hass/optimizer/scheduled"
	"hass/optimizer/widths"
)

// This file lists the hardware choices of a convolution: their costs, which do not depend on zeros, and then
// their cycles, which do.

// gangs lists the gang sizes for p output lanes. The lanes of a dense engine never wait for each other, so one
// gang is best. Elastic engines already run apart by their banks: in designs where several gangs were possible,
// one gang was always chosen.
func gangs(kind hw.EngineKind, p int) []int {
	list := []int{p}
	if row := kind.Row(); !kind.Skips() || row.Apart {
		return list
	}
	for _, parts := range []int{2, 4, 8, 16, 32, 64, p} {
		if parts <= min(p, hw.MaxGangs) && p%parts == 0 && !slices.Contains(list, p/parts) {
			list = append(list, p/parts)
		}
	}
	return list
}

// shape is a division of a convolution's window into beats, with the output widths that fit it.
type shape struct {
	tap, ch int
	lanes   int // M of each engine
	out     []int
}

// shapes lists the window beats of a convolution. A depthwise convolution has the same number of
// channels in a window beat as in an output beat.
func (s *space) shapes(l *intnet.Layer) []shape {
	net := s.model.Net
	var list []shape
	for _, tap := range widths.Taps(l.Conv.Kernel) {
		if net.Depthwise(l) {
			for _, ch := range s.widths[l.Out] {
				if tap <= hw.MaxLanes {
					list = append(list, shape{tap, ch, tap, []int{ch}})
				}
			}
			continue
		}
		for _, ch := range widths.Divisors(net.Tensors[l.In[0]].C / l.Conv.Groups) {
			if tap*ch <= hw.MaxLanes {
				list = append(list, shape{tap, ch, tap * ch, s.widths[l.Out]})
			}
		}
	}
	return list
}

// convChoices are the choices of a convolution that do not depend on zeros: hardware and costs.
type convChoices struct {
	alone   bool // the window holds pixels of one image only, see enumerate
	shapes  []shapeChoices
	refused *limits.Sieve // what the target's limits left out
}

type shapeChoices struct {
	choices []convChoice
	widths  []inputWidth
	out     []int
}

// convChoice is an option at the narrowest input width.
type convChoice struct {
	hl    hw.Layer
	floor float64 // cycles of the output beats
	mems  []option
}

// inputWidth is a width of the input stream; it only affects the line buffer.
type inputWidth struct {
	q      int
	change []design.Vec     // by output width, in the order of shapeChoices.out
	path   [][2]derive.Path // of the window, by output width and whether its beats have flags
	beats  float64          // per image
}

// Memo caches the costs of hardware choices for networks of one structure that differ in their zeros. It may be
// shared by concurrent questions.
type Memo struct {
	mu    sync.Mutex
	convs map[memoKey]*convChoices
}

// NewMemo returns an empty memo.
func NewMemo() *Memo { return &Memo{convs: map[memoKey]*convChoices{}} }

// memoKey holds everything in a layer, besides the structure of the network, on which its costs depend.
type memoKey struct {
	layer, accBits  int
	target          limits.Target
	engines         int
	threshold       bool
	engine          design.EngineRule
	family          string
	uram            bool
	dsp             int
	inPx, outPx     int
	inMost, outMost int // number of widths tried, which determines them
	scales          *design.Calibration
}

// choices gives a convolution's choices, from the memo if there is one. It does not know those of pinned layers.
func (s *space) choices(i int) (*convChoices, error) {
	if s.memo == nil || s.pins.Pinned(i) {
		return s.enumerate(i)
	}
	l := &s.model.Net.Layers[i]
	inPx, outPx := s.model.LayerPx(i)
	k := memoKey{i, l.Conv.AccBits, s.target, s.engines, l.Conv.TauA > 0, s.lanes(), s.model.Family, s.budget[4] > 0, s.dsps(),
		inPx, outPx, len(s.widths[l.In[0]]), len(s.widths[l.Out]), s.model.Scales}
	s.memo.mu.Lock()
	all := s.memo.convs[k]
	s.memo.mu.Unlock()
	if all == nil {
		var err error
		if all, err = s.enumerate(i); err != nil {
			return nil, err
		}
		s.memo.mu.Lock()
		s.memo.convs[k] = all
		s.memo.mu.Unlock()
	}
	return all, nil
}

// dsps is the most multipliers that a choice may have.
func (s *space) dsps() int { return max(s.budget[0], s.over[0]) }

// enumerate lists a convolution's choices.
func (s *space) enumerate(i int) (*convChoices, error) {
	net := s.model.Net
	l := net.Layers[i]
	in := net.Tensors[l.In[0]]
	inPx, outPx := s.model.LayerPx(i)
	line := 0 // depends only on geometry and pixels per beat
	// A window that holds a pixel of the next image waits for it before it goes on. That of a gate
	// must not: the next image may be waiting for the gate.
	all := &convChoices{refused: limits.NewSieve(s.target), alone: s.hurry[i] > 1 && in.H == 1 && in.W == 1}
	memories := s.memories()
	for _, sh := range s.shapes(&l) {
		sc := shapeChoices{out: sh.out}
		for _, e := range derive.Engines(s.lanes(), sh.lanes) {
			for _, p := range sh.out {
				base := hw.Layer{InPx: inPx, InCh: sh.ch, OutPx: outPx, OutCh: p, MTap: sh.tap, MCh: sh.ch, LinePixels: line,
					Engine: e.Kind, N: e.N, Gang: p, GangDepth: engineDepth(e.Kind)}
				if !derive.Pack(s.engine, net, &l, &base, s.model.Family) || !s.pins.Lanes(i, base) || base.Multipliers() > max(outPx, s.dsps()) && !s.pins.Pinned(i) {
					continue
				}
				// The width of the input is checked separately.
				keeps := func(sv *limits.Sieve, gang int, mem memory.Kind) bool {
					hl := base
					hl.InCh, hl.Gang, hl.WeightMem = 1, gang, mem
					return sv.Keeps(limits.LayerDemand(net, i, hl))
				}
				if !net.Depthwise(&l) && !keeps(all.refused, 1, memory.LUTRAM) {
					continue // for every gang size
				}
				sizes := s.parts(&l, e.Kind, p)
				if !net.Depthwise(&l) {
					sizes = splitGangs(sizes, p, base.Banks(), func(gang int) bool {
						return !slices.ContainsFunc(memories, func(mem memory.Kind) bool { return !keeps(limits.NewSieve(s.target), gang, mem) })
					})
				}
				for _, gang := range sizes {
					hl := base
					hl.Gang, hl.LinePixels = gang, line
					if hl.Engines() > s.engines {
						continue
					}
					win := hw.WindowOf(net, l, hl)
					if line == 0 {
						if line = win.FullLinePixels(); all.alone {
							line = win.MinLinePixels()
						}
						hl.LinePixels = line
						win.LinePixels = line
					}
					hl.Turns = hw.TurnsOf(net, &l, hl, win.BeatsPerFold())
					c := convChoice{hl: hl, floor: float64(win.OutBeats())}
					for _, mem := range memories {
						hl.WeightMem = mem
						if !s.pins.Choice(i, hl) || !keeps(all.refused, gang, mem) {
							continue
						}
						p, err := s.clocks.Layer(net, i, hl)
						if err != nil {
							return nil, err
						}
						c.mems = append(c.mems, option{hl: hl, cost: s.model.Layer(i, hl).Add(s.model.LayerFIFOs(i, hl)), path: p, level: p.Level()})
					}
					if len(c.mems) > 0 {
						sc.choices = append(sc.choices, c)
					}
				}
			}
		}
		if line == 0 {
			continue // so far no choice of any shape keeps the limits
		}
		for _, q := range s.widths[l.In[0]] {
			if !widths.Fit(q, sh.ch) || len(sc.choices) > 0 && !s.pins.Reads(i, q) {
				continue
			}
			hl := hw.Layer{InPx: inPx, InCh: sh.ch, OutPx: outPx, OutCh: sh.out[0], MTap: sh.tap, MCh: sh.ch, LinePixels: line}
			if hl.InCh = q; !all.refused.Keeps(limits.InputDemand(net, i, hl)) {
				continue
			}
			// Flags on the beats do not affect the difference.
			w := inputWidth{q: q}
			for _, p := range sh.out {
				hl.OutCh, hl.InCh = p, sh.ch
				base := s.model.LayerWindow(&l, hl)
				hl.InCh = q
				w.change = append(w.change, s.model.LayerWindow(&l, hl).Sub(base))
				var paths [2]derive.Path
				for k, kind := range []hw.EngineKind{hw.Dense, hw.Banked} {
					hl.Engine = kind
					var err error
					if paths[k], err = s.clocks.Window(net, &l, hl); err != nil {
						return nil, err
					}
				}
				hl.Engine = ""
				w.path = append(w.path, paths)
			}
			win := hw.WindowOf(net, l, hl)
			w.beats = float64(win.InBeats())
			sc.widths = append(sc.widths, w)
		}
		all.shapes = append(all.shapes, sc)
	}
	return all, nil
}

// cyclesOf asks an estimator for the cycles of a choice.
func cyclesOf(est CycleEstimator, i int, hl hw.Layer) (cycles, ci float64, err error) {
	cycles, ci, err = est.Conv(i, hl)
	if err == nil && (!(cycles >= 0) || !(ci >= 0)) {
		err = fmt.Errorf("cycle estimate %v +- %v", cycles, ci)
	}
	return cycles, ci, err
}

// conv lists the choices of a convolution, and the sieve with the choices outside the target's limits.
func (s *space) conv(ctx context.Context, i int) ([]option, *limits.Sieve, error) {
	in := s.model.Net.Tensors[s.model.Net.Layers[i].In[0]]
	est := s.est
	if s.near != nil {
		est = s.near.model
	}
	h := s.hurry[i]
	// with sets an option's cycles: those of its engines or of its streams, whichever is slower.
	with := func(o *option, cycles, ci, beats float64, alone bool) {
		switch {
		case alone:
			cycles += beats
		case cycles < beats:
			cycles, ci = beats, 0
		}
		o.cycles, o.ci = cycles*h, ci*h
	}
	cc, err := s.choices(i)
	if err != nil {
		return nil, nil, err
	}
	inPx, _ := s.model.LayerPx(i)
	narrow := s.pins.Narrow(i, s.narrow)(s.widths[s.model.Net.Layers[i].In[0]], h*float64(in.H*fixed.CeilDiv(in.W, inPx)*in.C))
	var all, same []option // same: of one shape
	floors := map[engine]float64{}
	for _, sc := range cc.shapes {
		if err := ctx.Err(); err != nil {
			return nil, nil, err
		}
		same = same[:0]
		cycles, ci := make([]float64, len(sc.choices)), make([]float64, len(sc.choices))
		useful := false // whether a choice is fast enough
		for k := range sc.choices {
			c := &sc.choices[k]
			var err error
			if cycles[k], ci[k], err = cyclesOf(est, i, c.hl); err != nil {
				return nil, nil, err
			}
			if cycles[k] < c.floor {
				cycles[k], ci[k] = c.floor, 0
			}
			if s.near != nil {
				floors[engineOf(&c.hl)] = c.floor
				useful = useful || cycles[k]*h <= s.near.high && slices.ContainsFunc(c.mems, func(o option) bool { return o.cost.Within(s.budget) })
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
		kept := s.prune(same)
		all = slices.Grow(all, len(kept)*len(sc.widths))
		for _, w := range sc.widths {
			if !slices.Contains(narrow, w.q) {
				continue
			}
			for _, o := range kept {
				o.hl.InCh = w.q
				at, flags := slices.Index(sc.out, o.hl.OutCh), 0
				if o.hl.Engine.Skips() {
					flags = 1
				}
				o.cost, o.path = o.cost.Add(w.change[at]), o.path.With(w.path[at][flags])
				o.level = o.path.Level()
				with(&o, o.cycles/h, o.ci/h, w.beats, cc.alone)
				all = append(all, o)
			}
		}
	}
	if s.menu != nil && h == 1 && scheduled.Fits(s.model.Net, i) {
		options, err := s.scheduled(ctx, i, cc.refused)
		if err != nil {
			return nil, nil, err
		}
		if s.engine == design.OnlyEngine(hw.ScheduledEngine) && len(options) > 0 {
			all = all[:0]
		}
		all = append(all, options...)
	}
	if s.near == nil || s.near.keep == nil {
		return all, cc.refused, nil
	}
	// Ask the estimator about the choices that the model leaves.
	all = slices.DeleteFunc(s.prune(all), func(o option) bool {
		return o.hl.Engine.Skips() && !s.near.keep[i][engineOf(&o.hl)] && !s.pins.Pinned(i)
	})
	for k := range all {
		o := &all[k]
		if err := ctx.Err(); err != nil {
			return nil, nil, err
		}
		if o.hl.Engine.Row().Static {
			continue // its cycles are known
		}
		cycles, ci, err := cyclesOf(s.est, i, o.hl)
		if err != nil {
			return nil, nil, err
		}
		if floor := floors[engineOf(&o.hl)]; cycles < floor {
			cycles, ci = floor, 0
		}
		with(o, cycles, ci, float64(hw.WindowOf(s.model.Net, s.model.Net.Layers[i], o.hl).InBeats()), cc.alone)
	}
	return all, cc.refused, nil
}

// scheduled lists the scheduled engines of a convolution; refused records the choices outside the target's limits.
func (s *space) scheduled(ctx context.Context, i int, refused *limits.Sieve) ([]option, error) {
	net := s.model.Net
	inPx, outPx := s.model.LayerPx(i)
	engines, err := s.menu.Engines(ctx, i, hw.Layer{InPx: inPx, OutPx: outPx, GangDepth: engineDepth(hw.ScheduledEngine)})
	if err != nil {
		return nil, err
	}
	memories := s.memories()
	var all []option
	for _, e := range engines {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		win := hw.WindowOf(net, net.Layers[i], e.Layer)
		cycles := float64(max(e.Cycles, win.InBeats()))
		if s.near != nil && cycles > s.near.high {
			continue
		}
		for k := range len(memories) * len(memories) {
			hl := e.Layer
			hl.WeightMem, hl.Scheduled.BankMem = memories[k/len(memories)], memories[k%len(memories)]
			if !s.pins.Whole(i, hl) || !refused.Keeps(limits.LayerDemand(net, i, hl)) {
				continue
			}
			p, err := s.clocks.Scheduled(net, i, hl, e.Rows)
			if err != nil {
				return nil, err
			}
			w, err := s.clocks.Window(net, &net.Layers[i], hl)
			if err != nil {
				return nil, err
			}
			p = p.With(w)
			all = append(all, option{hl: hl, cycles: cycles, cost: s.model.Scheduled(i, hl, e.Rows), path: p, level: p.Level()})
		}
	}
	return s.prune(all), nil
}

// memories are the memories that may hold weights.
func (s *space) memories() []memory.Kind {
	kinds := []memory.Kind{memory.LUTRAM, memory.BRAM}
	if s.budget[4] > 0 {
		kinds = append(kinds, memory.URAM)
	}
	return kinds
}

// lanes is the engine rule for engines other than scheduled ones. All pixels of a beat advance together, and in a whole row some
// pixel almost always has more pairs than the others. So engines beside scheduled ones do not skip zeros.
func (s *space) lanes() design.EngineRule {
	if s.menu != nil {
		return design.OnlyEngine(hw.ScheduledEngine)
	}
	return s.engine
}

// parts lists the gang sizes of a convolution.
func (s *space) parts(l *intnet.Layer, kind hw.EngineKind, p int) []int {
	if s.model.Net.Depthwise(l) {
		return []int{p}
	}
	return gangs(kind, p)
}

// engineDepth is the depth of the FIFO before a gang of engines. The beats of a sparse engine take unequal cycles,
// and gangs run apart. On the demo network, whose windows are hardly faster than its engines, depth 5 costs 11 %
// of the rate and depth 16 costs 2 % (measured), not counting the tokens in the look-ahead. A LUT RAM of 32 words
// costs the same at all of these depths, including the tokens that are read but not popped yet.
func engineDepth(kind hw.EngineKind) int {
	if !kind.Skips() {
		return hw.DefaultDepth(hw.Latency(hw.WindowProc, hw.Layer{}))
	}
	return 24
}
