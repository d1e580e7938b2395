package hw

import "math/bits"

// SourceParams are the parameters of hass_source: an AXI4-Stream input, one beat per word.
type SourceParams struct {
	Width int `rtl:"WIDTH"` // bits of a beat
	AXI   int `rtl:"AXI"`   // bits of TDATA (AXIBits)
	Beats int `rtl:"BEATS"` // of an image
}

// ModuleName is hass_source.
func (SourceParams) ModuleName() string { return "hass_source" }

// sourceParams are those of a source process.
func (n *Network) sourceParams(p *Process) SourceParams {
	s := &n.Streams[p.Out[0]]
	return SourceParams{Width: s.Width(), AXI: AXIBits(s.Width()), Beats: s.Tokens}
}

// SinkParams are the parameters of hass_sink: an AXI4-Stream output, with TLAST on an image's last
// word.
type SinkParams struct {
	Width int `rtl:"WIDTH"` // bits of a beat
	AXI   int `rtl:"AXI"`   // bits of TDATA (AXIBits)
	Beats int `rtl:"BEATS"` // of an image
}

// ModuleName is hass_sink.
func (SinkParams) ModuleName() string { return "hass_sink" }

// sinkParams are those of a sink process.
func (n *Network) sinkParams(p *Process) SinkParams {
	s := &n.Streams[p.In[0]]
	return SinkParams{Width: s.Width(), AXI: AXIBits(s.Width()), Beats: s.Tokens}
}

// ControlParams are the parameters of hass_control: registers, counters and high-water marks.
type ControlParams struct {
	Processes int  `rtl:"PROCESSES"`
	FIFOs     int  `rtl:"FIFOS"`
	Outputs   int  `rtl:"OUTPUTS"`
	Stats     bool `rtl:"STATS"` // stall counters and high-water marks
}

// ModuleName is hass_control.
func (ControlParams) ModuleName() string { return "hass_control" }

// AXIBits is the width of the AXI4-Stream word that carries a beat of the given width: a power of
// two bytes.
func AXIBits(width int) int { return 8 << bits.Len(uint((width+7)/8-1)) }
