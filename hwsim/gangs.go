package hwsim

import "hass/internal/hw"

// gangs is a fork before the engines of a convolution. While every engine has read what
// was written to it, fork and engines go on together, token by token: the engine reads a beat as
// soon as it is written, so that neither waits to be started.
type gangs struct {
	beats    int // tokens of a window
	branches []branch
}

// branch is an engine and its two FIFOs. What the loop over tokens changes lies close together.
type branch struct {
	f       *fifo
	costs   []uint8 // from the next beat on; nil if all take one cycle
	ready   int64   // of the engine
	starved int64   // of the engine
	busy    int64   // of the engine
	blocked int64   // of the engine
	waited  int64   // of the fork, for room
	p       *proc
	out     *fifo // of the accumulators
}

// newGangs is nil if p is not such a fork.
func newGangs(p *proc) *gangs {
	g := &gangs{}
	for _, f := range p.out {
		if f.to.kind != hw.Engine {
			return nil
		}
		g.branches = append(g.branches, branch{f: f, p: f.to, out: f.to.out[0]})
	}
	g.beats = g.branches[0].p.pattern.period
	return g
}

// waiting tells whether an engine has read all its beats and waits for the next.
func (b *branch) waiting() bool {
	return b.p.wait == b.f && b.p.queued == idle && b.f.ready() == 0 && !b.p.computed
}

// together runs a fork and its engines as far as the fork's input and the room for
// accumulators allow.
func (s *sim) together(p *proc) {
	g := p.gangs
	room := g.branches[0].out.room() // windows that every engine can complete
	for i := range g.branches {
		b := &g.branches[i]
		if !b.waiting() {
			return
		}
		room = min(room, b.out.room())
	}
	moved := false
	for {
		first := g.branches[0].p
		phase := (first.pattern.perImage - first.left) % g.beats
		n := min(p.in[0].ready(), p.left, (room+1)*g.beats-1-phase)
		if n == 0 {
			break
		}
		for i := range g.branches {
			b := &g.branches[i]
			b.ready, b.starved, b.busy, b.waited, b.blocked = b.p.ready, 0, 0, 0, 0
			if b.p.varies {
				b.costs = s.costs(b.p)[:n]
			}
		}
		p.march(n, g.beats-phase)
		room -= (phase + n) / g.beats
		phase = (phase + n) % g.beats
		for i := range g.branches {
			b := &g.branches[i]
			q := b.p
			q.live = false // it had begun to wait
			q.ready = b.ready
			q.count.starved[0] += b.starved
			q.count.blocked[0] += b.blocked
			q.count.busy += b.busy + int64(n)
			q.count.iterations += int64(n)
			p.count.blocked[i] += b.waited
			q.pattern.seek(phase)
			s.passed(q, n)
		}
		p.count.iterations += int64(n)
		p.count.busy += int64(n)
		s.passed(p, n)
		moved = true
	}
	if !moved {
		return
	}
	for i := range g.branches {
		b := &g.branches[i]
		if b.p.image == s.stream { // nothing more to wait for
			s.wake(b.p, soon)
			continue
		}
		s.wakeReader(b.out)
	}
}

// march moves n tokens through a fork and its engines; the first to complete a window is number
// left from 1 on.
func (p *proc) march(n, left int) {
	in, branches := p.in[0], p.gangs.branches
	t, starved := p.ready, int64(0)
	for k := range n {
		at := in.read(t)
		starved += at - t
		t = at
		for i := range branches {
			b := &branches[i]
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
				c := int64(b.costs[k]) - 1
				b.ready += c
				b.busy += c
			}
		}
		if left--; left == 0 {
			left = p.gangs.beats
			for i := range branches {
				b := &branches[i]
				done := b.ready - 1
				w := b.out.write(done)
				b.blocked += w - done
				b.ready = w + 1
			}
		}
		t++
	}
	p.count.starved[0] += starved
	p.ready = t
}
