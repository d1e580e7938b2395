package intnet

import (
	"fmt"
	"math"

	"hass/internal/fixed"
	"hass/internal/kernel"
)

// convPlan is the data of a convolution besides its layer, computed once.
//
// The fast path narrows the input to int16 with its padding around it, and sums
// panels of output channels over runs of neighbouring terms: in int32 inside a
// run, where the weights guarantee that no partial sum overflows, and in int64
// across runs. The result is exact, so it equals the definition's.
type convPlan struct {
	ti, to *Tensor
	k      int   // elements of one group's window
	limit  int64 // accumulators and partial sums are in [-limit, limit)
	half   []int64

	sub       int64 // subtracted from 16-bit unsigned inputs to fit int16; the biases compensate
	hp, wp    int   // input with padding
	base      []int // offset of each output pixel's window in it
	panels    []panel
	depthwise bool  // one input and one output channel per group: channels are columns
	off       []int // depthwise: offset of each tap, an even number of them
}

// panel is kernel.IntCols output channels of one group.
type panel struct {
	first, n, group   int
	w                 []int16
	runs              []kernel.Run
	taps              []int // depthwise: pairs of taps of each run
	bias, half, shift [kernel.IntCols]int64
	below             [kernel.IntCols]int64  // the part of the bias below the sum's unit
	ties              *[kernel.IntCols]int64 // see kernel.Requant16
	mul               *[kernel.IntCols]int64 // multipliers, nil if there are none
	left              bool                   // the kernel does not support it: a left shift, rounding of the bias only, thresholds
}

// slack is the number of elements that kernels may read past the last window.
const slack = 2 * kernel.IntCols

func newConvPlan(l *Layer, ti, to *Tensor) *convPlan {
	c := l.Conv
	cg := ti.C / c.Groups
	p := &convPlan{
		ti: ti, to: to, k: c.Kernel[0] * c.Kernel[1] * cg, limit: int64(1) << (c.AccBits - 1),
		hp: ti.H + c.Pads[0] + c.Pads[2], wp: ti.W + c.Pads[1] + c.Pads[3],
	}
	for o := range c.OutC {
		var half int64
		if s := c.ShiftOf(o); s > 0 && !c.Scaled() {
			half = int64(1) << min(s-1, 62)
		}
		p.half = append(p.half, half)
	}
	if ti.Format.Max() > math.MaxInt16 {
		p.sub = 1 << 15
	}
	for oy := range to.H {
		for ox := range to.W {
			p.base = append(p.base, (oy*c.Stride[0]*p.wp+ox*c.Stride[1])*ti.C)
		}
	}
	// pieces are the runs of terms whose inputs are neighbours.
	type piece struct{ off, n int }
	var pieces []piece
	for kh := range c.Kernel[0] {
		if row := kh * c.Dilation[0] * p.wp; c.Groups == 1 && c.Dilation[1] == 1 {
			pieces = append(pieces, piece{row * ti.C, c.Kernel[1] * cg})
		} else {
			for kw := range c.Kernel[1] {
				pieces = append(pieces, piece{(row + kw*c.Dilation[1]) * ti.C, cg})
			}
		}
	}
	p.depthwise = cg == 1 && c.OutC == ti.C && ti.C > 1
	// The largest sum of magnitudes of weights that keeps products within int32.
	room := int64(math.MaxInt32) / max(ti.Format.Max()-p.sub, p.sub-min(0, ti.Format.Min()))
	perGroup := c.OutC / c.Groups
	if p.depthwise {
		perGroup = c.OutC
		for _, pc := range pieces {
			p.off = append(p.off, pc.off)
		}
		if len(p.off)%2 > 0 {
			p.off = append(p.off, p.off[len(p.off)-1])
		}
	}
	for first := 0; first < c.OutC; {
		pn := panel{first: first, group: first / perGroup, n: min(kernel.IntCols, perGroup-first%perGroup)}
		first += pn.n
		if p.depthwise {
			pn.group = 0
		}
		if l.Rounding == fixed.HalfEven {
			pn.ties = new([kernel.IntCols]int64)
		}
		for j := range pn.n {
			o := pn.first + j
			pn.bias[j], pn.half[j] = c.Bias[o]>>c.BiasFrac, p.half[o]
			pn.below[j] = c.Bias[o] - pn.bias[j]<<c.BiasFrac
			for _, w := range c.Weights[o*p.k:][:p.k] {
				pn.bias[j] += p.sub * int64(w)
			}
			s := c.ShiftOf(o)
			pn.shift[j] = int64(s)
			if pn.ties != nil && s > 0 && pn.below[j] == 0 {
				pn.ties[j] = 1
			}
			if c.Mul != nil {
				if pn.mul == nil {
					pn.mul = new([kernel.IntCols]int64)
				}
				pn.mul[j], pn.shift[j], pn.half[j] = c.MulFor(o), int64(s+c.BiasFrac), 0
				if s+c.BiasFrac > 0 {
					pn.half[j] = 1 << (s + c.BiasFrac - 1)
				}
				if pn.ties != nil {
					pn.ties[j] = min(1, pn.shift[j])
				}
				continue
			}
			pn.left = pn.left || c.Scaled() || s < 0 || s > 62 || s == 0 && pn.below[j] != 0
		}
		pn.w = make([]int16, 0, (p.k+len(pieces))*kernel.IntCols)
		var sums [kernel.IntCols]int64 // of magnitudes in the current run
		// fits adds a pair's weights to the run's sums, or returns false and
		// starts a new run.
		fits := func(pair *[2 * kernel.IntCols]int16, place func(int) int) bool {
			next, ok := sums, true
			for j := range next {
				at := 2 * place(j)
				next[j] += abs(pair[at]) + abs(pair[at+1])
				ok = ok && next[j] <= room
			}
			if !ok {
				for j := range next {
					next[j] -= sums[j]
				}
			}
			sums = next
			return ok
		}
		weight := func(j, t int) int16 {
			if j >= pn.n {
				return 0
			}
			return c.Weights[(pn.first+j)*p.k+t]
		}
		if p.depthwise {
			for t := 0; t < p.k; t += 2 {
				var pair [2 * kernel.IntCols]int16
				for j := range kernel.IntCols {
					at := 2 * kernel.TapPlace(j)
					pair[at] = weight(j, t)
					if t+1 < p.k {
						pair[at+1] = weight(j, t+1)
					}
				}
				if ok := fits(&pair, kernel.TapPlace); ok && len(pn.taps) > 0 {
					pn.taps[len(pn.taps)-1]++
				} else {
					pn.taps = append(pn.taps, 1)
				}
				pn.w = append(pn.w, pair[:]...)
			}
			p.panels = append(p.panels, pn)
			continue
		}
		t := 0
		for _, pc := range pieces {
			clear(sums[:])
			for i := 0; i < pc.n; i += 2 {
				var pair [2 * kernel.IntCols]int16
				for j := range kernel.IntCols {
					pair[2*j] = weight(j, t+i)
					if i+1 < pc.n {
						pair[2*j+1] = weight(j, t+i+1)
					}
				}
				if ok := fits(&pair, func(j int) int { return j }); ok && i > 0 {
					pn.runs[len(pn.runs)-1].Pairs++
				} else {
					pn.runs = append(pn.runs, kernel.Run{Off: pc.off + i, Pairs: 1})
				}
				pn.w = append(pn.w, pair[:]...)
			}
			t += pc.n
		}
		p.panels = append(p.panels, pn)
	}
	return p
}

func abs(v int16) int64 { return max(int64(v), -int64(v)) }

// scratch is the per-executor working memory of convolutions.
type scratch struct {
	narrow []int16 // an input with its padding
	acc    []int64 // rows of kernel.IntCols sums
	out    []int32 // their outputs
	masked []int32 // an input with its threshold applied; for the definition only
}

func newScratch(plans []*convPlan) scratch {
	var narrow, rows int
	for _, p := range plans {
		if p != nil {
			narrow = max(narrow, p.hp*p.wp*p.ti.C+slack)
			rows = max(rows, kernel.Rows, p.to.W)
		}
	}
	return scratch{narrow: make([]int16, narrow), acc: make([]int64, rows*kernel.IntCols), out: make([]int32, rows*kernel.IntCols)}
}

// conv evaluates one convolution layer.
func (x *Exec) conv(l *Layer, p *convPlan, in, out []int32) error {
	if x.Checked {
		return x.definition(l, p, in, out)
	}
	s := &x.scratch
	in16 := s.narrow[:p.hp*p.wp*p.ti.C+slack]
	p.narrow(in16, in, l.Conv.TauA, l.Conv.Pads)
	bad := false
	for i := range p.panels {
		pn := &p.panels[i]
		if p.depthwise {
			for oy := range p.to.H {
				pn.fill(s.acc, p.to.W)
				kernel.IntTaps(s.acc, p.to.W, in16[p.base[oy*p.to.W]+pn.first:], l.Conv.Stride[1]*p.ti.C, p.off, pn.w, pn.taps)
				bad = pn.requant(l, p, s, out[oy*p.to.W*p.to.C:], p.to.W) || bad
			}
			continue
		}
		from := in16[pn.group*(p.ti.C/l.Conv.Groups):]
		for p0 := 0; p0 < len(p.base); p0 += kernel.Rows {
			n := min(kernel.Rows, len(p.base)-p0)
			var base [kernel.Rows]int
			for r := range base {
				base[r] = p.base[p0+min(r, n-1)]
			}
			pn.fill(s.acc, kernel.Rows)
			kernel.IntTile(s.acc, from, &base, pn.w, pn.runs)
			bad = pn.requant(l, p, s, out[p0*p.to.C:], n) || bad
		}
	}
	if bad {
		return x.definition(l, p, in, out) // names the first sum that is too large
	}
	return nil
}

// fill starts rows of sums from the biases.
func (pn *panel) fill(acc []int64, rows int) {
	for r := range rows {
		*(*[kernel.IntCols]int64)(acc[r*kernel.IntCols:]) = pn.bias
	}
}

// requant stores the outputs of rows pixels; true if some sum is too large.
func (pn *panel) requant(l *Layer, p *convPlan, s *scratch, out []int32, rows int) (bad bool) {
	const cols = kernel.IntCols
	limit := p.limit
	if pn.mul != nil {
		for r := range rows {
			row := s.acc[r*cols:][:cols]
			for j, a := range row {
				bad = bad || a < -limit || a >= limit
				row[j] = (a<<l.Conv.BiasFrac + pn.below[j]) * pn.mul[j]
			}
		}
		if limit = 1 << 62; bad {
			return true
		}
	}
	if pn.left {
		for r := range rows {
			for j, a := range s.acc[r*cols:][:pn.n] {
				bad = bad || a < -p.limit || a+pn.half[j] >= p.limit
				out[r*p.to.C+pn.first+j] = int32(l.Conv.requant(l, a<<l.Conv.BiasFrac+pn.below[j], pn.first+j))
			}
		}
		return bad
	}
	if pn.n == cols {
		return kernel.Requant16(out[pn.first:], p.to.C, rows, s.acc, &pn.half, &pn.shift, pn.ties, l.Lo, l.Hi, limit)
	}
	bad = kernel.Requant16(s.out, cols, rows, s.acc, &pn.half, &pn.shift, pn.ties, l.Lo, l.Hi, limit)
	for r := range rows {
		copy(out[r*p.to.C+pn.first:][:pn.n], s.out[r*cols:])
	}
	return bad
}

// narrow lays out the input as int16 between its padding, thresholded.
func (p *convPlan) narrow(dst []int16, in []int32, tau int64, pads [4]int) {
	c, t, sub := p.ti.C, int32(tau), int32(p.sub)
	if pads == [4]int{} {
		kernel.Narrow(dst[:len(in)], in, t, sub)
		return
	}
	zero := int16(-sub)
	fill := func(v []int16) {
		if zero == 0 {
			clear(v)
			return
		}
		for i := range v {
			v[i] = zero
		}
	}
	fill(dst[:pads[0]*p.wp*c])
	for y := range p.ti.H {
		row := dst[(pads[0]+y)*p.wp*c:][:p.wp*c]
		fill(row[:pads[1]*c])
		kernel.Narrow(row[pads[1]*c:][:p.ti.W*c], in[y*p.ti.W*c:][:p.ti.W*c], t, sub)
		fill(row[(pads[1]+p.ti.W)*c:])
	}
	fill(dst[(pads[0]+p.ti.H)*p.wp*c:][:pads[2]*p.wp*c])
}

func overflow(c *Conv, oy, ox, o int, acc int64) error {
	return fmt.Errorf("accumulator %d of output (y %d, x %d, channel %d) exceeds %d bits", acc, oy, ox, o, c.AccBits)
}

// definition evaluates a layer pixel by pixel from its definition. It verifies
// every complete sum, and if x is Checked every partial one.
func (x *Exec) definition(l *Layer, p *convPlan, in, out []int32) error {
	c := l.Conv
	if c.TauA > 0 {
		if len(x.scratch.masked) < len(in) {
			x.scratch.masked = make([]int32, len(in))
		}
		masked := x.scratch.masked[:len(in)]
		tau := int32(c.TauA)
		for i, v := range in {
			if v < tau && v > -tau {
				v = 0
			}
			masked[i] = v
		}
		in = masked
	}
	acc := make([]int64, c.OutC)
	for oy := range p.to.H {
		for ox := range p.to.W {
			if err := p.pixel(c, in, oy, ox, acc, x.Checked); err != nil {
				return err
			}
			dst := out[(oy*p.to.W+ox)*c.OutC:][:c.OutC]
			for o, a := range acc {
				if a < -p.limit || a+p.half[o] >= p.limit {
					return overflow(c, oy, ox, o, a)
				}
				below := c.Bias[o] - c.Bias[o]>>c.BiasFrac<<c.BiasFrac
				dst[o] = int32(c.requant(l, a<<c.BiasFrac+below, o))
			}
		}
	}
	return nil
}

// pixel computes the sums of one output pixel; if checked, it verifies every
// partial sum.
func (p *convPlan) pixel(c *Conv, in []int32, oy, ox int, acc []int64, checked bool) error {
	cg := p.ti.C / c.Groups
	perGroup := c.OutC / c.Groups
	for o := range acc {
		a := c.Bias[o] >> c.BiasFrac
		w := c.Weights[o*p.k:][:p.k]
		for kh := range c.Kernel[0] {
			iy := oy*c.Stride[0] - c.Pads[0] + kh*c.Dilation[0]
			for kw := range c.Kernel[1] {
				ix := ox*c.Stride[1] - c.Pads[1] + kw*c.Dilation[1]
				if iy < 0 || iy >= p.ti.H || ix < 0 || ix >= p.ti.W {
					continue
				}
				px := in[(iy*p.ti.W+ix)*p.ti.C+o/perGroup*cg:][:cg]
				for i, v := range px {
					a += int64(v) * int64(w[(kh*c.Kernel[1]+kw)*cg+i])
					if checked && (a < -p.limit || a >= p.limit) {
						return overflow(c, oy, ox, o, a)
					}
				}
			}
		}
		acc[o] = a
	}
	return nil
}
