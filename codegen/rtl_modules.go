package codegen

import "hass/internal/hw"

// RTLModule is an instance of a module of the RTL library in a design's top.
type RTLModule struct {
	Instance string // process name; of a FIFO s_, the stream's name and __fifo
	Module   hw.Module
}

// control is the register file of the top.
func (p *Project) control() hw.ControlParams {
	return hw.ControlParams{Processes: len(p.HW.Processes), FIFOs: len(p.HW.Streams), Outputs: len(p.Outputs)}
}

// RTLModules lists the instances of the top: control and the ends of the weight chain, processes and FIFOs.
func (p *Project) RTLModules() []RTLModule {
	list := []RTLModule{{"control", p.control()}, {"weights_head", hw.ChainHeadParams{}}, {"weights_end", hw.ChainEndParams{}}}
	for i, pr := range p.HW.Processes {
		list = append(list, RTLModule{pr.Name, p.HW.Module(i)})
	}
	for i := range p.HW.Streams {
		list = append(list, RTLModule{p.signal(i, "fifo"), p.HW.FIFO(i)})
	}
	return list
}

// RTLTop is the text of the top, whose parameter STATS leaves its counters out if it is 0.
func (p *Project) RTLTop() []byte { return p.rtlTop() }
