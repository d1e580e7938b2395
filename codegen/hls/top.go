package hls

import (
	"fmt"
	"strings"

	"hass/codegen/project"
	"hass/internal/hw/limits"
	"hass/internal/memory"
)

// chainDepth is the depth of the weight chain's FIFOs, which carry no data at run time.
const chainDepth = 2

// topText fills hls/hass_top.hpp and hls/hass_top.cpp.
type topText struct {
	Name, Signature string
	Words           int // of weights
	Input           project.Port
	Outputs         []project.Port
	Units           []string // source files, by base name
	MaxProcesses    int      // of a DATAFLOW region
	Processes       int
	FIFOs           []fifoText
	Calls           []callText
}

// fifoText is a FIFO of the top.
type fifoText struct {
	Macro, Token, Name string
	Depth              int
	From, To           string
	Memory             memory.Kind
}

// callText is a process of the top.
type callText struct{ Name, Args string }

// signature is the head of a C++ function, one parameter per line.
func signature(name string, params []string) string {
	return fmt.Sprintf("void %s(%s)", name, strings.Join(params, ",\n"+strings.Repeat(" ", len("void (")+len(name))))
}

// top describes the top of the units' functions.
func (p *generator) top(units []unit) topText {
	params := []string{"hls::stream<design::input_axi>& input"}
	for _, o := range p.Outputs {
		params = append(params, fmt.Sprintf("hls::stream<design::%s_axi>& %s", o.Name, o.Name))
	}
	params = append(params, "const hass::word* weights", "int mode", "int images")
	t := topText{
		Name: project.TopName, Signature: signature(project.TopName, params), Words: p.Words, Input: p.Input, Outputs: p.Outputs,
		MaxProcesses: limits.HLS.Limits()[limits.ProcessCount] + limits.ChainEnds, Processes: p.ProcessCount(),
	}
	for i, s := range p.HW.Streams {
		macro := "HASS_STREAM"
		switch {
		case s.Parts() > 1:
			macro = "HASS_WIDE_STREAM"
		case s.Join >= 0:
			macro = "HASS_SKIP_STREAM"
		}
		t.FIFOs = append(t.FIFOs, fifoText{macro, "design::" + beatType(s), s.Name, s.Depth, p.HW.Processes[s.From].Name, p.HW.Processes[s.To].Name, p.HW.FIFOMemory(i)})
	}
	for i := range len(p.Chain) + 1 {
		from, to := p.Loader, p.End
		if i > 0 {
			from = p.HW.Processes[p.Chain[i-1].Process].Name
		}
		if i < len(p.Chain) {
			to = p.HW.Processes[p.Chain[i].Process].Name
		}
		t.FIFOs = append(t.FIFOs, fifoText{"HASS_STREAM", "hass::word", p.ChainName(i), chainDepth, from, to, memory.LUTRAM})
	}
	args := make(map[string]string) // by function
	for _, u := range units {
		t.Units = append(t.Units, u.File)
		for _, fn := range u.Functions {
			args[fn.Name] = strings.Join(fn.args, ", ")
		}
	}
	// The loader comes first and the chain's end last; the others are in topological order.
	call := func(name string) { t.Calls = append(t.Calls, callText{name, args[name]}) }
	call(p.Loader)
	for _, pr := range p.HW.Processes {
		call(pr.Name)
	}
	call(p.End)
	return t
}

// testbenchText fills hls/tb.cpp.
type testbenchText struct {
	Top           string
	Images, Words int
	TensorImages  int // golden images with all tensors
	TensorBytes   int // of one of them
	Tensors       []tensorText
	Ports         []portText // the input first
}

// tensorText is the place of a tensor in data/golden_tensors.bin.
type tensorText struct {
	Process, ID            string
	H, W, C, Px, Ch, Bytes int
	Signed                 bool
	Offset                 int
}

// portText is a port of the testbench.
type portText struct {
	Name, Constant string
	Bytes, Words   int // per word, per image
}

// testbench describes tb/tb.cpp; the rest of tb/ is in the library.
func testbench(p *project.Project) testbenchText {
	list, imageBytes := p.Checked()
	t := testbenchText{Top: project.TopName, Images: len(p.Images), Words: p.Words, TensorImages: p.FullImages(), TensorBytes: imageBytes}
	for _, c := range list {
		x := p.Net.Tensors[c.Tensor]
		t.Tensors = append(t.Tensors, tensorText{c.Process, x.ID, x.H, x.W, x.C, c.Beat.Px, c.Beat.Ch, c.Bytes, x.Format.Signed, c.Offset})
	}
	for _, port := range p.Ports() {
		t.Ports = append(t.Ports, portText{port.Name, strings.ToUpper(port.Name), port.AXIBits / 8, port.Words})
	}
	return t
}
