package hwsim

import (
	"sort"

	"hass/internal/fixed"
	"hass/internal/hw"
	"hass/internal/intnet"
)

// raster walks the beats of a tensor stream: row, pixel group, channel group.
type raster struct {
	h, w, c    int
	px, ch     int
	y, x, from int
}

func newRaster(t intnet.Tensor, b hw.Beat) raster {
	return raster{h: t.H, w: t.W, c: t.C, px: b.Px, ch: b.Ch}
}

// valid is the number of pixels of the current beat that lie inside the row.
func (r *raster) valid() int { return min(r.px, r.w-r.x) }

// next moves to the following beat; after the last of a map to the first.
func (r *raster) next() {
	if r.from += r.ch; r.from < r.c {
		return
	}
	r.from = 0
	if r.x += r.px; r.x < r.w {
		return
	}
	r.x = 0
	if r.y++; r.y == r.h {
		r.y = 0
	}
}

// first reports whether the current beat is the first of a map.
func (r *raster) first() bool { return r.y == 0 && r.x == 0 && r.from == 0 }

// source turns images into beats, repeating them forever.
type source struct {
	pos    raster
	images [][]int32
	image  int
}

func (s *source) beat(out []int32) {
	r := &s.pos
	img := s.images[s.image%len(s.images)]
	n := r.valid() * r.ch
	for p := range r.valid() {
		copy(out[p*r.ch:][:r.ch], img[(r.y*r.w+r.x+p)*r.c+r.from:])
	}
	clear(out[n:])
	if r.next(); r.first() {
		s.image++
	}
}

// sink assembles beats into maps; beats after the last map are dropped.
type sink struct {
	pos   raster
	maps  [][]int32
	image int
}

func (s *sink) beat(in []int32) {
	r := &s.pos
	if s.image < len(s.maps) {
		img := s.maps[s.image]
		for p := range r.valid() {
			copy(img[(r.y*r.w+r.x+p)*r.c+r.from:][:r.ch], in[p*r.ch:])
		}
	}
	if r.next(); r.first() {
		s.image++
	}
}

// join requantises the accumulators of all gangs.
type join struct {
	pos    raster // of the output
	gang   int
	bias   []int64
	below  int   // binary places of the biases below the sum's unit
	shift  []int // per output channel
	mul    []int64
	levels [][]int64 // thresholds by output channel; nil without
	round  fixed.Rounding
	lo, hi int64
}

func newJoin(l intnet.Layer, hl hw.Layer, out intnet.Tensor) *join {
	j := &join{
		pos: newRaster(out, hw.Beat{Px: hl.OutPx, Ch: hl.OutCh}), gang: hl.Gang,
		bias: l.Conv.Bias, below: l.Conv.BiasFrac, round: l.Rounding, lo: l.Lo, hi: l.Hi, shift: make([]int, out.C),
		mul: make([]int64, out.C), levels: l.Conv.Thresholds,
	}
	for o := range j.shift {
		j.shift[o], j.mul[o] = l.Conv.ShiftOf(o)+j.below, l.Conv.MulFor(o)
	}
	return j
}

// part copies gang g's accumulators (Px x Gang) to its lanes of the output beat.
func (j *join) part(g int, acc []int64, out []int32) {
	r := &j.pos
	valid := r.valid()
	for p := range r.px {
		dst := out[p*r.ch+g*j.gang:][:j.gang]
		if p >= valid {
			clear(dst)
			continue
		}
		o := r.from + g*j.gang
		for i := range dst {
			dst[i] = j.value(acc[p*j.gang+i]<<j.below+j.bias[o+i], o+i)
		}
	}
}

// value is the output of output channel o for a sum with its bias.
func (j *join) value(sum int64, o int) int32 {
	if j.levels == nil {
		return int32(fixed.Requant(sum*j.mul[o], j.shift[o], j.round, j.lo, j.hi))
	}
	reached := sort.Search(len(j.levels[o]), func(k int) bool { return j.levels[o][k] > sum })
	return int32(j.lo + int64(reached))
}

// pool reduces channelwise window beats.
type pool struct {
	pos    raster // of the output
	max    bool
	groups int // tap groups of a window
	taps   int // taps of a beat
	done   int // tap groups reduced so far
	acc    []int64
	rows   []int // elements counted by output row and
	cols   []int // by output column
	mul    map[int]int64
	shift  int
	drop   int // binary places of a product that are rounded off first
	round  fixed.Rounding
	lo, hi int64
}

func newPool(l intnet.Layer, hl hw.Layer, in, out intnet.Tensor) *pool {
	k := l.Pool.Kernel
	p := &pool{
		pos: newRaster(out, hw.Beat{Px: hl.OutPx, Ch: hl.OutCh}), max: l.Pool.Max,
		groups: k[0] * k[1] / hl.MTap, taps: hl.MTap,
		acc: make([]int64, hl.OutPx*hl.OutCh), round: l.Rounding, lo: l.Lo, hi: l.Hi,
	}
	if p.max {
		return p
	}
	p.shift, p.drop = l.Pool.Scale-l.Pool.Drop+l.Pool.FormatShift, l.Pool.Drop
	count := func(d, size, osize int) []int {
		n := make([]int, osize)
		for o := range n {
			for t := range k[d] {
				at := o*l.Pool.Stride[d] - l.Pool.Pads[d] + t*l.Pool.Dilation[d]
				if l.Pool.CountPad || at >= 0 && at < size {
					n[o]++
				}
			}
		}
		return n
	}
	p.rows, p.cols = count(0, in.H, out.H), count(1, in.W, out.W)
	p.mul = make(map[int]int64)
	for _, r := range p.rows {
		for _, c := range p.cols {
			p.mul[r*c] = l.Pool.MulOf(r*c, in.Format, out.Format)
		}
	}
	return p
}

// beat reduces a window beat; after the last tap group it fills out.
func (p *pool) beat(in, out []int32) {
	r := &p.pos
	for px := range r.px {
		acc := p.acc[px*r.ch:][:r.ch]
		for t := range p.taps {
			xs := in[(px*p.taps+t)*r.ch:][:r.ch]
			for c, v := range xs {
				switch {
				case !p.max:
					acc[c] += int64(v)
				case p.done == 0 && t == 0 || int64(v) > acc[c]:
					acc[c] = int64(v)
				}
			}
		}
	}
	if p.done++; p.done < p.groups {
		return
	}
	p.done = 0
	valid := r.valid()
	for px := range r.px {
		dst, acc := out[px*r.ch:][:r.ch], p.acc[px*r.ch:][:r.ch]
		if px >= valid {
			clear(dst)
			continue
		}
		mul := int64(1)
		if !p.max {
			mul = p.mul[p.rows[r.y]*p.cols[r.x+px]]
		}
		for c := range dst {
			dst[c] = int32(fixed.Requant(fixed.RoundOff(acc[c]*mul, p.drop), p.shift, p.round, p.lo, p.hi))
		}
	}
	clear(p.acc)
	r.next()
}

// globalPool reduces maps.
type globalPool struct {
	pos    raster // of the input
	max    bool
	acc    []int64 // per channel
	mul    int64
	shift  int
	drop   int // binary places of a product that are rounded off first
	round  fixed.Rounding
	lo, hi int64
}

func newGlobalPool(l intnet.Layer, hl hw.Layer, in, out intnet.Tensor) *globalPool {
	g := &globalPool{
		pos: newRaster(in, hw.Beat{Px: hl.InPx, Ch: hl.InCh}), max: l.Pool.Max,
		acc: make([]int64, in.C), mul: 1, round: l.Rounding, lo: l.Lo, hi: l.Hi,
	}
	if !g.max {
		g.mul = l.Pool.MulOf(in.H*in.W, in.Format, out.Format)
		g.shift, g.drop = l.Pool.Scale-l.Pool.Drop+l.Pool.FormatShift, l.Pool.Drop
	}
	return g
}

// beat reduces a beat and, unless out is nil, writes its channels' results (one pixel).
func (g *globalPool) beat(in, out []int32) {
	r := &g.pos
	acc := g.acc[r.from:][:r.ch]
	for p := range r.valid() {
		for c, v := range in[p*r.ch:][:r.ch] {
			switch {
			case !g.max:
				acc[c] += int64(v)
			case r.y == 0 && r.x+p == 0 || int64(v) > acc[c]:
				acc[c] = int64(v)
			}
		}
	}
	if out != nil {
		for c, a := range acc {
			out[c] = int32(fixed.Requant(fixed.RoundOff(a*g.mul, g.drop), g.shift, g.round, g.lo, g.hi))
		}
		clear(acc)
	}
	r.next()
}

// convert changes the channels per beat of Px pixels.
type convert struct {
	px      int
	in, out int     // channels per beat
	wide    []int32 // the current wide beat
	part    int     // narrow beats of it done so far
}

// split gives the next narrow beat of the wide one.
func (c *convert) split(narrow []int32) {
	for p := range c.px {
		copy(narrow[p*c.out:][:c.out], c.wide[p*c.in+c.part*c.out:])
	}
	if c.part++; c.part == c.in/c.out {
		c.part = 0
	}
}

// gather copies a narrow beat to its place in the wide one.
func (c *convert) gather(narrow []int32) {
	for p := range c.px {
		copy(c.wide[p*c.out+c.part*c.in:][:c.in], narrow[p*c.in:])
	}
	if c.part++; c.part == c.out/c.in {
		c.part = 0
	}
}
