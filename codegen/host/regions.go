package host

import (
	"fmt"

	"hass/codegen/project"
	"hass/internal/hw/place"
)

// region is a region (SLR) of a card and the modules of the SystemVerilog that lie in it.
type region struct {
	SLR     string // its name in Vivado, which counts from the lowest
	Modules []string
}

// regionsOf are the regions in which a design's layers lie; nil if it knows none. A process lies in the region of its layer, a FIFO in that
// of its reader; control and the ends of the weights' chain lie in that of the first layer.
func regionsOf(p *project.Project) []region {
	of := p.Design.RegionOf()
	if of == nil {
		return nil
	}
	modules := make([][]string, len(p.Design.Regions))
	add := func(layer int, name string) { modules[of[layer]] = append(modules[of[layer]], name) }
	for _, name := range []string{"control", "weights_head", "weights_end"} {
		add(0, name)
	}
	at := place.Layers(p.HW)
	for i := range p.HW.Processes {
		add(at[i], p.HW.Processes[i].Name)
	}
	for i, layer := range place.Streams(p.HW, at) {
		add(layer, p.HW.Streams[i].Signal()+"__fifo")
	}
	var list []region
	for i, names := range modules {
		if names != nil {
			list = append(list, region{fmt.Sprintf("SLR%d", i), names})
		}
	}
	return list
}
