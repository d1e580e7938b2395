package floatexec

import (
	"fmt"

	"hass/internal/graph"
	"hass/internal/kernel"
)

// The fast convolution: a matrix product of packed weights (filters x terms) with
// panels of pixels gathered from the input (terms x pixels), or, where a group has
// few filters, a sum of shifted planes. Each output is one chain of fused
// multiply-adds over (c, kh, kw), so the result equals Eval's bit for bit.
const (
	// panelElems bounds the gathered panels of one block, which stay in the
	// second-level cache while all filters use them.
	panelElems = 1 << 16
	// blockTerms bounds the terms of one block: its weights and one panel fit the
	// first-level cache.
	blockTerms = 320
	// slack is the number of elements that are read past the end of a row, and of
	// the last row of a buffer.
	slack = kernel.Cols
	// vectorCols is the number of filters of a panel if the output is one pixel.
	vectorCols = 32
)

// convPlan is a convolution with everything that does not depend on the image.
type convPlan struct {
	op      graph.Conv
	c, h, w int       // input
	f       int       // filters
	oh, ow  int       // output; a pixelwise convolution sees one row of all pixels
	cg, fg  int       // channels and filters of a group
	k       int       // terms of a sum
	weights []float32 // planes: as in the graph; vector: panels of vectorCols filters, [k][vectorCols]; else per group panels of kernel.Rows filters, [k][Rows]
	bias    []float32 // nil if absent
	planes  bool
	vector  bool // one pixel: the product of a matrix and a vector
	packed  int  // elements of a group's packed weights

	// The input as the kernels read it: hp rows of rowlen elements per channel,
	// each with one run for each phase of the horizontal stride, so that the inputs
	// of neighbouring outputs are neighbours. If copied is false, it is the input
	// itself.
	copied     bool
	hp, rowlen int
	phase      int    // elements of a run
	used       []bool // phases that a tap reads
	off        []int  // offset of each term in its group's channels; planes: in bytes
	panelOff   []int  // vector: offset of each term's weights in a panel, in bytes
	maxOff     int

	block  int // terms of a block
	pixels int // pixels of a block, a multiple of kernel.Cols unless there are no more
	input  int // elements of the copy
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
		cg: x[1] / op.Groups, fg: y[1] / op.Groups,
	}
	p.k = p.cg * op.Kernel[0] * op.Kernel[1]
	if len(s.in) > 2 && s.in[2] >= 0 {
		b := e.values[s.in[2]]
		if b.konst == nil {
			return nil, fmt.Errorf("bias %q is not constant", b.name)
		}
		p.bias = b.konst
	}
	// With one channel and few filters per group no two filters could share panels.
	p.planes = p.cg == 1 && p.fg < kernel.Rows/2
	hp, wp := p.h+op.Pads[0]+op.Pads[2], p.w+op.Pads[1]+op.Pads[3]
	sw := op.Stride[1]
	p.copied = op.Pads != [4]int{} || sw > 1 || p.planes
	if !p.copied && op.Kernel == [2]int{1, 1} && op.Stride == [2]int{1, 1} {
		p.oh, p.ow, hp, wp = 1, p.oh*p.ow, 1, p.h*p.w
	}
	p.hp, p.phase = hp, (wp+sw-1)/sw
	p.rowlen = sw * p.phase
	p.used = make([]bool, sw)
	for c := range p.cg {
		for kh := range op.Kernel[0] {
			for kw := range op.Kernel[1] {
				at := kw * op.Dilation[1]
				p.used[at%sw] = true
				p.off = append(p.off, (c*hp+kh*op.Dilation[0])*p.rowlen+at%sw*p.phase+at/sw)
			}
		}
	}
	p.maxOff = p.off[len(p.off)-1]
	for _, o := range p.off {
		p.maxOff = max(p.maxOff, o)
	}
	if p.copied {
		channels := p.c
		if p.planes {
			channels = 1
		}
		var err error
		if p.input, err = (graph.Shape{channels, hp, p.rowlen}).Count(); err != nil {
			return nil, fmt.Errorf("padded input: %w", err)
		}
	}
	if p.planes {
		p.weights = w.konst
		for i := range p.off {
			p.off[i] *= 4
		}
		e.scratch = max(e.scratch, p.input+slack)
		return p, nil
	}
	if p.oh*p.ow == 1 {
		p.vector = true
		p.packVector(w.konst)
		e.scratch = max(e.scratch, p.k+vectorCols+p.input+slack)
		return p, nil
	}
	p.pack(w.konst)
	blocks := (p.k + blockTerms - 1) / blockTerms
	p.block = (p.k + blocks - 1) / blocks
	all := (p.oh*p.ow + kernel.Cols - 1) / kernel.Cols * kernel.Cols
	p.pixels = min(all, max(1, panelElems/(p.block*kernel.Cols))*kernel.Cols)
	e.scratch = max(e.scratch, kernel.Rows*kernel.Cols+p.block*p.pixels+p.input+slack)
	return p, nil
}

// pack interleaves kernel.Rows filters; a group's last panel is filled up with zeros.
func (p *convPlan) pack(w []float32) {
	const rows = kernel.Rows
	panels := (p.fg + rows - 1) / rows
	p.packed = panels * rows * p.k
	p.weights = make([]float32, p.op.Groups*p.packed)
	for f := range p.f {
		g, fi := f/p.fg, f%p.fg
		dst := p.weights[g*p.packed+fi/rows*rows*p.k+fi%rows:]
		for k, v := range w[f*p.k:][:p.k] {
			dst[k*rows] = v
		}
	}
}

// run computes y from x with scratch memory of at least the size in planConv, and
// applies after to the sums. y must have slack elements of capacity beyond its
// length.
func (p *convPlan) run(y, x, scratch []float32, after posts) {
	if p.planes {
		p.runPlanes(y, x, scratch, after)
		return
	}
	if p.vector {
		p.runVector(y, x, scratch, after)
		return
	}
	corner, scratch := scratch[:kernel.Rows*kernel.Cols], scratch[kernel.Rows*kernel.Cols:]
	panels, scratch := scratch[:p.block*p.pixels], scratch[p.block*p.pixels:]
	if p.copied {
		for c := range p.c {
			p.copyChannel(scratch[c*p.hp*p.rowlen:], x[c*p.h*p.w:])
		}
		x = scratch[:p.input+slack]
	}
	size := p.oh * p.ow
	for g := range p.op.Groups {
		xg := x[g*p.cg*p.hp*p.rowlen:]
		wg := p.weights[g*p.packed:][:p.packed]
		yg := y[g*p.fg*size:][:p.fg*size]
		for p0 := 0; p0 < size; p0 += p.pixels {
			n := min(p.pixels, size-p0)
			for k0 := 0; k0 < p.k; k0 += p.block {
				kb := min(p.block, p.k-k0)
				for at := 0; at < n; at += kernel.Cols {
					p.gather(panels[at*kb:], xg, p.off[k0:k0+kb], p0+at, min(kernel.Cols, n-at))
				}
				for f := 0; f < p.fg; f += kernel.Rows {
					a := wg[f*p.k+k0*kernel.Rows:][:kb*kernel.Rows]
					for at := 0; at < n; at += kernel.Cols {
						cols := min(kernel.Cols, n-at)
						b := panels[at*kb:]
						if rows := p.fg - f; rows < kernel.Rows || cols < kernel.Cols {
							edge(corner, kb, a, b, yg[f*size+p0+at:], size, min(rows, kernel.Rows), cols, k0 == 0)
							continue
						}
						kernel.Tile(kb, kernel.Cols, a, b, yg[f*size+p0+at:], size, k0 == 0)
					}
				}
			}
			for f := range p.fg {
				row := yg[f*size+p0:][:n]
				after.apply(row, row, p.biasOf(g*p.fg+f))
			}
		}
	}
}

// biasOf is the bias of a filter, or -0, which does not change a sum, if there is
// none.
func (p *convPlan) biasOf(f int) float32 {
	if p.bias == nil {
		return negZero
	}
	return p.bias[f]
}

// panelCols is the width of the panel for n pixels.
func panelCols(n int) int {
	if n <= kernel.Cols/2 {
		return kernel.Cols / 2
	}
	return kernel.Cols
}

// edge is a tile of which only some rows and columns exist.
func edge(corner []float32, k int, a, b, c []float32, ldc, rows, cols int, first bool) {
	nr := panelCols(cols)
	if !first {
		for r := range rows {
			copy(corner[r*nr:][:cols], c[r*ldc:])
		}
	}
	kernel.Tile(k, nr, a, b, corner, nr, first)
	for r := range rows {
		copy(c[r*ldc:][:cols], corner[r*nr:])
	}
}

// copyChannel lays out one channel with its padding, one run per phase.
func (p *convPlan) copyChannel(dst, x []float32) {
	top, left, sw := p.op.Pads[0], p.op.Pads[1], p.op.Stride[1]
	clear(dst[:top*p.rowlen])
	for h := range p.h {
		row := dst[(top+h)*p.rowlen:][:p.rowlen]
		src := x[h*p.w:][:p.w]
		if sw == 1 {
			clear(row[:left])
			copy(row[left:], src)
			clear(row[left+p.w:])
			continue
		}
		for ph, used := range p.used {
			if !used {
				continue
			}
			run := row[ph*p.phase:][:p.phase]
			// Element i of the run is input column i*sw + ph - left.
			first := min(len(run), (max(0, left-ph)+sw-1)/sw)
			at := first*sw + ph - left
			end := min(len(run), max(first, first+(p.w-at+sw-1)/sw))
			clear(run[:first])
			if body := run[first:end]; sw == 2 {
				if len(body) > 0 {
					kernel.Evens(body, src[at:])
				}
			} else {
				for i := range body {
					body[i] = src[at+i*sw]
				}
			}
			clear(run[end:])
		}
	}
	clear(dst[(top+p.h)*p.rowlen:][:p.op.Pads[2]*p.rowlen])
}

// gather fills panel[k][nr] with the inputs of n neighbouring outputs from p0 on.
// The columns past n are arbitrary; their sums are never stored.
func (p *convPlan) gather(panel, x []float32, off []int, p0, n int) {
	nr := panelCols(n)
	for at := 0; at < n; {
		// One run of outputs in a row.
		oh, ow := (p0+at)/p.ow, (p0+at)%p.ow
		run := min(n-at, p.ow-ow)
		base := oh*p.op.Stride[0]*p.rowlen + ow
		src := x[base:]
		if at == 0 && run == n && p.maxOff+kernel.Cols <= len(src) {
			if nr == kernel.Cols {
				for k, o := range off {
					*(*[kernel.Cols]float32)(panel[k*kernel.Cols:]) = *(*[kernel.Cols]float32)(src[o:])
				}
			} else {
				for k, o := range off {
					*(*[kernel.Cols / 2]float32)(panel[k*(kernel.Cols/2):]) = *(*[kernel.Cols / 2]float32)(src[o:])
				}
			}
			return
		}
		if run <= 8 {
			for k, o := range off {
				d, s := panel[k*nr+at:][:run], src[o:][:run]
				for i := range run { // for a few elements a loop is faster than a call of copy
					d[i] = s[i]
				}
			}
		} else {
			for k, o := range off {
				copy(panel[k*nr+at:][:run], src[o:])
			}
		}
		at += run
	}
}

// runPlanes is the case of one channel and few filters per group.
func (p *convPlan) runPlanes(y, x, scratch []float32, after posts) {
	plane := scratch[:p.input+slack]
	size := p.oh * p.ow
	y = y[:cap(y)]
	for f := range p.f {
		if f%p.fg == 0 {
			p.copyChannel(plane, x[f/p.fg*p.h*p.w:])
		}
		// The last row spills into the next filter's plane, which is written
		// later, or into the slack.
		kernel.Plane(y[f*size:], p.oh, p.ow, p.ow, plane, p.op.Stride[0]*p.rowlen, p.weights[f*p.k:][:p.k], p.off)
		row := y[f*size:][:size]
		after.apply(row, row, p.biasOf(f))
	}
}

// packVector lays out the weights for one pixel.
func (p *convPlan) packVector(w []float32) {
	panels := (p.fg + vectorCols - 1) / vectorCols
	p.packed = panels * vectorCols * p.k
	p.weights = make([]float32, p.op.Groups*p.packed)
	for f := range p.f {
		g, fi := f/p.fg, f%p.fg
		dst := p.weights[g*p.packed+fi/vectorCols*vectorCols*p.k+fi%vectorCols:]
		for k, v := range w[f*p.k:][:p.k] {
			dst[k*vectorCols] = v
		}
	}
	p.panelOff = make([]int, p.k)
	for k := range p.panelOff {
		p.panelOff[k] = 4 * k * vectorCols
	}
}

// runVector is the case of one output pixel: the terms are gathered once, and a
// panel's filters are the pixels of one row of a plane whose taps they are.
func (p *convPlan) runVector(y, x, scratch []float32, after posts) {
	terms, scratch := scratch[:p.k], scratch[p.k:]
	sums, scratch := scratch[:vectorCols], scratch[vectorCols:]
	if p.copied {
		for c := range p.c {
			p.copyChannel(scratch[c*p.hp*p.rowlen:], x[c*p.h*p.w:])
		}
		x = scratch[:p.input]
	}
	for g := range p.op.Groups {
		xg := x[g*p.cg*p.hp*p.rowlen:]
		for k, o := range p.off {
			terms[k] = xg[o]
		}
		for f := 0; f < p.fg; f += vectorCols {
			n := min(vectorCols, p.fg-f)
			kernel.Plane(sums, 1, n, n, p.weights[g*p.packed+f*p.k:][:vectorCols*p.k], 0, terms, p.panelOff)
			for i := range n {
				at := g*p.fg + f + i
				after.apply(y[at:at+1], sums[i:i+1], p.biasOf(at))
			}
		}
	}
}
