package pnr

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"hass/internal/hw"
	"hass/internal/memory"
	"hass/optimizer/cost/fit"
)

// group is a set of similar points of a module; a sweep takes a given number of each.
type group struct {
	name string
	of   func(m hw.Module) bool
	take int
}

// is gives the group of the modules of one type that a rule selects.
func is[M hw.Module](name string, take int, rule func(m M) bool) group {
	return group{name, func(m hw.Module) bool {
		x, ok := m.(M)
		return ok && (rule == nil || rule(x))
	}, take}
}

// otherTake is the number of points of a module that no group of the table selects.
const otherTake = 5

// groupsOf are the groups of points: those of the table, then one for each module that none of them selects.
func groupsOf(points []fit.Point) []group {
	list := slices.Clone(groups)
	for _, p := range points {
		m := p.Module
		if slices.ContainsFunc(list, func(g group) bool { return g.of(m) }) {
			continue
		}
		kind := reflect.TypeOf(m)
		list = append(list, group{strings.TrimPrefix(m.ModuleName(), "hass_"), func(m hw.Module) bool { return reflect.TypeOf(m) == kind }, otherTake})
	}
	return list
}

// groups are the modules that need another number of points, or that have several kinds of points.
var groups = func() []group {
	list := []group{
		is("FIFO in LUT RAM", 8, func(m hw.FIFOParams) bool { return !m.Block && m.Lag == 0 }),
		is("FIFO in block RAM", 5, func(m hw.FIFOParams) bool { return m.Block }),
		is("FIFO with a lag", 3, func(m hw.FIFOParams) bool { return m.Lag > 0 }),
		is[hw.ForkParams]("fork", 5, nil),
		is[hw.ConvertParams]("convert", 7, nil),
		is[hw.SourceParams]("source", 4, nil),
		is[hw.SinkParams]("sink", 4, nil),
		is("add of two maps", 5, func(m hw.AddParams) bool { return m.Broadcast == nil && m.Parts0+m.Parts1 == 0 }),
		is("add with factors", 4, func(m hw.AddParams) bool { return m.Parts0+m.Parts1 > 0 }),
		is("add with one pixel for all", 2, func(m hw.AddParams) bool { return m.Broadcast != nil }),
		is("product of two maps", 4, func(m hw.MulParams) bool { return m.Broadcast == nil && m.Parts == 0 }),
		is("product with a factor", 4, func(m hw.MulParams) bool { return m.Parts > 0 }),
		is("product with one pixel for all", 4, func(m hw.MulParams) bool { return m.Broadcast != nil }),
		is[hw.RequantParams]("requantise", 6, nil),
		is("activation by segments", 5, func(m hw.ActivationParams) bool { return m.Curve != nil }),
		is("activation by a product", 8, func(m hw.ActivationParams) bool { return m.Curve == nil }),
		is[hw.ConcatParams]("concat", 8, nil),
		is[hw.SliceParams]("slice", 5, nil),
		is[hw.ZeroInsertParams]("zero insertion", 5, nil),
		is("resize to the nearest", 3, func(m hw.ResizeParams) bool { return m.RowWeights == nil && m.ColumnWeights == nil }),
		is("resize between pixels", 5, func(m hw.ResizeParams) bool { return m.RowWeights != nil || m.ColumnWeights != nil }),
		is("pool of maxima", 5, func(m hw.PoolParams) bool { return m.Max }),
		is("pool of averages", 6, func(m hw.PoolParams) bool { return !m.Max }),
		is("global maximum", 3, func(m hw.GlobalPoolParams) bool { return m.Max }),
		is("global average", 5, func(m hw.GlobalPoolParams) bool { return !m.Max }),
		is("window over LUT RAM", 9, func(m hw.WindowParams) bool { return !m.Block && !m.Whole }),
		is("window over block RAM", 9, func(m hw.WindowParams) bool { return m.Block && !m.Whole }),
		is("window of whole rows", 5, func(m hw.WindowParams) bool { return m.Whole }),
		is("chain over LUT RAM", 5, func(m hw.ChainParams) bool { return m.Memory == memory.LUTRAM }),
		is("chain over block RAM", 3, func(m hw.ChainParams) bool { return m.Memory == memory.BRAM }),
		is[hw.ScheduledParams]("scheduled engine", 4, nil),
		is[hw.CollectParams]("collect", 4, nil),
		is("join by a shift", 10, func(m hw.JoinParams) bool { return m.MulBits+m.Levels == 0 }),
		is("join by a multiplier", 6, func(m hw.JoinParams) bool { return m.MulBits > 0 }),
		is("join by thresholds", 5, func(m hw.JoinParams) bool { return m.Levels > 0 }),
		is("weights in LUT RAM", 6, func(m hw.WeightsParams) bool { return m.Memory == memory.LUTRAM }),
		is("weights in block RAM", 5, func(m hw.WeightsParams) bool { return m.Memory == memory.BRAM }),
		is("memory in LUT RAM", 3, func(m hw.RAMParams) bool { return m.Memory == memory.LUTRAM }),
		is("memory in block RAM", 3, func(m hw.RAMParams) bool { return m.Memory == memory.BRAM }),
		is("control", 3, func(m hw.ControlParams) bool { return !m.Stats }),
		is("control with counters", 2, func(m hw.ControlParams) bool { return m.Stats }),
		is[hw.CascadeParams]("packed multipliers", 6, nil),
		is("packed engine", 6, func(m hw.EngineParams) bool { return m.Kind == hw.PackedLane }),
		is[hw.WatermarkParams]("high-water mark", 3, nil),
		is[hw.ChainHeadParams]("head of the weight chain", 1, nil),
		is[hw.ChainEndParams]("end of the weight chain", 1, nil),
	}
	for _, k := range []hw.LaneKind{hw.DenseLane, hw.BankedLane, hw.CrossbarLane} {
		name := strings.ToLower(k.String())
		list = append(list,
			is(name+" lane", 6, func(m hw.LaneParams) bool { return m.Kind == k }),
			is(name+" engine", 9, func(m hw.EngineParams) bool { return m.Kind == k }))
		if k != hw.DenseLane {
			list = append(list, is("ahead of "+name+" lanes", 6, func(m hw.AheadParams) bool { return m.Kind == k }))
		}
	}
	return list
}()

// named are the modules in the goals for clocks: they come before all groups.
func named() (list []hw.Module, err error) {
	for _, e := range []struct {
		kind       hw.LaneKind
		m, n, gang int
	}{{hw.DenseLane, 4, 4, 4}, {hw.BankedLane, 4, 1, 16}, {hw.BankedLane, 16, 4, 4}, {hw.CrossbarLane, 9, 3, 4}} {
		list = append(list, engine(e.kind, e.m, e.n, e.gang, 64, memory.LUTRAM))
	}
	for _, k := range []int{3, 1} {
		u := uniform{size: 16, channels: 16, layers: 1, bits: 8, kind: hw.Dense, mch: 1, n: 9, pout: 1, gang: 1}
		w, err := u.window(k)
		if err != nil {
			return nil, err
		}
		w.Block = k == 1
		list = append(list, w)
	}
	return list, nil
}

// maxLUTs, maxDSPs and maxBlocks bound a point to 60 % of the part; the time of place and route is usually the tighter bound.
const (
	maxLUTs   = 17600 * 6 / 10
	maxDSPs   = 80 * 6 / 10
	maxBlocks = 120 * 6 / 10
)

// places are the quantiles by size at which a group's points are taken, in the order of measurement: the middle first, then the
// ends, then points between them.
var places = []float64{0.5, 0.05, 0.95, 0.75, 0.25, 1, 0, 0.62, 0.87, 0.37, 0.12, 0.56, 0.81, 0.31, 0.69, 0.44, 0.93, 0.18}

// sized is a point with its size.
type sized struct {
	fit.Point
	luts int
}

// Points is the sweep in its order: the named modules, then groups in turn, so that a part of the sweep is a sweep as well. Each group
// has at most each points. Points that contain one of the modules of last come after the others.
func Points(l Library, last []string, each int) ([]fit.Point, error) {
	all, err := candidates()
	if err != nil {
		return nil, err
	}
	behind := func(p fit.Point) (bool, error) {
		parts, err := l.Closure(p.ModuleName())
		return slices.ContainsFunc(last, func(m string) bool { return slices.Contains(parts, m) }), err
	}
	first, err := named()
	if err != nil {
		return nil, err
	}
	var now, later [][]fit.Point // lists from which points are taken in turn
	seen := map[string]bool{}
	for _, m := range first {
		p := fit.PointOf(m)
		seen[p.Key()] = true
		wait, err := behind(p)
		if err != nil {
			return nil, err
		}
		if wait {
			later = append(later, []fit.Point{p})
		} else {
			now = append(now, []fit.Point{p})
		}
	}
	var points []fit.Point
	for _, p := range all {
		points = append(points, p.Point)
	}
	for _, g := range groupsOf(points) {
		var list []sized
		for _, p := range all {
			if g.of(p.Module) {
				list = append(list, p)
			}
		}
		if len(list) == 0 {
			return nil, fmt.Errorf("no point for the group %q", g.name)
		}
		slices.SortStableFunc(list, func(a, b sized) int { return a.luts - b.luts })
		var chosen []fit.Point
		used := map[int]bool{}
		for _, at := range places {
			i := int(at*float64(len(list)-1) + 0.5)
			if len(chosen) < min(g.take, each) && !used[i] && !seen[list[i].Key()] {
				used[i] = true
				chosen = append(chosen, list[i].Point)
			}
		}
		wait, err := behind(chosen[0])
		if err != nil {
			return nil, err
		}
		if wait {
			later = append(later, chosen)
		} else {
			now = append(now, chosen)
		}
	}
	return append(inTurn(now), inTurn(later)...), nil
}

// inTurn takes the first point of every list, then the second of every list, and so on.
func inTurn(lists [][]fit.Point) (points []fit.Point) {
	for i, more := 0, true; more; i++ {
		more = false
		for _, l := range lists {
			if i < len(l) {
				points, more = append(points, l[i]), true
			}
		}
	}
	return points
}

// candidates are the points of the area sweep that fit the part, and larger ones.
func candidates() (list []sized, err error) {
	points, err := Known()
	if err != nil {
		return nil, err
	}
	for _, p := range points {
		if w, ok := p.Module.(hw.WatermarkParams); ok {
			list = append(list, sized{p, w.Depth})
			continue
		}
		c, err := p.Model()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", p.Key(), err)
		}
		if c.LUT <= maxLUTs && c.DSP <= maxDSPs && c.BRAM18 <= maxBlocks {
			list = append(list, sized{p, c.LUT + c.FF/2})
		}
	}
	return list, nil
}

// Known are all points that lines of the data file may have.
func Known() ([]fit.Point, error) {
	points, err := fit.Points()
	if err != nil {
		return nil, err
	}
	points = slices.DeleteFunc(points, func(p fit.Point) bool { return p.Family != "" })
	more, err := named()
	if err != nil {
		return nil, err
	}
	for _, m := range append(more, larger()...) {
		points = append(points, fit.PointOf(m))
	}
	return points, nil
}

// larger are engines of realistic sizes that the area sweep does not have.
func larger() (list []hw.Module) {
	for _, e := range []struct {
		kind              hw.LaneKind
		m, n, gang, depth int
		memory            memory.Kind
	}{
		{hw.DenseLane, 9, 9, 4, 32, memory.LUTRAM}, {hw.DenseLane, 4, 4, 10, 144, memory.LUTRAM}, {hw.DenseLane, 16, 16, 3, 512, memory.BRAM},
		{hw.BankedLane, 9, 3, 8, 64, memory.LUTRAM}, {hw.BankedLane, 16, 4, 8, 256, memory.BRAM}, {hw.BankedLane, 4, 1, 16, 128, memory.LUTRAM},
		{hw.CrossbarLane, 9, 3, 4, 64, memory.LUTRAM}, {hw.CrossbarLane, 4, 2, 8, 128, memory.LUTRAM}, {hw.CrossbarLane, 8, 2, 8, 512, memory.BRAM},
	} {
		list = append(list, engine(e.kind, e.m, e.n, e.gang, e.depth, e.memory))
	}
	return list
}

// engine is an engine of 8 bits with two rows of weights for every beat.
func engine(kind hw.LaneKind, m, n, gang, depth int, memories memory.Kind) hw.EngineParams {
	p := hw.EngineParams{Kind: kind, M: m, N: n, Gang: gang, Px: 1, Beats: depth / 2, XBits: 8, WBits: 8, Acc: 24, Depth: depth, Memory: memories, Queue: 24}
	if p.Skips() {
		p.Skipping = &hw.Skipping{Flags: memory.ForBuffer(p.Row(), p.Depth)}
	}
	return p
}
