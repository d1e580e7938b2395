// Package hw describes the hardware of a design: the choices made for each
// layer, the network of processes and FIFOs these choices expand to, and the
// schedule of every process, that is the order and number of its reads and
// writes, which depends on shapes alone (the Kahn rule).
//
// Everything that must agree about the hardware reads it here: the optimizer
// (FIFO sizing, costs), codegen (one module instance per process), the
// simulator (timing and values). It never sees activations or weights; the
// meaning of a layer is package intnet's. docs/hardware.md states the rules in words.
package hw

import (
	"fmt"
	"math/bits"

	"hass/internal/memory"
)

// EngineKind is how a dot-product engine skips zeros.
type EngineKind string

// The engine kinds. M is the number of lanes of a beat, N of multipliers.
const (
	Dense    EngineKind = "dense"    // N = M, one cycle a beat
	Crossbar EngineKind = "crossbar" // any lane to any multiplier: max(1, ceil(nnz/N))
	Banked   EngineKind = "banked"   // lane i in bank i mod N: max(1, max over banks of nnz)
	// Elastic is banked, but every bank is an engine of its own, of M/N lanes and one multiplier, behind a FIFO
	// of its own: it spends max(1, its nnz) on its part of a beat, and banks meet at the join, once an output.
	Elastic EngineKind = "elastic"
)

// Lane is how each dot product of an engine of the kind chooses what to multiply.
func (k EngineKind) Lane() LaneKind {
	switch k {
	case Dense:
		return DenseLane
	case Crossbar:
		return CrossbarLane
	case Banked, Elastic:
		return BankedLane
	}
	panic("hw: no lane of an engine of kind " + string(k)) // Expand refuses others
}

// MaxLanes bounds M, so that a beat's zero bitmap is one machine word.
const MaxLanes = 64

// MaxGangs bounds the engine processes behind one fork.
const MaxGangs = 64

// BeatCost is the number of cycles an engine of the given kind with m lanes and n
// multipliers spends on a beat whose useful pairs (both factors non-zero)
// are the set bits of pairs (lane i = bit i). An all-zero beat costs 1. Of an elastic engine it is
// what the slowest bank spends.
func BeatCost(kind EngineKind, m, n int, pairs uint64) int {
	switch kind {
	case Crossbar:
		return max(1, (bits.OnesCount64(pairs)+n-1)/n)
	case Banked, Elastic:
		c := 1
		bank := bankMask(m, n)
		for b := range n {
			c = max(c, bits.OnesCount64(pairs&(bank<<b)))
		}
		return c
	}
	return 1
}

// bankMask has the bits of the lanes 0, n, 2n, ... below m: the bank of residue 0.
func bankMask(m, n int) uint64 {
	var w uint64
	for i := 0; i < m; i += n {
		w |= 1 << i
	}
	return w
}

// Layer is the hardware of one layer of the integer network.
type Layer struct {
	InPx  int `json:"in_px"`  // pixels per beat of the input stream(s)
	InCh  int `json:"in_ch"`  // channels per beat of the input stream(s); of a concat's at most, see PortCh
	OutPx int `json:"out_px"` // pixels per beat of the output stream
	OutCh int `json:"out_ch"` // channels per beat of the output stream; for a conv its output lanes P_out

	// Layers with a window (conv, pool). A window beat has MTap x MCh lanes;
	// MTap is k or m*K taps in raster order, a divisor of the row or whole rows.
	MTap       int `json:"m_tap,omitempty"`
	MCh        int `json:"m_ch,omitempty"`
	LinePixels int `json:"line_pixels,omitempty"` // capacity of the line buffer in pixels of a padded row stream

	// Conv only.
	Engine    EngineKind `json:"engine,omitempty"`
	N         int        `json:"n,omitempty"`          // multipliers per engine and pixel
	Gang      int        `json:"gang,omitempty"`       // output lanes per gang; divides OutCh
	GangDepth int        `json:"gang_depth,omitempty"` // depth of each gang's input FIFO in beats

	WeightMem memory.Kind `json:"weight_mem,omitempty"` // of the weights of a conv
	// BufferMem is the memory of the layer's buffer, where it has one (HasBuffer). None leaves it to memory.ForBuffer.
	BufferMem memory.Kind `json:"buffer_mem,omitempty"`
}

// M is the number of lanes of a window beat.
func (l Layer) M() int { return l.MTap * l.MCh }

// Gangs is the number of gangs of a conv.
func (l Layer) Gangs() int { return l.OutCh / l.Gang }

// Banks is the number of engine processes of each gang: N if the engine is elastic, else 1. Lane i of
// a beat (of a depthwise conv: of the taps of each channel) goes to bank i mod Banks.
func (l Layer) Banks() int {
	if l.Engine == Elastic {
		return l.N
	}
	return 1
}

// Engines is the number of engine processes of a conv. Number g*Banks+b is bank b of gang g.
func (l Layer) Engines() int { return l.Gangs() * l.Banks() }

// Beat is the shape of what a stream carries each transfer.
type Beat struct {
	Px, Ch int
}

// String prints the beat as 2px*8ch.
func (b Beat) String() string { return fmt.Sprintf("%dpx*%dch", b.Px, b.Ch) }
