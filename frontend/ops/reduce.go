package ops

import (
	"fmt"
	"slices"

	"hass/internal/graph"
)

// Reduction reads which axes of x a Reduce operator reduces and its output shape.
func (r *Reading) Reduction(n *graph.Node, a *Attrs, x graph.Shape) (reduced []bool, out graph.Shape, err error) {
	axes, given, err := r.axesOf(n, a, 1)
	if err != nil {
		return nil, nil, err
	}
	keep := a.Int("keepdims", 1) != 0
	noop := a.Int("noop_with_empty_axes", 0) != 0
	reduced = make([]bool, len(x))
	if len(axes) == 0 && (!given || !noop) {
		if noop && !given {
			return reduced, slices.Clone(x), nil
		}
		for i := range reduced {
			reduced[i] = true
		}
	}
	for _, v := range axes {
		ax, err := Axis(v, len(x))
		if err != nil {
			return nil, nil, err
		}
		if reduced[ax] {
			return nil, nil, fmt.Errorf("axes %v name axis %d twice", axes, ax)
		}
		reduced[ax] = true
	}
	out = graph.Shape{}
	for i, d := range x {
		switch {
		case !reduced[i]:
			out = append(out, d)
		case keep:
			out = append(out, 1)
		}
	}
	return reduced, out, nil
}
