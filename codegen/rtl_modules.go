package codegen

import (
	"fmt"

	"hass/internal/hw"
)

// RTLModule is an instance of a module of the RTL library in a design's top.
type RTLModule struct {
	Instance string // process name; of a FIFO s_, the stream's name and __fifo
	Module   string // hass_window, hass_fifo, ...
	Params   []RTLParam
}

// RTLParam is a parameter of an instance; Value is SystemVerilog text.
type RTLParam struct{ Name, Value string }

// RTLModules lists the instances of the top: control and the ends of the weight chain, processes and FIFOs.
func (p *Project) RTLModules() []RTLModule {
	list := []RTLModule{
		{"control", "hass_control", []RTLParam{
			{"PROCESSES", fmt.Sprint(len(p.HW.Processes))}, {"FIFOS", fmt.Sprint(len(p.HW.Streams))},
			{"OUTPUTS", fmt.Sprint(len(p.Outputs))}, {"STATS", "0"},
		}},
		{"weights_head", "hass_weights_head", nil},
		{"weights_end", "hass_weights_end", nil},
	}
	add := func(instance, module string, params []param) {
		m := RTLModule{Instance: instance, Module: module}
		for _, q := range params {
			m.Params = append(m.Params, RTLParam{q.name, q.value})
		}
		list = append(list, m)
	}
	for _, pr := range p.HW.Processes {
		ins := make([]hw.Stream, len(pr.In))
		for k, s := range pr.In {
			ins[k] = p.HW.Streams[s]
		}
		var out hw.Stream
		if len(pr.Out) > 0 {
			out = p.HW.Streams[pr.Out[0]]
		}
		add(pr.Name, rtlModule(pr.Kind), p.rtlParams(pr, ins, out))
	}
	for i, s := range p.HW.Streams {
		add(p.signal(i, "fifo"), "hass_fifo", rtlFIFOParams(s))
	}
	return list
}

// RTLTop is the text of the top, whose parameter STATS leaves its counters out if it is 0.
func (p *Project) RTLTop() []byte { return p.rtlTop() }
