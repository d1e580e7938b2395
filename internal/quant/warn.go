package quant

import (
	"fmt"
	"math"

	"hass/internal/floatexec"
	"hass/internal/graph"
	"hass/internal/intnet"
)

// Warnings are what a quantised model says about its numbers and the integer network does not keep to the last bit, a
// sentence each that names the node; none of a graph that the hardware cannot take.
func Warnings(g *graph.Graph) []string {
	p := newPlanner(g)
	p.run()
	if len(p.issues) > 0 {
		return nil
	}
	var list []string
	for _, l := range p.layers {
		text := ""
		switch l.kind {
		case intnet.KindConv:
			// A transposed convolution's own weights were turned round.
			if _, why := gridBits(g.Consts[l.node.Inputs[1]]); why != "" {
				text = why + ": they are requantised, to 16 bits unless --bits or --widths says otherwise"
			}
		case intnet.KindResize:
			if steps := p.resizeSteps(l); steps > 0 {
				text = fmt.Sprintf("its weights are rounded to %d binary places: next to a tie of the quantiser behind it a result may be off by %s; scales that are powers of two are exact",
					samplePlaces, plural(steps, "step"))
			}
		default: // exact, or the model gives no numbers
		}
		if text != "" {
			list = append(list, fmt.Sprintf("node %q (%s): %s", l.node.Name, plain(l.node.Op.Kind()), text))
		}
	}
	return list
}

func plural(n int, what string) string {
	if n == 1 {
		return "one " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// resizeSteps is how many steps of its output's quantiser a linear resize may be off because its weights are rounded; 0 if they
// are exact, or if the model gives no formats that it could be off from.
func (p *planner) resizeSteps(l *layer) int {
	in, out := p.given(l.in[0]), p.given(l.out)
	if in == nil || out == nil || l.resize.Mode == "nearest" {
		return 0
	}
	from := p.tensorDims(l.in[0])
	off := 0.0 // of a sum of weights that should be 1
	for d, n := range [2][2]int{{from.h, l.dims.h}, {from.w, l.dims.w}} {
		most := 0.0
		for _, t := range floatexec.ResizeTaps(*l.resize, 2+d, n[0], n[1]) {
			w := math.Ldexp(t[1].Weight, samplePlaces)
			most = max(most, math.Abs(w-math.Round(w)))
		}
		off += math.Ldexp(most, -samplePlaces)
	}
	return int(math.Ceil(off * math.Ldexp(float64(in.Max()-in.Min()), out.Frac-in.Frac)))
}
