package frontend

import (
	"fmt"
	"slices"

	"hass/internal/graph"
)

// padding is an ONNX Pad, per axis; negative numbers crop.
type padding struct {
	mode          string // constant, reflect or edge
	before, after []int
	value         float32
}

// none reports padding by nothing.
func (p padding) none() bool {
	return !slices.ContainsFunc(slices.Concat(p.before, p.after), func(v int) bool { return v != 0 })
}

// padOf reads a Pad of a tensor of the given rank: attributes before opset 11,
// inputs since; an empty value counts as 0.
func (r *reading) padOf(n *graph.Node, a *attrs, rank int) (padding, error) {
	p := padding{before: make([]int, rank), after: make([]int, rank)}
	if p.mode = a.str("mode", "constant"); p.mode != "constant" && p.mode != "reflect" && p.mode != "edge" {
		return p, refuse("pad with zeros", "mode %q is not supported", p.mode)
	}
	p.value = a.float("value", 0)
	pads := a.ints("pads")
	if in(n, 1) != "" {
		t := r.constant(n, 1)
		if t == nil || t.Type != graph.Int {
			return p, refuse("fold shape arithmetic when exporting", "its pads are not constant integers")
		}
		pads = t.I
	}
	if in(n, 2) != "" {
		v, err := r.weights(n, 2, "value")
		if err != nil {
			return p, err
		}
		if len(v.F) > 1 {
			return p, fmt.Errorf("its value has shape %v, want one number", v.Shape)
		}
		if len(v.F) == 1 {
			p.value = v.F[0]
		}
	}
	axes := make([]int64, rank)
	for i := range axes {
		axes[i] = int64(i)
	}
	if in(n, 3) != "" {
		t := r.constant(n, 3)
		if t == nil || t.Type != graph.Int {
			return p, refuse("fold shape arithmetic when exporting", "its axes are not constant integers")
		}
		axes = t.I
	}
	if len(pads) != 2*len(axes) {
		return p, fmt.Errorf("it has %d pads for %d axes", len(pads), len(axes))
	}
	for i, v := range axes {
		ax, err := axis(v, rank)
		if err != nil {
			return p, err
		}
		for j, to := range []*int{&p.before[ax], &p.after[ax]} {
			v := pads[i+j*len(axes)]
			if v > graph.MaxElems || v < -graph.MaxElems {
				return p, fmt.Errorf("a padding of %d is absurd", v)
			}
			*to = int(v)
		}
	}
	return p, nil
}
