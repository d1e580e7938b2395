// Package cost prices the modules of the RTL library from their typed parameters (internal/hw).
//
// It takes parameters, a device family and optionally a user's calibration; it gives counts of DSPs, LUTs,
// flip-flops and memories, and the error of LUTs and flip-flops. The same functions price a choice of the
// optimizer, a design that is read back, and a point of the synthesis sweep. It chooses nothing.
package cost

import (
	"hass/internal/design"
	"hass/internal/hw"
	"hass/internal/intnet"
)

// Model prices the modules of a network on a device family: each module has a formula (area.go). DSPs, BRAM and
// URAM are counts by rule; LUTs and flip-flops are fitted to yosys' synthesis of the modules for 7 series. The same
// fit serves UltraScale+, whose slices differ in carry chains only.
type Model struct {
	Net    *intnet.Net
	Family string
	Scales *design.Calibration // a user's own, or nil

	factors *factors // of Scales
	tally   *tally   // LUTs and flip-flops by formula, if asked for
}

// New is the model of a network on a device family, scaled by a calibration if it is not nil.
func New(net *intnet.Net, family string, scales *design.Calibration) Model {
	return Model{Net: net, Family: family, Scales: scales, factors: factorsOf(scales)}
}

// Layer is the cost of the modules of one layer (windows, engines, weight memories,
// joins, pools, ...) without the FIFOs between them.
func (m Model) Layer(i int, hl hw.Layer) design.Vec {
	l := m.Net.Layers[i]
	switch l.Kind {
	case intnet.KindConv:
		v := m.LayerWindow(&l, hl)
		if hl.Engine.Row().Static {
			s, _ := m.rowsOf(&l, hl)
			return v.Add(m.scheduled(&l, hl, s)).Add(m.join(&l, hl))
		}
		if hl.Engines() > 1 {
			v = v.Add(m.Fork(hl.Engines()))
		}
		v = v.Add(m.gangs(&l, hl))
		return v.Add(m.join(&l, hl))
	case intnet.KindPool:
		return m.LayerWindow(&l, hl).Add(m.pool(&l, hl))
	case intnet.KindGlobalPool:
		return m.globalPool(&l, hl)
	}
	return m.pointwise(&l, hl)
}
