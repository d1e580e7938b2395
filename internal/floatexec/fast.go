package floatexec

import (
	"hass/internal/graph"
	"hass/internal/kernel"
)

// fastInto is evalInto followed by after for the operators and shapes that have a
// faster form with the same result; otherwise it returns false.
func fastInto(op graph.Op, y []float32, ys graph.Shape, in [][]float32, shapes []graph.Shape, after posts) bool {
	switch op := op.(type) {
	case graph.Eltwise:
		return (op.Fn == "add" || op.Fn == "mul") && fastEltwise(op, y, in, shapes, after)
	case graph.GlobalPool:
		if !op.Max {
			fastAverage(y, in[0], shapes[0][2]*shapes[0][3])
			if len(after) > 0 {
				after.apply(y, y, negZero)
			}
			return true
		}
	case graph.Pool:
		if op.Max {
			fastMaxPool(op, y, ys, in[0], shapes[0])
			if len(after) > 0 {
				after.apply(y, y, negZero)
			}
			return true
		}
	}
	return false
}

// fastEltwise handles operands of one shape, and one value per channel combined
// with a map.
func fastEltwise(op graph.Eltwise, y []float32, in [][]float32, shapes []graph.Shape, after posts) bool {
	a, b := in[0], in[1]
	if shapes[0].Equal(shapes[1]) {
		switch {
		case op.Fn == "add":
			first := noPost
			if len(after) > 0 && after[0].kind == postClamp {
				first, after = after[0], after[1:]
			}
			eachPiece(y, after, func(i, j int) {
				kernel.AddClamp(y[i:j], a[i:j], b[i:j], first.lo, first.hi, first.zero)
			})
		default:
			eachPiece(y, after, func(i, j int) { kernel.Mul(y[i:j], a[i:j], b[i:j]) })
		}
		return true
	}
	big, small := shapes[0], shapes[1]
	if len(small) == 4 && len(big) == 4 && small.Elems() > big.Elems() {
		big, small, a, b = small, big, b, a
	}
	if len(big) != 4 || len(small) != 4 || len(a) != len(y) ||
		small[0] != 1 || small[1] != big[1] || small[2] != 1 || small[3] != 1 || big[0] != 1 {
		return false
	}
	n := big[2] * big[3]
	for c, v := range b {
		dst, src := y[c*n:][:n], a[c*n:][:n]
		if op.Fn == "add" {
			after.apply(dst, src, v)
		} else {
			kernel.Scale(dst, src, v)
			after.apply(dst, dst, negZero)
		}
	}
	return true
}

// eachPiece makes f compute y[i:j] for pieces that fit the first-level cache,
// and applies after to each.
func eachPiece(y []float32, after posts, f func(i, j int)) {
	const piece = 2048
	for i := 0; i < len(y); i += piece {
		j := min(i+piece, len(y))
		f(i, j)
		if len(after) > 0 {
			after.apply(y[i:j], y[i:j], negZero)
		}
	}
}

// fastAverage sums four channels at a time, which hides the latency of the
// additions; each sum keeps its order.
func fastAverage(y, x []float32, n int) {
	c := 0
	for ; c+4 <= len(y); c += 4 {
		p0, p1, p2, p3 := x[c*n:][:n], x[(c+1)*n:][:n], x[(c+2)*n:][:n], x[(c+3)*n:][:n]
		a0, a1, a2, a3 := p0[0], p1[0], p2[0], p3[0]
		for i := 1; i < n; i++ {
			a0 += p0[i]
			a1 += p1[i]
			a2 += p2[i]
			a3 += p3[i]
		}
		y[c], y[c+1], y[c+2], y[c+3] = a0/float32(n), a1/float32(n), a2/float32(n), a3/float32(n)
	}
	for ; c < len(y); c++ {
		plane := x[c*n:][:n]
		acc := plane[0]
		for _, v := range plane[1:] {
			acc += v
		}
		y[c] = acc / float32(n)
	}
}

// fastMaxPool takes the maximum of the rows of each window, then of its columns:
// a maximum is the same in any order. A window without an element gives 0.
func fastMaxPool(op graph.Pool, y []float32, ys graph.Shape, x []float32, xs graph.Shape) {
	C, H, W := xs[1], xs[2], xs[3]
	OH, OW := ys[2], ys[3]
	rows := make([]float32, W)
	for c := range C {
		for oh := range OH {
			dst := y[(c*OH+oh)*OW:][:OW]
			found := false
			for kh := range op.Kernel[0] {
				ih := oh*op.Stride[0] - op.Pads[0] + kh*op.Dilation[0]
				if ih < 0 || ih >= H {
					continue
				}
				src := x[(c*H+ih)*W:][:W]
				if !found {
					copy(rows, src)
					found = true
					continue
				}
				for i, v := range src {
					rows[i] = max(rows[i], v)
				}
			}
			if !found {
				clear(dst)
				continue
			}
			for ow := range dst {
				at := ow*op.Stride[1] - op.Pads[1]
				var acc float32
				first := true
				for range op.Kernel[1] {
					if at >= 0 && at < W {
						if first {
							acc, first = rows[at], false
						} else {
							acc = max(acc, rows[at])
						}
					}
					at += op.Dilation[1]
				}
				dst[ow] = acc
			}
		}
	}
}
