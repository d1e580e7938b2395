package host

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"unicode/utf16"

	"hass/codegen/project"
	"hass/internal/hw/limits"
	"hass/internal/intnet"
)

// portJSON is a stream and its tensor in the form that the PYNQ driver reads.
type portJSON struct {
	Name      string  `json:"name"`
	H         int     `json:"h"`
	W         int     `json:"w"`
	C         int     `json:"c"`
	Bits      int     `json:"bits"`
	Frac      int     `json:"frac"`            // value = integer * 2^-frac * scale
	Scale     float64 `json:"scale,omitempty"` // 1 if absent
	Signed    bool    `json:"signed"`
	Rounding  string  `json:"rounding,omitempty"` // of values to integers; for the input only
	Px        int     `json:"px"`                 // pixels per beat
	Ch        int     `json:"ch"`                 // channels per beat
	WordBytes int     `json:"word_bytes"`         // TDATA
	Words     int     `json:"words"`              // per image
}

// resultJSON describes how an output of the model is computed from the accelerator's
// outputs.
type resultJSON struct {
	Name   modelName  `json:"name"`
	Output int        `json:"output"` // number of the accelerator's output
	Shape  []int      `json:"shape"`  // of the model's output for one image
	Host   []hostJSON `json:"host"`
}

type hostJSON struct {
	Op    string `json:"op"`
	Shape []int  `json:"shape"` // of its operand
	Axis  int    `json:"axis"`
}

type hostDesign struct {
	Target  string       `json:"target"`
	Top     string       `json:"top"`
	Control *controlJSON `json:"control,omitempty"` // of the SystemVerilog
	Input   portJSON     `json:"input"`
	Outputs []portJSON   `json:"outputs"`
	Preproc struct {
		Divisor float64   `json:"divisor"`
		Mean    []float64 `json:"mean"`
		Std     []float64 `json:"std"`
	} `json:"preproc"`
	Results      []resultJSON `json:"results"`
	WeightWords  int          `json:"weight_words"`
	GoldenImages int          `json:"golden_images"`
	ClockMHz     float64      `json:"clock_mhz"`
}

// controlJSON has the addresses of the SystemVerilog's registers.
type controlJSON struct {
	Registers map[string]int `json:"registers"`
	Processes []string       `json:"processes"` // by number, of counters
	FIFOs     []string       `json:"fifos"`
	Waits     int            `json:"waits"` // the first process's counters
	Most      int            `json:"most"`  // the first FIFO's
}

// The counters of hass_control.sv.
const (
	waitsAt = 0x1000
	mostAt  = 0x4000
)

func controlOf(p *project.Project) *controlJSON {
	c := &controlJSON{Registers: map[string]int{}, Waits: waitsAt, Most: mostAt}
	for _, r := range controlRegisters {
		c.Registers[r.Name] = r.At
	}
	for _, pr := range p.HW.Processes {
		c.Processes = append(c.Processes, pr.Name)
	}
	for _, s := range p.HW.Streams {
		c.FIFOs = append(c.FIFOs, s.Name)
	}
	return c
}

// modelName is untrusted text that becomes plain ASCII JSON: all characters but letters,
// digits and _ . / - are \u escapes, so that no tool that reads the file finds anything
// to interpret.
type modelName string

// MarshalJSON never fails.
func (s modelName) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('"')
	for _, u := range utf16.Encode([]rune(project.CutName(string(s)))) {
		if c := byte(u); u < 0x80 && (project.PlainByte(c) || c == '/' || c == '.' || c == '-') {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, `\u%04x`, u)
		}
	}
	b.WriteByte('"')
	return b.Bytes(), nil
}

func portOf(p *project.Project, port project.Port) portJSON {
	t := p.Net.Tensors[port.Tensor]
	return portJSON{
		Name: port.Name, H: t.H, W: t.W, C: t.C, Bits: port.Bits, Frac: t.Format.Frac, Scale: t.Format.Scale, Signed: port.Signed,
		Px: port.Beat.Px, Ch: port.Beat.Ch, WordBytes: port.AXIBits / 8, Words: port.Words,
	}
}

// designJSON is the constants of host/pynq_driver.py.
func designJSON(p *project.Project, target limits.Target) ([]byte, error) {
	d := p.Design
	h := hostDesign{Target: string(target), Top: project.TopName, Input: portOf(p, p.Input), WeightWords: p.Words, GoldenImages: len(p.Images), ClockMHz: d.Clock.MHz, Results: []resultJSON{}}
	if p.Board.HasPS() {
		h.ClockMHz = float64(p.Board.Setting.Hz()) / 1e6 // the clock of the block design
	}
	if target == limits.RTL {
		h.Control = controlOf(p)
	}
	h.Input.Rounding = p.Net.InputRounding.String()
	h.Preproc.Divisor, h.Preproc.Mean, h.Preproc.Std = d.Preproc.Divisor, d.Preproc.Mean, d.Preproc.Std
	for _, o := range p.Outputs {
		h.Outputs = append(h.Outputs, portOf(p, o))
	}
	list, err := results(p)
	if err != nil {
		return nil, err
	}
	h.Results = list
	out, err := json.MarshalIndent(h, "", "  ")
	return append(out, '\n'), err
}

// results lists the model's outputs. A network without a list (a hand-made one) gives
// its output tensors.
func results(p *project.Project) ([]resultJSON, error) {
	net := p.Net
	list := []resultJSON{}
	if len(net.Results) == 0 {
		for i, o := range net.Outputs {
			t := net.Tensors[o]
			list = append(list, resultJSON{Name: modelName(t.Name), Output: i, Shape: []int{1, t.C, t.H, t.W}, Host: []hostJSON{}})
		}
	}
	if err := net.ValidateResults(); err != nil {
		return nil, fmt.Errorf("design: %w", err)
	}
	if net.Tail != nil { // the driver gives the tail's inputs
		for _, in := range net.Tail.Inputs {
			list = append(list, resultJSON{Name: modelName(in.Name), Output: slices.Index(net.Outputs, in.Tensor), Shape: in.Shape, Host: []hostJSON{}})
		}
	}
	for i, r := range net.Results {
		if r.Tensor == intnet.FromTail {
			continue
		}
		x := resultJSON{Name: modelName(r.Name), Output: net.OutputOf(i), Shape: r.Shape, Host: []hostJSON{}}
		for _, k := range r.Host {
			op := net.Host[k]
			x.Host = append(x.Host, hostJSON{op.Op, op.Shape, op.Axis})
		}
		list = append(list, x)
	}
	return list, nil
}
