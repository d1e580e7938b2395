package frontend

import (
	"math"

	"hass/internal/graph"
)

// lowerConvtranspose turns ConvTranspose into convtranspose: padding explicit,
// weights and bias constant, one dimension as two.
func lowerConvtranspose(r *rewriter) error {
	return r.each(func(n *graph.Node, a *attrs) error {
		x := r.shape(n.Inputs[0])
		w, err := r.weights(n, 1, "weights")
		if err != nil {
			return err
		}
		op, err := convTransposeOf(a, x, w.Shape)
		if err != nil {
			return err
		}
		inputs := []string{n.Inputs[0], n.Inputs[1]}
		shapes := []graph.Shape{planar(x), planar(w.Shape)}
		if b := in(n, 2); b != "" {
			if _, err := r.weights(n, 2, "bias"); err != nil {
				return err
			}
			inputs, shapes = append(inputs, b), append(shapes, r.shape(b))
		}
		out, err := graph.Infer(op, shapes)
		if err != nil {
			return err
		}
		if len(x) == 3 {
			inputs[1] = r.newConst(inputs[1], "/planar", &graph.Tensor{Type: graph.Float, Shape: planar(w.Shape), F: w.F, Grid: planarGrid(w)})
		}
		n.Op = op
		r.setInputs(n, inputs...)
		r.reshapeBefore(n, 0, planar(x))
		r.reshapeAfter(n, out[0])
		return nil
	}, "ConvTranspose")
}

// convTransposeOf reads a ConvTranspose over inputs of the given shapes. An
// output_shape, or auto_pad SAME (size times stride), asks for padding that
// gives it; a size beyond the full result is filled up at the end.
func convTransposeOf(a *attrs, x, w graph.Shape) (graph.ConvTranspose, error) {
	var op graph.ConvTranspose
	if len(w) != len(x) || len(x) < 3 {
		return op, refuse("", "weights %v do not fit input %v", w, x)
	}
	var kernel []int64
	for _, d := range w[2:] {
		kernel = append(kernel, int64(d))
	}
	win, auto, err := windowOf(a, x, kernel)
	if err != nil {
		return op, err
	}
	if k := a.ints("kernel_shape"); k != nil {
		for i := range k {
			if len(k) != len(kernel) || k[i] != kernel[i] {
				return op, refuse("the model is inconsistent: export it again", "kernel_shape %v does not fit weights %v", k, w)
			}
		}
	}
	op.Window = win
	op.Groups = int(min(max(a.int("group", 1), 0), math.MaxInt32))
	first := 4 - len(x)
	list := func(name string) ([]int, error) {
		v := a.ints(name)
		if v == nil {
			return nil, nil
		}
		if len(v) == len(x) { // batch and channels may stand before
			v = v[2:]
		}
		if len(v) != len(kernel) {
			return nil, refuse("", "%s has %d numbers, want %d", name, len(v), len(kernel))
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
	mode := a.str("auto_pad", "NOTSET")
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
	return op, a.done()
}
