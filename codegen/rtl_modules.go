package codegen

import "hass/internal/hw"

// RTLModule is an instance of a module of the RTL library in a design's top.
type RTLModule struct {
	Instance string // process name; of a FIFO s_, the stream's name and __fifo
	Module   string // hass_window, hass_fifo, ...
	Params   []hw.Param
}

// RTLModules lists the instances of the top: control and the ends of the weight chain, processes and FIFOs.
func (p *Project) RTLModules() []RTLModule {
	control := hw.ControlParams{Processes: len(p.HW.Processes), FIFOs: len(p.HW.Streams), Outputs: len(p.Outputs)}
	list := []RTLModule{
		{"control", control.ModuleName(), hw.Params(control)},
		{"weights_head", "hass_weights_head", nil},
		{"weights_end", "hass_weights_end", nil},
	}
	add := func(instance, module string, params []hw.Param) {
		list = append(list, RTLModule{instance, module, params})
	}
	for i, pr := range p.HW.Processes {
		ins := make([]hw.Stream, len(pr.In))
		for k, s := range pr.In {
			ins[k] = p.HW.Streams[s]
		}
		var out hw.Stream
		if len(pr.Out) > 0 {
			out = p.HW.Streams[pr.Out[0]]
		}
		add(pr.Name, rtlModule(pr.Kind), p.rtlParams(i, ins, out))
	}
	for i, s := range p.HW.Streams {
		add(p.signal(i, "fifo"), "hass_fifo", hw.Params(fifoModule(s)))
	}
	return list
}

// RTLTop is the text of the top, whose parameter STATS leaves its counters out if it is 0.
func (p *Project) RTLTop() []byte { return p.rtlTop() }
