package floatexec

import (
	"fmt"

	"hass/internal/graph"
)

// The fast convolution: a copy of the input with its padding, and a product of
// packed weights with panels of pixels gathered from it. Each output is one
// running sum over (c, kh, kw), so the result equals Eval's bit for bit; speed
// comes from keeping a tile of mr x nr sums in registers.
const (
	mr = 2 // filters per tile
	nr = 4 // pixels per tile
)

// convPlan is a convolution with everything that does not depend on the image.
type convPlan struct {
	op         graph.Conv
	c, h, w    int // input
	f, oh, ow  int // output
	hp, wp     int // input with padding
	padded     bool
	cg, fg, k  int       // channels and filters of a group; length of a sum
	weights    []float32 // depthwise: as in the graph; else per group panels of mr filters, [k][mr]
	bias       []float32 // nil if absent
	off        []int     // offset in the padded input of each term of a sum
	groupPanel int       // elements of a group's packed weights
}

// planConv packs a convolution of e.
func (e *Exec) planConv(op graph.Conv, s *step) (*convPlan, error) {
	w := e.values[s.in[1]]
	if w.konst == nil {
		return nil, fmt.Errorf("weights %q are not constant", w.name)
	}
	x, y := e.values[s.in[0]].shape, e.values[s.out].shape
	p := &convPlan{
		op: op,
		c:  x[1], h: x[2], w: x[3],
		f: y[1], oh: y[2], ow: y[3],
		hp:     x[2] + op.Pads[0] + op.Pads[2],
		wp:     x[3] + op.Pads[1] + op.Pads[3],
		padded: op.Pads != [4]int{},
		cg:     x[1] / op.Groups, fg: y[1] / op.Groups,
	}
	p.k = p.cg * op.Kernel[0] * op.Kernel[1]
	if len(s.in) > 2 && s.in[2] >= 0 {
		b := e.values[s.in[2]]
		if b.konst == nil {
			return nil, fmt.Errorf("bias %q is not constant", b.name)
		}
		p.bias = b.konst
	}
	if _, err := (graph.Shape{p.c, p.hp, p.wp}).Count(); err != nil {
		return nil, fmt.Errorf("padded input: %w", err)
	}
	p.off = make([]int, 0, p.k)
	for c := range p.cg {
		for kh := range op.Kernel[0] {
			for kw := range op.Kernel[1] {
				p.off = append(p.off, (c*p.hp+kh*op.Dilation[0])*p.wp+kw*op.Dilation[1])
			}
		}
	}
	if p.cg == 1 {
		p.weights = w.konst
	} else {
		p.pack(w.konst)
	}
	need := p.k * nr
	if p.padded {
		need += p.c * p.hp * p.wp
	}
	e.scratch = max(e.scratch, need)
	return p, nil
}

// pack interleaves mr filters; a group's last panel is filled up with zeros.
func (p *convPlan) pack(w []float32) {
	panels := (p.fg + mr - 1) / mr
	p.groupPanel = panels * mr * p.k
	p.weights = make([]float32, p.op.Groups*p.groupPanel)
	for f := range p.f {
		g, fi := f/p.fg, f%p.fg
		dst := p.weights[g*p.groupPanel+fi/mr*mr*p.k+fi%mr:]
		for k, v := range w[f*p.k:][:p.k] {
			dst[k*mr] = v
		}
	}
}

// run computes y from x with scratch memory of at least what planConv asked for.
func (p *convPlan) run(y, x, scratch []float32) {
	panel := scratch[:p.k*nr]
	if p.padded {
		x = p.pad(scratch[p.k*nr:], x)
	}
	if p.cg == 1 {
		p.depthwise(y, x)
		return
	}
	pixels := p.oh * p.ow
	for g := range p.op.Groups {
		xg := x[g*p.cg*p.hp*p.wp:]
		wg := p.weights[g*p.groupPanel:][:p.groupPanel]
		for p0 := 0; p0 < pixels; p0 += nr {
			p.gather(panel, xg, p0, pixels)
			n := min(nr, pixels-p0)
			for i := 0; i < p.fg; i += mr {
				var acc [mr * nr]float32
				tile(&acc, wg[i*p.k:][:mr*p.k], panel)
				for r := range min(mr, p.fg-i) {
					f := g*p.fg + i + r
					row := y[f*pixels+p0:][:n]
					sums := acc[r*nr:][:nr]
					if p.bias == nil {
						copy(row, sums)
						continue
					}
					for j := range row {
						row[j] = sums[j] + p.bias[f]
					}
				}
			}
		}
	}
}

// pad copies x between zeros.
func (p *convPlan) pad(dst, x []float32) []float32 {
	dst = dst[:p.c*p.hp*p.wp]
	clear(dst)
	for c := range p.c {
		for h := range p.h {
			copy(dst[(c*p.hp+h+p.op.Pads[0])*p.wp+p.op.Pads[1]:], x[(c*p.h+h)*p.w:][:p.w])
		}
	}
	return dst
}

// gather fills panel[k][nr] with the inputs of nr neighbouring outputs; past the
// last output it repeats that one, whose extra sums nobody stores.
func (p *convPlan) gather(panel, x []float32, p0, pixels int) {
	var base [nr]int
	for j := range base {
		q := min(p0+j, pixels-1)
		base[j] = q/p.ow*p.op.Stride[0]*p.wp + q%p.ow*p.op.Stride[1]
	}
	x0, x1, x2, x3 := x[base[0]:], x[base[1]:], x[base[2]:], x[base[3]:]
	for k, o := range p.off {
		d := (*[nr]float32)(panel[k*nr:])
		d[0], d[1], d[2], d[3] = x0[o], x1[o], x2[o], x3[o]
	}
}

// tile adds to acc[r][j] the products a[k][r]*b[k][j] in the order of k. The
// conversions forbid fused multiply-adds.
func tile(acc *[mr * nr]float32, a, b []float32) {
	c00, c01, c02, c03 := acc[0], acc[1], acc[2], acc[3]
	c10, c11, c12, c13 := acc[4], acc[5], acc[6], acc[7]
	for len(a) >= 2*mr && len(b) >= 2*nr {
		a0, a1 := a[0], a[1]
		b0, b1, b2, b3 := b[0], b[1], b[2], b[3]
		c00 += float32(a0 * b0)
		c01 += float32(a0 * b1)
		c02 += float32(a0 * b2)
		c03 += float32(a0 * b3)
		c10 += float32(a1 * b0)
		c11 += float32(a1 * b1)
		c12 += float32(a1 * b2)
		c13 += float32(a1 * b3)
		a0, a1 = a[2], a[3]
		b0, b1, b2, b3 = b[4], b[5], b[6], b[7]
		c00 += float32(a0 * b0)
		c01 += float32(a0 * b1)
		c02 += float32(a0 * b2)
		c03 += float32(a0 * b3)
		c10 += float32(a1 * b0)
		c11 += float32(a1 * b1)
		c12 += float32(a1 * b2)
		c13 += float32(a1 * b3)
		a, b = a[2*mr:], b[2*nr:]
	}
	if len(a) >= mr && len(b) >= nr {
		a0, a1 := a[0], a[1]
		b0, b1, b2, b3 := b[0], b[1], b[2], b[3]
		c00 += float32(a0 * b0)
		c01 += float32(a0 * b1)
		c02 += float32(a0 * b2)
		c03 += float32(a0 * b3)
		c10 += float32(a1 * b0)
		c11 += float32(a1 * b1)
		c12 += float32(a1 * b2)
		c13 += float32(a1 * b3)
	}
	*acc = [mr * nr]float32{c00, c01, c02, c03, c10, c11, c12, c13}
}

// depthwise is the case of one input channel per group: no two filters share a
// panel, so rows are summed tap by tap.
func (p *convPlan) depthwise(y, x []float32) {
	taps := p.k
	for f := range p.f {
		xc := x[f/p.fg*p.hp*p.wp:]
		for oh := range p.oh {
			row := y[(f*p.oh+oh)*p.ow:][:p.ow]
			clear(row)
			for t := range taps {
				w := p.weights[f*taps+t]
				src := xc[oh*p.op.Stride[0]*p.wp+p.off[t]:]
				if s := p.op.Stride[1]; s == 1 {
					src = src[:len(row)]
					for i, v := range src {
						row[i] += float32(w * v)
					}
				} else {
					for i := range row {
						row[i] += float32(w * src[i*s])
					}
				}
			}
			if p.bias != nil {
				b := p.bias[f]
				for i := range row {
					row[i] += b
				}
			}
		}
	}
}
