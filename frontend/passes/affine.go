package passes

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"hass/internal/graph"
)

// affine is y = x*scale[c] + shift[c] per channel, in float64.
type affine struct{ scale, shift []float64 }

// then replaces f by the function that applies f and then g.
func (f *affine) then(g affine) {
	for i := range f.scale {
		f.scale[i] *= g.scale[i]
		f.shift[i] = f.shift[i]*g.scale[i] + g.shift[i]
	}
}

// depthwise turns n into a 1x1 depthwise conv that computes f of x, padded.
func (r *rewriter) depthwise(n *graph.Node, x string, f affine, pads [4]int) error {
	s := r.Shape(x)
	w := &graph.Tensor{Type: graph.Float, Shape: graph.Shape{len(f.scale), 1, 1, 1}}
	b := &graph.Tensor{Type: graph.Float, Shape: graph.Shape{len(f.scale)}}
	shifted := false
	for i := range f.scale {
		w.F = append(w.F, float32(f.scale[i]))
		b.F = append(b.F, float32(f.shift[i]))
		shifted = shifted || f.shift[i] != 0
	}
	if err := errors.Join(finite(w.F), finite(b.F)); err != nil {
		return err
	}
	inputs := []string{x, r.NewConst(n.Name, "/scale", w)}
	if shifted {
		inputs = append(inputs, r.NewConst(n.Name, "/shift", b))
	}
	flat := s
	if len(s) != 4 {
		flat = graph.Shape{1, s[1], s[2:].Elems(), 1}
	}
	op := graph.Conv{Window: unitWindow, Groups: s[1]}
	op.Pads = pads
	out, err := graph.Infer(op, []graph.Shape{flat, w.Shape})
	if err != nil {
		return err
	}
	n.Op = op
	r.SetInputs(n, inputs...)
	r.ReshapeBefore(n, 0, flat)
	if len(s) != 4 {
		r.ReshapeAfter(n, out[0])
	}
	return nil
}

func identity(channels int) affine {
	f := affine{make([]float64, channels), make([]float64, channels)}
	for i := range f.scale {
		f.scale[i] = 1
	}
	return f
}

// unitWindow is a 1x1 window.
var unitWindow = graph.Window{Kernel: [2]int{1, 1}, Stride: [2]int{1, 1}, Dilation: [2]int{1, 1}}

// finite refuses numbers that overflowed.
func finite(f []float32) error {
	for i, v := range f {
		if math.IsInf(float64(v), 0) || math.IsNaN(float64(v)) {
			return fmt.Errorf("element %d is %v", i, v)
		}
	}
	return nil
}

// uniform reports whether all channels have the same scale and shift.
func (f *affine) uniform() bool {
	return len(f.scale) > 0 && uniformOf(f.scale) && uniformOf(f.shift)
}

func uniformOf(v []float64) bool { return slices.Equal(v[1:], v[:len(v)-1]) }

// fits reports whether the function has the given number of channels; a function that is the same
// for all channels is expanded to that number.
func (f *affine) fits(channels int) bool {
	if len(f.scale) == channels {
		return true
	}
	if !f.uniform() {
		return false
	}
	f.scale, f.shift = slices.Repeat(f.scale[:1], channels), slices.Repeat(f.shift[:1], channels)
	return true
}
