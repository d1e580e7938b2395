package graph

import (
	"cmp"
	"fmt"
	"slices"
)

// MaxElems bounds the number of elements of one activation or constant: a
// larger tensor comes from a damaged or hostile model, not from a network that
// fits an FPGA. It is 1 GiB of float32.
const MaxElems = 1 << 28

// Count is the number of elements, with every dimension checked: an error if
// one is negative or the product exceeds MaxElems.
func (s Shape) Count() (int, error) {
	n := 1
	zero := false
	for _, d := range s {
		switch {
		case d < 0:
			return 0, fmt.Errorf("shape %v has a negative dimension", s)
		case d == 0:
			zero = true
		case n > MaxElems/d:
			return 0, fmt.Errorf("shape %v has more than %d elements", s, MaxElems)
		default:
			n *= d
		}
	}
	if zero {
		return 0, nil
	}
	return n, nil
}

// Equal reports whether both shapes have the same dimensions.
func (s Shape) Equal(t Shape) bool { return slices.Equal(s, t) }

// Extent is the number of input elements that one window position spans along
// axis i (0 = height, 1 = width): (kernel-1)*dilation + 1.
func (w Window) Extent(i int) int { return (w.Kernel[i]-1)*w.Dilation[i] + 1 }

// windowLimit bounds each number of a window so that sums and products of them
// cannot overflow.
const windowLimit = 1 << 24

// Check refuses an invalid window: a kernel, stride or dilation below 1, a
// negative padding, or numbers beyond any real network.
func (w Window) Check() error {
	for i := range 2 {
		if w.Kernel[i] < 1 || w.Stride[i] < 1 || w.Dilation[i] < 1 {
			return fmt.Errorf("kernel %v, stride %v and dilation %v must be at least 1", w.Kernel, w.Stride, w.Dilation)
		}
		if w.Kernel[i] > windowLimit || w.Stride[i] > windowLimit || w.Dilation[i] > windowLimit {
			return fmt.Errorf("kernel %v, stride %v or dilation %v is absurdly large", w.Kernel, w.Stride, w.Dilation)
		}
	}
	for _, p := range w.Pads {
		if p < 0 {
			return fmt.Errorf("pads %v must not be negative", w.Pads)
		}
		if p > windowLimit {
			return fmt.Errorf("pads %v are absurdly large", w.Pads)
		}
	}
	return nil
}

// Out is the output size along axis i (0 = height, 1 = width) for an input of n
// elements, rounded down.
func (w Window) Out(i, n int) (int, error) {
	padded := n + w.Pads[i] + w.Pads[i+2]
	if padded < w.Extent(i) {
		return 0, fmt.Errorf("window of extent %d is larger than the padded input of %d", w.Extent(i), padded)
	}
	return (padded-w.Extent(i))/w.Stride[i] + 1, nil
}

// OutUp is Out rounded up. The last window must start inside the input or the
// leading padding, as in ONNX and PyTorch.
func (w Window) OutUp(i, n int) (int, error) {
	out, err := w.Out(i, n)
	if err != nil {
		return 0, err
	}
	rest := n + w.Pads[i] + w.Pads[i+2] - w.Extent(i) - (out-1)*w.Stride[i]
	if rest > 0 && out*w.Stride[i] < n+w.Pads[i] {
		out++
	}
	return out, nil
}

// Infer gives the output shapes of an operator from its input shapes; nil
// stands for an absent optional input. Constants count as inputs. A Foreign
// operator has no inference here: it is an error.
func Infer(op Op, in []Shape) ([]Shape, error) {
	lo, hi := arity(op)
	if len(in) < lo || len(in) > hi {
		return nil, fmt.Errorf("%s takes %s, has %d", op.Kind(), arityText(lo, hi), len(in))
	}
	for i, s := range in {
		if s == nil && i < lo {
			return nil, fmt.Errorf("%s lacks input %d", op.Kind(), i)
		}
		if _, err := s.Count(); err != nil {
			return nil, err
		}
	}
	var out Shape
	var err error
	switch op := op.(type) {
	case Conv:
		out, err = inferConv(op, in)
	case Pool:
		out, err = inferPool(op, in[0])
	case GlobalPool:
		if out, err = image(in[0]); err == nil {
			out = Shape{1, out[1], 1, 1}
		}
	case Eltwise:
		if !slices.Contains(eltwiseFns, op.Fn) {
			return nil, fmt.Errorf("unknown element-wise function %q", op.Fn)
		}
		out, err = Broadcast(in[0], in[1])
	case Activation:
		out, err = inferActivation(op, in)
	case Reshape:
		out = slices.Clone(op.To)
		var a, b int
		if b, err = op.To.Count(); err == nil {
			if a, err = in[0].Count(); err == nil && a != b {
				err = fmt.Errorf("reshape of %v (%d elements) to %v (%d elements)", in[0], a, op.To, b)
			}
		}
	case Host:
		out, err = inferHost(op, in[0])
	default:
		var ok bool
		if out, ok, err = inferTensorOp(op, in); !ok {
			err = fmt.Errorf("%s has no shape inference", op.Kind())
		}
	}
	if err != nil {
		return nil, err
	}
	if _, err := out.Count(); err != nil {
		return nil, err
	}
	return []Shape{out}, nil
}

// image checks that a shape is one non-empty NCHW image.
func image(s Shape) (Shape, error) {
	if len(s) != 4 || s[0] != 1 || s[1] < 1 || s[2] < 1 || s[3] < 1 {
		return nil, fmt.Errorf("input %v is not one image [1,C,H,W]", s)
	}
	return s, nil
}

func inferConv(op Conv, in []Shape) (Shape, error) {
	x, err := image(in[0])
	if err != nil {
		return nil, err
	}
	if err := op.Window.Check(); err != nil {
		return nil, err
	}
	w := in[1]
	if len(w) != 4 || w[0] < 1 {
		return nil, fmt.Errorf("weights %v are not [F,C,KH,KW]", w)
	}
	switch {
	case op.Groups < 1 || x[1]%op.Groups != 0 || w[0]%op.Groups != 0:
		return nil, fmt.Errorf("%d groups do not divide %d input and %d output channels", op.Groups, x[1], w[0])
	case w[1] != x[1]/op.Groups:
		return nil, fmt.Errorf("weights %v do not fit %d input channels in %d groups", w, x[1], op.Groups)
	case w[2] != op.Kernel[0] || w[3] != op.Kernel[1]:
		return nil, fmt.Errorf("weights %v do not fit kernel %v", w, op.Kernel)
	case len(in) == 3 && in[2] != nil && !in[2].Equal(Shape{w[0]}):
		return nil, fmt.Errorf("bias %v does not fit %d output channels", in[2], w[0])
	}
	h, errH := op.Out(0, x[2])
	v, errW := op.Out(1, x[3])
	if err := cmp.Or(errH, errW); err != nil {
		return nil, err
	}
	return Shape{1, w[0], h, v}, nil
}

func inferPool(op Pool, x Shape) (Shape, error) {
	if _, err := image(x); err != nil {
		return nil, err
	}
	if err := op.Window.Check(); err != nil {
		return nil, err
	}
	for i, p := range op.Pads {
		// A window entirely inside the padding has no element for a maximum or
		// mean.
		if p >= op.Extent(i%2) {
			return nil, fmt.Errorf("pads %v reach a whole window of kernel %v", op.Pads, op.Kernel)
		}
	}
	size := op.Out
	if op.Ceil {
		size = op.OutUp
	}
	h, errH := size(0, x[2])
	w, errW := size(1, x[3])
	if err := cmp.Or(errH, errW); err != nil {
		return nil, err
	}
	return Shape{1, x[1], h, w}, nil
}

func inferActivation(op Activation, in []Shape) (Shape, error) {
	if _, ok := activationParams[op.Fn]; !ok {
		return nil, fmt.Errorf("unknown activation %q", op.Fn)
	}
	if op.Fn == ActPRelu {
		out, err := Broadcast(in[0], in[1])
		if err != nil {
			return nil, err
		}
		if !out.Equal(in[0]) {
			return nil, fmt.Errorf("slope %v does not broadcast to %v", in[1], in[0])
		}
	}
	return slices.Clone(in[0]), nil
}

// inferHost: softmax keeps its shape, argmax leaves 1 along its axis.
func inferHost(op Host, x Shape) (Shape, error) {
	if op.Axis < 0 || op.Axis >= len(x) {
		return nil, fmt.Errorf("%s over axis %d of %v", op.Fn, op.Axis, x)
	}
	out := slices.Clone(x)
	switch op.Fn {
	case "softmax", "logsoftmax":
	case "argmax", "lastargmax":
		if x[op.Axis] == 0 {
			return nil, fmt.Errorf("argmax over the empty axis %d of %v", op.Axis, x)
		}
		out[op.Axis] = 1
	default:
		return nil, fmt.Errorf("unknown host function %q", op.Fn)
	}
	return out, nil
}

// arity is the least and the greatest number of inputs of an operator.
func arity(op Op) (lo, hi int) {
	switch op := op.(type) {
	case Conv:
		return 2, 3
	case Eltwise:
		return 2, 2
	case Activation:
		if op.Fn == ActPRelu {
			return 2, 2
		}
		return 1, 1
	case Foreign:
		return 0, 1 << 30
	}
	if lo, hi, ok := tensorOpArity(op); ok {
		return lo, hi
	}
	return 1, 1
}

func arityText(lo, hi int) string {
	if lo == hi {
		return fmt.Sprintf("%d input(s)", lo)
	}
	if hi == 1<<30 {
		return fmt.Sprintf("%d or more inputs", lo)
	}
	return fmt.Sprintf("%d to %d inputs", lo, hi)
}
