package graph

import (
	"fmt"
	"slices"
)

// ConvTranspose is the transposed convolution: input x [1,C,H,W], weights
// [C,F/Groups,KH,KW], optional bias [F]. Pads crop the full result, OutPad adds
// to its end, in (height, width) order.
type ConvTranspose struct {
	Window
	OutPad [2]int
	Groups int
}

// Concat joins its inputs, two or more, along Axis.
type Concat struct{ Axis int }

// Slice takes a regular part: element i of axis d is element Start[d]+i*Step[d]
// of the input, for i below To[d]. A step may be negative. A Split becomes one
// Slice per output.
type Slice struct {
	Start, Step []int
	To          Shape
}

// Take selects the elements Index of Axis, in that order; an element may be taken more than once. To is the shape of the result, in
// which the axis may have been dropped or split (Gather by constant indices of any shape).
type Take struct {
	Axis  int
	Index []int
	To    Shape
}

// Resize resamples its input, axis by axis: Mode is nearest, linear or cubic.
// Coord defines the position of an output element in the input (half_pixel,
// pytorch_half_pixel, half_pixel_symmetric, tf_half_pixel_for_nn, align_corners or
// asymmetric), Round the nearest element (round_prefer_floor, round_prefer_ceil,
// floor, ceil; nearest only), as ONNX defines them. Cubic is the coefficient of
// the cubic kernel; Exclude gives elements outside the input no weight.
type Resize struct {
	Mode, Coord, Round string
	Cubic              float64
	Exclude            bool
	Scales             []float64
	To                 Shape
}

// Transpose permutes axes: axis i of the result is axis Perm[i] of the input.
type Transpose struct{ Perm []int }

// Expand repeats axes of size 1, numpy-broadcast, so that the result has shape To.
type Expand struct{ To Shape }

// Pad surrounds a tensor: Mode is constant (by Value), reflect or edge. Before
// and After hold one number per axis; none is negative.
type Pad struct {
	Before, After []int
	Mode          string
	Value         float64
}

// Reduce reduces Axes to size 1: Fn is sum, mean, max or min.
type Reduce struct {
	Fn   string
	Axes []int
}

// MatMul is numpy's matmul of two tensors.
type MatMul struct{}

// Quantize rounds a tensor to a grid and stays in float: (clamp(round(x/scale) +
// zero) - zero) * scale, ties to even, clamped to the range of Bits and Signed.
// Inputs are x, scale and zero, both broadcast to x. Narrow excludes the lowest
// signed number, or the highest unsigned one. Bipolar, of 1 bit, is scale where x is
// at least 0 and -scale elsewhere.
type Quantize struct {
	Bits           int
	Signed, Narrow bool
	Bipolar        bool
}

// MultiThreshold counts thresholds: Bias + Scale * the number of thresholds that x reaches. Inputs are x [N,C,...] and thresholds
// [C,K] or [1,K], each row never decreasing.
type MultiThreshold struct{ Scale, Bias float64 }

// Grid describes the integers of a constant: it equals (q - Zero) * Scale for q
// within Range of Bits and Signed. Scale and Zero hold one number, or one for
// each index of Axis.
type Grid struct {
	Bits           int
	Signed, Narrow bool
	Axis           int
	Scale          []float32
	Zero           []int64
}

// Range is the least and the greatest integer of a width of 1 to 32 bits. With
// narrow it is -(2^(b-1)-1) to 2^(b-1)-1, or 0 to 2^b-2 without a sign (QONNX's
// rule).
func Range(bits int, signed, narrow bool) (lo, hi int64) {
	cut := int64(0)
	if narrow {
		cut = 1
	}
	if signed {
		half := int64(1) << (bits - 1)
		return -half + cut, half - 1
	}
	return 0, int64(1)<<bits - 1 - cut
}

// FullRange is Range that is not narrow.
func FullRange(bits int, signed bool) (lo, hi int64) { return Range(bits, signed, false) }

func (ConvTranspose) Kind() string { return "convtranspose" }
func (Concat) Kind() string        { return "concat" }
func (Slice) Kind() string         { return "slice" }
func (Take) Kind() string          { return "take" }
func (Resize) Kind() string        { return "resize" }
func (Transpose) Kind() string     { return "transpose" }
func (Expand) Kind() string        { return "expand" }
func (Pad) Kind() string           { return "pad" }
func (r Reduce) Kind() string      { return "reduce" + r.Fn }
func (MatMul) Kind() string        { return "matmul" }
func (Quantize) Kind() string      { return "quantize" }

// Kind is the operator's name in the text form.
func (MultiThreshold) Kind() string { return "multithreshold" }

// tensorOps are the operators of this file whose parameters are all in the text form after their name.
var tensorOps = []Op{ConvTranspose{}, Concat{}, Slice{}, Take{}, Resize{}, Transpose{}, Expand{}, Pad{}, MatMul{}, Quantize{}, MultiThreshold{}}

// Names of the modes that Infer accepts.
var (
	reduceFns    = []string{"sum", "mean", "max", "min"}
	eltwiseFns   = []string{"add", "mul", "sub", "div", "max", "min"}
	resizeModes  = []string{"nearest", "linear", "cubic"}
	resizeCoords = []string{"half_pixel", "tf_half_pixel_for_nn", "pytorch_half_pixel", "half_pixel_symmetric", "align_corners", "asymmetric"}
	resizeRounds = []string{"round_prefer_floor", "round_prefer_ceil", "floor", "ceil"}
)

// inferTensorOp infers the operators of this file; ok is false for others.
func inferTensorOp(op Op, in []Shape) (out Shape, ok bool, err error) {
	x := in[0]
	switch op := op.(type) {
	case ConvTranspose:
		out, err = inferConvTranspose(op, in)
	case Concat:
		out, err = inferConcat(op, in)
	case Slice:
		out, err = inferSlice(op, x)
	case Take:
		out, err = inferTake(op, x)
	case Resize:
		out, err = inferResize(op, x)
	case Transpose:
		out, err = inferTranspose(op, x)
	case Expand:
		if out, err = Broadcast(x, op.To); err == nil && !out.Equal(op.To) {
			err = fmt.Errorf("%v does not expand to %v", x, op.To)
		}
	case Pad:
		out, err = inferPad(op, x)
	case Reduce:
		out, err = inferReduce(op, x)
	case MatMul:
		out, err = inferMatMul(x, in[1])
	case Quantize:
		out, err = inferQuantize(op, in)
	case MultiThreshold:
		x, t := in[0], in[1]
		if len(x) < 2 || len(t) != 2 || t[0] != 1 && t[0] != x[1] || t[1] < 1 {
			return nil, true, fmt.Errorf("thresholds %v of data %v; want [C,K] or [1,K] for data [N,C,...]", t, x)
		}
		out = slices.Clone(x)
	default:
		return nil, false, nil
	}
	return out, true, err
}

func inferConvTranspose(op ConvTranspose, in []Shape) (Shape, error) {
	x, err := image(in[0])
	if err != nil {
		return nil, err
	}
	if err := op.Window.Check(); err != nil {
		return nil, err
	}
	w := in[1]
	switch {
	case len(w) != 4 || w[1] < 1:
		return nil, fmt.Errorf("weights %v are not [C,F,KH,KW]", w)
	case w[0] != x[1] || op.Groups < 1 || x[1]%op.Groups != 0:
		return nil, fmt.Errorf("weights %v do not fit %d input channels in %d groups", w, x[1], op.Groups)
	case w[2] != op.Kernel[0] || w[3] != op.Kernel[1]:
		return nil, fmt.Errorf("weights %v do not fit kernel %v", w, op.Kernel)
	case len(in) == 3 && in[2] != nil && !in[2].Equal(Shape{w[1] * op.Groups}):
		return nil, fmt.Errorf("bias %v does not fit %d output channels", in[2], w[1]*op.Groups)
	}
	out := Shape{1, w[1] * op.Groups, 0, 0}
	for i := range 2 {
		if op.OutPad[i] < 0 || op.OutPad[i] > windowLimit {
			return nil, fmt.Errorf("output padding %v is absurd", op.OutPad)
		}
		if x[2+i] > MaxElems/op.Stride[i] {
			return nil, fmt.Errorf("stride %v makes %v absurdly large", op.Stride, x)
		}
		out[2+i] = (x[2+i]-1)*op.Stride[i] + op.Extent(i) + op.OutPad[i] - op.Pads[i] - op.Pads[i+2]
		if out[2+i] < 1 {
			return nil, fmt.Errorf("pads %v crop the whole result away", op.Pads)
		}
	}
	return out, nil
}

func inferConcat(op Concat, in []Shape) (Shape, error) {
	out := slices.Clone(in[0])
	if op.Axis < 0 || op.Axis >= len(out) {
		return nil, fmt.Errorf("concatenation along axis %d of %v", op.Axis, out)
	}
	for _, s := range in[1:] {
		if len(s) != len(out) {
			return nil, fmt.Errorf("%v and %v do not concatenate", in[0], s)
		}
		for i := range s {
			switch {
			case i == op.Axis:
				out[i] += s[i]
			case s[i] != out[i]:
				return nil, fmt.Errorf("%v and %v do not concatenate along axis %d", in[0], s, op.Axis)
			}
		}
	}
	return out, nil
}

func inferSlice(op Slice, x Shape) (Shape, error) {
	if len(op.Start) != len(x) || len(op.Step) != len(x) || len(op.To) != len(x) {
		return nil, fmt.Errorf("slice of %d axes of %v", len(op.To), x)
	}
	for d, n := range op.To {
		if n < 0 || n > x[d] {
			return nil, fmt.Errorf("slice takes %d of %d elements along axis %d", n, x[d], d)
		}
		if n == 0 {
			continue
		}
		start, step := op.Start[d], op.Step[d]
		if step == 0 || step > MaxElems || step < -MaxElems || start < 0 || start >= x[d] {
			return nil, fmt.Errorf("slice from %d by %d along axis %d of %v", start, step, d, x)
		}
		if last := start + (n-1)*step; last < 0 || last >= x[d] {
			return nil, fmt.Errorf("slice reaches element %d along axis %d of %v", last, d, x)
		}
	}
	return slices.Clone(op.To), nil
}

func inferTake(op Take, x Shape) (Shape, error) {
	if op.Axis < 0 || op.Axis >= len(x) || len(op.Index) == 0 {
		return nil, fmt.Errorf("%d elements along axis %d of %v", len(op.Index), op.Axis, x)
	}
	for _, i := range op.Index {
		if i < 0 || i >= x[op.Axis] {
			return nil, fmt.Errorf("element %d along axis %d of %v", i, op.Axis, x)
		}
	}
	if len(op.Index) > MaxElems {
		return nil, fmt.Errorf("%d elements are too many", len(op.Index))
	}
	all := slices.Clone(x)
	all[op.Axis] = len(op.Index)
	n, err := all.Count()
	if err != nil {
		return nil, err
	}
	if m, err := op.To.Count(); err != nil || m != n {
		return nil, fmt.Errorf("%d elements along axis %d of %v as %v", len(op.Index), op.Axis, x, op.To)
	}
	return slices.Clone(op.To), nil
}

func inferResize(op Resize, x Shape) (Shape, error) {
	switch {
	case !slices.Contains(resizeModes, op.Mode):
		return nil, fmt.Errorf("unknown resize mode %q", op.Mode)
	case !slices.Contains(resizeCoords, op.Coord):
		return nil, fmt.Errorf("unknown coordinate mode %q", op.Coord)
	case op.Mode == "nearest" && !slices.Contains(resizeRounds, op.Round):
		return nil, fmt.Errorf("unknown rounding %q", op.Round)
	case len(op.Scales) != len(x) || len(op.To) != len(x):
		return nil, fmt.Errorf("resize of %d axes of %v", len(op.To), x)
	}
	for d, s := range op.Scales {
		if !(s > 0) || s > MaxElems || x[d] < 1 || op.To[d] < 1 {
			return nil, fmt.Errorf("resize of %v to %v by %v", x, op.To, op.Scales)
		}
	}
	return slices.Clone(op.To), nil
}

func inferTranspose(op Transpose, x Shape) (Shape, error) {
	if len(op.Perm) != len(x) {
		return nil, fmt.Errorf("permutation %v does not fit %v", op.Perm, x)
	}
	out := make(Shape, len(x))
	seen := make([]bool, len(x))
	for i, p := range op.Perm {
		if p < 0 || p >= len(x) || seen[p] {
			return nil, fmt.Errorf("%v is no permutation", op.Perm)
		}
		seen[p] = true
		out[i] = x[p]
	}
	return out, nil
}

func inferPad(op Pad, x Shape) (Shape, error) {
	if len(op.Before) != len(x) || len(op.After) != len(x) {
		return nil, fmt.Errorf("padding of %d axes of %v", len(op.Before), x)
	}
	out := slices.Clone(x)
	for d := range out {
		b, a := op.Before[d], op.After[d]
		if b < 0 || a < 0 || b > windowLimit || a > windowLimit {
			return nil, fmt.Errorf("padding %v and %v is absurd", op.Before, op.After)
		}
		switch op.Mode {
		case "constant":
		case "edge":
			if a+b > 0 && x[d] < 1 {
				return nil, fmt.Errorf("axis %d of %v has no edge", d, x)
			}
		case "reflect":
			if max(a, b) > 0 && max(a, b) >= x[d] {
				return nil, fmt.Errorf("padding of %d and %d reflects more than axis %d of %v has", b, a, d, x)
			}
		default:
			return nil, fmt.Errorf("unknown padding mode %q", op.Mode)
		}
		out[d] += b + a
	}
	return out, nil
}

func inferReduce(op Reduce, x Shape) (Shape, error) {
	if !slices.Contains(reduceFns, op.Fn) {
		return nil, fmt.Errorf("unknown reduction %q", op.Fn)
	}
	out := slices.Clone(x)
	for i, a := range op.Axes {
		if a < 0 || a >= len(x) || i > 0 && a <= op.Axes[i-1] {
			return nil, fmt.Errorf("axes %v of %v are not ascending", op.Axes, x)
		}
		if x[a] < 1 {
			return nil, fmt.Errorf("reduction of the empty axis %d of %v", a, x)
		}
		out[a] = 1
	}
	return out, nil
}

func inferMatMul(a, b Shape) (Shape, error) {
	if len(a) < 1 || len(b) < 1 {
		return nil, fmt.Errorf("matrix product of %v and %v", a, b)
	}
	pa, pb := a, b
	if len(a) == 1 {
		pa = Shape{1, a[0]}
	}
	if len(b) == 1 {
		pb = Shape{b[0], 1}
	}
	if pa[len(pa)-1] != pb[len(pb)-2] {
		return nil, fmt.Errorf("matrix product of %v and %v", a, b)
	}
	out, err := Broadcast(pa[:len(pa)-2], pb[:len(pb)-2])
	if err != nil {
		return nil, err
	}
	if len(a) > 1 {
		out = append(out, pa[len(pa)-2])
	}
	if len(b) > 1 {
		out = append(out, pb[len(pb)-1])
	}
	return out, nil
}

func inferQuantize(op Quantize, in []Shape) (Shape, error) {
	if op.Bits < 1 || op.Bits > 32 || op.Bits == 1 && op.Signed && op.Narrow || op.Bipolar && (op.Bits != 1 || op.Signed || op.Narrow) {
		return nil, fmt.Errorf("%d bits are no width of 1 to 32", op.Bits)
	}
	for _, s := range in[1:] {
		out, err := Broadcast(in[0], s)
		if err != nil {
			return nil, err
		}
		if !out.Equal(in[0]) {
			return nil, fmt.Errorf("scale or zero point %v does not broadcast to %v", s, in[0])
		}
	}
	return slices.Clone(in[0]), nil
}

// tensorOpArity is the least and the greatest number of inputs of the operators
// of this file.
func tensorOpArity(op Op) (lo, hi int, ok bool) {
	switch op.(type) {
	case ConvTranspose:
		return 2, 3, true
	case Concat:
		return 2, 1 << 30, true
	case MatMul, MultiThreshold:
		return 2, 2, true
	case Quantize:
		return 3, 3, true
	}
	return 0, 0, false
}

// paramsOf lists the parameters of the operators of this file, as pointers
// into a copy of op, which done returns after they are written.
func paramsOf(op Op) (params []param, done func() Op) {
	switch o := op.(type) {
	case ConvTranspose:
		return []param{{"groups", &o.Groups}, {"outpad_h", &o.OutPad[0]}, {"outpad_w", &o.OutPad[1]}}, func() Op { return o }
	case Concat:
		return []param{{"axis", &o.Axis}}, func() Op { return o }
	case Slice:
		return []param{{"start", &o.Start}, {"step", &o.Step}, {"to", &o.To}}, func() Op { return o }
	case Take:
		return []param{{"axis", &o.Axis}, {"index", &o.Index}, {"to", &o.To}}, func() Op { return o }
	case Resize:
		return []param{{"mode", &o.Mode}, {"coord", &o.Coord}, {"round", &o.Round}, {"cubic", &o.Cubic}, {"exclude", &o.Exclude}, {"scales", &o.Scales}, {"to", &o.To}}, func() Op { return o }
	case Transpose:
		return []param{{"perm", &o.Perm}}, func() Op { return o }
	case Expand:
		return []param{{"to", &o.To}}, func() Op { return o }
	case Pad:
		return []param{{"before", &o.Before}, {"after", &o.After}, {"mode", &o.Mode}, {"value", &o.Value}}, func() Op { return o }
	case Reduce:
		return []param{{"axes", &o.Axes}}, func() Op { return o }
	case Quantize:
		return []param{{"bits", &o.Bits}, {"signed", &o.Signed}, {"narrow", &o.Narrow}, {"bipolar", &o.Bipolar}}, func() Op { return o }
	case MultiThreshold:
		return []param{{"scale", &o.Scale}, {"bias", &o.Bias}}, func() Op { return o }
	}
	return nil, func() Op { return op }
}

// Convolves reports whether an operator becomes a convolution.
func Convolves(op Op) bool {
	switch op.(type) {
	case Conv, ConvTranspose:
		return true
	}
	return false
}
