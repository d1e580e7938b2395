package hwsim

import (
	"hass/internal/fixed"
	"hass/internal/hw"
	"hass/internal/hw/repack"
	"hass/internal/intnet"
)

// rearrange is a module that moves pixels. Its schedule decides which beats it reads and writes.
type rearrange interface {
	// accept takes a beat, which is valid until the end of the iteration.
	accept(beat []int32)
	// emit fills the next beat of the output.
	emit(out []int32)
}

// newRearrange is the module of a layer that moves pixels; nil for any other layer.
func newRearrange(l intnet.Layer, hl hw.Layer, in, out intnet.Tensor) rearrange {
	switch l.Kind {
	case intnet.KindSlice, intnet.KindZeroInsert:
		return newPass(l, hl, out)
	case intnet.KindResize:
		return newResize(l, hl, in, out)
	}
	return nil
}

// pass passes beats on unchanged, and writes zeros if it has read none: slice and zero insertion.
type pass struct {
	pos    raster // of the output
	lo, hi int32
	read   []int32 // in this iteration
}

func newPass(l intnet.Layer, hl hw.Layer, out intnet.Tensor) *pass {
	return &pass{pos: newRaster(out, hw.Beat{Px: hl.OutPx, Ch: hl.OutCh}), lo: int32(l.Lo), hi: int32(l.Hi)}
}

func (m *pass) accept(beat []int32) { m.read = beat }

func (m *pass) emit(out []int32) {
	n := 0
	if m.read != nil {
		n = m.pos.valid() * m.pos.ch
		for i, v := range m.read[:n] {
			out[i] = min(max(v, m.lo), m.hi)
		}
	}
	clear(out[n:])
	m.pos.next()
	m.read = nil
}

// concat holds the lanes of each pixel of a beat that have been read but not written.
type concat struct {
	plan   repack.Plan
	px     int
	at     int     // iteration of the plan
	row    []int32 // by pixel, Span lanes each
	lo, hi int32
}

func newConcat(net *intnet.Net, l intnet.Layer, hl hw.Layer) *concat {
	c := &concat{plan: hw.NewConcatPlan(net, &l, hl.InCh, hl.OutCh), px: hl.OutPx, lo: int32(l.Lo), hi: int32(l.Hi)}
	c.row = make([]int32, c.px*c.plan.Span())
	return c
}

// accept puts a beat of an input into its place.
func (m *concat) accept(input int, beat []int32) {
	port := &m.plan.Ports[input]
	place := port.Base + port.Unit*m.plan.Steps[m.at].Places[input]
	for p := range m.px {
		copy(m.row[p*m.plan.Span()+place:], beat[p*port.Ch:][:port.Ch])
	}
}

// emit writes a beat; the lanes behind it move down.
func (m *concat) emit(out []int32) {
	n := m.plan.Out
	for p := range m.px {
		row := m.row[p*m.plan.Span():][:m.plan.Span()]
		for c, v := range row[:n] {
			out[p*n+c] = min(max(v, m.lo), m.hi)
		}
		copy(row, row[n:])
	}
}

// next ends an iteration.
func (m *concat) next() { m.at = (m.at + 1) % len(m.plan.Steps) }

// resize holds the last two rows it has read.
type resize struct {
	in, out raster // one pixel a beat
	rows    [2][]int32
	ys, xs  []sample // by output row and column
	drop    int
	shift   int
	round   fixed.Rounding
	lo, hi  int64
}

// sample is two neighbouring positions of an axis and their weights.
type sample struct {
	at     [2]int
	weight [2]int64
}

func newResize(l intnet.Layer, hl hw.Layer, in, out intnet.Tensor) *resize {
	b := hw.Beat{Px: 1, Ch: hl.OutCh}
	r := &resize{in: newRaster(in, b), out: newRaster(out, b), round: l.Rounding, lo: l.Lo, hi: l.Hi}
	for i := range r.rows {
		r.rows[i] = make([]int32, in.W*in.C)
	}
	r.ys, r.xs = samples(l.Resize.Rows, in.H), samples(l.Resize.Cols, in.W)
	r.drop, r.shift = l.Resize.Drop, l.Resize.Shift()
	return r
}

// samples lists the positions of an axis of the given size. A position of weight 0 may lie
// outside; it becomes the last position.
func samples(s intnet.Samples, size int) []sample {
	var all []sample
	for i, from := range s.From {
		p := sample{at: [2]int{from, min(from+1, size-1)}, weight: [2]int64{1 << s.Scale, 0}}
		if len(s.Weight) > 0 {
			p.weight[0] -= s.Weight[i]
			p.weight[1] = s.Weight[i]
		}
		all = append(all, p)
	}
	return all
}

// accept stores a beat of its input.
func (r *resize) accept(beat []int32) {
	p := &r.in
	copy(r.rows[p.y%2][p.x*p.c+p.from:][:p.ch], beat)
	p.next()
}

// emit writes the next beat of the output.
func (r *resize) emit(out []int32) {
	p := &r.out
	y, x := r.ys[p.y], r.xs[p.x]
	top, bottom := r.rows[y.at[0]%2][p.from:], r.rows[y.at[1]%2][p.from:]
	left, right := x.at[0]*p.c, x.at[1]*p.c
	for c := range out {
		var sum int64
		if y.weight[0] != 0 {
			sum += y.weight[0] * (x.weight[0]*int64(top[left+c]) + x.weight[1]*int64(top[right+c]))
		}
		if y.weight[1] != 0 {
			sum += y.weight[1] * (x.weight[0]*int64(bottom[left+c]) + x.weight[1]*int64(bottom[right+c]))
		}
		out[c] = int32(fixed.Requant(fixed.RoundOff(sum, r.drop), r.shift, r.round, r.lo, r.hi))
	}
	p.next()
}
