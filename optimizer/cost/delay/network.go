package delay

import (
	"fmt"
	"math"

	"hass/internal/design"
	"hass/internal/hw"
	"hass/internal/memory"
)

// Estimate is the clock of a network of modules. It is of the RTL.
type Estimate struct {
	MHz, Low, High float64
	Kind           design.ClockKind
	Slowest        string  // name of the process, or FIFO, with the longest path
	ModuleMHz      float64 // of that module alone
	Derate         float64 // the factor on it of a part that is filled
}

// An UltraScale+ part of speed grade -2 is about so much faster than a 7 series part of -1. It is a rule of thumb that nothing here
// measured, so its error is wide.
const (
	plusFactor = 1.6
	plusError  = 0.3
)

// leastDerate bounds the derate of networks far beyond those that were routed.
const leastDerate = 0.4

// Network is the clock of a network that fills so much of a platform: that of its slowest module, times a derate that follows from the
// fullest of the shares of LUTs, DSPs and memories and from the number of modules.
func Network(n *hw.Network, p design.Platform, used design.Resources) (Estimate, error) {
	slowest, e := 0.0, Estimate{}
	modules := 0
	err := Modules(n, func(name string, m hw.Module) error {
		ns, err := Of(m)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if modules++; ns > slowest {
			slowest, e.Slowest = ns, name
		}
		return nil
	})
	if err != nil {
		return Estimate{}, err
	}
	c, _ := builtIn()
	e.ModuleMHz = 1000 / slowest
	e.Derate = c.network.Derate(Fill(used, p.Resources), modules)
	e.Kind = design.ClockRouted
	spread := c.network.Error
	switch p.Family {
	case design.Family7:
	case design.FamilyUSPlus:
		e.Kind = design.ClockScaled
		e.ModuleMHz *= plusFactor
		spread = math.Hypot(spread, plusError)
	default:
		return Estimate{}, fmt.Errorf("no clock of the family %q is known", p.Family)
	}
	mhz := e.ModuleMHz * e.Derate
	limit := func(v float64) float64 { return math.Round(min(v, p.ClockMHz)*10) / 10 }
	e.MHz, e.Low, e.High = limit(mhz), limit(mhz*(1-spread)), limit(mhz*(1+spread))
	e.ModuleMHz, e.Derate = math.Round(e.ModuleMHz*10)/10, math.Round(e.Derate*1000)/1000
	return e, nil
}

// Derate is the factor on the clock of the slowest module.
func (f *NetworkFit) Derate(fill float64, modules int) float64 {
	x, y := DerateTerms(fill, modules)
	return max(leastDerate, min(1, 1-f.Fill*x-f.Modules*y))
}

// DerateTerms are what the coefficients of the derate multiply.
func DerateTerms(fill float64, modules int) (x, y float64) { return fill, log2of(modules) }

// Fill is the share of a part's LUTs, DSPs, block RAMs and ultra RAMs that is taken, of the fullest.
func Fill(used, all design.Resources) float64 {
	share := 0.0
	u, a := used.Vec(), all.Vec()
	for _, i := range []int{design.LUT, design.DSP, design.BRAM18, design.URAM} {
		if a[i] > 0 {
			share = max(share, float64(u[i])/float64(a[i]))
		}
	}
	return share
}

// Modules calls do for the instances of a network that have a delay: control, processes and FIFOs, by the names of Instances. A window's
// pace, which takes a walk over all windows and changes no path, is left out.
func Modules(n *hw.Network, do func(name string, m hw.Module) error) error {
	if err := do("control", n.Control()); err != nil {
		return err
	}
	for i := range n.Processes {
		if err := do(n.Processes[i].Name, processModule(n, i)); err != nil {
			return err
		}
	}
	for i := range n.Streams {
		if err := do("s_"+n.Streams[i].Name+"__fifo", n.FIFO(i)); err != nil {
			return err
		}
	}
	return nil
}

// processModule are the parameters of process i, without a window's pace.
func processModule(n *hw.Network, i int) hw.Module {
	p := &n.Processes[i]
	if p.Kind != hw.WindowProc {
		return n.Module(i)
	}
	in, out := &n.Streams[p.In[0]], &n.Streams[p.Out[0]]
	m := p.Window.PaceFree(in.Bits)
	m.Signed, m.Flags = in.Signed, out.Flags > 0
	m.Block = m.Buffer(&n.Layers[p.Layer]) == memory.BRAM
	return m
}
