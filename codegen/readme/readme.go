package readme

import (
	"fmt"
	"strings"

	"hass/codegen/project"
	"hass/internal/design"
	"hass/internal/fixed"
	"hass/internal/hw"
	"hass/internal/hw/limits"
	"hass/internal/hw/live"
	"hass/internal/intnet"
	"hass/templates"
)

// page fills TARGET/README.md. Names of the model and the platform are safe in Markdown.
type page struct {
	Top, Model, Platform string
	Board                *project.Board // nil for a design without a part
	Clock                *clock         // nil where none is known
	Input                port
	Outputs              []port
	Words                int // of weights
	Processes, FIFOs     int
	Images, FullImages   int // golden images; images stored with all tensors
	Spread               int // regions (SLRs) in which layers lie; 0 where it counts as one

	Predicted     *design.Prediction // nil if there is none
	Bottleneck    string
	Calibration   string
	Total, Budget design.Resources
	Fits          bool

	Layers   []layer
	Priced   bool // the layers have costs
	Deadlock string
	Counters []counter

	LayerNames, TensorNames []name
	Host                    []hostOp
	Tail                    []string // values that are inputs of the host's tail
}

// clock is the design's clock in words.
type clock struct {
	Text               string  // with its kind and range
	PeriodNs           float64 // for scripts
	Slowest            string  // process, or FIFO, with the longest path; "" for a design for HLS alone
	SlowestNs, Derate  float64 // of that path alone, and the derate
	Loop               string  // process with the longest recurrence; "" for a design for RTL alone
	LoopNs, LoopBudget float64 // the slowest loop's recurrence, and the longest that the clock allows
}

func clockOf(d *design.Design) *clock {
	c := &d.Clock
	if c.Kind == "" {
		return nil
	}
	k := &clock{Text: c.String(), PeriodNs: 1000 / c.MHz, Slowest: c.Slowest, Derate: c.Derate, Loop: c.Loop, LoopNs: c.LoopNs, LoopBudget: design.LoopBudget(c.MHz)}
	if c.ModuleMHz > 0 {
		k.SlowestNs = 1000 / c.ModuleMHz
	}
	return k
}

// port is a stream of the top and its tensor.
type port struct {
	project.Port
	H, W, C int
	Format  fixed.Format
	Px, Ch  int // of a beat
}

// layer is a row of the table of layers.
type layer struct {
	ID      string
	Kind    intnet.Kind
	H, W, C int
	Px, Ch  int               // of a beat
	Engine  *engine           // of a convolution
	Cost    *design.LayerCost // nil without one
}

// engine is the hardware of a convolution.
type engine struct {
	Kind              hw.EngineKind
	M, N, Gangs, Gang int
}

// counter is a row of the counter registers: a process and a FIFO of the same number,
// either of which may be missing.
type counter struct {
	Index         int
	Process, FIFO string
	Depth         int
}

// name is an identifier and the model's name for it.
type name struct{ ID, Name string }

// hostOp is an operator that the host runs.
type hostOp struct{ Op, Name string }

// File is README.md of a project for a target.
func File(p *project.Project, target limits.Target) (project.File, error) {
	data, err := templates.Glue(string(target)+"/README.md", pageOf(p))
	return project.File{Path: "README.md", Data: data}, err
}

func pageOf(p *project.Project) page {
	d := p.Design
	g := page{
		Top: project.TopName, Model: text(d.Model), Platform: text(d.Platform), Board: p.Board, Clock: clockOf(d),
		Input: portOf(p, p.Input), Words: p.Words, Processes: p.ProcessCount(), FIFOs: len(p.HW.Streams) + len(p.Chain) + 1,
		Images: len(p.Images), FullImages: p.FullImages(), Spread: d.Spread(),
		Calibration: calibration(d), Total: d.Total, Budget: d.Budget, Fits: d.Fits, Priced: len(d.Costs) > 0,
	}
	for _, o := range p.Outputs {
		g.Outputs = append(g.Outputs, portOf(p, o))
	}
	if d.Predicted.CyclesPerImage > 0 {
		g.Predicted = &d.Predicted
	}
	if d.Predicted.Bottleneck != "" {
		g.Bottleneck = text(d.Predicted.Bottleneck)
	}
	costs := make(map[string]*design.LayerCost)
	for i, c := range d.Costs {
		costs[c.Layer] = &d.Costs[i]
	}
	for i, l := range p.Net.Layers {
		t, hl := p.Net.Tensors[l.Out], p.HW.Layers[i]
		row := layer{ID: l.ID, Kind: l.Kind, H: t.H, W: t.W, C: t.C, Px: hl.OutPx, Ch: hl.OutCh, Cost: costs[l.ID]}
		if l.Kind == intnet.KindConv {
			row.Engine = &engine{hl.Engine, hw.EngineLanes(p.Net, l, hl), hl.N, hl.Gangs(), hl.Gang}
			if hl.Engine.Row().Static {
				row.Engine.Gangs = hl.Scheduled.Chains
			}
		}
		g.Layers = append(g.Layers, row)
		g.LayerNames = append(g.LayerNames, name{l.ID, text(l.Name)})
	}
	for _, t := range p.Net.Tensors {
		g.TensorNames = append(g.TensorNames, name{t.ID, text(t.Name)})
	}
	if p.Net.Tail != nil {
		for _, in := range p.Net.Tail.Inputs {
			g.Tail = append(g.Tail, text(in.Name))
		}
	}
	for _, h := range p.Net.Host {
		g.Host = append(g.Host, hostOp{text(h.Op), text(h.Name)})
	}
	if _, err := live.Prove(p.HW); err != nil {
		g.Deadlock = text(err.Error())
	}
	for i := range max(len(p.HW.Processes), len(p.HW.Streams)) {
		c := counter{Index: i}
		if i < len(p.HW.Processes) {
			c.Process = p.HW.Processes[i].Name
		}
		if i < len(p.HW.Streams) {
			c.FIFO, c.Depth = p.HW.Streams[i].Name, p.HW.Streams[i].Depth
		}
		g.Counters = append(g.Counters, c)
	}
	return g
}

func portOf(p *project.Project, x project.Port) port {
	t := p.Net.Tensors[x.Tensor]
	return port{x, t.H, t.W, t.C, t.Format, x.Beat.Px, x.Beat.Ch}
}

// calibration labels estimates.
func calibration(d *design.Design) string {
	if d.Calibrated && d.CostModel.Tool == "" {
		return "cost formulas fitted to synthesis"
	}
	if d.Calibrated {
		return fmt.Sprintf("of the RTL; cost formulas fitted to %s, %s: LUT +- %.0f %%, FF +- %.0f %%", d.CostModel.Tool, d.CostModel.Date, 100*d.CostModel.LUTError, 100*d.CostModel.FFError)
	}
	return "**uncalibrated**: cost formulas not fitted to synthesis"
}

// text makes untrusted text safe in Markdown, including tables: letters, digits, blanks
// and - stay, all other characters become character references, which neither a
// Markdown reader nor a shell into which the text is pasted interprets. Control
// characters are shown by their number.
func text(s string) string {
	s = project.CutName(s)
	if s == "" {
		return "(no name)"
	}
	var b strings.Builder
	for i, r := range s {
		switch {
		case r < 0x80 && (project.PlainByte(byte(r)) && r != '_' || r == '-' && i > 0 || r == ' ' && i > 0):
			b.WriteRune(r)
		case r < 0x20 || r >= 0x7f && r < 0xa0 || r >= 0x2028 && r <= 0x202e || r >= 0x2066 && r <= 0x2069:
			fmt.Fprintf(&b, "(U+%04X)", r)
		default:
			fmt.Fprintf(&b, "&#%d;", r)
		}
	}
	return b.String()
}
