package sparsity

import (
	"context"

	"hass/internal/hw"
	"hass/internal/workers"
)

// The ladder of shapes in a Profile. The optimizer asks an Estimator for whatever it
// needs; these are for people and other tools.
const (
	ladderLeast = 8
	ladderMost  = 64
)

var (
	ladderN     = []int{1, 2, 4, 8}
	ladderGangs = []int{1, 4, 16}
)

// tapGroups lists the values of MTap that a kernel allows.
func tapGroups(kh, kw int) []int {
	var g []int
	for d := 1; d < kw; d++ {
		if kw%d == 0 {
			g = append(g, d)
		}
	}
	for d := 1; d <= kh; d++ {
		if kh%d == 0 {
			g = append(g, d*kw)
		}
	}
	return g
}

// ladder lists shapes of 8 to 64 lanes, or the widest if all are narrower.
func ladder(l *LayerBits) []shape {
	var in, narrow []shape
	for _, t := range tapGroups(l.KH, l.KW) {
		for c := 1; c <= l.GroupC; c++ {
			if l.GroupC%c != 0 || t*c > ladderMost {
				continue
			}
			s := shape{t, c}
			switch {
			case t*c >= ladderLeast:
				in = append(in, s)
			case len(narrow) == 0 || narrow[0].mTap*narrow[0].mCh < t*c:
				narrow = []shape{s}
			case narrow[0].mTap*narrow[0].mCh == t*c:
				narrow = append(narrow, s)
			}
		}
	}
	if len(in) == 0 {
		return narrow
	}
	return in
}

// ladderStats fills in the beat statistics of all layers.
func (e *Estimator) ladderStats(ctx context.Context, count int, layers []Layer) error {
	var convs []*convBits
	for i := range e.net.Layers {
		if c, ok := e.convs[i]; ok {
			convs = append(convs, c)
		}
	}
	return workers.Ordered(ctx, len(convs), count, func(_, i int) ([]BeatStats, error) {
		c := convs[i]
		stats := []BeatStats{}
		for _, s := range ladder(c.bits) {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			stats = append(stats, e.beatStats(c, s))
		}
		return stats, nil
	}, func(i int, s []BeatStats) error {
		layers[i].Beats = s
		return nil
	})
}

func (e *Estimator) beatStats(c *convBits, s shape) BeatStats {
	m := s.mTap * s.mCh
	r := BeatStats{MTap: s.mTap, MCh: s.mCh, NNZ: make([]int64, m+1)}
	one := e.table(c, tableKey{layer: c.layer, shape: s, outPx: 1, gang: 1})
	for _, h := range one.hist {
		for v := range r.NNZ {
			r.NNZ[v] += h[v]
			r.Sampled += h[v]
		}
	}
	// A gang lies within one group of channels; that of a depthwise convolution may hold them all.
	lanes := c.bits.perGroup()
	if e.net.Depthwise(c.l) {
		lanes = c.bits.OutC
	}
	var gangs []int
	for _, g := range append(ladderGangs[:len(ladderGangs):len(ladderGangs)], lanes) {
		if lanes%g == 0 && (len(gangs) == 0 || g > gangs[len(gangs)-1]) {
			gangs = append(gangs, g)
		}
	}
	for _, kind := range hw.EngineKinds() {
		if !kind.Skips() || kind.Row().Apart {
			continue // zeros change nothing, or no beat has a cost of its own
		}
		for _, n := range ladderN {
			if !kind.Row().Legal(m, n) {
				continue
			}
			cost := costTable(kind, n)
			for _, g := range gangs {
				t := e.table(c, tableKey{layer: c.layer, shape: s, banks: banksOf(kind, n), outPx: 1, gang: g})
				means := make([]float64, len(t.hist))
				for i, h := range t.hist {
					var sum, beats int64
					for v, k := range h {
						sum += k * int64(cost[v])
						beats += k
					}
					means[i] = share(sum, beats)
				}
				b := BeatCost{Kind: string(kind), N: n, Gang: g}
				b.Mean, b.CI = e.survey(c, 1).interval(means)
				r.Costs = append(r.Costs, b)
			}
		}
	}
	return r
}
