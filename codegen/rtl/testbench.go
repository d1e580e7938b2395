package rtl

import (
	"fmt"

	"hass/codegen/project"
	"hass/internal/hw"
	"hass/templates"
)

// maxTimeout bounds the number of cycles without an output word that the testbench treats as a deadlock.
// With stalls the testbench multiplies it by up to 50, and it counts in 32 bits.
const maxTimeout = 40_000_000

// timeout is the number of cycles without an output word that can only be a deadlock: more
// than an image needs even if the layers work one after the other, each at its slowest.
func timeout(p *project.Project) int {
	worst := make(map[int]int) // by layer
	for _, pr := range p.HW.Processes {
		tokens := 0
		for _, s := range append(append([]int(nil), pr.In...), pr.Out...) {
			tokens = max(tokens, p.HW.Streams[s].Tokens)
		}
		if pr.Kind == hw.Engine {
			e := p.Engine(pr.Layer)
			tokens *= e.WorstBeat()
		}
		if pr.Kind == hw.ScheduledProc {
			m := p.HW.ScheduledModule(pr.Layer)
			tokens = m.CyclesPerImage() + m.Iterations
		}
		worst[pr.Layer] = max(worst[pr.Layer], tokens)
	}
	sum := 100_000
	for _, w := range worst {
		sum = min(sum+2*w, maxTimeout)
	}
	return sum
}

// testbenchText fills rtl/hass_tb.sv.
type testbenchText struct {
	Top              string
	Images, Words    int // of the golden input, of the weights
	Input            axisText
	Outputs          []outputText
	Processes, FIFOs int
	Timeout          int
}

// outputText is a port of the top that is compared with golden words. Bits1 and so on select its part of a vector that has
// that number of bits for each output.
type outputText struct {
	axisText
	Index                                  int
	Bits1, Bits3, Bits32, Bits64, Bits1024 string
}

// Testbench is tb/hass_tb.sv, which connects the top to the parts of the testbench that do not
// depend on the design.
func Testbench(p *project.Project) ([]byte, error) {
	t := testbenchText{
		Top: project.TopName, Images: len(p.Images), Words: p.Words, Input: axis(p.Input),
		Processes: len(p.HW.Processes), FIFOs: len(p.HW.Streams), Timeout: timeout(p),
	}
	for k, o := range p.Outputs {
		part := func(bits int) string { return fmt.Sprintf("[%d:%d]", bits*(k+1)-1, bits*k) }
		bit := fmt.Sprintf("[%d]", k)
		if len(p.Outputs) == 1 {
			bit = "" // a vector of one bit
		}
		t.Outputs = append(t.Outputs, outputText{axis(o), k, bit, part(3), part(32), part(64), part(1024)})
	}
	return templates.Glue("rtl/hass_tb.sv", t)
}
