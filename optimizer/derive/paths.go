package derive

import (
	"sync"

	"hass/internal/hw"
	"hass/internal/intnet"
	"hass/internal/memory"
	"hass/optimizer/cost/delay"
	"hass/optimizer/cost/loops"
)

// Paths tells the paths of hardware choices for a target. It may be asked by several goroutines at once.
type Paths struct {
	target hw.Target
	mu     sync.Mutex
	seen   map[hw.Module]float64 // of forks and converters
}

// NewPaths tells the paths for a target.
func NewPaths(t hw.Target) *Paths { return &Paths{target: t, seen: map[hw.Module]float64{}} }

// of is the path of a module whose loop has a key.
func (c *Paths) of(m hw.Module, key string) (p Path, err error) {
	if c.target.Includes(hw.HLS) {
		if p.HLS, err = loops.Of(key); err != nil {
			return p, err
		}
	}
	if c.target.Includes(hw.RTL) {
		p.RTL, err = delay.Of(m)
	}
	return p, err
}

// remembered is of for modules of few parameters, which many choices share.
func (c *Paths) remembered(m hw.Module, key string) (Path, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	ns, ok := c.seen[m]
	if !ok {
		p, err := c.of(m, key)
		if err != nil {
			return p, err
		}
		c.seen[m] = p.RTL
		return p, nil
	}
	p := Path{RTL: ns}
	var err error
	if c.target.Includes(hw.HLS) {
		p.HLS, err = loops.Of(key)
	}
	return p, err
}

// Fork is the path of a fork of tokens of so many bits.
func (c *Paths) Fork(width, outs int) (Path, error) {
	return c.remembered(hw.ForkParams{Width: width, Outs: outs}, loops.Key(hw.Fork, ""))
}

// Convert is the path of a width converter.
func (c *Paths) Convert(bits, px, from, to int) (Path, error) {
	return c.remembered(hw.ConvertParams{Bits: bits, Pixels: px, From: from, To: to}, loops.Key(hw.Convert, ""))
}

// Window is the path of a layer's window.
func (c *Paths) Window(net *intnet.Net, l *intnet.Layer, hl hw.Layer) (Path, error) {
	in := net.Tensors[l.In[0]].Format
	win := hw.WindowOf(net, *l, hl)
	m := win.PaceFree(in.Bits)
	m.Signed, m.Flags = in.Signed, l.Kind == intnet.KindConv && hl.Engine.Skips()
	m.Block = m.Buffer(&hl) == memory.BRAM
	return c.of(m, loops.Key(hw.WindowProc, ""))
}

// Layer is the slowest path of the modules of layer i, but for a convolution's window.
func (c *Paths) Layer(net *intnet.Net, i int, hl hw.Layer) (p Path, err error) {
	l := &net.Layers[i]
	if l.Kind != intnet.KindConv {
		last := hw.LastProcess(l.Kind)
		if l.Kind != intnet.KindPool {
			return c.of(hw.LayerModule(net, l, hl), loops.Key(last, ""))
		}
		if p, err = c.Window(net, l, hl); err != nil {
			return p, err
		}
		pool, err := c.of(hw.PoolOf(net, l, hl), loops.Key(last, ""))
		return p.With(pool), err
	}
	join, err := c.of(hw.JoinOf(net, l, hl), loops.Key(hw.Join, ""))
	if err != nil {
		return p, err
	}
	if hl.Engines() > 1 {
		lanes := hl.OutPx * hl.M()
		width := lanes * net.Tensors[l.In[0]].Format.Bits
		if hl.Engine.Skips() {
			width += lanes
		}
		if p, err = c.Fork(width, hl.Engines()); err != nil {
			return p, err
		}
	}
	engine, err := c.of(hw.EngineOf(net, l, hl), loops.Key(hw.Engine, hl.Engine))
	return p.With(join).With(engine), err
}
