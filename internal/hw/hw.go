// Package hw describes the hardware of a design: the choices for each layer,
// the network of processes and FIFOs to which they expand, and the schedule
// of every process, which is the order and number of its reads and writes
// and depends on shapes alone (the Kahn rule).
//
// All packages that must agree about the hardware use it: the optimizer
// (FIFO sizing, costs), codegen (one module instance per process), the
// simulator (timing and values). It never sees activations; package intnet
// defines the meaning of a layer. docs/hardware.md describes the rules.
package hw

import (
	"fmt"

	"hass/internal/fixed"
	"hass/internal/memory"
	"hass/internal/packing"
)

// MaxLanes bounds M, so that a beat's zero bitmap is one machine word.
const MaxLanes = 64

// MaxGangs bounds the engine processes behind one fork.
const MaxGangs = 64

// Layer is the hardware of one layer of the integer network.
type Layer struct {
	InPx  int `json:"in_px"`  // pixels per beat of the input stream(s)
	InCh  int `json:"in_ch"`  // channels per beat of the input stream(s); for a concat an upper bound, see PortCh
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
	Turns     int        `json:"turns,omitempty"`      // lanes that share a multiplier of the join, one a cycle; 0: none share

	Scheduled Scheduled       `json:"scheduled,omitzero"` // for a scheduled engine, which has N banks
	Packing   packing.Packing `json:"packing,omitzero"`   // for a packed engine

	WeightMem memory.Kind `json:"weight_mem,omitempty"` // of the weights of a conv
	// BufferMem is the memory of the layer's buffer, if it has one (HasBuffer). None leaves the
	// choice to memory.ForBuffer.
	BufferMem memory.Kind `json:"buffer_mem,omitempty"`
}

// M is the number of lanes of a window beat.
func (l Layer) M() int { return l.MTap * l.MCh }

// Gangs is the number of gangs of a conv.
func (l Layer) Gangs() int { return l.OutCh / l.Gang }

// Multipliers is the number of multipliers of a convolution whose engines have lanes.
func (l Layer) Multipliers() int {
	px, ch := l.OutPx, l.OutCh
	if l.Engine == Packed {
		px, ch = fixed.CeilDiv(px, l.Packing.Pixels()), fixed.CeilDiv(l.Gang, l.Packing.Filters)*l.Gangs()
	}
	return l.N * px * ch
}

// Banks is the number of engine processes of each gang: N if its banks run apart, otherwise 1. Lane i
// of a beat (in a depthwise convolution: of the taps of each channel) goes to bank i mod Banks.
func (l Layer) Banks() int {
	if l.Engine != "" && l.Engine.Row().Apart {
		return l.N
	}
	return 1
}

// Engines is the number of engine processes of a conv. Number g*Banks+b is bank b of gang g.
func (l Layer) Engines() int { return l.Gangs() * l.Banks() }

// Beat is the shape of a stream's transfers.
type Beat struct {
	Px, Ch int
}

// String prints the beat as 2px*8ch.
func (b Beat) String() string { return fmt.Sprintf("%dpx*%dch", b.Px, b.Ch) }
