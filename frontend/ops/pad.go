package ops

import (
	"fmt"
	"slices"

	"hass/internal/graph"
)

// Padding is an ONNX Pad, per axis; negative numbers crop.
type Padding struct {
	Mode          string // constant, reflect or edge
	Before, After []int
	Value         float32
}

// None reports whether there is no padding.
func (p Padding) None() bool {
	return !slices.ContainsFunc(slices.Concat(p.Before, p.After), func(v int) bool { return v != 0 })
}

// PadOf reads a Pad of a tensor of the given rank, from attributes before
// opset 11 and from inputs since. An empty value counts as 0.
func (r *Reading) PadOf(n *graph.Node, a *Attrs, rank int) (Padding, error) {
	p := Padding{Before: make([]int, rank), After: make([]int, rank)}
	if p.Mode = a.Str("mode", "constant"); p.Mode != "constant" && p.Mode != "reflect" && p.Mode != "edge" {
		return p, Refuse("pad with zeros", "mode %q is not supported", p.Mode)
	}
	p.Value = a.Float("value", 0)
	pads := a.Ints("pads")
	if In(n, 1) != "" {
		t := r.Constant(n, 1)
		if t == nil || t.Type != graph.Int {
			return p, Refuse("fold shape arithmetic when exporting", "its pads are not constant integers")
		}
		pads = t.I
	}
	if In(n, 2) != "" {
		v, err := r.Weights(n, 2, "value")
		if err != nil {
			return p, err
		}
		if len(v.F) > 1 {
			return p, fmt.Errorf("its value has shape %v, want one number", v.Shape)
		}
		if len(v.F) == 1 {
			p.Value = v.F[0]
		}
	}
	axes := make([]int64, rank)
	for i := range axes {
		axes[i] = int64(i)
	}
	if In(n, 3) != "" {
		t := r.Constant(n, 3)
		if t == nil || t.Type != graph.Int {
			return p, Refuse("fold shape arithmetic when exporting", "its axes are not constant integers")
		}
		axes = t.I
	}
	if len(pads) != 2*len(axes) {
		return p, fmt.Errorf("it has %d pads for %d axes", len(pads), len(axes))
	}
	for i, v := range axes {
		ax, err := Axis(v, rank)
		if err != nil {
			return p, err
		}
		for j, to := range []*int{&p.Before[ax], &p.After[ax]} {
			v := pads[i+j*len(axes)]
			if v > graph.MaxElems || v < -graph.MaxElems {
				return p, fmt.Errorf("a padding of %d is absurd", v)
			}
			*to = int(v)
		}
	}
	return p, nil
}
