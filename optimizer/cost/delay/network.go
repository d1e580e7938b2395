package delay

import (
	"fmt"
	"math"

	"hass/internal/design"
	"hass/internal/hw"
	"hass/internal/memory"
)

// Estimate is the clock of a network of modules in RTL.
type Estimate struct {
	MHz, Low, High float64
	Kind           design.ClockKind
	Slowest        string  // name of the process, or FIFO, with the longest path
	ModuleMHz      float64 // of that module alone
	Derate         float64 // the factor for the fill of the part and the number of modules
}

// An UltraScale+ part of speed grade -2 is about this much faster than a 7 series part of speed grade -1. This is a rule of thumb
// that was not measured here, so its error is wide.
const (
	plusFactor = 1.6
	plusError  = 0.3
)

// leastDerate bounds the derate of networks far larger than the routed ones.
const leastDerate = 0.4

// Network is the clock of a network that uses the given resources of a platform: the clock of its slowest module, times a derate that
// depends on the largest of the shares of LUTs, DSPs and memories and on the number of modules.
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
	case design.FamilyUSPlus, design.FamilyVersal:
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

// DerateTerms are the terms that the coefficients of the derate multiply.
func DerateTerms(fill float64, modules int) (x, y float64) { return fill, log2of(modules) }

// Fill is the largest of the used shares of a part's LUTs, DSPs, block RAMs and ultra RAMs.
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
// pace is left out, because it takes a walk over all windows to compute and affects no path.
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
