package optimizer

import (
	"hass/internal/hw"
	"hass/internal/intnet"
)

// costModel prices the modules of a network on a device family: each module has a formula (area.go). DSPs,
// BRAM and URAM are counts by rule; LUTs and flip-flops are fitted to yosys' synthesis of the modules for 7 series,
// which stands for UltraScale+ as well: its slices differ in carry chains only.
type costModel struct {
	net    *intnet.Net
	family string
	pixels []int        // per beat, by tensor; nil is one
	scales *Calibration // or nil
	tally  *tally       // LUTs and flip-flops by formula, if asked for
}

// Cost is the estimate for the modules of one layer (windows, engines, weight memories,
// joins, pools, ...) without the FIFOs between them.
func Cost(net *intnet.Net, layer int, l hw.Layer, family string) Resources {
	return costModel{net: net, family: family}.layer(layer, l).resources()
}

// layer is Cost as a vec.
func (m costModel) layer(i int, hl hw.Layer) vec {
	l := m.net.Layers[i]
	switch l.Kind {
	case intnet.KindConv:
		v := m.layerWindow(&l, hl)
		if hl.Engines() > 1 {
			v = v.add(m.fork(hl.Engines()))
		}
		v = v.add(m.gangs(&l, hl))
		return v.add(m.join(&l, hl))
	case intnet.KindPool:
		return m.layerWindow(&l, hl).add(m.pool(&l, hl))
	case intnet.KindGlobalPool:
		return m.globalPool(&l, hl)
	}
	return m.pointwise(&l, hl)
}
