package floatexec

import (
	"math"
	"slices"

	"hass/internal/graph"
)

// tensorOp evaluates the operators that move, join or reduce tensors of any rank;
// false for other operators.
func tensorOp[T Real](op graph.Op, y []T, ys graph.Shape, in [][]T, shapes []graph.Shape) bool {
	x, xs := in[0], shapes[0]
	switch op := op.(type) {
	case graph.ConvTranspose:
		var bias []T
		if len(in) > 2 {
			bias = in[2]
		}
		convTranspose(op, y, ys, x, xs, in[1], bias)
	case graph.Concat:
		concat(op, y, ys, in, shapes)
	case graph.Slice:
		stride := strides(xs)
		start := 0
		for d := range stride {
			start += op.Start[d] * stride[d]
			stride[d] *= op.Step[d]
		}
		w := graph.Strided(ys, stride, start)
		for i := range y {
			y[i] = x[w.Next()]
		}
	case graph.Take:
		inner, n := xs[op.Axis+1:].Elems(), xs[op.Axis]
		at := 0
		for o := range xs[:op.Axis].Elems() {
			for _, i := range op.Index {
				at += copy(y[at:], x[(o*n+i)*inner:][:inner])
			}
		}
	case graph.Transpose:
		from := strides(xs)
		stride := make([]int, len(ys))
		for d, p := range op.Perm {
			stride[d] = from[p]
		}
		w := graph.Strided(ys, stride, 0)
		for i := range y {
			y[i] = x[w.Next()]
		}
	case graph.Expand:
		w := graph.Offsets(xs, ys)
		for i := range y {
			y[i] = x[w.Next()]
		}
	case graph.Pad:
		pad(op, y, ys, x, xs)
	case graph.Reduce:
		reduce(op, y, ys, x, xs)
	case graph.MatMul:
		matmul(y, x, xs, in[1], shapes[1])
	case graph.Resize:
		resize(op, y, ys, x, xs)
	case graph.Quantize:
		quantize(op, y, x, xs, in[1], shapes[1], in[2], shapes[2])
	case graph.MultiThreshold:
		rows, k := shapes[1][0], shapes[1][1]
		inner := xs[2:].Elems()
		for i, v := range x {
			t := in[1][i/inner%xs[1]%rows*k:][:k]
			n := 0
			for n < k && v >= t[n] {
				n++
			}
			y[i] = T(op.Bias + op.Scale*float64(n))
		}
	default:
		return false
	}
	return true
}

// strides are those of a tensor in C order.
func strides(s graph.Shape) []int {
	out := make([]int, len(s))
	step := 1
	for i := len(s) - 1; i >= 0; i-- {
		out[i] = step
		step *= s[i]
	}
	return out
}

// convTranspose: every input element adds its kernel, scaled, to the result,
// which the pads then crop (ONNX ConvTranspose). Summed per output element in
// the order of channel, row, column.
func convTranspose[T Real](op graph.ConvTranspose, y []T, ys graph.Shape, x []T, xs graph.Shape, w, bias []T) {
	C, H, W := xs[1], xs[2], xs[3]
	F, OH, OW := ys[1], ys[2], ys[3]
	KH, KW := op.Kernel[0], op.Kernel[1]
	cg, fg := C/op.Groups, F/op.Groups
	for f := range F {
		c0 := f / fg * cg
		for oh := range OH {
			for ow := range OW {
				var acc T
				for c := c0; c < c0+cg; c++ {
					for kh := range KH {
						ih := oh + op.Pads[0] - kh*op.Dilation[0]
						if ih < 0 || ih%op.Stride[0] != 0 || ih/op.Stride[0] >= H {
							continue
						}
						row := x[(c*H+ih/op.Stride[0])*W:]
						for kw := range KW {
							iw := ow + op.Pads[1] - kw*op.Dilation[1]
							if iw < 0 || iw%op.Stride[1] != 0 || iw/op.Stride[1] >= W {
								continue
							}
							acc += T(row[iw/op.Stride[1]] * w[((c*fg+f%fg)*KH+kh)*KW+kw])
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

func concat[T Real](op graph.Concat, y []T, ys graph.Shape, in [][]T, shapes []graph.Shape) {
	at := 0
	for o := range ys[:op.Axis].Elems() {
		for i, s := range shapes {
			k := s[op.Axis:].Elems()
			at += copy(y[at:], in[i][o*k:(o+1)*k])
		}
	}
}

// pad: reflection leaves out the edge itself.
func pad[T Real](op graph.Pad, y []T, ys graph.Shape, x []T, xs graph.Shape) {
	// from[d][i] is the input index of output index i along axis d, -1 outside.
	from := make([][]int, len(ys))
	for d := range from {
		from[d] = make([]int, ys[d])
		for i := range from[d] {
			j := i - op.Before[d]
			switch {
			case j >= 0 && j < xs[d]:
			case op.Mode == "constant":
				j = -1
			case op.Mode == "edge":
				j = min(max(j, 0), xs[d]-1)
			case j < 0:
				j = -j
			default:
				j = 2*(xs[d]-1) - j
			}
			from[d][i] = j
		}
	}
	stride := strides(xs)
	at := make([]int, len(ys))
	for i := range y {
		off, inside := 0, true
		for d, k := range at {
			if from[d][k] < 0 {
				inside = false
				break
			}
			off += from[d][k] * stride[d]
		}
		if y[i] = T(op.Value); inside {
			y[i] = x[off]
		}
		for d := len(at) - 1; d >= 0; d-- {
			if at[d]++; at[d] < ys[d] {
				break
			}
			at[d] = 0
		}
	}
}

// reduce sums in float64, in the order of the elements.
func reduce[T Real](op graph.Reduce, y []T, ys graph.Shape, x []T, xs graph.Shape) {
	acc := make([]float64, len(y))
	seen := make([]bool, len(y))
	w := graph.Offsets(ys, xs)
	for _, v := range x {
		i, f := w.Next(), float64(v)
		switch {
		case !seen[i]:
			acc[i], seen[i] = f, true
		case op.Fn == "max":
			acc[i] = max(acc[i], f)
		case op.Fn == "min":
			acc[i] = min(acc[i], f)
		default:
			acc[i] += f
		}
	}
	n := 1.0
	if op.Fn == "mean" {
		n = float64(len(x)) / float64(max(len(y), 1))
	}
	for i, v := range acc {
		y[i] = T(v / n)
	}
}

func matmul[T Real](y, a []T, as graph.Shape, b []T, bs graph.Shape) {
	if len(as) == 1 {
		as = graph.Shape{1, as[0]}
	}
	if len(bs) == 1 {
		bs = graph.Shape{bs[0], 1}
	}
	n, k, m := as[len(as)-2], as[len(as)-1], bs[len(bs)-1]
	lead, _ := graph.Broadcast(as[:len(as)-2], bs[:len(bs)-2]) // graph.Infer has accepted it
	ia, ib := graph.Offsets(as[:len(as)-2], lead), graph.Offsets(bs[:len(bs)-2], lead)
	for l := range lead.Elems() {
		pa, pb := a[ia.Next()*n*k:], b[ib.Next()*k*m:]
		for i := range n {
			for j := range m {
				var acc T
				for t := range k {
					acc += T(pa[i*k+t] * pb[t*m+j])
				}
				y[(l*n+i)*m+j] = acc
			}
		}
	}
}

// quantize: see graph.Quantize; evaluated in T as ONNX does: the quotient is
// rounded to T before it is rounded to an integer.
func quantize[T Real](op graph.Quantize, y, x []T, xs graph.Shape, scale []T, ss graph.Shape, zero []T, zs graph.Shape) {
	l, h := graph.Range(op.Bits, op.Signed, op.Narrow)
	lo, hi := float64(l), float64(h)
	is, iz := graph.Offsets(ss, xs), graph.Offsets(zs, xs)
	for i, v := range x {
		s, z := scale[is.Next()], float64(zero[iz.Next()])
		if op.Bipolar {
			if y[i] = s; v < 0 {
				y[i] = -s
			}
			continue
		}
		q := min(max(math.RoundToEven(float64(v/s))+z, lo), hi)
		y[i] = T(q-z) * s
	}
}

// Tap is one input element that an output element of a resize reads along an axis.
type Tap struct {
	At     int
	Weight float64
}

// resize samples one axis after the other, which equals ONNX's definition over
// all axes together because the weights are products. Axes of scale 1 that keep
// their size are skipped.
func resize[T Real](op graph.Resize, y []T, ys graph.Shape, x []T, xs graph.Shape) {
	cur := make([]float64, len(x))
	for i, v := range x {
		cur[i] = float64(v)
	}
	s := slices.Clone(xs)
	for d := range ys {
		if op.Scales[d] == 1 && ys[d] == s[d] {
			continue
		}
		taps := ResizeTaps(op, d, s[d], ys[d])
		outer, n, inner := axis(s, d)
		next := make([]float64, outer*ys[d]*inner)
		for o := range outer {
			for j, ts := range taps {
				row := next[(o*ys[d]+j)*inner:][:inner]
				for _, t := range ts {
					from := cur[(o*n+t.At)*inner:][:inner]
					for i, v := range from {
						row[i] += float64(v * t.Weight)
					}
				}
			}
		}
		cur, s[d] = next, ys[d]
	}
	for i, v := range cur {
		y[i] = T(v)
	}
}

// ResizeTaps gives the taps of each of the out output indices along axis d of n elements: one of
// weight 1 (nearest), two neighbours (linear) or four (cubic).
func ResizeTaps(op graph.Resize, d, n, out int) [][]Tap {
	taps := make([][]Tap, out)
	clamp := func(i int) int { return min(max(i, 0), n-1) }
	for j := range taps {
		x := resizeCoord(op, d, n, out, j)
		switch op.Mode {
		case "nearest":
			taps[j] = []Tap{{clamp(nearest(op.Round, x)), 1}}
		case "linear":
			x = min(max(x, 0), float64(n-1))
			i := math.Floor(x)
			taps[j] = []Tap{{clamp(int(i)), 1 - (x - i)}, {clamp(int(i) + 1), x - i}}
		default:
			taps[j] = cubic(op, x, n)
		}
	}
	return taps
}

// resizeCoord is the position of output index j in the input by ONNX's
// coordinate_transformation_mode.
func resizeCoord(op graph.Resize, d, n, out, j int) float64 {
	x, scale := float64(j), op.Scales[d]
	// The size before rounding down: a scale of 0.6 makes 2.4 of 4. ONNX measures
	// the distance between aligned corners with it.
	size := float64(scale * float64(n))
	if math.Abs(size-float64(out)) < 1e-6 {
		size = float64(out)
	}
	switch op.Coord {
	case "half_pixel":
		return (x+0.5)/scale - 0.5
	case "tf_half_pixel_for_nn":
		return (x + 0.5) / scale
	case "pytorch_half_pixel":
		if out == 1 {
			return 0
		}
		return (x+0.5)/scale - 0.5
	case "half_pixel_symmetric":
		adjust := float64(out) / size
		return float64(n)/2*(1-adjust) + (x+0.5)/scale - 0.5
	case "align_corners":
		if size == 1 {
			return 0
		}
		return x * float64(n-1) / (size - 1)
	}
	return x / scale // asymmetric
}

func nearest(round string, x float64) int {
	switch round {
	case "floor":
		x = math.Floor(x)
	case "ceil":
		x = math.Ceil(x)
	case "round_prefer_ceil":
		x = math.Floor(x + 0.5)
	default:
		x = math.Ceil(x - 0.5)
	}
	return int(x)
}

// cubic is the cubic convolution kernel (Keys 1981) with coefficient a.
func cubic(op graph.Resize, x float64, n int) []Tap {
	a := op.Cubic
	i := math.Floor(x)
	t := x - i
	w := func(d float64) float64 {
		if d = math.Abs(d); d <= 1 {
			return float64(float64((float64((a+2)*d)-(a+3))*d)*d) + 1
		}
		return float64(float64((float64(float64(a*d)-5*a)*d)+8*a)*d) - 4*a
	}
	ts := make([]Tap, 0, 4)
	sum := 0.0
	for k := -1; k <= 2; k++ {
		at := int(i) + k
		if op.Exclude && (at < 0 || at >= n) {
			continue
		}
		v := w(t - float64(k))
		sum += v
		ts = append(ts, Tap{min(max(at, 0), n-1), v})
	}
	if op.Exclude {
		for k := range ts {
			ts[k].Weight /= sum
		}
	}
	return ts
}
