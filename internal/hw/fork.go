package hw

// ForkParams are the parameters of hass_fork: every token goes to all outputs.
type ForkParams struct {
	Width int `rtl:"WIDTH"` // bits of a token, flags included
	Outs  int `rtl:"OUTS"`
}

// ModuleName is hass_fork.
func (ForkParams) ModuleName() string { return "hass_fork" }

// forkParams are those of a fork process.
func (n *Network) forkParams(p *Process) ForkParams {
	return ForkParams{Width: n.Streams[p.In[0]].TokenBits(), Outs: len(p.Out)}
}

// DealParams are the parameters of hass_deal: it selects the lanes of a token for one bank of elastic engines.
type DealParams struct {
	Bits  int `rtl:"BITS"` // of a value, without its flag
	Px    int `rtl:"PX"`
	Lanes int `rtl:"LANES"` // of a pixel
	Banks int `rtl:"BANKS"`
	Bank  int `rtl:"BANK"`
	Each  int `rtl:"EACH"` // consecutive lanes for each bank in turn
}

// ModuleName is hass_deal.
func (DealParams) ModuleName() string { return "hass_deal" }

// Deal describes how fork p distributes the lanes of its tokens to banks; ok is false for a fork that copies its
// tokens. Bank is that of the first output: output k is bank k mod Banks. In a depthwise convolution the lanes of the
// same tap of all output lanes go to the same bank.
func (n *Network) Deal(p *Process) (d DealParams, ok bool) {
	if p.Layer < 0 || n.Layers[p.Layer].Banks() == 1 {
		return DealParams{}, false
	}
	l, hl, in := &n.Net.Layers[p.Layer], &n.Layers[p.Layer], &n.Streams[p.In[0]]
	d = DealParams{Bits: in.Bits, Px: in.Beat.Px, Lanes: in.Beat.Ch, Banks: hl.Banks(), Each: 1}
	if n.Net.Depthwise(l) {
		d.Each = hl.Gang
	}
	return d, true
}
