package floatexec

import (
	"fmt"

	"hass/internal/graph"
	"hass/internal/kernel"
)

// Real is an element type of Eval.
type Real interface{ float32 | float64 }

// Tensor is a value in C order; len(Data) = Shape.Elems().
type Tensor[T Real] struct {
	Shape graph.Shape
	Data  []T
}

// Eval gives the output of one operator by its definition: no blocking, no
// shortcut. Inputs are those of the graph's node, weights included; nil stands
// for an absent optional input. An argmax gives its index as a number. Shapes
// that do not fit the operator and foreign operators are errors.
func Eval[T Real](op graph.Op, in ...*Tensor[T]) (*Tensor[T], error) {
	shapes := make([]graph.Shape, len(in))
	for i, t := range in {
		if t == nil {
			continue
		}
		if n, err := t.Shape.Count(); err != nil {
			return nil, err
		} else if n != len(t.Data) {
			return nil, fmt.Errorf("%s: input %d of shape %v has %d elements", op.Kind(), i, t.Shape, len(t.Data))
		}
		if shapes[i] = t.Shape; shapes[i] == nil {
			shapes[i] = graph.Shape{} // a scalar, not an absent input
		}
	}
	out, err := graph.Infer(op, shapes)
	if err != nil {
		return nil, err
	}
	y := &Tensor[T]{Shape: out[0], Data: make([]T, out[0].Elems())}
	data := make([][]T, len(in))
	for i, t := range in {
		if t != nil {
			data[i] = t.Data
		}
	}
	evalInto(op, y.Data, y.Shape, data, shapes)
	return y, nil
}

// evalInto is Eval into existing memory, for shapes that graph.Infer has
// accepted.
func evalInto[T Real](op graph.Op, y []T, ys graph.Shape, in [][]T, shapes []graph.Shape) {
	x, xs := in[0], shapes[0]
	switch op := op.(type) {
	case graph.Conv:
		var bias []T
		if len(in) > 2 {
			bias = in[2]
		}
		conv(op, y, ys, x, xs, in[1], bias)
	case graph.Pool:
		pool(op, y, ys, x, xs)
	case graph.GlobalPool:
		globalPool(op, y, x, xs)
	case graph.Eltwise:
		eltwise(op, y, ys, x, xs, in[1], shapes[1])
	case graph.Activation:
		if op.Fn == graph.ActPRelu {
			prelu(y, x, xs, in[1], shapes[1])
		} else {
			activate(op, y, x)
		}
	case graph.Reshape:
		copy(y, x)
	case graph.Host:
		switch op.Fn {
		case "softmax", "logsoftmax":
			softmax(y, x, xs, op.Axis, op.Fn == "logsoftmax")
		default:
			argmax(y, x, xs, op.Axis, op.Fn == "lastargmax")
		}
	default:
		tensorOp(op, y, ys, in, shapes)
	}
}

// conv: y[f,oh,ow] = sum over (c,kh,kw) of x*w, plus bias (ONNX Conv, without
// flipping the kernel). Taps in the padding add nothing.
func conv[T Real](op graph.Conv, y []T, ys graph.Shape, x []T, xs graph.Shape, w, bias []T) {
	C, H, W := xs[1], xs[2], xs[3]
	F, OH, OW := ys[1], ys[2], ys[3]
	KH, KW := op.Kernel[0], op.Kernel[1]
	cg, fg := C/op.Groups, F/op.Groups
	for f := range F {
		c0 := f / fg * cg
		for oh := range OH {
			for ow := range OW {
				var acc T
				for c := range cg {
					for kh := range KH {
						ih := oh*op.Stride[0] - op.Pads[0] + kh*op.Dilation[0]
						if ih < 0 || ih >= H {
							continue
						}
						for kw := range KW {
							iw := ow*op.Stride[1] - op.Pads[1] + kw*op.Dilation[1]
							if iw < 0 || iw >= W {
								continue
							}
							acc = madd(x[((c0+c)*H+ih)*W+iw], w[((f*cg+c)*KH+kh)*KW+kw], acc)
						}
					}
				}
				if bias != nil {
					acc += bias[f]
				}
				y[(f*OH+oh)*OW+ow] = acc
			}
		}
	}
}

// madd is a*b + c: in float32 rounded once, the processors' fused multiply-add; in
// float64 rounded twice.
func madd[T Real](a, b, c T) T {
	if a, ok := any(a).(float32); ok {
		return T(kernel.FMA(a, float32(b), float32(c)))
	}
	return c + T(a*b)
}

// pool: max ignores padding; an average divides by the number of elements, or
// with CountPad of elements and padding, but never by what lies beyond the
// padding when the output size was rounded up (PyTorch's rule, ONNX's since
// opset 19).
func pool[T Real](op graph.Pool, y []T, ys graph.Shape, x []T, xs graph.Shape) {
	C, H, W := xs[1], xs[2], xs[3]
	OH, OW := ys[2], ys[3]
	for c := range C {
		for oh := range OH {
			for ow := range OW {
				var acc T
				n, padded := 0, 0
				for kh := range op.Kernel[0] {
					ih := oh*op.Stride[0] - op.Pads[0] + kh*op.Dilation[0]
					if ih >= H+op.Pads[2] {
						continue
					}
					for kw := range op.Kernel[1] {
						iw := ow*op.Stride[1] - op.Pads[1] + kw*op.Dilation[1]
						if iw >= W+op.Pads[3] {
							continue
						}
						padded++
						if ih < 0 || ih >= H || iw < 0 || iw >= W {
							continue
						}
						v := x[(c*H+ih)*W+iw]
						switch {
						case !op.Max:
							acc += v
						case n == 0:
							acc = v
						default:
							acc = max(acc, v)
						}
						n++
					}
				}
				if !op.Max {
					if op.CountPad {
						n = padded
					}
					acc /= T(max(n, 1))
				}
				y[(c*OH+oh)*OW+ow] = acc
			}
		}
	}
}

func globalPool[T Real](op graph.GlobalPool, y, x []T, xs graph.Shape) {
	n := xs[2] * xs[3]
	for c := range y {
		plane := x[c*n:][:n]
		acc := plane[0]
		for _, v := range plane[1:] {
			if op.Max {
				acc = max(acc, v)
			} else {
				acc += v
			}
		}
		if !op.Max {
			acc /= T(n)
		}
		y[c] = acc
	}
}

func eltwise[T Real](op graph.Eltwise, y []T, ys graph.Shape, a []T, as graph.Shape, b []T, bs graph.Shape) {
	switch same := as.Equal(bs); {
	case same && op.Fn == "add":
		for i := range y {
			y[i] = a[i] + b[i]
		}
		return
	case same && op.Fn == "mul":
		for i := range y {
			y[i] = a[i] * b[i]
		}
		return
	}
	// One number of b for a run of a, as in the gate of a squeeze-excite.
	run := len(ys)
	for run > 0 && len(bs) == len(ys) && bs[run-1] == 1 {
		run--
	}
	if inner := ys[run:].Elems(); op.Fn == "mul" && as.Equal(ys) && inner > 1 {
		ib := graph.Offsets(bs[:run], ys[:run])
		for i := 0; i < len(y); i += inner {
			by, from := b[ib.Next()], a[i:][:inner]
			for j, v := range from {
				y[i+j] = v * by
			}
		}
		return
	}
	f := binary[T](op.Fn)
	ia, ib := graph.Offsets(as, ys), graph.Offsets(bs, ys)
	for i := range y {
		y[i] = f(a[ia.Next()], b[ib.Next()])
	}
}

// binary is an element-wise function by its name.
func binary[T Real](fn string) func(a, b T) T {
	switch fn {
	case "add":
		return func(a, b T) T { return a + b }
	case "sub":
		return func(a, b T) T { return a - b }
	case "div":
		return func(a, b T) T { return a / b }
	case "max":
		return func(a, b T) T { return max(a, b) }
	case "min":
		return func(a, b T) T { return min(a, b) }
	}
	return func(a, b T) T { return a * b }
}

func prelu[T Real](y, x []T, xs graph.Shape, slope []T, ss graph.Shape) {
	is := graph.Offsets(ss, xs)
	for i, v := range x {
		s := slope[is.Next()]
		if v < 0 {
			v *= s
		}
		y[i] = v
	}
}

// axis splits a shape around an axis: outer x n x inner elements.
func axis(s graph.Shape, i int) (outer, n, inner int) {
	return s[:i].Elems(), s[i], s[i+1:].Elems()
}

// softmax: exp(x - max) / sum, in float64 for either type; log gives its
// logarithm, x - max - log sum.
func softmax[T Real](y, x []T, xs graph.Shape, ax int, log bool) {
	outer, n, inner := axis(xs, ax)
	for o := range outer {
		for i := range inner {
			at := func(k int) int { return (o*n+k)*inner + i }
			top := x[at(0)]
			for k := range n {
				top = max(top, x[at(k)])
			}
			sum := 0.0
			for k := range n {
				sum += Exp(float64(x[at(k)]) - float64(top))
			}
			if log {
				lg := Log(sum)
				for k := range n {
					y[at(k)] = T(float64(x[at(k)]) - float64(top) - lg)
				}
				continue
			}
			for k := range n {
				y[at(k)] = T(Exp(float64(x[at(k)])-float64(top)) / sum)
			}
		}
	}
}

// argmax: the lowest index of the largest value, or the highest one.
func argmax[T Real](y, x []T, xs graph.Shape, ax int, last bool) {
	outer, n, inner := axis(xs, ax)
	for o := range outer {
		for i := range inner {
			best := 0
			for k := range n {
				v, top := x[(o*n+k)*inner+i], x[(o*n+best)*inner+i]
				if v > top || last && v == top {
					best = k
				}
			}
			y[o*inner+i] = T(best)
		}
	}
}
