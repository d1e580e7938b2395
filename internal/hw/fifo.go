package hw

import "hass/internal/memory"

// FIFOParams are the parameters of hass_fifo: a stream between two processes.
type FIFOParams struct {
	Width int  `rtl:"WIDTH"`         // bits of a token
	Depth int  `rtl:"DEPTH"`         // places
	Block bool `rtl:"BLOCK"`         // block RAM, else LUT RAM
	Lag   int  `rtl:"LAG,omitempty"` // tokens that may have been read but not popped, besides the head
}

// ModuleName is hass_fifo.
func (FIFOParams) ModuleName() string { return "hass_fifo" }

// EngineFIFO gives the FIFO before each engine of a layer. width is the bits of its tokens.
func (l *Layer) EngineFIFO(width int) FIFOParams {
	lag := l.lanes().lag
	return FIFOParams{Width: width, Depth: l.GangDepth, Block: memory.ForFIFO(width, l.GangDepth+lag) == memory.BRAM, Lag: lag}
}
