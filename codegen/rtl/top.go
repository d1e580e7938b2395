package rtl

import (
	"fmt"
	"slices"
	"strings"

	"hass/codegen/project"
	"hass/internal/hw"
	"hass/templates"
)

// topText fills rtl/hass_top.sv. High is the highest bit of a vector.
type topText struct {
	Name                string
	Words               int // of weights
	Input               axisText
	Outputs             []axisText
	WaitsHigh, MostHigh int
	DoneHigh            int
	ImageDone           string // one bit for each output
	Control             []hw.Param
	Links, LinksHigh    int // of the weight chain
	LastValid, LastWord string
	FIFOs               []fifoText
	Groups              []groupText
}

// axisText is an AXI4-Stream port.
type axisText struct {
	Name              string
	Bits, High, Words int
}

// fifoText is a FIFO.
type fifoText struct {
	Index       int
	From, To    string
	Beat        hw.Beat
	Bits        int    // of a lane
	Signal      string // prefix of its signals
	InHigh      int    // of the written word: the FIFO's word and above it the flags that its reader gets beside it
	High        int    // of a word
	Params      []hw.Param
	Depth, Most int // Most is the lowest bit of its high-water mark
}

// groupText is the processes of a layer, or one process between layers.
type groupText struct {
	About     string // the layer, or ""
	Processes []processText
}

// processText is a process. It writes the signal Written, which Deals or Parts split or Copies
// duplicate.
type processText struct {
	Instance instanceText
	Written  string
	High     int // of Written, if that is a separate signal; otherwise 0
	Deals    []instanceText
	Parts    []portText // signals, each a part of Written
	Copies   []string
}

// instanceText is an instance of a module.
type instanceText struct {
	Module, Name string
	Params       []hw.Param
	Ports        []portText
}

// portText connects a port.
type portText struct{ Name, Signal string }

// generator writes the SystemVerilog of a project.
type generator struct{ *project.Project }

// Top is rtl/hass_top.sv. Its parameter STATS = 0 removes the counters.
func Top(p *project.Project) ([]byte, error) {
	return templates.Glue("rtl/hass_top.sv", (&generator{p}).top())
}

// concat concatenates signals, the first lowest.
func concat(names []string) string {
	if len(names) == 1 {
		return names[0]
	}
	names = slices.Clone(names)
	slices.Reverse(names)
	return "{" + strings.Join(names, ", ") + "}"
}

// signals are the names of one signal of several streams.
func (p *generator) signals(streams []int, signal string) []string {
	var names []string
	for _, s := range streams {
		names = append(names, p.signal(s, signal))
	}
	return names
}

func (p *generator) signal(stream int, signal string) string {
	return p.prefix(stream) + "__" + signal
}

// prefix is the prefix of a stream's signals.
func (p *generator) prefix(stream int) string { return p.HW.Streams[stream].Signal() }

func axis(port project.Port) axisText {
	return axisText{port.Name, port.AXIBits, port.AXIBits - 1, port.Words}
}

// top describes control, weight chain, FIFOs and processes.
func (p *generator) top() topText {
	last := len(p.Chain)
	t := topText{
		Name: project.TopName, Words: p.Words, Input: axis(p.Input),
		WaitsHigh: 2*len(p.HW.Processes) - 1, MostHigh: 16*len(p.HW.Streams) - 1, DoneHigh: len(p.Outputs) - 1,
		Control: hw.Params(p.HW.Control()),
		Links:   last, LinksHigh: 32*(last+1) - 1,
		LastValid: fmt.Sprintf("chain_valid[%d]", last), LastWord: chainWord(last),
	}
	var done []string
	for _, o := range p.Outputs {
		t.Outputs = append(t.Outputs, axis(o))
		done = append(done, fmt.Sprintf("m_axis_%s_tvalid && m_axis_%s_tready && m_axis_%s_tlast", o.Name, o.Name, o.Name))
	}
	t.ImageDone = concat(done)
	for i := range t.Control {
		if t.Control[i].Name == "STATS" {
			t.Control[i].Value = "STATS" // the top's own parameter
		}
	}
	for i, s := range p.HW.Streams {
		f := p.HW.FIFO(i)
		t.FIFOs = append(t.FIFOs, fifoText{
			Index: i, From: p.HW.Processes[s.From].Name, To: p.HW.Processes[s.To].Name, Beat: s.Beat, Bits: s.Bits,
			Signal: p.prefix(i), InHigh: s.TokenBits() - 1, High: f.Width - 1, Params: hw.Params(f), Depth: s.Depth, Most: 16 * i,
		})
	}
	layer := -2
	for i, pr := range p.HW.Processes {
		if pr.Layer != layer || layer < 0 {
			var g groupText
			if pr.Layer >= 0 {
				g.About = p.Describe(pr.Layer)
			}
			t.Groups, layer = append(t.Groups, g), pr.Layer
		}
		g := &t.Groups[len(t.Groups)-1]
		g.Processes = append(g.Processes, p.process(i))
	}
	return t
}

// chainWord is the word on the weight chain into a link.
func chainWord(link int) string { return fmt.Sprintf("chain_word[%d:%d]", 32*link+31, 32*link) }

// process describes process i.
func (p *generator) process(i int) processText {
	pr := p.HW.Processes[i]
	deal, deals := hw.DealParams{}, false
	if pr.Kind == hw.Fork {
		deal, deals = p.HW.Deal(&pr)
	}
	var t processText
	apart := pr.Kind == hw.ScheduledProc && len(pr.Out) > 1 // each output has its own tokens
	switch {
	case apart:
		t.Written, t.High = p.signal(pr.Out[0], "all"), len(pr.Out)*p.HW.Streams[pr.Out[0]].Width()-1
	case deals:
		t.Written, t.High = p.signal(pr.Out[0], "all"), p.HW.Streams[pr.In[0]].TokenBits()-1
	case len(pr.Out) > 0:
		t.Written = p.signal(pr.Out[0], "in")
	}
	ports := []portText{{"clk", "clk"}, {"rst", "rst"}}
	add := func(name, signal string) { ports = append(ports, portText{name, signal}) }
	if pr.Kind == hw.Source || pr.Kind == hw.WindowProc || pr.Kind == hw.ScheduledProc {
		add("start", "start")
		add("images", "images")
	}
	if pr.Kind == hw.Collect {
		add("start", "start")
	}
	if pr.Kind == hw.Source {
		for _, s := range []string{"tdata", "tvalid", "tready"} {
			add("s_axis_"+s, "s_axis_input_"+s)
		}
	}
	if link := p.Link(i); link >= 0 {
		add("load", "load")
		add("chain_valid", fmt.Sprintf("chain_valid[%d]", link))
		add("chain_word", chainWord(link))
		add("next_valid", fmt.Sprintf("chain_valid[%d]", link+1))
		add("next_word", chainWord(link+1))
	}
	if pr.Kind == hw.Engine {
		// An engine counts its tokens as they are written; one that skips zeros reads their flags.
		add("written", p.signal(pr.In[0], "push"))
		if s := p.HW.Streams[pr.In[0]]; s.Flags > 0 {
			add("flags", fmt.Sprintf("%s[%d:%d]", p.signal(pr.In[0], "in"), s.TokenBits()-1, s.Width()))
		} else {
			add("flags", "1'b0")
		}
	}
	if len(pr.In) > 0 {
		add("valid", concat(p.signals(pr.In, "valid")))
		if pr.Kind == hw.Add || pr.Kind == hw.Mul {
			add("in0", p.signal(pr.In[0], "out"))
			add("in1", p.signal(pr.In[1], "out"))
		} else {
			add("in", concat(p.signals(pr.In, "out")))
		}
		add("read", concat(p.signals(pr.In, "read")))
		add("pop", concat(p.signals(pr.In, "pop")))
	}
	if len(pr.Out) > 0 {
		add("room", concat(p.signals(pr.Out, "room")))
		add("issue", concat(p.signals(pr.Out, "issue")))
		add("push", concat(p.signals(pr.Out, "push")))
		add("out", t.Written)
	}
	if pr.Kind == hw.Sink {
		for _, s := range []string{"tdata", "tvalid", "tlast", "tready"} {
			add("m_axis_"+s, "m_axis_"+p.Outputs[pr.Index].Name+"_"+s)
		}
	}
	add("waits", fmt.Sprintf("waits[%d+:2]", 2*i))
	module := p.HW.Module(i)
	t.Instance = instanceText{module.ModuleName(), pr.Name, hw.Params(module), ports}
	if deals {
		for k, s := range pr.Out {
			deal.Bank = k % deal.Banks
			t.Deals = append(t.Deals, instanceText{deal.ModuleName(), p.signal(s, "bank"), hw.Params(deal), []portText{{"in", t.Written}, {"out", p.signal(s, "in")}}})
		}
		return t
	}
	if apart {
		for k, s := range pr.Out {
			width := p.HW.Streams[s].Width()
			t.Parts = append(t.Parts, portText{p.signal(s, "in"), fmt.Sprintf("%s[%d:%d]", t.Written, (k+1)*width-1, k*width)})
		}
		return t
	}
	for k := 1; k < len(pr.Out); k++ {
		t.Copies = append(t.Copies, p.signal(pr.Out[k], "in"))
	}
	return t
}
