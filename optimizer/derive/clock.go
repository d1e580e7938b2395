package derive

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"

	"hass/internal/design"
	"hass/internal/hw"
	"hass/internal/hw/limits"
	"hass/optimizer/cost/delay"
	"hass/optimizer/cost/loops"
)

// The clock of a design follows from its modules: in RTL from the slowest path, by a model of place and route; in C++
// from the recurrence of the slowest loop.

// Path is the delay of the slowest path of some modules, in ns.
type Path struct {
	RTL float64 // of the RTL, each module on its own
	HLS float64 // recurrence of a C++ loop
}

// AnyPath is a limit that every path keeps.
var AnyPath = Path{math.Inf(1), math.Inf(1)}

// With is the slower of the two paths, for RTL and HLS separately.
func (p Path) With(o Path) Path { return Path{max(p.RTL, o.RTL), max(p.HLS, o.HLS)} }

// Within reports whether a path keeps a limit.
func (p Path) Within(limit Path) bool { return p.RTL <= limit.RTL && p.HLS <= limit.HLS }

// pathStep is the ratio below which choices are not distinguished by their paths in RTL: the error of the delay model is
// larger.
const pathStep = 1.03

// Level is a path in steps: choices of one level are treated alike.
func (p Path) Level() [2]int16 {
	level := [2]int16{math.MinInt16, int16(math.Round(p.HLS * 100))}
	if p.RTL > 0 {
		level[0] = int16(math.Ceil(math.Log(p.RTL)/math.Log(pathStep) - FloatError))
	}
	return level
}

// Whole extends a limit to the end of its level: a limit within a level would keep only some of its choices.
func (p Path) Whole() Path {
	if p.RTL > 0 && !math.IsInf(p.RTL, 1) {
		p.RTL = math.Pow(pathStep, math.Floor(math.Log(p.RTL)/math.Log(pathStep)+FloatError)) * (1 + FloatError)
	}
	return p
}

// Clocking holds the inputs of a clock besides the network.
type Clocking struct {
	Target   limits.Target
	Platform design.Platform
	Asked    float64            // MHz; 0: the best clock
	Scale    *design.ClockScale // of a user's timing report, or nil
}

// ScaleOf is the calibration of the clock, or nil.
func ScaleOf(c *design.Calibration) *design.ClockScale {
	if c == nil {
		return nil
	}
	return c.Clock
}

// CheckScale refuses a calibration of the clock of another family.
func CheckScale(c *design.Calibration, p design.Platform) error {
	if s := ScaleOf(c); s != nil && s.Family != p.Family {
		return fmt.Errorf("the calibration's clock is of a part of family %s (%.40q), platform %s is of %s", s.Family, s.Part, p.Name, p.Family)
	}
	return nil
}

// Top is the highest useful clock.
func (c *Clocking) Top() float64 {
	if c.Asked > 0 {
		return c.Asked
	}
	return c.Platform.ClockMHz
}

// Reached tells whether a design's modules reach the clock that was asked for, if one was.
func (c *Clocking) Reached(e *Estimate) bool { return c.Asked <= e.Modules*(1+FloatError) }

// unlimited is a clock for platforms that shall not limit an estimate.
const unlimited = 1e6

// Estimate is a clock, with the figures that convert it to limits on paths.
type Estimate struct {
	design.Clock
	// Modules is the clock in MHz that the modules reach, without the limits of the platform and of a requested clock.
	Modules float64

	rtl   float64 // of the RTL's modules, MHz
	slack float64 // MHz times ns of the RTL: in this design a path of p ns allows slack/p MHz
	rest  Path    // of modules that do not depend on the choice: FIFOs, ports, the register file
}

// PathsAt is the longest path that modules may have at a clock in a design as full as this one.
func (e *Estimate) PathsAt(mhz float64) Path {
	return Path{RTL: e.slack / mhz * (1 + FloatError), HLS: design.LoopBudget(mhz) * (1 + FloatError)}
}

// At is the clock of modules with these paths, together with the modules that do not depend on the choice, in a design as
// full as this one.
func (e *Estimate) At(p Path) float64 {
	p, mhz := p.With(e.rest), math.Inf(1)
	if p.RTL > 0 {
		mhz = e.slack / p.RTL
	}
	if p.HLS > 0 {
		mhz = min(mhz, loops.MHz(p.HLS))
	}
	return mhz
}

// Limits names the slowest module.
func (e *Estimate) Limits() string {
	if e.Modules < e.rtl {
		return "the loop of " + e.Loop
	}
	return e.Slowest
}

// wholeMHz rounds an estimated clock down to whole MHz, the unit in which tools are asked for it.
func wholeMHz(mhz float64) float64 { return max(1, math.Floor(mhz*(1+FloatError))) }

// Of is the clock of a network that uses the given resources of the platform's part.
func (c *Clocking) Of(n *hw.Network, used design.Resources) (*Estimate, error) {
	e := &Estimate{Modules: math.Inf(1), rtl: math.Inf(1), slack: math.Inf(1)}
	e.Limit, e.Asked = c.Platform.ClockMHz, c.Asked
	if c.Target.Includes(limits.HLS) {
		for i := range n.Processes {
			ns, err := loops.Of(loops.KeyOf(n, i))
			if err != nil {
				return nil, err
			}
			if ns > e.LoopNs {
				e.Loop, e.LoopNs = n.Processes[i].Name, ns
			}
		}
		e.Modules, e.Kind = loops.MHz(e.LoopNs), design.ClockScheduled
	}
	if c.Target.Includes(limits.RTL) {
		if err := c.routed(e, n, used); err != nil {
			return nil, err
		}
	}
	if e.MHz = min(wholeMHz(e.Modules), e.Limit); e.Asked > 0 && e.Modules*(1+FloatError) >= e.Asked {
		e.MHz = min(e.Asked, e.Limit)
	}
	if e.High > 0 {
		// A requested clock is within the range of the estimate.
		e.High = max(e.High, e.MHz)
	}
	return e, nil
}

// routed sets the fields that follow from the RTL.
func (c *Clocking) routed(e *Estimate, n *hw.Network, used design.Resources) error {
	free := c.Platform
	free.ClockMHz = unlimited
	d, err := delay.Network(n, free, used)
	if err != nil {
		return err
	}
	slowest := 0.0
	err = delay.Modules(n, func(name string, m hw.Module) error {
		ns, err := delay.Of(m)
		if name == d.Slowest {
			slowest = ns
		}
		switch m.(type) {
		case hw.ControlParams, hw.FIFOParams, hw.SourceParams, hw.SinkParams:
			e.rest.RTL = max(e.rest.RTL, ns)
		}
		return err
	})
	if err != nil {
		return err
	}
	low, high, scale := d.Low/d.MHz, d.High/d.MHz, 1.0
	e.Kind = d.Kind
	if c.Scale != nil {
		// A report of the part itself: the remaining error is the spread of designs, as on the family to which the model
		// was fitted.
		e.Kind, scale = design.ClockReported, c.Scale.Factor
		free.Family = design.Family7
		fitted, err := delay.Network(n, free, used)
		if err != nil {
			return err
		}
		low, high = fitted.Low/fitted.MHz, fitted.High/fitted.MHz
	}
	e.rtl = d.MHz * scale
	e.slack = e.rtl * slowest
	e.Slowest, e.ModuleMHz, e.Derate = d.Slowest, d.ModuleMHz, d.Derate
	e.Modules = min(e.Modules, e.rtl)
	capped := func(mhz float64) float64 { return min(wholeMHz(mhz), e.Limit) }
	e.Low, e.High = capped(min(e.rtl*low, e.Modules)), capped(min(e.rtl*high, max(e.Modules, loopLimit(e))))
	return nil
}

// loopLimit is the clock that the C++ loops allow, if there are any.
func loopLimit(e *Estimate) float64 {
	if e.LoopNs == 0 {
		return math.Inf(1)
	}
	return loops.MHz(e.LoopNs)
}

// Explain names the module that limits a design's clock, and the clock without modules of that kind.
func (e *Estimate) Explain(n *hw.Network) (string, error) {
	c := &e.Clock
	if e.Modules >= c.MHz+1 {
		why := "as asked for"
		if c.Asked == 0 {
			why = "the platform's own"
		}
		return fmt.Sprintf("clock: %v, %s; the modules are good for %.0f MHz, of which %s is slowest", c, why, e.Modules, e.Limits()), nil
	}
	kinds := map[string]float64{}
	kind := "" // of the slowest
	var err error
	looped := e.Modules < e.rtl
	if looped {
		for i := range n.Processes {
			key := loops.KeyOf(n, i)
			if kinds[key], err = loops.Of(key); err != nil {
				return "", err
			}
			if n.Processes[i].Name == c.Loop {
				kind = key
			}
		}
	} else {
		err = delay.Modules(n, func(name string, m hw.Module) error {
			ns, err := delay.Of(m)
			kinds[m.ModuleName()] = max(kinds[m.ModuleName()], ns)
			if name == c.Slowest {
				kind = m.ModuleName()
			}
			return err
		})
		if err != nil {
			return "", err
		}
	}
	next := ""
	for _, key := range slices.Sorted(maps.Keys(kinds)) {
		if key != kind && kinds[key] > kinds[next] {
			next = key
		}
	}
	line := fmt.Sprintf("clock: %v: %s (%s) limits it", c, e.Limits(), kind)
	if next == "" {
		return line, nil
	}
	other := e.slack / kinds[next]
	if looped {
		other = loops.MHz(kinds[next])
	}
	return line + fmt.Sprintf("; modules of the other kinds are good for %.0f MHz (%s)", other, next), nil
}

// ModuleClock is the clock in MHz that a module is good for.
type ModuleClock struct {
	Name string // of the process, of the FIFO as an instance, or control
	Kind string // of the module of the RTL, or of the loop of the C++
	MHz  float64
}

// ModuleClocks are the clocks that the modules of a design are good for in a part as full as this one, whatever the platform and
// whatever was asked for: slowest first, equal ones in the order of the network. They are of the RTL, or of the C++ loops of a design for
// HLS alone. n is the design's network.
func ModuleClocks(d *design.Design, n *hw.Network) ([]ModuleClock, error) {
	e, err := clocking(d).Of(n, d.Total)
	if err != nil {
		return nil, err
	}
	var list []ModuleClock
	if d.Target.Includes(limits.RTL) {
		err = delay.Modules(n, func(name string, m hw.Module) error {
			ns, err := delay.Of(m)
			list = append(list, ModuleClock{name, m.ModuleName(), e.slack / ns})
			return err
		})
	} else {
		for i := range n.Processes {
			key := loops.KeyOf(n, i)
			var ns float64
			if ns, err = loops.Of(key); err != nil {
				break
			}
			if ns > 0 { // a loop without a recurrence has any clock
				list = append(list, ModuleClock{n.Processes[i].Name, key, loops.MHz(ns)})
			}
		}
	}
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(list, func(a, b ModuleClock) int { return cmp.Compare(a.MHz, b.MHz) })
	return list, nil
}
