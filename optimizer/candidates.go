package optimizer

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"hass/internal/design"
	"hass/internal/fixed"
	"hass/internal/hw"
	"hass/internal/hw/limits"
	"hass/internal/intnet"
	"hass/internal/workers"
	"hass/optimizer/derive"
	"hass/optimizer/scheduled"
	"hass/optimizer/widths"
)

// CycleEstimator gives the cycles of a convolution's engines under a hardware
// choice. Implementations are called from several goroutines at once.
type CycleEstimator interface {
	// Conv gives the engine-limited cycles per image of layer number layer and the half
	// width of the estimate's 95 % interval.
	Conv(layer int, l hw.Layer) (cycles, ci float64, err error)
}

// maxWidths bounds the stream widths tried for one tensor. If there are more
// divisors, an even selection is tried, which includes 1 and the channel count.
const maxWidths = 12

// coarseWidths is maxWidths for Input.Coarse.
const coarseWidths = 6

// option is one hardware choice of a layer.
type option struct {
	hl     hw.Layer
	cycles float64 // multiplied by the layer's hurry
	ci     float64
	cost   design.Vec
	share  [design.NumResources]float64 // cost over budget
	path   derive.Path                  // slowest path of its modules
	level  [2]int16                     // path in steps
}

// space enumerates the hardware choices of the layers.
type space struct {
	model   derive.Pricing
	target  limits.Target // whose limits choices keep
	clocks  *derive.Paths
	limit   derive.Path // for every choice
	engines int         // largest number per convolution
	est     CycleEstimator
	engine  design.EngineRule
	budget  design.Vec // choices beyond it are left out
	over    design.Vec // but choices within this budget are kept for the explanation; zero: none
	widths  [][]int
	hurry   []float64       // by layer: factor of its cycles (fifo.Hurry)
	near    *near           // nil: the estimator rates all choices
	memo    *Memo           // or nil
	menu    *scheduled.Menu // of scheduled engines; nil: there are none
}

// all enumerates every layer, in parallel.
func (s *space) all(ctx context.Context) ([][]option, error) {
	n := len(s.model.Net.Layers)
	sets := make([][]option, n)
	err := workers.Ordered(ctx, n, 0, func(_, i int) ([]option, error) { return s.layer(ctx, i) },
		func(i int, o []option) error { sets[i] = o; return nil })
	return sets, err
}

func (s *space) layer(ctx context.Context, i int) ([]option, error) {
	net := s.model.Net
	l := net.Layers[i]
	var all []option
	var refused *sieve
	var err error
	switch l.Kind {
	case intnet.KindConv:
		all, refused, err = s.conv(ctx, i)
	case intnet.KindPool:
		all, refused = s.kept(i, s.pool(i))
	case intnet.KindConcat:
		all, refused = s.kept(i, s.concat(i))
	default: // a module that keeps its beat
		all, refused = s.kept(i, s.sameBeat(i))
	}
	if err != nil {
		return nil, fmt.Errorf("layer %s: %w", l.ID, err)
	}
	if l.Kind != intnet.KindConv {
		for k := range all {
			o := &all[k]
			if o.path, err = s.clocks.Layer(net, i, o.hl); err != nil {
				return nil, fmt.Errorf("layer %s: %w", l.ID, err)
			}
			o.level = o.path.Level()
		}
	}
	if all = s.prune(all); len(all) > 0 {
		return all, nil
	}
	if refused.nearest != nil {
		in, out := s.model.LayerPx(i)
		return nil, &LimitError{Layer: "layer " + l.ID, Pixels: max(in, out), Breach: refused.nearest}
	}
	return nil, fmt.Errorf("layer %s: no hardware choice under engine rule %q", l.ID, s.engine)
}

// sameBeat enumerates a layer whose output beats have the shape of its input beats.
func (s *space) sameBeat(i int) []option {
	net := s.model.Net
	l := net.Layers[i]
	inPx, outPx := s.model.LayerPx(i)
	var all []option
	for _, ch := range s.narrow(s.widths[l.Out], s.hurry[i]*s.model.MoveCycles(i, 1)) {
		fits := true
		for _, t := range l.In {
			// The network's input has the width of its first reader.
			fits = fits && (t != net.Input || slices.Contains(s.widths[t], ch))
		}
		if !fits {
			continue
		}
		hl := hw.Layer{InPx: inPx, InCh: ch, OutPx: outPx, OutCh: ch}
		all = append(all, option{hl: hl, cycles: s.hurry[i] * s.model.PlainCycles(i, hl), cost: s.model.Layer(i, hl)})
	}
	return all
}

// concat enumerates a layer that re-packs its inputs: their beats and the output's beats need no common divisor.
func (s *space) concat(i int) []option {
	net := s.model.Net
	l := &net.Layers[i]
	px, _ := s.model.LayerPx(i)
	out := net.Tensors[l.Out]
	groups := out.H * fixed.CeilDiv(out.W, px)
	var all []option
	for _, ch := range s.narrow(s.widths[l.Out], s.hurry[i]*float64(groups*out.C)) {
		for _, in := range widths.Concat(net, l, ch) {
			fits := true
			for port, t := range l.In {
				// The network's input has the width of its first reader.
				fits = fits && (t != net.Input || slices.Contains(s.widths[t], hw.PortCh(net, l, in, port)))
			}
			if fits {
				hl := hw.Layer{InPx: px, InCh: in, OutPx: px, OutCh: ch}
				all = append(all, option{hl: hl, cycles: s.hurry[i] * s.model.PlainCycles(i, hl), cost: s.model.Layer(i, hl)})
			}
		}
	}
	return all
}

func (s *space) pool(i int) []option {
	net := s.model.Net
	l := net.Layers[i]
	var all []option
	in := net.Tensors[l.In[0]]
	inPx, outPx := s.model.LayerPx(i)
	elements := s.hurry[i] * float64(in.H*fixed.CeilDiv(in.W, inPx)*in.C)
	for _, tap := range widths.Taps(l.Pool.Kernel) {
		for _, ch := range s.widths[l.Out] {
			for _, in := range s.narrow(s.widths[l.In[0]], elements) {
				if !widths.Fit(in, ch) {
					continue
				}
				hl := hw.Layer{InPx: inPx, InCh: in, OutPx: outPx, OutCh: ch, MTap: tap, MCh: ch}
				win := hw.WindowOf(net, l, hl)
				hl.LinePixels = win.FullLinePixels()
				all = append(all, option{hl: hl, cycles: s.hurry[i] * s.model.PlainCycles(i, hl),
					cost: s.model.Layer(i, hl).Add(s.model.LayerFIFOs(i, hl))})
			}
		}
	}
	return all
}

// prune drops options beyond the budget (unless all are) or the limit, and options that another option of the same stream widths
// dominates in cycles, path and every resource. It sorts by input width, output width, cycles.
func (s *space) prune(all []option) []option {
	var in []int
	for i := range all {
		if all[i].cost.Within(s.budget) {
			in = append(in, i)
		}
	}
	if s.limit != derive.AnyPath {
		in = slices.DeleteFunc(in, func(i int) bool { return !all[i].path.Within(s.limit) })
	}
	if s.near != nil {
		in = s.near.usable(all, in)
	}
	if len(in) > 0 && s.over != (design.Vec{}) {
		for i := range all {
			if !all[i].cost.Within(s.budget) && all[i].cost.Within(s.over) {
				in = append(in, i)
			}
		}
	}
	if len(in) == 0 {
		// The layer alone exceeds the budget: the shortfall will be reported.
		for i := range all {
			in = append(in, i)
		}
	}
	low := 0.0 // fewer cycles than this are no better
	if s.near != nil {
		low = s.near.low
	}
	slices.SortStableFunc(in, func(x, y int) int {
		a, b := &all[x], &all[y]
		switch {
		case a.cycles < low && b.cycles < low && a.hl.InCh == b.hl.InCh && a.hl.OutCh == b.hl.OutCh:
			// In the order of cost, so that the cheapest rule out the others.
			if c := cmp.Compare(weight(a.cost), weight(b.cost)); c != 0 {
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
			dominated = kept[j].cost.Within(o.cost) && kept[j].level[0] <= o.level[0] && kept[j].level[1] <= o.level[1]
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
