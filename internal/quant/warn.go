package quant

import (
	"fmt"

	"hass/internal/graph"
	"hass/internal/intnet"
	"hass/internal/resample"
)

// Warnings are the places where the integer network does not equal a quantised model exactly, with one sentence each that
// names the node. There are none for a graph that the hardware cannot run.
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
			if _, why := gridOf(l.w); why != "" {
				text = why + ": they are requantised, to 16 bits unless --bits or --widths says otherwise"
			}
		case intnet.KindResize:
			if steps := p.resizeSteps(l); steps > 0 {
				text = fmt.Sprintf("its weights are rounded to %d binary places: next to a tie of the quantiser behind it a result may be off by %s; fewer bits, or scales that are simpler fractions, are exact",
					resample.Places, plural(steps, "step"))
			}
		default: // exact, or the model gives no integers
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

// resizeSteps is the largest error of a linear resize from rounded weights, in steps of its output's quantiser. It is 0 if the
// result is exact, or if the model gives no formats to compare with.
func (p *planner) resizeSteps(l *layer) int {
	in, out := p.given(l.in[0]), p.given(l.out)
	if in == nil {
		return 0
	}
	d := p.tensorDims(l.in[0])
	if f, ok := l.between(*in); ok && out == nil {
		// The quantiser behind it has another scale: an error in front of it may cross one of its ties.
		if resample.Exact(*l.resize, d.h, d.w, l.dims.h, l.dims.w, f.Frac-in.Frac) {
			return 0
		}
		return 1
	}
	if out == nil {
		return 0
	}
	return resample.Off(*l.resize, d.h, d.w, l.dims.h, l.dims.w, *in, *out)
}
