package codegen

import (
	"fmt"

	"hass/internal/design"
	"hass/internal/hw"
	"hass/internal/intnet"
	"hass/internal/memory"
)

// TopName is the name of the generated top function and kernel.
const TopName = "hass_top"

// Project is everything an Emitter may know about the project being written.
type Project struct {
	Design *design.Design
	Net    *intnet.Net // Design.Net with weights
	HW     *hw.Network

	Input   Port
	Outputs []Port // in the order of Net.Outputs

	// The weight chain: the processes that take words from it, in order.
	Chain       []ChainLink
	ChainPrefix string // chain FIFOs are named <prefix>0, <prefix>1, ...
	Loader, End string // processes at the chain's ends
	Words       int    // 32-bit words in data/weights.bin, the end mark included

	Images [][]int32 // golden inputs, NHWC integers
}

// Port is an AXI4-Stream port of the top.
type Port struct {
	Name    string // input, output0, output1, ...
	Process int    // source or sink
	Tensor  int
	Beat    hw.Beat
	Bits    int // per lane
	Signed  bool
	AXIBits int // TDATA: the lanes side by side, rounded up to a power of two bytes
	Words   int // per image
}

// ChainLink is one process of the weight chain.
type ChainLink struct {
	Process int
	Words   int // that it takes for itself
	Forward int // that it passes on, the end mark included
}

// NewProject expands the design. Its network must have its weights.
func NewProject(d *design.Design, images [][]int32) (*Project, error) {
	n, err := d.Network()
	if err != nil {
		return nil, err
	}
	p := &Project{Design: d, Net: d.Net, HW: n, Images: images}
	names := make(map[string]string)
	claim := func(name, what string) error {
		if other, ok := names[name]; ok {
			return fmt.Errorf("design: %s and %s are both called %q; rename a node of the model", what, other, name)
		}
		names[name] = what
		return nil
	}
	for _, pr := range n.Processes {
		if err := claim(pr.Name, "process"); err != nil {
			return nil, err
		}
	}
	clear(names)
	for _, s := range n.Streams {
		if err := claim(s.Name, "FIFO"); err != nil {
			return nil, err
		}
	}
	for i, l := range d.Net.Layers {
		if l.Conv != nil && d.Layers[i].WeightMem == memory.None {
			return nil, fmt.Errorf("design: layer %s: weight_mem is missing; want lutram, bram or uram", l.ID)
		}
	}
	p.ports()
	p.chain()
	return p, nil
}

// ProcessCount is the number of processes of the DATAFLOW region, the loader
// and the chain's end included.
func (p *Project) ProcessCount() int { return len(p.HW.Processes) + hw.ChainEnds }

func (p *Project) ports() {
	p.Outputs = make([]Port, len(p.Net.Outputs))
	for i, pr := range p.HW.Processes {
		var port Port
		var s hw.Stream
		switch pr.Kind {
		case hw.Source:
			s, port.Name = p.HW.Streams[pr.Out[0]], "input"
		case hw.Sink:
			s, port.Name = p.HW.Streams[pr.In[0]], fmt.Sprintf("output%d", pr.Index)
		default:
			continue
		}
		port.Process, port.Tensor, port.Beat, port.Bits, port.Signed, port.Words = i, s.Tensor, s.Beat, s.Bits, s.Signed, s.Tokens
		port.AXIBits = hw.AXIBits(s.Width())
		if pr.Kind == hw.Source {
			p.Input = port
		} else {
			p.Outputs[pr.Index] = port
		}
	}
}

// chain lays the weight chain through all engines and joins in process order.
func (p *Project) chain() {
	p.Words = 1
	for i, pr := range p.HW.Processes {
		if w := p.chainWords(pr); w > 0 {
			p.Chain = append(p.Chain, ChainLink{Process: i, Words: w})
			p.Words += w
		}
	}
	left := p.Words
	for i := range p.Chain {
		left -= p.Chain[i].Words
		p.Chain[i].Forward = left
	}
	// The names must not meet one that comes from the model.
	taken := make(map[string]bool)
	for _, pr := range p.HW.Processes {
		taken[pr.Name] = true
	}
	unique := func(name string) string {
		for taken[name] {
			name = "w" + name
		}
		return name
	}
	p.Loader, p.End = unique("weights_loader"), unique("weights_end")
	p.ChainPrefix = "weights_chain"
	for clash := true; clash; {
		clash = false
		for i := range len(p.Chain) + 1 {
			for _, s := range p.HW.Streams {
				clash = clash || s.Name == fmt.Sprintf("%s%d", p.ChainPrefix, i)
			}
		}
		if clash {
			p.ChainPrefix = "w" + p.ChainPrefix
		}
	}
}

func (p *Project) chainWords(pr hw.Process) int {
	switch pr.Kind {
	case hw.Engine:
		e := p.engine(pr.Layer)
		return e.Depth * e.WordsPerRow()
	case hw.Join:
		j := p.join(pr.Layer)
		return p.Net.Layers[pr.Layer].Conv.OutC * j.WordsPerChannel()
	}
	return 0
}

// chainName is the FIFO into link i; len(p.Chain) names the one to the chain's end.
func (p *Project) chainName(i int) string { return fmt.Sprintf("%s%d", p.ChainPrefix, i) }

// engine are the parameters of a convolution's engines.
func (p *Project) engine(layer int) hw.EngineParams {
	return hw.EngineOf(p.Net, &p.Net.Layers[layer], p.HW.Layers[layer])
}

// join are the parameters of a convolution's join.
func (p *Project) join(layer int) hw.JoinParams {
	return hw.JoinOf(p.Net, &p.Net.Layers[layer], p.HW.Layers[layer])
}
