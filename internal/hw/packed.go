package hw

import (
	"fmt"
	"math/bits"

	"hass/internal/fixed"
	"hass/internal/intnet"
	"hass/internal/packing"
)

// This file describes the packed engine: a dense engine whose narrow products share multipliers (package packing). The outputs of the
// cascades of slices are added and accumulated in LUTs.

// valuesOf are the widths of a convolution's factors.
func valuesOf(net *intnet.Net, l *intnet.Layer) packing.Values {
	in := net.Tensors[l.In[0]].Format
	return packing.Values{X: in.Bits, Signed: in.Signed, W: l.Conv.WeightBits, Depthwise: net.Depthwise(l)}
}

// PackingOf chooses the packing of a convolution by packing.For. lanes is the number of lanes of each engine, wide the width of a
// slice's wider operand.
func PackingOf(net *intnet.Net, l *intnet.Layer, lanes, wide int) packing.Packing {
	return packing.For(valuesOf(net, l), lanes, wide)
}

// checkPacked refuses an invalid packing of a packed engine, and any packing of another engine.
func checkPacked(net *intnet.Net, l *intnet.Layer, hl Layer) error {
	if hl.Engine == Packed {
		return hl.Packing.Check(valuesOf(net, l), hl.N)
	}
	if hl.Packing != (packing.Packing{}) {
		return fmt.Errorf("packing of a %s engine; only a packed one has it", hl.Engine)
	}
	return nil
}

// CascadeParams are the parameters of hass_packed: the multipliers that a set of pixels and output lanes shares.
type CascadeParams struct {
	M       int  `rtl:"M"` // lanes
	Deep    int  `rtl:"DEEP"`
	Pixels  int  `rtl:"PIXELS"`
	Filters int  `rtl:"FILTERS"`
	Field   int  `rtl:"FIELD"`
	XBits   int  `rtl:"X_BITS"`
	XSigned bool `rtl:"X_SIGNED"`
	WBits   int  `rtl:"W_BITS"`
	Acc     int  `rtl:"ACC"` // bits of an accumulator
}

// ModuleName is hass_packed.
func (CascadeParams) ModuleName() string { return "hass_packed" }

// Cascades is the number of cascades of the module.
func (p *CascadeParams) Cascades() int { return fixed.CeilDiv(p.M, p.Deep) }

// TermBits is the width of a cascade's output to an accumulator, and of the sums of several.
func (p *CascadeParams) TermBits() int {
	if p.Field == 0 {
		return p.Acc
	}
	return min(p.Acc, p.Field+bits.Len(uint(p.Cascades()-1)))
}

// Operands are the widths of a multiplier's operands: that of the activations, that of the weights.
func (p *CascadeParams) Operands() (a, b int) {
	a, b = packing.Operands(p.Pixels, p.Filters, p.Field, p.XBits, p.WBits)
	if p.Pixels == 1 && p.XSigned {
		a-- // a single value has its own sign
	}
	return a, b
}

// Cycles is the number of cycles from factors to sums: operands, product, a sum for every lane of a cascade, a register behind the slices,
// the adders of several cascades, the accumulator.
func (p *CascadeParams) Cycles() int { return packedCycles(p.M, p.Deep) }

// packedCycles is Cycles for m lanes in cascades of deep.
func packedCycles(m, deep int) int { return 4 + deep + bits.Len(uint(fixed.CeilDiv(m, deep)-1)) }

// Turn is the number of cycles by which the factors of a lane of a packed engine are delayed for the sum of the lanes before it. A short
// last cascade starts later, so that all end at once.
func (p *EngineParams) Turn(lane int) int {
	before := lane - lane%p.Deep
	return lane - before + max(0, before+p.Deep-p.M)
}

// Cascade are the parameters of a hass_packed of a packed engine. For the odd pixel of a beat, or the odd output lane of a gang, it has
// fewer pixels or output lanes than can share a multiplier.
func (p *EngineParams) Cascade(pixels, filters int) CascadeParams {
	return CascadeParams{M: p.M, Deep: p.Deep, Pixels: pixels, Filters: filters, Field: p.Field, XBits: p.XBits, XSigned: p.XSigned, WBits: p.WBits, Acc: p.Acc}
}
