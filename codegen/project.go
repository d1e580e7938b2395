package codegen

import (
	"fmt"

	"hass/internal/hw"
	"hass/internal/intnet"
	"hass/optimizer"
)

// TopName is the name of the generated top function and kernel.
const TopName = "hass_top"

// Project is everything an Emitter may know about the project being written.
type Project struct {
	Design *optimizer.Design
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
func NewProject(d *optimizer.Design, images [][]int32) (*Project, error) {
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
	for i, hl := range d.Layers {
		switch hl.WeightMem {
		case "", "lutram", "bram", "uram":
		default:
			return nil, fmt.Errorf("design: layer %s: weight_mem is %.40q; want lutram, bram or uram", d.Net.Layers[i].ID, hl.WeightMem)
		}
	}
	p.ports()
	p.chain()
	return p, nil
}

// window are the parameters of window process i.
func (p *Project) window(i int) hw.WindowParams {
	w := p.HW.Module(i).(hw.WindowParams)
	w.Block = optimizer.BufferMemory(w.WordBits(), w.Depth()) == optimizer.MemBRAM
	return w
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
		return e.depth * e.wordsPerRow()
	case hw.Join:
		j := p.join(pr.Layer)
		return p.Net.Layers[pr.Layer].Conv.OutC * j.wordsPerChannel()
	}
	return 0
}

// chainName is the FIFO into link i; len(p.Chain) names the one to the chain's end.
func (p *Project) chainName(i int) string { return fmt.Sprintf("%s%d", p.ChainPrefix, i) }

// engineShape is what a conv's engines and its weight words depend on. An engine of an elastic layer is a
// bank: banked, of one multiplier.
type engineShape struct {
	m, n, gang, px    int
	banks             int // among which the lanes of a beat are dealt
	beats             int // per window
	depth             int // rows of the weight memory: folds * beats
	weightBits        int
	tokens            int // accumulator tokens per image
	kind              hw.EngineKind
	mem               string
	lookahead         int // weight rows fetched ahead
	mTap, mCh, chans  int // of the window beat; channels that an output channel sees
	taps, outC, lanes int // kernel taps, output channels, output lanes
	depthwise         bool
}

func (p *Project) engine(layer int) engineShape {
	l, hl := p.Net.Layers[layer], p.HW.Layers[layer]
	w := hw.WindowOf(p.Net, l, hl)
	e := engineShape{
		m: hw.EngineLanes(p.Net, l, hl) / hl.Banks(), n: hl.N / hl.Banks(), banks: hl.Banks(), gang: hl.Gang, px: hl.OutPx,
		beats: w.BeatsPerFold(), depth: w.Folds * w.BeatsPerFold(),
		weightBits: l.Conv.WeightBits, tokens: w.PixelGroups() * l.Conv.OutC / hl.OutCh, kind: hl.Engine, mem: hl.WeightMem, lookahead: hl.Lookahead(),
		mTap: hl.MTap, mCh: hl.MCh, chans: w.FoldChannels(), taps: l.Conv.Kernel[0] * l.Conv.Kernel[1], outC: l.Conv.OutC, lanes: hl.OutCh,
	}
	if e.banks > 1 {
		e.kind = hw.Banked
	}
	if p.Net.Depthwise(&l) {
		// A fold is a group of channels here, each alone: its beats are the groups of taps.
		e.depthwise, e.beats, e.mCh, e.chans = true, e.taps/e.mTap, 1, 1
	}
	return e
}

func (e engineShape) row() int         { return e.gang * e.m }
func (e engineShape) perWord() int     { return 32 / e.weightBits }
func (e engineShape) wordsPerRow() int { return (e.row() + e.perWord() - 1) / e.perWord() }

// joinShape is what a conv's join and its bias words depend on.
type joinShape struct {
	folds, outCh, accBits int
	biasFrac              int // places of the biases below the sum's unit
	banks                 int // engines of a gang
	shift, steps          int // smallest shift; number of shifts from it on
}

func (p *Project) join(layer int) joinShape {
	l, hl := p.Net.Layers[layer], p.HW.Layers[layer]
	j := joinShape{folds: l.Conv.OutC / hl.OutCh, outCh: hl.OutCh, accBits: l.Conv.AccBits, biasFrac: l.Conv.BiasFrac, banks: hl.Banks(), shift: l.Conv.Shift[0]}
	most := j.shift
	for _, s := range l.Conv.Shift {
		j.shift, most = min(j.shift, s), max(most, s)
	}
	j.steps = most - j.shift + 1
	return j
}

func (j joinShape) biasWords() int {
	if j.accBits+j.biasFrac > 32 {
		return 2
	}
	return 1
}

func (j joinShape) wordsPerChannel() int {
	if j.steps > 1 {
		return j.biasWords() + 1
	}
	return j.biasWords()
}
