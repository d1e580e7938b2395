package project

import (
	"bytes"
	"fmt"
	"path/filepath"
	"slices"

	"hass/internal/design"
	"hass/internal/hw"
	"hass/internal/hw/limits"
	"hass/internal/intnet"
	"hass/internal/memory"
)

// TopName is the name of the generated top function, module and kernel.
const TopName = "hass_top"

// Project is the data about a design that targets may use.
type Project struct {
	Design *design.Design
	Net    *intnet.Net // Design.Net with weights
	HW     *hw.Network
	Board  *Board // nil for a design without a part

	Input   Port
	Outputs []Port // in the order of Net.Outputs

	// The weight chain: the processes that take weight words, in order.
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
	Bits    int // of a lane
	Signed  bool
	AXIBits int // width of TDATA: the lanes side by side, rounded up to a power of two bytes
	Words   int // per image
}

// AXIBytes is the port's TDATA in bytes.
func (port Port) AXIBytes() int { return port.AXIBits / 8 }

// ChainLink is one process of the weight chain.
type ChainLink struct {
	Process int
	Words   int // number of words that it takes
	Forward int // number of words that it passes on, the end mark included
}

// Load prepares the project of a design: weights, golden images, expansion. dir is the folder of the design's side
// files; weights already in d.Net are not read again. images limits the golden images; 0 takes all of the design.
func Load(d *design.Design, dir string, images int) (*Project, error) {
	if d.Net == nil {
		return nil, fmt.Errorf("design: it has no integer network")
	}
	if err := d.Net.Validate(); err != nil {
		return nil, fmt.Errorf("design: %w", err)
	}
	for _, l := range d.Net.Layers {
		if l.Conv != nil && l.Conv.Weights == nil {
			data, err := d.Weights.Read(dir)
			if err != nil {
				return nil, err
			}
			if err := intnet.ReadWeights(bytes.NewReader(data), d.Net); err != nil {
				return nil, fmt.Errorf("side file %s: %w", filepath.Join(dir, d.Weights.Path), err)
			}
			break
		}
	}
	golden, err := d.GoldenImages(dir)
	if err != nil {
		return nil, err
	}
	if images > len(golden) {
		return nil, fmt.Errorf("side file %s: has %d golden images, but %d are asked for", filepath.Join(dir, d.Golden.Path), len(golden), images)
	}
	if images > 0 {
		golden = golden[:images]
	}
	return New(d, golden)
}

// New expands the design. Its network must have its weights.
func New(d *design.Design, images [][]int32) (*Project, error) {
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
	if d.Part != "" {
		if p.Board, err = boardOf(d); err != nil {
			return nil, err
		}
	}
	p.ports()
	p.chain()
	return p, nil
}

// ProcessCount is the number of processes of the DATAFLOW region, the loader
// and the chain's end included.
func (p *Project) ProcessCount() int { return len(p.HW.Processes) + limits.ChainEnds }

// Ports are all ports of the top, the input first.
func (p *Project) Ports() []Port { return append([]Port{p.Input}, p.Outputs...) }

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

// chain routes the weight chain through all engines and joins in process order.
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
	// The names must not collide with a name from the model.
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
		e := p.Engine(pr.Layer)
		return e.Depth * e.WordsPerRow()
	case hw.ScheduledProc:
		m := p.HW.ScheduledModule(pr.Layer)
		return m.ChainWords()
	case hw.Collect:
		return p.Net.Layers[pr.Layer].Conv.OutC
	case hw.Join:
		j := p.Join(pr.Layer)
		return p.Net.Layers[pr.Layer].Conv.OutC * j.WordsPerChannel()
	}
	return 0
}

// ChainName is the FIFO into link i; i = len(p.Chain) gives the one into the chain's end.
func (p *Project) ChainName(i int) string { return fmt.Sprintf("%s%d", p.ChainPrefix, i) }

// Link is the index of a process on the weight chain, -1 if it takes no weights.
func (p *Project) Link(process int) int {
	return slices.IndexFunc(p.Chain, func(k ChainLink) bool { return k.Process == process })
}

// Engine are the parameters of a convolution's engines.
func (p *Project) Engine(layer int) hw.EngineParams {
	return hw.EngineOf(p.Net, &p.Net.Layers[layer], p.HW.Layers[layer])
}

// Join are the parameters of a convolution's join.
func (p *Project) Join(layer int) hw.JoinParams {
	return hw.JoinOf(p.Net, &p.Net.Layers[layer], p.HW.Layers[layer])
}

// Describe describes a layer in one line: its kind, sizes and hardware.
func (p *Project) Describe(layer int) string {
	l, hl := p.Net.Layers[layer], p.HW.Layers[layer]
	in, out := p.Net.Tensors[l.In[0]], p.Net.Tensors[l.Out]
	s := fmt.Sprintf("Layer %s: %s, %dx%dx%d to %dx%dx%d (HWC)", l.ID, l.Kind, in.H, in.W, in.C, out.H, out.W, out.C)
	switch {
	case p.HW.Plans[layer] != nil:
		s += fmt.Sprintf(", %s engine of %d chains of %d banks, %d rows a window", hl.Engine, hl.Scheduled.Chains, hl.N, p.HW.Plans[layer].Rows)
	case l.Kind == intnet.KindConv:
		s += fmt.Sprintf(", %s engines of %d lanes and %d multipliers, %d gangs of %d", hl.Engine, hw.EngineLanes(p.Net, l, hl), hl.N, hl.Gangs(), hl.Gang)
	}
	return s + "."
}
