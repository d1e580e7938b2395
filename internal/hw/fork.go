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
