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

// Menu lists what hardware the convolutions of a network could have, at the zeros it has and at more: what a search
// over thresholds weighs before it measures. Stream widths of neighbours need not fit: it bounds and ranks, it does
// not rate.
type Menu struct {
	// Layers holds the choices by layer and level, none dominated in cycles and all resources, cycles ascending; nil
	// for a layer that is no convolution.
	Layers [][][]MenuItem
	// Floor is the cycles per image of the slowest layer at the hardware that is fastest, at the level where that is least.
	Floor float64
}

// MenuLevel gives the network of one level, which differs from the others in nothing but its zeros, and an estimator of its
// cycles.
type MenuLevel func(level int) (*intnet.Net, CycleEstimator, error)

// MenuItem is one hardware choice of a layer.
type MenuItem struct {
	Cycles float64 // per image, times what the layer has to hurry
	// Shares of the budgets: DSP, LUT, FF, BRAM18, URAM, LUTRAM.
	Shares [design.NumResources]float64
}

// The cycles that a menu covers, as shares of those of the network's own design.
const (
	menuLow  = 0.2
	menuHigh = 1.1
)

// NewMenu enumerates the menu of a network with so many levels, the first of which is itself and has the rating r; in's network and
// estimator play no part. Where there are too many questions to ask an estimator, a rough model of the engines, corrected by it at
// each level, chooses what it is asked about.
func NewMenu(ctx context.Context, in Input, r *Rating, levels int, at MenuLevel) (*Menu, error) {
	return menuWith(ctx, in, r, levels, at, exactEffort)
}

// menuWith is NewMenu where the rough model goes first from effort questions to an estimator on.
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
		budget := in.Shares.Budget(in.Platform.Resources).Vec()
		s, err := newSpace(&in, budget, hw.MaxGangs)
		if err != nil {
			return nil, err
		}
		if r.Limit != (derive.Path{}) {
			s.limit = r.Limit // of the clock that the rating has
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
				if err := model.correct(in.Est, i, l.Hardware); err != nil {
					return nil, err
				}
			}
			// Nothing is faster than the largest map's pixels.
			low := max(r.CyclesPerImage*menuLow, model.leastCycles(design.Vec{1 << 40})*0.99)
			s.near = &near{model: model, low: low, high: high}
			// The model chooses the engines that the estimator is asked about.
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
				// What the design has, the model may have left out; with more zeros it is not slower.
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

// MenuStep is the factor within which a menu does not tell cycles apart; it rounds them up.
const MenuStep = 1.02

// alike is the factor within which it does not tell costs apart, beside a few units.
const alike = 1.03

func notMore(a, b design.Vec, r, units int) bool {
	return float64(a[r]) <= alike*float64(b[r])+float64(units)
}

// undominated are those of a layer's options of at most high cycles that no other dominates, whatever their stream widths. Flip-flops, which no design runs out of, and
// LUTs used as memory do not keep an item that is worse in all else.
func undominated(opts []option, high float64) []option {
	opts = slices.DeleteFunc(slices.Clone(opts), func(o option) bool { return o.cycles > high })
	for i := range opts {
		// Up to the next step: an item is never faster than what it stands for.
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
