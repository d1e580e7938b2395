package hw

import "hass/internal/memory"

// RAMParams are the parameters of hass_ram: a memory with one write and one read port.
type RAMParams struct {
	Width  int         `rtl:"WIDTH"` // bits
	Depth  int         `rtl:"DEPTH"` // words
	Memory memory.Kind `rtl:"STYLE"`
}

// ModuleName is hass_ram.
func (RAMParams) ModuleName() string { return "hass_ram" }

// ChainHeadParams are the parameters of hass_weights_head, the start of the weight chain: it has
// none.
type ChainHeadParams struct{}

// ModuleName is hass_weights_head.
func (ChainHeadParams) ModuleName() string { return "hass_weights_head" }

// ChainEndParams are the parameters of hass_weights_end, the end of the weight chain: it has none.
type ChainEndParams struct{}

// ModuleName is hass_weights_end.
func (ChainEndParams) ModuleName() string { return "hass_weights_end" }

// WatermarkParams are the parameters of hass_watermark, which watches a FIFO.
type WatermarkParams struct {
	Depth int `rtl:"DEPTH"`
}

// ModuleName is hass_watermark.
func (WatermarkParams) ModuleName() string { return "hass_watermark" }
