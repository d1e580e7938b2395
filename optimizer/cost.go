package optimizer

import (
	"hass/internal/design"
	"hass/internal/hw"
	"hass/internal/intnet"
)

// costModel prices the modules of a network on a device family: each module has a formula (area.go). DSPs,
// BRAM and URAM are counts by rule; LUTs and flip-flops are fitted to yosys' synthesis of the modules for 7 series,
// which stands for UltraScale+ as well: its slices differ in carry chains only.
type costModel struct {
	net     *intnet.Net
	family  string
	pixels  []int               // per beat, by tensor; nil is one
	scales  *design.Calibration // or nil
	factors *factors            // of scales
	tally   *tally              // LUTs and flip-flops by formula, if asked for
}

// Cost is the estimate for the modules of one layer (windows, engines, weight memories,
// joins, pools, ...) without the FIFOs between them.
func Cost(net *intnet.Net, layer int, l hw.Layer, family string) design.Resources {
	return costModel{net: net, family: family}.layer(layer, l).Resources()
}

// layer is Cost as a vec.
func (m costModel) layer(i int, hl hw.Layer) design.Vec {
	l := m.net.Layers[i]
	switch l.Kind {
	case intnet.KindConv:
		v := m.layerWindow(&l, hl)
		if hl.Engines() > 1 {
			v = v.Add(m.fork(hl.Engines()))
		}
		v = v.Add(m.gangs(&l, hl))
		return v.Add(m.join(&l, hl))
	case intnet.KindPool:
		return m.layerWindow(&l, hl).Add(m.pool(&l, hl))
	case intnet.KindGlobalPool:
		return m.globalPool(&l, hl)
	}
	return m.pointwise(&l, hl)
}
