package hw

// FIFOParams are the parameters of hass_fifo: a stream between two processes.
type FIFOParams struct {
	Width int  `rtl:"WIDTH"` // bits of a token, flags included
	Depth int  `rtl:"DEPTH"` // places
	Block bool `rtl:"BLOCK"` // block RAM, else LUT RAM
}

// ModuleName is hass_fifo.
func (FIFOParams) ModuleName() string { return "hass_fifo" }
