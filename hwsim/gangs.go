package hwsim

import "hass/internal/hw"

// gangs are the processes behind the window of a convolution: its engines, and the fork before
// them if there are several. If each of them has read everything written to it, window, fork and
// engines advance together, beat by beat: each reads a beat as soon as it is written, so that
// none needs to be started. The instants are the same as for their iterations one by one.
type gangs struct {
	beats    *fifo // from the window
	fork     *proc // nil if there is one engine
	window   int   // beats of a window
	branches []branch
}

// branch is an engine and its two FIFOs. The fields that change in the loop over beats are close together.
type branch struct {
	f       *fifo
	costs   []uint8 // of the image; nil if all take one cycle
	ready   int64   // of the engine
	starved int64   // of the engine
	busy    int64   // of the engine, beyond one cycle per beat
	blocked int64   // of the engine
	waited  int64   // of the writer, for room
	p       *proc
	out     *fifo // of the accumulators
}

// newGangs is nil if no engine follows window p.
func newGangs(p *proc) *gangs {
	g := &gangs{beats: p.out[0]}
	engines := p.out
	if next := p.out[0].to; next.kind == hw.Fork {
		g.fork, engines = next, next.out
	}
	for _, f := range engines {
		if f.to.kind != hw.Engine {
			return nil
		}
		g.branches = append(g.branches, branch{f: f, p: f.to, out: f.to.out[0]})
	}
	g.window = g.branches[0].p.pattern.period
	return g
}

// idle reports whether p has read all of f, its only input, and is not in the middle of an iteration.
func (p *proc) idle(f *fifo) bool { return f.ready() == 0 && !(p.live && p.computed) }

// settled lets fork and engines read everything they can and reports whether they have.
func (s *sim) settled(g *gangs) bool {
	if g.fork != nil && !g.fork.idle(g.beats) {
		s.advance(g.fork)
		if !g.fork.idle(g.beats) {
			for i := range g.branches {
				s.wakeReader(g.branches[i].f)
			}
			return false
		}
	}
	all := true
	for i := range g.branches {
		b := &g.branches[i]
		if b.p.idle(b.f) {
			continue
		}
		s.advance(b.p)
		s.wakeReader(b.out)
		all = all && b.p.idle(b.f)
	}
	return all
}

// room is the number of windows that every engine can complete.
func (g *gangs) room() int {
	n := g.branches[0].out.room()
	for i := range g.branches {
		n = min(n, g.branches[i].out.room())
	}
	return n
}

// together runs window p with its fork and engines as far as the window's input and the room for
// accumulators allow, at most to the end of an image. It reports whether anything moved.
func (s *sim) together(p *proc) bool {
	g, w, in := p.gangs, p.window, p.in[0]
	if !w.Emits() || w.Accepts() && in.ready() == 0 || !s.settled(g) {
		return false
	}
	first := g.branches[0].p
	per := first.pattern.perImage
	beat := per - first.left
	left := g.window - beat%g.window // beats to the end of the window
	room := g.room()
	if room == 0 && left == 1 || first.image == s.stream {
		return false
	}
	for i := range g.branches {
		b := &g.branches[i]
		b.ready, b.starved, b.busy, b.blocked, b.waited = b.p.ready, 0, 0, 0, 0
		if b.p.varies {
			s.costs(b.p)
			b.costs = b.p.costs
		}
	}
	start, iterations := beat, 0
	t, forkReady := p.ready, int64(0)
	var forkStarved int64
	if g.fork != nil {
		forkReady = g.fork.ready
	}
	for beat < per {
		accept, emit := w.Accepts(), w.Emits()
		if accept && in.ready() == 0 || !accept && !emit {
			break
		}
		if emit && left == 1 && room == 0 {
			if room = g.room(); room == 0 {
				break
			}
		}
		if !accept && left > 1 && g.fork == nil {
			n := min(w.Burst(), left-1)
			t = g.branches[0].burst(t, beat, n)
			beat += n
			left -= n
			iterations += n
			w.Emit(n)
			continue
		}
		if accept {
			at := in.read(t)
			p.count.starved[0] += at - t
			t = at
		}
		if emit {
			if g.fork == nil {
				t = g.branches[0].burst(t, beat, 1) - 1
			} else {
				f := g.beats
				at := f.write(t)
				p.count.blocked[0] += at - t
				t = at
				at = f.read(forkReady)
				forkStarved += at - forkReady
				forkReady = g.pass(at, beat) + 1
			}
			beat++
			if left--; left == 0 {
				left = g.window
				room--
				g.complete()
			}
		}
		t++
		iterations++
		w.Step(accept, emit)
	}
	p.count.iterations += int64(iterations)
	p.count.busy += int64(iterations)
	p.ready = t
	n := beat - start
	if n == 0 {
		return iterations > 0
	}
	if g.fork == nil {
		p.count.blocked[0] += g.branches[0].waited
	} else {
		q := g.fork
		q.live = false // it had started to wait
		q.ready = forkReady
		q.count.starved[0] += forkStarved
		q.count.busy += int64(n)
		q.count.iterations += int64(n)
		for i := range g.branches {
			q.count.blocked[i] += g.branches[i].waited
		}
		s.passed(q, n)
		if q.image == s.stream {
			s.wake(q, soon) // to end
		}
	}
	for i := range g.branches {
		b := &g.branches[i]
		q := b.p
		q.live = false
		q.ready = b.ready
		q.count.starved[0] += b.starved
		q.count.blocked[0] += b.blocked
		q.count.busy += b.busy + int64(n)
		q.count.iterations += int64(n)
		q.pattern.seek(beat % g.window)
		s.passed(q, n)
		if q.image == s.stream {
			s.wake(q, soon)
		}
		s.wakeReader(b.out)
	}
	if w.Image > p.image {
		s.imageDone(p)
	}
	return true
}

// pass gives a beat to all engines, from cycle t on, and returns the cycle of the last write. It repeats the code of burst: a
// call for every engine and beat makes a design of eight engines 8 % slower.
func (g *gangs) pass(t int64, beat int) int64 {
	for i := range g.branches {
		b := &g.branches[i]
		f := b.f
		token := f.wr
		w := t
		if o := token - f.depth; o >= 0 {
			w = max(w, f.time[o&f.mask]+1)
		}
		if f.most < f.depth {
			f.raiseAtWrite(w)
		}
		b.waited += w - t
		t = w
		r := max(b.ready, w+f.latency)
		b.starved += r - b.ready
		f.time[token&f.mask] = r
		f.wr, f.rd = token+1, token+1
		b.ready = r + 1
		if b.costs != nil {
			c := int64(b.costs[beat]) - 1
			b.ready += c
			b.busy += c
		}
	}
	return t
}

// burst is pass for n beats in successive cycles to the only engine; it returns the cycle after the last.
func (b *branch) burst(t int64, beat, n int) int64 {
	f := b.f
	time, mask, ready := f.time, f.mask, b.ready
	for i := range n {
		token := f.wr
		w := t
		if o := token - f.depth; o >= 0 {
			w = max(w, time[o&mask]+1)
		}
		if f.most < f.depth {
			f.raiseAtWrite(w)
		}
		b.waited += w - t
		r := max(ready, w+f.latency)
		b.starved += r - ready
		time[token&mask] = r
		f.wr, f.rd = token+1, token+1
		ready = r + 1
		if b.costs != nil {
			c := int64(b.costs[beat+i]) - 1
			ready += c
			b.busy += c
		}
		t = w + 1
	}
	b.ready = ready
	return t
}

// complete makes every engine write the accumulators of its last beat.
func (g *gangs) complete() {
	for i := range g.branches {
		b := &g.branches[i]
		done := b.ready - 1
		w := b.out.write(done)
		b.blocked += w - done
		b.ready = w + 1
	}
}
