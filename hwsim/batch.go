package hwsim

import (
	"math/bits"

	"hass/internal/hw"
)

// batch runs whole iterations of p as long as there are tokens and room for them. It has
// the same effect on the instants as advance for each iteration.
func (s *sim) batch(p *proc) {
	switch p.kind {
	case hw.Source, hw.Sink: // there are few of these, and they may be stalled
	case hw.WindowProc:
		for p.gangs != nil && s.together(p) {
		}
		s.batchWindow(p)
	default:
		for p.image < s.stream {
			step, n := s.ahead(p)
			for r := step.Reads; r != 0; r &= r - 1 {
				n = min(n, p.in[bits.TrailingZeros64(r)].ready())
			}
			for w := step.Writes; w != 0; w &= w - 1 {
				n = min(n, p.out[bits.TrailingZeros64(w)].room())
			}
			if n == 0 {
				return
			}
			var costs []uint8
			if p.varies {
				costs = s.costs(p)[:n]
			}
			switch {
			case step.Reads == 1 && step.Writes == 0:
				p.consume(n, costs)
			case p.kind == hw.Fork:
				p.spread(n)
			default:
				p.iterate(step, n, costs)
			}
			p.count.iterations += int64(n)
			p.pattern.skip(n)
			s.passed(p, n)
		}
	}
}

// iterate does n iterations of any step.
func (p *proc) iterate(step hw.Step, n int, costs []uint8) {
	t := p.ready
	busy := int64(n)
	for k := range n {
		for r := step.Reads; r != 0; r &= r - 1 {
			i := bits.TrailingZeros64(r)
			at := p.in[i].read(t)
			p.count.starved[i] += at - t
			t = at
		}
		if costs != nil {
			c := int64(costs[k]) - 1
			t += c
			busy += c
		}
		for w := step.Writes; w != 0; w &= w - 1 {
			i := bits.TrailingZeros64(w)
			at := p.out[i].write(t)
			p.count.blocked[i] += at - t
			t = at
		}
		t++
	}
	p.count.busy += busy
	p.ready = t
}

// consume does n iterations that read port 0 and write nothing.
func (p *proc) consume(n int, costs []uint8) {
	f := p.in[0]
	t, starved, busy := p.ready, int64(0), int64(n)
	for k := range n {
		i := f.rd & f.mask
		at := max(t, f.time[i])
		f.time[i] = at
		if f.most < f.depth {
			f.raiseAtRead(at)
		}
		f.rd++
		starved += at - t
		t = at + 1
		if costs != nil {
			c := int64(costs[k]) - 1
			t += c
			busy += c
		}
	}
	p.count.starved[0] += starved
	p.count.busy += busy
	p.ready = t
}

// spread does n iterations of a fork.
func (p *proc) spread(n int) {
	in := p.in[0]
	t, starved := p.ready, int64(0)
	for range n {
		at := in.read(t)
		starved += at - t
		t = at
		for j, f := range p.out {
			w := t
			if k := f.wr - f.depth; k >= 0 {
				w = max(w, f.time[k&f.mask]+1)
			}
			if f.most < f.depth {
				f.raiseAtWrite(w)
			}
			f.time[f.wr&f.mask] = w + f.latency
			f.wr++
			p.count.blocked[j] += w - t
			t = w
		}
		t++
	}
	p.count.starved[0] += starved
	p.count.busy += int64(n)
	p.ready = t
}

// batchWindow is batch for a window.
func (s *sim) batchWindow(p *proc) {
	w, in, out := p.window, p.in[0], p.out[0]
	t, start := p.ready, p.count.iterations
	for {
		accept, emit := w.Accepts(), w.Emits()
		if accept && in.ready() == 0 || emit && out.room() == 0 || !accept && !emit {
			break
		}
		if accept {
			at := in.read(t)
			p.count.starved[0] += at - t
			t = at
		}
		if emit {
			at := out.write(t)
			p.count.blocked[0] += at - t
			t = at
		}
		t++
		p.count.iterations++
		w.Step(accept, emit)
		if w.Image > p.image {
			p.count.busy += p.count.iterations - start
			start = p.count.iterations
			p.ready = t
			s.imageDone(p)
		}
	}
	p.count.busy += p.count.iterations - start
	p.ready = t
}
