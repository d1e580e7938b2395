package hw

import (
	"math/bits"
	"slices"

	"hass/internal/fixed"
	"hass/internal/schedule"
)

// EngineKind is the way in which a dot-product engine skips zeros.
type EngineKind string

// The engine kinds. M is the number of lanes of a beat, N the number of multipliers.
const (
	Dense    EngineKind = "dense"    // N = M, one cycle a beat
	Crossbar EngineKind = "crossbar" // any lane to any multiplier: max(1, ceil(nnz/N))
	Banked   EngineKind = "banked"   // lane i in bank i mod N: max(1, max over banks of nnz)
	// Elastic is banked, but every bank is a separate engine of M/N lanes and one multiplier behind its own
	// FIFO: it takes max(1, nnz of its lanes) cycles for its part of a beat, and the banks meet only at the
	// join, once per output.
	Elastic EngineKind = "elastic"
	// Packed is dense, but narrow products share multipliers (see Packing).
	Packed EngineKind = "packed"
	// ScheduledEngine multiplies only non-zero weights, in an order made at generation: chains of N banks, with a row of N weights per
	// cycle (see Scheduled). It does not inspect activations.
	ScheduledEngine EngineKind = "scheduled"
)

// Measure is the property of a beat's useful pairs, those with two non-zero factors, that determines its cycles.
type Measure int

// The measures.
const (
	Nothing     Measure = iota // every beat takes ceil(M/N) cycles
	Pairs                      // all pairs: max(1, ceil(pairs/N))
	FullestBank                // the pairs of the fullest of N banks: max(1, pairs)
)

// EngineRow describes a kind of engine for all stages. A new kind needs a row here, its arithmetic in both
// template libraries and a formula for the area of its lane.
type EngineRow struct {
	Kind    EngineKind
	Lane    LaneKind // the way in which each of its dot products selects the pairs to multiply
	Measure Measure
	Apart   bool // its banks are separate engines, which run apart
	Static  bool // its products are scheduled at generation: its process is not an Engine, and it has no Lane
	// Legal reports whether an engine of m lanes can have n multipliers.
	Legal func(m, n int) bool
	// Try lists the numbers of multipliers worth trying for m lanes, in ascending order.
	Try func(m int) []int
}

// maxCrossbarLanes bounds the crossbars that are tried: a crossbar of 64 lanes costs six times the banked engine
// (measured) and is never on a Pareto front.
const maxCrossbarLanes = 16

// engineRows is the table of engine kinds.
var engineRows = []EngineRow{
	{
		Kind: Dense, Lane: DenseLane, Measure: Nothing,
		Legal: func(m, n int) bool { return n == m },
		Try:   func(m int) []int { return []int{m} },
	},
	{
		Kind: Crossbar, Lane: CrossbarLane, Measure: Pairs,
		Legal: func(m, n int) bool { return n >= 1 && (n < m || n == 1 && m == 1) },
		Try: func(m int) (list []int) {
			for _, n := range []int{2, 3, 4, 6, 8} {
				if n < m && m <= maxCrossbarLanes {
					list = append(list, n)
				}
			}
			return list
		},
	},
	{
		Kind: Banked, Lane: BankedLane, Measure: FullestBank,
		Legal: func(m, n int) bool { return n >= 1 && m%n == 0 && (n < m || m == 1) },
		Try:   func(m int) []int { return properDivisors(m, 1) },
	},
	{
		Kind: Elastic, Lane: BankedLane, Measure: FullestBank, Apart: true,
		Legal: func(m, n int) bool { return n >= 2 && n < m && m%n == 0 },
		Try:   func(m int) []int { return properDivisors(m, 2) },
	},
	{
		Kind: Packed, Lane: PackedLane, Measure: Nothing,
		Legal: func(m, n int) bool { return n == m },
		Try:   func(m int) []int { return []int{m} },
	},
	{
		Kind: ScheduledEngine, Measure: Nothing, Static: true,
		Legal: func(m, n int) bool { return m == 1 && n >= 1 && n <= schedule.MaxBanks },
		Try:   func(int) []int { return nil }, // its choices are not lanes and multipliers
	},
}

// properDivisors are the divisors of m that are at least least and below m.
func properDivisors(m, least int) (list []int) {
	for n := least; n < m; n++ {
		if m%n == 0 {
			list = append(list, n)
		}
	}
	return list
}

// EngineKinds lists every kind, in the order of the table.
func EngineKinds() []EngineKind {
	kinds := make([]EngineKind, len(engineRows))
	for i := range engineRows {
		kinds[i] = engineRows[i].Kind
	}
	return kinds
}

// LaneEngines lists the kinds whose engines consist of lanes and multipliers behind a window's beats: all but the scheduled one.
func LaneEngines() []EngineKind {
	return slices.DeleteFunc(EngineKinds(), func(k EngineKind) bool { return k.Row().Static })
}

// Known reports whether the table has the kind.
func (k EngineKind) Known() bool {
	return slices.ContainsFunc(engineRows, func(r EngineRow) bool { return r.Kind == k })
}

// Row is the kind's row of the table. It panics on an unknown kind, which Expand refuses.
func (k EngineKind) Row() *EngineRow {
	for i := range engineRows {
		if engineRows[i].Kind == k {
			return &engineRows[i]
		}
	}
	panic("hw: no engine of kind " + string(k))
}

// Skips reports whether the engine skips zeros of activations; no engine, "", does not.
func (k EngineKind) Skips() bool { return k != "" && k.Row().Measure != Nothing }

// Cycles is the number of cycles of a beat with measure v, for an engine of m lanes and n multipliers.
func (x Measure) Cycles(v, m, n int) int {
	switch x {
	case Nothing:
		return fixed.CeilDiv(m, n)
	case Pairs:
		return max(1, fixed.CeilDiv(v, n))
	case FullestBank:
		return max(1, v)
	}
	panic("hw: no such measure")
}

// Of is the measure of a beat whose useful pairs are the set bits of pairs (lane i = bit i), for an engine of m lanes
// and n multipliers.
func (x Measure) Of(m, n int, pairs uint64) int {
	switch x {
	case Nothing:
		return 0
	case Pairs:
		return bits.OnesCount64(pairs)
	case FullestBank:
		most, bank := 0, bankMask(m, n)
		for b := range n {
			most = max(most, bits.OnesCount64(pairs&(bank<<b)))
		}
		return most
	}
	panic("hw: no such measure")
}

// Most is the largest measure of a beat.
func (x Measure) Most(m, n int) int { return x.Of(m, n, ^uint64(0)>>(64-m)) }

// BeatCost is the number of cycles of an engine of the given kind with m lanes and n multipliers for a beat whose useful
// pairs (both factors non-zero) are the set bits of pairs (lane i = bit i). An all-zero beat costs 1 where zeros are
// skipped. If the banks run apart, it is the number of cycles of the slowest bank.
func BeatCost(kind EngineKind, m, n int, pairs uint64) int {
	x := kind.Row().Measure
	return x.Cycles(x.Of(m, n, pairs), m, n)
}

// bankMask has the bits of the lanes 0, n, 2n, ... below m: the bank of residue 0.
func bankMask(m, n int) uint64 {
	var w uint64
	for i := 0; i < m; i += n {
		w |= 1 << i
	}
	return w
}
