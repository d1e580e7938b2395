package optimizer

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"hass/internal/design"
	"hass/internal/hw"
	"hass/internal/hw/limits"
	"hass/internal/intnet"
	"hass/internal/workers"
	"hass/optimizer/derive"
	"hass/optimizer/folding"
	"hass/optimizer/plain"
	"hass/optimizer/rough"
	"hass/optimizer/scheduled"
)

// CycleEstimator gives the cycles of a convolution's engines under a hardware
// choice. Implementations are called from several goroutines at once.
type CycleEstimator = rough.Estimator

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
	pins    *folding.Pins
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
	var refused *limits.Sieve
	var err error
	if l.Kind == intnet.KindConv {
		all, refused, err = s.conv(ctx, i)
	} else {
		for _, hl := range s.pins.Among(i, plain.Layers(s.model, i, s.widths, s.hurry[i], s.pins.Narrow(i, s.narrow))) {
			all = append(all, option{hl: hl, cycles: s.hurry[i] * s.model.PlainCycles(i, hl), cost: s.model.Layer(i, hl).Add(s.model.LayerFIFOs(i, hl))})
		}
		all, refused = s.kept(i, all)
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
	all = s.prune(all)
	if err := s.pins.Refused(i); err != nil || len(all) > 0 {
		return all, err
	}
	if refused.Nearest != nil {
		in, out := s.model.LayerPx(i)
		return nil, &LimitError{Layer: "layer " + l.ID, Pixels: max(in, out), Breach: refused.Nearest}
	}
	return nil, fmt.Errorf("layer %s: no hardware choice under engine rule %q", l.ID, s.engine)
}

// prune drops options beyond the budget (unless all are) or the limit, and those dominated in cycles, path and every resource by one
// of the same stream widths, and sorts by input width, output width, cycles.
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
