package hw

// ConvertParams are the parameters of hass_convert: it changes the channels per beat of a stream. One width divides
// the other.
type ConvertParams struct {
	Bits   int `rtl:"BITS"`   // of a value
	Pixels int `rtl:"PIXELS"` // per beat
	From   int `rtl:"FROM"`   // channels per beat that it reads
	To     int `rtl:"TO"`     // and that it writes
}

// ModuleName is hass_convert.
func (ConvertParams) ModuleName() string { return "hass_convert" }

// convertParams are those of a converter process.
func (n *Network) convertParams(p *Process) ConvertParams {
	in, out := &n.Streams[p.In[0]], &n.Streams[p.Out[0]]
	return ConvertParams{Bits: out.Bits, Pixels: out.Beat.Px, From: in.Beat.Ch, To: out.Beat.Ch}
}
