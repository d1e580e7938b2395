package ops

import (
	"math"

	"hass/internal/graph"
)

// windowOf reads kernel, strides, dilations, pads and auto_pad of a sliding
// window over an input of shape x ([1,C,H,W] or [1,C,L]). A window over one
// dimension becomes one over two with height 1. auto_pad becomes explicit
// padding; same reports that it did, because auto_pad also determines how
// sizes round.
func windowOf(a *Attrs, x graph.Shape, kernel []int64) (w graph.Window, same bool, err error) {
	rank := len(x) - 2
	switch {
	case rank > 2:
		return w, false, Refuse("only images and one-dimensional signals are supported", "its input %v has %d spatial dimensions", x, rank)
	case rank < 1:
		return w, false, Refuse("", "its input %v has no spatial dimension", x)
	case x[0] != 1:
		return w, false, Refuse("", "its input %v is not a batch of one", x)
	}
	w = graph.Window{Kernel: [2]int{1, 1}, Stride: [2]int{1, 1}, Dilation: [2]int{1, 1}}
	first := 2 - rank // 1 for sequences, which only have the width
	fill := func(what string, from []int64, to []int) error {
		if from == nil {
			return nil
		}
		if len(from) != len(to) {
			return Refuse("", "%s has %d numbers, want %d", what, len(from), len(to))
		}
		for i, v := range from {
			to[i] = int(min(max(v, math.MinInt32), math.MaxInt32)) // Window.Check judges the range
		}
		return nil
	}
	if err := fill("kernel_shape", kernel, w.Kernel[first:]); err != nil {
		return w, false, err
	}
	if err := fill("strides", a.Ints("strides"), w.Stride[first:]); err != nil {
		return w, false, err
	}
	if err := fill("dilations", a.Ints("dilations"), w.Dilation[first:]); err != nil {
		return w, false, err
	}
	pads := make([]int, 2*rank)
	if err := fill("pads", a.Ints("pads"), pads); err != nil {
		return w, false, err
	}
	auto := a.Str("auto_pad", "NOTSET")
	switch auto {
	case "NOTSET", "":
		for i := range rank {
			w.Pads[first+i], w.Pads[first+i+2] = pads[i], pads[i+rank]
			if pads[i] < 0 || pads[i+rank] < 0 {
				return w, false, Refuse("", "negative pads %v crop the input", pads)
			}
		}
		return w, false, w.Check()
	case "VALID":
		return w, true, w.Check()
	case "SAME_UPPER", "SAME_LOWER":
	default:
		return w, false, Refuse("", "auto_pad %q is unknown", auto)
	}
	if err := w.Check(); err != nil {
		return w, false, err
	}
	for i := first; i < 2; i++ {
		n := x[len(x)-2+i]
		// Output size ceil(n/stride), and the padding for it; an odd element
		// goes to the end (upper) or to the start (lower).
		out := (n + w.Stride[i] - 1) / w.Stride[i]
		total := max((out-1)*w.Stride[i]+w.Extent(i)-n, 0)
		small, large := total/2, total-total/2
		if auto == "SAME_UPPER" {
			w.Pads[i], w.Pads[i+2] = small, large
		} else {
			w.Pads[i], w.Pads[i+2] = large, small
		}
	}
	return w, true, w.Check()
}

// Planar is a shape [1,C,L] as [1,C,1,L]; a shape of rank 4 is returned
// unchanged.
func Planar(x graph.Shape) graph.Shape {
	if len(x) == 3 {
		return graph.Shape{x[0], x[1], 1, x[2]}
	}
	return x
}

// unplanar undoes planar for the result of an operator whose input had the
// given rank.
func unplanar(y graph.Shape, rank int) graph.Shape {
	if rank == 3 && len(y) == 4 {
		return graph.Shape{y[0], y[1], y[3]}
	}
	return y
}

// ConvOf reads an ONNX Conv over inputs of the given shapes.
func ConvOf(a *Attrs, x, w graph.Shape) (graph.Conv, error) {
	var c graph.Conv
	if len(w) != len(x) {
		if len(x) < 3 {
			return c, Refuse("", "its input %v has no spatial dimension", x)
		}
		return c, Refuse("", "weights %v do not fit input %v", w, x)
	}
	kernel := make([]int64, 0, 2)
	for _, d := range w[min(2, len(w)):] {
		kernel = append(kernel, int64(d))
	}
	win, _, err := windowOf(a, x, kernel)
	if err != nil {
		return c, err
	}
	if k := a.Ints("kernel_shape"); k != nil {
		for i := range k {
			if len(k) != len(kernel) || k[i] != kernel[i] {
				return c, Refuse("the model is inconsistent: export it again", "kernel_shape %v does not fit weights %v", k, w)
			}
		}
	}
	c.Window = win
	c.Groups = int(min(max(a.Int("group", 1), 0), math.MaxInt32))
	return c, a.Done()
}

// PoolOf reads an ONNX MaxPool or AveragePool over an input of shape x.
func PoolOf(a *Attrs, x graph.Shape) (graph.Pool, error) {
	p := graph.Pool{Max: a.Op.Type == "MaxPool"}
	kernel := a.Ints("kernel_shape")
	if kernel == nil {
		return p, Refuse("the model is damaged: export it again", "attribute kernel_shape is missing")
	}
	win, same, err := windowOf(a, x, kernel)
	if err != nil {
		return p, err
	}
	p.Window = win
	// auto_pad has its own rounding: ceil(n/stride) for SAME, floor for VALID.
	p.Ceil = a.Int("ceil_mode", 0) != 0 && !same
	if p.Max {
		// The layout of the Indices output; that output is refused.
		a.Ignore("storage_order")
	} else {
		p.CountPad = a.Int("count_include_pad", 0) != 0
	}
	return p, a.Done()
}

// SettleRounding replaces ceil mode by padding at the end where the result is
// the same: the maximum and the mean over real elements ignore padding. The only
// remaining ceil mode is that of a mean which counts padding but not the
// overhang of the last window.
func SettleRounding(p graph.Pool, x graph.Shape) (graph.Pool, error) {
	if p.Pads == [4]int{} {
		p.CountPad = false
	}
	if !p.Ceil {
		return p, nil
	}
	exact := true
	pads := p.Pads
	for i := range 2 {
		n := x[2+i]
		out, err := p.OutUp(i, n)
		if err != nil {
			return p, err
		}
		if need := (out-1)*p.Stride[i] + p.Extent(i) - n - p.Pads[i]; need > p.Pads[i+2] {
			pads[i+2] = need
			exact = false
		}
	}
	if exact {
		p.Ceil = false
	} else if !p.CountPad {
		p.Pads, p.Ceil = pads, false
	}
	return p, nil
}

// ConvTransposeOf reads a ConvTranspose over inputs of the given shapes. An
// output_shape, or auto_pad SAME (size times stride), determines the
// padding; a size beyond the full result is padded at the end.
func ConvTransposeOf(a *Attrs, x, w graph.Shape) (graph.ConvTranspose, error) {
	var op graph.ConvTranspose
	if len(w) != len(x) || len(x) < 3 {
		return op, Refuse("", "weights %v do not fit input %v", w, x)
	}
	var kernel []int64
	for _, d := range w[2:] {
		kernel = append(kernel, int64(d))
	}
	win, auto, err := windowOf(a, x, kernel)
	if err != nil {
		return op, err
	}
	if k := a.Ints("kernel_shape"); k != nil {
		for i := range k {
			if len(k) != len(kernel) || k[i] != kernel[i] {
				return op, Refuse("the model is inconsistent: export it again", "kernel_shape %v does not fit weights %v", k, w)
			}
		}
	}
	op.Window = win
	op.Groups = int(min(max(a.Int("group", 1), 0), math.MaxInt32))
	first := 4 - len(x)
	list := func(name string) ([]int, error) {
		v := a.Ints(name)
		if v == nil {
			return nil, nil
		}
		if len(v) == len(x) { // may include batch and channels
			v = v[2:]
		}
		if len(v) != len(kernel) {
			return nil, Refuse("", "%s has %d numbers, want %d", name, len(v), len(kernel))
		}
		out := make([]int, len(v))
		for i := range v {
			out[i] = int(min(max(v[i], -1), graph.MaxElems))
		}
		return out, nil
	}
	add, err := list("output_padding")
	if err != nil {
		return op, err
	}
	copy(op.OutPad[first:], add)
	want, err := list("output_shape")
	if err != nil {
		return op, err
	}
	mode := a.Str("auto_pad", "NOTSET")
	if want == nil && auto && mode != "VALID" {
		for i := first; i < 2; i++ {
			want = append(want, x[2+i-first]*win.Stride[i])
		}
	}
	for i := first; want != nil && i < 2; i++ {
		total := (x[2+i-first]-1)*win.Stride[i] + op.OutPad[i] + win.Extent(i) - want[i-first]
		if total < 0 {
			op.OutPad[i] -= total
			total = 0
		}
		small, large := total/2, total-total/2
		if mode == "SAME_UPPER" {
			op.Pads[i], op.Pads[i+2] = small, large
		} else {
			op.Pads[i], op.Pads[i+2] = large, small
		}
	}
	return op, a.Done()
}
