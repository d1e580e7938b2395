package hw

import (
	"fmt"
	"math/bits"

	"hass/internal/fixed"
	"hass/internal/intnet"
	"hass/internal/memory"
	"hass/internal/packing"
)

// JoinParams are the parameters of hass_join: it gathers the gangs of a convolution, adds banks and bias, and
// requantises by a shift, by a multiplier before the shift, or by thresholds, which include the bias.
type JoinParams struct {
	Gangs    int            `rtl:"GANGS"`
	Banks    int            `rtl:"BANKS" hls:"BANKS"` // engines of a gang
	Gang     int            `rtl:"GANG"`              // lanes of each
	Px       int            `rtl:"PX"`
	AccBits  int            `rtl:"ACC_BITS"`
	BiasFrac int            `rtl:"BIAS_FRAC"` // binary places of the biases below the accumulators' unit
	Bits     int            `rtl:"BITS"`      // of an output value
	W        int            `rtl:"W"`         // of the output
	Folds    int            `rtl:"FOLDS"`     // beats of a pixel group
	Shift    int            `rtl:"SHIFT"`     // the smallest shift of the sum of accumulators and bias
	Steps    int            `rtl:"STEPS"`     // number of consecutive shifts from it on
	Rounding fixed.Rounding `rtl:"ROUNDING"`
	Lo       int64          `rtl:"LO"`
	Hi       int64          `rtl:"HI"`
	MulBits  int            `rtl:"MUL_BITS,omitempty"` // of the multiplier; 0: there is none
	Mul      int64          `rtl:"MUL,omitempty"`      // for all channels; 0: each channel has its own
	Parts    int            `rtl:"PARTS,omitempty"`    // of the product with it
	Turns    int            `rtl:"TURNS,omitempty"`    // lanes that share a multiplier, one a cycle; 0 and 1: none share
	Levels   int            `rtl:"LEVELS,omitempty"`   // thresholds of a channel; 0: there are none
}

// ModuleName is hass_join.
func (JoinParams) ModuleName() string { return "hass_join" }

// OutCh is the number of channels of a beat.
func (p *JoinParams) OutCh() int { return p.Gangs * p.Gang }

// Lanes is the number of values of a beat that are not 0 because they lie beyond the row.
func (p *JoinParams) Lanes() int { return p.OutCh() * min(p.Px, p.W) }

// Units is the number of circuits that add, multiply and round. Each serves Turns lanes, the last one what is left.
func (p *JoinParams) Units() int { return fixed.CeilDiv(p.Lanes(), max(1, p.Turns)) }

// SumBits is the width of a bias, and of the sum that it is added to.
func (p *JoinParams) SumBits() int { return p.AccBits + p.BiasFrac }

// OwnMul reports whether each channel has its own multiplier.
func (p *JoinParams) OwnMul() bool { return p.MulBits > 0 && p.Mul == 0 }

// ScaleBits is the width of a channel's data besides its bias: the number of its shift, or its multiplier.
func (p *JoinParams) ScaleBits() int {
	switch {
	case p.Steps > 1:
		return 3
	case p.OwnMul():
		return p.MulBits
	}
	return 0
}

// ValueBits is the width of a bias or threshold.
func (p *JoinParams) ValueBits() int {
	if p.Levels > 0 {
		return p.AccBits
	}
	return p.SumBits()
}

// ValueWords is the number of words of the weight chain for a bias or threshold.
func (p *JoinParams) ValueWords() int {
	if p.ValueBits() > 32 {
		return 2
	}
	return 1
}

// WordsPerChannel is the number of words of an output channel: bias, then the number of its shift if there are
// several, or its multiplier; or thresholds.
func (p *JoinParams) WordsPerChannel() int {
	switch {
	case p.Levels > 0:
		return p.Levels * p.ValueWords()
	case p.ScaleBits() > 0:
		return p.ValueWords() + 1
	}
	return p.ValueWords()
}

// EntryBits is the width of a channel's entry in the memory of biases.
func (p *JoinParams) EntryBits() int {
	if p.Levels > 0 {
		return p.Levels * p.ValueBits()
	}
	return p.ValueBits() + p.ScaleBits()
}

// Biases are the parameters of the memory of biases and shifts, multipliers or thresholds.
func (p *JoinParams) Biases() WeightsParams {
	cycle := p.ValueWords()
	if p.ScaleBits() > 0 {
		cycle++
	}
	w := WeightsParams{Depth: p.Folds, Row: p.OutCh() * p.EntryBits(), Words: p.OutCh() * p.WordsPerChannel(), Cycle: cycle,
		Field0: min(p.ValueBits(), 32), Field1: p.ScaleBits(), Field2: p.ScaleBits(), Memory: memory.LUTRAM}
	if p.ValueWords() == 2 {
		w.Field1 = p.ValueBits() - 32
	}
	return w
}

// multiplierOf is a convolution's multipliers without their common trailing zeros, which are part of the shift: the width of
// the widest, the one for all channels or 0, and the number of zeros. If all are one power of two there is no multiplier.
func multiplierOf(c *intnet.Conv) (width int, common int64, zeros int) {
	if c.Mul == nil {
		return 0, 0, 0
	}
	all := c.Mul[0]
	same := true
	for _, m := range c.Mul {
		all |= m
		same = same && m == c.Mul[0]
	}
	zeros = bits.TrailingZeros64(uint64(all))
	if width = bits.Len64(uint64(all)) - zeros; width == 1 { // all are this power of two
		return 0, 0, zeros
	}
	if same {
		common = c.Mul[0] >> zeros
	}
	return width, common, zeros
}

// ChannelMul is the multiplier of output channel o on the weight chain.
func ChannelMul(c *intnet.Conv, o int) int64 {
	_, _, zeros := multiplierOf(c)
	return c.MulFor(o) >> zeros
}

// levelsOf is the number of thresholds of an output channel, 0 if the layer has none.
func levelsOf(c *intnet.Conv) int {
	if c.Thresholds == nil {
		return 0
	}
	return len(c.Thresholds[0])
}

// ChannelThresholds are the thresholds of output channel o for the sum of its products alone, without the bias, as on the weight
// chain. A threshold that no sum reaches is the largest number, which is not a possible sum (intnet.Conv.BoundBits).
func ChannelThresholds(c *intnet.Conv, o int) []int64 {
	limit := int64(1) << (c.AccBits - 1)
	list := make([]int64, len(c.Thresholds[o]))
	for k, t := range c.Thresholds[o] {
		least := -((c.Bias[o] - t) >> c.BiasFrac) // rounded up
		list[k] = min(max(least, -limit), limit-1)
	}
	return list
}

// Cycles is the number of cycles from issue to push.
func (p *JoinParams) Cycles() int {
	if p.Levels > 0 {
		return bits.Len(uint(p.Banks-1)) + 2 // adder tree of banks, comparison, count
	}
	cycles := bits.Len(uint(p.Banks)) + 3 // adder tree of banks and bias, shift, round, clamp
	if p.Parts > 0 {
		cycles += packing.ProductCycles(p.Parts)
	}
	if p.Turns > 1 {
		cycles++ // the chosen lane
	}
	return cycles
}

// rescaling are the parameters of a join that depend on the layer's arithmetic alone, for gangs of one bank.
func rescaling(l *intnet.Layer) JoinParams {
	c := l.Conv
	p := JoinParams{Banks: 1, AccBits: c.AccBits, BiasFrac: c.BiasFrac, Steps: 1, Rounding: RoundingOf(l), Lo: l.Lo, Hi: l.Hi}
	if p.Levels = levelsOf(c); p.Levels > 0 {
		p.BiasFrac = 0 // the thresholds contain it
		return p
	}
	least, most := c.ShiftOf(0), c.ShiftOf(0)
	for _, s := range c.Shift {
		least, most = min(least, s), max(most, s)
	}
	var zeros int
	if p.MulBits, p.Mul, zeros = multiplierOf(c); p.MulBits > 0 {
		p.Parts = packing.Product{A: p.SumBits(), B: p.MulBits + 1}.Parts()
	}
	p.Shift, p.Steps = least+c.BiasFrac-zeros, most-least+1
	return p
}

// JoinOf are the parameters of the join of a convolution under its hardware choices.
func JoinOf(net *intnet.Net, l *intnet.Layer, hl Layer) JoinParams {
	c, out := l.Conv, &net.Tensors[l.Out]
	p := rescaling(l)
	p.Gangs, p.Banks, p.Gang, p.Px, p.Bits, p.W, p.Folds = hl.Gangs(), hl.Banks(), hl.Gang, hl.OutPx, out.Format.Bits, out.W, c.OutC/hl.OutCh
	p.Turns = hl.Turns
	return p
}

// MaxTurns bounds the lanes that share a multiplier of a join, and so its multiplexers.
const MaxTurns = 16

// TurnsOf is Layer.Turns for a convolution whose join gets a beat every pace cycles or less often: the most lanes to a multiplier that
// do not lengthen the interval, and no more than that number of multipliers needs.
func TurnsOf(net *intnet.Net, l *intnet.Layer, hl Layer, pace int) int {
	j := JoinOf(net, l, hl)
	j.Turns = min(pace, MaxTurns, j.Lanes())
	if j.MulBits == 0 || j.Turns < 2 {
		return 0
	}
	return fixed.CeilDiv(j.Lanes(), j.Units())
}

// turns is the number of cycles of the join for a beat.
func (l *Layer) turns() int { return max(1, l.Turns) }

// checkTurns refuses turns that the join of a layer cannot take.
func checkTurns(net *intnet.Net, l *intnet.Layer, hl Layer) error {
	if hl.Turns == 0 {
		return nil
	}
	j := JoinOf(net, l, hl)
	if hl.Turns < 0 || hl.Turns > 1 && (j.MulBits == 0 || hl.Turns > min(MaxTurns, j.Lanes())) {
		return fmt.Errorf("turns %d for %d lanes with multipliers of %d bits: at most %d, the number of lanes, and 0 without multipliers",
			hl.Turns, j.Lanes(), j.MulBits, MaxTurns)
	}
	return nil
}

// RoundingOf is a layer's rounding; a module that can round but computes maxima here gets half up.
func RoundingOf(l *intnet.Layer) fixed.Rounding {
	if !l.Requantises() {
		return fixed.HalfUp
	}
	return l.Rounding
}
