package hw

import (
	"hass/internal/fixed"
	"hass/internal/intnet"
	"hass/internal/memory"
)

// JoinParams are the parameters of hass_join: it gathers the gangs of a convolution, adds banks and bias, and
// requantises.
type JoinParams struct {
	Gangs    int            `rtl:"GANGS"`
	Banks    int            `rtl:"BANKS" hls:"BANKS"` // engines of a gang
	Gang     int            `rtl:"GANG"`              // lanes of each
	Px       int            `rtl:"PX"`
	AccBits  int            `rtl:"ACC_BITS"`
	BiasFrac int            `rtl:"BIAS_FRAC"` // places of the biases below the accumulators' unit
	Bits     int            `rtl:"BITS"`      // of an output value
	W        int            `rtl:"W"`         // of the output
	Folds    int            `rtl:"FOLDS"`     // beats of a pixel group
	Shift    int            `rtl:"SHIFT"`     // the smallest, of the sum of accumulators and bias
	Steps    int            `rtl:"STEPS"`     // number of shifts from it on
	Rounding fixed.Rounding `rtl:"ROUNDING"`
	Lo       int64          `rtl:"LO"`
	Hi       int64          `rtl:"HI"`
}

// ModuleName is hass_join.
func (JoinParams) ModuleName() string { return "hass_join" }

// OutCh is the number of channels of a beat.
func (p *JoinParams) OutCh() int { return p.Gangs * p.Gang }

// SumBits is the width of a bias, and of the sum that it is added to.
func (p *JoinParams) SumBits() int { return p.AccBits + p.BiasFrac }

// stepBits is the width of the number of a channel's shift.
func (p *JoinParams) stepBits() int {
	if p.Steps > 1 {
		return 3
	}
	return 0
}

// BiasWords is the number of words of the weight chain that a bias takes.
func (p *JoinParams) BiasWords() int {
	if p.SumBits() > 32 {
		return 2
	}
	return 1
}

// WordsPerChannel is the number of words of an output channel: bias, then the number of its shift if there are
// several.
func (p *JoinParams) WordsPerChannel() int {
	if p.Steps > 1 {
		return p.BiasWords() + 1
	}
	return p.BiasWords()
}

// Biases are the parameters of the memory of biases and shifts.
func (p *JoinParams) Biases() WeightsParams {
	entry := p.SumBits() + p.stepBits()
	w := WeightsParams{Depth: p.Folds, Row: p.OutCh() * entry, Words: p.OutCh() * p.WordsPerChannel(), Cycle: p.WordsPerChannel(),
		Field0: min(p.SumBits(), 32), Field1: p.stepBits(), Field2: p.stepBits(), Memory: memory.LUTRAM}
	if p.BiasWords() == 2 {
		w.Field1 = p.SumBits() - 32
	}
	return w
}

// JoinOf are the parameters of the join of a convolution under its hardware choices.
func JoinOf(net *intnet.Net, l *intnet.Layer, hl Layer) JoinParams {
	c, out := l.Conv, &net.Tensors[l.Out]
	least, most := c.Shift[0], c.Shift[0]
	for _, s := range c.Shift {
		least, most = min(least, s), max(most, s)
	}
	return JoinParams{
		Gangs: hl.Gangs(), Banks: hl.Banks(), Gang: hl.Gang, Px: hl.OutPx, AccBits: c.AccBits, BiasFrac: c.BiasFrac, Bits: out.Format.Bits,
		W: out.W, Folds: c.OutC / hl.OutCh, Shift: least + c.BiasFrac, Steps: most - least + 1, Rounding: RoundingOf(l), Lo: l.Lo, Hi: l.Hi,
	}
}

// RoundingOf is a layer's rounding; a module that can round but takes maxima here is given half up.
func RoundingOf(l *intnet.Layer) fixed.Rounding {
	if !l.Requantises() {
		return fixed.HalfUp
	}
	return l.Rounding
}
