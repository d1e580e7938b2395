package derive

import (
	"sync"

	"hass/internal/hw"
	"hass/internal/hw/limits"
	"hass/internal/intnet"
	"hass/internal/memory"
	"hass/internal/packing"
	"hass/optimizer/cost/delay"
	"hass/optimizer/cost/loops"
)

// Paths gives the slowest paths of hardware choices for a target. It may be used by several
// goroutines at once.
type Paths struct {
	target limits.Target
	mu     sync.Mutex
	seen   map[any]float64 // paths in RTL, by a module's parameters
}

// engineParts are the parameters of an engine on which its path depends: neither its tokens nor the
// layout of its weights is among them.
type engineParts struct {
	engine hw.EngineParams
	flags  memory.Kind
	packed packing.Packing
}

func partsOf(e hw.EngineParams) engineParts {
	parts := engineParts{engine: e}
	if e.Skipping != nil {
		parts.flags = e.Flags
	}
	if e.Packing != nil {
		parts.packed = *e.Packing
	}
	parts.engine.Skipping, parts.engine.Packing, parts.engine.Tokens, parts.engine.Layout = nil, nil, 0, hw.WeightLayout{}
	return parts
}

// NewPaths returns the Paths of a target.
func NewPaths(t limits.Target) *Paths { return &Paths{target: t, seen: map[any]float64{}} }

// of is the path of a module whose loop has a key in the table of loops.
func (c *Paths) of(m hw.Module, key string) (p Path, err error) {
	if c.target.Includes(limits.HLS) {
		if p.HLS, err = loops.Of(key); err != nil {
			return p, err
		}
	}
	if c.target.Includes(limits.RTL) {
		p.RTL, err = delay.Of(m)
	}
	return p, err
}

// remembered is of for modules that many choices share; parts are the parameters on which the path
// depends.
func (c *Paths) remembered(parts any, m hw.Module, key string) (p Path, err error) {
	if c.target.Includes(limits.HLS) {
		if p.HLS, err = loops.Of(key); err != nil {
			return p, err
		}
	}
	if !c.target.Includes(limits.RTL) {
		return p, nil
	}
	c.mu.Lock()
	ns, ok := c.seen[parts]
	c.mu.Unlock()
	if !ok {
		if ns, err = delay.Of(m); err != nil {
			return p, err
		}
		c.mu.Lock()
		c.seen[parts] = ns
		c.mu.Unlock()
	}
	p.RTL = ns
	return p, nil
}

// Fork is the path of a fork for tokens of width bits.
func (c *Paths) Fork(width, outs int) (Path, error) {
	m := hw.ForkParams{Width: width, Outs: outs}
	return c.remembered(m, m, loops.Key(hw.Fork, ""))
}

// Convert is the path of a width converter.
func (c *Paths) Convert(bits, px, from, to int) (Path, error) {
	m := hw.ConvertParams{Bits: bits, Pixels: px, From: from, To: to}
	return c.remembered(m, m, loops.Key(hw.Convert, ""))
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

// Layer is the slowest path of the modules of layer i, without the window of a convolution.
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
	j := hw.JoinOf(net, l, hl)
	join, err := c.remembered(j, j, loops.Key(hw.Join, ""))
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
	if hl.Engine.Row().Static {
		plan, err := hw.PlanOf(net, l, hl)
		if err != nil {
			return p, err
		}
		return c.Scheduled(net, i, hl, plan.Rows)
	}
	e := hw.EngineOf(net, l, hl)
	engine, err := c.remembered(partsOf(e), e, loops.Key(hw.Engine, hl.Engine))
	return p.With(join).With(engine), err
}

// Scheduled is Layer for a convolution with a scheduled engine whose longest chain has the given
// number of rows; it does not compute the schedule.
func (c *Paths) Scheduled(net *intnet.Net, i int, hl hw.Layer, rows int) (p Path, err error) {
	l := &net.Layers[i]
	j := hw.JoinOf(net, l, hl)
	join, err := c.remembered(j, j, loops.Key(hw.Join, ""))
	if err != nil {
		return p, err
	}
	m := hw.ScheduledOf(net, l, hl, rows)
	if p, err = c.of(m, loops.Key(hw.ScheduledProc, "")); err != nil || m.Chains == 1 {
		return p.With(join), err
	}
	collect, err := c.of(hw.CollectOf(l, hl), loops.Key(hw.Collect, ""))
	return p.With(join).With(collect), err
}
