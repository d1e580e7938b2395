package optimizer

import (
	"cmp"
	"context"
	"math"
	"slices"

	"hass/internal/design"
	"hass/internal/hw"
	"hass/internal/intnet"
	"hass/optimizer/derive"
)

// Menu lists the hardware that the convolutions of a network could have, at the network's zeros and at more. A
// search over thresholds plans with it before it measures. Stream widths of neighbouring layers need not fit: a
// menu bounds and ranks choices but does not rate designs.
type Menu struct {
	// Layers holds the choices by layer and level, cycles ascending, without choices that are dominated in cycles
	// and all resources; nil for a layer that is not a convolution.
	Layers [][][]MenuItem
	// Floor is the cycles per image of the slowest layer with its fastest hardware, at the best level.
	Floor float64
}

// MenuLevel gives the network of one level, which differs from the others only in its zeros, and an estimator of its
// cycles.
type MenuLevel func(level int) (*intnet.Net, CycleEstimator, error)

// MenuItem is one hardware choice of a layer.
type MenuItem struct {
	Cycles float64 // per image, multiplied by the layer's hurry
	// Shares of the budgets: DSP, LUT, FF, BRAM18, URAM, LUTRAM.
	Shares [design.NumResources]float64
}

// The range of cycles that a menu covers, as shares of the cycles of the network's own design.
const (
	menuLow  = 0.2
	menuHigh = 1.1
)

// NewMenu enumerates the menu of a network at the given number of levels; the first level is the network itself, with the rating r.
// in's network and estimator are ignored. If there are too many choices to estimate, a rough model of the engines, corrected by the
// estimator at each level, selects the choices to estimate.
func NewMenu(ctx context.Context, in Input, r *Rating, levels int, at MenuLevel) (*Menu, error) {
	return menuWith(ctx, in, r, levels, at, exactEffort)
}

// menuWith is NewMenu with the rough model used from effort choices on.
func menuWith(ctx context.Context, in Input, r *Rating, levels int, at MenuLevel, effort int) (*Menu, error) {
	in.Objective = design.Throughput
	m := &Menu{}
	for k := range levels {
		var err error
		if in.Net, in.Est, err = at(k); err != nil {
			return nil, err
		}
		if err := in.check(); err != nil {
			return nil, err
		}
		budget := in.Shares.Budget(in.Platform.Free()).Vec()
		s, err := newSpace(&in, budget, hw.MaxGangs)
		if err != nil {
			return nil, err
		}
		if r.Limit != (derive.Path{}) {
			s.limit = r.Limit // of the rating's clock
		}
		high := r.CyclesPerImage * menuHigh
		if s.effort() > effort {
			model, err := newRough(s)
			if err != nil {
				return nil, err
			}
			for i, l := range r.Layers {
				if !l.Hardware.Engine.Skips() {
					continue
				}
				if err := model.Correct(in.Est, i, l.Hardware); err != nil {
					return nil, err
				}
			}
			// Nothing is faster than the largest map's pixels.
			low := max(r.CyclesPerImage*menuLow, model.LeastCycles(design.Vec{1 << 40})*0.99)
			s.near = &near{model: model, low: low, high: high}
			// The model selects the engines to estimate.
			quick := *s
			quick.est = model
			sets, err := quick.all(ctx)
			if err != nil {
				return nil, err
			}
			s.near.keep = make([]map[engine]bool, len(sets))
			for i, opts := range sets {
				s.near.keep[i] = map[engine]bool{}
				for _, o := range undominated(opts, high) {
					s.near.keep[i][engineOf(&o.hl)] = true
				}
			}
		}
		sets, err := s.all(ctx)
		if err != nil {
			return nil, err
		}
		if m.Layers == nil {
			m.Layers = make([][][]MenuItem, len(sets))
		}
		share := (&problem{budget: budget}).share
		floor := 0.0
		for i, opts := range sets {
			conv := in.Net.Layers[i].Kind == intnet.KindConv
			if conv {
				// The design's own choice may be missing from the model's selection; with more zeros it is not slower.
				l := &r.Layers[i]
				opts = append(opts, option{hl: l.Hardware, cycles: l.Cycles * s.hurry[i], cost: l.Resources.Vec()})
			}
			least := opts[0].cycles
			for _, o := range opts {
				least = min(least, o.cycles)
			}
			floor = max(floor, least)
			if conv {
				var list []MenuItem
				for _, o := range undominated(opts, max(high, least)) {
					list = append(list, MenuItem{o.cycles, share(o.cost)})
				}
				m.Layers[i] = append(m.Layers[i], list)
			}
		}
		if k == 0 || floor < m.Floor {
			m.Floor = floor
		}
	}
	return m, nil
}

// MenuStep is the ratio below which a menu does not distinguish cycles; it rounds them up.
const MenuStep = 1.02

// alike is the ratio below which a menu does not distinguish costs, apart from a few units.
const alike = 1.03

func notMore(a, b design.Vec, r, units int) bool {
	return float64(a[r]) <= alike*float64(b[r])+float64(units)
}

// undominated are the options of a layer with at most high cycles that no other option dominates, whatever their stream widths. An item is also dropped if it is better
// only in flip-flops, which no design runs out of, or in LUTs used as memory.
func undominated(opts []option, high float64) []option {
	opts = slices.DeleteFunc(slices.Clone(opts), func(o option) bool { return o.cycles > high })
	for i := range opts {
		// Round up to the next step, so that an item is never faster than the hardware it represents.
		opts[i].cycles = math.Pow(MenuStep, math.Ceil(math.Log(opts[i].cycles)/math.Log(MenuStep)-1e-9))
	}
	slices.SortStableFunc(opts, func(a, b option) int {
		return cmp.Or(cmp.Compare(a.cycles, b.cycles), cmp.Compare(weight(a.cost), weight(b.cost)))
	})
	var kept []option
	for _, o := range opts {
		if !slices.ContainsFunc(kept, func(k option) bool {
			return k.cost[0] <= o.cost[0] && notMore(k.cost, o.cost, 1, 20) && notMore(k.cost, o.cost, 3, 2) && notMore(k.cost, o.cost, 4, 1)
		}) {
			kept = append(kept, o)
		}
	}
	return kept
}
